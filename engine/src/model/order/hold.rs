//! Holds on an order: why no node is to work on it. They are not the [`Hold`](crate::model::Hold) of a
//! cart, which is an order that nobody confirmed yet.
//!
//! ```text
//!   held ----------------------> released: nodes go on
//!     \--stock_until passes--> its units wait --released--> they are served, in their old place
//! ```

use minicbor::{Decode, Encode};

use crate::model::ids::{OrderHoldId, Text};
use crate::model::time::Timestamp;

/// Why an order is on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum OrderHoldKind {
    /// Somebody looks whether it is fraud.
    #[n(1)]
    Fraud,
    /// Its payment is not secured.
    #[n(2)]
    Payment,
    /// It is over the customer's credit.
    #[n(3)]
    Credit,
    /// A person wants it so.
    #[n(4)]
    Manual,
}

impl OrderHoldKind {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Fraud, Self::Payment, Self::Credit, Self::Manual];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Payment => "payment",
            Self::Credit => "credit",
            Self::Manual => "manual",
        }
    }
}

/// A hold on an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderHold {
    /// The caller's id, unique among the holds on the order.
    #[n(0)]
    pub id: OrderHoldId,
    /// Why, for programs.
    #[n(1)]
    pub kind: OrderHoldKind,
    /// Why, for people.
    #[n(2)]
    pub reason: Text,
    /// Who placed it.
    #[n(3)]
    pub owner: Text,
    /// Since when.
    #[n(4)]
    pub since: Timestamp,
    /// Until when the order keeps its units while it is on; none for as long as it is on.
    #[n(5)]
    pub stock_until: Option<Timestamp>,
    /// Whether that passed, and the units were let go.
    #[n(6)]
    pub let_go: bool,
}
