//! Releasing a hold on an order.

use backstock_engine::command::{AnyEvent, Meta, ReleaseOrderHold};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::hold_order::hold_id;
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::{Fact, OrderHoldReleased};

impl Room for ReleaseOrderHold {
    const NAME: &'static str = "ReleaseOrderHold";
    const OUTCOMES: &'static [&'static str] = &["ORDER_NOT_FOUND", "ORDER_HOLD_NOT_FOUND"];
    const WEIGHT_MIN: u32 = 6;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        Some(Self { meta: meta(), order, hold: hold_id(world) })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.release_order_hold(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |_, event| {
            let AnyEvent::OrderHoldReleased(event) = event else { return None };
            let is_it = (&event.id, &event.hold) == (&self.order, &self.hold);
            let (order, hold) = (self.order.to_string(), self.hold.to_string());
            is_it.then(|| -> Box<dyn Fact> { Box::new(OrderHoldReleased { order, hold }) })
        })))
    }
}
