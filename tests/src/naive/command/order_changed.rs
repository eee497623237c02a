//! Changing an order: units are given up, those of a hold come to it, and it goes another way.

use std::collections::BTreeMap;

use backstock_engine::command::{self, LineCancellation, Operation};
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    Allocated, AllocationUnits, Destination, HoldState, Lsn, NodeId, OrderedBundle, Pickup,
    Redirect, ServiceName, Supply,
};

use super::cancel_order::OrderCancelled;
use super::{Fact, units_of};
use crate::naive::bundle::Bundle;
use crate::naive::hold::Units;
use crate::naive::order::{Order, Parcel};
use crate::naive::{Allotted, Naive};

/// An order was changed.
#[derive(Clone, Debug)]
pub struct OrderChanged {
    order: String,
    /// What was asked.
    operations: Vec<Operation>,
    cancelled: OrderCancelled,
    /// The number of the hold of new units, and what they rest on.
    taken: Option<(u64, Units)>,
    /// Its own units that come off what they rest on, cancelled ones among them; and what comes on.
    off: Units,
    on: Units,
    /// Units of its parts that leave in other shipments.
    moved: Vec<(u16, u32)>,
    /// How it goes from now on, if that is another way.
    goes: Option<(Destination<NodeId>, ServiceName)>,
    /// Units of lines that were added.
    lines: Vec<u32>,
    /// Where they are.
    placed: Vec<Placed>,
    bundles: Vec<Bundle>,
}

impl OrderChanged {
    /// What the engine's event says of an order that was changed so.
    pub fn new(engine: &Engine, operations: &[Operation], event: &command::OrderChanged) -> Self {
        let change = &event.change;
        let mut fewer = BTreeMap::<u16, u32>::new();
        for of in &change.cancelled {
            *fewer.entry(of.line).or_default() += of.units;
        }
        let fewer = fewer.into_iter().map(|(line, quantity)| LineCancellation {
            line: u32::from(line) + 1,
            quantity,
            of_bundle: false,
        });
        let units = |of: &AllocationUnits| (of.allocation, of.units);
        let packages = change.packages.iter().map(|(shipment, package)| {
            let parcel = Parcel::of(package);
            (*shipment, package.id.to_string(), parcel)
        });
        let cancelled = OrderCancelled {
            shipment: None,
            order: event.id.to_string(),
            lines: fewer.collect(),
            parts: change.cancelled.iter().map(units).collect(),
            put_back: change.put_back.iter().map(units).collect(),
            packages: packages.collect(),
        };
        let first = first_added(event);
        let bundle = |of: &OrderedBundle| {
            let each = |line: u16| change.lines[usize::from(line - first)].units / of.units;
            let lines = of.lines().map(|line| (line, each(line))).collect();
            Bundle { sku: engine.sku_no(of.sku).to_string(), units: of.units, lines }
        };
        Self {
            order: event.id.to_string(),
            operations: operations.to_vec(),
            cancelled,
            taken: event.taken.as_ref().map(|hold| (hold.no.0, units_of(engine, &hold.units))),
            off: units_of(engine, &event.off),
            on: units_of(engine, &event.on),
            moved: change.moved.iter().map(units).collect(),
            goes: change.redirect.as_ref().map(|to| goes(engine, to)),
            lines: change.lines.iter().map(|line| line.units).collect(),
            placed: placed(engine, event),
            bundles: change.bundles.iter().map(bundle).collect(),
        }
    }

    /// What was asked of lines is so.
    fn check_asked(&self, naive: &Naive, before: &[u32]) -> Result<(), String> {
        let order = &naive.orders[&self.order];
        for operation in &self.operations {
            if let Operation::SetQuantity { line, quantity } = *operation
                && order.bundle_of(line).is_none()
            {
                let (had, has) = (before[usize::from(line)], order.wanted_of(line));
                if has != quantity.min(had) {
                    return Err(format!("line {line} had {had}, is to have {quantity}, has {has}"));
                }
            }
        }
        Ok(())
    }
}

/// A part of a line that was added, at a node, or in a shipment that the order had before.
#[derive(Clone, Debug)]
struct Placed {
    node: Option<String>,
    part: Allotted,
}

/// The first line that a change adds: lines that are added have units behind all others.
fn first_added(event: &command::OrderChanged) -> u16 {
    let lines = event.change.placed.iter().map(|of| of.line + 1).max().unwrap_or(0);
    let added = u16::try_from(event.change.lines.len()).expect("few lines");
    if added == 0 { u16::MAX } else { lines - added }
}

/// Where an order goes, by the names of its place and of its service.
fn goes(engine: &Engine, to: &Redirect) -> (Destination<NodeId>, ServiceName) {
    let destination = match &to.destination {
        Destination::Address(code) => Destination::Address(code.clone()),
        Destination::Pickup(Pickup { node, only_there }) => {
            let node = engine.node_no(*node).id.clone();
            Destination::Pickup(Pickup { node, only_there: *only_there })
        }
    };
    (destination, engine.policy().services[usize::from(to.service.0)].name.clone())
}

/// The units that come to shipments.
fn placed(engine: &Engine, event: &command::OrderChanged) -> Vec<Placed> {
    let change = &event.change;
    let first = first_added(event);
    // Each shipment that is added has units.
    let all = change.placed.iter().map(|of| usize::from(of.shipment) + 1).max().unwrap_or(0);
    let known = all.saturating_sub(change.shipments.len());
    let placed = |of: &Allocated| {
        let new = of.line.checked_sub(first).map(|at| change.lines[usize::from(at)].sku);
        let added = usize::from(of.shipment).checked_sub(known);
        let added = added.and_then(|at| change.shipments.get(at));
        let part = Allotted {
            line: of.line,
            sku: new.map(|sku| engine.sku_no(sku).to_string()).unwrap_or_default(),
            node: String::new(),
            shipment: of.shipment,
            supply: of.supply,
            units: of.units,
        };
        Placed { node: added.map(|of| engine.node_no(of.node).id.to_string()), part }
    };
    change.placed.iter().map(placed).collect()
}

impl Fact for OrderChanged {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let order = naive.orders.get(&self.order).ok_or("no such order")?;
        let lines = u16::try_from(order.ordered.len()).expect("few lines");
        let before: Vec<u32> = (0..lines).map(|line| order.wanted_of(line)).collect();
        if before.iter().all(|units| *units == 0) {
            return Err("all of it is cancelled".into());
        }
        if order.open_in_all() == 0 && (self.goes.is_some() || !self.moved.is_empty()) {
            return Err("nothing is left that could go elsewhere".into());
        }
        let (no, version) = (order.no, naive.version().next());
        let had = naive.units_of(no).0;
        if self.cancelled.parts.is_empty() {
            naive.orders.get_mut(&self.order).expect("it is there").changes.push(version);
        } else {
            self.cancelled.apply(naive, asked)?;
        }
        self.check_asked(naive, &before)?;
        self.take_off(naive, (no, &had))?;
        if let Some((held, units)) = &self.taken {
            naive.take_off(*held, units)?;
            let hold = naive.orders.values_mut().find(|of| of.no == *held).ok_or("no such hold")?;
            hold.end_hold(HoldState::TakenOver);
            hold.changes.push(version);
        }
        naive.keep_on(no, &self.on);
        let order = naive.orders.get_mut(&self.order).expect("it is there");
        let was_split: Vec<_> = (0..lines).filter(|line| order.is_split(*line)).collect();
        self.goes_on(order)?;
        let mut put = self.placed.iter().map(|of| of.part.line);
        if let Some(line) = put.find(|line| order.is_split(*line) && !was_split.contains(line)) {
            return Err(format!("line {line} was split: {order:?}"));
        }
        let priority = order.priority;
        naive.orders[&self.order].has_units(&naive.units_of(no).0)?;
        naive.prioritise(no, priority);
        Ok(())
    }
}

impl OrderChanged {
    /// Takes units off that come to rest elsewhere: those that the event says, but for those that
    /// were cancelled. What comes on is of them, or of the hold.
    fn take_off(&self, naive: &mut Naive, (no, had): (u64, &Units)) -> Result<(), String> {
        let has = naive.units_of(no).0;
        let mut there = Sums::new();
        for ((line, sku, node, supply), units) in &self.off {
            let at = (*line, sku.clone(), node.clone(), *supply);
            let of = |units: &Units| units.get(&at).copied().unwrap_or_default();
            let cancelled = of(had) - of(&has);
            let moved = units.checked_sub(cancelled).ok_or("fewer come off than are cancelled")?;
            for _ in 0..moved {
                naive.pair(sku, node).unpeg((no, false), *line, *supply)?;
            }
            *there.entry((sku.clone(), node.clone(), *supply)).or_default() += moved;
        }
        for ((_, sku, node, supply), units) in self.taken.iter().flat_map(|(_, units)| units) {
            *there.entry((sku.clone(), node.clone(), *supply)).or_default() += units;
        }
        for ((_, sku, node, supply), units) in &self.on {
            let left = there.get_mut(&(sku.clone(), node.clone(), *supply));
            let left = left.ok_or("units come on that nobody had")?;
            *left = left.checked_sub(*units).ok_or("more units come on than were there")?;
        }
        Ok(())
    }

    /// The order's parts, and how it goes.
    fn goes_on(&self, order: &mut Order) -> Result<(), String> {
        order.ordered.extend(&self.lines);
        order.bundles.extend(self.bundles.iter().cloned());
        if let Some((destination, service)) = &self.goes
            && order.whom.redirect(destination, service)
        {
            order.asked.clear();
        }
        order.move_out(&self.moved)?;
        let mut placed = Vec::new();
        for Placed { node, part } in &self.placed {
            let node = match node {
                Some(node) => node.clone(),
                None => order.node_of(part.shipment).ok_or("no such shipment")?,
            };
            let sku = if part.sku.is_empty() {
                order.sku_of(part.line).ok_or("no such line")?
            } else {
                part.sku.clone()
            };
            placed.push(Allotted { sku, node, ..part.clone() });
        }
        for part in placed {
            order.put(part);
        }
        Ok(())
    }
}

/// Units by item, node and supply.
type Sums = BTreeMap<(String, String, Supply), u32>;
