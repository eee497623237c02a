//! Holds lapse when their time runs out. No caller asks for it: it runs beside the commands.
//!
//! ```text
//!   the time passes the first hold's instant --> due holds in hand, their units claimed
//!        --> one event of a bounded number of holds --> applied --> the next ones
//! ```
//! A hold that a command has in hand is left to it: it lapses afterwards, if it is live still.

use std::sync::Arc;

use super::ended::{EndedHold, HoldsEnded};
use crate::journal::{Ticket, Wait};
use crate::limits::{LAPSED_HOLDS_MAX, LAPSED_PARTS_MAX};
use crate::model::event::{Numbered, Record};
use crate::model::{HoldState, OrderNo, Timestamp};
use crate::transaction::attempts::{Attempt, passes_by_itself};
use crate::transaction::bells::Listening;
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
    let ended = tokio::select! {
        biased;
        () = kernel.state.unsettled.closed() => Ok(()),
        ended = lapse_all(&kernel) => ended,
    };
    match ended {
        Ok(()) | Err(EngineError::Closing) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// What one look at due holds came to.
enum Looked<'k> {
    /// They end by this event.
    Ended(Ticket),
    /// All are in other hands, or a pair of theirs is; one of these rings.
    InTheWay(Listening<'k>),
    /// None is due any more, or something changed meanwhile.
    Changed,
}

async fn lapse_all(kernel: &Kernel) -> Result<(), EngineError> {
    loop {
        // From before the look: what happens during it is not missed.
        let step = kernel.next_step();
        let Some(due) = due(kernel) else {
            kernel.state.holds.wait().await;
            continue;
        };
        let ended = match lapse(kernel, &due, kernel.state.now()).await {
            Ok(Looked::Ended(ticket)) => kernel.acknowledged(ticket).await.map(drop),
            Ok(Looked::InTheWay(bell)) => tokio::select! {
                () = bell.rung() => Ok(()),
                // Others are due by now.
                () = kernel.state.holds.wait() => Ok(()),
                stepped = kernel.stepped(step) => stepped,
            },
            Ok(Looked::Changed) => again(kernel, step).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => {}
            Err(EngineError::DiskFull) => tokio::select! {
                () = kernel.state.unsettled.asked() => {}
                looked = again(kernel, kernel.next_step()) => looked?,
            },
            Err(error) if passes_by_itself(&error) => {
                tracing::warn!(%error, "holds that are due lapse later");
                again(kernel, kernel.next_step()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until something happens: a step of the applier, or somebody asks for due holds.
async fn again(kernel: &Kernel, step: Wait<'_>) -> Result<(), EngineError> {
    tokio::select! {
        () = kernel.state.holds.wait() => Ok(()),
        stepped = kernel.stepped(step) => stepped,
    }
}

/// Holds whose time has run out. Before the process was told the time, nobody knows.
fn due(kernel: &Kernel) -> Option<Vec<OrderNo>> {
    let is_known = kernel.state.has_time();
    let due = is_known.then(|| kernel.state.holds.due(kernel.state.now(), LAPSED_HOLDS_MAX));
    due.filter(|due| !due.is_empty())
}

/// Ends those of the holds that no command has in hand, as many as one event takes.
async fn lapse<'k>(
    kernel: &'k Kernel,
    due: &[OrderNo],
    now: Timestamp,
) -> Result<Looked<'k>, EngineError> {
    let (mut claims, mut holds, mut in_the_way) = (Claims::new(kernel), Vec::new(), None);
    let mut units = 0;
    for no in due {
        let Some(order) = read_order(kernel, *no).await? else { continue };
        if order.open_hold().is_none_or(|hold| hold.until > now) {
            continue;
        }
        match claims.in_hand_as_of(*no, order.last_lsn).await? {
            Attempt::Done(()) => {
                let ended = EndedHold::of(kernel, &order)?;
                units += ended.units.len();
                holds.push(ended);
            }
            Attempt::Overtaken | Attempt::Again => return Ok(Looked::Changed),
            Attempt::InTheWay(bell) => in_the_way = Some(bell),
        }
        if units >= LAPSED_PARTS_MAX {
            break;
        }
    }
    match in_the_way {
        Some(bell) if holds.is_empty() => return Ok(Looked::InTheWay(bell)),
        _ if holds.is_empty() => return Ok(Looked::Changed),
        _ => {}
    }
    let event = HoldsEnded { state: HoldState::Lapsed, holds };
    match event.claim(kernel).await? {
        Attempt::Done(more) => claims.take(more),
        Attempt::Overtaken | Attempt::Again => return Ok(Looked::Changed),
        Attempt::InTheWay(bell) => return Ok(Looked::InTheWay(bell)),
    }
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = kernel.append(record, recorded)?;
    claims.hand_over();
    Ok(Looked::Ended(ticket))
}
