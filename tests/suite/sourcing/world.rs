//! Random networks, with what leaves their nodes already, and orders for items of their own.

use std::collections::BTreeMap;

use backstock_engine::command::{
    DefineItem, LineRequest, Lines, NodeDefinition, OrderRequest, PlaceOrder, SetPolicy,
    StockOperation,
};
use backstock_engine::engine::PlaceOutcome;
use backstock_engine::model::{
    Day, Eligibility, NodeKind, Objective, OwnStock, PickupOffer, Policy, Service, Shortage, Split,
    Text, Weekdays,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::Random;
use backstock_tests::single::Single;

use super::stock::Made;

/// The minute of the day of [`NOW`], and its day, in UTC, as all nodes here have it.
pub(super) const NOW_MINUTE: u16 = 12 * 60;
pub(super) const CHANNELS: [&str; 2] = ["web", "store"];
/// The nodes that are suppliers.
pub(super) const SUPPLIERS: [&str; 2] = ["N1", "N3"];

pub(super) fn is_supplier(node: &NodeDefinition) -> bool {
    SUPPLIERS.contains(&node.id.as_str())
}

/// A network under a policy, in an engine of its own.
pub(crate) struct World {
    pub(crate) engine: Single,
    pub(super) nodes: Vec<NodeDefinition>,
    pub(super) policy: Policy,
    /// What leaves nodes already, by place and day: units, shipments.
    pub(super) loads: BTreeMap<(usize, Day), (u32, u32)>,
}

/// An order, and the stock of its items.
pub(crate) struct Instance {
    pub(crate) order: PlaceOrder,
    /// By line.
    pub(super) lines: Vec<Made>,
}

pub(super) fn today() -> Day {
    Day::from_epoch_days(i32::try_from(NOW.as_micros() / DAY).expect("a day"))
}

fn weekdays(random: &mut Random) -> Weekdays {
    let some = [0b111_1111, 0b001_1111, 0b010_1010, 0b110_0000];
    Weekdays::from_bits(some[random.up_to(3)]).expect("some weekdays")
}

pub(super) fn text(name: &str) -> Text {
    Text::new("channel", name).expect("a text")
}

impl World {
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut engine = Single::fresh();
        let policy = policy(&mut random);
        let command = SetPolicy { meta: meta(), policy: policy.clone() };
        let set = engine.engine.clone();
        engine.run(set.set_policy(command)).expect("the policy is set");
        let count = 2 + random.below(4);
        let bounded = random.below(3) == 0;
        let nodes: Vec<_> = (0..count).map(|at| random_node(&mut random, (at, bounded))).collect();
        engine.run(define_nodes(&set, &nodes));
        let mut world = Self { engine, nodes, policy, loads: BTreeMap::new() };
        for at in 0..world.nodes.len() {
            if world.is_bounded(at) {
                world.load(&mut random, at);
            }
        }
        world
    }

    pub(super) fn is_bounded(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        node.capacity_units_per_day > 0 || node.capacity_shipments_per_day.is_some()
    }

    /// Some orders that only this node can fill.
    fn load(&mut self, random: &mut Random, at: usize) {
        let node = self.nodes[at].clone();
        let (engine, name) = (self.engine.engine.clone(), node.id.as_str());
        let filler = format!("F{name}");
        let command = DefineItem::new(meta(), item(&filler));
        self.engine.run(engine.define_item(command)).expect("the item is defined");
        let all = StockOperation::Set { on_hand: Some(999), unavailable: None, safety: None };
        self.engine.run(change(&engine, &filler, name, all)).expect("it is told");
        for no in 0..random.below(5) {
            let order = OrderRequest {
                channel: node.eligibility.channels.first().cloned(),
                ..order(
                    &format!("{filler}-{no}"),
                    &[(&filler, 1 + random.below(5))],
                    Shortage::Partial,
                )
            };
            let command = PlaceOrder { meta: meta(), placed_at: None, order };
            let placed = self.engine.run(engine.place_order(command)).expect("an answer");
            let PlaceOutcome::Placed(order) = placed.outcome else { continue };
            for (shipment, leaves) in (0u16..).zip(&order.shipments) {
                let units = order.allocations.iter().filter(|a| a.shipment == shipment);
                let day = leaves.ship_by.expect("it is planned");
                let load = self.loads.entry((at, day)).or_default();
                load.0 += units.map(|a| a.units).sum::<u32>();
                load.1 += 1;
            }
        }
    }

    /// An order for items that no other order names, and their stock.
    pub(crate) fn instance(&mut self, seed: u64) -> Instance {
        let mut random = Random::new(seed);
        // An integer program takes its time for many days.
        let is_bounded = (0..self.nodes.len()).any(|at| self.is_bounded(at));
        let (lines_max, units_max) = if is_bounded { (2, 3) } else { (3, 4) };
        let count = 1 + random.below(lines_max);
        let mut lines: Vec<Made> = Vec::new();
        for line in 0..count {
            let made = self.make(&mut random, &sku_of(seed, line), &lines);
            lines.push(made);
        }
        let order = self.order(&mut random, (seed, &lines), units_max);
        Instance { order, lines }
    }

    fn order(
        &self,
        random: &mut Random,
        (seed, lines): (u64, &[Made]),
        units_max: u32,
    ) -> PlaceOrder {
        let line = |(at, made): (u32, &Made)| {
            let name = if made.is_bundle { sku_of(seed, at) } else { made.parts[0].name.clone() };
            LineRequest { sku: sku(&name), quantity: 1 + random.below(units_max) }
        };
        let lines = Lines((0..).zip(lines).map(line).collect());
        let service = &self.policy.services[random.up_to(self.policy.services.len() - 1)];
        let within = u16::try_from(random.below(12)).expect("few days");
        let offers = self.nodes.iter().filter(|node| node.enabled && node.pickup.is_offered());
        let offers: Vec<&str> = offers.map(|node| node.id.as_str()).collect();
        let destination = match random.below(4) {
            0 if !offers.is_empty() => pickup(offers[random.up_to(offers.len() - 1)]),
            1 if !offers.is_empty() => pickup_there(offers[random.up_to(offers.len() - 1)]),
            _ => address("00000"),
        };
        let order = OrderRequest {
            channel: random.coin().then(|| text(CHANNELS[random.up_to(1)])),
            service: Some(service.name.clone()),
            deliver_by: random.coin().then(|| today().plus(within)),
            split: Some(if random.coin() { Split::Units } else { Split::WholeLine }),
            destination,
            lines,
            ..order(&format!("O{seed}"), &[], Shortage::Partial)
        };
        PlaceOrder { meta: meta(), placed_at: None, order }
    }
}

fn random_node(random: &mut Random, (at, bounded): (u32, bool)) -> NodeDefinition {
    let name = format!("N{at}");
    let is_supplier = SUPPLIERS.contains(&name.as_str());
    let kind = if is_supplier { NodeKind::Supplier } else { NodeKind::Warehouse };
    let eligible = random.below(4) == 0;
    let channels = if eligible { vec![text(CHANNELS[random.up_to(1)])] } else { vec![] };
    let some = |random: &mut Random| bounded && !is_supplier && random.coin();
    NodeDefinition {
        working_days: weekdays(random).bits(),
        cut_off_minute: [0, NOW_MINUTE - 1, NOW_MINUTE + 1, 24 * 60][random.up_to(3)],
        shipment_cost: i64::from([0, 0, 100, 700][random.up_to(3)]),
        unit_cost: i64::from([0, 10, 30][random.up_to(2)]),
        lead_time_days: u16::try_from([0, 0, 1, 3][random.up_to(3)]).expect("few"),
        enabled: random.below(8) > 0,
        eligibility: Eligibility { channels, services: vec![] },
        capacity_units_per_day: if some(random) { 4 + random.below(8) } else { 0 },
        capacity_shipments_per_day: some(random).then(|| 1 + random.below(3)),
        reliability: is_supplier.then(|| [10_000, 9_991, 9_990, 9_980][random.up_to(3)]),
        min_order_quantity: is_supplier.then(|| random.below(5)).filter(|units| *units > 1),
        pickup: if !is_supplier && random.coin() {
            PickupOffer::Offered
        } else {
            PickupOffer::NotOffered
        },
        ..node(&name, kind, [0, 3, 10, 40][random.up_to(3)])
    }
}

fn policy(random: &mut Random) -> Policy {
    let mut objectives =
        [Objective::Promise, Objective::Shipments, Objective::Cost, Objective::Balance];
    if random.below(3) == 0 {
        (1..4).for_each(|end| objectives.swap(end, random.up_to(end)));
    }
    let default = Policy::default();
    let mut service = |service: &Service| Service {
        pickup_weekdays: weekdays(random),
        transit_weekdays: weekdays(random),
        delivery_weekdays: weekdays(random),
        ..service.clone()
    };
    let services = default.services.iter().map(&mut service).collect();
    let horizon_days = [3, 60][random.up_to(1)];
    let own_stock = if random.below(3) == 0 { OwnStock::First } else { OwnStock::Alike };
    Policy { objectives, services, horizon_days, own_stock, ..default }
}

fn sku_of(seed: u64, line: u32) -> String {
    format!("I{seed}-{line}")
}
