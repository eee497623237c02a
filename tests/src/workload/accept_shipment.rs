//! A node's answer that it ships what it was given.

use backstock_engine::command::{AcceptShipment, AnyEvent, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::ShipmentAccepted;

impl Room for AcceptShipment {
    const NAME: &'static str = "AcceptShipment";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "SHIPMENT_NOT_FOUND", "SHIPMENT_NOT_PLANNED", "SHIPMENT_DECLINED"];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        Some(Self { meta: meta(), order, shipment })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.accept_shipment(self).await.into()
    }

    /// What was accepted before stays as it is.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let (order, shipment) = (self.order, self.shipment);
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::ShipmentAccepted(event) = event else { return None };
            let is_it = event.id == order && event.shipment + 1 == shipment;
            let fact = ShipmentAccepted { order: order.to_string(), shipment };
            is_it.then(|| Box::new(fact) as Box<_>)
        })))
    }
}
