//! Giving an order another priority.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Meta, Order, OrderEffect, OrderId, OrderNo, OrderState, Pair, Priority, Refusal, StockEffect,
};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Has an order served before others, or after them, from now on. What it was given stays its
/// own, and so does what others were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOrderPriority {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// Before whom it is served.
    pub priority: Priority,
}

/// An order is served before others, or after them, from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderPrioritised {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// Before whom it is served.
    #[n(2)]
    pub priority: Priority,
    /// Where units of it are reserved, ascending.
    #[n(3)]
    pub pairs: Vec<Pair>,
}

impl Command for SetOrderPriority {
    type Event = OrderPrioritised;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("priority", &self.order, self.priority))
    }

    /// The order in hand keeps the re-pegger from it, and a pair counts its units in the order of
    /// the journal: nothing else is claimed.
    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<OrderPrioritised>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        Ok(match decide(&order, self.priority)? {
            Some(event) => Decision::Event(event),
            None => Decision::Nothing(order.last_lsn),
        })
    }
}

/// Pure: what another priority does to an order; none if it has that already.
fn decide(order: &Order, priority: Priority) -> Result<Option<OrderPrioritised>, Refusal> {
    let (no, id) = (order.no, order.header.id.clone());
    if order.state() != OrderState::Open {
        return Err(Refusal::OrderClosed { order_id: id });
    }
    if order.header.priority == priority {
        return Ok(None);
    }
    let open = order.allocations.iter().filter(|a| a.open() > 0);
    let mut pairs: Vec<Pair> = open.map(|a| order.pair_of(a)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    Ok(Some(OrderPrioritised { no, id, priority, pairs }))
}

impl Effective for OrderPrioritised {
    fn effects(self) -> Effects {
        let Self { no: order, priority, pairs, .. } = self;
        let stock = StockEffect::Prioritise { order, priority };
        let pairs = pairs.into_iter().map(|pair| Effect::Stock(pair, stock.clone()));
        pairs.chain([Effect::Order(order, OrderEffect::Prioritise(priority))]).collect()
    }
}

impl Event for OrderPrioritised {
    fn describe(&self) -> Value {
        let Self { no, id, priority, .. } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0,
            "class": priority.class().as_str(), "tier": priority.tier(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::*;
    use crate::command::fixture::check;
    use crate::model::{Lsn, NodeNo, PriorityClass, RefusalKind, SkuNo};

    fn win() -> Priority {
        Priority::new(PriorityClass::Win, 0).expect("a tier")
    }

    fn pair(sku: u32, node: u16) -> Pair {
        Pair { sku: SkuNo(sku), node: NodeNo(node) }
    }

    /// The order after it was given the priority.
    fn prioritised() -> Order {
        let mut order = order();
        order.apply(Lsn::new(2), &OrderEffect::Prioritise(win()));
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
        let all = vec![pair(10, 0), pair(10, 1), pair(11, 0)];
        let rows = [
            (order(), win(), Ok(Some(all.clone()))),
            (order(), Priority::DEFAULT, Ok(None)),
            (prioritised(), win(), Ok(None)),
            (prioritised(), Priority::DEFAULT, Ok(Some(all))),
            (cancelled(), win(), Err(Refusal::OrderClosed { order_id: id() })),
        ];
        check(rows.map(|(order, priority, expected)| {
            let came_to = decide(&order, priority).map(|event| event.map(|event| event.pairs));
            (priority, came_to, expected)
        }))
    }

    #[test]
    fn an_order_with_units_left_gets_another_priority_at_every_pair() {
        table();
    }
}
