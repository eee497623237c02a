//! Holding what an order would take: a new hold, one that was created before, or another one of
//! its id. Few owners, so that one often takes over the hold that he has.

use backstock_engine::command::{AnyEvent, CreateHold, Meta};
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{HoldId, Lsn, OwnerId};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::place_order::{acknowledged, fresh, has_bundle};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::{Fact, HoldCreated, SoldOut};

impl Room for CreateHold {
    const NAME: &'static str = "CreateHold";
    const OUTCOMES: &'static [&'static str] = &[
        "sold out",
        "HOLD_ID_REUSED",
        "ITEM_NOT_FOUND",
        "ITEM_OFF_SALE",
        "SALE_NOT_OPEN",
        "BACKLOG_FULL",
        "PICKUP_NOT_OFFERED",
        "NO_NODE",
        LINES_OF_A_PAIR,
    ];
    const WEIGHT_MIN: u32 = 2;

    fn draw(world: &mut World) -> Option<Self> {
        let hold = match (world.random.within(0..100), world.hold()) {
            (0..6, Some(known)) => known,
            (6..9, Some(known)) => draw(world, known.hold().clone()),
            _ => {
                let id = HoldId::new("hold", world.id("hold-")).expect("a hold id");
                draw(world, id)
            }
        };
        world.holds.push(hold.clone());
        Some(hold)
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        create(engine, self).await.unwrap_or_else(Outcome::Failed)
    }

    /// Whether it took over another hold, no answer tells. A hold that was created before is
    /// answered as it stands now, with the version of that.
    fn told(self, _: &Engine, asked: Lsn, outcome: &Outcome) -> Option<Told> {
        match outcome {
            Outcome::Placed(_, is_repeat, _) => {
                let is_repeat = *is_repeat;
                let fact_of = Box::new(move |engine: &Engine, event| fact(engine, &self, event));
                Some(if is_repeat {
                    Told::PerhapsInJournal(fact_of)
                } else {
                    Told::InJournal(fact_of)
                })
            }
            Outcome::SoldOut(until) => {
                let (wanted, until) = (self.order().clone(), *until);
                Some(Told::SoldOut(Box::new(SoldOut { wanted, asked, until })))
            }
            Outcome::Done(_) | Outcome::Failed(_) => None,
        }
    }
}

fn fact(engine: &Engine, asked: &CreateHold, event: AnyEvent) -> Option<Box<dyn Fact>> {
    let created = match event {
        AnyEvent::HoldCreated(event) => HoldCreated::new(engine, asked, &event),
        AnyEvent::HoldReplaced(event) => HoldCreated::taking_over(engine, asked, &event),
        _ => None,
    };
    created.map(|created| Box::new(created) as _)
}

async fn create(engine: &Engine, command: CreateHold) -> Result<Outcome, EngineError> {
    acknowledged(engine.submit_hold(command).await?).await
}

/// A hold under an id. Some last for a few commands, others for the whole run.
fn draw(world: &mut World, hold: HoldId) -> CreateHold {
    let seconds = if world.random.percent(70) { 60 } else { 1_200 };
    let seconds = world.random.within(1..seconds);
    let owner = world.random.percent(50).then(|| {
        let name = world.owner();
        OwnerId::new("owner", name).expect("an owner")
    });
    let mut order = fresh(world);
    // A small cart mostly, so that there is enough for it.
    if world.random.percent(70) {
        order.lines.0.truncate(1);
        order.lines.0[0].quantity = world.random.within(1..3);
    }
    let hold = CreateHold::new(meta(), hold, (seconds, owner), order);
    match world.random.within(0..100) {
        0..20 => hold.waiting(),
        // A hold of bundles takes no part.
        20..40 if !has_bundle(&hold.order().lines) => hold.taking_a_part(),
        _ => hold,
    }
}
