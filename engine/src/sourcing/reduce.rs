//! First step: what each line settles on its own.
//!
//! **The best filling of a line, given the open shipments, is greedy.** Lines
//! share no supply, so with the open set fixed they are independent. Weights of
//! units are linear and ordered lexicographically, which is an ordered group:
//! if a filling uses a unit while a unit of less weight is free, exchanging the
//! two makes it better. So the best filling takes the offers by weight until
//! the line is full (one offer, where lines are not split). Weights of lines
//! add, and the best sum is the sum of the bests.
//!
//! **Objectives ahead of shipments and cost are settled here.** They do not
//! depend on what else is open, so that the filling with everything open
//! reaches their best value, and every best plan has to reach it too: each line
//! takes all units that are better in that prefix of the order than its last
//! unit (their shipments are forced open), and chooses the rest among offers
//! that are equal in the prefix. All other offers leave the search. In the
//! default order this keeps the offers in time, and nothing else.

use std::ops::Range;

use super::problem::{Line, Problem, Split};
use super::reduced::{Candidate, Demand, FORCED, Reduced, UNSEEN};
use super::weight::{Ranking, Weight};

/// Fills `reduced` from `problem`.
pub(super) fn reduce(problem: &Problem<'_>, ranking: Ranking, reduced: &mut Reduced) {
    reduced.clear(problem.shipments.len());
    for line in problem.lines {
        reduce_line(problem, ranking, line, reduced);
    }
    number_shipments(problem, ranking, reduced);
}

fn reduce_line(problem: &Problem<'_>, ranking: Ranking, line: &Line, reduced: &mut Reduced) {
    let start = reduced.candidates.len();
    match problem.policy.split {
        Split::WholeLine => {
            gather(problem, ranking, line, line.quantity, reduced);
            keep_best_prefix(ranking, start, 0, reduced);
            if reduced.candidates.len() == start + 1 {
                force(reduced, start..start + 1);
            } else {
                demand(reduced, start, line.quantity);
            }
        }
        Split::Units => {
            gather(problem, ranking, line, 1, reduced);
            settle_units(ranking, line.quantity, start, reduced);
        }
    }
}

/// Appends the offers with at least `quantity_min` units as candidates, each
/// with the weight of one unit.
fn gather(
    problem: &Problem<'_>,
    ranking: Ranking,
    line: &Line,
    quantity_min: u32,
    reduced: &mut Reduced,
) {
    for (number, offer) in problem.offers_of(line) {
        if offer.quantity >= quantity_min {
            reduced.candidates.push(Candidate {
                weight: ranking.unit(offer.late_days, offer.unit_cost, offer.balance),
                units: offer.quantity.min(line.quantity),
                offer: number,
                shipment: offer.shipment,
            });
        }
    }
}

/// Keeps only the candidates of the best prefix, if they have more than
/// `units_above` units together. Returns whether they do.
fn keep_best_prefix(
    ranking: Ranking,
    start: usize,
    units_above: u64,
    reduced: &mut Reduced,
) -> bool {
    let prefix = |candidate: &Candidate| ranking.prefix_of(candidate.weight);
    let candidates = &mut reduced.candidates[start..];
    let Some(best) = candidates.iter().map(prefix).min() else { return false };
    let in_class = candidates.iter().filter(|candidate| prefix(candidate) == best);
    if in_class.map(|candidate| u64::from(candidate.units)).sum::<u64>() <= units_above {
        return false;
    }
    let mut kept = 0;
    for position in 0..candidates.len() {
        if prefix(&candidates[position]) == best {
            candidates[kept] = candidates[position];
            kept += 1;
        }
    }
    reduced.candidates.truncate(start + kept);
    true
}

/// Walks the classes of equal prefix, best first: forces the ones that are
/// used up, and leaves the one that is not to the search.
fn settle_units(ranking: Ranking, quantity: u32, start: usize, reduced: &mut Reduced) {
    // The common case needs no sorting: the best class has enough.
    if keep_best_prefix(ranking, start, u64::from(quantity), reduced) {
        demand(reduced, start, quantity);
        return;
    }
    let prefix = |candidate: &Candidate| ranking.prefix_of(candidate.weight);
    reduced.candidates[start..].sort_unstable_by_key(|c| (prefix(c), c.offer));
    let mut left = u64::from(quantity);
    let mut first = start;
    while left > 0 && first < reduced.candidates.len() {
        let class = prefix(&reduced.candidates[first]);
        let rest = &reduced.candidates[first..];
        let len = rest.iter().take_while(|candidate| prefix(candidate) == class).count();
        let units = rest[..len].iter().map(|candidate| u64::from(candidate.units)).sum::<u64>();
        if units > left {
            reduced.candidates.truncate(first + len);
            reduced.candidates.drain(start..first);
            demand(reduced, start, u32::try_from(left).unwrap_or(u32::MAX));
            return;
        }
        force(reduced, first..first + len);
        left -= units;
        first += len;
    }
    reduced.candidates.truncate(start);
}

/// All units of these candidates are in every best plan.
fn force(reduced: &mut Reduced, range: Range<usize>) {
    for position in range {
        let candidate = reduced.candidates[position];
        reduced.base += candidate.weight.times(u64::from(candidate.units));
        reduced.local[usize::from(candidate.shipment)] = FORCED;
    }
}

/// Leaves the candidates from `start` on to the search, which has to take
/// `units` of them.
fn demand(reduced: &mut Reduced, start: usize, units: u32) {
    let candidates = &mut reduced.candidates[start..];
    if candidates.is_empty() {
        return;
    }
    let single = candidates.iter().all(|candidate| candidate.units >= units);
    for candidate in candidates {
        // A line that one offer always fills counts as one unit of its own size.
        if single {
            candidate.weight = candidate.weight.times(u64::from(units));
            candidate.units = 1;
        } else {
            candidate.units = candidate.units.min(units);
        }
    }
    reduced.demands.push(Demand {
        candidates: start..reduced.candidates.len(),
        units: if single { 1 } else { units },
        single,
    });
}

/// Numbers the shipments that are still in question from 1 on, in order of
/// their first candidate, and all that are forced 0: sets stay small.
fn number_shipments(problem: &Problem<'_>, ranking: Ranking, reduced: &mut Reduced) {
    reduced.charges.push(Weight::ZERO);
    reduced.shipments.push(u16::MAX);
    for (shipment, state) in problem.shipments.iter().zip(&reduced.local) {
        if *state == FORCED {
            reduced.base += ranking.shipment(shipment.fixed_cost);
        }
    }
    for candidate in &mut reduced.candidates {
        let local = &mut reduced.local[usize::from(candidate.shipment)];
        if *local == UNSEEN {
            *local = u16::try_from(reduced.charges.len()).unwrap_or(u16::MAX);
            let fixed_cost = problem.shipments[usize::from(candidate.shipment)].fixed_cost;
            reduced.charges.push(ranking.shipment(fixed_cost));
            reduced.shipments.push(candidate.shipment);
        }
        candidate.shipment = *local;
    }
}
