//! That an order was changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::command::order::units;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::hold::by_pair;
use crate::model::{
    HoldState, LineAdded, LineAmount, OrderChange, OrderEffect, OrderId, OrderNo, Pair, Pegged,
    Priority, Repeg, Reservation, StockEffect, Text,
};
use crate::transaction::command::Effective;

/// An order was changed: what it gives up comes free, and what it gets is its own, in one step.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderChanged {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// Before whom it is served.
    #[n(2)]
    pub priority: Priority,
    /// Units of the order that come off what they rest on.
    #[n(3)]
    pub off: Vec<Pegged>,
    /// The hold of its new units, which ends.
    #[n(4)]
    pub taken: Option<HoldTaken>,
    /// What it makes of the order.
    #[n(5)]
    pub change: Box<OrderChange>,
}

/// A hold whose units an order takes, as lines behind its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldTaken {
    /// The hold's number.
    #[n(0)]
    pub no: OrderNo,
    /// What its units rest on; its lines count from 0.
    #[n(1)]
    pub units: Vec<Pegged>,
    /// The line of the order, from 0, that the hold's first one becomes.
    #[n(2)]
    pub first_line: u16,
}

impl OrderChanged {
    /// What is claimed of each pair. A pair is asked for units, whichever order they come to: those
    /// of the hold stay where they are.
    pub fn claimed(&self) -> BTreeMap<Pair, Repeg> {
        by_pair(self.all_off(), self.held())
    }

    fn held(&self) -> impl Iterator<Item = (Pair, Reservation)> {
        let of = |hold: &HoldTaken| {
            hold.units.iter().map(|peg| (peg.pair, peg.of(hold.no, true))).collect::<Vec<_>>()
        };
        self.taken.iter().flat_map(of)
    }

    fn all_off(&self) -> impl Iterator<Item = (Pair, Reservation)> {
        let own = self.off.iter().map(|peg| (peg.pair, peg.of(self.no, false)));
        own.chain(self.held())
    }

    /// Units of the hold, as the order's.
    fn taken_on(&self) -> impl Iterator<Item = (Pair, Reservation)> {
        let of = |hold: &HoldTaken| {
            let peg = |peg: &Pegged| (peg.pair, self.reserved(peg, hold.first_line + peg.line));
            hold.units.iter().map(peg).collect::<Vec<_>>()
        };
        self.taken.iter().flat_map(of)
    }

    fn reserved(&self, peg: &Pegged, line: u16) -> Reservation {
        Reservation { priority: self.priority, line, ..peg.of(self.no, false) }
    }
}

impl Effective for OrderChanged {
    fn effects(self) -> Effects {
        let pairs = by_pair(self.all_off(), self.taken_on()).into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        if let Some(hold) = &self.taken {
            effects.push(Effect::Order(hold.no, OrderEffect::EndHold(HoldState::TakenOver)));
        }
        effects.push(Effect::Order(self.no, OrderEffect::Change(self.change)));
        effects
    }
}

impl Event for OrderChanged {
    fn describe(&self) -> Value {
        let OrderChange { cancelled, lines, shipments, note, amounts, .. } = &*self.change;
        let line = |of: &LineAdded| json!({ "sku_no": of.sku.0, "units": of.units });
        let amount = |of: &LineAmount| (of.line, of.amount);
        let amounts = amounts.as_ref();
        json!({
            "order_id": self.id.as_str(), "order_no": self.no.0,
            "cancelled": units(cancelled),
            "added": lines.iter().map(line).collect::<Vec<_>>(),
            "shipment_node_nos": shipments.iter().map(|of| of.node.0).collect::<Vec<_>>(),
            "note": note.as_ref().map(Text::as_str),
            "currency": amounts.map(|of| of.currency.to_string()),
            "amounts": amounts.map(|of| of.lines.iter().map(amount).collect::<Vec<_>>()),
        })
    }
}
