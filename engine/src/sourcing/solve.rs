//! A problem without conditions: the narrow way if it can be, otherwise try one shipment, reduce,
//! cover or search, write the plan.

use smallvec::SmallVec;

use super::plan::{Exactness, Pick, Plan, Score};
use super::problem::{Line, Problem};
use super::reduce::reduce;
use super::reduced::{FORCED, UNSEEN};
use super::scratch::Scratch;
use super::search::{Found, search};
use super::set::WORDS_MAX;
use super::single::best_single;
use super::weight::{Ranking, Weight};

/// The best plan, whatever conditions offers are under, within a budget of `steps_max`.
pub(super) fn solve_free(problem: &Problem<'_>, steps_max: u64, scratch: &mut Scratch) -> Plan {
    match scratch.narrow.solve(problem) {
        Some(chosen) => scratch.narrow.write(problem, chosen),
        None => solve_any(problem, steps_max, scratch),
    }
}

/// The general way, for problems of every kind.
pub(super) fn solve_any(problem: &Problem<'_>, steps_max: u64, scratch: &mut Scratch) -> Plan {
    let ranking = Ranking::new(problem.policy.objectives);
    let bound = choose_open(problem, ranking, steps_max, scratch);
    let mut plan = write_plan(problem, ranking, scratch);
    if let Some(bound) = bound {
        let bound = ranking.score(bound, plan.score.unfilled_units);
        if plan.score.compare(&bound, problem.policy.objectives).is_gt() {
            plan.exactness = Exactness::Bounded { bound };
        }
    }
    plan
}

/// Marks the shipments that the plan may use in `scratch.open`. Returns a
/// lower bound if they are not known to be the best.
fn choose_open(
    problem: &Problem<'_>,
    ranking: Ranking,
    steps_max: u64,
    scratch: &mut Scratch,
) -> Option<Weight> {
    scratch.open.clear();
    scratch.open.resize(problem.shipments.len(), false);
    let single = best_single(problem, ranking, &mut scratch.tallies);
    if let (Some((shipment, _)), true) = (single, ranking.promise_then_shipments_first()) {
        scratch.open[shipment] = true;
        return None;
    }
    reduce(problem, ranking, &mut scratch.reduced);
    let reduced = &mut scratch.reduced;
    for (open, local) in scratch.open.iter_mut().zip(&reduced.local) {
        *open = *local == FORCED;
    }
    if reduced.demands.is_empty() {
        return None;
    }
    if let Some(cover) = scratch.cover.solve(reduced, ranking) {
        for local in cover.iter().filter(|local| **local != FORCED) {
            scratch.open[usize::from(reduced.shipments[usize::from(*local)])] = true;
        }
        return None;
    }
    // A shipment that reducing left out is in no best plan.
    let single = single.map(|(shipment, weight)| (reduced.local[shipment], weight));
    let single = single.filter(|(local, _)| *local != UNSEEN);
    let found = match reduced.charges.len() {
        0..=64 => search::<1>(reduced, ranking, single, steps_max, &mut scratch.desk),
        _ => search::<WORDS_MAX>(reduced, ranking, single, steps_max, &mut scratch.desk),
    };
    open_found(problem, &found, scratch);
    found.bound
}

fn open_found(problem: &Problem<'_>, found: &Found, scratch: &mut Scratch) {
    debug_assert_eq!(problem.shipments.len(), scratch.open.len());
    for (local, shipment) in scratch.reduced.shipments.iter().enumerate().skip(1) {
        if found.open[local / 64] >> (local % 64) & 1 == 1 {
            scratch.open[usize::from(*shipment)] = true;
        }
    }
}

/// Fills every line greedily from the open shipments, which is the best that
/// they allow (see `reduce`), and adds up the score.
fn write_plan(problem: &Problem<'_>, ranking: Ranking, scratch: &mut Scratch) -> Plan {
    let mut plan = Plan {
        picks: SmallVec::new(),
        unfilled: SmallVec::new(),
        score: Score::default(),
        exactness: Exactness::Optimal,
    };
    for (number, line) in (0u16..).zip(problem.lines) {
        gather_open(problem, ranking, line, scratch);
        let left = fill_line(problem, number, line, &scratch.fill, &mut plan);
        plan.unfilled.push(left);
        plan.score.unfilled_units += u64::from(left);
    }
    charge_shipments(problem, &mut scratch.open, &mut plan);
    plan
}

/// The offers that the line can use, the best first.
fn gather_open(problem: &Problem<'_>, ranking: Ranking, line: &Line, scratch: &mut Scratch) {
    let quantity_min = problem.units_min(line);
    scratch.fill.clear();
    for (number, offer) in problem.offers_of(line) {
        if scratch.open[usize::from(offer.shipment)] && offer.quantity >= quantity_min {
            let weight = ranking.unit(offer.late_days, offer.unit_cost, offer.balance);
            scratch.fill.push((weight, number));
        }
    }
    if scratch.fill.len() > 1 {
        scratch.fill.sort_unstable();
    }
}

/// Adds the line's picks to the plan. Returns the units left unfilled.
fn fill_line(
    problem: &Problem<'_>,
    number: u16,
    line: &Line,
    fill: &[(Weight, u32)],
    plan: &mut Plan,
) -> u32 {
    let mut left = line.quantity;
    for (_, index) in fill {
        if left == 0 {
            break;
        }
        let offer = &problem.offers[*index as usize];
        let quantity = offer.quantity.min(left);
        left -= quantity;
        plan.picks.push(Pick { offer: *index, quantity, line: number });
        plan.score.add(offer, quantity);
    }
    left
}

/// Charges each shipment that has a pick once.
fn charge_shipments(problem: &Problem<'_>, open: &mut [bool], plan: &mut Plan) {
    for pick in &plan.picks {
        let shipment = usize::from(problem.offers[pick.offer as usize].shipment);
        if std::mem::take(&mut open[shipment]) {
            plan.score.shipments += 1;
            plan.score.cost += problem.shipments[shipment].fixed_cost.unsigned_abs();
        }
    }
}
