//! The orders of objectives that the narrow way takes.

use crate::sourcing::problem::{Objective, ObjectiveOrder};

/// What counts after the promise and the number of shipments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sourcing) enum Order {
    CostFirst,
    BalanceFirst,
}

impl Order {
    #[inline]
    pub(super) fn of(order: ObjectiveOrder) -> Option<Self> {
        match order.objectives() {
            [Objective::Promise, Objective::Shipments, Objective::Cost, _] => Some(Self::CostFirst),
            [Objective::Promise, Objective::Shipments, ..] => Some(Self::BalanceFirst),
            _ => None,
        }
    }
}
