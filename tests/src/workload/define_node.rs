//! Defining a node: with other terms, turned off, or of another kind.

use backstock_engine::command::{AnyEvent, DefineNode, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Eligibility, Lsn, NodeKind, Policy, ReleaseRule, Text};

use super::command::{Outcome, Room, Told};
use super::world::World;
use super::{CHANNELS, LATE_NODE, NODES, SUPPLIER, node_of};
use crate::fixture::meta;
use crate::naive::command::NodeDefined;
use crate::seed::Random;

/// Commands in which nodes are mostly turned off, or mostly not.
const SPAN: u32 = 40;

impl Room for DefineNode {
    const NAME: &'static str = "DefineNode";
    const OUTCOMES: &'static [&'static str] = &["NODE_KIND_FIXED"];

    fn draw(world: &mut World) -> Option<Self> {
        // In some spans of a run most nodes are turned off, so that at times none is left.
        let enabled_percent = if world.made / SPAN % 3 == 1 { 10 } else { 90 };
        let random = &mut world.random;
        let name = match random.within(0..10) {
            0..2 => LATE_NODE,
            2..4 => SUPPLIER,
            _ => *random.pick(&NODES),
        };
        let mut node = node_of(name);
        if random.percent(8) {
            let is_warehouse = node.kind == NodeKind::Warehouse;
            node.kind = if is_warehouse { NodeKind::Store } else { NodeKind::Warehouse };
        }
        node.enabled = random.percent(enabled_percent);
        node.shipment_cost = random.within(0..300).into();
        node.unit_cost = random.within(0..30).into();
        // Monday and whatever else.
        node.working_days = 1 | u8::try_from(random.within(0..128)).expect("seven bits");
        node.cut_off_minute = cut_off(random);
        for own in &mut node.weekday_cut_offs.0 {
            let minutes = cut_off(random);
            *own = random.percent(10).then_some(minutes);
        }
        node.lead_time_days = u16::try_from(random.within(0..4)).expect("few days");
        node.eligibility = eligibility(random);
        node.pickup = (node.kind != NodeKind::Supplier && random.percent(90)).into();
        let days = u16::try_from(random.within(1..4)).expect("few days");
        node.pickup_days = random.percent(70).then_some(days);
        let minutes = u16::try_from(random.within(0..3_000)).expect("two days");
        node.release = match random.within(0..10) {
            0 => Some(ReleaseRule::AtOnce),
            1..4 => Some(ReleaseRule::BeforeCutOff(minutes)),
            _ => None,
        };
        // Small ones, which some orders fill by themselves.
        let units = random.within(1..15);
        node.capacity_units_per_day = if random.percent(40) { units } else { 0 };
        let shipments = random.within(1..5);
        node.capacity_shipments_per_day = random.percent(25).then_some(shipments);
        if node.kind == NodeKind::Supplier {
            let units = random.within(2..5);
            node.min_order_quantity = random.percent(40).then_some(units);
            let kept = u16::try_from(random.within(5_000..10_001)).expect("a share");
            node.reliability = random.percent(40).then_some(kept);
        }
        Some(Self { meta: meta(), node })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.define_node(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |_, event| {
            let AnyEvent::NodeDefined(event) = event else { return None };
            let is_it = event.node.id == self.node.id;
            let paused_until = event.node.paused_until;
            is_it.then(|| Box::new(NodeDefined(self.node, paused_until)) as _)
        })))
    }
}

/// Whom a node serves: mostly everybody.
fn eligibility(random: &mut Random) -> Eligibility {
    let mut said = Eligibility::default();
    for name in CHANNELS {
        if random.percent(15) {
            said.channels.push(Text::new("channel", name).expect("a text"));
        }
    }
    if random.percent(10) {
        said.services.push(random.pick(&Policy::default().services).name.clone());
    }
    said
}

/// A cut-off, in minutes of a day. None is in the first quarter after noon, in which all commands
/// of a run are sent: what would arrive sooner, and so rests on what, is the same from its
/// beginning to its end.
fn cut_off(random: &mut Random) -> u16 {
    let minutes = match random.within(0..50) {
        0 => 0,
        1 => 24 * 60,
        half_hours => (half_hours - 2) * 30 + 15,
    };
    u16::try_from(minutes).expect("minutes of a day")
}
