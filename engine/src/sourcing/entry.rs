//! The entry: with conditions, or without.

use super::conditions::solve_with_conditions;
use super::limits::STEPS_MAX;
use super::plan::Plan;
use super::problem::Problem;
use super::scratch::Scratch;
use super::solve::solve_free;

/// The plan with the least score, found exactly.
///
/// The answer depends on nothing but the problem. Of equal plans with one
/// shipment that is in time, the one with the lowest index wins. Otherwise, of plans with
/// equal scores, it is the one met first: where the promise and shipments come first, by
/// the offers of the line that has the fewest choices, in their order; otherwise offers of
/// a line are tried by weight, then by index. Within the shipments that the plan opens,
/// equal offers are taken by index, lowest first.
///
/// The problem has to pass [`Problem::check`]; debug builds assert it.
pub fn solve(problem: &Problem<'_>, scratch: &mut Scratch) -> Plan {
    solve_within(problem, STEPS_MAX, scratch)
}

/// As [`solve`], with a budget of `steps_max` offers looked at in the search
/// instead of [`STEPS_MAX`]. When it runs out, the plan is the best one found,
/// and says by how much it might be off.
pub fn solve_within(problem: &Problem<'_>, steps_max: u64, scratch: &mut Scratch) -> Plan {
    debug_assert_eq!(problem.check(), Ok(()));
    if !problem.conditions.are_none() {
        return solve_with_conditions(problem, steps_max, scratch);
    }
    scratch.below.clear();
    solve_free(problem, steps_max, scratch)
}
