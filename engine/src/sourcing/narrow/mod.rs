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
mod single;
mod view;
mod weighed;
mod write;

use super::limits::{NARROW_LINES_MAX as LINES, NARROW_SHIPMENTS_MAX as SHIPMENTS};
use super::plan::Plan;
use super::problem::Problem;
use super::weight::Ranking;
use single::Alone;
use view::Views;
use weighed::Weighed;

/// Memory of the narrow way.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    views: Views,
    weighed: Weighed,
}

impl Narrow {
    /// The best plan. `None` if the problem is not of this kind, or would take too
    /// many steps.
    pub(super) fn solve(&mut self, problem: &Problem<'_>, ranking: Ranking) -> Option<Plan> {
        let fits = problem.lines.len() <= LINES && problem.shipments.len() <= SHIPMENTS;
        if !fits || !ranking.promise_then_shipments_first() {
            return None;
        }
        match single::alone(problem, ranking, &mut self.views)? {
            Alone::Best(one) => Some(write::one(problem, &self.views, &one)),
            Alone::Nobody => {
                let open = cover::fewest(problem, ranking, self)?;
                Some(write::several(problem, ranking, &self.views, open))
            }
        }
    }
}

/// The shipments in a set, lowest first.
#[inline]
fn members(set: u64) -> impl Iterator<Item = usize> {
    let mut left = set;
    std::iter::from_fn(move || {
        let next = (left != 0).then(|| left.trailing_zeros() as usize);
        left &= left.wrapping_sub(1);
        next
    })
}
