//! What a node has to do: its shipments that have not left, by when they have to.
//!
//! ```text
//!   items of which the node has stock --> reservations --> orders --> shipments of the node
//!                                                                      by ship-by day, priority, age
//! ```
//! The reservations of a node's stock are all that is kept of it: no index of its orders costs
//! anything when one is placed. What was seen when it was read before is [kept](seen), and read again
//! where an event changed it since. It looks at as many pairs as the node has, and at as many orders as
//! wait there, up to [`WORK_ORDERS_MAX`], those with a unit there before others. It is no snapshot: each
//! shipment is as it was when it was looked at.

pub mod seen;
mod shipments;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::seen::{SeenWork, UnitsAt};
use self::shipments::shipments_of;
pub use self::shipments::{ShipmentWork, WorkKey, WorkUnits};
use crate::limits::WORK_ORDERS_MAX;
use crate::model::{Day, Lsn, Node, NodeId, NodeNo, UnitState};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What a node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeWork {
    /// The node.
    pub node: Arc<Node>,
    /// Its shipments that have not left, by [key](ShipmentWork::key): those that still have to leave
    /// first, and of them those with a day, by day, priority and age.
    pub shipments: Vec<ShipmentWork>,
    /// Orders that were not looked at, because there are too many: the latest of those of which no unit is
    /// there, and then the latest of the others.
    pub orders_left_out: u64,
    /// The node's local day.
    pub today: Day,
    /// What the node's clocks show, as `2026-11-28 08:15`.
    pub local_time: String,
    /// A version that all of it is at least as new as.
    pub version: Lsn,
}

/// Reads what a node has to do. Blocks its thread.
///
/// # Errors
/// An unknown node, and what stopped the engine.
pub fn node_work(kernel: &Kernel, seen: &SeenWork, id: &NodeId) -> Result<NodeWork, EngineError> {
    let (network, version) = (kernel.state.network.load(), kernel.watermark.applied());
    let no = network.named(id)?;
    let planning = network.node(no);
    let (mut shipments, orders_left_out) = shipments_at(kernel, seen, no, WORK_ORDERS_MAX)?;
    let now = kernel.state.now();
    // Many leave on few days.
    let mut cut_offs = BTreeMap::new();
    let mut cut_off =
        |day: Day| *cut_offs.entry(day).or_insert_with(|| planning.calendar.cut_off_at(day));
    for work in &mut shipments {
        work.cut_off = work.ship_by.map(&mut cut_off);
        work.claim.take_if(|claim| claim.until <= now);
        work.recall.take_if(|until| *until < now);
        work.is_late = work.has_to_leave() && work.cut_off.is_some_and(|cut_off| cut_off <= now);
    }
    shipments.sort_unstable_by_key(ShipmentWork::key);
    let (node, zone) = (Arc::clone(&planning.node), planning.calendar.zone());
    let (today, local_time) = (zone.local_day(now), zone.local_time(now));
    Ok(NodeWork { node, shipments, orders_left_out, today, local_time, version })
}

/// The shipments that have not left a node, of so many orders at most, and how many orders there were not
/// looked at.
fn shipments_at(
    kernel: &Kernel,
    seen: &SeenWork,
    node: NodeNo,
    orders_max: usize,
) -> Result<(Vec<ShipmentWork>, u64), EngineError> {
    let of_node = seen.of(node);
    let mut at = of_node.lock();
    let units = at.units(kernel, node)?;
    let mut orders: Vec<_> = units.chunk_by(|a, b| a.order == b.order).collect();
    // Old orders of which nothing is there hide none that can be worked on.
    orders.sort_by_key(|of_order| of_order.iter().all(|of| of.coming > 0));
    let left_out = orders.len().saturating_sub(orders_max) as u64;
    let mut shipments = Vec::new();
    for of_order in orders.into_iter().take(orders_max) {
        let UnitsAt { order, priority, .. } = of_order[0];
        let there = at.shipments(kernel, order, |order| shipments_of(order, node))?;
        shipments.extend(there.iter().map(|work| {
            let waiting = waiting(work, of_order);
            ShipmentWork { priority, waiting, ..work.clone() }
        }));
    }
    let parts = at.forget();
    drop(at);
    seen.keep(node, parts);
    Ok((shipments, left_out))
}

/// Units of a shipment that are not there yet, of those of its order at the node: pairs know no shipments.
/// The firmest units are of the shipment that ships first, as [`Resting`] deals them.
///
/// [`Resting`]: crate::transaction::rests::Resting
fn waiting(work: &ShipmentWork, of_order: &[UnitsAt]) -> u32 {
    let loose = work.units.iter().filter(|of| of.state <= UnitState::Released);
    let waiting = loose.map(|of| {
        let of_line = of_order.iter().filter(|at| at.line == of.line);
        let coming: u32 = of_line.map(|at| at.coming).sum();
        coming.saturating_sub(of.behind).min(of.units)
    });
    waiting.sum()
}
