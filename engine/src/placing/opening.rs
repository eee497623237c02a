//! Items whose sale is to open: who may join the line before, and for how long he waits there.

use crate::limits::HOLD_WAIT_SECONDS;
use crate::model::{
    Allocation, Hold, HoldState, Order, OrderLine, Refusal, SkuNo, Supply, Timestamp,
};
use crate::planning::{Draft, Opening, Wanted, WantedLine};
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

/// Refuses to join the lines of these items before they open, or to take units before their sale
/// does.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn judge(
    state: &State,
    lines: &[WantedLine<'_>],
    (opening, at): (Opening, Timestamp),
) -> Result<(), Refusal> {
    match opening {
        Opening::Awaited => lines.iter().try_for_each(|line| takes(state, line.sku, at)),
        Opening::Joined => {
            lines.iter().try_for_each(|line| joins(state, line.sku, at))?;
            open_at_once(state, lines, at)
        }
    }
}

/// Refuses to wait for a sale to open with other items, or with items whose sale opens at another
/// instant. The hold would keep what it has of these until then, for hours; and one that takes a
/// part would be live by that, and lapse before the sale opens.
fn open_at_once(state: &State, lines: &[WantedLine<'_>], at: Timestamp) -> Result<(), Refusal> {
    let opens = |line: &WantedLine<'_>| {
        let opens = if line.entry.is_closed() { line.entry.definition().opens() } else { None };
        opens.filter(|opens| *opens > at.max(state.now()))
    };
    let Some(last) = lines.iter().max_by_key(|line| opens(line)) else { return Ok(()) };
    match opens(last) {
        Some(at) if lines.iter().any(|line| opens(line) != Some(at)) => {
            Err(Refusal::SaleNotOpen { sku: last.entry.sku().clone(), opens: at })
        }
        _ => Ok(()),
    }
}

/// Refuses to take units if a sale was put off, or is to open only since, while the order waited
/// for others. If the time has come, the order is not settled: it waits for the opening as well.
///
/// # Errors
/// [`Refusal::SaleNotOpen`].
pub fn judge_again(state: &State, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    match wanted.opening {
        Opening::Awaited if wanted.has_closed() => {
            judge(state, &wanted.lines, (Opening::Awaited, wanted.at))
        }
        Opening::Awaited | Opening::Joined => Ok(()),
    }
}

/// Whether an order was planned to take units of an item whose sale is to open only since.
pub fn is_overtaken(wanted: &Wanted<'_>, draft: &Draft) -> bool {
    let takes =
        |a: &Allocation| a.supply != Supply::Backorder && wanted.is_closed(usize::from(a.line));
    // Whoever joins a line has no bundles, of which lines are others.
    wanted.has_closed()
        && (wanted.opening == Opening::Awaited || draft.allocations.iter().any(takes))
}

/// Has a hold that waits for a sale to open wait as long from its opening on as others do.
pub fn wait(hold: &mut Hold, wanted: &Wanted<'_>) {
    if wanted.has_closed() && hold.state == HoldState::Waiting {
        let opens = wanted.lines.iter().filter_map(|line| line.entry.definition().opens());
        if let Some(opens) = opens.max().filter(|opens| *opens > wanted.at) {
            hold.until = waits_until(opens);
        }
    }
}

/// Until when a hold in line waits, where the sale of an item of it was put off and that is later
/// than it waits now: as long from the opening on as it would have, and no longer than holds live.
pub fn prolonged(state: &State, order: &Order) -> Option<Timestamp> {
    let hold = order.open_hold().filter(|hold| hold.state == HoldState::Waiting)?;
    let opening = |line: &OrderLine| state.catalogue.entry(line.sku).opening_of(order.no);
    let opens = order.lines.iter().filter_map(opening).max()?;
    let until = waits_until(opens).min(hold.until_max());
    (until > hold.until).then_some(until)
}

fn waits_until(opens: Timestamp) -> Timestamp {
    opens.saturating_add_micros(i64::from(HOLD_WAIT_SECONDS) * MICROS)
}
