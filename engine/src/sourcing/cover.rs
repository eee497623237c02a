//! The fewest shipments that cover all lines, and the best choice of that many.
//!
//! Where one candidate always fills its line, the promise is settled (see `reduce`)
//! and shipments come before cost, a plan is a set of shipments in which every line
//! has a candidate: a set cover. So: how many shipments does it take? Of all covers
//! with that many, which one weighs least once each line takes its best candidate?
//! Depth first by the uncovered line with the fewest choices, one shipment deeper
//! until there is a cover; every cover of that size comes up.

use super::limits::COVER_STEPS_MAX;
use super::reduced::{FORCED, Reduced};
use super::weight::Ranking;

/// Lines that one mask holds.
const LINES_MAX: usize = 64;

/// Memory of the cover.
#[derive(Debug, Default)]
pub(super) struct Cover {
    /// By local shipment: the lines that it could fill, as bits. None, when another
    /// one is as good at what it fills.
    fills: Vec<u64>,
    /// By line, then local shipment: what the line weighs there.
    weights: Vec<u128>,
    /// By local shipment: what opening it weighs.
    charges: Vec<u128>,
    /// The shipments chosen on the path; the forced ones come first and as one.
    chosen: Vec<u16>,
    best: Vec<u16>,
    best_weight: u128,
    /// The most lines that one shipment fills.
    fills_max: u32,
    /// What opening one more shipment weighs at least.
    charge_min: u128,
    /// What all lines weigh at least.
    lines_min: u128,
    steps_left: u32,
}

impl Cover {
    /// The local shipments of the best plan. `None` if this is not such a problem,
    /// or if it would take too many steps.
    pub(super) fn solve(&mut self, reduced: &Reduced, ranking: Ranking) -> Option<&[u16]> {
        let single = reduced.demands.iter().all(|demand| demand.single);
        if !single || reduced.demands.len() > LINES_MAX || !ranking.settles_promise_then_shipments()
        {
            return None;
        }
        self.prepare(reduced, ranking);
        let all = u64::MAX >> (LINES_MAX - reduced.demands.len());
        let uncovered = all & !self.fills[usize::from(FORCED)];
        for shipments in 0..=uncovered.count_ones() {
            self.choose(reduced, uncovered, shipments, self.charges[usize::from(FORCED)]);
            if self.steps_left == 0 {
                return None;
            }
            if self.best_weight < u128::MAX {
                return Some(&self.best);
            }
        }
        None
    }

    fn prepare(&mut self, reduced: &Reduced, ranking: Ranking) {
        let shipments = reduced.charges.len();
        self.fills.clear();
        self.fills.resize(shipments, 0);
        self.weights.clear();
        self.weights.resize(shipments * reduced.demands.len(), u128::MAX);
        for (line, demand) in reduced.demands.iter().enumerate() {
            for candidate in &reduced.candidates[demand.candidates.clone()] {
                let shipment = usize::from(candidate.shipment);
                self.fills[shipment] |= 1 << line;
                let weight = &mut self.weights[line * shipments + shipment];
                *weight = ranking.after_shipments(candidate.weight).min(*weight);
            }
        }
        self.charges.clear();
        self.charges.extend(reduced.charges.iter().map(|charge| ranking.after_shipments(*charge)));
        self.keep_the_best_for_one_line(reduced);
        self.charge_min = self.charges[1..].iter().copied().min().unwrap_or(0);
        let of_lines = self.weights.chunks_exact(shipments.max(1));
        self.lines_min = of_lines.filter_map(|of_line| of_line.iter().min()).sum();
        self.fills_max = self.fills.iter().map(|lines| lines.count_ones()).max().unwrap_or(0);
        self.chosen.clear();
        self.chosen.push(FORCED);
        self.best_weight = u128::MAX;
        self.steps_left = COVER_STEPS_MAX;
    }

    /// Of the shipments that fill one line and no other, only the best is ever needed:
    /// in the smallest cover nothing else fills that line beside it.
    fn keep_the_best_for_one_line(&mut self, reduced: &Reduced) {
        let shipments = reduced.charges.len();
        for (line, demand) in reduced.demands.iter().enumerate() {
            let mut best = None;
            for candidate in &reduced.candidates[demand.candidates.clone()] {
                let shipment = usize::from(candidate.shipment);
                if candidate.shipment == FORCED || self.fills[shipment] != 1 << line {
                    continue;
                }
                let weight = self.charges[shipment] + self.weights[line * shipments + shipment];
                match best {
                    Some((least, kept)) if weight < least => {
                        self.fills[kept] = 0;
                        best = Some((weight, shipment));
                    }
                    Some((_, kept)) if kept != shipment => self.fills[shipment] = 0,
                    Some(_) => {}
                    None => best = Some((weight, shipment)),
                }
            }
        }
    }

    /// Tries all ways to cover the lines in `uncovered` with so many more shipments,
    /// `charged` being what opening those chosen so far weighs.
    fn choose(&mut self, reduced: &Reduced, uncovered: u64, shipments: u32, charged: u128) {
        if uncovered == 0 {
            self.keep_if_better(reduced);
            return;
        }
        if uncovered.count_ones() > shipments * self.fills_max {
            return;
        }
        let line = rarest(reduced, uncovered);
        for candidate in &reduced.candidates[reduced.demands[line].candidates.clone()] {
            let fills = self.fills[usize::from(candidate.shipment)];
            if fills == 0 {
                continue;
            }
            self.steps_left = self.steps_left.saturating_sub(1);
            if self.steps_left == 0 {
                return;
            }
            let left = uncovered & !fills;
            let charged = charged + self.charges[usize::from(candidate.shipment)];
            let rest = u128::from(shipments - 1) * self.charge_min + self.lines_min;
            if (left == 0 || shipments > 1) && charged + rest < self.best_weight {
                self.chosen.push(candidate.shipment);
                self.choose(reduced, left, shipments - 1, charged);
                self.chosen.pop();
            }
        }
    }

    fn keep_if_better(&mut self, reduced: &Reduced) {
        let mut weight: u128 = self.chosen.iter().map(|s| self.charges[usize::from(*s)]).sum();
        for of_line in self.weights.chunks_exact(reduced.charges.len()) {
            let here = self.chosen.iter().map(|shipment| of_line[usize::from(*shipment)]);
            weight += here.min().expect("a cover has a candidate of every line");
        }
        if weight < self.best_weight {
            self.best_weight = weight;
            self.best.clone_from(&self.chosen);
        }
    }
}

/// The line in `lines` with the fewest candidates.
fn rarest(reduced: &Reduced, lines: u64) -> usize {
    let uncovered = (0..reduced.demands.len()).filter(|line| lines >> line & 1 == 1);
    let rarest = uncovered.min_by_key(|line| reduced.demands[*line].candidates.len());
    rarest.expect("a line is uncovered")
}
