//! The answer of a customer who was asked: units that the node where he collects does not have are
//! brought there from elsewhere.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::planned;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Meta, Order, OrderEffect, OrderId, OrderNo, Pair, Priority, Refusal, StockEffect,
};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has units that the customer was asked about sourced anew: they wait in their place, and are
/// served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveDecline {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The number of the shipment that was declined, from 1 as callers count.
    pub shipment: u16,
}

/// Units that the customer was asked about are sourced anew.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeclineResolved {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// Where units of it wait, ascending.
    #[n(3)]
    pub pairs: Vec<Pair>,
    /// Before whom they are served.
    #[n(4)]
    pub priority: Priority,
}

impl Command for ResolveDecline {
    type Event = DeclineResolved;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("resolve_decline", &self.order, self.shipment))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<DeclineResolved>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(Decision::Event(decide(&order, self.shipment)?))
    }
}

/// Pure: that a shipment is sourced anew.
fn decide(order: &Order, shipment_number: u16) -> Result<DeclineResolved, Refusal> {
    let (shipment, units) = planned(order, shipment_number)?;
    if !order.asks(shipment) {
        return Err(Refusal::CustomerNotAsked { shipment_number });
    }
    let mut pairs: Vec<Pair> = units.iter().map(|of| of.pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let (no, id, priority) = (order.no, order.header.id.clone(), order.header.priority);
    Ok(DeclineResolved { no, id, shipment, pairs, priority })
}

impl Event for DeclineResolved {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, .. } = self;
        json!({ "order_id": id.as_str(), "order_no": no.0, "shipment": shipment })
    }
}

impl Effective for DeclineResolved {
    /// The pairs are told the priority that they know: it marks their backlogs.
    fn effects(self) -> Effects {
        let Self { no: order, shipment, pairs, priority, .. } = self;
        let stock = StockEffect::Prioritise { order, priority };
        let pairs = pairs.into_iter().map(|pair| Effect::Stock(pair, stock.clone()));
        pairs.chain([Effect::Order(order, OrderEffect::ResolveDecline(shipment))]).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{answered, id, order};
    use super::*;
    use crate::command::fixture::check;
    use crate::model::{AnswerKind, DeclineReason, Lsn, RefusalKind};

    /// The first shipment was declined, and the customer is asked about it.
    fn asked() -> Order {
        let mut order = answered(0, AnswerKind::Declined(DeclineReason::NotFound));
        order.shipments[0].asks = true;
        order
    }

    fn cancelled() -> Order {
        let mut order = asked();
        let all = [0, 2].map(|at| order.units_of(at, 3));
        order.apply(Lsn::new(9), &OrderEffect::Cancel(all.to_vec()));
        order
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let not_asked = |shipment_number| Err(Refusal::CustomerNotAsked { shipment_number });
        let unknown = Refusal::ShipmentNotFound { order_id: id(), shipment_number: 3 };
        let mut resolved = asked();
        resolved.apply(Lsn::new(9), &OrderEffect::ResolveDecline(0));
        let rows = [
            (asked(), 1, Ok(2)),
            (asked(), 2, not_asked(2)),
            (asked(), 3, Err(unknown)),
            (resolved, 1, not_asked(1)),
            (cancelled(), 1, Err(Refusal::ShipmentNotPlanned { shipment_number: 1 })),
            (order(), 1, not_asked(1)),
            (answered(0, AnswerKind::Declined(DeclineReason::Closed)), 1, not_asked(1)),
        ];
        check(rows.map(|(order, at, expected)| {
            (at, decide(&order, at).map(|event| event.pairs.len()), expected)
        }))
    }

    #[test]
    fn what_the_customer_is_asked_about_is_sourced_anew_once() {
        table();
        assert!(asked().is_passed_over(0) && asked().is_passed_over(1));
        assert!(!cancelled().is_passed_over(0), "nothing of it is left");
    }
}
