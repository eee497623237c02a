//! Changing an order: it is quoted and committed, with whatever other commands do between the two.

use backstock_engine::command::{
    AnyEvent, Change, ChangeQuote, CommitChange, Meta, Operation, QuoteChange, Wanted,
};
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{
    Day, HoldId, Lsn, NodeId, OrderId, Policy, Refusal, RefusalKind, Text, Timestamp,
};

use super::command::{Outcome, Room, Told};
use super::place_order::destination;
use super::world::World;
use crate::fixture::{meta, sku};
use crate::naive::command::OrderChanged;

/// An order is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOrder {
    meta: Meta,
    order: OrderId,
    /// The quote's id.
    pub quote: HoldId,
    change: Change,
}

impl Room for ChangeOrder {
    const NAME: &'static str = "ChangeOrder";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "ORDER_CLOSED", "LINE_NOT_FOUND", "CHANGE_SHORT", "UNITS_SHIPPED"];
    const WEIGHT_MIN: u32 = 2;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?;
        let lines = u16::try_from(order.lines.0.len()).expect("few lines");
        let operations = (0..world.random.within(1..3)).map(|_| operation(world, lines)).collect();
        let quote = HoldId::new("quote", world.id("quote-")).expect("an id");
        let change = Change { operations, ..Change::default() };
        // No line may be named twice.
        let is_sound = change.validate().is_ok();
        is_sound.then_some(Self { meta: meta(), order: order.id, quote, change })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        self.change(engine).await.unwrap_or_else(Outcome::Failed)
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        // Where nothing had to change, the version is that of an earlier event.
        Some(Told::PerhapsInJournal(Box::new(move |engine, event| {
            let AnyEvent::OrderChanged(event) = event else { return None };
            let changed = OrderChanged::new(engine, &self.change.operations, &event);
            let is_of_it = event.change.quote.as_ref() == Some(&self.quote);
            is_of_it.then(|| Box::new(changed) as _)
        })))
    }
}

impl ChangeOrder {
    /// Whether it wants the order by a day that has passed.
    pub(super) fn is_too_late(&self) -> bool {
        let today = day_of(self.meta.at);
        let is_past = |of: &Operation| matches!(of, Operation::SetDeliverBy(day) if *day < today);
        self.change.operations.iter().any(is_past)
    }

    async fn change(self, engine: &Engine) -> Result<Outcome, EngineError> {
        let Self { meta, order, quote, change } = self.clone();
        if meta.request_id.is_some() {
            // Carried out before, it is not quoted again.
            let known = self.commit(engine, self.nothing()).await;
            let goes_on = |refusal: &Refusal| {
                matches!(refusal.kind(), RefusalKind::ChangeOvertaken | RefusalKind::ChangeExpired)
            };
            match known {
                Err(EngineError::Refused(refusal)) if goes_on(&refusal) => {}
                known => return known,
            }
        }
        let asked = QuoteChange { meta: Meta { request_id: None, ..meta }, order, quote, change };
        let answer = engine.quote_change(&asked).await?;
        match answer.quote {
            Some(quote) => self.commit(engine, quote).await,
            None => Err(answer.faults[0].why.clone().into()),
        }
    }

    async fn commit(&self, engine: &Engine, quote: ChangeQuote) -> Result<Outcome, EngineError> {
        let command = CommitChange { meta: self.meta.clone(), quote };
        Ok(Ok(engine.commit_change(command).await?).into())
    }

    /// A quote of nothing: it is never what the change comes to.
    fn nothing(&self) -> ChangeQuote {
        ChangeQuote {
            id: self.quote.clone(),
            order: self.order.clone(),
            change: self.change.clone(),
            has_hold: false,
            until: self.meta.at.saturating_add_micros(1),
            fingerprint: 0,
            origin: None,
        }
    }
}

fn operation(world: &mut World, lines: u16) -> Operation {
    let line = world.random.within(0..u32::from(lines) + 1);
    let line = u16::try_from(line).expect("few lines");
    match world.random.within(0..140) {
        100..115 => Operation::SetDestination(destination(world)),
        115..122 => {
            let services = Policy::default().services;
            Operation::SetService(world.random.pick(&services).name.clone())
        }
        122..128 => {
            let days = u16::try_from(world.random.within(0..9)).expect("few days");
            Operation::SetDeliverBy(day_of(world.noon()).plus(days))
        }
        128.. => {
            let shipment = u16::try_from(world.random.within(1..4)).expect("few shipments");
            let is_named = world.random.percent(50);
            let to = is_named.then(|| NodeId::new("node", world.node()).expect("an id"));
            let is_part = world.random.percent(40);
            let lines = is_part.then(|| (line, world.random.within(1..4))).into_iter().collect();
            Operation::Move { shipment, to, lines }
        }
        0..55 => Operation::SetQuantity { line, quantity: world.random.within(0..5) },
        55..75 => Operation::Add(wanted(world)),
        75..95 => Operation::Swap { line, instead: wanted(world) },
        _ => Operation::SetNote(Text::new("note", "Ring twice").expect("a text")),
    }
}

/// The day of an instant, in UTC: no place that orders go to is ahead of it.
fn day_of(at: Timestamp) -> Day {
    let days = at.as_micros() / (24 * 3_600_000_000);
    Day::from_epoch_days(i32::try_from(days).expect("a day of this century"))
}

fn wanted(world: &mut World) -> Wanted {
    let quantity = world.random.within(1..4);
    Wanted { sku: sku(world.wanted()), quantity, amount: None, price: None }
}
