//! Claiming a shipment: a picker says that he works on it, so that no other one begins.
//!
//! It is a lease: it ends by itself. It keeps nobody from reporting what was done: goods that moved
//! have moved, whoever says so.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::on_hold::{refuse_on_hold, refuse_waiting};
use super::{find, planned};
use crate::limits::CLAIM_SECONDS_MAX;
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::fulfilment::WorkClaim;
use crate::model::{
    Meta, Order, OrderEffect, OrderId, OrderNo, OwnerId, Refusal, Timestamp, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Says that somebody works on a shipment for so long, or does no more. Said again by him, it is for
/// so long from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// A person or a scanner.
    pub owner: OwnerId,
    /// For how many seconds; none to give it up.
    pub seconds: Option<u32>,
}

/// Somebody works on a shipment, or does no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentClaimed {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// When it was said.
    #[n(3)]
    pub at: Timestamp,
    /// Who.
    #[n(4)]
    pub owner: OwnerId,
    /// Until when; none if he gave it up.
    #[n(5)]
    pub until: Option<Timestamp>,
}

impl ClaimShipment {
    /// Checks for how long.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if let Some(seconds) = self.seconds {
            let max = CLAIM_SECONDS_MAX.into();
            in_range(&mut found, "lease_seconds".to_owned(), seconds.into(), 1, max);
        }
        finish(found)
    }

    fn claim(&self) -> Option<WorkClaim> {
        let seconds = self.seconds?;
        let until = self.meta.at.saturating_add_micros(i64::from(seconds) * MICROS_PER_SECOND);
        Some(WorkClaim { owner: self.owner.clone(), until })
    }
}

impl Command for ClaimShipment {
    type Event = ShipmentClaimed;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { order, shipment, owner, seconds, .. } = self;
        fingerprint(&("claim", order, shipment, owner, seconds))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentClaimed>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(match decide(&order, self)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

/// Pure: what the claim changes of an order; none if all is so already.
fn decide(order: &Order, command: &ClaimShipment) -> Result<Option<ShipmentClaimed>, Refusal> {
    let ClaimShipment { meta, shipment: number, owner, .. } = command;
    let at = find(order, *number)?;
    if order.was_declined(at) {
        return Err(Refusal::ShipmentDeclined { shipment_number: *number });
    }
    let work = order.shipments[usize::from(at)].work.as_deref();
    let known = work.and_then(|work| work.claim.as_deref());
    let live = known.filter(|known| known.until > meta.at);
    if let Some(WorkClaim { owner, until }) = live.filter(|live| live.owner != *owner) {
        let (owner, until) = (owner.clone(), *until);
        return Err(Refusal::ShipmentClaimed { shipment_number: *number, owner, until });
    }
    let claim = command.claim();
    if claim.is_some() {
        refuse_on_hold(order)?;
        refuse_waiting(order, at)?;
        planned(order, *number)?;
    }
    if claim.as_ref() == known || (claim.is_none() && live.is_none()) {
        return Ok(None);
    }
    let (no, id, owner) = (order.no, order.header.id.clone(), owner.clone());
    let until = claim.map(|claim| claim.until);
    Ok(Some(ShipmentClaimed { no, id, shipment: at, at: meta.at, owner, until }))
}

impl Event for ShipmentClaimed {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, at, owner, until } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "at": at.to_string(), "owner": owner.as_str(),
            "until": until.map(|until| until.to_string()),
        })
    }
}

impl Effective for ShipmentClaimed {
    fn effects(self) -> Effects {
        let Self { no, shipment, owner, until, .. } = self;
        let claim = until.map(|until| Box::new(WorkClaim { owner, until }));
        vec![Effect::Order(no, OrderEffect::ClaimWork { shipment, claim })]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::exchange::tests::{waiting, waits};
    use super::super::fixture::{answered, id, left, order, shipped};
    use super::super::hold::tests::on_hold;
    use super::*;
    use crate::command::fixture::{AT, check, claim};
    use crate::model::{AnswerKind, DeclineReason, Lsn, PackedOrder, RefusalKind};

    /// The first shipment is claimed by somebody, so long after `AT`.
    fn claimed(order: Order, owner: &str, seconds: i64) -> Order {
        let until = AT.saturating_add_micros(seconds * MICROS_PER_SECOND);
        let claim = Some(Box::new(WorkClaim { owner: name(owner), until }));
        applied(order, claim)
    }

    fn applied(mut order: Order, claim: Option<Box<WorkClaim>>) -> Order {
        let lsn = order.last_lsn.next();
        order.apply(lsn, &OrderEffect::ClaimWork { shipment: 0, claim });
        order
    }

    fn name(owner: &str) -> OwnerId {
        OwnerId::new("owner", owner).expect("an id")
    }

    /// Until when after `AT`, in seconds, a claim lasts; none where it ends.
    type Until = Option<i64>;

    /// What the claim of the shipment of that number becomes, if anything.
    fn claims(
        order: &Order,
        (shipment, owner, seconds): (u16, &str, Option<u32>),
    ) -> Result<Option<Until>, Refusal> {
        let command = ClaimShipment { owner: name(owner), seconds, ..claim(shipment) };
        let event = decide(order, &command)?;
        Ok(event.map(|event| {
            assert_eq!((event.no, event.shipment + 1), (order.no, shipment));
            assert_eq!((event.owner, event.at), (command.owner, AT));
            Some((event.until?.as_micros() - AT.as_micros()) / MICROS_PER_SECOND)
        }))
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let declined = answered(0, AnswerKind::Declined(DeclineReason::NotFound));
        let taken = |seconds: i64| Refusal::ShipmentClaimed {
            shipment_number: 1,
            owner: name("anna"),
            until: AT.saturating_add_micros(seconds * MICROS_PER_SECOND),
        };
        let gone = Refusal::ShipmentNotPlanned { shipment_number: 1 };
        let annas = || claimed(order(), "anna", 60);
        let (ben, anna, nobody) = ((1, "ben", Some(9)), (1, "anna", Some(60)), (1, "anna", None));
        let rows = [
            (order(), anna, Ok(Some(Some(60)))),
            (annas(), anna, Ok(None)),
            (annas(), (1, "anna", Some(90)), Ok(Some(Some(90)))),
            (annas(), ben, Err(taken(60))),
            (annas(), (1, "ben", None), Err(taken(60))),
            (annas(), (2, "ben", Some(9)), Ok(Some(Some(9)))),
            (annas(), nobody, Ok(Some(None))),
            (applied(annas(), None), ben, Ok(Some(Some(9)))),
            // The lease ended at this instant.
            (claimed(order(), "anna", 0), ben, Ok(Some(Some(9)))),
            (claimed(order(), "anna", 0), nobody, Ok(None)),
            (order(), nobody, Ok(None)),
            (shipped(), anna, Err(gone.clone())),
            (left(), anna, Err(gone)),
            (on_hold(1), anna, Err(Refusal::OrderOnHold { order_id: id(), holds: "1".to_owned() })),
            (on_hold(1), nobody, Ok(None)),
            (waiting(order()), anna, Err(waits(1))),
            (declined, anna, Err(Refusal::ShipmentDeclined { shipment_number: 1 })),
            (
                order(),
                (3, "anna", Some(9)),
                Err(Refusal::ShipmentNotFound { order_id: id(), shipment_number: 3 }),
            ),
        ];
        check(rows.map(|(order, asked, expected)| (asked, claims(&order, asked), expected)))
    }

    #[test]
    fn a_shipment_is_claimed_by_one_at_a_time() {
        table();
    }

    #[test]
    fn a_lease_is_for_some_hours_at_most() {
        let of = |seconds| ClaimShipment { seconds: Some(seconds), ..claim(1) }.validate();
        assert!(of(1).is_ok() && of(CLAIM_SECONDS_MAX).is_ok());
        for seconds in [0, CLAIM_SECONDS_MAX + 1] {
            assert_eq!(of(seconds).unwrap_err()[0].field, "lease_seconds");
        }
    }

    #[test]
    fn units_join_a_shipment_again_once_its_claim_ended() {
        let shipment = |order: &Order| order.shipments[0].clone();
        let claimed = claimed(order(), "anna", 60);
        let until = AT.saturating_add_micros(60 * MICROS_PER_SECOND);
        assert!(!shipment(&claimed).may_be_joined(until.saturating_add_micros(-1)));
        assert!(shipment(&claimed).may_be_joined(until));
        assert!(!shipment(&left()).may_be_joined(until), "its node worked on it");
        assert!(!shipment(&answered(0, AnswerKind::Accepted)).may_be_joined(until));
    }

    #[test]
    fn a_claim_is_kept_with_the_order_and_ends_without_a_trace() {
        let order = order();
        let claimed = claimed(order.clone(), "anna", 60);
        let unpacked = PackedOrder::of(&claimed).unpack().expect("it unpacks");
        assert_eq!(unpacked.shipments, claimed.shipments);
        let given_up = applied(claimed, None);
        assert_eq!(given_up.shipments, order.shipments);
        assert_eq!(given_up.last_lsn, Lsn::new(order.last_lsn.get() + 2));
    }
}
