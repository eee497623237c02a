//! One shipment that fills every line, in time. Nothing is better where the promise
//! and the number of shipments come first.

use super::view::{Views, units_min};
use crate::sourcing::problem::{Line, Offer, Problem};
use crate::sourcing::weight::Ranking;

/// Whether one shipment can do it alone.
pub(super) enum Alone {
    /// It can, and no other does it better.
    Best(One),
    /// None can.
    Nobody,
}

/// What a plan with one shipment comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct One {
    pub(super) shipment: usize,
    /// Its offer for the last line.
    pub(super) last: u32,
    pub(super) cost: u64,
    pub(super) balance: u64,
}

/// Looks at one line after the other for as long as some shipment fills them all.
/// Those that are left are weighed when the last line names them. Of equals, the
/// lowest is taken. `None` if a shipment draws on two supplies of one line.
pub(super) fn alone(
    problem: &Problem<'_>,
    ranking: Ranking,
    views: &mut Views,
) -> Option<Alone> {
    views.clear();
    let (last, before) = problem.lines.split_last()?;
    let mut alive = u64::MAX;
    for line in before {
        alive &= views.look(problem, line, 0)?.full;
        if alive == 0 {
            return Some(Alone::Nobody);
        }
    }
    if ranking.cost_before_balance() {
        best_of(problem, views, last, alive, |one| (one.cost, one.balance))
    } else {
        best_of(problem, views, last, alive, |one| (one.balance, one.cost))
    }
}

/// The best of the shipments in `alive` that fill the last line.
#[inline]
fn best_of(
    problem: &Problem<'_>,
    views: &Views,
    last: &Line,
    alive: u64,
    weight: impl Fn(&One) -> (u64, u64),
) -> Option<Alone> {
    let units_min = units_min(problem, last);
    let mut best = One { shipment: usize::MAX, last: 0, cost: u64::MAX, balance: u64::MAX };
    let (mut seen, mut twice) = (0, 0);
    for (index, offer) in problem.offers_of(last) {
        if offer.late_days > 0 || offer.quantity < units_min {
            continue;
        }
        let bit = 1u64 << (offer.shipment % 64);
        twice |= seen & bit;
        seen |= bit;
        if offer.quantity < last.quantity || alive & bit == 0 {
            continue;
        }
        let one = weigh(problem, views, last, index, offer);
        let (new, old) = (weight(&one), weight(&best));
        if new < old || (new == old && one.shipment < best.shipment) {
            best = one;
        }
    }
    let alone = if best.shipment == usize::MAX { Alone::Nobody } else { Alone::Best(best) };
    (twice == 0).then_some(alone)
}

/// What the shipment of this offer for the last line comes to with all lines.
#[inline]
fn weigh(problem: &Problem<'_>, views: &Views, last: &Line, index: u32, offer: &Offer) -> One {
    let shipment = usize::from(offer.shipment);
    let mut one = One {
        shipment,
        last: index,
        cost: problem.shipments[shipment].fixed_cost.cast_unsigned(),
        balance: 0,
    };
    one.add(last, offer);
    for (number, line) in problem.lines.iter().enumerate().take(views.looked()) {
        one.add(line, views.offer(problem, number, shipment));
    }
    one
}

impl One {
    #[inline]
    fn add(&mut self, line: &Line, offer: &Offer) {
        let units = u64::from(line.quantity);
        self.cost += units * offer.unit_cost.cast_unsigned();
        self.balance += units * u64::from(offer.balance);
    }
}
