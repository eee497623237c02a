//! Planning: from what pairs publish to a draft of the order's allocation.
//!
//! ```text
//!   rows of the lines' SKUs --+
//!   network: bands, windows --+--> offers --> sourcing::solve --> draft
//!   inbound supplies ---------+                explain -------> trace
//! ```
//! Planning sends no message for units on hand and changes nothing. What it saw
//! may be gone when it claims; then it plans again.

use std::cell::RefCell;
use std::sync::Arc;

use smallvec::SmallVec;

use super::catalogue::Entry;
use super::network::{Network, Terms};
use super::trace::{Candidate, TraceWriter, Verdict};
use crate::actor::stock::InboundGlance;
use crate::geo::PostalMatch;
use crate::model::{
    Allocation, Day, NodeNo, OrderLine, ServiceNo, Shipment, Shortage, SkuNo, Split, Supply,
    Timestamp,
};
use crate::sourcing::limits::{LINE_OFFERS_MAX, SHIPMENTS_MAX};
use crate::sourcing::{self, Exactness, Reason};

/// An order whose names are resolved.
pub struct Wanted<'a> {
    /// Lines of distinct SKUs.
    pub lines: SmallVec<[WantedLine<'a>; 4]>,
    /// Where it goes.
    pub destination: PostalMatch,
    /// How it is shipped.
    pub service: ServiceNo,
    /// The day that counts as on time.
    pub promise_by: Day,
    /// What happens to units without supply.
    pub shortage: Shortage,
    /// Whether a line may be split.
    pub split: Split,
    /// The time of the order.
    pub at: Timestamp,
}

/// One line of it.
pub struct WantedLine<'a> {
    /// The item.
    pub sku: SkuNo,
    /// The item's row of pairs.
    pub entry: &'a Entry,
    /// Units, from 1.
    pub quantity: u32,
}

/// Inbound supplies of one line's pairs, as read before planning.
pub type InboundSeen = SmallVec<[(u16, NodeNo, Vec<InboundGlance>); 2]>;

/// What an order would get.
pub struct Draft {
    /// Lines with what is short at placing cancelled.
    pub lines: Box<[OrderLine]>,
    /// Shipments.
    pub shipments: Box<[Shipment]>,
    /// Allocations, ascending by line, node, shipment.
    pub allocations: Box<[Allocation]>,
    /// Units without supply, by line.
    pub unfilled: SmallVec<[u32; 4]>,
    /// Whether candidates were left out.
    pub cut_short: bool,
    /// Whether claims or changes in flight may hide supply from this plan.
    pub in_flight_seen: bool,
    /// Why.
    pub trace: Box<[u8]>,
}

impl Draft {
    /// Units without supply.
    pub fn unfilled_units(&self) -> u64 {
        self.unfilled.iter().map(|units| u64::from(*units)).sum()
    }
}

thread_local! {
    static PLANNER: RefCell<Planner> = RefCell::new(Planner::default());
}

/// Plans an order on what is published now. None when some pair has inbound supply,
/// and `inbound` was not looked for: it then has to be.
pub fn plan(
    network: &Arc<Network>,
    wanted: &Wanted<'_>,
    inbound: Option<&InboundSeen>,
) -> Option<Draft> {
    PLANNER.with_borrow_mut(|planner| planner.plan(network, wanted, inbound))
}

/// The reusable memory of planning, one for each thread.
#[derive(Default)]
struct Planner {
    network: Option<Arc<Network>>,
    windows: Vec<Window>,
    /// By node: its shipment of today in `shipments`, or `NONE`.
    today: Vec<u16>,
    lines: Vec<sourcing::Line>,
    offers: Vec<sourcing::Offer>,
    /// Which offers are of inbound supply, ascending by offer. All others are of what
    /// the shipment's node has.
    inbound: Vec<(u32, Supply)>,
    shipments: Vec<sourcing::Shipment>,
    /// By candidate shipment: when it goes, and what its offers have in common.
    terms: Vec<Offered>,
    reasons: Vec<Reason>,
    skipped: Vec<(u16, Candidate)>,
    /// Whether candidates were left out.
    cut_short: bool,
    scratch: sourcing::Scratch,
}

const NONE: u16 = u16::MAX;

/// When a node ships work that arrives within a span of time.
#[derive(Clone, Copy)]
struct Window {
    from: Timestamp,
    until: Timestamp,
    ship_by: Day,
}

/// What was seen of the pairs of a line.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Units are claimed or withheld in flight: they may come back.
    in_flight: bool,
    /// An inbound supply is open.
    inbound: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Dates {
    node: NodeNo,
    ship_by: Day,
    deliver_by: Day,
}

/// What all offers of one candidate shipment have in common.
#[derive(Clone, Copy)]
struct Offered {
    dates: Dates,
    late_days: u16,
    unit_cost: i64,
}

/// What an order pays and waits for, by node: looked up once for an order.
struct Route<'a, 'w> {
    network: &'a Network,
    wanted: &'a Wanted<'w>,
    /// The distance band of every node, by number.
    bands: &'a [u8],
    /// Days on the way, by band.
    transit_days: &'a [u16],
}

impl<'a, 'w> Route<'a, 'w> {
    fn new(network: &'a Network, wanted: &'a Wanted<'w>) -> Self {
        let bands = network.lanes(wanted.destination.index, wanted.destination.location);
        let service = &network.policy.services[usize::from(wanted.service.0)];
        Self { network, wanted, bands, transit_days: &service.transit_days }
    }

    fn band(&self, no: NodeNo) -> usize {
        usize::from(self.bands[usize::from(no.0)])
    }

    fn dates(&self, node: NodeNo, ship_by: Day) -> Dates {
        Dates { node, ship_by, deliver_by: ship_by.plus(self.transit_days[self.band(node)]) }
    }

    fn late_days(&self, dates: Dates) -> u16 {
        u16::try_from(dates.deliver_by.days_after(self.wanted.promise_by)).unwrap_or(u16::MAX)
    }

    /// What a shipment of the node costs, and each unit in it.
    fn costs(&self, no: NodeNo) -> (i64, i64) {
        let (terms, band) = (self.network.terms(no), &self.network.policy.bands[self.band(no)]);
        (terms.shipment_cost + band.shipment_cost, terms.unit_cost + band.unit_cost)
    }
}

impl Planner {
    fn plan(
        &mut self,
        network: &Arc<Network>,
        wanted: &Wanted<'_>,
        looked: Option<&InboundSeen>,
    ) -> Option<Draft> {
        self.begin(network);
        let route = Route::new(network, wanted);
        // Waits for memory overlap when all rows are touched before one is walked.
        let touched = wanted.lines.iter().fold(0, |sum, want| sum ^ want.entry.row.touch());
        std::hint::black_box(touched);
        let mut in_flight_seen = false;
        for (line, want) in wanted.lines.iter().enumerate() {
            let first = self.offers.len();
            let seen = self.offer_on_hand(&route, line, want);
            in_flight_seen |= seen.in_flight;
            if seen.inbound && looked.is_none() {
                return None;
            }
            let looked = looked.into_iter().flatten();
            for (_, node, glances) in looked.filter(|(of, ..)| usize::from(*of) == line) {
                in_flight_seen |= glances.iter().any(|glance| glance.in_flight);
                self.offer_inbound(&route, (line, first), *node, glances);
            }
            let offers = index(first)..index(self.offers.len());
            self.lines.push(sourcing::Line { quantity: want.quantity, offers });
        }
        let problem = sourcing::Problem {
            lines: &self.lines,
            offers: &self.offers,
            shipments: &self.shipments,
            policy: sourcing::Policy {
                split: match wanted.split {
                    Split::WholeLine => sourcing::Split::WholeLine,
                    Split::Units => sourcing::Split::Units,
                },
                objectives: network.objectives(),
            },
        };
        let plan = sourcing::solve(&problem, &mut self.scratch);
        self.reasons.resize(self.offers.len(), Reason::NoStock);
        sourcing::explain(&problem, &plan, &mut self.scratch, &mut self.reasons);
        let bounded = self.cut_short || matches!(plan.exactness, Exactness::Bounded { .. });
        let trace = self.trace(network, bounded);
        Some(self.draft(&route, &plan, in_flight_seen, trace))
    }

    fn begin(&mut self, network: &Arc<Network>) {
        let same = self.network.as_ref().is_some_and(|known| Arc::ptr_eq(known, network));
        if same {
            for terms in &self.terms {
                self.today[usize::from(terms.dates.node.0)] = NONE;
            }
        } else {
            self.windows.clear();
            let never = Timestamp::from_micros(i64::MAX);
            let empty = Window { from: never, until: never, ship_by: Day::default() };
            self.windows.resize(network.nodes.len(), empty);
            self.today.clear();
            self.today.resize(network.nodes.len(), NONE);
            self.network = Some(Arc::clone(network));
        }
        self.lines.clear();
        self.offers.clear();
        self.inbound.clear();
        self.shipments.clear();
        self.terms.clear();
        self.skipped.clear();
        self.cut_short = false;
    }

    /// Offers what every pair of the line's SKU has free now, but for those at nodes
    /// that this network does not know yet: nothing durable is there.
    fn offer_on_hand(&mut self, route: &Route<'_, '_>, line: usize, want: &WantedLine<'_>) -> Seen {
        let mut seen = Seen::default();
        let first = self.offers.len();
        let units_min = match route.wanted.split {
            Split::WholeLine => want.quantity,
            Split::Units => 1,
        };
        want.entry.row.glances(|node, glance| {
            let Some(terms) = route.network.known_terms(node) else { return };
            seen.in_flight |= glance.in_flight;
            seen.inbound |= glance.has_inbound;
            let free = u32::try_from(glance.free).unwrap_or(0);
            if !terms.enabled || free < units_min || self.is_full(self.offers.len() - first) {
                self.skip_on_hand(line, node, terms, free);
            } else {
                let shipment = self.shipment_today(route, node);
                self.offer(shipment, free);
            }
        });
        seen
    }

    #[cold]
    fn skip_on_hand(&mut self, line: usize, node: NodeNo, terms: Terms, free: u32) {
        let verdict = match free {
            _ if !terms.enabled => Verdict::NodeDisabled,
            0 => Verdict::NoStock,
            _ if self.cut_short => Verdict::NotConsidered,
            _ => Verdict::NotEnough,
        };
        self.skip(line, node, on_hand_at(terms), free, verdict);
    }

    fn offer_inbound(
        &mut self,
        route: &Route<'_, '_>,
        (line, first): (usize, usize),
        no: NodeNo,
        glances: &[InboundGlance],
    ) {
        let planning = route.network.node(no);
        let at = route.wanted.at;
        let horizon = i64::from(route.network.policy.horizon_days) * 86_400_000_000;
        for glance in glances {
            let supply = Supply::Inbound(glance.no);
            if !planning.node.enabled {
                self.skip(line, no, supply, glance.free, Verdict::NodeDisabled);
            } else if glance.eta > at.saturating_add_micros(horizon) {
                self.skip(line, no, supply, glance.free, Verdict::BeyondHorizon);
            } else if glance.free == 0 {
                self.skip(line, no, supply, glance.free, Verdict::NoStock);
            } else if self.is_full(self.offers.len() - first) {
                self.skip(line, no, supply, glance.free, Verdict::NotConsidered);
            } else {
                let lead = planning.node.lead_time_days;
                let window = planning.calendar.ship_window_from(at, glance.eta, lead);
                self.inbound.push((index(self.offers.len()), supply));
                let shipment = self.shipment(route, route.dates(no, window.ship_by));
                self.offer(shipment, glance.free);
            }
        }
    }

    /// Whether an exact search takes no more candidates. A network of more than
    /// 512 nodes with stock of one SKU gets a plan that says that it is bounded.
    fn is_full(&mut self, line_offers: usize) -> bool {
        let full = self.shipments.len() >= SHIPMENTS_MAX || line_offers >= LINE_OFFERS_MAX / 2;
        self.cut_short |= full;
        full
    }

    fn skip(&mut self, line: usize, node: NodeNo, supply: Supply, free: u32, verdict: Verdict) {
        let candidate = Candidate { node, supply, free, verdict };
        self.skipped.push((u16::try_from(line).unwrap_or(u16::MAX), candidate));
    }

    #[inline]
    fn offer(&mut self, shipment: u16, free: u32) {
        let terms = &self.terms[usize::from(shipment)];
        self.offers.push(sourcing::Offer {
            quantity: free,
            shipment,
            late_days: terms.late_days,
            unit_cost: terms.unit_cost,
            balance: scarcity(free),
        });
    }

    /// Where an offer comes from.
    fn source(&self, network: &Network, offer: u32) -> (NodeNo, Supply) {
        let shipment = usize::from(self.offers[offer as usize].shipment);
        let node = self.terms[shipment].dates.node;
        let inbound = self.inbound.binary_search_by_key(&offer, |(of, _)| *of);
        let supply =
            inbound.map_or_else(|_| on_hand_at(network.terms(node)), |at| self.inbound[at].1);
        (node, supply)
    }

    /// The candidate shipment of a node for what is there now, made when there is
    /// none.
    #[inline]
    fn shipment_today(&mut self, route: &Route<'_, '_>, no: NodeNo) -> u16 {
        match self.today[usize::from(no.0)] {
            NONE => self.first_shipment_today(route, no),
            known => known,
        }
    }

    fn first_shipment_today(&mut self, route: &Route<'_, '_>, no: NodeNo) -> u16 {
        let at = route.wanted.at;
        let window = &mut self.windows[usize::from(no.0)];
        if at < window.from || at >= window.until {
            let planning = route.network.node(no);
            let fresh = planning.calendar.ship_window(at, planning.node.lead_time_days);
            *window = Window { from: at, until: fresh.valid_until, ship_by: fresh.ship_by };
        }
        let dates = route.dates(no, window.ship_by);
        // A later line may offer today what an earlier one has inbound today.
        let shipment = if self.inbound.is_empty() {
            self.new_shipment(route, dates)
        } else {
            self.shipment(route, dates)
        };
        self.today[usize::from(no.0)] = shipment;
        shipment
    }

    /// The candidate shipment of a node on a day, made when there is none.
    fn shipment(&mut self, route: &Route<'_, '_>, dates: Dates) -> u16 {
        match self.terms.iter().position(|other| other.dates == dates) {
            Some(there) => number(there),
            None => self.new_shipment(route, dates),
        }
    }

    fn new_shipment(&mut self, route: &Route<'_, '_>, dates: Dates) -> u16 {
        let (fixed_cost, unit_cost) = route.costs(dates.node);
        self.shipments.push(sourcing::Shipment { fixed_cost, node: dates.node.0 });
        self.terms.push(Offered { dates, late_days: route.late_days(dates), unit_cost });
        number(self.terms.len() - 1)
    }

    fn trace(&self, network: &Network, bounded: bool) -> Box<[u8]> {
        let mut writer = TraceWriter::new(bounded, self.offers.len() + self.skipped.len());
        for (at, line) in self.lines.iter().enumerate() {
            let skipped = self.skipped.iter().filter(|(of, _)| usize::from(*of) == at);
            writer.line(line.offers.len() + skipped.clone().count());
            for offer in line.offers.clone() {
                let (node, supply) = self.source(network, offer);
                let free = self.offers[offer as usize].quantity;
                let verdict = self.reasons[offer as usize].into();
                writer.candidate(&Candidate { node, supply, free, verdict });
            }
            skipped.for_each(|(_, candidate)| writer.candidate(candidate));
        }
        writer.finish()
    }

    fn draft(
        &self,
        route: &Route<'_, '_>,
        plan: &sourcing::Plan,
        in_flight_seen: bool,
        trace: Box<[u8]>,
    ) -> Draft {
        let mut shipments = SmallVec::<[Shipment; 4]>::new();
        let mut used = SmallVec::<[u16; 4]>::new();
        let mut allocations = SmallVec::<[(NodeNo, Allocation); 8]>::new();
        for pick in &plan.picks {
            let candidate = self.offers[pick.offer as usize].shipment;
            let at = used.iter().position(|other| *other == candidate).unwrap_or_else(|| {
                let dates = self.terms[usize::from(candidate)].dates;
                used.push(candidate);
                shipments.push(Shipment {
                    node: dates.node,
                    ship_by: Some(dates.ship_by),
                    deliver_by: Some(dates.deliver_by),
                    shipped: None,
                });
                used.len() - 1
            });
            let (node, supply) = self.source(route.network, pick.offer);
            allocations.push((node, allocation(pick.line, at, supply, pick.quantity)));
        }
        let wanted = route.wanted;
        if wanted.shortage == Shortage::Backorder && plan.score.unfilled_units > 0 {
            backorder(route, plan, &mut shipments, &mut allocations);
        }
        number_by_date(&mut shipments, &mut allocations);
        allocations.sort_by_key(|(node, a)| (a.line, *node, a.shipment));
        let partial = wanted.shortage == Shortage::Partial;
        let lines = wanted.lines.iter().zip(&plan.unfilled).map(|(want, short)| OrderLine {
            sku: want.sku,
            ordered: want.quantity,
            cancelled: if partial { *short } else { 0 },
        });
        Draft {
            lines: lines.collect(),
            shipments: shipments.into_iter().collect(),
            allocations: allocations.into_iter().map(|(_, allocation)| allocation).collect(),
            unfilled: plan.unfilled.iter().copied().collect(),
            cut_short: self.cut_short,
            in_flight_seen,
            trace,
        }
    }
}

fn allocation(line: u16, shipment: usize, supply: Supply, units: u32) -> Allocation {
    let shipment = u16::try_from(shipment).expect("fewer shipments than a u16 holds");
    Allocation { line, shipment, supply, units, shipped: 0, cancelled: 0 }
}

/// Numbers shipments by date, those that wait for supply last: the firmest units
/// of a line at a node belong to its earliest shipment.
fn number_by_date(
    shipments: &mut SmallVec<[Shipment; 4]>,
    allocations: &mut [(NodeNo, Allocation)],
) {
    let mut places: SmallVec<[usize; 4]> = (0..shipments.len()).collect();
    places.sort_by_key(|at| (shipments[*at].ship_by.is_none(), shipments[*at].ship_by));
    if places.is_sorted() {
        return;
    }
    for (_, allocation) in allocations {
        let planned = usize::from(allocation.shipment);
        let place = places.iter().position(|at| *at == planned).expect("a place for each");
        allocation.shipment = u16::try_from(place).expect("fewer shipments than a u16 holds");
    }
    *shipments = places.iter().map(|at| shipments[*at].clone()).collect();
}

/// Lets units without supply wait where they would best ship from.
fn backorder(
    route: &Route<'_, '_>,
    plan: &sourcing::Plan,
    shipments: &mut SmallVec<[Shipment; 4]>,
    allocations: &mut SmallVec<[(NodeNo, Allocation); 8]>,
) {
    let mut homes = SmallVec::<[(NodeNo, usize); 2]>::new();
    for (line, short) in plan.unfilled.iter().enumerate().filter(|(_, short)| **short > 0) {
        let Some(node) = home(route, &route.wanted.lines[line]) else {
            continue;
        };
        let known = homes.iter().find(|(of, _)| *of == node).map(|(_, at)| *at);
        let at = known.unwrap_or_else(|| {
            shipments.push(Shipment { node, ship_by: None, deliver_by: None, shipped: None });
            homes.push((node, shipments.len() - 1));
            shipments.len() - 1
        });
        let line = u16::try_from(line).expect("ORDER_LINES_MAX fits 16 bits");
        allocations.push((node, allocation(line, at, Supply::Backorder, *short)));
    }
}

/// The node at which units wait: the cheapest to ship from of those that ever
/// had the item, or of all when none did. Nobody waits at a supplier.
fn home(route: &Route<'_, '_>, line: &WantedLine<'_>) -> Option<NodeNo> {
    let fits = |no: &NodeNo| {
        let terms = route.network.terms(*no);
        terms.enabled && !terms.is_supplier
    };
    let cost = |no: &NodeNo| {
        let (shipment_cost, unit_cost) = route.costs(*no);
        (shipment_cost + unit_cost, *no)
    };
    let known = |no: &NodeNo| route.network.known_terms(*no).is_some();
    let stocked = line.entry.row.iter().map(|slot| slot.node);
    let stocked = stocked.filter(known).filter(fits).min_by_key(cost);
    let all = || (0..=u16::MAX).take(route.network.nodes.len()).map(NodeNo);
    stocked.or_else(|| all().filter(fits).min_by_key(cost))
}

/// What units on hand at a node are pegged to.
fn on_hand_at(terms: Terms) -> Supply {
    if terms.is_supplier { Supply::Supplier } else { Supply::OnHand }
}

/// The balance penalty of one unit: taking from a pair that has little left
/// leaves the network less even than taking from one that has plenty. Parts of
/// ten thousand, inversely to what is free.
fn scarcity(free: u32) -> u32 {
    // Most pairs have too few or too many for a division to be worth its time.
    if free >= 10_000 { 0 } else { 10_000 / (free + 1) }
}

fn number(shipment: usize) -> u16 {
    u16::try_from(shipment).expect("fewer candidate shipments than a u16 holds")
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("ORDER_LINES_MAX x NODES_MAX fits 32 bits")
}
