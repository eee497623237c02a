//! Conditions that offers are under: units that several of them share, and offers from which a
//! line takes a minimum of units, or none.
//!
//! ```text
//!   solved without conditions --> one is broken?
//!        no: the best plan          yes: solved twice more, best first
//!                                     minimum: the offer gives nothing | its minimum, or more
//!                                     shared:  its largest offer gives no more than the others
//!                                              leave of it             | more than that
//! ```
//! What is solved without some conditions scores no worse than what keeps them. The two halves have
//! every plan, so the first one that keeps all conditions, of those with the least score, is a best
//! one. Each half has fewer choices, so it ends.
//!
//! That an offer gives so many units at least is said to the search by a line of its own: so many
//! of the line's units, which can come from that offer alone.

use smallvec::SmallVec;

use super::limits::{
    CLOSING_CHOICES_MAX, CLOSING_PLANS_MAX, CONDITION_OFFERS_MAX, CONDITION_PLANS_MAX,
    CONDITION_PLANS_MIN, LINES_MAX, STEPS_PART,
};
use super::plan::{Exactness, Pick, Plan, Score};
use super::problem::{Conditions, Line, Minimum, Offer, Part, Problem, Shared, Split};
use super::scratch::Scratch;
use super::solve::solve_free;
use super::weight::Ranking;

/// How many units an offer may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leeway {
    least: u32,
    most: u32,
}

impl Leeway {
    const NOTHING: Self = Self { least: 0, most: 0 };
}

/// What was decided, ascending by offer. Others give what they have, or less.
type Leeways = SmallVec<[(u32, Leeway); 8]>;

/// Plans that have some decisions in common: the best of them, but for conditions that it breaks.
struct Branch {
    leeways: Leeways,
    plan: Plan,
    /// Units that it has offers give, ascending by offer.
    given: Vec<(u32, u32)>,
    /// No plan of the branch scores less.
    bound: Score,
}

impl Branch {
    /// Units that the plan has an offer give.
    fn given(&self, offer: u32) -> u32 {
        let at = self.given.binary_search_by_key(&offer, |(of, _)| *of);
        at.map_or(0, |at| self.given[at].1)
    }

    /// Shared units that it draws on.
    fn drawn(&self, part: Part) -> u64 {
        u64::from(self.given(part.offer)) * u64::from(part.each)
    }
}

/// A condition that a plan does not keep.
#[derive(Clone, Copy)]
enum Broken<'p> {
    Minimum(&'p Minimum),
    /// With the units that are given beyond what there is.
    Shared(&'p Shared, u64),
}

/// The plan with the least score that keeps all conditions.
pub(super) fn solve_with_conditions(
    problem: &Problem<'_>,
    steps_max: u64,
    scratch: &mut Scratch,
) -> Plan {
    let mut tree = Tree { problem, steps_max, scratch, plans: 0, left_out: None };
    let Branch { leeways, mut plan, bound, .. } = tree.solve();
    let bound = tree.least(bound);
    plan.exactness = Exactness::Optimal;
    if plan.score.compare(&bound, problem.policy.objectives).is_gt() {
        plan.exactness = Exactness::Bounded { bound };
    }
    scratch.below.clear();
    let minimums = problem.conditions.minimums.iter().map(|minimum| minimum.offer);
    scratch.below.extend(minimums.filter(|offer| leeway(&leeways, *offer).most == 0));
    plan
}

struct Tree<'a, 'p> {
    problem: &'a Problem<'p>,
    steps_max: u64,
    scratch: &'a mut Scratch,
    /// How many were made.
    plans: usize,
    /// The least bound of plans that are not searched, because they take too many lines.
    left_out: Option<Score>,
}

impl<'p> Tree<'_, 'p> {
    fn solve(&mut self) -> Branch {
        let order = self.problem.policy.objectives;
        let plans_max = CONDITION_OFFERS_MAX / self.problem.offers.len().max(1);
        let plans_max = plans_max.clamp(CONDITION_PLANS_MIN, CONDITION_PLANS_MAX);
        let root = self.branch(self.at_first(), Score::default()).expect("nothing is to be given");
        let mut branches = vec![root];
        loop {
            // Of equal ones the newest, which keeps most conditions.
            let best = (0..branches.len()).reduce(|best, other| {
                let is_more = branches[other].bound.compare(&branches[best].bound, order).is_gt();
                if is_more { best } else { other }
            });
            let best = branches.swap_remove(best.expect("one half has a plan"));
            let Some(broken) = self.broken(&best) else { return self.best_of(best, branches) };
            if self.plans >= plans_max {
                let bound = best.bound;
                return Branch { bound, ..self.close(best) };
            }
            branches.extend(self.halves(&best, broken));
        }
    }

    /// What no plan scores less than, if those that are searched do not.
    fn least(&self, bound: Score) -> Score {
        let order = self.problem.policy.objectives;
        let is_less = |left_out: &Score| left_out.compare(&bound, order).is_lt();
        self.left_out.filter(is_less).unwrap_or(bound)
    }

    /// Offers of which a line cannot have the minimum give nothing.
    fn at_first(&self) -> Leeways {
        let cannot = |minimum: &&Minimum| {
            let line = &self.problem.lines[line_of(self.problem, minimum.offer)];
            let most = self.problem.offers[minimum.offer as usize].quantity.min(line.quantity);
            most < minimum.units
        };
        let of = self.problem.conditions.minimums.iter().filter(cannot);
        of.map(|minimum| (minimum.offer, Leeway::NOTHING)).collect()
    }

    /// The first branch that keeps all conditions, or one that is better: where the search ran out
    /// of steps, the one with the least bound may not be.
    fn best_of(&self, first: Branch, others: Vec<Branch>) -> Branch {
        let (bound, order) = (first.bound, self.problem.policy.objectives);
        let keep = others.into_iter().filter(|other| self.broken(other).is_none());
        let best = keep.fold(first, |best, other| {
            if other.plan.score.compare(&best.plan.score, order).is_lt() { other } else { best }
        });
        Branch { bound, ..best }
    }

    fn broken(&self, branch: &Branch) -> Option<Broken<'p>> {
        let conditions = self.problem.conditions;
        let is_below = |minimum: &&Minimum| {
            let given = branch.given(minimum.offer);
            given > 0 && given < minimum.units
        };
        let below = conditions.minimums.iter().find(is_below).map(Broken::Minimum);
        below.or_else(|| {
            let all = conditions.shared.iter().map(|shared| {
                let drawn = conditions.parts_of(shared).iter().map(|part| branch.drawn(*part));
                (drawn.sum::<u64>().saturating_sub(shared.units.into()), shared)
            });
            let most = all.max_by_key(|(excess, _)| *excess).filter(|(excess, _)| *excess > 0);
            most.map(|(excess, shared)| Broken::Shared(shared, excess))
        })
    }

    fn halves(&mut self, branch: &Branch, broken: Broken<'_>) -> SmallVec<[Branch; 2]> {
        let (offer, least) = match broken {
            Broken::Minimum(Minimum { offer, units }) => (*offer, *units),
            Broken::Shared(shared, excess) => self.least_of_largest(shared, excess, branch),
        };
        let now = leeway(&branch.leeways, offer);
        let most = match broken {
            Broken::Minimum(_) => 0,
            Broken::Shared(..) if self.problem.policy.split == Split::WholeLine => 0,
            Broken::Shared(..) => least - 1,
        };
        // Of equal ones, that which gives less is tried first: it is nearer to the condition.
        let more = (now.most >= least).then_some(Leeway { least, ..now });
        let less = (now.least <= most).then_some(Leeway { most, ..now });
        let halves = more.into_iter().chain(less);
        let with = |to| with(branch.leeways.clone(), offer, to);
        halves.filter_map(|to| self.branch(with(to), branch.bound)).collect()
    }

    /// The offer that gives most shared units beyond what it is to give, of which too many are
    /// given, and one unit more than it may give beside the others.
    fn least_of_largest(&self, shared: &Shared, excess: u64, branch: &Branch) -> (u32, u32) {
        let is_whole = self.problem.policy.split == Split::WholeLine;
        let beyond = |part: &Part| {
            let given = branch.given(part.offer);
            given - leeway(&branch.leeways, part.offer).least.min(given)
        };
        let parts = self.problem.conditions.parts_of(shared).iter();
        let largest = parts.max_by_key(|part| u64::from(beyond(part)) * u64::from(part.each));
        let part = largest.expect("some give too much");
        let fewer = u32::try_from(excess.div_ceil(part.each.into())).unwrap_or(u32::MAX);
        let fewer = if is_whole { 1 } else { fewer.min(beyond(part)) };
        (part.offer, branch.given(part.offer) - fewer + 1)
    }

    /// Out of plans: keeps one condition after the other, and then what is left of them at once.
    fn close(&mut self, from: Branch) -> Branch {
        let order = self.problem.policy.objectives;
        let mut branch = from;
        for plan in 0..CLOSING_PLANS_MAX {
            let Some(broken) = self.broken(&branch) else { return branch };
            let next = match broken {
                Broken::Minimum(_) if plan < CLOSING_CHOICES_MAX => {
                    let halves = self.halves(&branch, broken).into_iter();
                    halves.min_by(|one, other| one.plan.score.compare(&other.plan.score, order))
                }
                Broken::Minimum(_) => {
                    let leeways = self.without_less(&branch);
                    self.branch(leeways, branch.bound)
                }
                Broken::Shared(shared, _) => {
                    let leeways = self.dealt(shared, &branch);
                    self.branch(leeways, branch.bound)
                }
            };
            let Some(next) = next else { break };
            branch = next;
        }
        if self.broken(&branch).is_none() { branch } else { self.filled() }
    }

    /// What a plan has offers give is nothing where it is less than their minimum.
    fn without_less(&self, branch: &Branch) -> Leeways {
        let is_less = |minimum: &&Minimum| branch.given(minimum.offer) < minimum.units;
        let less = self.problem.conditions.minimums.iter().filter(is_less);
        let less = less.filter(|minimum| leeway(&branch.leeways, minimum.offer).least == 0);
        let none = |to, minimum: &Minimum| with(to, minimum.offer, Leeway::NOTHING);
        less.fold(branch.leeways.clone(), none)
    }

    /// Deals shared units out to their offers: first what they are to give, then what a plan has
    /// them give, then what they may give.
    fn dealt(&self, shared: &Shared, branch: &Branch) -> Leeways {
        let parts = self.problem.conditions.parts_of(shared);
        let mut left = u64::from(shared.units);
        let mut dealt: SmallVec<[u32; 8]> = SmallVec::from_elem(0, parts.len());
        for turn in 0..3 {
            for (part, dealt) in parts.iter().zip(&mut dealt) {
                let Leeway { least, most } = leeway(&branch.leeways, part.offer);
                let wanted = [least, branch.given(part.offer).min(most), most][turn];
                let more =
                    u64::from(wanted.saturating_sub(*dealt)).min(left / u64::from(part.each));
                left -= more * u64::from(part.each);
                *dealt += u32::try_from(more).expect("no more than is wanted");
            }
        }
        let mut leeways = branch.leeways.clone();
        for (part, most) in parts.iter().zip(dealt) {
            let to = Leeway { most, ..leeway(&leeways, part.offer) };
            leeways = with(leeways, part.offer, to);
        }
        leeways
    }

    /// Fills line by line, each from its best offers, with what is left of shared units. Offers with
    /// a minimum give nothing.
    fn filled(&mut self) -> Branch {
        let (problem, ranking) = (self.problem, Ranking::new(self.problem.policy.objectives));
        let conditions = problem.conditions;
        let mut left: Vec<u32> = conditions.shared.iter().map(|shared| shared.units).collect();
        // By offer, what it draws on.
        let mut draws: Vec<SmallVec<[(usize, u32); 2]>> =
            vec![SmallVec::new(); problem.offers.len()];
        for (at, shared) in conditions.shared.iter().enumerate() {
            for part in conditions.parts_of(shared) {
                draws[part.offer as usize].push((at, part.each));
            }
        }
        let mut leeways = Vec::new();
        for line in problem.lines {
            let mut wanted = line.quantity;
            let mut offers: Vec<(u32, &Offer)> = problem.offers_of(line).collect();
            offers.sort_by_key(|(at, offer)| {
                (ranking.unit(offer.late_days, offer.unit_cost, offer.balance), *at)
            });
            for (at, offer) in offers {
                let draws = &draws[at as usize];
                let has_minimum =
                    conditions.minimums.binary_search_by_key(&at, |minimum| minimum.offer).is_ok();
                if draws.is_empty() && !has_minimum {
                    continue;
                }
                let shared = draws.iter().map(|(of, each)| left[*of] / each).min();
                let units = wanted.min(offer.quantity).min(shared.unwrap_or(0));
                let is_of_use = !has_minimum && units >= problem.units_min(line);
                let most = if is_of_use { units } else { 0 };
                draws.iter().for_each(|(of, each)| left[*of] -= most * each);
                wanted -= most;
                leeways.push((at, Leeway { least: 0, most }));
            }
        }
        leeways.sort_unstable_by_key(|(offer, _)| *offer);
        self.branch(leeways.into(), Score::default()).expect("nothing is to be given")
    }

    /// What follows from decisions: an offer gives no more than the others leave of what they share,
    /// and nothing if that is less than its minimum. None if no plan is under them.
    fn tightened(&self, mut leeways: Leeways) -> Option<Leeways> {
        let conditions = self.problem.conditions;
        for shared in conditions.shared {
            let parts = conditions.parts_of(shared);
            let least = |part: &Part| leeway(&leeways, part.offer).least;
            let drawn = parts.iter().map(|part| u64::from(least(part)) * u64::from(part.each));
            let left = u64::from(shared.units).checked_sub(drawn.sum())?;
            for part in parts {
                let Leeway { least, most } = leeway(&leeways, part.offer);
                let more = u32::try_from(left / u64::from(part.each)).unwrap_or(u32::MAX);
                let has = self.problem.offers[part.offer as usize].quantity.min(most);
                let most = least.saturating_add(more);
                if most < has {
                    leeways = with(leeways, part.offer, Leeway { least, most });
                }
            }
        }
        for Minimum { offer, units } in conditions.minimums {
            let Leeway { least, most } = leeway(&leeways, *offer);
            if most < *units && most > 0 {
                leeways = with(leeways, *offer, (least == 0).then_some(Leeway::NOTHING)?);
            }
        }
        Some(leeways)
    }

    /// The best plan under these decisions; none if there is no plan under them, or it would take
    /// too many lines. No such plan scores less than a bound.
    fn branch(&mut self, leeways: Leeways, bound: Score) -> Option<Branch> {
        let leeways = self.tightened(leeways)?;
        self.plans += 1;
        let cut = Cut::of(self.problem, &leeways)?;
        if cut.lines.len() > LINES_MAX {
            self.left_out = Some(self.least(bound));
            return None;
        }
        let is_first = self.plans == 1;
        let steps_max = if is_first { self.steps_max } else { self.steps_max.div_ceil(STEPS_PART) };
        let plan = solve_free(&cut.problem(self.problem), steps_max, self.scratch);
        let plan = cut.merged(self.problem, &plan);
        let bound = match plan.exactness {
            Exactness::Optimal => plan.score,
            Exactness::Bounded { bound } => bound,
        };
        let mut given: Vec<(u32, u32)> =
            plan.picks.iter().map(|pick| (pick.offer, pick.quantity)).collect();
        given.sort_unstable();
        Some(Branch { leeways, plan, given, bound })
    }
}

fn leeway(leeways: &Leeways, offer: u32) -> Leeway {
    let at = leeways.binary_search_by_key(&offer, |(of, _)| *of);
    at.map_or(Leeway { least: 0, most: u32::MAX }, |at| leeways[at].1)
}

fn with(mut leeways: Leeways, offer: u32, to: Leeway) -> Leeways {
    match leeways.binary_search_by_key(&offer, |(of, _)| *of) {
        Ok(at) => leeways[at].1 = to,
        Err(at) => leeways.insert(at, (offer, to)),
    }
    leeways
}

/// The line that has an offer.
fn line_of(problem: &Problem<'_>, offer: u32) -> usize {
    // Ranges ascend.
    problem.lines.partition_point(|line| line.offers.end <= offer)
}

/// A problem in which something is decided.
struct Cut {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    /// By line: the line of the problem.
    line_of: Vec<u16>,
    /// By offer: the offer of the problem.
    offer_of: Vec<u32>,
}

impl Cut {
    fn of(problem: &Problem<'_>, leeways: &Leeways) -> Option<Self> {
        let mut cut = Self { lines: vec![], offers: vec![], line_of: vec![], offer_of: vec![] };
        for (number, line) in (0u16..).zip(problem.lines) {
            let place = |offer| leeways.partition_point(|(of, _)| *of < offer);
            let decided = &leeways[place(line.offers.start)..place(line.offers.end)];
            let given = decided.iter().filter(|(_, leeway)| leeway.least > 0);
            let units: u64 = given.clone().map(|(_, leeway)| u64::from(leeway.least)).sum();
            let left = u64::from(line.quantity).checked_sub(units)?;
            if left > 0 {
                let mut rest = decided.iter().peekable();
                let offers = problem.offers_of(line).map(|(index, offer)| {
                    let decided = rest.next_if(|(of, _)| *of == index);
                    let quantity = decided.map_or(offer.quantity, |(_, leeway)| {
                        offer.quantity.min(leeway.most).saturating_sub(leeway.least)
                    });
                    (index, Offer { quantity, ..*offer })
                });
                cut.push(number, u32::try_from(left).unwrap_or(u32::MAX), offers);
            }
            for (index, leeway) in given {
                let offer = Offer { quantity: leeway.least, ..problem.offers[*index as usize] };
                cut.push(number, leeway.least, std::iter::once((*index, offer)));
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
        let conditions = Conditions::default();
        Problem { lines: &self.lines, offers: &self.offers, conditions, ..*of }
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
