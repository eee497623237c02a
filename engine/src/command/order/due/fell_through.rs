//! An exchange that falls through: what was to go out for units that do not come is cancelled.
//!
//! ```text
//!   a unit of the return is not credited any more --> the order in hand --> its lines are cancelled
//! ```
//! What left for it is the customer's, and charged as anything else that left.

use super::super::cancel::{OrderCancelled, of_lines};
use super::super::cancelled::LineCancellation;
use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::{Order, Timestamp};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::minting;
use crate::transaction::rests::Resting;

/// Cancels what of an order in hand was to go out for a return, from 0; none if it is done, or a node
/// keeps it.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (no, now): (u16, Timestamp),
) -> Result<Option<Ticket>, EngineError> {
    let resting = Resting::read(claims.kernel(), order)?;
    let Some(event) = decide(order, &resting, no) else { return Ok(None) };
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(Some(ticket))
}

/// Pure: what is cancelled of an order, as a return of it, from 0, fell through.
fn decide(order: &Order, resting: &Resting, no: u16) -> Option<OrderCancelled> {
    let lines = order.given_up_for(no);
    let lines: Vec<_> =
        lines.iter().filter_map(|(line, units)| cancellation(order, (*line, *units))).collect();
    if lines.is_empty() { None } else { of_lines(order, resting, &lines).ok() }
}

/// A line with its units, or all bundles of which it is the first line.
fn cancellation(order: &Order, (line, units): (u16, u32)) -> Option<LineCancellation> {
    let bundle = order.bundle_of(line);
    let is_first = bundle.is_none_or(|bundle| bundle.line == line);
    let quantity = bundle.map_or(units, |bundle| units / order.each_of(bundle, line));
    // Cancellations count lines from 1.
    let line = u32::from(line) + 1;
    (is_first && quantity > 0).then_some(LineCancellation {
        line,
        quantity,
        of_bundle: bundle.is_some(),
    })
}
