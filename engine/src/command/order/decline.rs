//! A node's answer that it does not ship what it was given: a supplier rejects his purchase
//! order, a store finds an empty shelf.
//!
//! ```text
//!   decline ---> units off what they rested on, and wait    the shelf told anew
//!                      |                                    others' units on it as well
//!                      +--- re-pegger ---> other nodes, never this one again
//! ```
//! The answer is one event. Who ships the units from now on is the re-pegger's next one, before
//! any newer order; the caller is answered after that.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::{find, planned};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::order::by_pair;
use crate::model::stock::{Decline, Declined};
use crate::model::{
    AllocationUnits, Answer, AnswerKind, DeclineReason, LineUnits, Meta, Order, OrderEffect,
    OrderId, OrderNo, Pair, Proposal, Refusal, Serves, StockChange, StockEffect, Timestamp,
};
use crate::state::network::is_supplier;
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Says that a node does not ship what it was given. Said again with the same reason, it changes
/// nothing; with another one it is refused, because the goods are not the shipment's any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclineShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// Why.
    pub reason: DeclineReason,
}

/// A node does not ship what it was given.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentDeclined {
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
    /// Why.
    #[n(4)]
    pub reason: DeclineReason,
    /// What it does to each pair, ascending.
    #[n(5)]
    pub pairs: Vec<(Pair, Declined)>,
}

impl Command for DeclineShipment {
    type Event = ShipmentDeclined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("decline", &self.order, self.shipment, self.reason))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentDeclined>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let Some((shipment, units)) = decide(&order, self)? else {
            return Ok(Decision::Nothing(order.last_lsn));
        };
        let node = order.shipments[usize::from(shipment)].node;
        let at_supplier = is_supplier(tx.state().network.load().node(node).node.kind);
        let proposals = proposals((&order, shipment), &units, (self.reason, at_supplier));
        let mut attempts = Attempts::begin(tx.kernel());
        let decided = loop {
            let attempt = edit_all(&mut tx.claims, &proposals).await?;
            if let Some(decided) = attempts.end(attempt).await? {
                break decided;
            }
        };
        let pairs = proposals.iter().zip(decided).map(|((pair, _), change)| match change {
            Some(StockChange::Declined(declined)) => (*pair, *declined),
            other => unreachable!("a pair decides on what is declined, not {other:?}"),
        });
        let (no, id, pairs) = (order.no, order.header.id.clone(), pairs.collect());
        let (at, reason) = (self.meta.at, self.reason);
        Ok(Decision::Event(ShipmentDeclined { no, id, shipment, at, reason, pairs }))
    }
}

/// Pure: the shipment that is declined, from 0, and its units; none if it was declined before.
fn decide(
    order: &Order,
    command: &DeclineShipment,
) -> Result<Option<(u16, Vec<AllocationUnits>)>, Refusal> {
    let DeclineShipment { shipment: number, reason, .. } = *command;
    let shipment = &order.shipments[usize::from(find(order, number)?)];
    match shipment.answer.and_then(|answer| answer.kind.declined()) {
        None => planned(order, number).map(Some),
        Some(before) if before == reason => Ok(None),
        Some(_) => Err(Refusal::ShipmentDeclined { shipment_number: number }),
    }
}

/// What its pairs are asked to decide on, ascending.
fn proposals(
    (order, shipment): (&Order, u16),
    units: &[AllocationUnits],
    (reason, at_supplier): (DeclineReason, bool),
) -> Vec<(Pair, Proposal)> {
    let propose = |(pair, lines): (Pair, LineUnits)| {
        let lines = lines.into_iter().map(|of| order.in_shipment(shipment, of)).collect();
        let decline = Decline { order: order.no, lines, reason, at_supplier };
        (pair, Proposal::Decline(decline))
    };
    by_pair(units).into_iter().map(propose).collect()
}

impl Event for ShipmentDeclined {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, at, reason, pairs } = self;
        let of_pair = |(pair, declined): &(Pair, Declined)| {
            json!({
                "sku_no": pair.sku.0, "node_no": pair.node.0, "does": declined.describe(),
            })
        };
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "answered_at": at.to_string(), "reason": reason.as_str(),
            "pairs": pairs.iter().map(of_pair).collect::<Vec<_>>(),
        })
    }

    fn is_extended(&self) -> bool {
        self.pairs.iter().any(|(_, declined)| declined.beside.is_some())
    }
}

impl Effective for ShipmentDeclined {
    fn effects(self) -> Effects {
        let Self { no, shipment, at, reason, pairs, .. } = self;
        let change = |(pair, declined)| {
            let change = StockChange::Declined(Box::new(declined));
            Effect::Stock(pair, StockEffect::Change { change, serves: Serves::Backlog })
        };
        let mut effects: Effects = pairs.into_iter().map(change).collect();
        let answer = Answer { kind: AnswerKind::Declined(reason), at };
        effects.push(Effect::Order(no, OrderEffect::Answer { shipment, answer }));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{answered, id, order, shipped};
    use super::*;
    use crate::command::fixture::{check, decline};
    use crate::model::{RefusalKind, stock::ShipmentLine};

    /// The shipment that is declined, and its units by pair, if it is.
    type Told = Option<(u16, Vec<(u32, u16, u32)>)>;

    fn declines(order: &Order, number: u16, reason: DeclineReason) -> Result<Told, Refusal> {
        let declined = decide(order, &DeclineShipment { reason, ..decline(number) })?;
        Ok(declined.map(|(shipment, units)| {
            let units = by_pair(&units).into_iter().flat_map(|(pair, lines)| {
                lines.into_iter().map(move |(line, units)| (pair.sku.0, line, units))
            });
            (shipment, units.collect())
        }))
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let reason = DeclineReason::Closed;
        let closed = AnswerKind::Declined(reason);
        let another = AnswerKind::Declined(DeclineReason::NotFound);
        let not_found =
            |shipment_number| Err(Refusal::ShipmentNotFound { order_id: id(), shipment_number });
        let first = || Ok(Some((0, vec![(10, 0, 3), (11, 1, 3)])));
        let rows = [
            (order(), 1, first()),
            (order(), 2, Ok(Some((1, vec![(10, 0, 2)])))),
            (answered(0, AnswerKind::Accepted), 1, first()),
            (answered(0, closed), 1, Ok(None)),
            (answered(0, another), 1, Err(Refusal::ShipmentDeclined { shipment_number: 1 })),
            (answered(1, closed), 1, first()),
            (order(), 0, not_found(0)),
            (order(), 3, not_found(3)),
            (shipped(), 1, Err(Refusal::ShipmentNotPlanned { shipment_number: 1 })),
        ];
        check(rows.map(|(order, at, expected)| (at, declines(&order, at, reason), expected)))
    }

    #[test]
    fn what_has_not_left_is_declined_once() {
        table();
    }

    /// What another shipment of the node has a better right to is not asked for.
    #[test]
    fn the_pairs_are_asked_for_the_units_of_the_shipment() {
        let mut order = order();
        order.shipments[1].node = order.shipments[0].node;
        let declined = decide(&order, &decline(2)).expect("it is planned");
        let (shipment, units) = declined.expect("it is new");
        let proposals = proposals((&order, shipment), &units, (DeclineReason::NotFound, false));
        let [(pair, Proposal::Decline(decline))] = &proposals[..] else {
            panic!("one pair: {proposals:?}")
        };
        assert_eq!(pair.node, order.shipments[0].node);
        assert_eq!(&*decline.lines, [ShipmentLine { line: 0, units: 2, ahead: 3 }]);
    }
}
