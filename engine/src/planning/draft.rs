//! From the solver's plan to the draft of an order: shipments by date, allocations, and
//! where units without supply wait.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::candidates::{Candidates, line_no};
use super::route::Route;
use super::wanted::Wanted;
use crate::model::{
    Allocation, Day, NodeNo, OrderLine, OrderedBundle, Pair, Pegged, Shipment, Shortage, Supply,
};
use crate::sourcing;

/// What an order would get.
pub struct Draft {
    /// Lines with what is short at placing cancelled: of a bundle, a line for each component.
    pub lines: Box<[OrderLine]>,
    /// The bundles among what is wanted, if there are any.
    pub bundles: Option<Box<DraftBundles>>,
    /// Shipments.
    pub shipments: Box<[Shipment]>,
    /// Allocations, ascending by line, node, shipment, supply.
    pub allocations: Box<[Allocation]>,
    /// The day that counts as on time.
    pub promise_by: Day,
    /// Units without supply, by what is wanted: a bundle is one line here.
    pub unfilled: SmallVec<[u32; 4]>,
    /// What the plan costs, in minor units of the policy's currency: what the objective of cost
    /// counts. Units that wait cost nothing yet.
    pub cost: u64,
    /// Whether candidates were left out.
    pub cut_short: bool,
    /// Whether something comes later than the policy promises to new orders: units that wait
    /// are given it all the same.
    pub comes_late: bool,
    /// What of what is wanted claims or changes in flight may hide supply from this plan.
    pub in_flight: SmallVec<[u16; 4]>,
    /// Why.
    pub trace: Box<[u8]>,
    /// Whether a pair was asked what the order may have of it: the claim says who asks.
    pub asked: bool,
}

/// The bundles of a draft that has some. Few have, and the future of placing an order has no room
/// for more than a word.
pub struct DraftBundles(pub Box<[OrderedBundle]>);

impl Draft {
    /// The bundles among what is wanted.
    pub fn bundles(&self) -> &[OrderedBundle] {
        self.bundles.as_deref().map_or(&[], |bundles| &bundles.0)
    }

    /// Units without supply.
    pub fn unfilled_units(&self) -> u64 {
        self.unfilled.iter().map(|units| u64::from(*units)).sum()
    }

    /// Units that are to wait for supply. Of an order with bundles, they are others than those that
    /// lack supply: these are of whole bundles.
    pub fn waiting_units(&self) -> u64 {
        let waiting = self.allocations.iter().filter(|a| a.supply == Supply::Backorder);
        waiting.map(|a| u64::from(a.units)).sum()
    }

    /// The lines that lack units.
    pub fn lacking(&self) -> impl Iterator<Item = usize> {
        self.unfilled.iter().enumerate().filter(|(_, short)| **short > 0).map(|(line, _)| line)
    }

    /// Shipments with such units have no day: nobody knows when these come.
    pub fn forget_days(&mut self, is_unknown: impl Fn(u16, NodeNo, Supply) -> bool) {
        let shipments = &mut self.shipments;
        let node =
            |of: &Allocation, shipments: &[Shipment]| shipments[usize::from(of.shipment)].node;
        let mut is_changed = false;
        for of in &self.allocations {
            if is_unknown(of.line, node(of, shipments), of.supply) {
                let shipment = &mut shipments[usize::from(of.shipment)];
                (shipment.ship_by, shipment.deliver_by) = (None, None);
                is_changed = true;
            }
        }
        if is_changed {
            let mut numbered: SmallVec<[Shipment; 4]> = shipments.iter().cloned().collect();
            let with_node = |of: &Allocation| (node(of, shipments), *of);
            let mut all: SmallVec<[(NodeNo, Allocation); 8]> =
                self.allocations.iter().map(with_node).collect();
            number_by_date(&mut numbered, &mut all);
            all.sort_by_key(|(node, a)| (a.line, *node, a.shipment, a.supply));
            self.shipments = numbered.into_iter().collect();
            self.allocations = all.into_iter().map(|(_, allocation)| allocation).collect();
        }
    }

    /// What it takes beyond units that stay with the order that has them.
    #[must_use]
    pub fn beyond_what_stays(self, wanted: &Wanted<'_>) -> Self {
        match wanted.own.map(|own| &own.stays[..]) {
            None | Some([]) => self,
            Some(stays) => self.beyond(stays),
        }
    }

    /// What of it is not among these units: a line for each item, and no bundles.
    fn beyond(self, units: &[Pegged]) -> Self {
        let mut left = BTreeMap::<(Pair, Supply), u32>::new();
        for peg in units {
            *left.entry((peg.pair, peg.supply)).or_default() += peg.units;
        }
        let mut lines = SmallVec::<[OrderLine; 4]>::new();
        let mut allocations = SmallVec::<[(NodeNo, Allocation); 8]>::new();
        for a in &self.allocations {
            let node = self.shipments[usize::from(a.shipment)].node;
            let sku = self.lines[usize::from(a.line)].sku;
            let there = left.entry((Pair { sku, node }, a.supply)).or_default();
            let stays = a.units.min(*there);
            *there -= stays;
            if stays < a.units {
                let line = lines.iter().position(|line| line.sku == sku).unwrap_or_else(|| {
                    lines.push(OrderLine { sku, ordered: 0, cancelled: 0 });
                    lines.len() - 1
                });
                lines[line].ordered += a.units - stays;
                let place = (line_no(line), a.shipment);
                allocations.push((node, Allocation::new(place, a.supply, a.units - stays)));
            }
        }
        let is_used = |at: usize| allocations.iter().any(|(_, a)| usize::from(a.shipment) == at);
        let used: SmallVec<[usize; 4]> =
            (0..self.shipments.len()).filter(|at| is_used(*at)).collect();
        for (_, a) in &mut allocations {
            let place = used.iter().position(|at| *at == usize::from(a.shipment));
            a.shipment = line_no(place.expect("it is used"));
        }
        allocations.sort_by_key(|(node, a)| (a.line, *node, a.shipment, a.supply));
        allocations.dedup_by(|(_, next), (_, sum)| {
            let is_same =
                (next.line, next.shipment, next.supply) == (sum.line, sum.shipment, sum.supply);
            sum.units += if is_same { next.units } else { 0 };
            is_same
        });
        Self {
            unfilled: SmallVec::from_elem(0, lines.len()),
            lines: lines.into_iter().collect(),
            bundles: None,
            shipments: used.into_iter().map(|at| self.shipments[at].clone()).collect(),
            allocations: allocations.into_iter().map(|(_, a)| a).collect(),
            in_flight: SmallVec::new(),
            trace: Box::default(),
            ..self
        }
    }

    /// Whether supply of that line may be hidden by what is in flight.
    pub fn is_in_flight(&self, line: usize) -> bool {
        self.in_flight.iter().any(|of| usize::from(*of) == line)
    }
}

/// The draft of what the solver planned.
pub(super) fn draft(
    route: &Route<'_, '_>,
    candidates: &Candidates,
    plan: &sourcing::Plan,
    (in_flight, trace): (&[u16], Box<[u8]>),
) -> Draft {
    let mut shipments = SmallVec::<[Shipment; 4]>::new();
    let mut used = SmallVec::<[u16; 4]>::new();
    let mut allocations = SmallVec::<[(NodeNo, Allocation); 8]>::new();
    for pick in &plan.picks {
        let candidate = candidates.offers()[pick.offer as usize].shipment;
        let at = used.iter().position(|other| *other == candidate).unwrap_or_else(|| {
            let dates = candidates.dates(candidate);
            used.push(candidate);
            shipments.push(Shipment {
                ship_by: Some(dates.ship_by),
                deliver_by: Some(dates.deliver_by),
                ..Shipment::waiting(dates.node)
            });
            used.len() - 1
        });
        candidates.take(pick.offer, pick.quantity, |node, supply, units| {
            allocations.push((node, allocation(pick.line, at, supply, units)));
        });
    }
    let wanted = route.wanted;
    if wanted.shortage == Shortage::Backorder && plan.score.unfilled_units > 0 {
        backorder(route, plan, &mut shipments, &mut allocations);
    }
    number_by_date(&mut shipments, &mut allocations);
    allocations.sort_by_key(|(node, a)| (a.line, *node, a.shipment, a.supply));
    let partial = wanted.shortage == Shortage::Partial;
    let lines = wanted.lines.iter().zip(&plan.unfilled).map(|(want, short)| OrderLine {
        sku: want.sku,
        ordered: want.quantity,
        cancelled: if partial { *short } else { 0 },
    });
    Draft {
        lines: lines.collect(),
        bundles: None,
        shipments: shipments.into_iter().collect(),
        allocations: allocations.into_iter().map(|(_, allocation)| allocation).collect(),
        promise_by: wanted.promise_by,
        unfilled: SmallVec::from_slice(&plan.unfilled),
        cost: plan.score.cost,
        cut_short: candidates.cut_short(),
        comes_late: candidates.comes_late(),
        in_flight: SmallVec::from_slice(in_flight),
        trace,
        asked: false,
    }
}

fn allocation(line: u16, shipment: usize, supply: Supply, units: u32) -> Allocation {
    let shipment = u16::try_from(shipment).expect("fewer shipments than a u16 holds");
    Allocation::new((line, shipment), supply, units)
}

/// Numbers shipments by date, those that wait for supply last: the firmest units
/// of a line at a node belong to its earliest shipment.
pub(super) fn number_by_date(
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
        let Some(node) = home(route, line) else {
            continue;
        };
        let known = homes.iter().find(|(of, _)| *of == node).map(|(_, at)| *at);
        let at = known.unwrap_or_else(|| {
            shipments.push(Shipment::waiting(node));
            homes.push((node, shipments.len() - 1));
            shipments.len() - 1
        });
        let line = u16::try_from(line).expect("ORDER_LINES_MAX fits 16 bits");
        allocations.push((node, allocation(line, at, Supply::Backorder, *short)));
    }
}

/// The node at which units wait: the cheapest to ship from of those that ever had
/// the item, or of all when none did. No unit waits at a supplier.
fn home(route: &Route<'_, '_>, at: usize) -> Option<NodeNo> {
    let line = &route.wanted.lines[at];
    let fits = |no: &NodeNo| {
        let terms = route.network.terms(*no);
        let is_fit = terms.enabled && !terms.is_supplier && route.is_picked_up_at(*no);
        is_fit && !route.barred.bars(*no) && !route.wanted.is_off_sourcing(at, *no)
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
