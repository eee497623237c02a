//! Changing what a hold holds.

use std::collections::BTreeMap;

use backstock_engine::command::{
    ChangeHold, HoldChanged as Changed, LineRequest, Lines, OrderRequest,
};
use backstock_engine::engine::Engine;
use backstock_engine::model::{HoldId, HoldState, Lsn, Shortage, Split, Text, Timestamp};

use super::place_order::{OrderPlaced, allotted};
use super::{Fact, same_units, units_of};
use crate::naive::bundle::{lines, wanted};
use crate::naive::hold::{Units, key};
use crate::naive::{Allotted, For, Naive, Order};

/// A hold holds something else.
#[derive(Clone, Debug)]
pub struct HoldChanged {
    hold: HoldId,
    /// Its number as an order.
    no: u64,
    wanted: OrderRequest,
    state: HoldState,
    until: Timestamp,
    off: Units,
    on: Units,
    allotted: Vec<Allotted>,
}

/// Units by item.
fn units(lines: &Lines) -> BTreeMap<&str, u32> {
    lines.0.iter().fold(BTreeMap::new(), |mut units, line| {
        *units.entry(line.sku.as_str()).or_default() += line.quantity;
        units
    })
}

impl HoldChanged {
    /// What the engine's event says of a hold that was changed so.
    pub fn new(engine: &Engine, asked: &ChangeHold, event: &Changed) -> Option<Self> {
        let order = event.order.unpack().expect("it was read");
        let held = order.open_hold()?;
        if held.id != asked.hold {
            return None;
        }
        // Another change may have said the same in another order, or in more lines.
        let named = |(sku, quantity)| LineRequest { sku: engine.sku_no(sku).clone(), quantity };
        let lines = Lines(order.asked_for().map(named).collect());
        if units(&lines) != units(&asked.lines) {
            return None;
        }
        let mut wanted = crate::fixture::order("changed", &[], Shortage::Reject);
        wanted.lines = lines;
        Some(Self {
            hold: asked.hold.clone(),
            no: order.no.0,
            wanted,
            state: held.state,
            until: held.until,
            off: units_of(engine, &event.off),
            on: units_of(engine, &event.on),
            allotted: allotted(engine, &order),
        })
    }

    /// What it wants now, as an order that is planned with the hold's units.
    fn placed(&self, naive: &Naive, asked: Lsn, held: &Order) -> Result<OrderPlaced, String> {
        let hold = held.open_hold().ok_or("it is not open")?;
        let waits = hold.state == HoldState::Waiting;
        let split = if held.is_whole { Split::WholeLine } else { Split::Units };
        let before = wanted(&naive.items, &hold.wanted);
        let had = |sku: &str| before.iter().find(|of| of.sku == sku).map_or(0, |of| of.quantity);
        let mut grown = self.wanted.clone();
        grown.lines.0.retain(|line| {
            let lines = wanted(&naive.items, &self.wanted);
            lines.iter().any(|of| of.sku == line.sku.as_str() && of.quantity > had(&of.sku))
        });
        if waits && !grown.lines.0.is_empty() {
            return Err("it waits, and wants more".into());
        }
        // While it wants no more, it waits for what it lacks: in line, or because it lost units.
        let may_lack = grown.lines.0.is_empty();
        let shortage = if may_lack { Shortage::Backorder } else { Shortage::Reject };
        naive.check_on_sale(&grown, |_| 0, asked)?;
        let asked_for = OrderRequest {
            lines: self.wanted.lines.clone(),
            split: Some(split),
            shortage: Some(shortage),
            ..hold.wanted.clone()
        };
        Ok(OrderPlaced {
            wanted: asked_for,
            no: self.no,
            shortage,
            split,
            allotted: self.allotted.clone(),
        })
    }
}

impl Fact for HoldChanged {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        same_units(&self.on, &self.allotted)?;
        let held = naive.orders.get(&key(&self.hold)).ok_or("no such hold")?.clone();
        if held.no != self.no {
            return Err(format!("it was {}, and is {}", held.no, self.no));
        }
        let placed = self.placed(naive, asked, &held)?;
        naive.take_off(self.no, &self.off)?;
        placed.check(naive, asked, &self.off)?;
        naive.check_line((&self.allotted, &self.off), asked)?;
        let channel = placed.wanted.channel.as_ref().map(Text::as_str);
        naive.put_on((self.no, true), channel, &self.on, &self.off)?;
        naive.note_rides(self.no, &self.allotted);
        let (lines, bundles) = lines(&wanted(&naive.items, &placed.wanted));
        let ordered = lines.into_iter().map(|(_, units)| units).collect();
        let whom = For::of(&placed.wanted);
        let allotted = self.allotted.clone();
        let mut order = Order::new((self.no, whom), ordered, allotted, held.is_whole);
        order.bundles = bundles;
        let mut hold = held.open_hold().expect("it is open").clone();
        if (hold.state, self.state) == (HoldState::Waiting, HoldState::Live) {
            hold.offered(self.until, naive.now)?;
        }
        if (hold.state, hold.until) != (self.state, self.until) {
            return Err(format!("it is {hold:?}"));
        }
        hold.wanted.lines = self.wanted.lines.clone();
        order.priority = held.priority;
        order.changes.extend(held.changes.iter().copied().chain([naive.version().next()]));
        order.hold = Some(hold);
        // Also at pairs that it has units of for the first time.
        naive.prioritise(self.no, order.priority);
        naive.orders.insert(key(&self.hold), order);
        Ok(())
    }
}
