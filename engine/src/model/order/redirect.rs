//! Where an order goes.

use minicbor::{Decode, Encode};

use crate::model::destination::Destination;
use crate::model::ids::ServiceNo;
use crate::model::time::Day;

/// Where an order goes, how, and by when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Redirect {
    /// Where it goes.
    #[n(0)]
    pub destination: Destination,
    /// How it is shipped.
    #[n(1)]
    pub service: ServiceNo,
    /// The day that counts as on time.
    #[n(2)]
    pub promise_by: Day,
}
