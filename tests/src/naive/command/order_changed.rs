//! Changing an order: units are given up, and those of a hold become lines behind the others.

use std::collections::BTreeMap;

use backstock_engine::command::{self, LineCancellation, Operation};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Allocated, AllocationUnits, HoldState, Lsn, OrderedBundle};

use super::cancel_order::OrderCancelled;
use super::{Fact, units_of};
use crate::naive::bundle::Bundle;
use crate::naive::hold::Units;
use crate::naive::order::Parcel;
use crate::naive::{Allotted, Naive};

/// An order was changed.
#[derive(Clone, Debug)]
pub struct OrderChanged {
    order: String,
    /// What was asked.
    operations: Vec<Operation>,
    cancelled: OrderCancelled,
    /// The number of the hold of new units, what they rest on, and its first line in the order.
    taken: Option<(u64, Units, u16)>,
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
        let first = event.taken.as_ref().map_or(0, |hold| hold.first_line);
        let bundle = |of: &OrderedBundle| {
            let each = |line: u16| change.lines[usize::from(line - first)].units / of.units;
            let lines = of.lines().map(|line| (line, each(line))).collect();
            Bundle { sku: engine.sku_no(of.sku).to_string(), units: of.units, lines }
        };
        Self {
            order: event.id.to_string(),
            operations: operations.to_vec(),
            cancelled,
            taken: event
                .taken
                .as_ref()
                .map(|hold| (hold.no.0, units_of(engine, &hold.units), hold.first_line)),
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

/// The units of lines that were added.
fn placed(engine: &Engine, event: &command::OrderChanged) -> Vec<Placed> {
    let change = &event.change;
    let first = event.taken.as_ref().map_or(0, |hold| hold.first_line);
    // Each shipment that is added has units.
    let all = change.placed.iter().map(|of| usize::from(of.shipment) + 1).max().unwrap_or(0);
    let known = all.saturating_sub(change.shipments.len());
    let placed = |of: &Allocated| {
        let sku = change.lines[usize::from(of.line - first)].sku;
        let added = usize::from(of.shipment).checked_sub(known);
        let added = added.and_then(|at| change.shipments.get(at));
        let part = Allotted {
            line: of.line,
            sku: engine.sku_no(sku).to_string(),
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
        if order.open_in_all() == 0 {
            return Err("nothing of it is open".into());
        }
        let lines = u16::try_from(order.ordered.len()).expect("few lines");
        let before: Vec<u32> = (0..lines).map(|line| order.wanted_of(line)).collect();
        let (no, version) = (order.no, naive.version().next());
        if self.cancelled.parts.is_empty() {
            naive.orders.get_mut(&self.order).expect("it is there").changes.push(version);
        } else {
            self.cancelled.apply(naive, asked)?;
        }
        self.check_asked(naive, &before)?;
        let Some((held, units, first)) = &self.taken else { return Ok(()) };
        if *first != lines {
            return Err(format!("it has {lines} lines, and the hold begins at {first}"));
        }
        naive.take_off(*held, units)?;
        let hold = naive.orders.values_mut().find(|of| of.no == *held).ok_or("no such hold")?;
        let ordered = hold.ordered.clone();
        hold.end_hold(HoldState::TakenOver);
        hold.changes.push(version);
        super::super::pair::same("lines", &self.lines, &ordered)?;
        let moved = units.iter().map(|((line, sku, node, supply), units)| {
            ((first + line, sku.clone(), node.clone(), *supply), *units)
        });
        let on: Units = moved.collect();
        naive.keep_on(no, &on);
        let order = naive.orders.get_mut(&self.order).expect("it is there");
        order.ordered.extend(&self.lines);
        order.bundles.extend(self.bundles.iter().cloned());
        let priority = order.priority;
        let mut placed = Vec::new();
        for Placed { node, part } in &self.placed {
            let node = match node {
                Some(node) => node.clone(),
                None => order.node_of(part.shipment).ok_or("no such shipment")?,
            };
            placed.push(Allotted { node, ..part.clone() });
        }
        super::same_units(&on, &placed)?;
        for part in placed {
            order.put(part);
        }
        naive.prioritise(no, priority);
        Ok(())
    }
}
