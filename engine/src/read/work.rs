//! What a node has to do: its shipments that have not left, by when they have to.
//!
//! ```text
//!   items of which the node has stock --> reservations --> orders --> shipments of the node
//!                                                                      by ship-by day, priority, age
//! ```
//! The reservations of a node's stock are all that is kept of it: no index of its orders costs
//! anything when one is placed. It reads as many pairs as the node has, and as many orders as wait
//! there, up to [`WORK_ORDERS_MAX`]. It is no snapshot: each shipment is as it was when it was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blocking::block_on;
use crate::limits::WORK_ORDERS_MAX;
use crate::model::fulfilment::{Content, WorkClaim};
use crate::model::{
    Day, Lsn, Node, NodeId, NodeNo, Order, OrderId, OrderNo, Pair, Priority, SkuNo, Timestamp,
    UnitState,
};
use crate::read::read_stock;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// What a node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeWork {
    /// The node.
    pub node: Arc<Node>,
    /// Its shipments that have not left: those with a day first, by day, priority and age.
    pub shipments: Vec<ShipmentWork>,
    /// Orders that were not looked at, because there are too many: later ones than all that were.
    pub orders_left_out: u64,
    /// The node's local day.
    pub today: Day,
    /// What the node's clocks show, as `2026-11-28 08:15`.
    pub local_time: String,
    /// A version that all of it is at least as new as.
    pub version: Lsn,
}

/// A shipment that a node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentWork {
    /// The order.
    pub order: OrderId,
    /// The order's number: older orders have lower ones.
    pub no: OrderNo,
    /// The shipment, from 0.
    pub shipment: u16,
    /// The local day on which it ships; none while units wait for supply.
    pub ship_by: Option<Day>,
    /// The node's cut-off on that day.
    pub cut_off: Option<Timestamp>,
    /// Before whom it is served.
    pub priority: Priority,
    /// How far it is: the least of its units that are not cancelled.
    pub state: UnitState,
    /// Whether the node accepted it.
    pub is_accepted: bool,
    /// Its units that have not left, by SKU and state, units that are not there yet among them.
    pub units: Vec<WorkUnits>,
    /// Units of them that have no supply yet, or one that is on its way.
    pub waiting: u32,
    /// Whether its order is on hold: nobody is to begin with it.
    pub is_on_hold: bool,
    /// Whether its cut-off has passed.
    pub is_late: bool,
    /// Who works on it now.
    pub claim: Option<WorkClaim>,
}

/// Units of a line that have not left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkUnits {
    /// The line, from 0.
    pub line: u16,
    /// What they are of.
    pub sku: SkuNo,
    /// Where they are.
    pub state: UnitState,
    /// How many.
    pub units: u32,
}

impl ShipmentWork {
    /// Units that have not left.
    pub fn open(&self) -> u32 {
        self.units.iter().map(|of| of.units).sum()
    }

    /// Units that are on the shelf, there or to come.
    pub fn loose(&self) -> u32 {
        let loose = self.units.iter().filter(|of| of.state <= UnitState::Released);
        loose.map(|of| of.units).sum()
    }

    fn key(&self) -> (bool, Option<Day>, Priority, OrderNo, u16) {
        (self.ship_by.is_none(), self.ship_by, self.priority, self.no, self.shipment)
    }
}

/// What an order waits for at a node.
#[derive(Clone, Debug)]
struct AtNode {
    priority: Priority,
    /// Units of a line that are not there yet.
    coming: BTreeMap<u16, u32>,
}

/// Reads what a node has to do. Blocks its thread.
///
/// # Errors
/// An unknown node, and what stopped the engine.
pub fn node_work(kernel: &Kernel, id: &NodeId) -> Result<NodeWork, EngineError> {
    let (network, version) = (kernel.state.network.load(), kernel.watermark.applied());
    let no = network.named(id)?;
    let planning = network.node(no);
    let found = orders_at(kernel, no)?;
    let orders_left_out = found.len().saturating_sub(WORK_ORDERS_MAX) as u64;
    let mut shipments = Vec::new();
    for (order, mut there) in found.into_iter().take(WORK_ORDERS_MAX) {
        if let Some(order) = block_on(read_order(kernel, order))? {
            shipments.extend(shipments_of(&order, no, &mut there));
        }
    }
    let now = kernel.state.now();
    for work in &mut shipments {
        work.cut_off = work.ship_by.map(|day| planning.calendar.cut_off_at(day));
        work.claim.take_if(|claim| claim.until <= now);
        work.is_late = work.cut_off.is_some_and(|cut_off| cut_off <= now);
    }
    shipments.sort_by_key(ShipmentWork::key);
    let (node, zone) = (Arc::clone(&planning.node), planning.calendar.zone());
    let (today, local_time) = (zone.local_day(now), zone.local_time(now));
    Ok(NodeWork { node, shipments, orders_left_out, today, local_time, version })
}

/// The orders that have units at a node, by number.
fn orders_at(kernel: &Kernel, node: NodeNo) -> Result<BTreeMap<OrderNo, AtNode>, EngineError> {
    let mut found = BTreeMap::new();
    for (sku, entry) in kernel.state.catalogue.iter() {
        if entry.row.seat(node).is_none() {
            continue;
        }
        let stock = block_on(read_stock(kernel, Pair { sku, node }))?;
        for of in stock.reservations.iter().filter(|of| !of.held) {
            let new = || AtNode { priority: of.priority, coming: BTreeMap::new() };
            let order = found.entry(of.order).or_insert_with(new);
            if !of.supply.is_there() {
                *order.coming.entry(of.line).or_default() += of.units;
            }
        }
    }
    Ok(found)
}

/// The shipments of an order that have not left a node.
fn shipments_of(order: &Order, node: NodeNo, there: &mut AtNode) -> Vec<ShipmentWork> {
    let mut all = Vec::new();
    for (shipment, at) in order.shipments.iter().zip(0u16..) {
        if shipment.node != node || order.was_declined(at) {
            continue;
        }
        let content = Content::of(order, at);
        let units: Vec<_> = content.lines().flat_map(|line| here(order, content, line)).collect();
        let Some(state) = units.iter().map(|of| of.state).min() else { continue };
        let waiting = content.lines().map(|line| take(there, line, content.loose(line))).sum();
        all.push(ShipmentWork {
            order: order.header.id.clone(),
            no: order.no,
            shipment: at,
            ship_by: shipment.ship_by,
            cut_off: None,
            priority: there.priority,
            state,
            is_accepted: shipment.is_accepted(),
            units,
            waiting,
            is_on_hold: order.is_on_hold(),
            is_late: false,
            claim: shipment.work.as_ref().and_then(|work| work.claim.as_deref().cloned()),
        });
    }
    all
}

/// Units of a line of a shipment that are at its node.
fn here(order: &Order, content: Content<'_>, line: u16) -> Vec<WorkUnits> {
    let sku = order.lines[usize::from(line)].sku;
    let standing = content.standing(line);
    let here = standing.states().filter(|(state, _)| *state <= UnitState::Ready);
    here.map(|(state, units)| WorkUnits { line, sku, state, units }).collect()
}

/// Takes, of units of a line that are not there yet, at most so many.
fn take(there: &mut AtNode, line: u16, most: u32) -> u32 {
    let Some(coming) = there.coming.get_mut(&line) else { return 0 };
    let taken = most.min(*coming);
    *coming -= taken;
    taken
}
