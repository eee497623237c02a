//! Judges a plan: the order goes in as planned, is sold out, or is refused.

use crate::limits::{ORDER_ALLOCATIONS_MAX, STOCK_UNITS_MAX};
use crate::model::{Refusal, Shortage};
use crate::planning::{Draft, Wanted};
use crate::sourcing::limits::SHIPMENTS_MAX;

/// A line that cannot be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineShortage {
    /// The line, from 0, lines of one SKU summed.
    pub line: u16,
    /// Units wanted.
    pub wanted: u32,
    /// Units without supply.
    pub short: u32,
}

/// Judges a plan whose unfilled units are durably not there. None when the order goes in as
/// planned; else the lines that lack units, of an order that does not wait for them.
/// `has_room` says whether the units that are to wait may do so.
pub fn judge(
    wanted: &Wanted<'_>,
    draft: &Draft,
    has_room: bool,
) -> Result<Option<Vec<LineShortage>>, Refusal> {
    if !has_room {
        return Err(no_room_to_wait());
    }
    if draft.unfilled_units() > 0
        && let Some(shortages) = lacking(wanted, draft)?
    {
        return Ok(Some(shortages));
    }
    bounded(draft)?;
    Ok(None)
}

/// The lines that lack units, of an order that does not wait for them; none when the order
/// goes in all the same.
fn lacking(wanted: &Wanted<'_>, draft: &Draft) -> Result<Option<Vec<LineShortage>>, Refusal> {
    // Before the nodes are judged: a plan that left nodes out does not know of all that
    // could ship.
    if draft.cut_short {
        let why =
            format!("its items are at more nodes than the {SHIPMENTS_MAX} that one plan looks at");
        return Err(Refusal::CommandTooLarge { why });
    }
    let nothing = draft.allocations.is_empty();
    match wanted.shortage {
        Shortage::Backorder if lack_a_node(draft) => {
            bounded(draft)?;
            Err(Refusal::NoNode)
        }
        Shortage::Backorder => Ok(None),
        Shortage::Partial if !nothing => Ok(None),
        Shortage::Partial | Shortage::Reject => Ok(Some(shortages(wanted, draft))),
    }
}

/// Whether units of a line neither have supply nor wait anywhere: no node takes them.
fn lack_a_node(draft: &Draft) -> bool {
    let mut left: Vec<u32> = draft.lines.iter().map(|line| line.ordered - line.cancelled).collect();
    for a in &draft.allocations {
        let left = &mut left[usize::from(a.line)];
        *left = left.saturating_sub(a.units);
    }
    left.iter().any(|units| *units > 0)
}

/// Refuses what one event and one shipment's bookkeeping cannot hold.
fn bounded(draft: &Draft) -> Result<(), Refusal> {
    let parts = draft.allocations.len();
    if parts > ORDER_ALLOCATIONS_MAX {
        let parts = format!("{parts} parts of stock; at most {ORDER_ALLOCATIONS_MAX}");
        return Err(Refusal::CommandTooLarge { why: format!("the order would take {parts}") });
    }
    Ok(())
}

/// The lines of a draft that lack units.
fn shortages(wanted: &Wanted<'_>, draft: &Draft) -> Vec<LineShortage> {
    let lines = wanted.lines.iter().zip(&draft.unfilled).enumerate();
    let short = lines.filter(|(_, (_, short))| **short > 0);
    short
        .map(|(at, (line, short))| LineShortage {
            line: u16::try_from(at).expect("ORDER_LINES_MAX fits 16 bits"),
            wanted: line.quantity,
            short: *short,
        })
        .collect()
}

/// That more units would wait at a pair than it counts.
pub fn no_room_to_wait() -> Refusal {
    Refusal::QuantityTooLarge { what: "waiting", max: u64::from(STOCK_UNITS_MAX) }
}
