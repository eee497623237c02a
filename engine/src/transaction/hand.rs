//! An order in hand: taken by one command at a time.

use super::attempts::{Attempt, Attempts, Ear};
use super::bells::Awaited;
use super::claims::{Asked, give_back};
use super::error::EngineError;
use super::kernel::Kernel;
use super::write::Change;
use crate::model::{Order, OrderId, OrderNo, Refusal};
use crate::state::order::{Lock, OrderMessage, OrderReply};
use crate::state::orders::{Found, OrderCell};

/// An order in hand. Dropped before its event is written, it is free again.
pub struct Locked<'a> {
    kernel: &'a Kernel,
    cell: &'a OrderCell,
    /// The order.
    pub order: Order,
    held: bool,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if self.held {
            let actor = Awaited::Order(self.order.no);
            give_back(self.kernel, actor, self.cell.ask(OrderMessage::Unlock));
        }
    }
}

/// Takes an order in hand; waits while others have it, and while it is being placed.
pub async fn lock<'a>(kernel: &'a Kernel, id: &OrderId) -> Result<Locked<'a>, EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let seen = kernel.look_at_names();
        let met = match kernel.state.orders.by_id(id) {
            Found::Unknown => return Err(Refusal::OrderNotFound { order_id: id.clone() }.into()),
            Found::InFlight => None,
            Found::There(no, cell) => lock_cell(kernel, no, cell, id).await?,
        };
        let Some(attempt) = met else {
            // Its event, or the end of its id, comes soon, whoever else gets on.
            kernel.progress(seen).await?;
            continue;
        };
        if let Some(locked) = attempts.end(attempt).await? {
            return Ok(locked);
        }
    }
}

/// Takes the order of that id in hand, if nobody else has it; none while it is not placed.
/// One that left memory comes back first.
async fn lock_cell<'a>(
    kernel: &'a Kernel,
    no: OrderNo,
    cell: &'a OrderCell,
    id: &OrderId,
) -> Result<Option<Attempt<'a, Locked<'a>>>, EngineError> {
    let actor = Awaited::Order(no);
    let undo = |reply| {
        if matches!(reply, OrderReply::Lock(Lock::Granted(_))) {
            give_back(kernel, actor, cell.ask(OrderMessage::Unlock));
        }
    };
    let mut ear = Ear::at(kernel, actor);
    // Orders leave memory once a snapshot: it is asked once more for each that ends
    // meanwhile.
    loop {
        match Asked::new(kernel, cell.ask(OrderMessage::Lock), undo).await? {
            OrderReply::Lock(Lock::Granted(kept)) => {
                let locked = Locked { kernel, cell, order: kept.order(), held: true };
                // The number of an order that came to nothing passed on to another one.
                let is_it = locked.order.header.id == *id;
                return Ok(is_it.then_some(Attempt::Done(locked)));
            }
            OrderReply::Lock(Lock::Vacant) => return Ok(None),
            OrderReply::Lock(Lock::InFlight) => {
                if let Some(bell) = ear.refused() {
                    return Ok(Some(Attempt::InTheWay(bell)));
                }
            }
            OrderReply::Lock(Lock::Archived(archived)) => {
                let order = kernel.archive.read(no, archived).await?;
                let recalled = kernel.state.orders.recall(no, order);
                recalled.map_err(|panicked| kernel.panicked(panicked))?;
            }
            other => unreachable!("a lock is answered with a lock, not {other:?}"),
        }
    }
}

/// Once the event is in the journal, applying it frees the order.
pub fn keep_until_applied(change: Change, hand: Option<Locked<'_>>) {
    if let (Change::Written(_), Some(mut locked)) = (change, hand) {
        locked.held = false;
    }
}
