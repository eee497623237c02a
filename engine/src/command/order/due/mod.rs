//! What time alone does to orders, and what payment providers told before the order was there. No caller asks for it: it
//! runs beside the commands.
//!
//! ```text
//!   the time passes an order's instant --> what is due of it --> the order in hand --> one event
//!        \--> noted for later, if it is not due yet
//! ```
//! Some orders are worked on side by side, so that one which a command has in hand keeps no other.

mod authorisation;
pub mod expire;
mod fell_through;
mod late_return;
pub mod let_go;
mod release;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::payment_event::resolve::{attach, next_of};
use crate::journal::Ticket;
use crate::limits::DUE_ORDERS_AT_ONCE_MAX;
use crate::model::{Due, NodeNo, Order, OrderNo};
use crate::transaction::attempts::passes_by_itself;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_resident;
use crate::transaction::kernel::Kernel;

/// Does to orders what is due for as long as the engine runs.
///
/// # Errors
/// What stopped the engine.
pub async fn run(kernel: Arc<Kernel>) -> Result<(), String> {
    for (node, no) in kernel.state.network.load().nodes.iter().zip(0..) {
        if node.node.release.is_some() {
            kernel.state.releases.begin(NodeNo(no));
        }
    }
    let ended = tokio::select! {
        biased;
        () = kernel.state.unsettled.closed() => Ok(()),
        ended = all_due(&kernel) => ended,
    };
    match ended {
        Ok(()) | Err(EngineError::Closing) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn all_due(kernel: &Kernel) -> Result<(), EngineError> {
    let (mut in_work, mut looking) = (FuturesUnordered::new(), FuturesUnordered::new());
    loop {
        // Before the process was told the time, nobody knows what is due.
        if kernel.state.has_time() {
            let free = DUE_ORDERS_AT_ONCE_MAX - in_work.len();
            let due = kernel.state.wakes.take(kernel.state.now(), free);
            in_work.extend(due.into_iter().map(|no| one_due(kernel, no)));
            // One at a time, beside the orders: a look goes through all items, and none waits for it.
            if looking.is_empty() {
                looking.extend(kernel.state.releases.take().map(|node| look(kernel, node)));
            }
        }
        tokio::select! {
            Some(done) = in_work.next(), if !in_work.is_empty() => done?,
            Some(done) = looking.next(), if !looking.is_empty() => done?,
            () = kernel.state.wakes.wait(), if in_work.len() < DUE_ORDERS_AT_ONCE_MAX => {}
        }
    }
}

/// Wakes the orders of a node of which shipments may be due for release.
async fn look(kernel: &Kernel, node: NodeNo) -> Result<(), EngineError> {
    shown(kernel).await?;
    release::look(kernel, node).await
}

/// Does to one order what is due, and notes when the next thing is.
async fn one_due(kernel: &Kernel, no: OrderNo) -> Result<(), EngineError> {
    loop {
        let step = kernel.next_step();
        let written = match next(kernel, no).await {
            Ok(Some(ticket)) => kernel.acknowledged(ticket).await.map(drop),
            Ok(None) => return Ok(()),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => {}
            // Before it was written, or as it was to be.
            Err(EngineError::DiskFull) => tokio::select! {
                () = kernel.state.unsettled.asked() => {}
                stepped = kernel.stepped(step) => stepped?,
            },
            Err(error) if passes_by_itself(&error) => {
                tracing::warn!(%error, "what is due of an order is done later");
                kernel.stepped(step).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Does to an order the next thing that is due, if one is.
async fn next(kernel: &Kernel, no: OrderNo) -> Result<Option<Ticket>, EngineError> {
    shown(kernel).await?;
    // An order that left memory is closed. Its instants outlive it, and nobody reads a snapshot for them.
    let Some(order) = read_resident(kernel, no).await? else { return Ok(None) };
    if !looks_due(kernel, &order)? {
        let has_event = next_of(kernel, &order).is_some();
        return if has_event { attach(kernel, &order.header.id).await } else { Ok(None) };
    }
    let mut claims = Claims::new(kernel);
    let order = claims.in_hand(&order.header.id).await?;
    // Another command may have had it in hand before.
    let Some(due) = due_of(kernel, &order)? else { return Ok(None) };
    let now = kernel.state.now();
    match due {
        Due::LetGo => let_go::append(claims, &order, now).await.map(Some),
        Due::Expire(at, until) => expire::append(claims, &order, (at, until, now)).map(Some),
        Due::Return(no) => late_return::append(claims, &order, (no, now)),
        Due::FellThrough(no) => fell_through::append(claims, &order, (no, now)),
        Due::Authorisation(of) => authorisation::append(claims, &order, (of, now)).map(Some),
        Due::Release(at) => release::append(claims, &order, (at, now)).map(Some),
    }
}

/// Whether anything may be due of an order that nobody has in hand: what its pairs have of it may be of
/// another moment, and is not asked.
fn looks_due(kernel: &Kernel, order: &Order) -> Result<bool, EngineError> {
    Ok(order.fallen().next().is_some() || due_by_time(kernel, order)?.is_some())
}

/// What is due of an order in hand by now.
fn due_of(kernel: &Kernel, order: &Order) -> Result<Option<Due>, EngineError> {
    // What fell through and cannot be cancelled is left to people: it keeps no instant from its turn.
    match fell_through::next(kernel, order)? {
        Some(no) => Ok(Some(Due::FellThrough(no))),
        None => due_by_time(kernel, order),
    }
}

/// What time alone makes due of an order by now. It is noted when something will be, if that is later.
fn due_by_time(kernel: &Kernel, order: &Order) -> Result<Option<Due>, EngineError> {
    let release = release::next(kernel, order)?.map(|(at, of)| (at, Due::Release(of)));
    let next = order.next_timer().into_iter().chain(release).min_by_key(|(at, _)| *at);
    Ok(match next {
        Some((at, due)) if at <= kernel.state.now() => Some(due),
        Some((at, _)) => {
            kernel.state.wakes.note(order.no, at);
            None
        }
        None => None,
    })
}

/// Waits until all that was written when this began is applied: what woke is in the order then.
async fn shown(kernel: &Kernel) -> Result<(), EngineError> {
    let shown = kernel.shown();
    loop {
        let step = kernel.next_step();
        if kernel.watermark.applied() >= shown {
            return Ok(());
        }
        kernel.stepped(step).await?;
    }
}
