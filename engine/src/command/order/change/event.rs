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
    Day, HoldState, LineAdded, LineAmount, OrderChange, OrderEffect, OrderId, OrderNo, Pair,
    Pegged, PostalCode, Priority, Repeg, Reservation, StockEffect, Supply, Text,
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
    /// What comes on for the order: units of the hold, and of its own that rest elsewhere from
    /// then on.
    #[n(6)]
    pub on: Vec<Pegged>,
    /// Where units of it wait that are given supply another way from then on, ascending.
    #[n(7)]
    pub waits: Vec<Pair>,
}

/// A hold whose units an order takes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldTaken {
    /// The hold's number.
    #[n(0)]
    pub no: OrderNo,
    /// What its units rest on; its lines count from 0.
    #[n(1)]
    pub units: Vec<Pegged>,
}

impl OrderChanged {
    /// What is claimed of each pair. A pair is asked for units, whichever order they come to: those
    /// of the hold stay where they are.
    pub fn claimed(&self) -> BTreeMap<Pair, Repeg> {
        let mut held = BTreeMap::<(Pair, Supply), u32>::new();
        for peg in self.taken.iter().flat_map(|hold| &hold.units) {
            *held.entry((peg.pair, peg.supply)).or_default() += peg.units;
        }
        let mut asked = Vec::new();
        for (pair, peg) in self.all_on() {
            let there = held.entry((pair, peg.supply)).or_default();
            let stays = peg.units.min(*there);
            *there -= stays;
            let of_hold = self.taken.as_ref().filter(|_| stays > 0);
            let of_hold = of_hold.map(|hold| (hold.no, true, stays));
            let own = (self.no, false, peg.units - stays);
            for (order, held, units) in of_hold.into_iter().chain([own]) {
                asked.push((pair, Reservation { order, units, held, ..peg }));
            }
        }
        by_pair(self.all_off(), asked.into_iter().filter(|(_, peg)| peg.units > 0))
    }

    fn repegged(&self) -> BTreeMap<Pair, Repeg> {
        by_pair(self.all_off(), self.all_on())
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

    fn all_on(&self) -> impl Iterator<Item = (Pair, Reservation)> {
        let priority = self.priority;
        let on = move |peg: &Pegged| Reservation { priority, ..peg.of(self.no, false) };
        self.on.iter().map(move |peg| (peg.pair, on(peg)))
    }
}

impl Effective for OrderChanged {
    fn effects(self) -> Effects {
        let pairs = self.repegged();
        // Pairs are told the priority that they know: it marks their backlogs.
        let stock = StockEffect::Prioritise { order: self.no, priority: self.priority };
        let waits = self.waits.iter().filter(|pair| !pairs.contains_key(pair));
        let waits: Effects = waits.map(|pair| Effect::Stock(*pair, stock.clone())).collect();
        let repegged = |(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg)));
        let mut effects: Effects = pairs.into_iter().map(repegged).chain(waits).collect();
        if let Some(hold) = &self.taken {
            effects.push(Effect::Order(hold.no, OrderEffect::EndHold(HoldState::TakenOver)));
        }
        effects.push(Effect::Order(self.no, OrderEffect::Change(self.change)));
        effects
    }
}

impl Event for OrderChanged {
    fn extension(&self) -> usize {
        match (&self.change.prices, &self.change.repriced) {
            (_, Some(_)) => 2,
            (Some(_), None) => 1,
            (None, None) => 0,
        }
    }

    fn describe(&self) -> Value {
        let OrderChange { cancelled, lines, note, amounts, redirect, moved, .. } = &*self.change;
        let goes_to = redirect.as_ref().map(|to| {
            let pickup = to.destination.pickup();
            json!({
                "postal_code": to.destination.address().map(PostalCode::as_str),
                "pickup_node_no": pickup.map(|pickup| pickup.node.0),
                "service_no": to.service.0,
                "wanted_by": to.promise_by.to_string(),
            })
        });
        let line = |of: &LineAdded| json!({ "sku_no": of.sku.0, "units": of.units });
        let amount = |of: &LineAmount| (of.line, of.amount);
        let amounts = amounts.as_ref();
        let added = self.change.shipments.iter().map(|of| {
            let [ship_by, deliver_by] = days(of.days);
            json!({ "node_no": of.node.0, "ship_by": ship_by, "deliver_by": deliver_by })
        });
        let told = self.change.told.iter().map(|of| {
            let [ship_by, deliver_by] = days(of.days);
            json!({ "shipment": of.shipment, "ship_by": ship_by, "deliver_by": deliver_by })
        });
        json!({
            "order_id": self.id.as_str(), "order_no": self.no.0,
            "cancelled": units(cancelled),
            "added": lines.iter().map(line).collect::<Vec<_>>(),
            "shipments_added": added.collect::<Vec<_>>(), "told": told.collect::<Vec<_>>(),
            "goes_to": goes_to, "moved": units(moved),
            "note": note.as_ref().map(Text::as_str),
            "currency": amounts.map(|of| of.currency.to_string()),
            "amounts": amounts.map(|of| of.lines.iter().map(amount).collect::<Vec<_>>()),
        })
    }
}

/// When a shipment ships and arrives, as it is told; none while units of it wait.
fn days(days: Option<(Day, Day)>) -> [Option<String>; 2] {
    [days.map(|of| of.0), days.map(|of| of.1)].map(|day| day.map(|day| day.to_string()))
}
