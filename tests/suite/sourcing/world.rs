//! Random networks with stock and supplies on their way, and what an order could be filled
//! from there, worked out the slow way: day by day on a wall calendar, with no help of the
//! engine's planning.

use backstock_engine::command::{
    DefineItem, LineRequest, Lines, NodeDefinition, OrderRequest, PlaceOrder, SetPolicy,
    StockOperation,
};
use backstock_engine::model::{
    Band, Day, Eligibility, InboundId, NodeKind, Objective, Policy, Service, Shortage, Split, Text,
    Timestamp, Weekdays,
};
use backstock_engine::sourcing;
use backstock_tests::fixture::*;
use backstock_tests::seed::Random;
use backstock_tests::single::Single;

/// The minute of the day of [`NOW`], and its day, in UTC, as all nodes here have it.
const NOW_MINUTE: u16 = 12 * 60;
const CHANNELS: [&str; 2] = ["web", "store"];

/// A network under a policy, in an engine of its own.
pub(crate) struct World {
    pub(crate) engine: Single,
    nodes: Vec<NodeDefinition>,
    policy: Policy,
}

/// An order, and the stock of its items.
pub(crate) struct Instance {
    pub(crate) order: PlaceOrder,
    /// By line and node, by order of definition.
    supplies: Vec<Vec<Vec<Supply>>>,
}

/// Units of an item at a node.
#[derive(Clone, Copy, Debug)]
struct Supply {
    units: u32,
    /// In so many days; none where they are there.
    comes_in: Option<u16>,
}

/// What an order could be filled from, as the solver and the oracle are asked.
pub(crate) struct Sources {
    lines: Vec<sourcing::Line>,
    offers: Vec<sourcing::Offer>,
    shipments: Vec<sourcing::Shipment>,
    policy: sourcing::Policy,
    /// By shipment.
    ships: Vec<(usize, Day)>,
}

fn today() -> Day {
    Day::from_epoch_days(i32::try_from(NOW.as_micros() / DAY).expect("a day"))
}

fn weekdays(random: &mut Random) -> Weekdays {
    let some = [0b111_1111, 0b001_1111, 0b010_1010, 0b110_0000];
    Weekdays::from_bits(some[random.up_to(3)]).expect("some weekdays")
}

fn text(name: &str) -> Text {
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
        let nodes: Vec<_> = (0..count).map(|at| random_node(&mut random, at)).collect();
        engine.run(define_nodes(&set, &nodes));
        Self { engine, nodes, policy }
    }

    /// An order for items that no other order names, and their stock.
    pub(crate) fn instance(&mut self, seed: u64) -> Instance {
        let mut random = Random::new(seed);
        let lines = 1 + random.below(3);
        let mut instance =
            Instance { order: self.order(&mut random, seed, lines), supplies: vec![] };
        for line in 0..lines {
            let name = sku_of(seed, line);
            let engine = self.engine.engine.clone();
            let command = DefineItem::new(meta(), item(&name));
            self.engine.run(engine.define_item(command)).expect("the item is defined");
            let supplies: Vec<_> =
                self.nodes.iter().map(|node| random_supplies(&mut random, node)).collect();
            for (node, supplies) in self.nodes.iter().zip(&supplies) {
                let node = node.id.as_str();
                for (no, supply) in supplies.iter().enumerate() {
                    let operation = supply.operation(node == SUPPLIER, no);
                    self.engine.run(change(&engine, &name, node, operation)).expect("it is told");
                }
            }
            instance.supplies.push(supplies);
        }
        instance
    }

    fn order(&self, random: &mut Random, seed: u64, lines: u32) -> PlaceOrder {
        let line =
            |line| LineRequest { sku: sku(&sku_of(seed, line)), quantity: 1 + random.below(4) };
        let lines = Lines((0..lines).map(line).collect());
        let service = &self.policy.services[random.up_to(self.policy.services.len() - 1)];
        let within = u16::try_from(random.below(12)).expect("few days");
        let order = OrderRequest {
            channel: random.coin().then(|| text(CHANNELS[random.up_to(1)])),
            service: Some(service.name.clone()),
            deliver_by: random.coin().then(|| today().plus(within)),
            split: Some(if random.coin() { Split::Units } else { Split::WholeLine }),
            lines,
            ..order(&format!("O{seed}"), &[], Shortage::Partial)
        };
        PlaceOrder { meta: meta(), placed_at: None, order }
    }

    /// What an order could be filled from.
    pub(crate) fn offers(&self, Instance { order, supplies }: &Instance) -> Sources {
        let order = &order.order;
        let service =
            self.policy.services.iter().find(|it| Some(&it.name) == order.service.as_ref());
        let service = service.expect("one of the policy's");
        let promise_by = order.deliver_by.unwrap_or_else(|| today().plus(service.promise_days));
        let split = match order.split.expect("it says so") {
            Split::Units => sourcing::Split::Units,
            Split::WholeLine => sourcing::Split::WholeLine,
        };
        let policy = sourcing::Policy { split, objectives: objectives(&self.policy) };
        let mut sources =
            Sources { lines: vec![], offers: vec![], shipments: vec![], policy, ships: vec![] };
        for (line, supplies) in order.lines.0.iter().zip(supplies) {
            let first = sources.offers.len();
            for (at, (node, supplies)) in self.nodes.iter().zip(supplies).enumerate() {
                let serves = |names: &[Text]| {
                    names.is_empty() || order.channel.as_ref().is_some_and(|of| names.contains(of))
                };
                if !node.enabled || !serves(&node.eligibility.channels) {
                    continue;
                }
                let band = &self.policy.bands[self.band(node)];
                let transit = service.transit_days[self.band(node)];
                for (day, quantity) in self.leaving(node, service, (supplies, split)) {
                    let shipment =
                        sources.shipment((at, day), node.shipment_cost + band.shipment_cost);
                    let late = delivered(service, day, transit).days_after(promise_by);
                    sources.offers.push(sourcing::Offer {
                        quantity,
                        shipment,
                        late_days: late,
                        unit_cost: node.unit_cost + band.unit_cost,
                        balance: 0,
                    });
                }
            }
            let end = u32::try_from(sources.offers.len()).expect("few offers");
            let range = u32::try_from(first).expect("few offers")..end;
            sources.lines.push(sourcing::Line { quantity: line.quantity, offers: range });
        }
        sources
    }

    /// The days on which units of a line may leave a node, and how many on each. A line that must
    /// not be split takes all that is there by the day on which it leaves.
    fn leaving(
        &self,
        node: &NodeDefinition,
        service: &Service,
        (supplies, split): (&[Supply], sourcing::Split),
    ) -> Vec<(Day, u32)> {
        let is_beyond = |days: u16| days > self.policy.horizon_days;
        let counts = |it: &&Supply| it.units > 0 && !it.comes_in.is_some_and(is_beyond);
        let counted = supplies.iter().filter(counts);
        let day = |it: &Supply| Some((ships(node, service, it.comes_in)?, it.units));
        let ready: Vec<(Day, u32)> = counted.filter_map(day).collect();
        if split == sourcing::Split::Units {
            return ready;
        }
        let by = |day| ready.iter().filter(move |(of, _)| *of <= day).map(|(_, units)| units);
        ready.iter().map(|(day, _)| (*day, by(*day).sum())).collect()
    }

    /// The distance band of a node: the order goes to code 00000, and codes are 50 km apart.
    fn band(&self, node: &NodeDefinition) -> usize {
        let metres = node.postal_code.as_str().parse::<u32>().expect("digits") * 50_095;
        let is_within = |band: &Band| metres <= band.distance_m_max;
        self.policy.bands.iter().position(is_within).expect("the last band is everywhere")
    }
}

impl Sources {
    pub(crate) fn problem(&self) -> sourcing::Problem<'_> {
        let Self { lines, offers, shipments, policy, .. } = self;
        sourcing::Problem { lines, offers, minimums: &[], shipments, policy: *policy }
    }

    fn shipment(&mut self, of: (usize, Day), fixed_cost: i64) -> u16 {
        let at = self.ships.iter().position(|known| *known == of).unwrap_or_else(|| {
            let node = u16::try_from(of.0).expect("few nodes");
            self.ships.push(of);
            self.shipments.push(sourcing::Shipment { fixed_cost, node });
            self.ships.len() - 1
        });
        u16::try_from(at).expect("few shipments")
    }

    /// The offer of a line by a shipment of a node on a day.
    pub(crate) fn of(&self, line: u16, ship: (usize, Day)) -> Option<&sourcing::Offer> {
        let range = self.lines[usize::from(line)].offers.clone();
        let mut offers = range.map(|at| &self.offers[at as usize]);
        offers.find(|offer| self.ships[usize::from(offer.shipment)] == ship)
    }

    /// What a line has to take in a shipment of a node on a day, over all its offers.
    pub(crate) fn units(&self, line: u16, ship: (usize, Day)) -> u32 {
        let range = self.lines[usize::from(line)].offers.clone();
        let offers = range.map(|at| &self.offers[at as usize]);
        let of_it = offers.filter(|offer| self.ships[usize::from(offer.shipment)] == ship);
        match self.policy.split {
            sourcing::Split::Units => of_it.map(|offer| offer.quantity).sum(),
            sourcing::Split::WholeLine => of_it.map(|offer| offer.quantity).max().unwrap_or(0),
        }
    }
}

impl Supply {
    fn operation(self, is_supplier: bool, no: usize) -> StockOperation {
        let units = self.units;
        match self.comes_in {
            None if is_supplier => StockOperation::SupplierFeed { quantity: Some(units) },
            None => StockOperation::Set { on_hand: Some(units), unavailable: None, safety: None },
            Some(days) => {
                let id = InboundId::new("id", format!("S{no}")).expect("an id");
                let midnight = i64::from(today().plus(days).epoch_days()) * DAY;
                let eta = Timestamp::from_micros(midnight);
                // Of every supply a tenth may never come, told as its confidence.
                let quantity = units * 10 / 9 + 1;
                let operation = StockOperation::AnnounceInbound { id, quantity, eta };
                let confidence = u16::try_from(units * 10_000 / quantity + 1).expect("a part");
                let counts = quantity * u32::from(confidence) / 10_000;
                assert_eq!(counts, units, "{quantity} at {confidence}");
                StockOperation::Weigh {
                    operation: Box::new(operation),
                    confidence_basis_points: confidence,
                }
            }
        }
    }
}

const SUPPLIER: &str = "N1";

fn random_node(random: &mut Random, at: u32) -> NodeDefinition {
    let name = format!("N{at}");
    let kind = if name == SUPPLIER { NodeKind::Supplier } else { NodeKind::Warehouse };
    let eligible = random.below(4) == 0;
    let channels = if eligible { vec![text(CHANNELS[random.up_to(1)])] } else { vec![] };
    NodeDefinition {
        working_days: weekdays(random).bits(),
        cut_off_minute: [0, NOW_MINUTE - 1, NOW_MINUTE + 1, 24 * 60][random.up_to(3)],
        shipment_cost: i64::from([0, 0, 100, 700][random.up_to(3)]),
        unit_cost: i64::from([0, 10, 30][random.up_to(2)]),
        lead_time_days: u16::try_from([0, 0, 1, 3][random.up_to(3)]).expect("few"),
        enabled: random.below(8) > 0,
        eligibility: Eligibility { channels, services: vec![] },
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
    Policy { objectives, services, horizon_days, ..default }
}

fn objectives(policy: &Policy) -> sourcing::ObjectiveOrder {
    let objectives = policy.objectives.map(|objective| match objective {
        Objective::Promise => sourcing::Objective::Promise,
        Objective::Shipments => sourcing::Objective::Shipments,
        Objective::Cost => sourcing::Objective::Cost,
        Objective::Balance => sourcing::Objective::Balance,
    });
    sourcing::ObjectiveOrder::new(objectives).expect("each once")
}

/// What is on hand first; some of it nothing, some of it too little, some of it plenty.
fn random_supplies(random: &mut Random, node: &NodeDefinition) -> Vec<Supply> {
    let mut units = || [0, 1, 2, 3, 6][random.up_to(4)];
    let mut supplies = vec![Supply { units: units(), comes_in: None }];
    if node.kind != NodeKind::Supplier {
        for _ in 0..random.below(3) {
            let units = 1 + random.below(5);
            let days = u16::try_from(random.below(9)).expect("few");
            supplies.push(Supply { units, comes_in: Some(days) });
        }
    }
    supplies
}

fn sku_of(seed: u64, line: u32) -> String {
    format!("I{seed}-{line}")
}

/// The day on which units leave a node by a service; none if its carrier never comes.
fn ships(node: &NodeDefinition, service: &Service, comes_in: Option<u16>) -> Option<Day> {
    let works = Weekdays::from_bits(node.working_days).expect("some days");
    // What comes on a later day is there as it begins.
    let (mut day, minute) = match comes_in {
        None | Some(0) => (today(), NOW_MINUTE),
        Some(days) => (today().plus(days), 0),
    };
    if !works.contains(day) || minute >= node.cut_off_minute {
        day = next(day, works);
    }
    for _ in 0..node.lead_time_days {
        day = next(day, works);
    }
    let mut leaves = (0..14).map(|days| day.plus(days));
    leaves.find(|day| works.contains(*day) && service.pickup_weekdays.contains(*day))
}

fn next(day: Day, of: Weekdays) -> Day {
    (1..8).map(|days| day.plus(days)).find(|day| of.contains(*day)).expect("some weekday")
}

/// The day on which what leaves on a day is delivered.
fn delivered(service: &Service, ship_by: Day, transit_days: u16) -> Day {
    let counted = (0..transit_days).fold(ship_by, |day, _| next(day, service.transit_weekdays));
    let days = service.delivery_weekdays;
    if days.contains(counted) { counted } else { next(counted, days) }
}
