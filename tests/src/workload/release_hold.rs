//! Giving a hold up.

use backstock_engine::command::{AnyEvent, Meta, ReleaseHold};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::HoldsEnded;

impl Room for ReleaseHold {
    const NAME: &'static str = "ReleaseHold";
    const OUTCOMES: &'static [&'static str] = &["HOLD_NOT_FOUND", "HOLD_ENDED"];

    fn draw(world: &mut World) -> Option<Self> {
        let hold = world.hold()?.hold().clone();
        Some(Self { meta: meta(), hold })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.release_hold(self).await.into()
    }

    /// What it had depends on what its units rested on. One that lapsed before stays as it is:
    /// then the event is that it lapsed, maybe with others.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |engine, event| {
            let AnyEvent::HoldsEnded(event) = event else { return None };
            let ended = HoldsEnded::new(engine, event);
            ended.has(&self.hold).then(|| Box::new(ended) as _)
        })))
    }
}
