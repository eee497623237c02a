//! The common problem, solved straight from its offers.
//!
//! Most orders have few lines and few candidate shipments, the promise and the
//! number of shipments come first, and no shipment draws on two supplies of one line.
//! Then a set of shipments is a word, a line is the word of the shipments that can
//! fill it in its best class (see `reduce`), and
//! - one shipment for the whole order is in the intersection of those words (`single`);
//! - the fewest that cover all lines are found by intersecting what is left uncovered
//!   (`cover`).
//!
//! Everything else is left to the general way, which finds plans of the same score.

mod cover;
mod order;
mod single;
#[cfg(test)]
mod tests;
mod view;
mod weighed;
mod write;

use super::limits::{NARROW_LINES_MAX as LINES, NARROW_SHIPMENTS_MAX as SHIPMENTS};
use super::plan::Plan;
use super::problem::Problem;
use order::Order;
use single::{Alone, One};
use view::Views;
use weighed::Weighed;

/// Memory of the narrow way.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    views: Views,
    weighed: Weighed,
}

/// What the best plan opens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen {
    /// One shipment, which fills every line in time.
    One(One),
    /// Several, as bits, or what is late or short.
    Several(u64),
}

impl Narrow {
    /// The shipments of the best plan. `None` if the problem is not of this kind, or
    /// would take too many steps.
    #[inline]
    pub(super) fn solve(&mut self, problem: &Problem<'_>) -> Option<(Order, Chosen)> {
        let order = Order::of(problem.policy.objectives)?;
        if problem.lines.len() > LINES || problem.shipments.len() > SHIPMENTS {
            return None;
        }
        let chosen = match single::alone(problem, order, &mut self.views)? {
            Alone::Best(one) => Chosen::One(one),
            Alone::Nobody => {
                Chosen::Several(cover::fewest(problem, order, &mut self.views, &mut self.weighed)?)
            }
        };
        Some((order, chosen))
    }

    /// The plan that opens them.
    pub(super) fn write(&self, problem: &Problem<'_>, (order, chosen): (Order, Chosen)) -> Plan {
        match chosen {
            Chosen::One(one) => write::one(problem, &self.views, one),
            Chosen::Several(open) => write::several(problem, order, &self.views, open),
        }
    }
}
