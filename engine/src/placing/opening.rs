//! Items whose sale is to open: who may join the line before, and for how long he waits there.

use smallvec::SmallVec;

use crate::limits::HOLD_WAIT_SECONDS;
use crate::model::{Hold, HoldState, Refusal, SkuNo, Timestamp};
use crate::planning::{Wanted, WantedLine};
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

/// Whether the sale of one of these items is to open.
pub fn is_before(lines: &SmallVec<[WantedLine<'_>; 4]>) -> bool {
    lines.iter().any(|line| line.entry.is_closed())
}

/// Has a hold that waits for a sale to open wait as long from its opening on as others do.
pub fn wait(hold: &mut Hold, wanted: &Wanted<'_>) {
    if wanted.before_opening && hold.state == HoldState::Waiting {
        let opens = wanted.lines.iter().filter_map(|line| line.entry.definition().opens());
        if let Some(opens) = opens.max().filter(|opens| *opens > wanted.at) {
            hold.until = opens.saturating_add_micros(i64::from(HOLD_WAIT_SECONDS) * MICROS);
        }
    }
}
