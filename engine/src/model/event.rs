//! What the journal holds: one record for each command that changed something.

use minicbor::{Decode, Encode};

use super::catalog::{Item, Node, Policy};
use super::ids::{NodeNo, OrderId, OrderNo, Pair, RequestId, SkuNo, Text};
use super::order::{Dispatch, Order, PackedOrder, Release};
use super::stock::StockChange;
use super::time::Timestamp;

/// One journal record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// When the engine took the command.
    #[n(0)]
    pub at: Timestamp,
    /// The idempotency key of the command.
    #[n(1)]
    pub request: Option<Request>,
    /// Who sent it, from where and why.
    #[n(2)]
    pub origin: Option<Box<Origin>>,
    /// What happened.
    #[n(3)]
    pub event: Event,
}

/// An idempotency key with the fingerprint of what came under it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// The caller's key.
    #[n(0)]
    pub id: RequestId,
    /// Tells the same command sent again from another one.
    #[n(1)]
    pub fingerprint: u64,
}

/// Who, where from and why: what a timeline shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Origin {
    /// The person or system.
    #[n(0)]
    pub actor: Text,
    /// The channel.
    #[n(1)]
    pub channel: Text,
    /// The reason.
    #[n(2)]
    pub reason: Text,
}

/// What happened. Numbers are never reused; an unknown one is an error.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// An item was defined, or changed.
    #[n(1)]
    ItemDefined {
        /// Its number.
        #[n(0)]
        no: SkuNo,
        /// What it is now.
        #[n(1)]
        item: Item,
    },
    /// A node was defined, or changed.
    #[n(2)]
    NodeDefined {
        /// Its number.
        #[n(0)]
        no: NodeNo,
        /// What it is now.
        #[n(1)]
        node: Box<Node>,
    },
    /// The sourcing policy was set.
    #[n(3)]
    PolicySet {
        /// What it is now.
        #[n(0)]
        policy: Box<Policy>,
    },
    /// The supply of a pair changed.
    #[n(10)]
    StockChanged {
        /// The pair.
        #[n(0)]
        pair: Pair,
        /// How.
        #[n(1)]
        change: StockChange,
    },
    /// An order was placed and got its allocation, as format version 1 wrote it. Read
    /// still, and written no more.
    #[n(20)]
    OrderPlacedV1(#[n(0)] Box<Order>),
    /// An order was placed and got its allocation.
    #[n(23)]
    OrderPlaced(#[n(0)] PackedOrder),
    /// Units of an order were cancelled.
    #[n(21)]
    OrderCancelled {
        /// The order's number.
        #[n(0)]
        no: OrderNo,
        /// The order's id.
        #[n(1)]
        id: OrderId,
        /// What is given back, allocations ascending.
        #[n(2)]
        releases: Vec<Release>,
    },
    /// A shipment left its node.
    #[n(22)]
    ShipmentShipped {
        /// The order's number.
        #[n(0)]
        no: OrderNo,
        /// The order's id.
        #[n(1)]
        id: OrderId,
        /// The shipment, from 0.
        #[n(2)]
        shipment: u16,
        /// How it left.
        #[n(3)]
        dispatch: Dispatch,
        /// The units that left, allocations ascending.
        #[n(4)]
        units: Vec<Release>,
    },
}

#[cfg(test)]
mod tests;
