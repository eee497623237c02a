//! Offers from which a line takes a minimum of units, or none.
//!
//! ```text
//!   solved without minimums --> some offer gives less than its minimum?
//!        no: the best plan        yes: solved twice more, best first
//!                                   it gives nothing | it gives its minimum, and maybe more
//! ```
//! What is solved without some minimums scores no worse than what keeps them. The two halves have
//! every plan that keeps them, so the first plan that keeps all of them, of those with the least
//! score, is a best one. Each half has one choice less, so it ends.
//!
//! That an offer gives its minimum is said to the search by a line of its own: so many of the line's
//! units, which can come from that offer alone.

use smallvec::SmallVec;

use super::limits::{LINES_MAX, MINIMUM_PLANS_MAX};
use super::plan::{Exactness, Pick, Plan};
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

/// Plans that share some choices: the best of them, but for minimums that are still open.
struct Branch {
    /// By minimum of the problem.
    choices: Vec<Choice>,
    plan: Plan,
}

/// The plan with the least score that keeps all minimums.
pub(super) fn solve_with_minimums(
    problem: &Problem<'_>,
    steps_max: u64,
    scratch: &mut Scratch,
) -> Plan {
    let mut tree = Tree { problem, steps_max, scratch, plans: 0 };
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
}

impl Tree<'_, '_> {
    fn solve(&mut self) -> (Plan, Vec<Choice>) {
        let order = self.problem.policy.objectives;
        let root = self.branch(self.at_first()).expect("nothing is to be given");
        let mut branches = vec![root];
        loop {
            let best = (0..branches.len()).reduce(|best, other| {
                let is_less = branches[other].plan.score.compare(&branches[best].plan.score, order);
                if is_less.is_lt() { other } else { best }
            });
            let Branch { choices, plan } = branches.swap_remove(best.expect("one half has a plan"));
            let Some(broken) = self.broken(&choices, &plan) else { return (plan, choices) };
            if self.plans >= MINIMUM_PLANS_MAX {
                return self.dive(Branch { choices, plan });
            }
            branches.extend(self.halves(&choices, broken));
        }
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
    fn broken(&self, choices: &[Choice], plan: &Plan) -> Option<usize> {
        let minimums = self.problem.minimums.iter().zip(choices).enumerate();
        let mut open = minimums.filter(|(_, (_, choice))| **choice == Choice::Open);
        let is_below = |minimum: &Minimum| {
            let of_it = plan.picks.iter().filter(|pick| pick.offer == minimum.offer);
            of_it.into_iter().any(|pick| pick.quantity < minimum.units)
        };
        open.find(|(_, (minimum, _))| is_below(minimum)).map(|(at, _)| at)
    }

    fn halves(&mut self, choices: &[Choice], at: usize) -> SmallVec<[Branch; 2]> {
        let half = |choice| {
            let mut choices = choices.to_vec();
            choices[at] = choice;
            self.branch(choices)
        };
        [Choice::GivesNothing, Choice::GivesMinimum].into_iter().filter_map(half).collect()
    }

    /// Out of plans: the better half, again and again, until it keeps all minimums.
    fn dive(&mut self, from: Branch) -> (Plan, Vec<Choice>) {
        let order = self.problem.policy.objectives;
        let (bound, mut branch) = (from.plan.score, from);
        while let Some(broken) = self.broken(&branch.choices, &branch.plan) {
            let halves = self.halves(&branch.choices, broken);
            let better = halves
                .into_iter()
                .min_by(|one, other| one.plan.score.compare(&other.plan.score, order));
            branch = better.expect("an offer may always give nothing");
        }
        branch.plan.exactness = Exactness::Bounded { bound };
        (branch.plan, branch.choices)
    }

    /// The best plan with these choices; none if a line has not so many units.
    fn branch(&mut self, choices: Vec<Choice>) -> Option<Branch> {
        self.plans += 1;
        let cut = Cut::of(self.problem, &choices)?;
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
        (cut.lines.len() <= LINES_MAX).then_some(cut)
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
