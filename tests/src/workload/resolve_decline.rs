//! That what the customer was asked about is sourced anew.

use backstock_engine::command::{AnyEvent, Meta, ResolveDecline};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::{DeclineResolved, Fact};

impl Room for ResolveDecline {
    const NAME: &'static str = "ResolveDecline";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "SHIPMENT_NOT_FOUND", "SHIPMENT_NOT_PLANNED", "CUSTOMER_NOT_ASKED"];
    const WEIGHT_MIN: u32 = 3;

    /// Of orders that are collected: others ask nobody.
    fn draw(world: &mut World) -> Option<Self> {
        if world.random.percent(85)
            && let Some((order, shipment)) = world.declined()
        {
            return Some(Self { meta: meta(), order, shipment });
        }
        let collected = if world.random.percent(90) { world.collected() } else { None };
        let order = collected.or_else(|| world.order())?.id;
        let shipment = u16::try_from(world.random.within(1..4)).expect("small");
        Some(Self { meta: meta(), order, shipment })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.resolve_decline(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |_, event| {
            let AnyEvent::DeclineResolved(event) = event else { return None };
            let is_it = (&event.id, event.shipment + 1) == (&self.order, self.shipment);
            let (order, shipment) = (self.order.to_string(), self.shipment);
            is_it.then(|| -> Box<dyn Fact> { Box::new(DeclineResolved { order, shipment }) })
        })))
    }
}
