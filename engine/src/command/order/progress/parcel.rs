//! A parcel that left, as a warehouse tells of it: its units are picked, packed and shipped in one event.

use smallvec::SmallVec;

use super::decide::decide;
use super::event::ShipmentProgressed;
use super::{claim, parts_line};
use crate::model::effect::Effect;
use crate::model::fulfilment::Content;
use crate::model::{LineUnits, Order, PackageId, Refusal, SkuNo, Step, Text, Timestamp};
use crate::transaction::command::Effective;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// A parcel that left its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// The shipment's number within the order, from 1.
    pub(crate) shipment: u16,
    /// Its id, unique in the shipment.
    pub(crate) package: PackageId,
    /// What is in it, by line of the order, from 0.
    pub(crate) lines: LineUnits,
    /// The carrier.
    pub(crate) carrier: Text,
    /// The carrier's tracking number.
    pub(crate) tracking: Text,
}

/// Has a parcel of an order in hand leave, and holds its pairs; none if it left before.
///
/// # Errors
/// What packing and shipping it are refused for; and what stopped the engine.
pub(crate) async fn leave(
    tx: &mut Transaction<'_>,
    order: &Order,
    parcel: &Parcel,
    at: Timestamp,
) -> Result<Option<ShipmentProgressed>, EngineError> {
    let Some(mut event) = left(order, parcel, at)? else { return Ok(None) };
    event.parts = parts_line(order, &event.picked).then_some(true);
    let claims = claim(tx.kernel(), order, &event).await?;
    tx.claims.take(claims);
    Ok(Some(event))
}

/// Has a step be taken of a shipment of an order in hand, by its number, and holds its pairs; none if it was
/// taken before.
///
/// # Errors
/// What the step is refused for; and what stopped the engine.
pub(crate) async fn make_step(
    tx: &mut Transaction<'_>,
    order: &Order,
    (shipment, step): (u16, &Step),
    at: Timestamp,
) -> Result<Option<ShipmentProgressed>, EngineError> {
    let Some(mut event) = decide(order, (shipment, step, at))? else { return Ok(None) };
    event.parts = parts_line(order, &event.picked).then_some(true);
    let claims = claim(tx.kernel(), order, &event).await?;
    tx.claims.take(claims);
    Ok(Some(event))
}

/// Pure: both steps, the second on what the first one leaves, as one.
pub(super) fn left(
    order: &Order,
    parcel: &Parcel,
    at: Timestamp,
) -> Result<Option<ShipmentProgressed>, Refusal> {
    let Parcel { shipment, package, lines, carrier, tracking } = parcel.clone();
    let pack = Step::Pack { package: package.clone(), lines };
    let packed = decide(order, (shipment, &pack, at))?;
    let mut after = order.clone();
    for effect in packed.clone().into_iter().flat_map(Effective::effects) {
        if let Effect::Order(_, effect) = effect {
            after.apply(after.last_lsn.next(), &effect);
        }
    }
    let ship = Step::Ship { packages: vec![package], carrier, tracking };
    let shipped = decide(&after, (shipment, &ship, at))?;
    Ok(match (packed, shipped) {
        (Some(packed), Some(shipped)) => {
            Some(ShipmentProgressed { picked: packed.picked, ..shipped })
        }
        (packed, shipped) => shipped.or(packed),
    })
}

/// Units of items, by line of a shipment, from 0: what is still at the node. What is beyond that is put to
/// the last line of the item, so that it is refused. None where a line of the item is not in the shipment.
pub(crate) fn lines_of(order: &Order, at: u16, items: &[(SkuNo, u32)]) -> Option<LineUnits> {
    let content = Content::of(order, at);
    let mut lines = LineUnits::new();
    for (sku, units) in items {
        let of_item = |line: &u16| order.lines[usize::from(*line)].sku == *sku;
        let places: SmallVec<[u16; 2]> = content.lines().filter(of_item).collect();
        let (last, mut left) = (*places.last()?, *units);
        for line in places {
            let there = content.unpacked(line) + content.loose(line);
            let units = if line == last { left } else { left.min(there) };
            lines.extend((units > 0).then_some((line, units)));
            left -= units;
        }
    }
    lines.sort_unstable();
    Some(lines)
}
