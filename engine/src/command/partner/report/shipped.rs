//! What left: a partner tells it in totals of a shipment, and what is more than before is a parcel.

use super::carry::{Carried, Done, give_up_but_partner, impossible, known, node_of};
use crate::command::order::progress::{Parcel, leave, lines_of};
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_PARTS_MAX};
use crate::model::fulfilment::Content;
use crate::model::partner::{
    Detail, Measure, Move, PartnerMessage, QuarantineReason, Topic, beside, stated,
};
use crate::model::{Order, OrderId, PackageId, Reference, Sku, SkuNo, Text, Timestamp};
use crate::state::State;
use crate::transaction::attempts::passes_by_itself;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has what left of a shipment leave. What will not leave was declined before, in an event of its own: no pair
/// has units leave and declines others in one.
pub(super) async fn left(
    tx: &mut Transaction<'_>,
    message: &PartnerMessage,
    (order, shipment): (&OrderId, &Reference),
    (moves, at): (&[Move], Timestamp),
) -> Result<Carried, EngineError> {
    if let Some(of) = moves.iter().find(|of| of.measure == Measure::Short && of.by() < 0) {
        return Ok(impossible(&format!("{} of {} went to another node", of.from, of.sku)));
    }
    let shipped = moves.iter().filter(|of| of.measure == Measure::Shipped);
    let shipped: Vec<Move> = shipped.cloned().collect();
    for of in &shipped {
        if of.by() < 0 {
            return Ok(impossible(&format!("{} of {} left already", of.from, of.sku)));
        }
        if let Err(quarantined) = known(tx.state(), &of.sku) {
            return Ok(quarantined);
        }
    }
    let order = match tx.claims.in_hand(order).await {
        Ok(order) => order,
        Err(refused @ EngineError::Refused(_)) if !passes_by_itself(&refused) => {
            return Ok(unknown());
        }
        Err(stopped) => return Err(stopped),
    };
    let carried = in_shipment(tx, (message, &order), shipment, (&shipped, at)).await;
    if !matches!(&carried, Ok(Carried::Out(Done { shipped: Some(_), .. }))) {
        give_up_but_partner(tx);
    }
    carried
}

async fn in_shipment(
    tx: &mut Transaction<'_>,
    (message, order): (&PartnerMessage, &Order),
    shipment: &Reference,
    (moves, at): (&[Move], Timestamp),
) -> Result<Carried, EngineError> {
    let (_, node) = node_of(tx.state(), message);
    // One number has one name: each name has totals of its own.
    let number = shipment.as_str().parse::<u16>().ok();
    let number = number.filter(|number| number.to_string() == shipment.as_str());
    let place = number.and_then(|number| number.checked_sub(1));
    let is_its = |place: &u16| {
        order.shipments.get(usize::from(*place)).is_some_and(|shipment| shipment.node == node)
    };
    let (Some(number), Some(place)) = (number, place.filter(is_its)) else {
        return Ok(unknown());
    };
    let topic = Topic::Shipment(order.header.id.clone(), shipment.clone());
    let items = match more(tx.state(), (message, &topic), (order, place), moves) {
        Ok(items) => items,
        Err(quarantined) => return Ok(quarantined),
    };
    let Some(lines) = lines_of(order, place, &items) else {
        return Ok(impossible("an item left that is not in the shipment"));
    };
    if lines.is_empty() {
        return Ok(Carried::Out(Done::default()));
    }
    let (carrier, tracking) = how(message);
    let Ok(package) = PackageId::new("package", message.id.as_str()) else {
        unreachable!("ids are of one alphabet")
    };
    let parcel = Parcel { shipment: number, package, lines, carrier, tracking };
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

/// What left beyond what anybody told before: a clerk who ships by hand, or the partner in another part.
fn more(
    state: &State,
    (message, topic): (&PartnerMessage, &Topic),
    (order, place): (&Order, u16),
    moves: &[Move],
) -> Result<Vec<(SkuNo, u32)>, Carried> {
    let content = Content::of(order, place);
    let facts = state.documents.about(&message.sender, topic, PARTNER_PARTS_MAX);
    let facts = facts.ok_or_else(|| impossible("too many parts of one shipment"))?;
    let others = facts.iter().filter(|(subject, _)| *subject != message.subject);
    let others = stated(others.map(|(_, fact)| fact), &Measure::Shipped);
    let recorded = |sku: &Sku| {
        let item = state.catalogue.with_stock(sku).ok();
        let its = |line: &u16| Some(order.lines[usize::from(*line)].sku) == item;
        content.lines().filter(its).map(|line| i64::from(content.left(line))).sum()
    };
    let moves = beside(moves, &Measure::Shipped, &others, recorded).map_err(|contradiction| {
        let reason = QuarantineReason::impossible(&contradiction.told());
        let packages = content.packages().into_iter().take(PARTNER_CANDIDATES_MAX);
        let candidates = packages.filter_map(|of| Text::new("candidate", of.id.as_str()).ok());
        Carried::Quarantined { reason, candidates: candidates.collect() }
    })?;
    let units = |of: &Move| u32::try_from(of.by()).unwrap_or(0);
    let items = moves.iter().map(|of| Ok((known(state, &of.sku)?, units(of))));
    items.filter(|of| !matches!(of, Ok((_, 0)))).collect()
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
