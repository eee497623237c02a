//! What drawing on a supply does to the balance of stock: the last of what offers are judged by.

use crate::model::Confidence;
use crate::sourcing::limits::BALANCE_MAX;

/// More than the balance penalty of any unit on hand.
const SCARCITY_STEP: u32 = 10_001 + DAYS_LATER_MAX;
/// Days that units leave later than they could, as far as they are told apart.
const DAYS_LATER_MAX: u32 = 4_000;
/// Supplies that arrive later are as good as each other.
const DAYS_TOLD_APART_MAX: u32 = 1_000;
/// Basis points by which suppliers are told apart.
const RISK_STEP: u32 = 10;
const _: () =
    assert!((Confidence::BASIS_POINTS_MAX as u32 / RISK_STEP + 1) * SCARCITY_STEP <= BALANCE_MAX);
const _: () = assert!((DAYS_TOLD_APART_MAX + 2) * SCARCITY_STEP <= BALANCE_MAX);

/// The balance penalty of one unit: taking from a pair that has little left
/// leaves the network less even than taking from one that has plenty. Parts of
/// ten thousand, inversely to what is free.
#[inline]
pub(super) fn scarcity(free: u32) -> u32 {
    // Of most pairs it is too small or too common for a division to be worth its time.
    if free >= 10_000 { 0 } else { 10_000 / (free + 1) }
}

/// What a supplier adds to the balance penalty of one unit, by how many of 10,000 promises it does
/// not keep: more than any scarcity for each in a thousand.
pub(super) const fn risk(unreliability: u16) -> u32 {
    (unreliability as u32).div_ceil(RISK_STEP) * SCARCITY_STEP
}

/// The same of units that leave so many days later than they could: of two days that are as good in
/// all else, the earlier one goes first.
pub(super) fn later(days: u32, free: u32) -> u32 {
    days.min(DAYS_LATER_MAX) + scarcity(free)
}

/// The balance penalty of one unit of inbound supply: of two supplies that are as good in all
/// else, units on hand go before those on their way, and earlier ones before later ones, on
/// whatever days they leave. Otherwise the shelf would stay full while the customer waits. The
/// supply can be counted on in so many days.
pub(super) fn after_the_shelf(comes_in: u32, days: u32, free: u32) -> u32 {
    (comes_in.min(DAYS_TOLD_APART_MAX) + 1) * SCARCITY_STEP + later(days, free)
}
