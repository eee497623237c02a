//! Reporting that a shipment left its node.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::{find, planned, units};
use crate::model::Rule;
use crate::model::Violation;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::order::by_pair;
use crate::model::{
    AllocationUnits, Dispatch, LineUnits, Meta, Order, OrderEffect, OrderId, OrderNo, Pair,
    Refusal, StockEffect, Text,
};
use crate::state::stock::Grant;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::Facts;
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;

/// Reports that a shipment left its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// The carrier; not empty.
    pub carrier: Text,
    /// The carrier's tracking number.
    pub tracking: Text,
}

/// A shipment left its node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentShipped {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// How it left.
    #[n(3)]
    pub dispatch: Dispatch,
    /// The units that left, allocations ascending.
    #[n(4)]
    pub units: Vec<AllocationUnits>,
}

impl ShipShipment {
    /// Checks that the carrier is named: the carrier knows where a shipment is.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        if self.carrier.as_str().is_empty() {
            return Err(vec![Violation::new("carrier", "", Rule::Required)]);
        }
        Ok(())
    }
}

impl Command for ShipShipment {
    type Event = ShipmentShipped;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&(&self.order, self.shipment, &self.carrier, &self.tracking))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentShipped>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let event = decide(&order, self)?;
        let claims = claim_leaving(tx.kernel(), &order, &event).await?;
        tx.claims.take(claims);
        Ok(Decision::Event(event))
    }
}

/// Decides a report on a shipment of an order, as if its units were there.
fn decide(order: &Order, command: &ShipShipment) -> Result<ShipmentShipped, Refusal> {
    let ShipShipment { meta, shipment, carrier, tracking, .. } = command;
    if order.was_declined(find(order, *shipment)?) {
        return Err(Refusal::ShipmentDeclined { shipment_number: *shipment });
    }
    let (shipment, units) = planned(order, *shipment)?;
    let (carrier, tracking) = (carrier.clone(), tracking.clone());
    let dispatch = Dispatch { at: meta.at, carrier, tracking };
    let (no, id) = (order.no, order.header.id.clone());
    Ok(ShipmentShipped { no, id, shipment, dispatch, units })
}

/// Claims units by pair; waits while other commands in flight stand in the way.
async fn claim_leaving<'k>(
    kernel: &'k Kernel,
    order: &Order,
    event: &ShipmentShipped,
) -> Result<Claims<'k>, EngineError> {
    let by_pair = by_pair(&event.units);
    let mut attempts = Attempts::begin(kernel);
    loop {
        let attempt = claim_once(kernel, order, event.shipment, &by_pair).await?;
        if let Some(claims) = attempts.end(attempt).await? {
            return Ok(claims);
        }
    }
}

async fn claim_once<'k>(
    kernel: &'k Kernel,
    order: &Order,
    shipment: u16,
    by_pair: &[(Pair, LineUnits)],
) -> Result<Attempt<'k, Claims<'k>>, EngineError> {
    let mut claims = Claims::new(kernel);
    let (mut short, mut missing) = (0, 0);
    for (pair, lines) in by_pair {
        let lines = lines.iter().map(|(line, units)| order.in_shipment(shipment, (*line, *units)));
        match claims.leaving(*pair, order.no, lines.collect()).await? {
            Ok(Grant::Granted) => {}
            Ok(Grant::Short(units)) => short += units,
            Ok(Grant::Missing(units)) => missing += units,
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Ok(Grant::NoRoomToWait) => unreachable!("what leaves does not wait"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    complete(shipment, short, missing)?;
    Ok(Attempt::Done(claims))
}

/// Refuses a shipment, counted from 0, of which so many units are not received, and so many
/// missing.
fn complete(shipment: u16, short: u64, missing: u64) -> Result<(), Refusal> {
    let shipment_number = shipment + 1;
    match (short, missing) {
        (0, 0) => Ok(()),
        // Inbound units arrive by themselves; missing units have to be found by people.
        (_, 0) => Err(Refusal::SupplyNotReceived { shipment_number, missing: short }),
        _ => Err(Refusal::UnitsMissing { shipment_number, missing }),
    }
}

impl Event for ShipmentShipped {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, dispatch, units: left } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "shipped_at": dispatch.at.to_string(), "carrier": dispatch.carrier.as_str(),
            "tracking": dispatch.tracking.as_str(),
            "units": units(left),
        })
    }
}

impl Effective for ShipmentShipped {
    fn effects(self) -> Effects {
        let Self { no: order, shipment, dispatch, units, .. } = self;
        let stock = by_pair(&units)
            .into_iter()
            .map(|(pair, lines)| Effect::Stock(pair, StockEffect::Ship { order, lines }));
        let mut effects: Effects = stock.collect();
        effects.push(Effect::Order(order, OrderEffect::Ship { shipment, dispatch }));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::*;
    use crate::command::fixture::{AT, check, first, said, ship};
    use crate::model::{Answer, AnswerKind, DeclineReason, Lsn, RefusalKind};

    /// The shipment from 0, and the allocations that leave with their units.
    fn leaves(order: &Order, shipment: u16) -> Result<(u16, Vec<(u16, u32)>), Refusal> {
        let event = decide(order, &ship(shipment))?;
        assert_eq!((event.no, event.dispatch.carrier.as_str()), (order.no, "Owl Post"));
        let units = event.units.iter().map(|part| (part.allocation, part.units)).collect();
        Ok((event.shipment, units))
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let mut shipped = order();
        let ShipmentShipped { shipment, dispatch, .. } =
            decide(&shipped, &ship(1)).expect("it is planned");
        shipped.apply(Lsn::new(2), &OrderEffect::Ship { shipment, dispatch });
        let mut cancelled = order();
        let rest = cancelled.units_of(1, 2);
        cancelled.apply(Lsn::new(2), &OrderEffect::Cancel(vec![rest]));
        let not_found =
            |shipment_number| Err(Refusal::ShipmentNotFound { order_id: id(), shipment_number });
        let not_planned = |shipment_number| Err(Refusal::ShipmentNotPlanned { shipment_number });
        let mut declined = order();
        let answer = Answer { kind: AnswerKind::Declined(DeclineReason::Closed), at: AT };
        declined.apply(Lsn::new(2), &OrderEffect::Answer { shipment: 1, answer });
        let rows = [
            (order(), 1, Ok((0, vec![(0, 3), (2, 3)]))),
            (order(), 2, Ok((1, vec![(1, 2)]))),
            (order(), 0, not_found(0)),
            (order(), 3, not_found(3)),
            (shipped, 1, not_planned(1)),
            (cancelled, 2, not_planned(2)),
            (declined.clone(), 2, Err(Refusal::ShipmentDeclined { shipment_number: 2 })),
            (emptied(declined), 2, Err(Refusal::ShipmentDeclined { shipment_number: 2 })),
        ];
        let rows = rows.map(|(order, at, expected)| (at, leaves(&order, at), expected));
        [check(rows), table_of_pairs()].concat()
    }

    /// The same order, whose second shipment lost its units.
    fn emptied(mut order: Order) -> Order {
        let rest = order.units_of(1, 2);
        order.apply(Lsn::new(3), &OrderEffect::Cancel(vec![rest]));
        order
    }

    /// The refusals of what pairs answer: units that are not received, and units missing.
    fn table_of_pairs() -> Vec<RefusalKind> {
        let not_received =
            |missing| Err(Refusal::SupplyNotReceived { shipment_number: 3, missing });
        let missing = |missing| Err(Refusal::UnitsMissing { shipment_number: 3, missing });
        let rows = [
            ((0, 0), Ok(())),
            ((5, 0), not_received(5)),
            ((0, 2), missing(2)),
            ((5, 2), missing(2)),
        ];
        check(rows.map(|(lacks, expected)| (lacks, complete(2, lacks.0, lacks.1), expected)))
    }

    #[test]
    fn a_shipment_leaves_with_a_carrier() {
        let by = |carrier: &str| {
            let carrier = Text::new("carrier", carrier).expect("a text");
            said(ShipShipment { carrier, tracking: Text::default(), ..ship(1) }.validate())
        };
        assert_eq!(by("Owl Post"), [""; 0]);
        assert_eq!(by(""), ["carrier: \"\" is required"]);
    }

    #[test]
    fn what_is_open_of_a_shipment_leaves_or_it_says_why_not() {
        table();
    }

    #[test]
    fn what_is_missing_is_told_before_what_is_not_received() {
        let told = complete(0, 1, 1).map_err(|refusal| refusal.kind());
        let both = [RefusalKind::SupplyNotReceived, RefusalKind::UnitsMissing];
        assert_eq!(told, Err(first(&both)));
    }

    #[test]
    fn earlier_shipments_of_a_node_have_the_first_right_to_a_lines_units() {
        let mut order = order();
        order.shipments[1].node = order.shipments[0].node;
        assert_eq!([order.ahead_of(0, 0), order.ahead_of(1, 0)], [0, 3]);
        assert_eq!(order.ahead_of(1, 1), 3);
    }
}
