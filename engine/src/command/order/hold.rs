//! Holding an order: no node is to work on it until the hold is released.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::limits::{ORDER_HOLD_STOCK_DAYS_MAX, ORDER_HOLDS_MAX};
use crate::model::check::{days_ahead, finish};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Meta, Order, OrderEffect, OrderHold, OrderHoldId, OrderHoldKind, OrderId, OrderNo, OrderState,
    Refusal, Text, Timestamp, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Holds an order. Said again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOrder {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The hold's id, unique among the holds on the order.
    pub hold: OrderHoldId,
    /// Why, for programs.
    pub kind: OrderHoldKind,
    /// Why, for people.
    pub reason: Text,
    /// Who places it.
    pub owner: Text,
    /// Until when the order keeps its units; none for as long as it is on hold.
    pub stock_until: Option<Timestamp>,
}

/// An order was put on hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderHeld {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The hold.
    #[n(2)]
    pub hold: OrderHold,
}

impl Command for HoldOrder {
    type Event = OrderHeld;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { order, hold, kind, reason, owner, stock_until, .. } = self;
        fingerprint(&("hold_order", order, hold, kind, reason, owner, stock_until))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    /// The order in hand keeps nodes and the re-pegger from it: nothing else is claimed.
    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<OrderHeld>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(match decide(&order, self)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

impl HoldOrder {
    /// Checks until when the order keeps its units.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if let Some(until) = self.stock_until {
            let span = (self.meta.at, until);
            days_ahead(&mut found, "stock_until", span, ORDER_HOLD_STOCK_DAYS_MAX);
        }
        finish(found)
    }
}

/// Pure: what a hold changes of an order; none if it is on it already.
fn decide(order: &Order, command: &HoldOrder) -> Result<Option<OrderHeld>, Refusal> {
    let HoldOrder { meta, hold: id, kind, reason, owner, stock_until, .. } = command;
    let order_id = order.header.id.clone();
    let (id, reason, owner) = (id.clone(), reason.clone(), owner.clone());
    let hold = OrderHold {
        id,
        kind: *kind,
        reason,
        owner,
        since: meta.at,
        stock_until: *stock_until,
        let_go: false,
    };
    if let Some(known) = order.order_hold(&hold.id) {
        let same = OrderHold { since: known.since, let_go: known.let_go, ..hold.clone() };
        let differs = Refusal::OrderHoldExists { order_id, order_hold_id: hold.id };
        return if same == *known { Ok(None) } else { Err(differs) };
    }
    if order.state() != OrderState::Open {
        return Err(Refusal::OrderClosed { order_id });
    }
    if order.order_holds.len() >= ORDER_HOLDS_MAX {
        return Err(Refusal::ListFull { what: "order_holds", max: ORDER_HOLDS_MAX });
    }
    Ok(Some(OrderHeld { no: order.no, id: order_id, hold }))
}

impl Event for OrderHeld {
    fn describe(&self) -> Value {
        let Self { no, id, hold } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "order_hold_id": hold.id.as_str(),
            "kind": hold.kind.as_str(), "reason": hold.reason.as_str(),
            "owner": hold.owner.as_str(), "since": hold.since.to_string(),
            "stock_until": hold.stock_until.map(|until| until.to_string()),
        })
    }
}

impl Effective for OrderHeld {
    fn effects(self) -> Effects {
        vec![Effect::Order(self.no, OrderEffect::Hold(Box::new(self.hold)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::*;
    use crate::command::fixture::{AT, check, hold_order, said};
    use crate::model::{Lsn, RefusalKind};

    /// The order with so many holds, `1` the first of them.
    pub(crate) fn on_hold(holds: usize) -> Order {
        let mut order = order();
        for (lsn, no) in (2..).zip(1..=holds) {
            let held = decide(&order, &hold_order(&no.to_string())).expect("it is open");
            let hold = Box::new(held.expect("it is new").hold);
            order.apply(Lsn::new(lsn), &OrderEffect::Hold(hold));
        }
        order
    }

    fn cancelled() -> Order {
        let mut order = order();
        let units = (0..3).map(|at| order.units_of(at, order.allocations[at].units)).collect();
        order.apply(Lsn::new(2), &OrderEffect::Cancel(units));
        order
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let known = || hold_order("1");
        let other = HoldOrder { kind: OrderHoldKind::Manual, ..known() };
        let exists =
            Refusal::OrderHoldExists { order_id: id(), order_hold_id: known().hold.clone() };
        let full = Refusal::ListFull { what: "order_holds", max: ORDER_HOLDS_MAX };
        let rows = [
            (order(), known(), Ok(Some("1".to_owned()))),
            (on_hold(1), known(), Ok(None)),
            (on_hold(1), other, Err(exists)),
            (on_hold(1), hold_order("2"), Ok(Some("2".to_owned()))),
            (on_hold(ORDER_HOLDS_MAX), known(), Ok(None)),
            (on_hold(ORDER_HOLDS_MAX), hold_order("9"), Err(full)),
            (cancelled(), known(), Err(Refusal::OrderClosed { order_id: id() })),
        ];
        check(rows.map(|(order, command, expected)| {
            let held = decide(&order, &command);
            let id = |event: OrderHeld| event.hold.id.as_str().to_owned();
            (command.hold.clone(), held.map(|event| event.map(id)), expected)
        }))
    }

    #[test]
    fn an_order_is_put_on_hold_once_by_each_id() {
        table();
    }

    #[test]
    fn units_are_kept_for_some_time_and_not_for_years() {
        let told = |micros: i64| {
            let stock_until = Some(AT.saturating_add_micros(micros));
            said(HoldOrder { stock_until, ..hold_order("1") }.validate())
        };
        let day = 86_400_000_000;
        assert_eq!(said(hold_order("1").validate()), [""; 0]);
        assert_eq!((told(-1), told(366 * day)), (vec![], vec![]));
        let late = "is more than 366 days ahead";
        assert!(told(368 * day)[0].ends_with(late), "{:?}", told(368 * day));
    }
}
