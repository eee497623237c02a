//! Items whose sale is to open: who may join the line before, and for how long he waits there.

use crate::limits::HOLD_WAIT_SECONDS;
use crate::model::{Hold, HoldState, Refusal, SkuNo, Timestamp};
use crate::planning::{Opening, Wanted, WantedLine};
use crate::state::State;
use crate::state::catalogue::Entry;

const MICROS: i64 = 1_000_000;

/// Refuses to take units of an item before its sale opens. Once the time has come, whoever asks
/// waits for the opening.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn takes(state: &State, sku: SkuNo, at: Timestamp) -> Result<(), Refusal> {
    let entry = state.catalogue.entry(sku);
    if entry.is_closed() { not_before(state, (sku, entry), at, at) } else { Ok(()) }
}

/// Refuses to wait in line for an item before its line opens, [`HOLD_WAIT_SECONDS`] before its
/// sale.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn joins(state: &State, sku: SkuNo, at: Timestamp) -> Result<(), Refusal> {
    let entry = state.catalogue.entry(sku);
    let until = at.saturating_add_micros(i64::from(HOLD_WAIT_SECONDS) * MICROS);
    if entry.is_closed() { not_before(state, (sku, entry), at, until) } else { Ok(()) }
}

#[cold]
fn not_before(
    state: &State,
    (sku, entry): (SkuNo, &Entry),
    at: Timestamp,
    until: Timestamp,
) -> Result<(), Refusal> {
    let Some(opens) = entry.definition().opens() else { return Ok(()) };
    if opens <= at.max(state.now()) {
        // Whoever is first to see it has it opened: nobody is told that there is nothing.
        state.opens(sku);
        return Ok(());
    }
    let is_soon = opens <= until;
    if is_soon { Ok(()) } else { Err(Refusal::SaleNotOpen { sku: entry.sku().clone(), opens }) }
}

/// How whoever joins the line, or takes units, goes about these items.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn judge(
    state: &State,
    lines: &[WantedLine<'_>],
    (joins, at): (bool, Timestamp),
) -> Result<Opening, Refusal> {
    let may = if joins { self::joins } else { takes };
    lines.iter().try_for_each(|line| may(state, line.sku, at))?;
    Ok(match joined(lines) {
        Opening::Joined if !joins => Opening::Awaited,
        opening => opening,
    })
}

/// Refuses to take units if the sale was put off while the order waited for its opening. If the
/// time has come again, the order is not settled: it waits for that as well.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn still_opens(state: &State, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    let awaited = wanted.lines.iter().filter(|_| wanted.opening == Opening::Awaited);
    awaited.into_iter().try_for_each(|line| takes(state, line.sku, wanted.at))
}

/// How an order goes about these items that joins the line, or has units of them already.
pub fn joined(lines: &[WantedLine<'_>]) -> Opening {
    let is_closed = lines.iter().any(|line| line.entry.is_closed());
    if is_closed { Opening::Joined } else { Opening::None }
}

/// Has a hold that waits for a sale to open wait as long from its opening on as others do.
pub fn wait(hold: &mut Hold, wanted: &Wanted<'_>) {
    if wanted.opening == Opening::Joined && hold.state == HoldState::Waiting {
        let opens = wanted.lines.iter().filter_map(|line| line.entry.definition().opens());
        if let Some(opens) = opens.max().filter(|opens| *opens > wanted.at) {
            hold.until = opens.saturating_add_micros(i64::from(HOLD_WAIT_SECONDS) * MICROS);
        }
    }
}
