//! What the engine says no with. A refusal is domain data, not a fault of the
//! world: it rests on durable state only.

use std::fmt;

use super::ids::{NodeId, OrderId, RequestId, Sku};
use super::time::Day;

/// One field of a command that cannot be taken as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `lines[3].quantity`.
    pub field: String,
    /// The value as given, shortened.
    pub value: String,
    /// The rule that it breaks.
    pub rule: Rule,
}

impl Violation {
    /// Longest part of a value that is repeated in an answer, in characters.
    const SHOWN_MAX: usize = 80;

    /// A violation of `rule` by `value` in `field`.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, rule: Rule) -> Self {
        let mut shown: String = value.to_string();
        if shown.chars().count() > Self::SHOWN_MAX {
            shown = shown.chars().take(Self::SHOWN_MAX).collect();
            shown.push_str("...");
        }
        Self { field: field.into(), value: shown.escape_debug().to_string(), rule }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\" {}", self.field, self.value, self.rule)
    }
}

/// The rules that a single field can break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The field is empty or missing.
    #[error("is required")]
    Required,
    /// The text is longer than `max` bytes.
    #[error("is longer than {max} bytes")]
    TooLong {
        /// Most bytes allowed.
        max: usize,
    },
    /// The text has a byte outside 0x20..=0x7e.
    #[error("has a character that is not printable ascii")]
    NotPrintableAscii,
    /// The text has a control character.
    #[error("has a control character")]
    ControlCharacter,
    /// The number is outside `min..=max`.
    #[error("is not within {min} to {max}")]
    OutOfRange {
        /// Smallest value allowed.
        min: i64,
        /// Largest value allowed.
        max: i64,
    },
    /// The list is longer than `max`.
    #[error("has more than {max} entries")]
    TooMany {
        /// Most entries allowed.
        max: usize,
    },
    /// The day or instant lies before `earliest`.
    #[error("lies in the past; the earliest allowed is {earliest}")]
    InThePast {
        /// The earliest day allowed.
        earliest: Day,
    },
    /// The value is none of those that the field may take.
    #[error("is not one of: {allowed}")]
    NotOneOf {
        /// What it may be.
        allowed: String,
    },
    /// The value is malformed in a way that the text explains.
    #[error("{0}")]
    Malformed(String),
    /// The same key stands twice in a list.
    #[error("is given twice")]
    Duplicate,
}

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
