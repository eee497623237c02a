//! Holding for longer: for some seconds, or for a payment.

use backstock_engine::command::{AnyEvent, ExtendHold, Extension, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::HoldExtended;

impl Room for ExtendHold {
    const NAME: &'static str = "ExtendHold";
    const OUTCOMES: &'static [&'static str] =
        &["HOLD_NOT_FOUND", "HOLD_ENDED", "HOLD_AT_LIMIT", "HOLD_WAITS"];

    fn draw(world: &mut World) -> Option<Self> {
        let hold = world.hold()?.hold().clone();
        let by = if world.random.percent(30) {
            Extension::PaymentStarted
        } else {
            Extension::Seconds(world.random.within(1..90))
        };
        Some(Self { meta: meta(), hold, by })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.extend_hold(self).await.into()
    }

    /// Until when depends on what it was before.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let (hold, is_payment) = (self.hold, self.by == Extension::PaymentStarted);
        let fact_of = Box::new(move |_: &Engine, event| {
            let AnyEvent::HoldExtended(event) = event else { return None };
            let is_it = event.id == hold && event.for_payment == is_payment;
            is_it.then(|| Box::new(HoldExtended::from(event)) as _)
        });
        // A second time, nothing changes.
        Some(if is_payment { Told::PerhapsInJournal(fact_of) } else { Told::InJournal(fact_of) })
    }
}
