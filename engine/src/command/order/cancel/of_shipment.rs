//! What a cancellation gives back of one shipment alone.

use super::super::cancelled::{LineCancellation, releases};
use super::super::find;
use crate::model::{Allocation, AllocationUnits, Order, Refusal};
use crate::transaction::rests::Resting;

/// Everything open of the shipment of that number, or so many units of each line named.
pub(super) fn of_one(
    (order, resting): (&Order, &Resting),
    shipment_number: u16,
    lines: &[LineCancellation],
) -> Result<Vec<AllocationUnits>, Refusal> {
    let shipment = find(order, shipment_number)?;
    let (alone, rests) = alone((order, resting), shipment);
    if alone.allocations.iter().all(|a| a.open() == 0) {
        return Err(Refusal::ShipmentNotPlanned { shipment_number });
    }
    for cancellation in lines {
        there(order, shipment, cancellation)?;
    }
    releases(&alone, &rests, lines)
}

/// The order as it is without what is open of its other shipments.
fn alone((order, resting): (&Order, &Resting), shipment: u16) -> (Order, Resting) {
    let (mut alone, mut rests) = (order.clone(), resting.clone());
    for (a, rests) in alone.allocations.iter_mut().zip(&mut rests.rests) {
        if a.shipment != shipment {
            a.moved = a.units - a.shipped - a.cancelled;
            a.picked = 0;
            rests.clear();
        }
    }
    (alone, rests)
}

/// Refuses more units of a line than are open in the shipment; of a bundle, than its components are.
fn there(order: &Order, shipment: u16, of: &LineCancellation) -> Result<(), Refusal> {
    let Some(line) = of.line.checked_sub(1).and_then(|line| u16::try_from(line).ok()) else {
        return Ok(());
    };
    let Some(known) = order.lines.get(usize::from(line)) else { return Ok(()) };
    let bundle = order.bundle_of(line).filter(|_| of.of_bundle && known.ordered > 0);
    let each = bundle.map_or(1, |bundle| order.each_of(bundle, line));
    let of_it = || order.allocations_of(shipment).filter(move |a| a.line == line);
    let open: u32 = of_it().map(Allocation::open).sum::<u32>() / each;
    if of.quantity <= open {
        return Ok(());
    }
    let (shipment_number, left) = (shipment + 1, of_it().map(|a| u64::from(a.shipped)).sum());
    if left > 0 {
        return Err(Refusal::UnitsLeftNode { shipment_number, units: left });
    }
    let (wanted, there) = (of.quantity.into(), open.into());
    Err(Refusal::UnitsNotInShipment { shipment_number, line_index: line.into(), wanted, there })
}
