//! What time alone does to an order, and when.

use super::{Order, OrderMoney, OrderState};
use crate::model::fulfilment::table::{OnHold, on_hold};
use crate::model::fulfilment::{Act, Package};
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// What time alone does to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A hold on it keeps its units no more.
    LetGo,
    /// Packages of a shipment, from 0, that wait until then go back to the shelf.
    Expire(u16, Timestamp),
    /// A shipment, from 0, is released by the rule of its node.
    Release(u16),
    /// Goods of a return, from 0, did not come in time.
    Return(u16),
    /// What was to go out for a return, from 0, does not: it fell through. It is done before all else, at
    /// once, and keeps nothing else waiting where it cannot be done.
    FellThrough(u16),
    /// An authorisation of a payment, from 0, ends soon, or is over.
    Authorisation(u16),
}

impl Order {
    /// What is due of it first, and when. What fell through comes before what its instants say, which time
    /// does in their order: it cancels units that nobody begins with, and so neither moves an instant nor
    /// takes one away but that of a hold which keeps just these.
    pub fn next_due(&self) -> Option<(Timestamp, Due)> {
        let first = self.fallen().next();
        first.map(|no| (Timestamp::default(), Due::FellThrough(no))).or_else(|| self.next_timer())
    }

    /// The returns, from 0, that fell through, of which something is still to go out.
    pub fn fallen(&self) -> impl Iterator<Item = u16> {
        (0..super::count(self.returns.len())).filter(|no| !self.given_up_for(*no).is_empty())
    }

    /// What its instants have time do to it next, and when, beside releasing its shipments, which their nodes
    /// say. It may be late: the order was in use, or nobody was there.
    pub fn next_timer(&self) -> Option<(Timestamp, Due)> {
        let returns = (0u16..).zip(&self.returns);
        let returns = returns.filter_map(|(no, of)| Some((of.wakes_at()?, Due::Return(no))));
        let of_open = (self.state() == OrderState::Open).then(|| self.next_due_of_open()).flatten();
        let money = self.money.as_deref().filter(|_| self.open_hold().is_none());
        let ending = money.and_then(OrderMoney::next_ending);
        let ending = ending.map(|(at, payment)| (at, Due::Authorisation(payment)));
        returns.chain(of_open).chain(ending).min_by_key(|(at, _)| *at)
    }

    fn next_due_of_open(&self) -> Option<(Timestamp, Due)> {
        let lets_go = self.lets_go_at().map(|at| (at, Due::LetGo));
        let is_kept = self.is_on_hold() && on_hold(Act::Expire) == OnHold::Refused;
        let shipments =
            (0u16..).zip(&self.shipments).filter(|(_, of)| !is_kept && of.work.is_some());
        let expires = shipments.filter_map(|(shipment, _)| {
            let at = self.expires_at(shipment)?;
            Some((at, Due::Expire(shipment, at)))
        });
        lets_go.into_iter().chain(expires).min_by_key(|(at, _)| *at)
    }

    /// When packages of a shipment, from 0, go back to the shelf next.
    fn expires_at(&self, shipment: u16) -> Option<Timestamp> {
        let untils = self.waiting_in(shipment).filter_map(|package| package.until);
        let mut untils: Vec<Timestamp> = untils.collect();
        untils.sort_unstable();
        untils.into_iter().find(|at| !self.expired_by(shipment, *at).is_empty())
    }

    /// The packages of a shipment, from 0, that wait for the customer no longer than until then. None
    /// if they have a part of a bundle and others have the rest, which is still waited for.
    pub fn expired_by(&self, shipment: u16, at: Timestamp) -> Vec<&Package> {
        let is_over = |package: &&Package| package.until.is_some_and(|until| until <= at);
        let over: Vec<&Package> = self.waiting_in(shipment).filter(is_over).collect();
        let units = |line| over.iter().map(|package| package.units(line)).sum();
        if self.part_of_bundle(units).is_some() { Vec::new() } else { over }
    }

    /// The packages of a shipment, from 0, that wait for the customer.
    fn waiting_in(&self, shipment: u16) -> impl Iterator<Item = &Package> {
        let work = self.shipments[usize::from(shipment)].work.as_deref();
        let packages = work.into_iter().flat_map(|work| &work.packages);
        packages.filter(|package| package.is_here() && package.ready.is_some())
    }

    /// The first bundle, by its place, of which these units by line are a part alone.
    pub fn part_of_bundle(&self, units: impl Fn(u16) -> u32) -> Option<usize> {
        self.bundles.iter().position(|bundle| {
            let bundles = units(bundle.line) / self.each_of(bundle, bundle.line);
            let is_whole = |line| units(line) == bundles * self.each_of(bundle, line);
            !bundle.lines().all(is_whole)
        })
    }
}

/// All units of some packages, by line.
pub fn units_in(packages: &[&Package]) -> LineUnits {
    let mut all = LineUnits::new();
    for (line, units) in packages.iter().flat_map(|package| &package.lines) {
        match all.iter_mut().find(|(of, _)| of == line) {
            Some((_, sum)) => *sum += units,
            None => all.push((*line, *units)),
        }
    }
    all
}
