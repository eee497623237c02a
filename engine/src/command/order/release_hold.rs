//! Releasing a hold on an order.
//!
//! ```text
//!   released --+--> units that it let go: served again, in their old place
//!              \--> the last one, and a shipment was to leave meanwhile: its new days, in the same event
//! ```

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::days_told;
use crate::model::digest::fingerprint;
use crate::model::effect::{Claim, Effect, Effects};
use crate::model::event::Event;
use crate::model::fulfilment::Content;
use crate::model::load::beyond;
use crate::model::{
    Allocation, Meta, Order, OrderEffect, OrderHoldId, OrderId, OrderNo, Pair, Priority, Refusal,
    StockEffect, Timestamp, Told,
};
use crate::planning::Replanned;
use crate::state::stock::Ready;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::command::{Command, Decision, Effective};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, days, days_of_known, leaves};

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
    /// The days of shipments that were to leave while it was on hold, if any were: the event is
    /// extended then.
    #[n(5)]
    pub told: Option<Vec<Told>>,
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
        let (kernel, order) = (tx.kernel(), tx.claims.in_hand(&self.order).await?);
        let released = decide(&order, &self.hold)?;
        if order.order_holds.len() > 1 {
            return Ok(Decision::Event(released));
        }
        let mut attempts = Attempts::begin(kernel);
        loop {
            let told = told(kernel, &order, self.meta.at)?;
            let asked = beyond(&told_so(&order, &told).loads(), &order.loads());
            let is_counted = kernel.state.loads.is_used();
            if !is_counted || tx.claims.room(&asked, self.meta.at)? {
                let told = Some(told).filter(|told| !told.is_empty());
                return Ok(Decision::Event(OrderHoldReleased { told, ..released }));
            }
            // Another order took the last room of a day.
            tx.claims.give_up(|claim| !matches!(claim, Claim::Room(..)));
            attempts.end::<()>(Attempt::Overtaken).await?;
        }
    }
}

/// The days of shipments that cannot leave any more on the day that was told: the first ones on which
/// their nodes work and have room. What is in packages leaves when it does.
fn told(kernel: &Kernel, order: &Order, at: Timestamp) -> Result<Vec<Told>, EngineError> {
    let (network, resting) = (kernel.state.network.load(), Resting::read(kernel, order)?);
    let (header, mut after, mut all) = (&order.header, order.clone(), Vec::new());
    for (shipment, known) in (0..).zip(&order.shipments) {
        let Some((before, ready)) = known.ship_by.zip(resting.ready(order, shipment)) else {
            continue;
        };
        let (node, ready) = (known.node, (ready, at));
        let as_ever = days_of_known(kernel, &network, header, node, ready);
        if is_packed(order, shipment) || as_ever.is_none_or(|(day, _)| day <= before) {
            continue;
        }
        let Some((from, _)) = days(kernel, &network, header, node, ready) else { continue };
        after.shipments[usize::from(shipment)].ship_by = None;
        let (own, stays) = (order.loads(), after.loads());
        let replanned = Replanned { own, stays, ..Replanned::default() };
        let units = order.allocations_of(shipment).map(Allocation::open).sum();
        let days = leaves(kernel, &network, (order, &replanned), (node, from, units));
        let (units_there, deliver_by_before) = (ready.0 == Ready::Now, known.deliver_by);
        let told = Told { shipment, deliver_by_before, days, units_there };
        after.tell(&[told]);
        all.push(told);
    }
    Ok(all)
}

/// Whether all that is to leave of a shipment is in packages.
fn is_packed(order: &Order, shipment: u16) -> bool {
    let content = Content::of(order, shipment);
    let packages = content.packages();
    let here = packages.iter().filter(|package| package.is_here());
    let packed: u32 = here.flat_map(|package| &package.lines).map(|(_, units)| *units).sum();
    order.allocations_of(shipment).map(Allocation::open).sum::<u32>() <= packed
}

/// The order, once these days are told.
fn told_so(order: &Order, told: &[Told]) -> Order {
    let mut after = order.clone();
    after.tell(told);
    after
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
    let priority = order.header.priority;
    Ok(OrderHoldReleased { no, id, hold, pairs, priority, told: None })
}

impl Event for OrderHoldReleased {
    fn describe(&self) -> Value {
        let Self { no, id, hold, .. } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "order_hold_id": hold.as_str(),
            "is_served_again": !self.pairs.is_empty(),
            "told": self.told.iter().flatten().map(days_told).collect::<Vec<_>>(),
        })
    }

    fn extension(&self) -> usize {
        usize::from(self.told.is_some())
    }
}

impl Effective for OrderHoldReleased {
    /// The pairs are told the priority that they know: it marks their backlogs.
    fn effects(self) -> Effects {
        let Self { no: order, hold, pairs, priority, told, .. } = self;
        let stock = StockEffect::Prioritise { order, priority };
        let pairs = pairs.into_iter().map(|pair| Effect::Stock(pair, stock.clone()));
        let told = told.unwrap_or_default();
        pairs.chain([Effect::Order(order, OrderEffect::ReleaseHold { hold, told })]).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::super::hold::tests::on_hold;
    use super::*;
    use crate::command::fixture::{AT, check};
    use crate::model::{Day, Entry, Lsn, RefusalKind, Said, StockGivenUp};

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

    /// Days on which it leaves later and arrives as it was told are no news to the customer.
    #[test]
    fn a_timeline_tells_the_days_that_moved_and_no_others() {
        let day = |at| Day::from_epoch_days(at);
        let told = |shipment, before, after| Told {
            shipment,
            deliver_by_before: Some(day(before)),
            days: Some((day(20), day(after))),
            units_there: true,
        };
        let dates = |told: Vec<Told>| {
            let hold = hold("1");
            let effect = OrderEffect::ReleaseHold { hold, told };
            let entry = Entry::of(&on_hold(1), Lsn::new(9), &effect, &Said::default());
            entry.expect("an entry").dates.map(|dates| dates.len())
        };
        assert_eq!(dates(vec![told(0, 23, 23)]), None);
        assert_eq!(dates(vec![told(0, 23, 23), told(1, 22, 23)]), Some(1));
    }
}
