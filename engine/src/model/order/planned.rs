//! Why the units that a change added come from where they do: what was seen when they were planned.

use minicbor::{Decode, Encode};

use crate::model::lsn::Lsn;
use crate::model::reservations::Supply;
use crate::model::time::Timestamp;

/// What was seen when the units that a change adds were planned.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LinesPlanned {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// The candidates of what the change adds, as a [trace](super::trace) of it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub trace: Box<[u8]>,
}

/// The same, as the order keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangePlanned {
    /// The event that changed the order.
    #[n(0)]
    pub lsn: Lsn,
    /// The first line that it added, from 0.
    #[n(1)]
    pub first_line: u16,
    /// How many lines it added.
    #[n(2)]
    pub lines: u16,
    /// What was seen.
    #[n(3)]
    pub plan: LinesPlanned,
    /// Where the units came to be.
    #[n(4)]
    pub placed: Vec<Allocated>,
}

/// Units of a line, from 0, that come to a shipment, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Allocated {
    /// The line.
    #[n(0)]
    pub line: u16,
    /// The shipment.
    #[n(1)]
    pub shipment: u16,
    /// What they rest on when they come there.
    #[n(2)]
    pub supply: Supply,
    /// How many.
    #[n(3)]
    pub units: u32,
}
