//! The sourcing solver against an exact oracle, and its own invariants.

mod instance;
mod milp;
mod sources;
mod stock;
mod whole;
mod world;

use backstock_engine::sourcing::{
    Exactness, Objective, ObjectiveOrder, Plan, Problem, Score, Scratch, Split, Verdict, explain,
    solve, solve_within,
};
use instance::{Instance, Shape};
use proptest::prelude::*;

/// Instances compared with the oracle, unless the environment says otherwise.
const INSTANCES: u64 = 10_000;
/// The seed, unless the environment says otherwise. Instance `n` has seed
/// `SEED + n`, so that a failing one is replayed alone with a count of 1.
const SEED: u64 = 20_261_121;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn plans_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES);
    compare_with_milp(count, |seed| Instance::random(seed, Shape::of(seed)));
}

/// The others have few such shipments, and need both of their supplies more rarely still.
#[test]
fn two_supplies_of_one_shipment_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES / 2);
    compare_with_milp(count, Instance::of_two_supplies);
}

#[test]
fn plans_that_keep_minimums_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES / 2);
    compare_with_milp(count, Instance::of_minimums);
}

#[test]
fn plans_that_share_units_score_what_an_exact_milp_scores() {
    let count = from_environment("BACKSTOCK_SOURCING_INSTANCES", INSTANCES / 2);
    let bounded = compare_within_budget(count, Instance::of_shared);
    assert!(bounded * 100 <= count, "{bounded} of {count} were not planned within the budget");
}

fn compare_with_milp(count: u64, instance: impl Fn(u64) -> Instance) {
    assert_eq!(compare_within_budget(count, instance), 0, "all are small");
}

/// Answers of how many the budget ran out.
fn compare_within_budget(count: u64, instance: impl Fn(u64) -> Instance) -> u64 {
    let first = from_environment("BACKSTOCK_SOURCING_SEED", SEED);
    println!("replay: BACKSTOCK_SOURCING_SEED={first} BACKSTOCK_SOURCING_INSTANCES={count}");
    let (mut scratch, mut bounded) = (Scratch::new(), 0);
    for seed in first..first + count {
        let instance = instance(seed);
        let problem = instance.problem();
        let plan = solve(&problem, &mut scratch);
        check_plan(&problem, &plan, seed);
        let expected = milp::solve(&problem);
        let Exactness::Bounded { bound } = plan.exactness else {
            assert_eq!(plan.score, expected, "seed {seed}: {instance:?}");
            continue;
        };
        let order = problem.policy.objectives;
        let is_between =
            bound.compare(&expected, order).is_le() && expected.compare(&plan.score, order).is_le();
        assert!(is_between, "seed {seed}: {bound:?} to {:?}: {instance:?}", plan.score);
        bounded += 1;
    }
    bounded
}

/// Found by the oracle: a shipment with two supplies of one line was judged by
/// the smaller one alone, and the best plan pruned with it.
#[test]
fn two_supplies_of_one_shipment_are_judged_by_the_better() {
    let instance = Instance::random(20_263_113, Shape::of(20_263_113));
    let plan = solve(&instance.problem(), &mut Scratch::new());
    assert_eq!(plan.score, milp::solve(&instance.problem()));
    assert_eq!(plan.score.late_unit_days, 1);
}

/// Picks stay within offers and lines, and add up to the stated score.
fn check_plan(problem: &Problem<'_>, plan: &Plan, seed: u64) {
    let mut taken = vec![0; problem.offers.len()];
    let mut filled = vec![0; problem.lines.len()];
    let mut used = vec![false; problem.shipments.len()];
    let mut score = Score::default();
    for pick in &plan.picks {
        let line = &problem.lines[usize::from(pick.line)];
        let offer = &problem.offers[pick.offer as usize];
        assert!(line.offers.contains(&pick.offer), "seed {seed}: a pick of another line's offer");
        assert!(pick.quantity > 0, "seed {seed}: an empty pick");
        taken[pick.offer as usize] += pick.quantity;
        filled[usize::from(pick.line)] += pick.quantity;
        used[usize::from(offer.shipment)] = true;
        let units = u64::from(pick.quantity);
        score.late_unit_days += units * u64::from(offer.late_days);
        score.cost += units * u64::try_from(offer.unit_cost).expect("not negative");
        score.balance += units * u64::from(offer.balance);
    }
    for (shipment, _) in problem.shipments.iter().zip(&used).filter(|(_, used)| **used) {
        score.shipments += 1;
        score.cost += u64::try_from(shipment.fixed_cost).expect("not negative");
    }
    for minimum in problem.conditions.minimums {
        let taken = taken[minimum.offer as usize];
        assert!(taken == 0 || taken >= minimum.units, "seed {seed}: less than a minimum");
    }
    for shared in problem.conditions.shared {
        let parts =
            &problem.conditions.parts[shared.parts.start as usize..shared.parts.end as usize];
        let drawn: u32 = parts.iter().map(|part| taken[part.offer as usize] * part.each).sum();
        assert!(drawn <= shared.units, "seed {seed}: more than is shared");
    }
    for (offer, taken) in problem.offers.iter().zip(&taken) {
        assert!(*taken <= offer.quantity, "seed {seed}: more than the offer has");
    }
    assert_eq!(plan.unfilled.len(), problem.lines.len(), "seed {seed}");
    for ((line, filled), unfilled) in problem.lines.iter().zip(&filled).zip(&plan.unfilled) {
        assert_eq!(filled + unfilled, line.quantity, "seed {seed}: units went missing");
        if problem.policy.split == Split::WholeLine {
            assert!(*unfilled == 0 || *filled == 0, "seed {seed}: a split line");
        }
        score.unfilled_units += u64::from(*unfilled);
    }
    assert_eq!(plan.score, score, "seed {seed}: the score is not that of the picks");
}

proptest! {
    #[test]
    fn large_plans_keep_within_supply_and_state_their_score(seed: u64) {
        let instance = Instance::random(seed, Shape::LARGE);
        let problem = instance.problem();
        let plan = solve(&problem, &mut Scratch::new());
        check_plan(&problem, &plan, seed);
    }

    #[test]
    fn a_small_budget_brackets_the_optimum(seed: u64, steps_max in 1..200u64) {
        let instance = Instance::random(seed, Shape::MEDIUM);
        let problem = instance.problem();
        let order = problem.policy.objectives;
        let best = solve(&problem, &mut Scratch::new());
        let found = solve_within(&problem, steps_max, &mut Scratch::new());
        check_plan(&problem, &found, seed);
        match found.exactness {
            Exactness::Optimal => prop_assert_eq!(found.score, best.score),
            Exactness::Bounded { bound } => {
                prop_assert!(bound.compare(&best.score, order).is_le(), "{:?}", bound);
                prop_assert!(best.score.compare(&found.score, order).is_le());
            }
        }
    }

    #[test]
    fn a_used_scratch_changes_nothing(seed: u64, earlier: u64) {
        let mut scratch = Scratch::new();
        solve(&Instance::random(earlier, Shape::MEDIUM).problem(), &mut scratch);
        let instance = Instance::random(seed, Shape::MEDIUM);
        let plan = solve(&instance.problem(), &mut scratch);
        prop_assert_eq!(plan, solve(&instance.problem(), &mut Scratch::new()));
    }

    #[test]
    fn verdicts_say_what_moving_the_line_would_do(seed: u64, default_order: bool) {
        let instance = Instance::random(seed, Shape::MEDIUM);
        let mut problem = instance.problem();
        if default_order {
            problem.policy.objectives = ObjectiveOrder::default();
        }
        let mut scratch = Scratch::new();
        let plan = solve(&problem, &mut scratch);
        let mut verdicts = vec![Verdict::Equal; problem.offers.len()];
        explain(&problem, &plan, &mut scratch, &mut verdicts);
        for (number, line) in problem.lines.iter().enumerate() {
            for offer in line.offers.clone() {
                let expected = expected_verdict(&problem, &plan, number, offer);
                prop_assert_eq!(verdicts[offer as usize], expected, "offer {}", offer);
            }
        }
    }
}

/// The definition of [`Verdict`], played out: make the other plan and compare.
fn expected_verdict(problem: &Problem<'_>, plan: &Plan, line: usize, index: u32) -> Verdict {
    let offer = &problem.offers[index as usize];
    let wanted = problem.lines[line].quantity;
    if plan.picks.iter().any(|pick| pick.offer == index) {
        return Verdict::Chosen;
    }
    if offer.quantity == 0 {
        return Verdict::NoStock;
    }
    if problem.policy.split == Split::WholeLine && offer.quantity < wanted {
        return Verdict::NotEnough;
    }
    let mut taken = vec![0; problem.offers.len()];
    for pick in &plan.picks {
        taken[pick.offer as usize] = pick.quantity;
    }
    for pick in plan.picks.iter().rev().filter(|pick| usize::from(pick.line) == line) {
        let moved = pick.quantity.min(offer.quantity - taken[index as usize]);
        taken[pick.offer as usize] -= moved;
        taken[index as usize] += moved;
    }
    let after = score_of(problem, &taken);
    for objective in problem.policy.objectives.objectives() {
        if after.component(objective) > plan.score.component(objective) {
            return match objective {
                Objective::Promise => Verdict::Later,
                Objective::Shipments => Verdict::AnotherShipment,
                Objective::Cost => Verdict::Costlier,
                Objective::Balance => Verdict::LessBalanced,
            };
        }
    }
    Verdict::Equal
}

/// The score of taking `taken` units of each offer, unfilled units left out.
fn score_of(problem: &Problem<'_>, taken: &[u32]) -> Score {
    let mut score = Score::default();
    for (number, shipment) in problem.shipments.iter().enumerate() {
        let carries = |(offer, taken): (&backstock_engine::sourcing::Offer, &u32)| {
            usize::from(offer.shipment) == number && *taken > 0
        };
        if problem.offers.iter().zip(taken).any(carries) {
            score.shipments += 1;
            score.cost += shipment.fixed_cost.unsigned_abs();
        }
    }
    for (offer, taken) in problem.offers.iter().zip(taken) {
        score.late_unit_days += u64::from(*taken) * u64::from(offer.late_days);
        score.cost += u64::from(*taken) * offer.unit_cost.unsigned_abs();
        score.balance += u64::from(*taken) * u64::from(offer.balance);
    }
    score
}
