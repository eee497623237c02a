//! That a node does not ship units of an order, as its pair is asked and tells.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};
use smallvec::SmallVec;

use crate::model::answer::DeclineReason;
use crate::model::ids::OrderNo;
use crate::model::reservations::Supply;

/// Units of a line of an order in a shipment, of those that the line has at a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShipmentLine {
    /// The line, from 0.
    pub line: u16,
    /// How many units.
    pub units: u32,
    /// Of those, units that are picked.
    pub picked: u32,
    /// Units of the line, not picked, that other shipments of the node have a better right to.
    pub ahead: u32,
}

/// Units of an order that a node does not ship, as its pair is asked to decide on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    /// The order.
    pub order: OrderNo,
    /// Its lines, ascending, one or more.
    pub lines: SmallVec<[ShipmentLine; 1]>,
    /// Why.
    pub reason: DeclineReason,
    /// Whether the node is a supplier, whose feed says what is there.
    pub at_supplier: bool,
}

/// A node does not ship units of an order: they wait from now on.
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
    /// Other lines of the order, ascending, if units of them are declined as well. An older version
    /// would pass over them: the event is extended then.
    #[n(4)]
    pub beside: Option<Vec<LineDeclined>>,
}

/// Units of another line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LineDeclined {
    /// The line, from 0.
    #[n(0)]
    pub line: u16,
    /// What the units rested on.
    #[n(1)]
    pub off: Vec<(Supply, u32)>,
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
        let Self { order, line, found, beside, .. } = self;
        let mut described = json!({
            "change": "declined", "order_no": order.0, "line": line,
            "units": self.all_off().map(|(_, _, units)| units).sum::<u32>(),
            "on_hand": found.map(|found| found.on_hand),
            "unavailable": found.map(|found| found.unavailable),
        });
        if let Some(beside) = beside {
            let lines = beside.iter().map(|of| of.line);
            described["lines_beside"] = lines.collect();
        }
        described
    }

    /// What the units rested on, line by line.
    pub fn all_off(&self) -> impl Iterator<Item = (u16, Supply, u32)> + '_ {
        let beside = self.beside.iter().flatten().map(|of| (of.line, &of.off));
        let all = std::iter::once((self.line, &self.off)).chain(beside);
        all.flat_map(|(line, off)| off.iter().map(move |(supply, units)| (line, *supply, *units)))
    }

    /// Units that had been picked.
    pub fn picked(&self) -> u32 {
        let picked = self.all_off().filter(|(_, supply, _)| *supply == Supply::Picked);
        picked.map(|(.., units)| units).sum()
    }

    /// Units that had been there.
    pub fn firm(&self) -> u32 {
        self.all_off().filter(|(_, supply, _)| supply.is_there()).map(|(.., units)| units).sum()
    }
}
