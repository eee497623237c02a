//! What the engine says no with. A refusal is domain data, not a fault of the
//! world: it rests on durable state only.

use super::ids::{NodeId, OrderId, RequestId, Sku};

/// A refusal that durable state gives. Where several apply, the first in this
/// list is answered. None of them changed anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request id was used before, for something else.
    #[error("request id {0} was used before with different content")]
    RequestReused(RequestId),
    /// The order id was used before, for something else.
    #[error("order {0} exists with different content")]
    OrderExists(OrderId),
    /// No item of that SKU is defined.
    #[error("sku {0} is not defined")]
    UnknownSku(Sku),
    /// No node of that id is defined.
    #[error("node {0} is not defined")]
    UnknownNode(NodeId),
    /// No order of that id was placed.
    #[error("order {0} is not known")]
    UnknownOrder(OrderId),
    /// The pair has no inbound supply of that id.
    #[error("inbound supply {inbound} is not known for sku {sku} at node {node}")]
    UnknownInbound {
        /// The item.
        sku: Sku,
        /// The node.
        node: NodeId,
        /// The id that nobody announced, or that is closed.
        inbound: String,
    },
    /// The order has no shipment of that number.
    #[error("order {order} has no shipment {shipment}")]
    UnknownShipment {
        /// The order.
        order: OrderId,
        /// The number asked for.
        shipment: u16,
    },
    /// The order has no line of that number.
    #[error("order {order} has no line {line}")]
    UnknownLine {
        /// The order.
        order: OrderId,
        /// The number asked for, from 1.
        line: u32,
    },
    /// An inbound supply of that id is open at the pair.
    #[error("inbound supply {0} exists already at this sku and node")]
    InboundExists(String),
    /// The kind of a node cannot change: its stock means something else then.
    #[error("node {0} has another kind, and a node's kind is fixed")]
    NodeKindFixed(NodeId),
    /// A policy may add services and change them, not drop or reorder them.
    #[error("service {0} cannot be dropped or moved: orders refer to it")]
    ServiceFixed(String),
    /// The command is for supplier nodes only, or for all others only.
    #[error("node {node} is {}a supplier, and this command is for {}", if *.is_supplier { "" } else { "not " }, if *.is_supplier { "nodes that hold stock" } else { "suppliers" })]
    WrongNodeKind {
        /// The node.
        node: NodeId,
        /// Whether the node is a supplier.
        is_supplier: bool,
    },
    /// The change would take a quantity below zero.
    #[error("{what}: {wanted} units asked for, {available} there")]
    NotEnough {
        /// The quantity, as commands call it.
        what: &'static str,
        /// Units that the command takes.
        wanted: u64,
        /// Units that are there to take.
        available: u64,
    },
    /// The change would take a quantity above its limit.
    #[error("{what} would pass {max} units")]
    TooMuch {
        /// The quantity, as commands call it.
        what: &'static str,
        /// Most units allowed.
        max: u64,
    },
    /// A list of the state is full.
    #[error("{what} is full at {max} entries")]
    Full {
        /// Which list.
        what: &'static str,
        /// Most entries allowed.
        max: usize,
    },
    /// The shipment was shipped or cancelled before.
    #[error("shipment {0} is closed")]
    ShipmentClosed(u16),
    /// Units of the shipment are not on hand yet.
    #[error("shipment {shipment} lacks {missing} units that are not on hand yet")]
    ShipmentNotReady {
        /// The shipment.
        shipment: u16,
        /// Units still pegged to inbound supply or backordered.
        missing: u64,
    },
    /// Units of the shipment are allocated, and a count or damage left too few good ones.
    #[error("shipment {shipment} lacks {missing} units that are not there, or not good")]
    UnitsMissing {
        /// The shipment.
        shipment: u16,
        /// Units that are allocated and cannot leave.
        missing: u64,
    },
    /// Not as much of the order or line is left as is to be cancelled.
    #[error("{}order {order} has {open} of {wanted} units to cancel: {gone}", of_line(*.line))]
    NothingToCancel {
        /// The order.
        order: OrderId,
        /// The line, from 1; none when all of the order is to be cancelled.
        line: Option<u32>,
        /// Units that could still be cancelled.
        open: u64,
        /// Units asked for.
        wanted: u64,
        /// Where the others are.
        gone: Gone,
    },
    /// No node that is enabled could ever serve the order.
    #[error("no enabled node can serve the order")]
    NoNode,
    /// The event of the command is longer than a journal record may be.
    #[error("the command is too large to be journalled: {0}")]
    TooLong(String),
    /// Others in flight kept this command from settling. Transient: try again.
    #[error("too many commands on the same stock or order in flight")]
    Contended,
}

fn of_line(line: Option<u32>) -> String {
    line.map(|line| format!("line {line} of ")).unwrap_or_default()
}

/// Why units of an order cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// Some are shipped.
    #[error("others are shipped")]
    Shipped,
    /// None is shipped, some are cancelled already.
    #[error("others are cancelled already")]
    Cancelled,
    /// The line never had as many.
    #[error("fewer were ordered")]
    NeverOrdered,
}

impl Refusal {
    /// Whether the same command may succeed if it is simply sent again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Contended)
    }
}
