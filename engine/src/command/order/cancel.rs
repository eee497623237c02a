//! Cancelling units of an order.

use smallvec::SmallVec;

use crate::model::command::{CancelOrder, LineCancellation};
use crate::model::order::by_pair;
use crate::model::{Event, Order, OrderLine, Refusal, Release, Supply, UnitsLeft};
use crate::transaction::attempts::Attempts;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::hand::{keep_until_applied, lock};
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, request_of, write};

/// Cancels what is left of an order, or units of some lines.
pub async fn cancel(kernel: &Kernel, command: CancelOrder) -> Result<Change, EngineError> {
    command.validate()?;
    let CancelOrder { meta, order: id, lines } = command;
    let request = request_of(&meta, &(&id, &lines));
    let mut hand = None;
    let change = write(kernel, meta, request, async || {
        let locked = hand.insert(lock(kernel, &id).await?);
        let releases = releases(&locked.order, &lines)?;
        let claims = claim_releases(kernel, &releases).await?;
        let event = Event::OrderCancelled { no: locked.order.no, id, releases };
        Ok((event, claims))
    })
    .await?;
    keep_until_applied(change, hand);
    Ok(change)
}

/// Announces a cancellation to its pairs; waits while orders in flight are about
/// to wait there, so that what it gives back serves them.
///
/// It sleeps with what it holds, because others cannot go on there for ever: nobody begins
/// to wait at a pair that was told, and those who are about to do not sleep.
async fn claim_releases<'a>(
    kernel: &'a Kernel,
    releases: &[Release],
) -> Result<Claims<'a>, EngineError> {
    let mut claims = Claims::new(kernel);
    let pairs = by_pair(releases);
    for (pair, ..) in &pairs {
        claims.release(*pair).await?;
    }
    for (pair, ..) in &pairs {
        let mut attempts = Attempts::begin(kernel);
        while attempts.end(claims.released(*pair).await?).await?.is_none() {}
    }
    Ok(claims)
}

/// What a cancellation gives back: everything open, or so many units of each
/// line named, the least firm allocations first.
fn releases(order: &Order, lines: &[LineCancellation]) -> Result<Vec<Release>, Refusal> {
    let mut releases = Vec::new();
    if lines.is_empty() {
        for line in 0..order.lines.len() {
            let open = open_units(order, line);
            release_line(order, line, open, &mut releases);
        }
        if releases.is_empty() {
            return Err(nothing_left(order));
        }
    }
    for cancellation in lines {
        // Refusals count lines from 0, as callers do.
        let line_index = cancellation.line.saturating_sub(1);
        let unknown = || Refusal::LineNotFound { order_id: order.header.id.clone(), line_index };
        let line = (cancellation.line as usize).checked_sub(1).ok_or_else(unknown)?;
        if line >= order.lines.len() {
            return Err(unknown());
        }
        let open = open_units(order, line);
        let wanted = u64::from(cancellation.quantity);
        if wanted > open {
            return Err(too_few_open(order, line, wanted));
        }
        release_line(order, line, wanted, &mut releases);
    }
    releases.sort_by_key(|release| release.allocation);
    Ok(releases)
}

/// Why nothing is left of an order.
fn nothing_left(order: &Order) -> Refusal {
    let ordered = order.lines.iter().map(|line| u64::from(line.ordered)).sum();
    let left = UnitsLeft { line_index: None, open: 0, wanted: ordered };
    let order_id = order.header.id.clone();
    if order.lines.iter().any(|line| line.ordered > line.cancelled) {
        Refusal::UnitsShipped { order_id, left }
    } else {
        Refusal::UnitsCancelled { order_id, left }
    }
}

/// Why a line has fewer open units than are to be cancelled.
fn too_few_open(order: &Order, line: usize, wanted: u64) -> Refusal {
    let OrderLine { ordered, cancelled, .. } = order.lines[line];
    let open = open_units(order, line);
    let left = UnitsLeft { line_index: u32::try_from(line).ok(), open, wanted };
    let order_id = order.header.id.clone();
    if wanted > u64::from(ordered) {
        Refusal::UnitsNotOrdered { order_id, left }
    } else if u64::from(ordered - cancelled) > open {
        Refusal::UnitsShipped { order_id, left }
    } else {
        Refusal::UnitsCancelled { order_id, left }
    }
}

fn open_units(order: &Order, line: usize) -> u64 {
    let of_line = order.allocations.iter().filter(|a| usize::from(a.line) == line);
    of_line.map(|a| u64::from(a.open())).sum()
}

fn release_line(order: &Order, line: usize, units: u64, releases: &mut Vec<Release>) {
    let mut open: SmallVec<[(Supply, u16, usize); 4]> = order
        .allocations
        .iter()
        .enumerate()
        .filter(|(_, a)| usize::from(a.line) == line && a.open() > 0)
        .map(|(at, a)| (a.supply, a.shipment, at))
        .collect();
    open.sort_unstable();
    let mut left = units;
    for (_, _, at) in open.into_iter().rev() {
        let allocation = &order.allocations[at];
        let units = u32::try_from(left.min(u64::from(allocation.open()))).expect("at most a u32");
        if units == 0 {
            break;
        }
        releases.push(order.release(at, units));
        left -= u64::from(units);
    }
}
