//! What an event has orders ask of payment providers, in the same record.
//!
//! A room knows nothing of money. Once it decided, each order with prices that its event changes is looked
//! at as the event makes it: what it is worth by then, less what its ledger has, is asked for
//! ([`Order::intents_due`]). So what is asked for is durable with what made it due, and never without.

use minicbor::Encode;
use serde_json::Value;

use super::claims::Claims;
use super::effective::{Effective, recorded};
use super::error::EngineError;
use super::written::Written;
use crate::journal::Ticket;
use crate::model::effect::{Effect, Effects};
use crate::model::event::{Event, Listed, Numbered, Record, encode_numbered};
use crate::model::{Order, OrderEffect, OrderMinted, Request, Timestamp, describe_minted};

/// The number of such an event in the journal: [its own event](crate::command::events::EventMinted) reads it.
pub const NUMBER: u32 = 75;
/// What the list of events calls it.
pub const NAME: &str = "intents_minted";

/// An event, and what it has orders ask of payment providers.
pub struct Minting<E> {
    /// The event.
    pub event: E,
    /// Orders of it, each once.
    pub orders: Vec<OrderMinted>,
}

impl<E: Listed> Encode<()> for Minting<E> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut (),
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_numbered(&self.event, e.array(2)?)?;
        self.orders.encode(e, ctx)
    }
}

impl<E: Listed> Event for Minting<E> {
    fn describe(&self) -> Value {
        describe_minted(self.event.describe(), &self.orders)
    }
}

impl<E: Listed> Listed for Minting<E> {
    const NUMBERS: &'static [u32] = &[NUMBER];
    const NAME: &'static str = NAME;
}

impl<E: Effective> Effective for Minting<E> {
    fn effects(self) -> Effects {
        minted(self.event.effects(), self.orders)
    }
}

/// The effects of an event, with what orders ask for.
pub fn minted(mut effects: Effects, mut orders: Vec<OrderMinted>) -> Effects {
    let mut back = Vec::new();
    for effect in &mut effects {
        let Effect::Order(no, effect) = effect else { continue };
        if let Some(at) = orders.iter().position(|of| of.no == *no) {
            let plain = std::mem::replace(effect, OrderEffect::LetGo);
            let OrderMinted { minted, uses_back, .. } = orders.swap_remove(at);
            back.extend(uses_back.into_iter().flatten());
            *effect = OrderEffect::Mint(Box::new((plain, minted)));
        }
    }
    // One effect of each count, though several orders give uses of it back.
    back.sort_unstable();
    effects.extend(back.chunk_by(|a, b| a == b).map(|of| {
        let times = i32::try_from(of.len()).unwrap_or(i32::MAX);
        Effect::Use(Box::new(of[0].clone()), -times)
    }));
    effects
}

/// What orders in hand ask for as an event makes them.
fn minted_by(priced: &[Order], effects: &Effects, at: Timestamp) -> Vec<OrderMinted> {
    let changed = effects.iter().filter_map(|effect| match effect {
        Effect::Order(no, effect) => Some((priced.iter().find(|of| of.no == *no)?, effect)),
        _ => None,
    });
    let minted = changed.filter_map(|(order, effect)| {
        let mut after = order.clone();
        after.apply(order.last_lsn.next(), effect);
        after.minted_since(order, at)
    });
    minted.collect()
}

/// Hands a record to the journal, with what its event has orders in hand ask for.
///
/// # Errors
/// What stopped the engine, or a disk without room.
pub fn append<E: Listed + Effective + Clone>(
    claims: &Claims<'_>,
    record: Record<Numbered<E>>,
    written: impl FnOnce(Written) -> Written,
) -> Result<Ticket, EngineError> {
    let orders = match claims.priced() {
        [] => Vec::new(),
        priced => minted_by(priced, &record.event.0.clone().effects(), record.at),
    };
    let kernel = claims.kernel();
    if orders.is_empty() {
        return kernel.append(record, |request, event| written(recorded(request, event)));
    }
    let Record { at, request, origin, event: Numbered(event) } = record;
    let event = Numbered(Minting { event, orders });
    let record = Record { at, request, origin, event };
    let minting = |request: Option<Request>, event: Minting<E>| written(recorded(request, event));
    kernel.append(record, minting)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::command::fixture::{order, record_payment};
    use crate::command::order::payment::tests::{card, prices};
    use crate::engine::tests::{one_unit, run};
    use crate::model::Taken;
    use crate::placing::costs::OrderPrices;

    /// Else what it asks for would be decided on an order that is no more.
    #[test]
    fn an_order_that_was_given_up_is_looked_at_as_it_is_when_it_is_in_hand_again() {
        let (engine, mut pump) = one_unit();
        let mut place = order();
        let payments = vec![card("card", 500, Taken::Captured)];
        place.order.prices = Some(Box::new(OrderPrices::Asked(prices(1, payments))));
        let id = place.order.id.clone();
        run(&mut pump, engine.place_order(place));
        let mut claims = Claims::new(&engine.kernel);
        run(&mut pump, pin!(claims.in_hand(&id)));
        let before = claims.priced()[0].last_lsn;
        claims.give_up(|_| false);
        assert!(claims.priced().is_empty());
        run(&mut pump, engine.record_payment(record_payment()));
        run(&mut pump, pin!(claims.in_hand(&id)));
        assert_eq!(claims.priced().len(), 1);
        assert!(claims.priced()[0].last_lsn > before);
    }
}
