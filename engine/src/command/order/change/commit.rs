//! Committing a change that was quoted.

use std::iter;

use super::build::{Built, Rested};
use super::event::{HoldTaken, OrderChanged};
use super::quote::ChangeQuote;
use super::worked::{built, sought};
use crate::model::digest::fingerprint;
use crate::model::load::{beyond, put_on};
use crate::model::{Meta, Order, OrderChange, OrderId, OwnerId, Pair, Refusal, Supply};
use crate::placing::asking::{as_before, has_terms};
use crate::placing::over::claim;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision};
use crate::transaction::error::EngineError;
use crate::transaction::find::find_order;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, can_be_kept};

/// Commits a change: exactly what was quoted, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChange {
    /// Key, origin, time. The key is the quote's id: a quote is committed once.
    pub meta: Meta,
    /// What was quoted.
    pub quote: ChangeQuote,
}

impl Command for CommitChange {
    type Event = OrderChanged;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("change", &self.quote.order, &self.quote.id))
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<OrderChanged>, EngineError> {
        let order = tx.claims.in_hand(&self.quote.order).await?;
        self.decide_on(tx, &order).await
    }
}

impl CommitChange {
    /// Decides on an order in hand.
    ///
    /// # Errors
    /// What is refused, and what stopped the engine.
    pub(in crate::command::order) async fn decide_on(
        &self,
        tx: &mut Transaction<'_>,
        order: &Order,
    ) -> Result<Decision<OrderChanged>, EngineError> {
        let kernel = tx.kernel();
        let last = order.amended.as_ref().and_then(|amended| amended.quote.as_ref());
        if last == Some(&self.quote.id) {
            // Its key may be forgotten.
            return Ok(Decision::Repeat(order.last_lsn));
        }
        let hold = self.hold_in_hand(&mut tx.claims).await?;
        if self.quote.until <= self.meta.at {
            return Err(Refusal::ChangeExpired { order_id: self.quote.order.clone() }.into());
        }
        let asked: Vec<&Order> = iter::once(order).chain(&hold).collect();
        let mut attempts = Attempts::begin(kernel);
        loop {
            let Some(event) = self.event(kernel, order, hold.as_ref()).await? else {
                return Ok(Decision::Nothing(order.last_lsn));
            };
            let asks = asked.iter().any(|order| has_terms(&kernel.state, order));
            let asks = asks.then(|| as_before(kernel, &asked));
            let attempt = match claim(kernel, event.claimed(), asks).await? {
                Attempt::Done(claims) => self.with_room(claims, order, hold.as_ref(), &event)?,
                attempt => attempt,
            };
            if let Some(claims) = attempts.end(attempt).await? {
                tx.claims.take(claims);
                return Ok(Decision::Event(event));
            }
        }
    }

    /// The hold of the new units, if there are any, in hand: it is the order's, whatever a token
    /// says. Only then is it asked for, as the order that it is itself would be in other hands.
    async fn hold_in_hand(&self, claims: &mut Claims<'_>) -> Result<Option<Order>, EngineError> {
        if !self.quote.has_hold {
            return Ok(None);
        }
        let id = OrderId::of_hold(&self.quote.id);
        self.open_hold(find_order(claims.kernel(), &id).await)?;
        self.open_hold(claims.in_hand(&id).await).map(Some)
    }

    fn open_hold(&self, found: Result<Order, EngineError>) -> Result<Order, EngineError> {
        let hold = match found {
            // Nobody had such a quote.
            Err(EngineError::Refused(Refusal::OrderNotFound { .. })) => return Err(self.expired()),
            found => found?,
        };
        let owner = hold.open_hold().and_then(|hold| hold.owner.as_ref());
        let is_its_own = owner == Some(&OwnerId::of_order(&self.quote.order));
        if is_its_own { Ok(hold) } else { Err(self.expired()) }
    }

    fn expired(&self) -> EngineError {
        Refusal::ChangeExpired { order_id: self.quote.order.clone() }.into()
    }

    fn overtaken(&self) -> Refusal {
        Refusal::ChangeOvertaken { order_id: self.quote.order.clone() }
    }

    /// The change as it would happen now, if that is what was quoted; none if nothing would.
    async fn event(
        &self,
        kernel: &Kernel,
        order: &Order,
        hold: Option<&Order>,
    ) -> Result<Option<OrderChanged>, EngineError> {
        let resting = Resting::read(kernel, order)?;
        let held = hold.map(|hold| Resting::read(kernel, hold)).transpose()?;
        let held: Option<Rested<'_>> = hold.zip(held.as_ref());
        let (change, at) = (&self.quote.change, self.meta.at);
        let sought = match sought(kernel, (order, &resting), (change, at)) {
            // Its day has passed, or the policy has no such service any more.
            Err(EngineError::Invalid(_)) => return Err(self.overtaken().into()),
            sought => sought?,
        };
        if !sought.faults.is_empty() {
            return Err(self.overtaken().into());
        }
        let built = built(kernel, (order, &resting), (change, &sought), (held, at)).await??;
        let is_kept = hold.map_or(Ok(true), |hold| can_be_kept(kernel, hold, at))?;
        if built.fingerprint(order) != self.quote.fingerprint || !is_kept {
            return Err(self.overtaken().into());
        }
        let waits = if sought.moving.is_some_and(|moving| moving.is_redirected) {
            waiting_at(order, &resting)
        } else {
            Vec::new()
        };
        let is_nothing = built.is_nothing();
        Ok((!is_nothing).then(|| OrderChanged { waits, ..self.changed(order, built, held) }))
    }

    fn changed(&self, order: &Order, built: Built, held: Option<Rested<'_>>) -> OrderChanged {
        let taken =
            held.map(|(hold, resting)| HoldTaken { no: hold.no, units: resting.units_of(hold) });
        let Built { change, off, on, .. } = built;
        let change = Box::new(OrderChange { quote: Some(self.quote.id.clone()), ..change });
        let (no, id, priority) = (order.no, order.header.id.clone(), order.header.priority);
        OrderChanged { no, id, priority, off, taken, change, on, waits: Vec::new() }
    }

    /// Claims room on the days of nodes beyond what the order and the hold have there.
    fn with_room<'k>(
        &self,
        mut claims: Claims<'k>,
        order: &Order,
        hold: Option<&Order>,
        event: &OrderChanged,
    ) -> Result<Attempt<'k, Claims<'k>>, EngineError> {
        if !claims.kernel().state.loads.is_used() {
            return Ok(Attempt::Done(claims));
        }
        // What is off the shelf, and stays there, leaves whatever else does.
        let picked = |at: u16| order.allocations_of(at).any(|a| a.picked > 0);
        let told = event.change.told.iter().map(|of| of.shipment).filter(|at| picked(*at));
        let told: Vec<u16> = told.collect();
        let without = |mut order: Order| {
            for at in &told {
                order.shipments[usize::from(*at)].ship_by = None;
            }
            order.loads()
        };
        let mut before = without(order.clone());
        for (at, load) in hold.map(Order::loads).unwrap_or_default() {
            put_on(&mut before, at, load);
        }
        let after = without(order.with_change(&event.change));
        if claims.room(&beyond(&after, &before), self.meta.at)? {
            Ok(Attempt::Done(claims))
        } else {
            Err(self.overtaken().into())
        }
    }
}

/// Where units of an order wait, ascending.
fn waiting_at(order: &Order, resting: &Resting) -> Vec<Pair> {
    let units = resting.units_of(order).into_iter();
    let mut pairs: Vec<Pair> =
        units.filter(|peg| peg.supply == Supply::Backorder).map(|peg| peg.pair).collect();
    pairs.dedup();
    pairs
}
