//! What an order is paid by.

use minicbor::{Decode, Encode};

use crate::limits::AUTHORISATION_LEAD_MINUTES;
use crate::model::ids::{PaymentId, Text};
use crate::model::money::Minor;
use crate::model::time::Timestamp;

/// One means by which an order is paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Payment {
    /// The caller's id, unique in the order.
    #[n(0)]
    pub id: PaymentId,
    /// What it is, for people and connectors, such as `card`.
    #[n(1)]
    pub method: Text,
    /// How much of the order is to be paid by it.
    #[n(2)]
    pub amount: Minor,
    /// How often an authorisation of it may be captured.
    #[n(3)]
    pub captures: Captures,
    /// Until when it is authorised; none for as long as it takes.
    #[n(4)]
    pub expires: Option<Timestamp>,
    /// Nothing more is asked of it: the provider said no.
    #[n(5)]
    pub failed: bool,
    /// Nothing more is given back to it: the provider said no.
    #[n(6)]
    pub refund_failed: bool,
    /// What becomes of its authorisation when it is about to end; none for what is usual.
    #[n(7)]
    pub on_expiry: Option<OnExpiry>,
    /// How far it was seen to that its authorisation ends.
    #[n(8)]
    pub ending: Option<Ending>,
    /// The authorisation that was replaced last by another one, as its entry in the ledger, from 0, and
    /// what was left of it: that is let go.
    #[n(9)]
    pub replaced: Option<(u16, Minor)>,
}

/// What becomes of an authorisation that is still needed when it is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct OnExpiry {
    /// Whether it is asked for anew. Otherwise the order is put on hold.
    #[n(0)]
    pub renews: bool,
    /// How many minutes before its end.
    #[n(1)]
    pub lead_minutes: u32,
}

impl OnExpiry {
    /// What is done where nobody says anything: the order is put on hold, a day before.
    pub const DEFAULT: Self = Self { renews: false, lead_minutes: AUTHORISATION_LEAD_MINUTES };
}

/// How far it was seen to that an authorisation ends. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Ending {
    /// Another one was asked for in its place.
    #[n(1)]
    Renewing,
    /// There is none any more, or will be none, and the order is not on hold for that yet.
    #[n(2)]
    Lapsed,
    /// The same, and all was done that is to be done.
    #[n(3)]
    Noted,
}

/// When what is owed is captured. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum CaptureAt {
    /// As units leave: what left by then.
    #[default]
    #[n(1)]
    Shipment,
    /// As the order is placed: all of it.
    #[n(2)]
    Placement,
    /// Not by the engine, which asks for nothing: the caller sees to all of it, and tells.
    #[n(3)]
    Caller,
}

/// How often an authorisation may be captured. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Captures {
    /// As often as units leave.
    #[default]
    #[n(1)]
    Many,
    /// Once: all that is still needed is captured with the first units that leave.
    #[n(2)]
    AllOnFirst,
    /// Once: what is needed beyond it is authorised anew.
    #[n(3)]
    AuthoriseRest,
}
