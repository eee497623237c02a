//! The shipments that the lines of an order could go in, by node and day, and what these cost.

use std::collections::BTreeMap;

use super::room::Leaving;
use super::route::{Dates, Days, Route};
use super::wanted::ByNode;
use crate::model::{Band, Day, Load, NodeDay, NodeNo, Split, Supply};
use crate::sourcing::limits::SHIPMENTS_MAX;
use crate::sourcing::{Offer, Shipment};
use crate::state::network::{Network, Terms};

/// The candidate shipments.
#[derive(Default)]
pub(super) struct Dock {
    /// What sourcing knows of each.
    pub shipments: Vec<Shipment>,
    /// By shipment.
    pub dates: Vec<Dates>,
    /// By node, and within a node by distance band.
    costs: Vec<Costs>,
    /// Distance bands of the policy.
    bands: usize,
    /// Which offers are of inbound supply, ascending by offer. All others are of what
    /// is there.
    pub inbound: Vec<Incoming>,
    /// Inbound supplies of which there are offers, with their free units.
    pub supplies: Vec<(Supply, u32)>,
    /// What may leave nodes that have a capacity, by day.
    rooms: Vec<(NodeDay, u32)>,
    /// The days of such nodes from one on, once they were asked for.
    days: BTreeMap<NodeDay, Days>,
    /// Whether some nodes have more such days than are looked at.
    pub is_cut_short: bool,
    /// Units that may leave in a shipment, by its number, as far as shipments are bounded.
    bounded: Vec<Option<u32>>,
    /// Shipments that leave later than they could, because earlier days are full.
    pub spilled: Vec<u16>,
    /// What may leave nodes in a shipment of what is there, once it was asked for.
    units: ByNode,
    knows_units: bool,
}

/// What an offer of inbound supply draws on.
#[derive(Clone, Copy)]
pub(super) struct Incoming {
    /// By its place among all offers.
    pub offer: u32,
    /// The supply that it is named by, by its place among [`Dock::supplies`].
    pub supply: usize,
    /// How many right before that are earlier supplies of the same pair, with which a line that
    /// must not be split may be filled up, beside what is on hand.
    pub earlier: usize,
}

/// What a shipment of a node costs over some distance, and each unit in it.
#[derive(Clone, Copy)]
pub(super) struct Costs {
    shipment: i64,
    /// What each unit costs.
    pub unit: i64,
}

impl Dock {
    /// Starts over, for another order.
    pub fn clear(&mut self) {
        self.shipments.clear();
        self.dates.clear();
        self.inbound.clear();
        self.supplies.clear();
        self.rooms.clear();
        self.days.clear();
        self.is_cut_short = false;
        self.bounded.clear();
        self.spilled.clear();
        self.knows_units = false;
    }

    /// Takes what shipments cost from another network.
    pub fn learn(&mut self, network: &Network) {
        let (terms, bands) = (network.all_terms(), &network.policy.bands);
        self.bands = bands.len();
        self.costs.clear();
        for node in terms {
            self.costs.extend(bands.iter().map(|band| Costs::of(node, band)));
        }
    }

    /// What is handed over at a node costs what its handling does, and no carrier.
    pub fn hand_over_at(&mut self, network: &Network, node: usize) {
        let Terms { shipment_cost, unit_cost, .. } = network.all_terms()[node];
        let of_node = &mut self.costs[node * self.bands..][..self.bands];
        of_node.fill(Costs { shipment: shipment_cost, unit: unit_cost });
    }

    /// What leaves a node costs a carrier again.
    pub fn carry_from(&mut self, network: &Network, node: usize) {
        let terms = &network.all_terms()[node];
        let of_node = &mut self.costs[node * self.bands..][..self.bands];
        for (costs, band) in of_node.iter_mut().zip(&network.policy.bands) {
            *costs = Costs::of(terms, band);
        }
    }

    /// Units that may leave a node in one shipment of what is there.
    #[cold]
    pub fn units_at(&mut self, route: &Route<'_, '_>, no: NodeNo) -> u32 {
        if !self.knows_units {
            route.wanted.units_by_node(&mut self.units);
            self.knows_units = true;
        }
        self.units.at(no)
    }

    /// The first day from one on, on which so many more units may leave a node, beside what may
    /// leave it already in this plan. More than the node ships in a day goes on an empty one, if it
    /// may be alone there: where lines may be split, beside nothing of this plan either.
    #[cold]
    pub fn with_room(
        &mut self,
        route: &Route<'_, '_>,
        no: NodeNo,
        from: Day,
        (units, may_be_alone): (u32, bool),
    ) -> Day {
        let wanted = route.wanted;
        if !route.network.is_bounded(no) {
            return from;
        }
        let leaving = |at| {
            let before = self.leaving(at);
            let load = Load { units: before.saturating_add(units), shipments: 1 };
            let is_first = before == 0 || wanted.split == Split::WholeLine;
            Leaving { load, may_be_alone: may_be_alone && is_first }
        };
        let of = (no, route.leaving_days(no));
        let day = wanted.rooms.first_day(route.network, of, (from, wanted.at), leaving);
        self.rooms.push((NodeDay { node: no, day }, units));
        day
    }

    /// Units that may leave a node on a day already in this plan.
    fn leaving(&self, at: NodeDay) -> u32 {
        let there = self.rooms.iter().filter(|(of, _)| *of == at).map(|(_, units)| *units);
        there.fold(0, u32::saturating_add)
    }

    /// The days from one on, on which some of so many units of a line may leave a node. What other
    /// lines are given of them is not deducted: shipments share the room of their day.
    pub fn days(&mut self, route: &Route<'_, '_>, no: NodeNo, (from, units): (Day, u32)) -> Days {
        if !route.network.is_bounded(no) {
            return Days::from_iter([(from, u32::MAX)]);
        }
        if !route.may_be_parted(no) {
            return Days::from_iter([(self.with_room(route, no, from, (units, true)), u32::MAX)]);
        }
        let at = NodeDay { node: no, day: from };
        if let Some(days) = self.days.get(&at) {
            return days.clone();
        }
        let (days, is_cut_short) = route.days_with_room(at);
        self.is_cut_short |= is_cut_short;
        self.days.insert(at, days.clone());
        days
    }

    /// Notes of the last offer how many units may leave in its shipment: the most that was said.
    pub fn note_room(&mut self, offers: &[Offer], room: u32) {
        let Some(at) = offers.last().map(|offer| usize::from(offer.shipment)) else { return };
        if self.bounded.len() <= at {
            self.bounded.resize(at + 1, None);
        }
        self.bounded[at] = self.bounded[at].max(Some(room));
    }

    /// Units that may leave in a shipment, if not all.
    pub fn room_in(&self, shipment: u16) -> Option<u32> {
        let room = self.bounded.get(usize::from(shipment)).copied().flatten();
        room.filter(|room| *room < u32::MAX)
    }

    /// Whether no shipment is bounded.
    pub fn is_unbounded(&self) -> bool {
        self.bounded.is_empty()
    }

    /// Notes of the last offer whether it leaves later than it could.
    pub fn note_spilled(&mut self, offers: &[Offer], is_later: bool) {
        if let (Some(offer), true) = (offers.last(), is_later) {
            self.spilled.push(offer.shipment);
        }
    }

    /// Whether an exact search takes no more shipments.
    pub fn is_full(&self) -> bool {
        self.shipments.len() >= SHIPMENTS_MAX
    }

    /// An offer without units yet; none if an exact search takes no more shipments.
    pub fn offer(&mut self, route: &Route<'_, '_>, dates: Dates) -> Option<Offer> {
        let costs = self.costs(dates.node, route.band(dates.node));
        let there = self.dates.iter().position(|other| *other == dates).map(number);
        let shipment = there.or_else(|| (!self.is_full()).then(|| self.add(dates, costs)))?;
        let (late_days, unit_cost) = (route.lateness(dates), costs.unit);
        Some(Offer { quantity: 0, shipment, late_days, unit_cost, balance: 0 })
    }

    /// The candidate shipment of a node on a day, made when there is none.
    pub fn find_or_add(&mut self, dates: Dates, costs: Costs) -> u16 {
        match self.dates.iter().position(|other| *other == dates) {
            Some(there) => number(there),
            None => self.add(dates, costs),
        }
    }

    /// What a shipment of a node costs over a distance band.
    #[inline]
    pub fn costs(&self, no: NodeNo, band: usize) -> Costs {
        self.costs[usize::from(no.0) * self.bands + band]
    }

    /// Another candidate shipment.
    #[inline]
    pub fn add(&mut self, dates: Dates, costs: Costs) -> u16 {
        let shipment = number(self.shipments.len());
        self.shipments.push(Shipment { fixed_cost: costs.shipment, node: dates.node.0 });
        self.dates.push(dates);
        shipment
    }
}

impl Costs {
    fn of(terms: &Terms, band: &Band) -> Self {
        Self {
            shipment: terms.shipment_cost + band.shipment_cost,
            unit: terms.unit_cost + band.unit_cost,
        }
    }
}

fn number(shipment: usize) -> u16 {
    u16::try_from(shipment).expect("fewer candidate shipments than a u16 holds")
}
