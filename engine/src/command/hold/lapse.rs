//! Holds lapse when their time runs out. No caller asks for it: it runs beside the commands.
//!
//! ```text
//!   the time passes the first hold's instant --> due holds in hand, their units claimed
//!        --> one event of a bounded number of holds --> applied --> the next ones
//! ```
//! A hold that a command has in hand is left to it: it lapses afterwards, if it is live still.

use std::sync::Arc;

use super::ended::{EndedHold, HoldsEnded};
use crate::journal::Ticket;
use crate::limits::LAPSED_HOLDS_MAX;
use crate::model::event::{Numbered, Record};
use crate::model::{HoldState, OrderNo, Timestamp};
use crate::transaction::attempts::{Attempt, Attempts, passes_by_itself};
use crate::transaction::claims::Claims;
use crate::transaction::command::recorded;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// Lets holds lapse for as long as the engine runs.
///
/// # Errors
/// What stopped the engine.
pub async fn run(kernel: Arc<Kernel>) -> Result<(), String> {
    match lapse_all(&kernel).await {
        Ok(()) | Err(EngineError::Closing) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn lapse_all(kernel: &Kernel) -> Result<(), EngineError> {
    loop {
        tokio::select! {
            biased;
            () = kernel.state.unsettled.closed() => return Ok(()),
            () = kernel.state.holds.wait() => {}
        }
        while let Some(due) = due(kernel) {
            match lapse(kernel, &due).await {
                Ok(()) => {}
                Err(EngineError::DiskFull) => tokio::select! {
                    () = kernel.state.unsettled.asked() => {}
                    stepped = kernel.stepped(kernel.next_step()) => stepped?,
                },
                Err(error) if passes_by_itself(&error) => {
                    tracing::warn!(%error, "holds that are due lapse later");
                    kernel.stepped(kernel.next_step()).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Holds whose time has run out. Before the process was told the time, nobody knows.
fn due(kernel: &Kernel) -> Option<Vec<OrderNo>> {
    let is_known = kernel.state.has_time();
    let due = is_known.then(|| kernel.state.holds.due(kernel.state.now(), LAPSED_HOLDS_MAX));
    due.filter(|due| !due.is_empty())
}

/// Ends the holds of these that no command has in hand, and waits until that is applied. Where
/// all are in other hands, waits for one of them.
async fn lapse(kernel: &Kernel, due: &[OrderNo]) -> Result<(), EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let attempt = lapse_once(kernel, due, kernel.state.now()).await?;
        if let Some(ticket) = attempts.end(attempt).await? {
            return match ticket {
                Some(ticket) => kernel.acknowledged(ticket).await.map(drop),
                // They ended, and the index is about to say so.
                None => kernel.stepped(kernel.next_step()).await,
            };
        }
    }
}

async fn lapse_once<'k>(
    kernel: &'k Kernel,
    due: &[OrderNo],
    now: Timestamp,
) -> Result<Attempt<'k, Option<Ticket>>, EngineError> {
    let (mut claims, mut holds, mut in_the_way) = (Claims::new(kernel), Vec::new(), None);
    for no in due {
        let Some(order) = read_order(kernel, *no).await? else { continue };
        if !order.open_hold().is_some_and(|hold| hold.until <= now) {
            continue;
        }
        match claims.in_hand_as_of(*no, order.last_lsn).await? {
            Attempt::Done(()) => holds.push(EndedHold::of(kernel, &order)?),
            Attempt::Overtaken | Attempt::Again => return Ok(Attempt::Overtaken),
            Attempt::InTheWay(bell) => in_the_way = Some(bell),
        }
    }
    match in_the_way {
        Some(bell) if holds.is_empty() => return Ok(Attempt::InTheWay(bell)),
        _ if holds.is_empty() => return Ok(Attempt::Done(None)),
        _ => {}
    }
    let event = HoldsEnded { state: HoldState::Lapsed, holds };
    match event.claim(kernel).await? {
        Attempt::Done(more) => claims.take(more),
        in_the_way => return Ok(in_the_way.map(|_| None)),
    }
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = kernel.append(record, recorded)?;
    claims.hand_over();
    Ok(Attempt::Done(Some(ticket)))
}
