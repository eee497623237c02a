//! Numbers of the contract, with their bounds: the same in JSON and in X12.

use backstock_engine::limits::{PARTNER_REVISION_MAX, PARTNER_SEQ_MAX, STOCK_UNITS_MAX};
use backstock_engine::model::{Rule, Violation};

/// Units: 0 to [`STOCK_UNITS_MAX`].
pub(crate) fn units(field: &str, value: i64) -> Result<u32, Violation> {
    let value = within(field, value, (0, i64::from(STOCK_UNITS_MAX)))?;
    u32::try_from(value).map_err(|_| unreachable(field, value))
}

/// Units that are there more or less than before: within [`STOCK_UNITS_MAX`] either way.
pub(crate) fn difference(field: &str, value: i64) -> Result<i32, Violation> {
    let max = i64::from(STOCK_UNITS_MAX);
    let value = within(field, value, (-max, max))?;
    i32::try_from(value).map_err(|_| unreachable(field, value))
}

/// The number of a message, from 1.
pub(crate) fn seq(field: &str, value: i64) -> Result<u64, Violation> {
    let value = within(field, value, (1, PARTNER_SEQ_MAX))?;
    u64::try_from(value).map_err(|_| unreachable(field, value))
}

/// The number of a message that was seen last: 0 if none was.
pub(crate) fn seq_seen(field: &str, value: i64) -> Result<u64, Violation> {
    let value = within(field, value, (0, PARTNER_SEQ_MAX))?;
    u64::try_from(value).map_err(|_| unreachable(field, value))
}

/// The revision of a fact, or the place of a message among several, from 1.
pub(crate) fn revision(field: &str, value: i64) -> Result<u32, Violation> {
    let value = within(field, value, (1, PARTNER_REVISION_MAX))?;
    u32::try_from(value).map_err(|_| unreachable(field, value))
}

fn within(field: &str, value: i64, (min, max): (i64, i64)) -> Result<i64, Violation> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Violation::new(field, value, Rule::OutOfRange { min, max }))
}

/// For the compiler, which does not know that the bounds above fit.
fn unreachable(field: &str, value: i64) -> Violation {
    Violation::new(field, value, Rule::Malformed("does not fit".to_owned()))
}
