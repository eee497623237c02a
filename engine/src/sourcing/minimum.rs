//! Offers from which a line takes a minimum of units, or none.
//!
//! ```text
//!   solved without minimums --> some offer gives less than its minimum?
//!        no: the best plan        yes: solved twice more, best first
//!                                   it gives nothing | it gives its minimum, and maybe more
//! ```
//! What is solved without some minimums scores no worse than what keeps them. The two halves have
//! every plan that keeps them, so the first plan that keeps all of them, of those with the least
//! score, is a best one. Each half has one choice less, so it ends. A half of which the search
//! used up its steps is as good as its bound may be, until it is halved: what is then found is no
//! best plan if such a bound is less.
//!
//! That an offer gives its minimum is said to the search by a line of its own: so many of the line's
//! units, which can come from that offer alone.

use smallvec::SmallVec;

use super::limits::{LINES_MAX, MINIMUM_DIVES_MAX, MINIMUM_PLANS_MAX};
use super::plan::{Exactness, Pick, Plan, Score};
use super::problem::{Line, Minimum, Offer, Problem};
use super::scratch::Scratch;
use super::solve::solve_free;
use super::weight::Ranking;

/// What was decided of an offer that has a minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Open,
    GivesNothing,
    GivesMinimum,
}

/// Plans that share some choices: the best of them that was found, but for minimums that are still
/// open.
struct Branch {
    /// By minimum of the problem.
    choices: Vec<Choice>,
    plan: Plan,
}

impl Branch {
    /// No plan with these choices has a better score.
    const fn bound(&self) -> Score {
        match self.plan.exactness {
            Exactness::Optimal => self.plan.score,
            Exactness::Bounded { bound } => bound,
        }
    }
}

/// The plan with the least score that keeps all minimums.
pub(super) fn solve_with_minimums(
    problem: &Problem<'_>,
    steps_max: u64,
    scratch: &mut Scratch,
) -> Plan {
    let mut tree = Tree { problem, steps_max, scratch, plans: 0, left_out: None };
    let (plan, choices) = tree.solve();
    scratch.below.clear();
    let given = choices.iter().zip(problem.minimums);
    let nothing = given.filter(|(choice, _)| **choice == Choice::GivesNothing);
    scratch.below.extend(nothing.map(|(_, minimum)| minimum.offer));
    plan
}

struct Tree<'a, 'p> {
    problem: &'a Problem<'p>,
    steps_max: u64,
    scratch: &'a mut Scratch,
    /// How many were made.
    plans: usize,
    /// The least bound of what was not searched, because it has too many lines.
    left_out: Option<Score>,
}

impl Tree<'_, '_> {
    fn solve(&mut self) -> (Plan, Vec<Choice>) {
        let root = self.branch(self.at_first(), Score::default()).expect("nothing is to be given");
        let mut branches = vec![root];
        loop {
            let best = (0..branches.len()).reduce(|best, other| {
                let is_less = self.is_less(&branches[other].bound(), &branches[best].bound());
                if is_less { other } else { best }
            });
            let branch = branches.swap_remove(best.expect("one half has a plan"));
            let Some(broken) = self.broken(&branch) else { return self.found(branch, branches) };
            if self.plans >= MINIMUM_PLANS_MAX {
                return self.dive(branch);
            }
            branches.extend(self.halves(&branch, broken));
        }
    }

    fn is_less(&self, one: &Score, other: &Score) -> bool {
        one.compare(other, self.problem.policy.objectives).is_lt()
    }

    /// A plan keeps all minimums, and no other branch may have a better one than it may have itself.
    /// One of them may have found a better one all the same.
    fn found(&self, found: Branch, others: Vec<Branch>) -> (Plan, Vec<Choice>) {
        let bound = found.bound();
        let keeps = others.into_iter().filter(|branch| self.broken(branch).is_none());
        let best = keeps.fold(found, |best, other| {
            if self.is_less(&other.plan.score, &best.plan.score) { other } else { best }
        });
        self.told(best, bound)
    }

    /// The plan of a branch, and whether it is the best of all, none of which is better than a bound.
    fn told(&self, Branch { mut plan, choices }: Branch, bound: Score) -> (Plan, Vec<Choice>) {
        let left_out = self.left_out.filter(|left_out| self.is_less(left_out, &bound));
        let bound = left_out.unwrap_or(bound);
        let may_be_better = self.is_less(&bound, &plan.score);
        plan.exactness =
            if may_be_better { Exactness::Bounded { bound } } else { Exactness::Optimal };
        (plan, choices)
    }

    /// Those that a line cannot have give nothing.
    fn at_first(&self) -> Vec<Choice> {
        let choice = |minimum: &Minimum| {
            let line = &self.problem.lines[line_of(self.problem, minimum.offer)];
            let most = self.problem.offers[minimum.offer as usize].quantity.min(line.quantity);
            if most < minimum.units { Choice::GivesNothing } else { Choice::Open }
        };
        self.problem.minimums.iter().map(choice).collect()
    }

    /// A minimum, by its place, that a plan does not keep.
    fn broken(&self, Branch { choices, plan }: &Branch) -> Option<usize> {
        let minimums = self.problem.minimums.iter().zip(choices).enumerate();
        let mut open = minimums.filter(|(_, (_, choice))| **choice == Choice::Open);
        let is_below = |minimum: &Minimum| {
            let of_it = plan.picks.iter().filter(|pick| pick.offer == minimum.offer);
            of_it.into_iter().any(|pick| pick.quantity < minimum.units)
        };
        open.find(|(_, (minimum, _))| is_below(minimum)).map(|(at, _)| at)
    }

    fn halves(&mut self, of: &Branch, at: usize) -> SmallVec<[Branch; 2]> {
        let half = |choice| {
            let mut choices = of.choices.clone();
            choices[at] = choice;
            self.branch(choices, of.bound())
        };
        [Choice::GivesNothing, Choice::GivesMinimum].into_iter().filter_map(half).collect()
    }

    /// Out of plans: the better half, a few times, until it keeps all minimums. Then nothing is given
    /// that is still open.
    fn dive(&mut self, from: Branch) -> (Plan, Vec<Choice>) {
        let (bound, mut branch) = (from.bound(), from);
        for _ in 0..MINIMUM_DIVES_MAX {
            let Some(broken) = self.broken(&branch) else { return self.told(branch, bound) };
            let halves = self.halves(&branch, broken).into_iter();
            let better = halves.reduce(|best, other| {
                if self.is_less(&other.plan.score, &best.plan.score) { other } else { best }
            });
            branch = better.expect("an offer may always give nothing");
        }
        if self.broken(&branch).is_some() {
            let closed = |choice: &Choice| match choice {
                Choice::Open => Choice::GivesNothing,
                Choice::GivesNothing | Choice::GivesMinimum => *choice,
            };
            let choices = branch.choices.iter().map(closed).collect();
            branch = self.branch(choices, bound).expect("an offer may always give nothing");
        }
        self.told(branch, bound)
    }

    /// The best plan with these choices; none if a line has not so many units, or there would be too
    /// many lines. No plan of it is better than a bound.
    fn branch(&mut self, choices: Vec<Choice>, bound: Score) -> Option<Branch> {
        self.plans += 1;
        let cut = Cut::of(self.problem, &choices)?;
        if cut.lines.len() > LINES_MAX {
            let is_least = self.left_out.is_none_or(|known| self.is_less(&bound, &known));
            self.left_out = if is_least { Some(bound) } else { self.left_out };
            return None;
        }
        let plan = solve_free(&cut.problem(self.problem), self.steps_max, self.scratch);
        let plan = cut.merged(self.problem, &plan);
        Some(Branch { choices, plan })
    }
}

/// The line that has an offer.
fn line_of(problem: &Problem<'_>, offer: u32) -> usize {
    // Ranges ascend.
    problem.lines.partition_point(|line| line.offers.end <= offer)
}

/// A problem in which choices are made.
struct Cut {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    /// By line: the line of the problem.
    line_of: Vec<u16>,
    /// By offer: the offer of the problem.
    offer_of: Vec<u32>,
}

impl Cut {
    fn of(problem: &Problem<'_>, choices: &[Choice]) -> Option<Self> {
        let mut cut = Self { lines: vec![], offers: vec![], line_of: vec![], offer_of: vec![] };
        for (number, line) in (0u16..).zip(problem.lines) {
            let first = problem.minimums.partition_point(|m| m.offer < line.offers.start);
            let end = problem.minimums.partition_point(|m| m.offer < line.offers.end);
            let chosen = problem.minimums[first..end].iter().zip(&choices[first..end]);
            let gives = chosen.clone().filter(|(_, choice)| **choice == Choice::GivesMinimum);
            let given: u64 = gives.clone().map(|(minimum, _)| u64::from(minimum.units)).sum();
            let left = u64::from(line.quantity).checked_sub(given)?;
            if left > 0 {
                let offers = problem.offers_of(line).map(|(index, offer)| {
                    let quantity = match chosen.clone().find(|(m, _)| m.offer == index) {
                        Some((_, Choice::GivesNothing)) => 0,
                        Some((m, Choice::GivesMinimum)) => offer.quantity - m.units,
                        Some((_, Choice::Open)) | None => offer.quantity,
                    };
                    (index, Offer { quantity, ..*offer })
                });
                cut.push(number, u32::try_from(left).unwrap_or(u32::MAX), offers);
            }
            for (minimum, _) in gives {
                let (index, units) = (minimum.offer, minimum.units);
                let offer = Offer { quantity: units, ..problem.offers[index as usize] };
                cut.push(number, units, std::iter::once((index, offer)));
            }
        }
        Some(cut)
    }

    fn push(&mut self, line: u16, quantity: u32, offers: impl Iterator<Item = (u32, Offer)>) {
        let start = self.offers.len();
        for (index, offer) in offers {
            self.offer_of.push(index);
            self.offers.push(offer);
        }
        let place = |at: usize| u32::try_from(at).expect("fewer offers than 32 bits hold");
        let offers = place(start)..place(self.offers.len());
        self.lines.push(Line { quantity, offers });
        self.line_of.push(line);
    }

    fn problem<'a>(&'a self, of: &Problem<'a>) -> Problem<'a> {
        Problem { lines: &self.lines, offers: &self.offers, minimums: &[], ..*of }
    }

    /// A plan of it, as one of the problem.
    fn merged(&self, problem: &Problem<'_>, plan: &Plan) -> Plan {
        let ranking = Ranking::new(problem.policy.objectives);
        let mut picks: SmallVec<[Pick; 4]> =
            plan.picks.iter().map(|pick| self.pick(pick)).collect();
        picks.sort_by_key(|pick| {
            let offer = &problem.offers[pick.offer as usize];
            let weight = ranking.unit(offer.late_days, offer.unit_cost, offer.balance);
            (pick.line, weight, pick.offer)
        });
        picks.dedup_by(|next, sum| {
            let is_same = next.offer == sum.offer;
            sum.quantity += if is_same { next.quantity } else { 0 };
            is_same
        });
        let mut unfilled: SmallVec<[u32; 4]> = SmallVec::from_elem(0, problem.lines.len());
        for (line, left) in self.line_of.iter().zip(&plan.unfilled) {
            unfilled[usize::from(*line)] += left;
        }
        Plan { picks, unfilled, ..plan.clone() }
    }

    fn pick(&self, pick: &Pick) -> Pick {
        let line = self.line_of[usize::from(pick.line)];
        Pick { offer: self.offer_of[pick.offer as usize], line, ..*pick }
    }
}
