//! From the journal to the applied state: the journal writer's thread and the applier's.
//!
//! ```text
//!   callers --> group --> writer: write, sync --batches--> applier: apply, watermark
//!                            ^                                |
//!                            +--------- emptied lists --------+
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::task::{Context, Poll, Wake, Waker};

use crate::apply::applier::Applier;
use crate::apply::undo::reject;
use crate::journal::{Commit, Pumped, Writer};
use crate::model::Lsn;
use crate::service::Work;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::Written;

/// Events that are applied between two steps of the watermark: the caller of the
/// first event of a large batch does not wait for the last one.
const STEP_EVENTS: usize = 256;

/// Records between two steps of the prefetching: applying so many takes longer than a
/// load from memory.
const AHEAD: usize = 2;

/// Batches that wait between the journal writer and the applier, beside the one
/// that syncs and the one that is applied.
const BATCHES_WAITING_MAX: usize = 2;

/// What the two threads run.
pub fn threads(kernel: &Arc<Kernel>, writer: Writer<Written>) -> (Work, Work) {
    let (batches, waiting) = sync_channel(BATCHES_WAITING_MAX);
    // As many as there are batches under way.
    let (done, emptied) = sync_channel(BATCHES_WAITING_MAX + 2);
    let writing = Arc::clone(kernel);
    let applying = Arc::clone(kernel);
    (
        Box::new(move || run_writer(&writing, writer, &batches, &emptied)),
        Box::new(move || run_applier(&applying, &waiting, &done)),
    )
}

/// What settles backlogs. It ends with the engine.
pub type Repegger = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// The journal writer, the applier and the re-pegger of a single-threaded engine.
pub struct Pump {
    kernel: Arc<Kernel>,
    writer: Writer<Written>,
    repegger: Option<Repegger>,
}

impl Pump {
    /// What writes, applies and settles backlogs for an engine without threads.
    pub const fn new(kernel: Arc<Kernel>, writer: Writer<Written>, repegger: Repegger) -> Self {
        Self { kernel, writer, repegger: Some(repegger) }
    }

    /// Writes and applies one batch, and goes on with what settles backlogs; false when there
    /// was nothing to do.
    ///
    /// # Errors
    /// What halted the engine.
    pub fn pump(&mut self) -> Result<bool, String> {
        let tail = self.kernel.journal.tail();
        let wrote = self.write()?;
        self.repeg()?;
        Ok(wrote || self.kernel.journal.tail() > tail)
    }

    /// Settles no backlog from here on.
    #[cfg(test)]
    pub fn leave_backlogs(&mut self) {
        self.repegger = None;
    }

    fn repeg(&mut self) -> Result<(), String> {
        let Some(repegger) = &mut self.repegger else { return Ok(()) };
        // It is polled each time, and again if it only gave way to others.
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(ended) = repegger.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.repegger = None;
                return ended.inspect_err(|cause| self.kernel.halt(cause.clone()));
            }
            if !woken.0.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
    }

    fn write(&mut self) -> Result<bool, String> {
        let kernel = &self.kernel;
        let mut applied = Ok(());
        let pumped = self.writer.pump(|commit| {
            applied =
                committed(kernel, commit, |first, records| apply_batch(kernel, first, records));
        });
        applied.inspect_err(|cause| kernel.halt(cause.clone()))?;
        match pumped {
            Pumped::Idle | Pumped::Closed | Pumped::StillFull => Ok(false),
            Pumped::Committed(_) | Pumped::Rejected(_) | Pumped::RoomAgain => Ok(true),
            Pumped::Halted(error) => Err(error.to_string()),
        }
    }
}

/// Whether a future that was polled wants to be polled again at once.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A batch that is durable, on its way to the applier.
struct Batch {
    first: Lsn,
    records: Vec<Written>,
}

/// The journal writer's thread.
fn run_writer(
    kernel: &Kernel,
    writer: Writer<Written>,
    batches: &SyncSender<Batch>,
    emptied: &Receiver<Vec<Written>>,
) -> Result<(), String> {
    let mut ended = Ok(());
    let ran = writer.run(
        || kernel.in_flight(),
        |commit| {
            let done = committed(kernel, commit, |first, records| {
                // A list that grew to a batch's length is used again: the next batch does
                // not have to grow its own, page by page.
                let records = std::mem::replace(records, emptied.try_recv().unwrap_or_default());
                batches
                    .send(Batch { first, records })
                    .map_err(|_| "the applier has ended".to_owned())
            });
            if let Err(cause) = done {
                kernel.halt(cause.clone());
                ended = Err(cause);
            }
        },
    );
    ran.map_err(|error| error.to_string())?;
    ended
}

/// Passes on what became durable, and undoes what was rejected.
fn committed(
    kernel: &Kernel,
    commit: Commit<'_, Written>,
    durable: impl FnOnce(Lsn, &mut Vec<Written>) -> Result<(), String>,
) -> Result<(), String> {
    match commit {
        Commit::Durable { first, items } => durable(first, items),
        Commit::Rejected { last_good, items } => {
            tracing::warn!(rejected = items.len(), %last_good, "no room for the journal");
            items.drain(..).for_each(|written| reject(kernel, written));
            kernel.watermark.end_epoch(last_good);
            kernel.gave_up_name();
            Ok(())
        }
        Commit::Failed { error, .. } => Err(format!("the journal failed: {error}")),
    }
}

/// The applier's thread.
fn run_applier(
    kernel: &Kernel,
    batches: &Receiver<Batch>,
    done: &SyncSender<Vec<Written>>,
) -> Result<(), String> {
    while let Ok(Batch { first, mut records }) = batches.recv() {
        apply_batch(kernel, first, &mut records)?;
        // A writer that has enough of them, or has ended, wants no more.
        let _ = done.try_send(records);
    }
    Ok(())
}

/// Prefetches what the next records will read and write: another core wrote their actors
/// a moment ago. Each step reads what the step before it prefetched.
fn prefetch(kernel: &Kernel, records: &[Written]) {
    let placed = |steps: usize| match records.get(steps * AHEAD) {
        Some(Written::Placed(placed)) => Some(placed),
        Some(Written::Other(_)) | None => None,
    };
    if let Some(placed) = placed(4) {
        placed.prefetch();
    }
    if let Some(placed) = placed(3) {
        placed.prefetch_rows(&kernel.state);
    }
    if let Some(placed) = placed(2) {
        placed.prefetch_actors(&kernel.state);
    }
    if let Some(placed) = placed(1) {
        placed.prefetch_kept(&kernel.state);
    }
}

fn apply_batch(kernel: &Kernel, first: Lsn, records: &mut Vec<Written>) -> Result<(), String> {
    let mut lsn = first;
    let mut records = records.drain(..);
    while records.len() > 0 {
        let mut gate = kernel.state.gate.lock();
        let step = records.len().min(STEP_EVENTS);
        kernel.state.applying.store(lsn.get() + step as u64 - 1, Ordering::Release);
        let mut applier = Applier::new(kernel, *gate, true);
        for _ in 0..step {
            prefetch(kernel, records.as_slice());
            let record = records.next().expect("a step is no longer than what is left");
            applier.apply(lsn, record).map_err(|panicked| panicked.to_string())?;
            lsn = lsn.next();
        }
        let ended = applier.end_step().map_err(|panicked| panicked.to_string())?;
        *gate = ended.applied;
        drop(gate);
        kernel.watermark.advance(ended.applied.lsn);
        ended.ring();
    }
    Ok(())
}
