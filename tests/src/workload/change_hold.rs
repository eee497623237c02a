//! Changing what a hold holds: a unit more or less, or another item.

use backstock_engine::command::{AnyEvent, ChangeHold, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::place_order::fresh;
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::HoldChanged;

impl Room for ChangeHold {
    const NAME: &'static str = "ChangeHold";
    /// Few holds are live, and most changes of them come to nothing.
    const WEIGHT_MIN: u32 = 4;
    const OUTCOMES: &'static [&'static str] = &[
        "HOLD_NOT_FOUND",
        "HOLD_ENDED",
        "HOLD_GROWS",
        "HOLD_SHORT",
        "HOLD_TAKES_PART",
        "ITEM_NOT_FOUND",
        "ITEM_OFF_SALE",
    ];

    fn draw(world: &mut World) -> Option<Self> {
        let hold = world.hold()?;
        let mut lines = hold.order().lines.clone();
        match world.random.within(0..3) {
            0 => lines.0[0].quantity += world.random.within(1..3),
            1 => lines.0[0].quantity = (lines.0[0].quantity / 2).max(1),
            _ => lines = fresh(world).lines,
        }
        Some(Self { meta: meta(), hold: hold.hold().clone(), lines })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.change_hold(self).await.into()
    }

    /// What it was given depends on what was free. It may hold that already.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::PerhapsInJournal(Box::new(move |engine, event| {
            let AnyEvent::HoldChanged(event) = event else { return None };
            HoldChanged::new(engine, &self, &event).map(|it| Box::new(it) as _)
        })))
    }
}
