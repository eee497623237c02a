//! A picker works on a shipment, or gives it up.

use backstock_engine::command::{AnyEvent, ClaimShipment, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, OwnerId};

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::ShipmentClaimed;

impl Room for ClaimShipment {
    const NAME: &'static str = "ClaimShipment";
    const OUTCOMES: &'static [&'static str] = &[
        "ORDER_NOT_FOUND",
        "SHIPMENT_NOT_FOUND",
        "SHIPMENT_NOT_PLANNED",
        "SHIPMENT_DECLINED",
        "SHIPMENT_CLAIMED",
        "ORDER_ON_HOLD",
    ];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        let owner = OwnerId::new("owner", ["anna", "ben"][usize::from(world.random.coin())])
            .expect("an id");
        let lease = world.random.within(0..4);
        let seconds = Some(lease).filter(|seconds| *seconds > 0);
        Some(Self { meta: meta(), order, shipment, owner, seconds })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.claim_shipment(self).await.into()
    }

    /// What was so before stays as it is.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let (order, shipment) = (self.order, self.shipment);
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::ShipmentClaimed(event) = event else { return None };
            let is_it = event.id == order && event.shipment + 1 == shipment;
            let (order, owner) = (order.to_string(), event.owner.to_string());
            let fact = ShipmentClaimed { order, shipment, at: event.at, owner, until: event.until };
            is_it.then(|| Box::new(fact) as Box<_>)
        })))
    }
}
