//! One shipment that fills every line, in time. Nothing is better where the promise
//! and the number of shipments come first.

use super::order::Order;
use super::view::Views;
use crate::sourcing::limits::NARROW_SHIPMENTS_MAX as SHIPMENTS;
use crate::sourcing::problem::{Line, Offer, Problem};
use crate::sourcing::set::members;

/// Whether one shipment can do it alone.
pub(super) enum Alone {
    /// It can, and no other does it better.
    Best(One),
    /// None can.
    Nobody,
}

/// A shipment that can.
#[derive(Clone, Copy, Debug)]
pub(in crate::sourcing) struct One {
    pub(super) shipment: usize,
    /// Its offer, where the order has one line.
    pub(super) offer: u32,
}

/// Looks at one line after the other for as long as some shipment fills them all, and
/// weighs those that are left. Of equals, the lowest is taken. `None` if a shipment
/// draws on two supplies of one line.
#[inline]
pub(super) fn alone(problem: &Problem<'_>, order: Order, views: &mut Views) -> Option<Alone> {
    views.clear();
    if let [line] = problem.lines {
        return of_one_line(problem, order, line);
    }
    let mut alive = u64::MAX;
    for line in problem.lines {
        alive &= views.look(problem, line, 0)?.full;
        if alive == 0 {
            return Some(Alone::Nobody);
        }
    }
    Some(best_of(problem, order, views, alive))
}

/// As [`alone`], where nothing has to be noted for another line.
fn of_one_line(problem: &Problem<'_>, order: Order, line: &Line) -> Option<Alone> {
    let units_min = problem.units_min(line);
    let mut leader = Leader::NOBODY;
    let (mut seen, mut usable) = (0u64, 0);
    for (index, offer) in problem.offers_of(line) {
        if offer.late_days > 0 || offer.quantity < units_min {
            continue;
        }
        let shipment = usize::from(offer.shipment) % SHIPMENTS;
        seen |= 1 << shipment;
        usable += 1;
        if offer.quantity < line.quantity {
            continue;
        }
        let fixed_cost = problem.shipments[shipment].fixed_cost.cast_unsigned();
        let cost = fixed_cost + cost(line, offer);
        leader.meet(order, Leader { cost, balance: balance(line, offer), shipment, offer: index });
    }
    (seen.count_ones() == usable).then(|| leader.alone())
}

/// The best of the shipments in `alive`, which fill all lines.
fn best_of(problem: &Problem<'_>, order: Order, views: &Views, alive: u64) -> Alone {
    let mut leader = Leader::NOBODY;
    for shipment in members(alive) {
        let fixed_cost = problem.shipments[shipment].fixed_cost.cast_unsigned();
        let mut one = Leader { cost: fixed_cost, balance: 0, shipment, offer: 0 };
        for (number, line) in problem.lines.iter().enumerate() {
            let offer = views.offer(problem, number, shipment);
            one.cost += cost(line, offer);
            one.balance += balance(line, offer);
        }
        leader.meet(order, one);
    }
    leader.alone()
}

#[inline]
fn cost(line: &Line, offer: &Offer) -> u64 {
    u64::from(line.quantity) * offer.unit_cost.cast_unsigned()
}

#[inline]
fn balance(line: &Line, offer: &Offer) -> u64 {
    u64::from(line.quantity) * u64::from(offer.balance)
}

/// The best shipment so far.
#[derive(Clone, Copy)]
struct Leader {
    cost: u64,
    balance: u64,
    shipment: usize,
    offer: u32,
}

impl Leader {
    const NOBODY: Self = Self { cost: u64::MAX, balance: u64::MAX, shipment: SHIPMENTS, offer: 0 };

    #[inline]
    fn meet(&mut self, order: Order, other: Self) {
        let (own, its) = match order {
            Order::CostFirst => ((self.cost, self.balance), (other.cost, other.balance)),
            Order::BalanceFirst => ((self.balance, self.cost), (other.balance, other.cost)),
        };
        if its < own || (its == own && other.shipment < self.shipment) {
            *self = other;
        }
    }

    fn alone(self) -> Alone {
        if self.shipment == SHIPMENTS {
            return Alone::Nobody;
        }
        Alone::Best(One { shipment: self.shipment, offer: self.offer })
    }
}
