//! A step of a shipment: picked, packed, shipped, delivered, and back again.

use backstock_engine::command::{AnyEvent, Meta, ProgressShipment};
use backstock_engine::engine::Engine;
use backstock_engine::model::{AllocationUnits, LineUnits, Lsn, PackageId, RequestId, Step, Text};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::world::World;
use crate::fixture::{DAY, carrier, meta};
use crate::naive::command::ShipmentProgressed;
use crate::naive::order::Parcel;

impl Room for ProgressShipment {
    const NAME: &'static str = "ProgressShipment";
    const OUTCOMES: &'static [&'static str] = &[
        "ORDER_NOT_FOUND",
        "SHIPMENT_NOT_FOUND",
        "SHIPMENT_NOT_PLANNED",
        "SUPPLY_NOT_RECEIVED",
        "UNITS_MISSING",
        "UNITS_NOT_IN_SHIPMENT",
        "PACKAGE_NOT_FOUND",
        "ORDER_ON_HOLD",
        LINES_OF_A_PAIR,
    ];
    const WEIGHT_MIN: u32 = 8;

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let shipment = u16::try_from(world.random.within(1..3)).expect("small");
        // So that one that puts units back is no other one.
        let key = world.random.within(0..u32::MAX);
        let request_id = RequestId::new("request_id", format!("S{key}")).ok();
        let step = step(world);
        let request_id = request_id.filter(|_| matches!(step, Step::Unpick(_) | Step::Unpack(_)));
        Some(Self { meta: Meta { request_id, ..meta() }, order, shipment, step })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.progress_shipment(self).await.into()
    }

    /// Which units were picked depends on where the others of the line are.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let Self { order, shipment, .. } = self;
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::ShipmentProgressed(event) = event else { return None };
            if event.id != order || event.shipment + 1 != shipment {
                return None;
            }
            let left = if event.all_left { event.picked.clone() } else { Vec::new() };
            let packages =
                event.packages.iter().map(|package| (package.id.to_string(), Parcel::of(package)));
            Some(Box::new(ShipmentProgressed {
                order: order.to_string(),
                shipment: event.shipment,
                act: event.act,
                put_back: parts(&event.put_back),
                picked: parts(&event.picked),
                left: parts(&[event.left, left].concat()),
                recall: event.recall,
                packages: packages.collect(),
            }))
        })))
    }
}

/// Units by part.
pub(super) fn parts(units: &[AllocationUnits]) -> Vec<(u16, u32)> {
    units.iter().map(|of| (of.allocation, of.units)).collect()
}

fn step(world: &mut World) -> Step {
    let (now, random) = (world.now, &mut world.random);
    let name = ["A", "B", "1"][random.within(0..3) as usize];
    let package = PackageId::new("package", name).expect("an id");
    let packages = if random.percent(75) { Vec::new() } else { vec![package.clone()] };
    let line = u16::try_from(random.within(0..2)).expect("small");
    let some = LineUnits::from_slice(&[(line, random.within(1..4))]);
    let lines = if random.percent(50) { LineUnits::new() } else { some.clone() };
    match random.within(0..100) {
        0..45 => Step::Ship { packages, carrier: carrier(), tracking: Text::default() },
        45..57 => Step::Pick(lines),
        57..62 => Step::Unpick(some),
        62..72 => Step::Pack { package, lines },
        72..76 => Step::Unpack(package),
        76..80 => Step::Release,
        80..83 => Step::Recall { until: now.saturating_add_micros(10 * DAY) },
        83..84 => Step::AnswerRecall { gives_back: random.percent(50) },
        84..90 => Step::Deliver { packages, at: None },
        90..93 => Step::Lose(packages),
        93..97 => Step::MakeReady(packages),
        _ => Step::Collect(packages),
    }
}
