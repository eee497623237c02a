//! Reporting that a shipment left.

use backstock_engine::command::{Meta, ShipShipment};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Text};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::world::World;
use crate::fixture::{carrier, meta};
use crate::naive::command::ShipmentShipped;

impl Room for ShipShipment {
    const NAME: &'static str = "ShipShipment";
    const OUTCOMES: &'static [&'static str] = &[
        "ORDER_NOT_FOUND",
        "SHIPMENT_NOT_FOUND",
        "SHIPMENT_NOT_PLANNED",
        "SUPPLY_NOT_RECEIVED",
        "UNITS_MISSING",
        LINES_OF_A_PAIR,
    ];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        let (carrier, tracking) = (carrier(), Text::default());
        Some(Self { meta: meta(), order, shipment, carrier, tracking })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.ship_shipment(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let (order, shipment) = (self.order.to_string(), self.shipment);
        Some(Told::Fact(Box::new(ShipmentShipped { order, shipment })))
    }
}
