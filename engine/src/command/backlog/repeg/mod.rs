//! Re-pegging: what came free of a SKU goes to the orders that wait for it, by priority, and of
//! one priority the oldest first.
//!
//! ```text
//!   something came free --> the SKU is unsettled: new orders wait
//!        look: all nodes' backlog and free supply
//!        plan: in the order of service, each line by its own policy          (pure: pool)
//!              the days that follow, where others were told
//!        orders in hand, units claimed, events of bounded size, one after the other
//!        all applied --> look again --> nothing to do --> the SKU is settled
//! ```
//! No caller asks for it. It runs beside the commands, and holds nothing while it waits for
//! one of them.

mod beside;
mod bundle;
mod days;
pub mod event;
mod home;
mod legs;
mod line;
mod look;
pub mod opening;
pub mod overlooked;
mod passed;
mod pool;
mod read;
mod sourced;
#[cfg(test)]
mod tests;
mod told;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::look::{Look, Planned, Repegging};
use self::opening::open;
use crate::journal::Ticket;
use crate::limits::{REPEGGED_EVENTS_MAX, SETTLED_AT_ONCE_MAX};
use crate::model::SkuNo;
use crate::model::event::{Listed, Numbered, Record};
use crate::state::stock::Grant;
use crate::transaction::attempts::{Attempt, Attempts, passes_by_itself};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Effective, recorded};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Settles SKUs for as long as the engine runs, some side by side. The end of the engine ends
/// it; commands that wait for a SKU are woken then, and told.
///
/// # Errors
/// What stopped the engine.
pub async fn run(kernel: Arc<Kernel>) -> Result<(), String> {
    let ended = settle_all(&kernel).await;
    for sku in kernel.state.unsettled.all() {
        kernel.bells.ring_backlog(sku);
    }
    match ended {
        Ok(()) | Err(EngineError::Closing) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn settle_all(kernel: &Kernel) -> Result<(), EngineError> {
    let mut settling = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            () = kernel.state.unsettled.closed() => return Ok(()),
            Some(settled) = settling.next() => settled?,
            sku = kernel.state.unsettled.take(), if settling.len() < SETTLED_AT_ONCE_MAX => {
                match sku {
                    Some(sku) => settling.push(settle(kernel, sku)),
                    None => return Ok(()),
                }
            }
        }
    }
}

/// Serves a SKU's backlog until nothing of it can be served sooner.
async fn settle(kernel: &Kernel, sku: SkuNo) -> Result<(), EngineError> {
    loop {
        let marks = kernel.state.unsettled.marks(sku);
        let step = match serve(kernel, sku).await {
            Ok(None) => {
                let is_settled = kernel.state.settle(sku, marks);
                kernel.bells.ring_backlog(sku);
                if is_settled {
                    return Ok(());
                }
                continue;
            }
            Ok(Some(ticket)) => kernel.acknowledged(ticket).await.map(drop),
            Err(error) => Err(error),
        };
        match step {
            Ok(()) => {}
            // The SKU stays unsettled: what came free is nobody else's meanwhile.
            Err(EngineError::DiskFull) => tokio::select! {
                () = kernel.state.unsettled.asked() => {}
                stepped = kernel.stepped(kernel.next_step()) => stepped?,
            },
            Err(error) if passes_by_itself(&error) => {
                tracing::warn!(sku_no = sku.0, %error, "a backlog is looked at again");
                kernel.stepped(kernel.next_step()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Serves as much of a SKU's backlog as one look goes for, in events that follow each other to
/// the journal; answers the last of them. What else happens meanwhile is seen by the next look.
/// None when nothing can be served sooner, and nobody is to be told of another day.
async fn serve(kernel: &Kernel, sku: SkuNo) -> Result<Option<Ticket>, EngineError> {
    if let Some(opened) = open(kernel, sku)? {
        return Ok(Some(opened));
    }
    let mut attempts = Attempts::begin(kernel);
    loop {
        // What is marked is shown from here on.
        let shown = kernel.shown();
        loop {
            // Begun before it is compared: the step that shows all may come in between, and in an
            // engine at rest no other one comes after it.
            let step = kernel.next_step();
            if kernel.watermark.applied() >= shown {
                break;
            }
            kernel.stepped(step).await?;
        }
        let mut look = Look::at(kernel, sku).await?;
        let (mut last, mut events) = (None, 0);
        let attempt = loop {
            if let (Some(ticket), REPEGGED_EVENTS_MAX..) = (last, events) {
                kernel.acknowledged(ticket).await?;
                events = 0;
            }
            let planned = match look.plan(kernel).await? {
                Attempt::Done(Some(planned)) => planned,
                Attempt::Done(None) => return Ok(last),
                Attempt::Overtaken => break Attempt::Overtaken,
                Attempt::Again => break Attempt::Again,
                Attempt::InTheWay(bell) => break Attempt::InTheWay(bell),
            };
            match claim(kernel, &planned).await? {
                Attempt::Done(claims) => last = Some(written(kernel, planned.event, claims)?),
                in_the_way => break in_the_way.map(drop),
            }
            events += 1;
        };
        if last.is_some() {
            return Ok(last);
        }
        attempts.end::<()>(attempt).await?;
    }
}

/// Takes the orders in hand, and claims what was planned of each pair; nothing when another
/// command has one of them in hand.
async fn claim<'k>(
    kernel: &'k Kernel,
    Planned { event, orders, comings, room, asks }: &Planned,
) -> Result<Attempt<'k, Claims<'k>>, EngineError> {
    let mut claims = Claims::new(kernel);
    for (no, last_lsn) in orders {
        match claims.in_hand_as_of(*no, *last_lsn).await? {
            Attempt::Done(()) => {}
            Attempt::Overtaken => return Ok(Attempt::Overtaken),
            Attempt::Again => return Ok(Attempt::Again),
            Attempt::InTheWay(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    for (pair, repeg) in event.by_pair() {
        let comings = comings.iter().filter(|(of, _)| *of == pair);
        let comings = comings.map(|(_, coming)| *coming).collect();
        match claims.repeg(pair, &Arc::new(repeg), comings, asks.as_ref()).await? {
            Ok(Grant::Granted) => {}
            Ok(Grant::Short(_) | Grant::NoRoomToWait | Grant::Missing(_)) => {
                return Ok(Attempt::Overtaken);
            }
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    if !claims.room(room, kernel.state.now())? {
        return Ok(Attempt::Overtaken);
    }
    Ok(Attempt::Done(claims))
}

fn written(kernel: &Kernel, event: Repegging, claims: Claims<'_>) -> Result<Ticket, EngineError> {
    match event {
        Repegging::Backlog(event) => append(kernel, event, claims),
        Repegging::Bundle(event) => append(kernel, event, claims),
    }
}

fn append<E: Effective + Listed + Clone>(
    kernel: &Kernel,
    event: E,
    claims: Claims<'_>,
) -> Result<Ticket, EngineError> {
    let at = kernel.state.now();
    let record = Record { at, request: None, origin: None, event: Numbered(event) };
    let room = claims.room_claimed();
    let written = |request, event| recorded(request, event).claiming(room);
    let ticket = kernel.append(record, written)?;
    claims.hand_over();
    Ok(ticket)
}
