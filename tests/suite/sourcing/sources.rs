//! What an order could be filled from, worked out the slow way: day by day on a wall calendar, with
//! no help of the engine's planning.

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::NodeDefinition;
use backstock_engine::model::{
    Band, Day, Destination, Objective, OwnStock, Policy, Service, Text, Weekdays,
};
use backstock_engine::sourcing;

use super::stock::{Made, Pair, Supply};
use super::world::{Instance, NOW_MINUTE, World, is_supplier, today};

/// More than what is said of a unit's balance by how few there are, and how late they leave.
const BALANCE_STEP: u32 = 10_001 + 4_000;

/// What an order could be filled from, as the solver and the oracle are asked.
pub(crate) struct Sources {
    pub(super) lines: Vec<sourcing::Line>,
    offers: Vec<sourcing::Offer>,
    shipments: Vec<sourcing::Shipment>,
    minimums: Vec<sourcing::Minimum>,
    shared: Vec<sourcing::Shared>,
    parts: Vec<sourcing::Part>,
    policy: sourcing::Policy,
    /// By shipment.
    ships: Vec<Ship>,
    /// Units that a day of a node has room for, by shipment; of others all.
    rooms: BTreeMap<u16, u32>,
    /// By line: units that leave for each of its units.
    weights: Vec<u32>,
    /// By offer: when its units are there.
    times: Vec<Option<u16>>,
}

/// What tells shipments from each other: the node, and the day.
pub(crate) type Ship = (usize, Day);

/// An order, as all of its lines see it.
struct Order<'a> {
    channel: Option<&'a Text>,
    service: &'a Service,
    promise_by: Day,
    /// Where it is collected, and whether what is there alone may serve it.
    pickup: Option<(usize, bool)>,
    is_whole: bool,
    /// Units that leave in all.
    units: u32,
    /// The most that leave for one unit of a line.
    each_max: u32,
    /// What a day late counts for, of a unit: more than all units of suppliers, where these go
    /// behind others that are as late.
    day_weighs: u32,
}

/// Units of a line that are there, or come, at a node.
struct Ready {
    /// In so many days; none where they are there.
    comes_in: Option<u16>,
    /// When they may leave.
    day: Day,
    /// How many leave then at most.
    units: u32,
    /// How many of them come then.
    more: u32,
}

impl World {
    /// What an order could be filled from.
    pub(crate) fn sources(&self, Instance { order, lines }: &Instance) -> Sources {
        let request = &order.order;
        let named = |it: &&Service| Some(&it.name) == request.service.as_ref();
        let service = self.policy.services.iter().find(named).expect("one of the policy's");
        let weights: Vec<u32> = lines.iter().map(Made::weight).collect();
        let units =
            request.lines.0.iter().zip(&weights).map(|(line, weight)| line.quantity * weight);
        let of = Order {
            channel: request.channel.as_ref(),
            service,
            promise_by: request.deliver_by.unwrap_or_else(|| today().plus(service.promise_days)),
            pickup: match &request.destination {
                Destination::Address(_) => None,
                Destination::Pickup(pickup) => {
                    let at = self.nodes.iter().position(|node| node.id == pickup.node);
                    Some((at.expect("a node"), pickup.only_there))
                }
            },
            is_whole: request.split == Some(backstock_engine::model::Split::WholeLine),
            units: units.sum(),
            each_max: weights.iter().copied().max().expect("it has lines"),
            day_weighs: match self.policy.own_stock {
                OwnStock::Alike => 1,
                OwnStock::First => {
                    request.lines.0.iter().map(|line| line.quantity).sum::<u32>() + 1
                }
            },
        };
        let split = if of.is_whole { sourcing::Split::WholeLine } else { sourcing::Split::Units };
        let mut sources = Sources {
            lines: vec![],
            offers: vec![],
            shipments: vec![],
            minimums: vec![],
            shared: vec![],
            parts: vec![],
            policy: sourcing::Policy { split, objectives: objectives(&self.policy) },
            ships: vec![],
            rooms: BTreeMap::new(),
            weights,
            times: vec![],
        };
        let common: Vec<bool> = lines.iter().map(|made| made.shares(lines)).collect();
        for ((line, made), is_common) in request.lines.0.iter().zip(lines).zip(&common) {
            let first = sources.end();
            for at in 0..self.nodes.len() {
                if self.may_ship(&of, at) {
                    self.offer(&of, (at, made, *is_common), &mut sources);
                }
            }
            let offers = first..sources.end();
            sources.lines.push(sourcing::Line { quantity: line.quantity, offers });
        }
        for at in 0..self.nodes.len() {
            self.share_items((&of, at), (lines, &common), &mut sources);
        }
        for (shipment, room) in sources.rooms.clone() {
            let of_it = |at: &u32| sources.offers[*at as usize].shipment == shipment;
            let parts = (0..sources.end()).filter(of_it).map(|at| (at, sources.weight_of(at)));
            sources.share(parts.collect(), room);
        }
        sources
    }

    /// Of the items of lines that share some, no more units leave a node that are there by any day
    /// than there are.
    fn share_items(
        &self,
        (of, at): (&Order<'_>, usize),
        (lines, common): (&[Made], &[bool]),
        sources: &mut Sources,
    ) {
        let lines = || lines.iter().enumerate().filter(|(line, _)| common[*line]);
        let mut items: BTreeMap<&str, &Pair> = BTreeMap::new();
        for part in lines().flat_map(|(_, made)| &made.parts) {
            items.insert(&part.name, &part.pairs[at]);
        }
        for (name, pair) in items {
            let comes: BTreeSet<u16> = pair.supplies[1..]
                .iter()
                .filter(|it| self.counts(**it))
                .filter_map(|it| it.comes_in)
                .collect();
            let mut times: Vec<Option<u16>> = comes.into_iter().map(Some).collect();
            times.insert(0, None);
            for (no, time) in times.iter().enumerate() {
                let coming = pair.supplies[1..]
                    .iter()
                    .filter(|it| self.counts(**it) && it.comes_in <= *time);
                let units = pair.may_have(of.channel) + coming.map(|it| it.units).sum::<u32>();
                let mut parts = Vec::new();
                for (line, made) in lines() {
                    let each = made.parts.iter().filter(|part| part.name == name).map(|it| it.each);
                    let each: u32 = each.sum();
                    let before_next = |offer: &u32| {
                        let offer = *offer as usize;
                        let (node, _) = sources.ships[usize::from(sources.offers[offer].shipment)];
                        node == at && times.get(no + 1).is_none_or(|it| sources.times[offer] < *it)
                    };
                    let offers = sources.lines[line].offers.clone().filter(before_next);
                    parts.extend(offers.filter(|_| each > 0).map(|offer| (offer, each)));
                }
                sources.share(parts, units);
                if !of.is_whole && time.is_some() {
                    let of = (at, name, *time);
                    self.share_supply(of, pair, lines(), sources);
                }
            }
        }
    }

    /// What leaves with what comes of an item on a day, and of nothing else of its line, takes at
    /// least a unit of that.
    fn share_supply<'m>(
        &self,
        (at, name, time): (usize, &str, Option<u16>),
        pair: &Pair,
        lines: impl Iterator<Item = (usize, &'m Made)>,
        sources: &mut Sources,
    ) {
        let comes = |pair: &Pair| {
            let then =
                pair.supplies[1..].iter().filter(|it| it.comes_in == time && self.counts(**it));
            then.map(|it| it.units).sum::<u32>()
        };
        let mut offers = Vec::new();
        for (line, made) in lines {
            let needs = made.parts.iter().any(|part| part.name == name);
            let others = made.parts.iter().filter(|part| part.name != name);
            if needs && others.map(|part| comes(&part.pairs[at])).sum::<u32>() == 0 {
                let of_it = sources.lines[line].offers.clone().filter(|offer| {
                    let offer = *offer as usize;
                    let ship = usize::from(sources.offers[offer].shipment);
                    sources.times[offer] == time && sources.ships[ship].0 == at
                });
                offers.extend(of_it.map(|offer| (offer, 1)));
            }
        }
        sources.share(offers, comes(pair));
    }

    /// Whether the policy promises a supply.
    fn counts(&self, it: Supply) -> bool {
        it.comes_in.is_none_or(|days| days <= self.policy.horizon_days)
    }

    fn may_ship(&self, of: &Order<'_>, at: usize) -> bool {
        let node = &self.nodes[at];
        let channels = &node.eligibility.channels;
        let serves = channels.is_empty() || of.channel.is_some_and(|of| channels.contains(of));
        let is_brought = of.pickup.is_none_or(|(there, only)| there == at || !only);
        node.enabled && serves && is_brought
    }

    /// Offers what a node has of a line.
    fn offer(
        &self,
        of: &Order<'_>,
        (at, made, is_common): (usize, &Made, bool),
        sources: &mut Sources,
    ) {
        let node = &self.nodes[at];
        let minimum = node.min_order_quantity.unwrap_or(0);
        if made.is_bundle && minimum > 1 {
            return;
        }
        let is_there = of.pickup.is_some_and(|(there, _)| there == at);
        let band = &self.policy.bands[self.band(at, of.pickup)];
        let (shipment_cost, unit_cost) = if is_there {
            (node.shipment_cost, node.unit_cost)
        } else {
            (node.shipment_cost + band.shipment_cost, node.unit_cost + band.unit_cost)
        };
        let transit = of.service.transit_days[self.band(at, of.pickup)];
        for ready in self.ready(of, (at, made, is_common)) {
            let first = sources.end();
            for (day, room) in self.days(of, at, ready.day) {
                let shipment = sources.shipment((at, day), shipment_cost);
                if let Some(room) = room {
                    sources.rooms.insert(shipment, room);
                }
                let arrives = match of.pickup {
                    _ if is_there => day,
                    None => delivered(of.service, day, transit),
                    Some((there, _)) => {
                        let works = works(&self.nodes[there]);
                        on_or_after(delivered(of.service, day, transit), works)
                    }
                };
                if minimum > 1 {
                    let offer = sources.end();
                    sources.minimums.push(sourcing::Minimum { offer, units: minimum });
                }
                let late_days = arrives.days_after(of.promise_by) * of.day_weighs;
                let is_behind = is_supplier(node) && of.day_weighs > 1;
                sources.times.push(ready.comes_in);
                sources.offers.push(sourcing::Offer {
                    quantity: ready.units,
                    shipment,
                    late_days: late_days + u32::from(is_behind),
                    unit_cost,
                    balance: balance(node, &ready, day),
                });
            }
            if sources.end() > first + 1 {
                sources.share((first..sources.end()).map(|at| (at, 1)).collect(), ready.units);
            }
        }
    }

    /// The days on which units of a line are ready to leave a node, and how many on each. A line
    /// that must not be split takes all that is ready by the day on which it leaves; so may one
    /// that shares an item with another, which may take what is there before.
    fn ready(&self, of: &Order<'_>, (at, made, is_common): (usize, &Made, bool)) -> Vec<Ready> {
        let counts = |it: &Supply| self.counts(*it);
        let mut times: Vec<Option<u16>> = Vec::new();
        for pair in made.parts.iter().map(|part| &part.pairs[at]) {
            times.extend(pair.supplies.iter().filter(|it| counts(it)).map(|it| it.comes_in));
        }
        times.sort_unstable();
        times.dedup();
        if made.parts.iter().any(|part| part.pairs[at].terms.off_sourcing) {
            return vec![];
        }
        let by = |time: Option<u16>| {
            let units = made.parts.iter().map(|part| {
                let pair = &part.pairs[at];
                let coming =
                    pair.supplies[1..].iter().filter(|it| counts(it) && it.comes_in <= time);
                let units = pair.may_have(of.channel) + coming.map(|it| it.units).sum::<u32>();
                units / part.each
            });
            units.min().expect("it is made of something")
        };
        let mut ready = Vec::new();
        let mut before = 0;
        for time in times {
            let all = by(time);
            let is_more = if is_common { all > 0 } else { all > before };
            if let (Some(day), true) = (self.ships(of, at, time), is_more) {
                let takes_all = of.is_whole || is_common;
                let more = if is_common { all } else { all - before };
                let units = if takes_all { all } else { more };
                ready.push(Ready { comes_in: time, day, units, more });
            }
            before = all;
        }
        ready
    }

    /// The days on which units that are ready by a day may leave a node, and for how many each has
    /// room, if not for all: as many days as the order might need.
    fn days(&self, of: &Order<'_>, at: usize, ready: Day) -> Vec<(Day, Option<u32>)> {
        let node = &self.nodes[at];
        if !self.is_bounded(at) {
            return vec![(ready, None)];
        }
        let (most, shipments_most) = (node.capacity_units_per_day, node.capacity_shipments_per_day);
        let (mut days, mut on_empty_days, mut day) = (Vec::new(), 0, ready);
        // What could leave is not kept to ride along with what comes later: days on which nothing
        // else leaves are as many as the order needs.
        while on_empty_days < of.units {
            let (units, shipments) = self.loads.get(&(at, day)).copied().unwrap_or_default();
            let has_no_bound = most == 0 || (shipments == 0 && of.is_whole);
            if shipments_most.is_some_and(|most| shipments >= most) {
                // It is full.
            } else if has_no_bound {
                days.push((day, None));
                break;
            } else if most > units {
                days.push((day, Some(most - units)));
                // Units of a bundle leave together.
                on_empty_days +=
                    if units == 0 { (most + 1).saturating_sub(of.each_max) } else { 0 };
                if most - units >= of.units {
                    break;
                }
            }
            day = self.leaves(of, at, day.plus(1)).expect("it leaves on some weekday");
        }
        days
    }

    /// The distance band of a node: codes are 50 km apart, and orders go to code 00000 or to a node.
    fn band(&self, at: usize, pickup: Option<(usize, bool)>) -> usize {
        let code = |at: usize| self.nodes[at].postal_code.as_str().parse::<u32>().expect("digits");
        let to = pickup.map_or(0, |(there, _)| code(there));
        let metres = code(at).abs_diff(to) * 50_095;
        let is_within = |band: &Band| metres <= band.distance_m_max;
        self.policy.bands.iter().position(is_within).expect("the last band is everywhere")
    }

    /// The first day from one on, on which something leaves a node; none if nothing ever does.
    fn leaves(&self, of: &Order<'_>, at: usize, from: Day) -> Option<Day> {
        let works = works(&self.nodes[at]);
        let is_there = of.pickup.is_some_and(|(there, _)| there == at);
        let is_picked_up = |day: Day| is_there || of.service.pickup_weekdays.contains(day);
        let mut days = (0..14).map(|days| from.plus(days));
        days.find(|day| works.contains(*day) && is_picked_up(*day))
    }

    /// The day on which units leave a node; none if its carrier never comes.
    fn ships(&self, of: &Order<'_>, at: usize, comes_in: Option<u16>) -> Option<Day> {
        let (node, works) = (&self.nodes[at], works(&self.nodes[at]));
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
        self.leaves(of, at, day)
    }
}

impl Sources {
    pub(crate) fn problem(&self) -> sourcing::Problem<'_> {
        let Self { lines, offers, minimums, shared, parts, shipments, policy, .. } = self;
        let conditions = sourcing::Conditions { minimums, shared, parts };
        sourcing::Problem { lines, offers, conditions, shipments, policy: *policy }
    }

    fn end(&self) -> u32 {
        u32::try_from(self.offers.len()).expect("few offers")
    }

    /// Units that leave for each unit of an offer's line.
    fn weight_of(&self, offer: u32) -> u32 {
        let line = self.lines.iter().position(|line| line.offers.contains(&offer));
        self.weights[line.expect("its line")]
    }

    /// Offers that give no more than so many units, of which each unit of theirs takes so many.
    fn share(&mut self, offers: Vec<(u32, u32)>, units: u32) {
        let place = |at: usize| u32::try_from(at).expect("few parts");
        let first = place(self.parts.len());
        self.parts.extend(offers.into_iter().map(|(offer, each)| sourcing::Part { offer, each }));
        self.shared.push(sourcing::Shared { parts: first..place(self.parts.len()), units });
    }

    fn shipment(&mut self, of: Ship, fixed_cost: i64) -> u16 {
        let at = self.ships.iter().position(|known| *known == of).unwrap_or_else(|| {
            let node = u16::try_from(of.0).expect("few nodes");
            self.ships.push(of);
            self.shipments.push(sourcing::Shipment { fixed_cost, node });
            self.ships.len() - 1
        });
        u16::try_from(at).expect("few shipments")
    }

    /// The offer of a line by a shipment of a node on a day.
    pub(crate) fn of(&self, line: usize, ship: Ship) -> Option<&sourcing::Offer> {
        let range = self.lines[line].offers.clone();
        let mut offers = range.map(|at| &self.offers[at as usize]);
        offers.find(|offer| self.ships[usize::from(offer.shipment)] == ship)
    }

    /// Whether no two offers of a line are of one shipment, so that what goes in it tells the offer.
    pub(crate) fn are_told_apart(&self) -> bool {
        self.lines.iter().all(|line| {
            let mut ships: Vec<u16> =
                line.offers.clone().map(|at| self.offers[at as usize].shipment).collect();
            let count = ships.len();
            ships.sort_unstable();
            ships.dedup();
            ships.len() == count
        })
    }

    /// What a line has to take in a shipment of a node on a day, over all its offers.
    pub(crate) fn units(&self, line: usize, ship: Ship) -> u32 {
        let range = self.lines[line].offers.clone();
        let offers = range.map(|at| &self.offers[at as usize]);
        let of_it = offers.filter(|offer| self.ships[usize::from(offer.shipment)] == ship);
        match self.policy.split {
            sourcing::Split::Units => of_it.map(|offer| offer.quantity).sum(),
            sourcing::Split::WholeLine => of_it.map(|offer| offer.quantity).max().unwrap_or(0),
        }
    }

    /// Units for which a day of a node has room, if not for all.
    pub(crate) fn room(&self, ship: Ship) -> Option<u32> {
        self.rooms.get(&u16::try_from(self.number(ship)).expect("few shipments")).copied()
    }

    /// The shipment of a node on a day.
    pub(crate) fn number(&self, ship: Ship) -> usize {
        self.ships.iter().position(|known| *known == ship).expect("a shipment that may be")
    }

    /// Units that leave for each unit of a line.
    pub(crate) fn weight(&self, line: usize) -> u32 {
        self.weights[line]
    }
}

impl Made {
    /// Units that leave for each unit of the line.
    fn weight(&self) -> u32 {
        self.parts.iter().map(|part| part.each).sum()
    }

    /// Whether another line is made of one of its items.
    fn shares(&self, lines: &[Self]) -> bool {
        let others = lines.iter().filter(|other| !std::ptr::eq(*other, self));
        let mut others = others.flat_map(|other| &other.parts);
        others.any(|of| self.parts.iter().any(|part| part.name == of.name))
    }
}

/// What a unit does to the balance of stock: suppliers that keep fewer promises go behind others, what
/// comes behind what is there, what leaves later behind what leaves sooner, and few units behind many.
fn balance(node: &NodeDefinition, ready: &Ready, day: Day) -> u32 {
    let broken = u32::from(10_000 - node.reliability.unwrap_or(10_000));
    let comes = ready.comes_in.map_or(0, |days| u32::from(days) + 1);
    let steps = broken.div_ceil(10) + comes;
    steps * BALANCE_STEP + day.days_after(ready.day) + 10_000 / (ready.more + 1)
}

fn works(node: &NodeDefinition) -> Weekdays {
    Weekdays::from_bits(node.working_days).expect("some days")
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

fn next(day: Day, of: Weekdays) -> Day {
    on_or_after(day.plus(1), of)
}

fn on_or_after(day: Day, of: Weekdays) -> Day {
    (0..7).map(|days| day.plus(days)).find(|day| of.contains(*day)).expect("some weekday")
}

/// The day on which what leaves on a day is delivered.
fn delivered(service: &Service, ship_by: Day, transit_days: u16) -> Day {
    let counted = (0..transit_days).fold(ship_by, |day, _| next(day, service.transit_weekdays));
    on_or_after(counted, service.delivery_weekdays)
}
