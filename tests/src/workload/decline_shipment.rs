//! A node's answer that it does not ship what it was given.

use std::collections::BTreeMap;

use backstock_engine::command::{AnyEvent, DeclineShipment, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{DeclineReason, Lsn};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::ShipmentDeclined;

impl Room for DeclineShipment {
    const NAME: &'static str = "DeclineShipment";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "SHIPMENT_NOT_FOUND", "SHIPMENT_NOT_PLANNED", LINES_OF_A_PAIR];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        let reason = *world.random.pick(&DeclineReason::ALL);
        Some(Self { meta: meta(), order, shipment, reason })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.decline_shipment(self).await.into()
    }

    /// Which units of a line were declined depends on what they rested on.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let Self { order, shipment, reason, .. } = self;
        Some(Told::PerhapsInJournal(Box::new(move |engine, event| {
            let AnyEvent::ShipmentDeclined(event) = event else { return None };
            if event.id != order || event.shipment + 1 != shipment || event.reason != reason {
                return None;
            }
            let mut off = BTreeMap::<_, Vec<_>>::new();
            for (pair, declined) in event.pairs {
                let sku = engine.sku_no(pair.sku).to_string();
                let node = engine.node_no(pair.node).id.to_string();
                for (line, supply, units) in declined.all_off() {
                    let of_line = (line, sku.clone(), node.clone());
                    off.entry(of_line).or_default().push((supply, units));
                }
            }
            let order = order.to_string();
            Some(Box::new(ShipmentDeclined { order, shipment, reason, off }))
        })))
    }
}
