//! What the lines of an order could be filled from: offers, and the shipments that they
//! would go in.

use std::sync::Arc;

use super::{InboundGlance, Route, WantedLine, index, number};
use crate::engine::network::Network;
use crate::engine::trace::{Candidate, Verdict};
use crate::model::{Day, NodeNo, Split, Supply, Timestamp};
use crate::sourcing::limits::{LINE_OFFERS_MAX, SHIPMENTS_MAX};
use crate::sourcing::{Offer, Shipment};

/// Offers of one line on hand; as many may be of inbound supply.
const ON_HAND_MAX: usize = LINE_OFFERS_MAX / 2;

/// A node without a shipment of today.
const NONE: u16 = u16::MAX;

/// The candidates of one order, in memory that is kept from order to order.
#[derive(Default)]
pub(super) struct Candidates {
    network: Option<Arc<Network>>,
    nodes: Vec<Today>,
    dock: Dock,
    offers: Vec<Offer>,
    /// Candidates that make no offer, by line.
    skipped: Vec<(u16, Candidate)>,
    /// Whether candidates were left out.
    cut_short: bool,
}

/// A node, and its shipment of today. Every offer reads one, so that it is small.
#[derive(Clone, Copy)]
struct Today {
    /// What a unit costs in that shipment.
    unit_cost: i64,
    shipment: u16,
    late_days: u16,
    enabled: bool,
    supply: OnHand,
}

/// What units that are there are pegged to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnHand {
    Own,
    Vendor,
}

/// The candidate shipments.
#[derive(Default)]
struct Dock {
    shipments: Vec<Shipment>,
    /// By shipment.
    dates: Vec<Dates>,
    /// By node: when it ships what arrives now.
    windows: Vec<Window>,
    /// Which offers are of inbound supply, ascending by offer. All others are of what
    /// is there.
    inbound: Vec<(u32, Supply)>,
}

/// When a node ships work that arrives within a span of time.
#[derive(Clone, Copy)]
struct Window {
    from: Timestamp,
    until: Timestamp,
    ship_by: Day,
}

/// What tells a candidate shipment from others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) node: NodeNo,
    pub(super) ship_by: Day,
    pub(super) deliver_by: Day,
}

/// What was seen of the pairs of a line.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    /// Units are claimed or withheld in flight: they may come back.
    pub(super) in_flight: bool,
    /// An inbound supply is open.
    pub(super) inbound: bool,
}

impl Candidates {
    /// Starts over, for an order that is planned on `network`.
    pub(super) fn begin(&mut self, network: &Arc<Network>) {
        if self.network.as_ref().is_some_and(|known| Arc::ptr_eq(known, network)) {
            for dates in &self.dock.dates {
                self.nodes[usize::from(dates.node.0)].shipment = NONE;
            }
        } else {
            self.learn(network);
        }
        self.dock.shipments.clear();
        self.dock.dates.clear();
        self.dock.inbound.clear();
        self.offers.clear();
        self.skipped.clear();
        self.cut_short = false;
    }

    fn learn(&mut self, network: &Arc<Network>) {
        let today = |terms: &crate::engine::network::Terms| Today {
            unit_cost: 0,
            shipment: NONE,
            late_days: 0,
            enabled: terms.enabled,
            supply: if terms.is_supplier { OnHand::Vendor } else { OnHand::Own },
        };
        self.nodes.clear();
        self.nodes.extend(network.all_terms().iter().map(today));
        let never = Timestamp::from_micros(i64::MAX);
        let empty = Window { from: never, until: never, ship_by: Day::default() };
        self.dock.windows.clear();
        self.dock.windows.resize(self.nodes.len(), empty);
        self.network = Some(Arc::clone(network));
    }

    /// The offers of all lines so far.
    pub(super) fn offers(&self) -> &[Offer] {
        &self.offers
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
        self.cut_short
    }

    /// Where an offer comes from.
    #[inline]
    pub(super) fn source(&self, offer: u32) -> (NodeNo, Supply) {
        let node = self.dates(self.offers[offer as usize].shipment).node;
        if !self.dock.inbound.is_empty()
            && let Ok(at) = self.dock.inbound.binary_search_by_key(&offer, |(of, _)| *of)
        {
            return (node, self.dock.inbound[at].1);
        }
        (node, self.nodes[usize::from(node.0)].supply())
    }

    /// Offers what every pair of the line's SKU has free now, but for those at nodes
    /// that this network does not know yet: nothing durable is there.
    pub(super) fn on_hand(
        &mut self,
        route: &Route<'_, '_>,
        line: usize,
        want: &WantedLine<'_>,
    ) -> Seen {
        let Self { nodes, dock, offers, skipped, cut_short, .. } = self;
        let units_min = match route.wanted.split {
            Split::WholeLine => want.quantity,
            Split::Units => 1,
        };
        let offers_max = offers.len() + ON_HAND_MAX;
        let mut seen = Seen::default();
        want.entry.row.glances(|node, glance| {
            let Some(here) = nodes.get_mut(usize::from(node.0)) else { return };
            seen.in_flight |= glance.in_flight;
            seen.inbound |= glance.has_inbound;
            let free = glance.free.max(0).cast_unsigned();
            let is_full = offers.len() >= offers_max || (here.shipment == NONE && dock.is_full());
            if !here.enabled || free < units_min || is_full {
                let (candidate, left_out) = here.skip(node, free, units_min);
                *cut_short |= left_out;
                skipped.push((line_no(line), candidate));
                return;
            }
            if here.shipment == NONE {
                here.open(dock, route, node);
            }
            offers.push(here.offer(free));
        });
        seen
    }

    /// Offers what the inbound supplies of one pair have free.
    pub(super) fn inbound(
        &mut self,
        route: &Route<'_, '_>,
        line: usize,
        no: NodeNo,
        glances: &[InboundGlance],
    ) {
        let planning = route.network.node(no);
        let at = route.wanted.at;
        let horizon = i64::from(route.network.policy.horizon_days) * 86_400_000_000;
        for glance in glances {
            let supply = Supply::Inbound(glance.no);
            let verdict = if !planning.node.enabled {
                Verdict::NodeDisabled
            } else if glance.eta > at.saturating_add_micros(horizon) {
                Verdict::BeyondHorizon
            } else if glance.free == 0 {
                Verdict::NoStock
            } else if self.dock.is_full() || self.dock.inbound.len() >= ON_HAND_MAX {
                self.cut_short = true;
                Verdict::NotConsidered
            } else {
                let lead = planning.node.lead_time_days;
                let window = planning.calendar.ship_window_from(at, glance.eta, lead);
                self.dock.inbound.push((index(self.offers.len()), supply));
                let offer = self.dock.offer(route, route.dates(no, window.ship_by), glance.free);
                self.offers.push(offer);
                continue;
            };
            let candidate = Candidate { node: no, supply, free: glance.free, verdict };
            self.skipped.push((line_no(line), candidate));
        }
    }
}

impl Today {
    fn supply(self) -> Supply {
        match self.supply {
            OnHand::Own => Supply::OnHand,
            OnHand::Vendor => Supply::Supplier,
        }
    }

    #[inline]
    fn offer(self, free: u32) -> Offer {
        Offer {
            quantity: free,
            shipment: self.shipment,
            late_days: self.late_days,
            unit_cost: self.unit_cost,
            balance: scarcity(free),
        }
    }

    /// Why it makes no offer; true when it is left out of a search that is full.
    #[cold]
    fn skip(self, node: NodeNo, free: u32, units_min: u32) -> (Candidate, bool) {
        let verdict = match free {
            _ if !self.enabled => Verdict::NodeDisabled,
            0 => Verdict::NoStock,
            _ if free < units_min => Verdict::NotEnough,
            _ => Verdict::NotConsidered,
        };
        let candidate = Candidate { node, supply: self.supply(), free, verdict };
        (candidate, verdict == Verdict::NotConsidered)
    }

    /// Opens the node's shipment of today.
    fn open(&mut self, dock: &mut Dock, route: &Route<'_, '_>, no: NodeNo) {
        let dates = route.dates(no, dock.ship_by(route, no));
        // A later line may offer today what an earlier one has inbound today.
        self.shipment = match dock.inbound.is_empty() {
            true => dock.add(route, dates),
            false => dock.find_or_add(route, dates),
        };
        self.late_days = route.late_days(dates);
        self.unit_cost = route.costs(no).1;
    }
}

impl Dock {
    /// Whether an exact search takes no more shipments.
    fn is_full(&self) -> bool {
        self.shipments.len() >= SHIPMENTS_MAX
    }

    /// The day on which a node ships what is there.
    fn ship_by(&mut self, route: &Route<'_, '_>, no: NodeNo) -> Day {
        let at = route.wanted.at;
        let window = &mut self.windows[usize::from(no.0)];
        if at < window.from || at >= window.until {
            let planning = route.network.node(no);
            let fresh = planning.calendar.ship_window(at, planning.node.lead_time_days);
            *window = Window { from: at, until: fresh.valid_until, ship_by: fresh.ship_by };
        }
        window.ship_by
    }

    fn offer(&mut self, route: &Route<'_, '_>, dates: Dates, free: u32) -> Offer {
        Offer {
            quantity: free,
            shipment: self.find_or_add(route, dates),
            late_days: route.late_days(dates),
            unit_cost: route.costs(dates.node).1,
            balance: scarcity(free),
        }
    }

    /// The candidate shipment of a node on a day, made when there is none.
    fn find_or_add(&mut self, route: &Route<'_, '_>, dates: Dates) -> u16 {
        match self.dates.iter().position(|other| *other == dates) {
            Some(there) => number(there),
            None => self.add(route, dates),
        }
    }

    fn add(&mut self, route: &Route<'_, '_>, dates: Dates) -> u16 {
        let fixed_cost = route.costs(dates.node).0;
        self.shipments.push(Shipment { fixed_cost, node: dates.node.0 });
        self.dates.push(dates);
        number(self.dates.len() - 1)
    }
}

/// The balance penalty of one unit: taking from a pair that has little left
/// leaves the network less even than taking from one that has plenty. Parts of
/// ten thousand, inversely to what is free.
#[inline]
fn scarcity(free: u32) -> u32 {
    // Of most pairs it is too small or too common for a division to be worth its time.
    if free >= 10_000 { 0 } else { 10_000 / (free + 1) }
}

fn line_no(line: usize) -> u16 {
    u16::try_from(line).expect("ORDER_LINES_MAX fits 16 bits")
}
