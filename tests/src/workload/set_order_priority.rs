//! Giving an order another priority.

use backstock_engine::command::{AnyEvent, Meta, SetOrderPriority};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Priority};

use super::command::{Outcome, Room, Told};
use super::place_order::priority;
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::OrderPrioritised;

impl Room for SetOrderPriority {
    const NAME: &'static str = "SetOrderPriority";
    const OUTCOMES: &'static [&'static str] = &["ORDER_NOT_FOUND", "ORDER_CLOSED"];

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        // That of most orders, too.
        let is_default = world.random.percent(20);
        let priority = if is_default { Priority::DEFAULT } else { priority(world) };
        Some(Self { meta: meta(), order, priority })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.set_order_priority(self).await.into()
    }

    /// An order may have had the priority already.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::OrderPrioritised(event) = event else { return None };
            let is_it = (&event.id, event.priority) == (&self.order, self.priority);
            let (order, priority) = (self.order.to_string(), self.priority);
            is_it.then(|| -> Box<dyn crate::naive::command::Fact> {
                Box::new(OrderPrioritised { order, priority })
            })
        })))
    }
}
