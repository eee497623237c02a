//! A node's answer that it ships what it was given: a supplier acknowledges his purchase order.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::on_hold::{refuse_on_hold, refuse_waiting};
use super::{find, planned};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Answer, AnswerKind, Meta, Order, OrderEffect, OrderId, OrderNo, Refusal, Timestamp,
};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Says that a node ships what it was given. Said again, or of a shipment that left, it changes
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
}

/// A node ships what it was given.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentAccepted {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// When it said so.
    #[n(3)]
    pub at: Timestamp,
}

impl Command for AcceptShipment {
    type Event = ShipmentAccepted;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("accept", &self.order, self.shipment))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentAccepted>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(match decide(&order, self)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

/// Pure: what the answer changes of an order; none if all is so already.
fn decide(order: &Order, command: &AcceptShipment) -> Result<Option<ShipmentAccepted>, Refusal> {
    let AcceptShipment { meta, shipment: number, .. } = command;
    let at = find(order, *number)?;
    let shipment = &order.shipments[usize::from(at)];
    if order.has_left(at) || shipment.is_accepted() {
        return Ok(None);
    }
    if order.was_declined(at) {
        return Err(Refusal::ShipmentDeclined { shipment_number: *number });
    }
    planned(order, *number)?;
    refuse_on_hold(order)?;
    refuse_waiting(order, at)?;
    let (no, id) = (order.no, order.header.id.clone());
    Ok(Some(ShipmentAccepted { no, id, shipment: at, at: meta.at }))
}

impl Event for ShipmentAccepted {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, at } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "answered_at": at.to_string(),
        })
    }
}

impl Effective for ShipmentAccepted {
    fn effects(self) -> Effects {
        let Self { no, shipment, at, .. } = self;
        let answer = Answer { kind: AnswerKind::Accepted, at };
        vec![Effect::Order(no, OrderEffect::Answer { shipment, answer })]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::exchange::tests::{waiting, waits};
    use super::super::fixture::{answered, id, left, order, shipped};
    use super::super::hold::tests::on_hold;
    use super::*;
    use crate::command::fixture::{AT, accept, check};
    use crate::model::{DeclineReason, RefusalKind};

    /// The shipment that is accepted, from 0, if one is.
    fn accepts(order: &Order, shipment: u16) -> Result<Option<u16>, Refusal> {
        let event = decide(order, &accept(shipment))?;
        Ok(event.map(|event| {
            assert_eq!((event.no, event.at), (order.no, AT));
            event.shipment
        }))
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let accepted = answered(0, AnswerKind::Accepted);
        let declined = answered(0, AnswerKind::Declined(DeclineReason::NotFound));
        let mut cancelled = order();
        let rest = cancelled.units_of(1, 2);
        cancelled.apply(crate::model::Lsn::new(2), &OrderEffect::Cancel(vec![rest]));
        let not_found =
            |shipment_number| Err(Refusal::ShipmentNotFound { order_id: id(), shipment_number });
        let rows = [
            (order(), 1, Ok(Some(0))),
            (order(), 2, Ok(Some(1))),
            (accepted.clone(), 1, Ok(None)),
            (accepted, 2, Ok(Some(1))),
            (shipped(), 1, Ok(None)),
            (left(), 1, Ok(None)),
            (order(), 0, not_found(0)),
            (order(), 3, not_found(3)),
            (cancelled, 2, Err(Refusal::ShipmentNotPlanned { shipment_number: 2 })),
            (declined.clone(), 1, Err(Refusal::ShipmentDeclined { shipment_number: 1 })),
            (declined, 2, Ok(Some(1))),
            (on_hold(1), 1, Err(Refusal::OrderOnHold { order_id: id(), holds: "1".to_owned() })),
            (on_hold(0), 1, Ok(Some(0))),
            (waiting(order()), 1, Err(waits(1))),
            (waiting(order()), 2, Ok(Some(1))),
        ];
        check(rows.map(|(order, at, expected)| (at, accepts(&order, at), expected)))
    }

    #[test]
    fn what_is_planned_is_accepted_once() {
        table();
    }
}
