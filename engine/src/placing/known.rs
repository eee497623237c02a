//! Orders that were placed before: an order's id is an idempotency key.

use super::places::Places;
use crate::model::digest;
use crate::model::{Order, OrderHeader, OrderId};
use crate::state::orders::Found;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_named;
use crate::transaction::kernel::Kernel;

/// An order's id in hand. Dropped before its event is in the journal, it is free
/// again.
pub struct TakenId<'a> {
    kernel: &'a Kernel,
    id: &'a OrderId,
    held: bool,
}

impl TakenId<'_> {
    /// The event is in the journal: it is the applier's from here on.
    pub fn hand_over(mut self) {
        self.held = false;
    }
}

impl Drop for TakenId<'_> {
    fn drop(&mut self) {
        if self.held {
            self.kernel.state.orders.abandon(self.id);
            self.kernel.gave_up_name();
        }
    }
}

/// How an order starts.
pub enum Begun<'a> {
    /// It is new.
    New(TakenId<'a>),
    /// The same order was placed before.
    Known(Box<Order>),
}

/// Takes an order's id; waits while the same id is being placed.
pub async fn begin_order<'a>(
    kernel: &'a Kernel,
    command: &'a impl Places,
    fingerprint: u64,
) -> Result<Begun<'a>, EngineError> {
    let id = &command.order().id;
    loop {
        let seen = kernel.look_at_names();
        match kernel.state.orders.begin(id) {
            Found::Unknown => return Ok(Begun::New(TakenId { kernel, id, held: true })),
            found => match same(kernel, found, command, fingerprint).await? {
                Some(known) => return Ok(Begun::Known(Box::new(known))),
                None => kernel.progress(seen).await?,
            },
        }
    }
}

/// Reads the order if it was placed before, and takes no id; waits while the same id is
/// being placed.
pub async fn find_same(
    kernel: &Kernel,
    command: &impl Places,
    fingerprint: u64,
) -> Result<Option<Order>, EngineError> {
    loop {
        let seen = kernel.look_at_names();
        match kernel.state.orders.by_id(&command.order().id) {
            Found::Unknown => return Ok(None),
            found => match same(kernel, found, command, fingerprint).await? {
                Some(known) => return Ok(Some(known)),
                None => kernel.progress(seen).await?,
            },
        }
    }
}

/// Reads the order that was found under the id of another one, if it is the same, and
/// refuses if it is not; none while it is being placed.
async fn same(
    kernel: &Kernel,
    found: Found<'_>,
    command: &impl Places,
    fingerprint: u64,
) -> Result<Option<Order>, EngineError> {
    let Found::There(no, _) = found else { return Ok(None) };
    match read_named(kernel, no, &command.order().id).await? {
        None => Ok(None),
        Some(known) if known.fingerprint_under(&command.order().id) == fingerprint => {
            Ok(Some(known.as_under(&command.order().id)))
        }
        Some(known) if is_repeat_of_old(command, &known.header) => Ok(Some(known)),
        Some(_) => Err(command.reused().into()),
    }
}

/// Whether an older version placed this very order. Older fingerprints did not cover
/// the time at which the order was placed; the order itself has it, and it is
/// compared. Still older ones were of an encoding. A request without a time matches an
/// order with any time: it cannot be told whether the first request had one.
pub fn is_repeat_of_old(command: &impl Places, known: &OrderHeader) -> bool {
    let order = command.order();
    command.placed_at().is_none_or(|at| at == known.ordered_at)
        && [order.fingerprint(None), digest::fingerprint(order)].contains(&known.fingerprint)
}
