//! Where a package is: of a shipment that the partner told of before, by its tracking number. That it was delivered
//! implies that it left.

use super::carry::{Carried, Done, give_up_but_partner, impossible};
use crate::command::order::progress::make_step;
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_PARTS_MAX};
use crate::model::fulfilment::Content;
use crate::model::partner::{
    Detail, PartnerMessage, QuarantineReason, Subject, Topic, TrackingState,
};
use crate::model::{Order, OrderId, PackageId, Reference, Step, Text, Timestamp};
use crate::state::documents::Documents;
use crate::transaction::attempts::passes_by_itself;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has packages be delivered, or lost. That they are on their way, or that something is in theirs, is kept.
pub(super) async fn tracked(
    tx: &mut Transaction<'_>,
    message: &PartnerMessage,
    number: &Reference,
    at: Timestamp,
) -> Result<Carried, EngineError> {
    let shipments = shipments(&tx.state().documents, message, number);
    let [(order, shipment)] = &shipments[..] else { return Ok(unknown(&shipments)) };
    let order = match tx.claims.in_hand(order).await {
        Ok(order) => order,
        Err(refused @ EngineError::Refused(_)) if !passes_by_itself(&refused) => {
            return Ok(unknown(&shipments));
        }
        Err(stopped) => return Err(stopped),
    };
    let packages = packages(&order, *shipment, number);
    let carried = match step(message, packages) {
        Err(carried) => Ok(carried),
        Ok(step) => match make_step(tx, &order, (*shipment, &step), at).await {
            Ok(event) => Ok(Carried::Out(Done { shipped: event.map(Box::new), ..Done::default() })),
            Err(EngineError::Refused(refusal))
                if !passes_by_itself(&EngineError::Refused(refusal.clone())) =>
            {
                Ok(impossible(&refusal.to_string()))
            }
            Err(stopped) => Err(stopped),
        },
    };
    if !matches!(&carried, Ok(Carried::Out(Done { shipped: Some(_), .. }))) {
        give_up_but_partner(tx);
    }
    carried
}

/// The shipments of which the partner told that a package has that number; each once.
fn shipments(
    documents: &Documents,
    message: &PartnerMessage,
    number: &Reference,
) -> Vec<(OrderId, u16)> {
    let topic = Topic::Parcel(number.clone());
    let facts = documents.about(&message.sender, &topic, PARTNER_PARTS_MAX).unwrap_or_default();
    let shipment = |subject| match subject {
        Subject::Shipment { order, shipment, .. } => Some((order, shipment.as_str().parse().ok()?)),
        _ => None,
    };
    let mut all: Vec<_> = facts.into_iter().filter_map(|(subject, _)| shipment(subject)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The packages of a shipment, by its number, that left under a tracking number; and when the last of them did.
fn packages(order: &Order, shipment: u16, number: &Reference) -> (Vec<PackageId>, Timestamp) {
    let place = shipment.checked_sub(1).filter(|at| order.shipments.len() > usize::from(*at));
    let (mut ids, mut left) = (Vec::new(), Timestamp::default());
    for package in place.into_iter().flat_map(|place| Content::of(order, place).packages()) {
        let Some(dispatch) = package.dispatch else { continue };
        let mut numbers = dispatch.tracking.as_str().split(',');
        if numbers.any(|it| it.trim() == number.as_str()) {
            ids.push(package.id);
            left = left.max(dispatch.at);
        }
    }
    (ids, left)
}

/// What becomes of the packages; nothing where they are on their way still. A partner that tells late that a
/// package left tells no sooner that it came: it came when it is known to have left, at the earliest.
fn step(
    message: &PartnerMessage,
    (packages, left): (Vec<PackageId>, Timestamp),
) -> Result<Step, Carried> {
    if packages.is_empty() {
        return Err(unknown(&[]));
    }
    match message.detail {
        Detail::Tracking(TrackingState::Delivered) => {
            Ok(Step::Deliver { packages, at: Some(message.occurred_at.max(left)) })
        }
        Detail::Tracking(TrackingState::Lost) => Ok(Step::Lose(packages)),
        _ => Err(Carried::Out(Done::default())),
    }
}

/// No package has that number, or those of several shipments have.
fn unknown(shipments: &[(OrderId, u16)]) -> Carried {
    let orders = shipments.iter().take(PARTNER_CANDIDATES_MAX);
    let candidates = orders.filter_map(|(order, _)| Text::new("candidate", order.as_str()).ok());
    let (reason, candidates) = (QuarantineReason::UnknownSubject, candidates.collect());
    Carried::Quarantined { reason, candidates }
}
