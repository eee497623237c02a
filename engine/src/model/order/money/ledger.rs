//! What happened to the money of an order.

use minicbor::{Decode, Encode};

use crate::model::ids::Text;
use crate::model::money::Minor;
use crate::model::time::Timestamp;

/// One entry of an order's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LedgerEntry {
    /// What happened.
    #[n(0)]
    pub kind: LedgerKind,
    /// To which payment, from 0; none for store credit.
    #[n(1)]
    pub payment: Option<u16>,
    /// How much, above zero.
    #[n(2)]
    pub amount: Minor,
    /// When the engine was told.
    #[n(3)]
    pub at: Timestamp,
    /// Of which intent, the first being 1; 0 where the provider told it unasked.
    #[n(4)]
    pub intent: u16,
    /// The provider's reference.
    #[n(5)]
    pub reference: Text,
}

/// What happened to money. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum LedgerKind {
    /// It was set aside.
    #[n(1)]
    Authorised,
    /// What was set aside was let go.
    #[n(2)]
    AuthReleased,
    /// What was set aside is not any more: too much time passed.
    #[n(3)]
    AuthExpired,
    /// It was taken.
    #[n(4)]
    Captured,
    /// It was not taken.
    #[n(5)]
    CaptureFailed,
    /// It was given back.
    #[n(6)]
    Refunded,
    /// It was not given back.
    #[n(7)]
    RefundFailed,
    /// The customer's bank took it back.
    #[n(8)]
    Chargeback,
    /// What the customer's bank took back was returned.
    #[n(9)]
    ChargebackWon,
    /// It was given back as store credit.
    #[n(10)]
    StoreCredit,
    /// It is on the customer's account.
    #[n(11)]
    OnAccount,
    /// It was not set aside.
    #[n(12)]
    AuthoriseFailed,
}

impl LedgerKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Authorised,
        Self::AuthReleased,
        Self::AuthExpired,
        Self::Captured,
        Self::CaptureFailed,
        Self::Refunded,
        Self::RefundFailed,
        Self::Chargeback,
        Self::ChargebackWon,
        Self::StoreCredit,
        Self::OnAccount,
        Self::AuthoriseFailed,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::AuthReleased => "auth_released",
            Self::AuthExpired => "auth_expired",
            Self::Captured => "captured",
            Self::CaptureFailed => "capture_failed",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
            Self::Chargeback => "chargeback",
            Self::ChargebackWon => "chargeback_won",
            Self::StoreCredit => "store_credit",
            Self::OnAccount => "on_account",
            Self::AuthoriseFailed => "authorise_failed",
        }
    }
}
