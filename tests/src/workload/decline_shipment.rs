//! A node's answer that it does not ship what it was given.

use std::collections::BTreeMap;

use backstock_engine::command::{AnyEvent, DeclineShipment, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{DeclineReason, LineUnits, Lsn, RequestId};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::progress_shipment::parts;
use super::world::World;
use crate::fixture::{DAY, meta};
use crate::naive::command::ShipmentDeclined;

impl Room for DeclineShipment {
    const NAME: &'static str = "DeclineShipment";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "SHIPMENT_NOT_FOUND", "SHIPMENT_NOT_PLANNED", LINES_OF_A_PAIR];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let collected = if world.random.percent(40) { world.collected() } else { None };
        let order = collected.or_else(|| world.order())?;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        if order.destination.pickup().is_some() {
            world.declined.push((order.id.clone(), shipment));
        }
        let order = order.id;
        let reason = *world.random.pick(&DeclineReason::ALL);
        let mut meta = meta();
        let mut lines = LineUnits::new();
        if world.random.percent(30) {
            let line = u16::try_from(world.random.within(0..2)).expect("small");
            lines.push((line, world.random.within(1..3)));
            let key = world.random.within(0..u32::MAX);
            meta.request_id = RequestId::new("request_id", format!("D{key}")).ok();
        }
        // Of some, until a day or two from then.
        let pauses = reason.may_pause() && world.random.percent(50);
        let days = i64::from(world.random.within(1..3));
        let paused_until = pauses.then(|| world.noon().saturating_add_micros(days * DAY));
        Some(Self { meta, order, shipment, reason, lines, paused_until })
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
            let (mut off, mut found) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
            for (pair, declined) in event.pairs {
                let sku = engine.sku_no(pair.sku).to_string();
                let node = engine.node_no(pair.node).id.to_string();
                let said = declined.found.map(|said| ((sku.clone(), node.clone()), said.on_hand));
                found.extend(said);
                for (line, supply, units) in declined.all_off() {
                    let of_line = (line, sku.clone(), node.clone());
                    off.entry(of_line).or_default().push((supply, units));
                }
            }
            let put_back = event.apart.as_ref().map(|apart| parts(&apart.put_back));
            let units = event.apart.and_then(|apart| apart.units);
            let apart = units.map(|units| parts(&units));
            let (order, put_back) = (order.to_string(), put_back.unwrap_or_default());
            let asks = event.asks == Some(true);
            let paused_until = event.paused.map(|(_, until)| until);
            Some(Box::new(ShipmentDeclined {
                order,
                shipment,
                reason,
                off,
                found,
                put_back,
                apart,
                asks,
                paused_until,
            }))
        })))
    }
}
