//! What the solver answers.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::problem::{Objective, ObjectiveOrder, Offer};

/// Units of one line taken from one offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Index of the offer in [`super::Problem::offers`].
    pub offer: u32,
    /// Units, at least 1 and at most what the offer has.
    pub quantity: u32,
    /// Index of the line.
    pub line: u16,
}

/// What a plan comes to. Less is better in each component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Units wanted and not in the plan.
    pub unfilled_units: u64,
    /// Units times days late.
    pub late_unit_days: u64,
    /// Shipments opened.
    pub shipments: u64,
    /// Cost of the opened shipments and of the units, in minor units.
    pub cost: u64,
    /// Units times balance penalty.
    pub balance: u64,
}

impl Score {
    /// Counts in so many units of an offer, but not its shipment.
    #[inline]
    pub(super) fn add(&mut self, offer: &Offer, quantity: u32) {
        let units = u64::from(quantity);
        self.late_unit_days += units * u64::from(offer.late_days);
        self.cost += units * offer.unit_cost.cast_unsigned();
        self.balance += units * u64::from(offer.balance);
    }

    /// The component that `objective` judges.
    pub const fn component(&self, objective: Objective) -> u64 {
        match objective {
            Objective::Promise => self.late_unit_days,
            Objective::Shipments => self.shipments,
            Objective::Cost => self.cost,
            Objective::Balance => self.balance,
        }
    }

    /// Compares lexicographically: unfilled units first, then the objectives
    /// in the order given. `Less` is better.
    #[must_use]
    pub fn compare(&self, other: &Self, order: ObjectiveOrder) -> Ordering {
        let start = self.unfilled_units.cmp(&other.unfilled_units);
        order.objectives().into_iter().fold(start, |so_far, objective| {
            so_far.then(self.component(objective).cmp(&other.component(objective)))
        })
    }
}

/// Whether a plan is known to be the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// No plan has a better score.
    Optimal,
    /// The search used up its steps. No plan has a better score than `bound`.
    Bounded {
        /// At most the score of the best plan, in the policy's order.
        bound: Score,
    },
}

/// Where the units of an order come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// By line, and within a line the best unit first.
    pub picks: SmallVec<[Pick; 4]>,
    /// Units left unfilled, one number for each line.
    pub unfilled: SmallVec<[u32; 4]>,
    /// What the picks come to.
    pub score: Score,
    /// Whether it is the best.
    pub exactness: Exactness,
}
