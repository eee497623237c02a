//! What the lines of an order could be filled from: offers, and the shipments that they
//! would go in.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::common::{Drawn, DrawnBy};
use super::dock::{Dock, Incoming};
use super::offer_conditions::{OfferConditions, index};
use super::penalty::{after_the_shelf, later, risk, scarcity};
use super::route::{Dates, Route};
use super::wanted::{ByNode, Glances, Wanted, WantedLine};
use super::way::Way;
use super::window::Window;
use crate::calendar::Calendar;
use crate::model::order::trace::Candidate;
use crate::model::{NodeNo, Split, Supply, Timestamp, Weekdays};
use crate::sourcing::limits::LINE_OFFERS_MAX;
use crate::sourcing::{Conditions, Line, Offer, Part, Plan, Shipment, Verdict};
use crate::state::network::{Network, PlanningNode, Terms};
use crate::state::stock::{AtAny, InboundGlance};

/// Offers of one line on hand; as many may be of inbound supply.
const ON_HAND_MAX: usize = LINE_OFFERS_MAX / 2;

/// A node without a shipment of today.
const NONE: u16 = u16::MAX;

/// The candidates of one order, in memory that is kept from order to order.
#[derive(Default)]
pub(super) struct Candidates {
    network: Option<Arc<Network>>,
    /// By the pickup days of services, and within these by node.
    nodes: Vec<Today>,
    /// Where those of the order's service begin.
    first: usize,
    dock: Dock,
    offers: Vec<Offer>,
    /// The first one of the last line.
    first_of_line: usize,
    /// Conditions that they are under.
    conditions: OfferConditions,
    /// Which of them are of the same units on hand, that may leave on several days; with how many
    /// these are.
    parted: Vec<(Range<u32>, u32)>,
    /// Candidates that make no offer, by line.
    skipped: Vec<(u16, Candidate)>,
    /// Whether candidates were left out.
    cut_short: bool,
    /// Whether the network has a supplier.
    any_supplier: bool,
    /// What is free of a line, and which line it is, once it was asked for.
    free: ByNode,
    free_of: Option<usize>,
    /// The place in `nodes` of the node at which the order is collected, and what it is to orders
    /// that go elsewhere.
    collected: Option<(usize, Today)>,
}

/// A node, and its shipment of today: what every offer reads.
#[derive(Clone, Copy)]
struct Today {
    window: Window,
    /// What a unit costs in that shipment.
    unit_cost: i64,
    shipment: u16,
    lateness: u32,
    /// Why it never ships by these services, if so.
    off: Option<Verdict>,
    is_supplier: bool,
    /// Whether it has a capacity.
    is_bounded: bool,
    /// Units that a line takes from it at least, or none.
    units_min: u32,
    /// What it not keeping its promises adds to the balance penalty of a unit.
    risk: u32,
}

impl Candidates {
    /// Starts over, for an order that is planned on `network` and goes that way.
    pub(super) fn begin(&mut self, network: &Arc<Network>, way: &Way) {
        if self.network.as_ref().is_some_and(|known| Arc::ptr_eq(known, network)) {
            let here = &mut self.nodes[self.first..];
            for dates in &self.dock.dates {
                here[usize::from(dates.node.0)].shipment = NONE;
            }
            if let Some((at, to_others)) = self.collected.take() {
                self.nodes[at] = to_others;
                self.dock.carry_from(network, at - self.first);
            }
        } else {
            self.learn(network);
        }
        self.first = network.carriage(way.service).pickups * network.nodes.len();
        if let Some(pickup) = way.pickup {
            self.collect_at(network, pickup.node);
        }
        self.dock.clear();
        self.free_of = None;
        self.offers.clear();
        self.conditions.clear();
        self.parted.clear();
        self.skipped.clear();
        self.cut_short = false;
    }

    fn learn(&mut self, network: &Arc<Network>) {
        let today = |(terms, node): (&Terms, &PlanningNode), pickup| Today {
            window: Window::NEVER,
            unit_cost: 0,
            shipment: NONE,
            lateness: 0,
            off: off(terms, &node.calendar, pickup),
            is_supplier: terms.is_supplier,
            is_bounded: terms.capacity.is_bounded(),
            units_min: terms.units_min,
            risk: risk(terms.unreliability),
        };
        self.nodes.clear();
        for pickup in network.pickups() {
            let nodes = network.all_terms().iter().zip(&network.nodes);
            self.nodes.extend(nodes.map(|node| today(node, *pickup)));
        }
        self.any_supplier = self.nodes.iter().any(|node| node.is_supplier);
        self.dock.learn(network);
        self.collected = None;
        self.network = Some(Arc::clone(network));
    }

    /// The order is collected at a node: no carrier has to come there, and none is paid.
    #[cold]
    fn collect_at(&mut self, network: &Network, no: NodeNo) {
        let at = self.first + usize::from(no.0);
        let to_others = self.nodes[at];
        self.collected = Some((at, to_others));
        let off = (!network.terms(no).enabled).then_some(Verdict::NodeDisabled);
        self.nodes[at] = Today { window: Window::NEVER, off, ..to_others };
        self.dock.hand_over_at(network, usize::from(no.0));
    }

    /// The offers of all lines so far.
    pub(super) fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The conditions that they are under.
    pub(super) fn conditions(&self) -> Conditions<'_> {
        self.conditions.as_asked()
    }

    /// All lines were offered units: what is bounded in all is bounded for all of them.
    pub(super) fn end(&mut self, wanted: &Wanted<'_>, lines: &[Line]) {
        if let Some(seen) = wanted.seen.filter(|seen| !seen.common.drawn.is_empty()) {
            self.share_items(&seen.common.drawn, lines);
        }
        if self.dock.is_unbounded() {
            return;
        }
        let mut parts: Vec<(u16, Part)> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let each = wanted.units_each(at);
            let parts_of = line
                .offers
                .clone()
                .map(|offer| (self.offers[offer as usize].shipment, Part { offer, each }));
            parts.extend(parts_of.filter(|(shipment, _)| self.dock.room_in(*shipment).is_some()));
        }
        parts.sort_by_key(|(shipment, part)| (*shipment, part.offer));
        for parts in parts.chunk_by(|one, other| one.0 == other.0) {
            let room = self.dock.room_in(parts[0].0).expect("it is bounded");
            self.conditions.share(parts.iter().map(|(_, part)| *part), room);
        }
    }

    /// Of each item that several lines need, their offers draw on the same units.
    #[cold]
    fn share_items(&mut self, drawn: &[Drawn], lines: &[Line]) {
        let mut by_node = BTreeMap::<(usize, NodeNo), Vec<(Supply, u32)>>::new();
        for line in drawn.iter().flat_map(|drawn| &drawn.by).map(|by| by.line) {
            if by_node.range((line, NodeNo(0))..=(line, NodeNo(u16::MAX))).next().is_none() {
                for offer in lines[line].offers.clone() {
                    let (node, supply) = self.source(offer);
                    by_node.entry((line, node)).or_default().push((supply, offer));
                }
            }
        }
        let mut parts = Vec::new();
        for Drawn { node, units, now, by } in drawn {
            for DrawnBy { line, each, supplies } in by {
                let draws = |(supply, _): &&(Supply, u32)| match supply {
                    Supply::Inbound(no) => supplies.contains(no),
                    _ => *now,
                };
                let offers = by_node.get(&(*line, *node)).into_iter().flatten().filter(draws);
                parts.extend(offers.map(|&(_, offer)| Part { offer, each: *each }));
            }
            if !parts.is_empty() {
                self.conditions.share(parts.drain(..), *units);
            }
        }
    }

    /// The shipments that they would go in.
    pub(super) fn shipments(&self) -> &[Shipment] {
        &self.dock.shipments
    }

    /// When a shipment goes, and from where.
    pub(super) fn dates(&self, shipment: u16) -> Dates {
        self.dock.dates[usize::from(shipment)]
    }

    /// Candidates that make no offer, by line.
    pub(super) fn skipped(&self) -> &[(u16, Candidate)] {
        &self.skipped
    }

    /// Whether candidates were left out: a network of more than 512 nodes with stock of
    /// one SKU gets a plan that says that it is bounded.
    pub(super) fn cut_short(&self) -> bool {
        self.cut_short || self.dock.is_cut_short
    }

    /// Whether a free supply comes later than the policy promises.
    pub(super) fn comes_late(&self) -> bool {
        let is_late = |c: &Candidate| c.verdict == Verdict::BeyondHorizon && c.free > 0;
        self.skipped.iter().any(|(_, candidate)| is_late(candidate))
    }

    /// Says of offers that would be later because days are full, or that are of a day which the
    /// order itself fills, that this is why.
    pub(super) fn tell_full_days(
        &self,
        wanted: &Wanted<'_>,
        plan: &Plan,
        verdicts: &mut [Verdict],
    ) {
        let spilled = &self.dock.spilled;
        if spilled.is_empty() && self.dock.is_unbounded() {
            return;
        }
        let shipment = |offer: u32| self.offers[offer as usize].shipment;
        let leaving = |of: u16| -> u32 {
            let of_it = plan.picks.iter().filter(|pick| shipment(pick.offer) == of);
            of_it.map(|pick| pick.quantity * wanted.units_each(usize::from(pick.line))).sum()
        };
        let picked = plan.picks.iter().map(|pick| shipment(pick.offer));
        let full =
            picked.filter(|of| self.dock.room_in(*of).is_some_and(|room| leaving(*of) >= room));
        let full: SmallVec<[u16; 8]> = full.collect();
        for (offer, verdict) in self.offers.iter().zip(verdicts) {
            let is_spilled = *verdict == Verdict::Later && spilled.contains(&offer.shipment);
            if is_spilled || (*verdict == Verdict::Equal && full.contains(&offer.shipment)) {
                *verdict = Verdict::AtCapacity;
            }
        }
    }

    /// Says of a line's offers of suppliers that units of the network's own go before them, where
    /// that is why they were not chosen.
    pub(super) fn tell_own_stock(
        &self,
        route: &Route<'_, '_>,
        offers: Range<u32>,
        verdicts: &mut [Verdict],
    ) {
        let at = || offers.clone().map(|offer| offer as usize);
        let chosen = at().filter(|at| verdicts[*at] == Verdict::Chosen);
        let Some(chosen) = chosen.map(|at| self.offers[at].late_days).max() else { return };
        for at in at().filter(|at| route.goes_behind(self.offers[*at].late_days, chosen)) {
            if verdicts[at] == Verdict::Later {
                verdicts[at] = Verdict::OwnStockFirst;
            }
        }
    }

    /// Whether some offers are later than can be told apart.
    pub(super) fn are_cut_short(&self, route: &Route<'_, '_>) -> bool {
        self.offers.iter().any(|offer| route.is_cut_short(offer.late_days))
    }

    /// The node that an offer is at.
    #[inline]
    pub(super) fn node_of(&self, offer: &Offer) -> NodeNo {
        NodeNo(self.dock.shipments[usize::from(offer.shipment)].node)
    }

    /// Whether all offers are of units on hand.
    pub(super) fn all_on_hand(&self) -> bool {
        self.dock.inbound.is_empty() && !self.any_supplier
    }

    /// Whether each of them is of other units, too.
    pub(super) fn are_all_on_hand_once(&self) -> bool {
        self.all_on_hand() && self.parted.is_empty()
    }

    /// Where an offer comes from.
    #[inline]
    pub(super) fn source(&self, offer: u32) -> (NodeNo, Supply) {
        let node = self.node_of(&self.offers[offer as usize]);
        let supply = match self.incoming(offer) {
            Some(at) => self.dock.supplies[at.supply].0,
            None => self.today(node).supply(),
        };
        (node, supply)
    }

    /// Free units of the supply that an offer is named by.
    pub(super) fn free(&self, offer: u32) -> u32 {
        if let Some(at) = self.incoming(offer) {
            return self.dock.supplies[at.supply].1;
        }
        // Ranges ascend.
        let parted = self.parted.partition_point(|(of, _)| of.end <= offer);
        let parted = self.parted.get(parted).filter(|(of, _)| of.contains(&offer));
        parted.map_or(self.offers[offer as usize].quantity, |(_, free)| *free)
    }

    /// Takes `units` of an offer from the supplies that it draws on, the earliest first. Of
    /// an earlier one only those that the later ones lack are taken: all the units leave
    /// when the latest supply is there, and what comes before is left to orders that can
    /// leave earlier.
    pub(super) fn take(&self, offer: u32, units: u32, mut from: impl FnMut(NodeNo, Supply, u32)) {
        let node = self.node_of(&self.offers[offer as usize]);
        let chain = match self.incoming(offer) {
            Some(at) => &self.dock.supplies[at.supply - at.earlier..=at.supply],
            None => &[],
        };
        let mut left = u64::from(units);
        let mut later: u64 = chain.iter().map(|(_, free)| u64::from(*free)).sum();
        let now = (self.today(node).supply(), 0);
        for (supply, free) in std::iter::once(now).chain(chain.iter().copied()) {
            later -= u64::from(free);
            let taken = left.saturating_sub(later);
            if taken > 0 {
                from(node, supply, u32::try_from(taken).expect("no more than `units`"));
            }
            left -= taken;
        }
    }

    /// What an offer of inbound supply draws on.
    #[inline]
    fn incoming(&self, offer: u32) -> Option<Incoming> {
        let inbound = &self.dock.inbound;
        if inbound.is_empty() {
            return None;
        }
        let at = inbound.binary_search_by_key(&offer, |incoming| incoming.offer).ok();
        at.map(|at| inbound[at])
    }

    /// Units of a line that are free now at one node.
    fn free_at(&mut self, route: &Route<'_, '_>, line: usize, no: NodeNo) -> u32 {
        if self.free_of != Some(line) {
            route.wanted.free_by_node(line, &mut self.free);
            self.free_of = Some(line);
        }
        self.free.at(no)
    }

    fn today(&self, node: NodeNo) -> Today {
        self.nodes[self.first + usize::from(node.0)]
    }

    /// Offers what every pair of the line's SKU has free now; answers what is so at any of
    /// them.
    pub(super) fn on_hand(
        &mut self,
        route: &Route<'_, '_>,
        line: usize,
        want: &WantedLine<'_>,
    ) -> AtAny {
        match route.wanted.seen {
            None => self.offer_all(route, (line, want.quantity), &want.entry.row),
            Some(seen) => self.offer_all(route, (line, want.quantity), &seen.free[line][..]),
        }
    }

    /// Offers what is free of a line's SKU. Pairs at nodes that this network does not know
    /// yet are left out: nothing durable is there.
    fn offer_all(
        &mut self,
        route: &Route<'_, '_>,
        (line, quantity): (usize, u32),
        there: &(impl Glances + ?Sized),
    ) -> AtAny {
        let Self {
            nodes,
            first,
            dock,
            offers,
            first_of_line,
            conditions,
            parted,
            skipped,
            cut_short,
            ..
        } = self;
        let nodes = &mut nodes[*first..*first + route.network.nodes.len()];
        let units_min = match route.wanted.split {
            Split::WholeLine => quantity,
            Split::Units => 1,
        };
        *first_of_line = offers.len();
        let offers_max = offers.len() + ON_HAND_MAX;
        let serves_all = route.barred.is_nobody();
        let any_supplier = self.any_supplier;
        there.each(|node, glance| {
            let Some(here) = nodes.get_mut(usize::from(node.0)) else { return };
            let free = glance.free.max(0).cast_unsigned();
            let is_parted = here.is_bounded && route.may_be_parted(node);
            let has_no_shipment = here.shipment == NONE && !is_parted && dock.is_full();
            let is_full = offers.len() >= offers_max || has_no_shipment;
            let off = if serves_all { here.off } else { route.off(here.off, node) };
            let is_off = off.is_some_and(|off| !route.wanted.forgives(line, node, off));
            let is_below = any_supplier && free.min(quantity) < here.units_min;
            if is_off || free < units_min || is_full || is_below {
                let is_short = free < units_min || is_below;
                let off = off.or_else(|| route.wanted.limit(line, node).filter(|_| is_short));
                let (candidate, left_out) = here.skip(node, free, (units_min, quantity, off));
                *cut_short |= left_out;
                skipped.push((line_no(line), candidate));
                return;
            }
            if here.shipment == NONE {
                if is_parted {
                    let (first, wanted) = (offers.len(), (node, line, quantity, free));
                    let is_cut = here.spread(dock, route, wanted, (offers, offers_max));
                    *cut_short |= is_cut;
                    if offers.len() == first {
                        let (candidate, _) = here.skip(node, free, (units_min, quantity, None));
                        skipped.push((line_no(line), candidate));
                        return;
                    }
                    parted.push((index(first)..index(offers.len()), free));
                    if !route.wanted.shows_all(line) {
                        conditions.share_days(first..offers.len(), (free, quantity));
                    }
                    return;
                }
                here.open(dock, route, node);
            }
            if any_supplier {
                conditions.note_minimum(here.units_min, offers.len());
            }
            offers.push(here.offer(free));
        })
    }

    /// Offers what the inbound supplies of one pair have free. A line that must not be split
    /// comes from one node, not from one supply: with a supply it is offered what that node
    /// has by then. So is a line that needs an item which another one needs.
    pub(super) fn inbound(
        &mut self,
        route: &Route<'_, '_>,
        line: usize,
        no: NodeNo,
        glances: &[InboundGlance],
    ) {
        let planning = route.network.node(no);
        let at = route.wanted.at;
        let is_whole = route.wanted.split == Split::WholeLine;
        let joins = is_whole && !route.wanted.shows_all(line);
        let on_hand = if joins { self.free_at(route, line, no) } else { 0 };
        let (mut by_then, mut earlier) = (on_hand, 0);
        let (calendar, zone) = (&planning.calendar, planning.calendar.zone());
        let today = zone.local_day(at);
        let expected = glances.iter().map(|glance| (calendar.expected_at(at, glance.eta), glance));
        let mut by_date: SmallVec<[(Timestamp, &InboundGlance); 8]> = expected.collect();
        // By when they can be counted on: overdue supply after what arrives today.
        by_date.sort_by_key(|(expected, glance)| (*expected, glance.eta));
        for (expected, glance) in by_date {
            let supply = Supply::Inbound(glance.no);
            let is_counted_on = route.network.counts_on(no, at, glance.eta);
            let is_beyond = !(is_counted_on && route.network.policy.promises(at, glance.eta));
            let free = if is_beyond { glance.own } else { glance.free };
            let off = route.off(self.today(no).off, no);
            let is_off = route.wanted.is_off_sourcing(line, no);
            let off = off.or(is_off.then_some(Verdict::PairOffSourcing));
            let off = off.filter(|off| !route.wanted.forgives(line, no, *off));
            let verdict = if let Some(off) = off {
                off
            } else if is_beyond && glance.own == 0 {
                Verdict::BeyondHorizon
            } else if free == 0 {
                Verdict::NoStock
            } else {
                let lead = planning.node.lead_time_days;
                let ready = route.ships(no, calendar.ship_window(expected, lead).ship_by);
                let wanted = route.wanted.lines[line].quantity;
                by_then = by_then.saturating_add(free);
                self.dock.supplies.push((supply, free));
                let (supply, first) = (self.dock.supplies.len() - 1, self.offers.len());
                let comes_in = zone.local_day(expected).days_after(today);
                let each = route.wanted.units_each(line);
                let units = by_then.min(wanted).saturating_mul(each);
                for (day, room) in self.dock.days(route, no, (ready, units)) {
                    let of_line = room / each;
                    if of_line == 0 || (is_whole && of_line < wanted) {
                        continue;
                    }
                    let is_full = self.offers.len() - self.first_of_line >= LINE_OFFERS_MAX;
                    let offer = (!is_full).then(|| self.dock.offer(route, route.dates(no, day)));
                    let Some(offer) = offer.flatten() else {
                        self.cut_short = true;
                        break;
                    };
                    let incoming = Incoming { offer: index(self.offers.len()), supply, earlier };
                    self.dock.inbound.push(incoming);
                    self.offers.push(Offer {
                        quantity: by_then.min(of_line),
                        balance: after_the_shelf(comes_in, day.days_after(ready), free),
                        ..offer
                    });
                    if route.network.is_bounded(no) {
                        self.dock.note_room(&self.offers, room);
                    }
                    self.dock.note_spilled(&self.offers, day > ready);
                }
                earlier += 1;
                if !joins {
                    // Of lines that need the same items, the items are shared.
                    if !route.wanted.shows_all(line) {
                        self.conditions.share_days(first..self.offers.len(), (free, wanted));
                    }
                    (by_then, earlier) = (0, 0);
                }
                if self.offers.len() > first {
                    continue;
                }
                Verdict::NotConsidered
            };
            // Nothing comes late of what is not counted on.
            let free = if is_counted_on { glance.free } else { 0 };
            let candidate = Candidate { node: no, supply, free, verdict };
            self.skipped.push((line_no(line), candidate));
        }
    }
}

impl Today {
    fn supply(self) -> Supply {
        if self.is_supplier { Supply::Supplier } else { Supply::OnHand }
    }

    #[inline]
    fn offer(self, free: u32) -> Offer {
        Offer {
            quantity: free,
            shipment: self.shipment,
            late_days: self.lateness,
            unit_cost: self.unit_cost,
            balance: self.risk + scarcity(free),
        }
    }

    /// Why it makes no offer; true when it is left out of a search that is full.
    #[cold]
    fn skip(
        self,
        node: NodeNo,
        free: u32,
        (units_min, quantity, off): (u32, u32, Option<Verdict>),
    ) -> (Candidate, bool) {
        let by_units = match free {
            0 => Verdict::NoStock,
            _ if free < units_min => Verdict::NotEnough,
            _ if free.min(quantity) < self.units_min => Verdict::BelowMinimum,
            _ => Verdict::NotConsidered,
        };
        let verdict = off.unwrap_or(by_units);
        let candidate = Candidate { node, supply: self.supply(), free, verdict };
        (candidate, verdict == Verdict::NotConsidered)
    }

    /// Offers units of a line at a node that has a capacity: on each day on which some of them may
    /// leave. Answers whether days were left out of a search that is full.
    #[cold]
    fn spread(
        &mut self,
        dock: &mut Dock,
        route: &Route<'_, '_>,
        (no, line, quantity, free): (NodeNo, usize, u32, u32),
        (offers, offers_max): (&mut Vec<Offer>, usize),
    ) -> bool {
        let ready = self.window(route, no).ship_by;
        let is_whole = route.wanted.split == Split::WholeLine;
        let each = route.wanted.units_each(line);
        let units = free.min(quantity).saturating_mul(each);
        for (day, room) in dock.days(route, no, (ready, units)) {
            let of_line = room / each;
            if of_line == 0 || (is_whole && of_line < quantity) {
                continue;
            }
            let offer = if offers.len() < offers_max {
                dock.offer(route, route.dates(no, day))
            } else {
                None
            };
            let Some(offer) = offer else { return true };
            let balance = later(day.days_after(ready), free);
            offers.push(Offer { quantity: free.min(of_line), balance, ..offer });
            dock.note_room(offers, room);
            dock.note_spilled(offers, day > ready);
        }
        false
    }

    /// When the node ships what is there now.
    #[inline]
    fn window(&mut self, route: &Route<'_, '_>, no: NodeNo) -> Window {
        let at = route.wanted.at;
        if at < self.window.from || at >= self.window.until {
            self.window = Window::around(route, no);
        }
        self.window
    }

    /// Opens the node's shipment of today.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "left to itself it may be a call for each node: some 600 instructions an order"
    )]
    fn open(&mut self, dock: &mut Dock, route: &Route<'_, '_>, no: NodeNo) {
        let Window { mut ship_by, mut weekday, .. } = self.window(route, no);
        let band = route.band(no);
        if self.is_bounded {
            let units = dock.units_at(route, no);
            ship_by = dock.with_room(route, no, ship_by, (units, true));
            weekday = ship_by.weekday();
        }
        let deliver_by = route.deliver_by(no, (ship_by, weekday));
        let dates = Dates { node: no, ship_by, deliver_by };
        let costs = dock.costs(no, band);
        // A later line may offer today what an earlier one has inbound today.
        self.shipment = if dock.inbound.is_empty() {
            dock.add(dates, costs)
        } else {
            dock.find_or_add(dates, costs)
        };
        if ship_by > self.window.ship_by {
            dock.spilled.push(self.shipment);
        }
        self.lateness = route.lateness(dates);
        self.unit_cost = costs.unit;
    }
}

/// Why a node never ships by services with these pickup days, if so.
fn off(terms: &Terms, calendar: &Calendar, pickup: Weekdays) -> Option<Verdict> {
    if !terms.enabled {
        return Some(Verdict::NodeDisabled);
    }
    (!calendar.working_days().meets(pickup)).then_some(Verdict::NoPickup)
}

pub(super) fn line_no(line: usize) -> u16 {
    u16::try_from(line).expect("ORDER_LINES_MAX fits 16 bits")
}
