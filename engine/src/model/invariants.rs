//! The named invariants. Debug assertions, property tests, the audit and the
//! simulation all call these functions.

use std::env;
use std::sync::LazyLock;

use super::reservations::Supply;
use super::stock::Stock;

/// The environment variable that has a release build check every applied effect: 1
/// where it shall. It is no feature of the build, so that what is tested and what is
/// measured are one build.
pub const CHECK_INVARIANTS: &str = "CHECK_INVARIANTS";

/// Whether every applied effect is checked: in debug builds, and where
/// [`CHECK_INVARIANTS`] was 1 when this was first asked.
pub fn checked() -> bool {
    static ASKED_FOR: LazyLock<bool> =
        LazyLock::new(|| env::var_os(CHECK_INVARIANTS).is_some_and(|value| value == "1"));
    cfg!(debug_assertions) || *ASKED_FOR
}

/// Panics with the breach where effects are checked and `invariant` does not hold.
#[inline]
pub(crate) fn check(invariant: impl FnOnce() -> Result<(), Breach>) {
    #[cold]
    #[inline(never)]
    fn hold(invariant: impl FnOnce() -> Result<(), Breach>) {
        assert_eq!(invariant(), Ok(()));
    }
    if checked() {
        hold(invariant);
    }
}

/// An invariant that does not hold, with the figures that show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {detail}")]
pub struct Breach {
    /// The invariant's name.
    pub name: &'static str,
    /// What was found and what was expected.
    pub detail: String,
}

impl Breach {
    /// A breach of the invariant `name`.
    pub fn new(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, detail: detail.into() }
    }
}

/// `CONSERVATION`, inside one pair: every counter equals the sum of its
/// reservations, no inbound supply is promised twice, and receipts less
/// shipments plus corrections are what is on hand.
pub fn conservation(stock: &Stock) -> Result<(), Breach> {
    let sum = |wanted: fn(Supply) -> bool| -> u64 {
        let on = stock.reservations.iter().filter(|r| wanted(r.supply));
        on.map(|r| u64::from(r.units)).sum()
    };
    expect("allocated", u64::from(stock.allocated), sum(Supply::is_there))?;
    expect("picked", u64::from(stock.picked()), sum(|s| s == Supply::Picked))?;
    expect("waiting", u64::from(stock.waiting), sum(|s| s == Supply::Backorder))?;
    let mut pegged_all = 0;
    for inbound in stock.inbound() {
        let pegs = stock.reservations.on(Supply::Inbound(inbound.no));
        let pegged: u64 = pegs.map(|r| u64::from(r.units)).sum();
        expect("pegged", u64::from(inbound.pegged), pegged)?;
        if inbound.pegged > inbound.quantity {
            let detail = format!("{} pegged of {} inbound", inbound.pegged, inbound.quantity);
            return Err(Breach::new("NO_OVERSELL", detail));
        }
        pegged_all += pegged;
    }
    expect("pegs", pegged_all, sum(|s| matches!(s, Supply::Inbound(_))))?;
    let moved = stock.received.wrapping_sub(stock.shipped).wrapping_add(stock.adjusted);
    expect("on_hand", u64::from(stock.on_hand), u64::from(moved))
}

/// `NO_OVERSELL`: reserving units on hand leaves the free quantity at zero or above. It may
/// have been below zero before, and then no unit is reserved.
pub fn no_oversell(free_before: i64, reserved: u32, free_after: i64) -> Result<(), Breach> {
    if reserved > 0 && free_after < 0 {
        let detail = format!("{reserved} reserved of {free_before} free leaves {free_after}");
        return Err(Breach::new("NO_OVERSELL", detail));
    }
    Ok(())
}

/// `GOOD_UNITS`: an event that is decided now leaves no more units unavailable than are
/// on hand. Excepted are units that an older version had left so.
pub fn good_units(missing_before: u32, stock: &Stock) -> Result<(), Breach> {
    let missing = missing_good(stock);
    if missing > missing_before {
        let (unavailable, on_hand) = (stock.unavailable, stock.on_hand);
        let detail = format!("{unavailable} unavailable of {on_hand} on hand");
        return Err(Breach::new("GOOD_UNITS", detail));
    }
    Ok(())
}

/// Units by which more are unavailable than are on hand.
pub const fn missing_good(stock: &Stock) -> u32 {
    stock.unavailable.saturating_sub(stock.on_hand)
}

fn expect(what: &str, found: u64, expected: u64) -> Result<(), Breach> {
    if found == expected {
        return Ok(());
    }
    Err(Breach::new("CONSERVATION", format!("{what} is {found}, its parts sum to {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_checked_while_tests_run() {
        assert!(checked(), "tests of a release build need {CHECK_INVARIANTS}=1");
    }
}
