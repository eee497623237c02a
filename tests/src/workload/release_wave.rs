//! Releasing what has to leave first at a node, or at all of a kind.

use backstock_engine::command::{AnyEvent, Meta, ReleaseWave, Wave, WaveAt, WaveFound};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Day, Lsn, NodeKind, Policy, PriorityClass};

use super::command::{Outcome, RELEASED_BY_RULE, RELEASED_TOGETHER, Room, Told};
use super::world::World;
use super::{LATE_NODE, NODES};
use crate::fixture::{DAY, meta, node_id};
use crate::naive::command::ShipmentsReleased;

impl Room for ReleaseWave {
    const NAME: &'static str = "ReleaseWave";
    const OUTCOMES: &'static [&'static str] =
        &["NODE_NOT_FOUND", RELEASED_BY_RULE, RELEASED_TOGETHER];
    const WEIGHT_MIN: u32 = 1;

    fn draw(world: &mut World) -> Option<Self> {
        let today = i32::try_from(world.now.as_micros() / DAY).expect("a day of this century");
        let random = &mut world.random;
        let at = match random.within(0..10) {
            0 => WaveAt::Kind(*random.pick(&[NodeKind::Store, NodeKind::Warehouse])),
            1 => WaveAt::Node(node_id(LATE_NODE)),
            _ => {
                let node = *random.pick(&NODES);
                WaveAt::Node(node_id(node))
            }
        };
        let all = Policy::default().services;
        let service = random.pick(&all).name.clone();
        let services = if random.percent(80) { Vec::new() } else { vec![service] };
        let day =
            Day::from_epoch_days(today).plus(u16::try_from(random.within(0..3)).expect("few"));
        let ship_by = random.percent(30).then_some(day);
        let class = random.percent(10).then_some(PriorityClass::Redistribute);
        let shipments_max = random.within(1..4);
        let wave = Wave { at, services, ship_by, class, shipments_max };
        Some(Self { meta: meta(), wave, found: WaveFound::default() })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(mut self, engine: &Engine) -> Outcome {
        // What is wrong with it is told by the command.
        self.found = engine.find_wave(&self.wave).unwrap_or_default();
        engine.release_wave(self).await.into()
    }

    /// Nothing may have been there to release.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::ShipmentsReleased(event) = event else { return None };
            let is_wave = event.left.is_some();
            is_wave.then(|| Box::new(ShipmentsReleased::from(event)) as Box<_>)
        })))
    }
}
