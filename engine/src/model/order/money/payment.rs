//! What an order is paid by.

use minicbor::{Decode, Encode};

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
