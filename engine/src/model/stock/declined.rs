//! That a node does not ship units of an order, as its pair is asked and tells.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::answer::DeclineReason;
use crate::model::ids::OrderNo;
use crate::model::reservations::Supply;

/// Units of an order line that a node does not ship, as its pair is asked to decide on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decline {
    /// The order.
    pub order: OrderNo,
    /// Its line, from 0.
    pub line: u16,
    /// How many units, of those that the line has here.
    pub units: u32,
    /// Units of the line that other shipments of the node have a better right to.
    pub ahead: u32,
    /// Why.
    pub reason: DeclineReason,
    /// Whether the node is a supplier, whose feed says what is there.
    pub at_supplier: bool,
}

/// A node does not ship units of an order line: they wait from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Declined {
    /// The order.
    #[n(0)]
    pub order: OrderNo,
    /// Its line, from 0.
    #[n(1)]
    pub line: u16,
    /// What the units rested on.
    #[n(2)]
    pub off: Vec<(Supply, u32)>,
    /// What is there from now on; none if the node says nothing of it.
    #[n(3)]
    pub found: Option<Found>,
}

/// What is there of a SKU, as the node that declined says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Found {
    /// Units physically there; at a supplier, units that he has. He promises no more.
    #[n(0)]
    pub on_hand: u32,
    /// Of those, units that cannot be sold.
    #[n(1)]
    pub unavailable: u32,
}

impl Declined {
    /// What happened, for a person or a script.
    pub fn describe(&self) -> Value {
        let Self { order, line, off, found } = self;
        json!({
            "change": "declined", "order_no": order.0, "line": line,
            "units": off.iter().map(|(_, units)| units).sum::<u32>(),
            "on_hand": found.map(|found| found.on_hand),
            "unavailable": found.map(|found| found.unavailable),
        })
    }

    /// Units that had been there for the line.
    pub fn firm(&self) -> u32 {
        self.off.iter().filter(|(supply, _)| supply.is_there()).map(|(_, units)| units).sum()
    }
}
