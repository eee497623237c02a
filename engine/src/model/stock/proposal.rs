//! What a command asks a pair to decide.

use super::{Decline, StockOperation};
use crate::model::ids::{InboundId, NodeNo};
use crate::model::time::Timestamp;

/// What a command asks a pair to decide: what a caller asks for, or one pair's part of a
/// command on two. Quantities are whole units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// A change of supply.
    Operation(StockOperation),
    /// Units leave for another node: only such as are free.
    TransferLeaves {
        /// How many.
        quantity: u32,
    },
    /// Units leave another node for this one.
    TransferComes {
        /// The caller's id of the transfer.
        id: InboundId,
        /// How many.
        quantity: u32,
        /// When they are expected.
        eta: Timestamp,
        /// The node that they leave.
        from: NodeNo,
    },
    /// Units that are on their way here turn back.
    TransferTurnsBack {
        /// The caller's id of the transfer.
        id: InboundId,
        /// The node that they left.
        from: NodeNo,
    },
    /// Units come back that had left for another node. The pair answers how many it has room
    /// for.
    TransferReturns,
    /// Units came back from customers, or what becomes of such units was decided. It is a fact, and is not
    /// refused: where counts said otherwise meanwhile, less is taken away.
    Returned {
        /// Units on hand more, or less when below zero.
        on_hand: i64,
        /// Units more that cannot be sold, or less when below zero.
        unavailable: i64,
    },
    /// The node does not ship units of an order.
    Decline(Decline),
    /// What a partner's message comes to here, step by step: all of it, or nothing.
    Reported(Vec<Reported>),
}

/// One step of what a partner's message comes to at a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// A change of supply.
    Operation(StockOperation),
    /// Fewer units of a supply came than the partner had said.
    TakeBack {
        /// The caller's id of the supply.
        id: InboundId,
        /// Units that did not come.
        quantity: u32,
    },
}
