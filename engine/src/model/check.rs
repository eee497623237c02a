//! Checks of a command's fields: all that is wrong is told at once.

use super::time::Timestamp;
use super::violation::{Rule, Violation};

const MICROS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A list's length as the numbers of [`in_range`].
pub fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// Notes a number outside of `min..=max`.
pub fn in_range(found: &mut Vec<Violation>, field: String, value: i64, min: i64, max: i64) {
    if !(min..=max).contains(&value) {
        found.push(Violation::new(field, value, Rule::OutOfRange { min, max }));
    }
}

/// Notes an instant that is more than so many days after another one.
pub fn days_ahead(
    found: &mut Vec<Violation>,
    field: &str,
    (from, to): (Timestamp, Timestamp),
    max: u16,
) {
    if to > from.saturating_add_micros(i64::from(max) * MICROS_PER_DAY) {
        let rule = Rule::Malformed(format!("is more than {max} days ahead"));
        found.push(Violation::new(field, to, rule));
    }
}

/// Ends a check: what was found, if anything was.
pub fn finish(found: Vec<Violation>) -> Result<(), Vec<Violation>> {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// A bound as the numbers of [`in_range`].
#[expect(clippy::cast_possible_wrap, reason = "bounds are far below 2^63")]
pub const fn bound(bound: usize) -> i64 {
    bound as i64
}
