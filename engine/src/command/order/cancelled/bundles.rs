//! Cancelling bundles: all their components, in proportion, at the same shipments.

use crate::model::{Allocation, AllocationUnits, Order, OrderedBundle, Refusal, UnitsLeft};
use crate::state::stock::{Ready, Rest};
use crate::transaction::rests::Resting;

/// Gives back so many bundles: of those in the shipment that can be counted on last before
/// others.
pub(super) fn release(
    (order, resting): (&Order, &Resting),
    bundle: &OrderedBundle,
    wanted: u32,
    releases: &mut Vec<AllocationUnits>,
) -> Result<(), Refusal> {
    let key = |shipment| (ready((order, resting), bundle, shipment), shipment);
    // What is still on the shelf goes before what was picked.
    let loose = order.bundles_in(bundle, Allocation::loose).into_iter().map(|of| (true, of));
    let picked = order.bundles_in(bundle, |a| a.picked).into_iter().map(|of| (false, of));
    let mut open: Vec<((Ready, u16), bool, u32)> = loose
        .chain(picked)
        .map(|(is_loose, (shipment, units))| (key(shipment), is_loose, units))
        .collect();
    let all: u32 = open.iter().map(|(.., units)| units).sum();
    if wanted > all {
        return Err(too_few_open(order, bundle, (all, wanted)));
    }
    open.sort_unstable_by_key(|&((ready, shipment), is_loose, _)| (ready, is_loose, shipment));
    let mut left = wanted;
    for ((_, shipment), is_loose, units) in open.into_iter().rev() {
        let units = units.min(left);
        left -= units;
        for line in bundle.lines() {
            let of = if is_loose { Allocation::loose } else { |a: &Allocation| a.picked };
            let units = units * order.each_of(bundle, line);
            release_of(order, (line, shipment, units), of, releases);
        }
    }
    Ok(())
}

/// When the last unit of a bundle in a shipment can be counted on.
fn ready((order, resting): (&Order, &Resting), bundle: &OrderedBundle, shipment: u16) -> Ready {
    let all = order.allocations.iter().zip(&resting.rests);
    let of_it = all.filter(|(a, _)| a.shipment == shipment && bundle.has(a.line));
    of_it.flat_map(|(_, rests)| rests).map(Rest::ready).max().unwrap_or(Ready::Now)
}

/// Gives back such units of a line in a shipment, of its last allocations first.
fn release_of(
    order: &Order,
    (line, shipment, units): (u16, u16, u32),
    of: fn(&Allocation) -> u32,
    releases: &mut Vec<AllocationUnits>,
) {
    let mut left = units;
    let is_of_it = |a: &Allocation| (a.line, a.shipment) == (line, shipment);
    for (at, a) in order.allocations.iter().enumerate().rev().filter(|(_, a)| is_of_it(a)) {
        let units = of(a).min(left);
        let known = releases.iter_mut().find(|release| usize::from(release.allocation) == at);
        match known {
            Some(release) => release.units += units,
            None if units > 0 => releases.push(order.units_of(at, units)),
            None => {}
        }
        left -= units;
    }
    debug_assert_eq!(left, 0, "CONSERVATION: components are in the same shipments");
}

/// Why fewer bundles are open than are to be cancelled.
fn too_few_open(order: &Order, bundle: &OrderedBundle, (open, wanted): (u32, u32)) -> Refusal {
    let cancelled = order.lines[usize::from(bundle.line)].cancelled;
    let cancelled = cancelled / order.each_of(bundle, bundle.line);
    let (open, wanted) = (u64::from(open), u64::from(wanted));
    let left = UnitsLeft { line_index: Some(bundle.line.into()), open, wanted };
    let order_id = order.header.id.clone();
    if wanted > u64::from(bundle.units) {
        Refusal::UnitsNotOrdered { order_id, left }
    } else if u64::from(bundle.units - cancelled) > open {
        Refusal::UnitsShipped { order_id, left }
    } else {
        Refusal::UnitsCancelled { order_id, left }
    }
}
