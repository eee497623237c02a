//! What no plan below a node of the search can beat.
//!
//! Two bounds hold for every set `S` of shipments from `open` to `allowed`.
//! Both hold lexicographically, because weights are an ordered group.
//!
//! **Plain**: each line is filled with everything allowed open; shipments are
//! charged only if they are open. Filling from `S` is no better, and `S`
//! charges no less.
//!
//! **Shared**: an undecided shipment that `n` pending lines might use charges
//! each line that uses it one `n`th (or charges some of them more and the
//! others nothing). No more than `n` lines use it, so the shares come to no
//! more than its charge; each line then takes what is best for itself. Weights are multiples of `SCALE`, so that shares are integers;
//! where `n` does not divide it they are rounded down.
//!
//! True weights are multiples of `SCALE`: the first component of the shared
//! bound that is none is rounded up, and what comes after it starts from 0.
//! Where shipments come before cost, all plans are equal in what comes before
//! shipments (see `reduce`). The shared bound then says how many shipments it
//! takes, and the plain bound says what comes after, with the shipments still
//! to be opened at the least fixed cost.

use super::desk::{Desk, Pending};
use super::limits::SCALE;
use super::reduced::{Candidate, Reduced};
use super::set::Set;
use super::weight::{Ranking, Weight};

/// The bounds of one node.
pub(super) struct Bounds {
    /// The best of both: no plan below the node weighs less.
    pub(super) total: Weight,
    /// The shared bound, not rounded: the sum of `Pending::least` and of what
    /// is settled.
    pub(super) shared: Weight,
    plain: Weight,
    /// The least fixed cost of an undecided shipment, scaled.
    fixed_cost_min: u64,
}

/// Bounds the node whose pending lines are on the desk. `fixed` is the weight
/// of all that is settled there.
pub(super) fn bound<const N: usize>(
    reduced: &Reduced,
    ranking: Ranking,
    desk: &mut Desk,
    open: &Set<N>,
    allowed: &Set<N>,
    fixed: Weight,
) -> Bounds {
    count_users(reduced, desk, open, allowed);
    let fixed_cost_min = share_charges(reduced, ranking, desk);
    let mut bounds = Bounds { total: fixed, shared: fixed, plain: fixed, fixed_cost_min };
    for pending in &mut desk.pending {
        pending.least = if reduced.demands[pending.demand].single {
            least_of_single(reduced, &desk.shares, pending, open, allowed)
        } else {
            least_of_several(reduced, &desk.shares, pending, open, allowed)
        };
        bounds.shared += pending.least;
        bounds.plain += pending.relaxed;
    }
    bounds.total = bounds.tighten(ranking, bounds.shared);
    bounds
}

impl Bounds {
    /// The best bound that follows from `shared`, a shared bound on the plans
    /// of this node or on part of them.
    pub(super) fn tighten(&self, ranking: Ranking, shared: Weight) -> Weight {
        let mut rounded = shared;
        if let Some(first) = shared.0.iter().position(|component| component % SCALE != 0) {
            rounded.0[first] = shared.0[first].next_multiple_of(SCALE);
            rounded.0[first + 1..].fill(0);
        }
        let mut plain = self.plain;
        if ranking.shipments_before_cost() {
            let shipments = shared.0[ranking.shipments].next_multiple_of(SCALE);
            let more = shipments.saturating_sub(plain.0[ranking.shipments]);
            plain.0[ranking.shipments] += more;
            plain.0[ranking.cost] += more / SCALE * self.fixed_cost_min;
        }
        rounded.max(plain)
    }
}

/// Counts for each undecided shipment the pending lines that might use it,
/// unfilled and filled ones apart.
fn count_users<const N: usize>(
    reduced: &Reduced,
    desk: &mut Desk,
    open: &Set<N>,
    allowed: &Set<N>,
) {
    desk.users.clear();
    desk.users.resize(reduced.charges.len(), [0; 2]);
    for pending in &mut desk.pending {
        let start = reduced.demands[pending.demand].candidates.start;
        for candidate in &reduced.candidates[start..pending.end] {
            if allowed.has(candidate.shipment) && !open.has(candidate.shipment) {
                desk.users[usize::from(candidate.shipment)][pending.kind()] += 1;
                pending.choices += 1;
            }
        }
    }
}

/// Shares the charges among the users. Where shipments come before cost,
/// unfilled lines bear all of it if there are any: only they can prove that it
/// takes another shipment. Returns the least fixed cost of a shipment with users.
fn share_charges(reduced: &Reduced, ranking: Ranking, desk: &mut Desk) -> u64 {
    desk.shares.clear();
    let mut fixed_cost_min = u64::MAX;
    for (charge, [unfilled, filled]) in reduced.charges.iter().zip(&desk.users) {
        if unfilled + filled == 0 {
            desk.shares.push([Weight::ZERO; 2]);
            continue;
        }
        let unfilled_only = ranking.shipments_before_cost() && *unfilled > 0;
        let users = if unfilled_only { *unfilled } else { unfilled + filled };
        let parts = SCALE / u64::from(users);
        let share = Weight(charge.0.map(|component| component / SCALE * parts));
        desk.shares.push([share, if unfilled_only { Weight::ZERO } else { share }]);
        fixed_cost_min = fixed_cost_min.min(charge.0[ranking.cost]);
    }
    if fixed_cost_min == u64::MAX { 0 } else { fixed_cost_min }
}

/// The best single candidate, its share included. Candidates come by weight.
fn least_of_single<const N: usize>(
    reduced: &Reduced,
    shares: &[[Weight; 2]],
    pending: &Pending,
    open: &Set<N>,
    allowed: &Set<N>,
) -> Weight {
    let start = reduced.demands[pending.demand].candidates.start;
    let mut least = pending.own.unwrap_or(Weight::MAX);
    for candidate in &reduced.candidates[start..pending.end] {
        if candidate.weight >= least {
            break;
        }
        if allowed.has(candidate.shipment) && !open.has(candidate.shipment) {
            least = least
                .min(candidate.weight + shares[usize::from(candidate.shipment)][pending.kind()]);
        }
    }
    least
}

/// The better of two bounds on a line that may need several candidates, or
/// what the line has already, if that is less.
///
/// The first is the relaxed filling, with as many of the least share as it
/// takes shipments of the largest size to fill what is missing. The second
/// spreads each share over the units that its candidate can give: `missing`
/// units come from undecided candidates, at the least such price or more.
fn least_of_several<const N: usize>(
    reduced: &Reduced,
    shares: &[[Weight; 2]],
    pending: &mut Pending,
    open: &Set<N>,
    allowed: &Set<N>,
) -> Weight {
    let demand = &reduced.demands[pending.demand];
    let mut share_min = Weight::MAX;
    let mut units_max = 1;
    let (mut missing_min, mut rest_min) = (Weight::MAX, Weight::MAX);
    let rest = demand.units - pending.missing;
    for candidate in &reduced.candidates[demand.candidates.start..pending.end] {
        if !allowed.has(candidate.shipment) {
            continue;
        }
        let mut share = Weight::ZERO;
        if !open.has(candidate.shipment) {
            share = shares[usize::from(candidate.shipment)][pending.kind()];
            share_min = share_min.min(share);
            units_max = units_max.max(candidate.units);
            missing_min = missing_min.min(price(candidate, share, pending.missing));
        }
        rest_min = rest_min.min(price(candidate, share, rest));
    }
    if share_min == Weight::MAX {
        return pending.own.unwrap_or(pending.relaxed);
    }
    let shipments = pending.missing.div_ceil(units_max).max(1);
    let more = pending.relaxed + share_min.times(u64::from(shipments));
    pending.rest = if rest == 0 { Weight::ZERO } else { rest_min };
    match pending.own {
        Some(own) => own.min(more),
        None => more.max(missing_min + pending.rest),
    }
}

/// What `units` units cost at the candidate's price: its weight, and the share
/// spread over all units that it can give. Rounded down.
#[inline]
pub(super) fn price(candidate: &Candidate, share: Weight, units: u32) -> Weight {
    if units == candidate.units {
        return candidate.weight.times(u64::from(units)) + share;
    }
    let spread = |component: u64| component * u64::from(units) / u64::from(candidate.units);
    candidate.weight.times(u64::from(units)) + Weight(share.0.map(spread))
}
