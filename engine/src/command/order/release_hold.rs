//! Releasing a hold on an order.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Meta, Order, OrderEffect, OrderHoldId, OrderId, OrderNo, Pair, Priority, Refusal, StockEffect,
};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Releases a hold on an order. Units that it let go are served again, in their old place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOrderHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The hold.
    pub hold: OrderHoldId,
}

/// A hold on an order was released.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderHoldReleased {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The hold's id.
    #[n(2)]
    pub hold: OrderHoldId,
    /// Where units of it wait that are served again, ascending.
    #[n(3)]
    pub pairs: Vec<Pair>,
    /// Before whom they are served.
    #[n(4)]
    pub priority: Priority,
}

impl Command for ReleaseOrderHold {
    type Event = OrderHoldReleased;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("release_order_hold", &self.order, &self.hold))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<OrderHoldReleased>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(Decision::Event(decide(&order, &self.hold)?))
    }
}

/// Pure: what an order comes to without a hold.
fn decide(order: &Order, hold: &OrderHoldId) -> Result<OrderHoldReleased, Refusal> {
    let (no, id, hold) = (order.no, order.header.id.clone(), hold.clone());
    let Some(known) = order.order_hold(&hold) else {
        return Err(Refusal::OrderHoldNotFound { order_id: id, order_hold_id: hold });
    };
    let others = order.order_holds.iter().filter(|other| other.id != hold);
    let is_served = known.let_go && !others.into_iter().any(|other| other.let_go);
    let open = order.allocations.iter().filter(|a| is_served && a.loose() > 0);
    let mut pairs: Vec<Pair> = open.map(|a| order.pair_of(a)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    Ok(OrderHoldReleased { no, id, hold, pairs, priority: order.header.priority })
}

impl Event for OrderHoldReleased {
    fn describe(&self) -> Value {
        let Self { no, id, hold, .. } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "order_hold_id": hold.as_str(),
            "is_served_again": !self.pairs.is_empty(),
        })
    }
}

impl Effective for OrderHoldReleased {
    /// The pairs are told the priority that they know: it marks their backlogs.
    fn effects(self) -> Effects {
        let Self { no: order, hold, pairs, priority, .. } = self;
        let stock = StockEffect::Prioritise { order, priority };
        let pairs = pairs.into_iter().map(|pair| Effect::Stock(pair, stock.clone()));
        pairs.chain([Effect::Order(order, OrderEffect::ReleaseHold(hold))]).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::super::hold::tests::on_hold;
    use super::*;
    use crate::command::fixture::{AT, check};
    use crate::model::{Lsn, RefusalKind, StockGivenUp};

    fn hold(name: &str) -> OrderHoldId {
        OrderHoldId::new("order_hold_id", name).expect("an id")
    }

    /// The order with two holds, of which so many let its units go.
    fn let_go(holds: usize) -> Order {
        let mut order = on_hold(2);
        order.order_holds[..holds].iter_mut().for_each(|hold| hold.stock_until = Some(AT));
        let given_up = StockGivenUp { at: AT, lines: Box::default() };
        order.apply(Lsn::new(9), &OrderEffect::GiveUpStock(given_up.into()));
        order
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let unknown =
            |name| Refusal::OrderHoldNotFound { order_id: id(), order_hold_id: hold(name) };
        let rows = [
            (on_hold(1), "1", Ok(0)),
            (on_hold(2), "2", Ok(0)),
            // What no other hold let go is served where it waits.
            (let_go(1), "1", Ok(3)),
            (let_go(1), "2", Ok(0)),
            (let_go(2), "1", Ok(0)),
            (on_hold(1), "2", Err(unknown("2"))),
            (order(), "1", Err(unknown("1"))),
        ];
        check(rows.map(|(order, name, expected)| {
            let released = decide(&order, &hold(name));
            (name, released.map(|event| event.pairs.len()), expected)
        }))
    }

    #[test]
    fn the_last_hold_that_let_units_go_has_them_served_again() {
        table();
    }
}
