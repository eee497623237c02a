//! Plans, written from the shipments that they open.

use smallvec::SmallVec;

use super::order::Order;
use super::single::One;
use super::view::Views;
use super::weighed::Packing;
use crate::sourcing::limits::NARROW_LINES_MAX as LINES;
use crate::sourcing::plan::{Exactness, Pick, Plan, Score};
use crate::sourcing::problem::Problem;
use crate::sourcing::set::members;

/// The plan of one shipment that fills every line.
pub(super) fn one(problem: &Problem<'_>, views: &Views, one: One) -> Plan {
    let mut score = Score { shipments: 1, ..Score::default() };
    score.cost = problem.shipments[one.shipment].fixed_cost.cast_unsigned();
    let mut picks = SmallVec::new();
    for (number, line) in (0u16..).zip(problem.lines) {
        let offer = match problem.lines.len() {
            1 => one.offer,
            _ => views.index(usize::from(number), one.shipment),
        };
        picks.push(Pick { offer, quantity: line.quantity, line: number });
        score.add(&problem.offers[offer as usize], line.quantity);
    }
    let unfilled = SmallVec::from_elem(0, problem.lines.len());
    Plan { picks, unfilled, score, exactness: Exactness::Optimal }
}

/// The plan in which every line takes its best units from the shipments in `open`.
pub(super) fn several(problem: &Problem<'_>, order: Order, views: &Views, open: u64) -> Plan {
    let packing = Packing::new(order);
    let mut plan = Plan {
        picks: SmallVec::new(),
        unfilled: SmallVec::new(),
        score: Score::default(),
        exactness: Exactness::Optimal,
    };
    let mut used = 0;
    for (number, line) in (0u16..).zip(problem.lines) {
        let at = usize::from(number);
        let mut left = line.quantity;
        let mut take = |index: u32| {
            let offer = &problem.offers[index as usize];
            let quantity = offer.quantity.min(left);
            left -= quantity;
            used |= 1 << offer.shipment;
            plan.picks.push(Pick { offer: index, quantity, line: number });
            plan.score.add(offer, quantity);
            left == 0
        };
        if views.of(at).part & open == 0 {
            best_filling(problem, packing, views, at, open).map(&mut take);
        } else {
            filling(problem, packing, views, at, open).into_iter().any(|(_, index)| take(index));
        }
        plan.unfilled.push(left);
        plan.score.unfilled_units += u64::from(left);
    }
    for shipment in members(used) {
        plan.score.shipments += 1;
        plan.score.cost += problem.shipments[shipment].fixed_cost.cast_unsigned();
    }
    plan
}

/// The best offer, where each of them fills the line.
#[inline]
fn best_filling(
    problem: &Problem<'_>,
    packing: Packing,
    views: &Views,
    line: usize,
    open: u64,
) -> Option<u32> {
    let mut best = None;
    for shipment in members(views.of(line).full & open) {
        let index = views.index(line, shipment);
        let rank = (packing.unit(&problem.offers[index as usize]), index);
        if best.is_none_or(|best| rank < best) {
            best = Some(rank);
        }
    }
    best.map(|(_, index)| index)
}

/// What a line's units weigh and the offers they are in, the best first.
#[inline]
pub(super) fn filling(
    problem: &Problem<'_>,
    packing: Packing,
    views: &Views,
    line: usize,
    open: u64,
) -> SmallVec<[(u64, u32); LINES]> {
    let mut offers = SmallVec::new();
    for shipment in members(views.of(line).any() & open) {
        let index = views.index(line, shipment);
        offers.push((packing.unit(&problem.offers[index as usize]), index));
    }
    offers.sort_unstable();
    offers
}
