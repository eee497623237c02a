//! The common case: one shipment fills every line, in time.

use super::problem::{Problem, Split};
use super::weight::{Ranking, Weight};

/// What one shipment alone would come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    cost: u64,
    balance: u64,
    /// Lines that it fills alone and in time: the first so many, or it is out.
    filled: usize,
    /// The line that had an offer in it last, counted from 1.
    seen: usize,
}

/// The best plan in which one shipment fills every line in time: the shipment, and
/// the plan's weight. `None` if there is no such plan, or if a line has two offers in
/// one shipment that could go into the plan. Of equals, the shipment with the lowest index wins.
///
/// Where the promise and shipments come first, no plan is better: nothing is late,
/// and nothing ships with less than one shipment.
pub(super) fn best_single(
    problem: &Problem<'_>,
    ranking: Ranking,
    tallies: &mut Vec<Tally>,
) -> Option<(usize, Weight)> {
    let whole = problem.policy.split == Split::WholeLine;
    tallies.clear();
    tallies.resize(problem.shipments.len(), Tally::default());
    for (before, line) in problem.lines.iter().enumerate() {
        let units = u64::from(line.quantity);
        for (_, offer) in problem.offers_of(line) {
            let fills = offer.quantity >= line.quantity;
            let useless = offer.quantity == 0 || (whole && !fills);
            if offer.late_days > 0 || useless {
                continue;
            }
            let tally = &mut tallies[usize::from(offer.shipment)];
            // Together the two may fill the line, and for less: only the search sees.
            if tally.seen > before {
                return None;
            }
            tally.seen = before + 1;
            if !fills || tally.filled < before {
                continue;
            }
            tally.filled += 1;
            tally.cost += units * offer.unit_cost.unsigned_abs();
            tally.balance += units * u64::from(offer.balance);
        }
    }
    let full = tallies.iter().zip(problem.shipments).enumerate();
    let full = full.filter(|(_, (tally, _))| tally.filled == problem.lines.len());
    let weighed = full.map(|(at, (tally, shipment))| {
        (at, ranking.single(tally.cost + shipment.fixed_cost.unsigned_abs(), tally.balance))
    });
    // Of equals, `min_by_key` takes the first.
    weighed.min_by_key(|(_, weight)| *weight)
}
