//! The fewest shipments that fill all lines, and the best choice of that many.
//!
//! How many shipments does it take? Of all sets of so many that fill every line, which
//! weighs least once each line takes its best units? Depth first: the line with the
//! fewest choices that is not filled yet needs one more of its shipments. The last
//! shipment has to fill all that is left, so that it is in an intersection of words.
//! A set comes up once: what was tried is left out of what comes after.

use super::order::Order;
use super::view::{View, Views};
use super::weighed::{NEVER, Packing, Weighed};
use super::write::filling;
use crate::sourcing::limits::{COVER_STEPS_MAX, NARROW_LINES_MAX as LINES};
use crate::sourcing::problem::Problem;
use crate::sourcing::set::members;

/// The shipments of the best plan. `None` if the problem is not narrow after all.
pub(super) fn fewest(
    problem: &Problem<'_>,
    order: Order,
    views: &mut Views,
    weighed: &mut Weighed,
) -> Option<u64> {
    let packing = Packing::new(order);
    look_at_rest(problem, views)?;
    weighed.weigh(problem, packing, views)?;
    let mut search = Search {
        problem,
        packing,
        views,
        weighed,
        best: 0,
        best_weight: NEVER,
        steps_left: COVER_STEPS_MAX,
    };
    let root = search.root();
    for shipments in 1..=root.unfilled.count_ones() {
        search.choose(&root, shipments);
        if search.steps_left == 0 {
            return None;
        }
        if search.best_weight < NEVER {
            return Some(search.best);
        }
    }
    None
}

/// Looks at the lines that one shipment alone did not get to, and at what is late where
/// nothing is in time.
fn look_at_rest(problem: &Problem<'_>, views: &mut Views) -> Option<()> {
    if let Some(last) = views.looked().checked_sub(1)
        && views.of(last).any() == 0
    {
        views.look_at_late(problem, &problem.lines[last])?;
    }
    for line in &problem.lines[views.looked()..] {
        if views.look(problem, line, 0)?.any() == 0 {
            views.look_at_late(problem, line)?;
        }
    }
    Some(())
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    packing: Packing,
    views: &'a Views,
    weighed: &'a Weighed,
    best: u64,
    best_weight: u64,
    steps_left: u32,
}

/// A choice of some shipments.
struct Node {
    chosen: u64,
    /// Those that may still join.
    allowed: u64,
    /// What opening the chosen ones weighs.
    charged: u64,
    /// Lines that they do not fill.
    unfilled: u8,
    /// Lines for which one of them has some units, but too few.
    parts: u8,
    /// By line: what it weighs where one of them fills it best.
    row: [u64; LINES],
}

impl Search<'_> {
    fn root(&self) -> Node {
        let unfilled = self.weighed.lines;
        let weight = |line| if unfilled >> line & 1 == 1 { NEVER } else { 0 };
        Node {
            chosen: 0,
            allowed: self.weighed.shipments & !self.dispensable(),
            charged: 0,
            unfilled,
            parts: 0,
            row: std::array::from_fn(weight),
        }
    }

    /// Of the shipments that fill one line and no other, all but the best: in the
    /// smallest set nothing else fills that line beside it. Where some shipment has
    /// units for a part of the line, it might be mixed with them, and all stay.
    fn dispensable(&self) -> u64 {
        let views = (0..self.problem.lines.len()).map(|line| self.views.of(line));
        let (mut once, mut twice) = (0, 0);
        for view in views.clone() {
            twice |= once & view.any();
            once |= view.any();
        }
        let mut dispensable = 0;
        for (line, view) in views.enumerate().filter(|(_, view)| view.part == 0) {
            let alike = view.full & !twice;
            if alike & alike.wrapping_sub(1) != 0 {
                dispensable |= alike & !(1 << self.best_for(line, alike));
            }
        }
        dispensable
    }

    fn best_for(&self, line: usize, among: u64) -> usize {
        let rank = |shipment: &usize| {
            let weight = self.weighed.charges[*shipment] + self.weighed.rows[*shipment][line];
            (weight, self.views.index(line, *shipment))
        };
        members(among).min_by_key(rank).unwrap_or(0)
    }

    /// Tries all ways to fill what is unfilled with so many more shipments.
    fn choose(&mut self, node: &Node, shipments: u32) {
        let line = self.rarest(node.unfilled);
        if shipments == 1 {
            self.finish(node, line);
            return;
        }
        let mut left = node.allowed & self.views.of(line).any();
        let mut allowed = node.allowed;
        for (index, offer) in self.problem.offers_of(&self.problem.lines[line]) {
            let shipment = usize::from(offer.shipment);
            // Not every offer of the line is in its view.
            if left >> shipment & 1 == 0 || self.views.index(line, shipment) != index {
                continue;
            }
            left &= !(1 << shipment);
            allowed &= !(1 << shipment);
            self.steps_left = self.steps_left.saturating_sub(1);
            if self.steps_left == 0 {
                return;
            }
            let charged = node.charged + self.weighed.charges[shipment];
            let rest = u64::from(shipments - 1) * self.weighed.charge_min + self.weighed.lines_min;
            if charged + rest < self.best_weight {
                let with = self.with(node, shipment, allowed, charged);
                // Otherwise fewer would have been enough.
                if with.unfilled != 0 {
                    self.choose(&with, shipments - 1);
                }
            }
        }
    }

    /// The unfilled line with the fewest choices.
    #[inline]
    fn rarest(&self, unfilled: u8) -> usize {
        let lines = members(u64::from(unfilled));
        lines.min_by_key(|line| self.weighed.choices[*line]).unwrap_or(0)
    }

    fn with(&self, node: &Node, shipment: usize, allowed: u64, charged: u64) -> Node {
        let Weighed { fills, parts, rows, .. } = self.weighed;
        let chosen = node.chosen | 1 << shipment;
        let mut unfilled = node.unfilled & !fills[shipment];
        for line in members(u64::from(unfilled & parts[shipment])) {
            if self.units(line, chosen) >= self.problem.lines[line].quantity {
                unfilled &= !(1 << line);
            }
        }
        let mut row = node.row;
        for (least, here) in row.iter_mut().zip(&rows[shipment]) {
            *least = (*least).min(*here);
        }
        Node { chosen, allowed, charged, unfilled, parts: node.parts | parts[shipment], row }
    }

    /// The units that shipments which do not fill the line have for it together.
    fn units(&self, line: usize, chosen: u64) -> u32 {
        let offer = |shipment| self.views.offer(self.problem, line, shipment).quantity;
        members(self.views.of(line).part & chosen).map(offer).sum()
    }

    /// Tries all shipments that fill what is unfilled. Of equals, the first in the
    /// offers of `line` wins.
    fn finish(&mut self, node: &Node, line: usize) {
        let mut filling = node.allowed;
        for line in members(u64::from(node.unfilled)) {
            filling &= self.completing(node, line);
        }
        let least = node.charged + self.weighed.lines_min;
        let mut best = (self.best_weight, 0);
        for shipment in members(filling) {
            // Not above the best: a tie is broken by the offers.
            if least + self.weighed.charges[shipment] > best.0 {
                continue;
            }
            self.steps_left = self.steps_left.saturating_sub(1);
            let rank = (self.weight_with(node, shipment), self.views.index(line, shipment));
            if rank < best {
                best = rank;
                self.best = node.chosen | 1 << shipment;
            }
        }
        self.best_weight = best.0;
    }

    /// The shipments that fill the line beside those chosen.
    #[inline]
    fn completing(&self, node: &Node, line: usize) -> u64 {
        let View { full, part } = self.views.of(line);
        if part & node.chosen == 0 {
            return full;
        }
        let missing = self.problem.lines[line].quantity - self.units(line, node.chosen);
        let enough =
            |shipment: &usize| self.views.offer(self.problem, line, *shipment).quantity >= missing;
        members(part & node.allowed).filter(enough).fold(full, |set, shipment| set | 1 << shipment)
    }

    /// What the order weighs with those chosen and this shipment.
    #[inline]
    fn weight_with(&self, node: &Node, shipment: usize) -> u64 {
        let Weighed { parts, charges, rows, .. } = self.weighed;
        let parts = node.parts | parts[shipment];
        if parts != 0 {
            return self.weight_of_mixed(node, shipment, parts);
        }
        let lines = self.problem.lines.len() % (LINES + 1);
        let each = node.row[..lines].iter().zip(&rows[shipment][..lines]);
        each.fold(node.charged + charges[shipment], |sum, (there, here)| sum + there.min(here))
    }

    /// The same, where the lines in `parts` may take units from several shipments.
    #[cold]
    fn weight_of_mixed(&self, node: &Node, shipment: usize, parts: u8) -> u64 {
        let mut weight = node.charged + self.weighed.charges[shipment];
        for line in members(u64::from(self.weighed.lines)) {
            weight += if parts >> line & 1 == 0 {
                node.row[line].min(self.weighed.rows[shipment][line])
            } else {
                self.mixed(line, node.chosen | 1 << shipment)
            };
        }
        weight
    }

    /// What the line weighs where it takes its best units from several shipments.
    fn mixed(&self, line: usize, chosen: u64) -> u64 {
        let mut left = self.problem.lines[line].quantity;
        let mut weight = 0;
        for (unit, index) in filling(self.problem, self.packing, self.views, line, chosen) {
            let units = self.problem.offers[index as usize].quantity.min(left);
            left -= units;
            weight += unit * u64::from(units);
        }
        weight
    }
}
