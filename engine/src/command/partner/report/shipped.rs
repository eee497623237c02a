//! What left: a partner tells it in totals of a shipment, and what is more than before is a parcel.

use super::carry::{Carried, Done, give_up_but_partner, impossible, known, node_of};
use crate::command::order::progress::{Parcel, leave, lines_of};
use crate::model::partner::{Detail, Measure, Move, PartnerMessage, QuarantineReason};
use crate::model::{Order, OrderId, PackageId, Reference, SkuNo, Text, Timestamp};
use crate::transaction::attempts::passes_by_itself;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has what left of a shipment leave. What will not leave is kept with the fact, and nothing follows from
/// it: who looks after the order gives it to another node.
pub(super) async fn left(
    tx: &mut Transaction<'_>,
    message: &PartnerMessage,
    (order, shipment): (&OrderId, &Reference),
    (moves, at): (&[Move], Timestamp),
) -> Result<Carried, EngineError> {
    let shipped = moves.iter().filter(|of| of.measure == Measure::Shipped);
    let mut items: Vec<(SkuNo, u32)> = Vec::new();
    for of in shipped {
        let Ok(units) = u32::try_from(of.by()) else {
            return Ok(impossible(&format!("{} of {} left already", of.from, of.sku)));
        };
        match known(tx.state(), &of.sku) {
            Ok(sku) => items.push((sku, units)),
            Err(quarantined) => return Ok(quarantined),
        }
    }
    let order = match tx.claims.in_hand(order).await {
        Ok(order) => order,
        Err(refused @ EngineError::Refused(_)) if !passes_by_itself(&refused) => {
            return Ok(unknown());
        }
        Err(stopped) => return Err(stopped),
    };
    let carried = in_shipment(tx, (message, &order), shipment, (&items, at)).await;
    if !matches!(&carried, Ok(Carried::Out(Done { shipped: Some(_), .. }))) {
        give_up_but_partner(tx);
    }
    carried
}

async fn in_shipment(
    tx: &mut Transaction<'_>,
    (message, order): (&PartnerMessage, &Order),
    shipment: &Reference,
    (items, at): (&[(SkuNo, u32)], Timestamp),
) -> Result<Carried, EngineError> {
    let (_, node) = node_of(tx.state(), message);
    // One number has one name: each name has totals of its own.
    let number = shipment.as_str().parse::<u16>().ok();
    let number = number.filter(|number| number.to_string() == shipment.as_str());
    let place = number.and_then(|number| number.checked_sub(1));
    let is_its = |place: &u16| {
        order.shipments.get(usize::from(*place)).is_some_and(|shipment| shipment.node == node)
    };
    let (Some(shipment), Some(place)) = (number, place.filter(is_its)) else {
        return Ok(unknown());
    };
    let Some(lines) = lines_of(order, place, items) else {
        return Ok(impossible("an item left that is not in the shipment"));
    };
    if lines.is_empty() {
        return Ok(Carried::Out(Done::default()));
    }
    let (carrier, tracking) = how(message);
    let Ok(package) = PackageId::new("package", message.id.as_str()) else {
        unreachable!("ids are of one alphabet")
    };
    let parcel = Parcel { shipment, package, lines, carrier, tracking };
    match leave(tx, order, &parcel, at).await {
        Ok(event) => Ok(Carried::Out(Done { shipped: event.map(Box::new), ..Done::default() })),
        Err(EngineError::Refused(refusal))
            if !passes_by_itself(&EngineError::Refused(refusal.clone())) =>
        {
            Ok(impossible(&refusal.to_string()))
        }
        Err(stopped) => Err(stopped),
    }
}

fn unknown() -> Carried {
    let (reason, candidates) = (QuarantineReason::UnknownSubject, Vec::new());
    Carried::Quarantined { reason, candidates }
}

/// Who carries it, and under which number. Of a carrier that is not named, its partner is.
fn how(message: &PartnerMessage) -> (Text, Text) {
    let (carrier, tracking) = match &message.detail {
        Detail::Parcel { carrier, tracking } => (carrier.clone(), tracking.clone()),
        _ => (None, None),
    };
    let sender = || Text::new("carrier", message.sender.as_str()).unwrap_or_default();
    (carrier.unwrap_or_else(sender), tracking.unwrap_or_default())
}
