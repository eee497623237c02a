//! Branch and bound over which shipments are open.
//!
//! A node of the search is a set of open shipments and a set of allowed ones
//! (the open ones, and those still undecided); the rest is excluded. It stands
//! for all sets between the two. It is left when
//! - a line cannot be filled from what is allowed;
//! - its bound (see `bound`) is no better than the best plan found; or
//! - undecided shipments cannot improve any line.
//!
//! Otherwise one line that wants more shipments is chosen, the one with the
//! fewest choices. Each of its undecided shipments is opened in turn, the most
//! promising first, and excluded for the turns after; at last, if the line is
//! full without them, all are excluded. Every set falls into one turn.

use super::bound::{Bounds, bound, price};
use super::desk::{Desk, Pending, Turn};
use super::reduced::{Candidate, FORCED, Reduced};
use super::set::{Set, WORDS_MAX};
use super::weight::{Ranking, Weight};

/// The outcome of a search.
pub(super) struct Found {
    /// Local shipments that the best plan found may use, as bits.
    pub(super) open: [u64; WORDS_MAX],
    /// A lower bound on all plans, if some were left unexplored.
    pub(super) bound: Option<Weight>,
}

/// Finds the best set of local shipments. `single` is a plan known beforehand.
pub(super) fn search<const N: usize>(
    reduced: &mut Reduced,
    ranking: Ranking,
    single: Option<(u16, Weight)>,
    steps_max: u64,
    desk: &mut Desk,
) -> Found {
    let Reduced { demands, candidates, .. } = reduced;
    for demand in demands {
        candidates[demand.candidates.clone()].sort_unstable_by_key(|c| (c.weight, c.offer));
    }
    let mut open = Set::EMPTY;
    open.insert(FORCED);
    let allowed = Set::below(u16::try_from(reduced.charges.len()).unwrap_or(u16::MAX));
    let mut best_open = allowed;
    if let Some((local, _)) = single {
        best_open = open;
        best_open.insert(local);
    }
    desk.turns.clear();
    let mut search = Search::<N> {
        reduced,
        ranking,
        desk,
        best: single.map_or(Weight::MAX, |(_, weight)| weight),
        best_open,
        unexplored: Weight::MAX,
        steps_left: steps_max.max(1),
    };
    search.explore(open, allowed, search.reduced.base, Weight::ZERO);
    let exhausted = search.unexplored < search.best;
    Found { open: search.best_open.words(), bound: exhausted.then_some(search.unexplored) }
}

struct Search<'a, const N: usize> {
    reduced: &'a Reduced,
    ranking: Ranking,
    desk: &'a mut Desk,
    /// The weight of the best plan found.
    best: Weight,
    best_open: Set<N>,
    /// The least bound of all that the budget left unexplored.
    unexplored: Weight,
    steps_left: u64,
}

impl<const N: usize> Search<'_, N> {
    /// Explores all sets from `open` to `allowed`. `fixed` is the weight of
    /// what is settled and of the open shipments; `floor` is a lower bound on
    /// all of it. Recursion ends: each level opens a shipment or settles a
    /// line, so that it is no deeper than both numbers together.
    fn explore(&mut self, open: Set<N>, allowed: Set<N>, fixed: Weight, floor: Weight) {
        if self.steps_left == 0 {
            self.unexplored = self.unexplored.min(floor);
            return;
        }
        let Some(settled) = self.look(&open, &allowed) else { return };
        let covered = self.desk.pending.iter().all(|pending| pending.own.is_some());
        if covered {
            let own = self.desk.pending.iter().filter_map(|pending| pending.own);
            self.keep_if_better(own.fold(fixed + settled, |sum, own| sum + own), open);
        }
        if self.desk.pending.is_empty() {
            return;
        }
        let bounds = bound(self.reduced, self.ranking, self.desk, &open, &allowed, fixed + settled);
        if bounds.total < self.best {
            self.branch(open, allowed, fixed, &bounds);
        }
    }

    fn keep_if_better(&mut self, weight: Weight, open: Set<N>) {
        if weight < self.best {
            self.best = weight;
            self.best_open = open;
        }
    }

    /// Fills each line twice, from the open and from the allowed shipments,
    /// and notes as pending the ones for which it makes a difference. Returns
    /// the weight of the others, or `None` if a line cannot be filled.
    fn look(&mut self, open: &Set<N>, allowed: &Set<N>) -> Option<Weight> {
        self.desk.pending.clear();
        let mut settled = Weight::ZERO;
        for (number, demand) in self.reduced.demands.iter().enumerate() {
            let mut end = demand.candidates.start;
            let (mut relaxed, mut relaxed_left) = (Weight::ZERO, demand.units);
            let (mut own, mut missing) = (Weight::ZERO, demand.units);
            for candidate in &self.reduced.candidates[demand.candidates.clone()] {
                end += 1;
                if !allowed.has(candidate.shipment) {
                    continue;
                }
                take(candidate, &mut relaxed, &mut relaxed_left);
                if open.has(candidate.shipment) {
                    take(candidate, &mut own, &mut missing);
                    if missing == 0 {
                        break;
                    }
                }
            }
            let steps = (end - demand.candidates.start) as u64;
            self.steps_left = self.steps_left.saturating_sub(steps);
            if relaxed_left > 0 {
                return None;
            }
            let own = (missing == 0).then_some(own);
            if own == Some(relaxed) {
                settled += relaxed;
                continue;
            }
            self.desk.pending.push(Pending {
                demand: number,
                end,
                relaxed,
                own,
                missing,
                choices: 0,
                least: relaxed,
                rest: Weight::ZERO,
            });
        }
        Some(settled)
    }

    /// Takes the turns of one pending line.
    fn branch(&mut self, open: Set<N>, mut allowed: Set<N>, fixed: Weight, bounds: &Bounds) {
        let pending = self.choose_line();
        let first = self.desk.turns.len();
        self.push_turns(&pending, open, allowed);
        while let Some(turn) = self.next_turn(first) {
            let floor = self.floor(&pending, &turn, bounds);
            if floor >= self.best {
                self.desk.turns.truncate(first);
                return;
            }
            let shipment = self.reduced.candidates[turn.candidate].shipment;
            let charge = self.reduced.charges[usize::from(shipment)];
            let mut with = open;
            with.insert(shipment);
            self.explore(with, allowed, fixed + charge, floor);
            allowed.remove(shipment);
        }
        if pending.own.is_some() {
            self.explore(open, allowed, fixed, bounds.total);
        }
    }

    /// A lower bound on all plans that take this turn of the line or a later
    /// one: turns come in the order of their least.
    fn floor(&self, pending: &Pending, turn: &Turn, bounds: &Bounds) -> Weight {
        let least = match pending.own {
            None => turn.least + pending.rest,
            Some(own) if self.reduced.demands[pending.demand].single => own.min(turn.least),
            Some(_) => return bounds.total,
        };
        let others = bounds.shared - pending.least;
        bounds.total.max(bounds.tighten(self.ranking, others + least))
    }

    /// The pending line with the fewest choices, unfilled ones first.
    fn choose_line(&self) -> Pending {
        let mut chosen = self.desk.pending[0];
        for pending in &self.desk.pending[1..] {
            let rank = |pending: &Pending| (pending.own.is_some(), pending.choices);
            if rank(pending) < rank(&chosen) {
                chosen = *pending;
            }
        }
        chosen
    }

    /// One turn for each undecided shipment of the line.
    fn push_turns(&mut self, pending: &Pending, open: Set<N>, allowed: Set<N>) {
        let demand = &self.reduced.demands[pending.demand];
        let first = self.desk.turns.len();
        let mut seen = open;
        for position in demand.candidates.start..pending.end {
            let candidate = &self.reduced.candidates[position];
            if open.has(candidate.shipment) || !allowed.has(candidate.shipment) {
                continue;
            }
            let share = self.desk.shares[usize::from(candidate.shipment)][pending.kind()];
            let units = if pending.own.is_some() { demand.units } else { pending.missing };
            let least = price(candidate, share, units);
            if seen.has(candidate.shipment) {
                // Another supply of the same shipment: the turn stands for both.
                self.lower_turn(first, candidate.shipment, least);
                continue;
            }
            seen.insert(candidate.shipment);
            self.desk.turns.push(Turn { least, candidate: position });
        }
    }

    fn lower_turn(&mut self, first: usize, shipment: u16, least: Weight) {
        for turn in &mut self.desk.turns[first..] {
            if self.reduced.candidates[turn.candidate].shipment == shipment {
                turn.least = turn.least.min(least);
            }
        }
    }

    /// Takes the most promising of the turns from `first` on.
    fn next_turn(&mut self, first: usize) -> Option<Turn> {
        let turns = &mut self.desk.turns;
        let next =
            (first..turns.len()).min_by_key(|at| (turns[*at].least, turns[*at].candidate))?;
        Some(turns.swap_remove(next))
    }
}

#[inline]
fn take(candidate: &Candidate, weight: &mut Weight, left: &mut u32) {
    let units = candidate.units.min(*left);
    if units > 0 {
        *left -= units;
        *weight += candidate.weight.times(u64::from(units));
    }
}
