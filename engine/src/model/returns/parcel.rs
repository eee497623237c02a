//! How goods come back, and what comes with them.

use minicbor::{Decode, Encode};

use crate::model::ids::{SkuNo, Text};
use crate::model::time::Timestamp;

/// How goods are on their way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sent {
    /// Since when.
    #[n(0)]
    pub at: Timestamp,
    /// The carrier.
    #[n(1)]
    pub carrier: Text,
    /// The carrier's tracking number.
    #[n(2)]
    pub tracking: Text,
    /// When they are to arrive; none where nobody says.
    #[n(3)]
    pub eta: Option<Timestamp>,
}

/// Units that came with a return, and are of none of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Stray {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// How many.
    #[n(1)]
    pub units: u32,
}
