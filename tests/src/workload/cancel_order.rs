//! Cancelling an order, or units of some of its lines.

use backstock_engine::command::{AnyEvent, CancelOrder, LineCancellation, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, Package};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::progress_shipment::parts as of_parts;
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::OrderCancelled;
use crate::naive::order::Parcel;

impl Room for CancelOrder {
    const NAME: &'static str = "CancelOrder";
    const OUTCOMES: &'static [&'static str] = &[
        "ORDER_NOT_FOUND",
        "LINE_NOT_FOUND",
        "LINE_OF_BUNDLE",
        "LINE_OF_NO_BUNDLE",
        "UNITS_SHIPPED",
        "UNITS_CANCELLED",
        "UNITS_NOT_ORDERED",
        "SHIPMENT_NOT_FOUND",
        "SHIPMENT_NOT_PLANNED",
        "UNITS_NOT_IN_SHIPMENT",
        LINES_OF_A_PAIR,
    ];

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let lines = if world.random.percent(50) {
            let quantity = world.random.within(1..3);
            let of_bundle = world.random.percent(30);
            vec![LineCancellation { line: world.random.within(1..3), quantity, of_bundle }]
        } else {
            Vec::new()
        };
        let named = u16::try_from(world.random.within(1..4)).expect("small");
        let shipment = world.random.percent(25).then_some(named);
        Some(Self { meta: meta(), order, lines, shipment })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.cancel_order(self).await.into()
    }

    /// Which units were cancelled depends on what they rested on.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let (order, lines, shipment) = (self.order.to_string(), self.lines, self.shipment);
        Some(Told::InJournal(Box::new(move |_, event| {
            let AnyEvent::OrderCancelled(event) = event else { return None };
            let parts = event.releases.iter().map(|part| (part.allocation, part.units));
            let (mut put_back, mut packages) = (Vec::new(), Vec::new());
            if let Some(picked) = &event.picked {
                put_back = of_parts(&picked.put_back);
                let parcel = |(shipment, package): &(u16, Package)| {
                    let parcel = Parcel::of(package);
                    (*shipment, package.id.to_string(), parcel)
                };
                packages = picked.packages.iter().map(parcel).collect();
            }
            let parts = parts.collect();
            Some(Box::new(OrderCancelled { order, lines, shipment, parts, put_back, packages }))
        })))
    }
}
