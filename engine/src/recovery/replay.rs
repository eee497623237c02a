//! Replaying the journal: one thread reads and decodes, another one applies.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::command::AnyEvent;
use crate::journal::History;
use crate::model::{Lsn, Record, Said};
use crate::recovery::error::OpenError;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{Placement, Written};

/// Records that are handed over at once: enough that handing over costs nothing, and
/// few enough that they are still in the cache when they are applied.
const BATCH_RECORDS: usize = 512;

/// Batches between the two threads.
const BATCHES_WAITING_MAX: usize = 4;

/// How many records before its turn the actors of a record are prefetched.
const AHEAD: usize = 4;

/// Records that follow each other.
struct Batch {
    first: Lsn,
    records: Vec<Written>,
}

impl Batch {
    fn beginning_at(first: Lsn) -> Self {
        Self { first, records: Vec::with_capacity(BATCH_RECORDS) }
    }
}

/// Hands the records from `from` on to `apply`, one after the other, up to and with
/// `until`: what comes behind is not read, as it may be damaged.
///
/// # Errors
/// What `apply` answers, or why the next record cannot be read; all before it are
/// applied by then.
pub fn replay_records(
    kernel: &Kernel,
    history: &dyn History,
    (from, until): (Lsn, Option<Lsn>),
    mut apply: impl FnMut(Lsn, Written) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let (batches, waiting) = sync_channel(BATCHES_WAITING_MAX);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || read_batches(kernel, history, from, until, &batches));
        let applied = waiting.iter().try_for_each(|batch| apply_batch(kernel, batch, &mut apply));
        // A reader whose batches are not taken any more ends.
        drop(waiting);
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        applied.and(read)
    })
}

fn read_batches(
    kernel: &Kernel,
    history: &dyn History,
    from: Lsn,
    until: Option<Lsn>,
    batches: &SyncSender<Batch>,
) -> Result<(), OpenError> {
    let mut batch = Batch::beginning_at(from);
    let mut failed = None;
    let read = history.cursor(from).read(&mut |lsn, payload| {
        match read_record(kernel, lsn, payload) {
            Ok(written) => batch.records.push(written),
            Err(error) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        if until == Some(lsn) {
            return ControlFlow::Break(());
        }
        if batch.records.len() == BATCH_RECORDS {
            let full = std::mem::replace(&mut batch, Batch::beginning_at(lsn.next()));
            // When nothing takes the batch, the applying thread has failed.
            return batches.send(full).map_or(ControlFlow::Break(()), ControlFlow::Continue);
        }
        ControlFlow::Continue(())
    });
    // What was read before a failure is applied before that is told.
    let _ = batches.send(batch);
    failed.map_or(Ok(()), Err)?;
    Ok(read?)
}

/// Decodes a record, and gives an order's id its number.
fn read_record(kernel: &Kernel, lsn: Lsn, payload: &[u8]) -> Result<Written, OpenError> {
    let unknown = |detail| OpenError::UnknownEvent { lsn, detail };
    let record: Record<AnyEvent> =
        minicbor::decode(payload).map_err(|error| unknown(error.to_string()))?;
    let Record { at, request, origin, event } = record;
    kernel.state.pass_to(at);
    let (written, order) = event.replay(request).map_err(|error| unknown(error.to_string()))?;
    if let Some((id, no)) = order {
        kernel.state.orders.recover(id, no);
    }
    Ok(written.saying(Said { at, origin }))
}

fn apply_batch(
    kernel: &Kernel,
    batch: Batch,
    apply: &mut impl FnMut(Lsn, Written) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let mut lsn = batch.first;
    let mut records = batch.records.into_iter();
    loop {
        look_ahead(kernel, records.as_mut_slice());
        let Some(record) = records.next() else { return Ok(()) };
        apply(lsn, record)?;
        lsn = lsn.next();
    }
}

/// Prefetches what the next orders will change: a replay goes all over memory.
/// Items that are defined between here and there are left alone.
fn look_ahead(kernel: &Kernel, records: &mut [Written]) {
    let known = kernel.state.catalogue.next();
    let is_known = |placed: &Placement| placed.reserves.iter().all(|r| r.pair.sku < known);
    if let Some(Written::Placed(placed)) = records.get(2 * AHEAD)
        && is_known(placed)
    {
        placed.prefetch_rows(&kernel.state);
    }
    if let Some(Written::Placed(placed)) = records.get_mut(AHEAD)
        && is_known(placed)
    {
        for reserve in &mut placed.reserves {
            let row = &kernel.state.catalogue.entry(reserve.pair.sku).row;
            reserve.seat = row.seat(reserve.pair.node);
        }
        placed.prefetch_actors(&kernel.state);
    }
}
