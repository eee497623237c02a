//! Where goods that a partner says came back belong: to a return, or to nobody yet.

use minicbor::{Decode, Encode};

use crate::model::ids::{NodeId, OrderId, ReturnId};
use crate::model::time::Timestamp;

/// Goods that came back. Those of no return are on hand at the node and cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Arrival {
    /// The node that has them.
    #[n(0)]
    pub node: NodeId,
    /// When they were told of first.
    #[n(1)]
    pub since: Timestamp,
    /// The return that they are of; none while nobody knows. Further revisions are of the same one.
    #[n(2)]
    pub of: Option<ArrivalOf>,
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArrivalOf {
    /// Its order.
    #[n(0)]
    pub order: OrderId,
    /// Its id.
    #[n(1)]
    pub id: ReturnId,
}

impl Arrival {
    /// Whether they are of no return.
    pub const fn is_unmatched(&self) -> bool {
        self.of.is_none()
    }
}
