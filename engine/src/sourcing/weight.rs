//! Scores as vectors in the policy's order, so that they compare and add.

use std::ops::{Add, AddAssign, Sub};

use super::limits::SCALE;
use super::plan::Score;
use super::problem::{Objective, ObjectiveOrder};

/// Components in the policy's order, most important first, each multiplied by
/// [`SCALE`]. Compares lexicographically. Weights are an ordered group:
/// `a <= b` implies `a + c <= b + c`, which every bound here rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight(pub(super) [u64; 4]);

impl Weight {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const MAX: Self = Self([u64::MAX; 4]);

    #[inline]
    pub(super) fn times(self, factor: u64) -> Self {
        Self(self.0.map(|component| component * factor))
    }

    /// Two halves instead of four components: fewer branches to mispredict.
    #[inline]
    fn halves(self) -> (u128, u128) {
        let [a, b, c, d] = self.0.map(u128::from);
        (a << 64 | b, c << 64 | d)
    }
}

impl Ord for Weight {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.halves().cmp(&other.halves())
    }
}

impl PartialOrd for Weight {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Add for Weight {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let mut sum = self;
        sum += other;
        sum
    }
}

impl AddAssign for Weight {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        for (component, more) in self.0.iter_mut().zip(other.0) {
            *component += more;
        }
    }
}

impl Sub for Weight {
    type Output = Self;

    /// Only of weights that `other` is a part of: no component may go below zero.
    #[inline]
    fn sub(self, other: Self) -> Self {
        let mut rest = self;
        for (component, less) in rest.0.iter_mut().zip(other.0) {
            *component -= less;
        }
        rest
    }
}

/// Where each objective's component stands in a [`Weight`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ranking {
    promise: usize,
    pub(super) shipments: usize,
    pub(super) cost: usize,
    balance: usize,
    /// All ones in the components that come before shipments and cost.
    prefix: [u64; 4],
}

impl Ranking {
    pub(super) fn new(order: ObjectiveOrder) -> Self {
        let mut ranking = Self::default();
        for (position, objective) in order.objectives().into_iter().enumerate() {
            match objective {
                Objective::Promise => ranking.promise = position,
                Objective::Shipments => ranking.shipments = position,
                Objective::Cost => ranking.cost = position,
                Objective::Balance => ranking.balance = position,
            }
        }
        // Those do not depend on which shipments are open: each line reaches
        // their best value on its own.
        ranking.prefix[..ranking.shipments.min(ranking.cost)].fill(u64::MAX);
        ranking
    }

    /// Whether fewer shipments count for more than cost does.
    pub(super) fn shipments_before_cost(self) -> bool {
        self.shipments < self.cost
    }

    /// Whether one shipment that is in time is as good as it gets before cost.
    pub(super) fn promise_then_shipments_first(self) -> bool {
        (self.promise, self.shipments) == (0, 1)
    }

    /// Whether each line settles the promise on its own, shipments come next of what
    /// lines share, and cost after that.
    pub(super) fn settles_promise_then_shipments(self) -> bool {
        self.promise < self.shipments && self.shipments < self.cost
    }

    /// The components after shipments, of which there are no more than two where
    /// [`Self::settles_promise_then_shipments`]. Sums of them do not carry over.
    #[inline]
    pub(super) fn after_shipments(self, weight: Weight) -> u128 {
        let after = &weight.0[self.shipments + 1..];
        after.iter().fold(0, |packed, component| packed << 64 | u128::from(*component))
    }

    /// The weight of a plan with one shipment and nothing late.
    #[inline]
    pub(super) fn single(self, cost: u64, balance: u64) -> Weight {
        let mut weight = Weight::ZERO;
        weight.0[self.shipments & 3] = SCALE;
        weight.0[self.cost & 3] = cost * SCALE;
        weight.0[self.balance & 3] = balance * SCALE;
        weight
    }

    /// The part of `weight` that no other line has a say in.
    #[inline]
    pub(super) fn prefix_of(self, weight: Weight) -> Weight {
        Weight(std::array::from_fn(|at| weight.0[at] & self.prefix[at]))
    }

    /// The weight of one unit.
    #[inline]
    pub(super) fn unit(self, late_days: u32, cost: i64, balance: u32) -> Weight {
        let mut weight = Weight::ZERO;
        weight.0[self.promise & 3] = u64::from(late_days) * SCALE;
        weight.0[self.cost & 3] = cost.unsigned_abs() * SCALE;
        weight.0[self.balance & 3] = u64::from(balance) * SCALE;
        weight
    }

    /// The weight of opening a shipment.
    #[inline]
    pub(super) fn shipment(self, fixed_cost: i64) -> Weight {
        let mut weight = Weight::ZERO;
        weight.0[self.shipments & 3] = SCALE;
        weight.0[self.cost & 3] = fixed_cost.unsigned_abs() * SCALE;
        weight
    }

    /// Back from a weight of whole components to a score.
    pub(super) fn score(self, weight: Weight, unfilled_units: u64) -> Score {
        Score {
            unfilled_units,
            late_unit_days: weight.0[self.promise] / SCALE,
            shipments: weight.0[self.shipments] / SCALE,
            cost: weight.0[self.cost] / SCALE,
            balance: weight.0[self.balance] / SCALE,
        }
    }
}
