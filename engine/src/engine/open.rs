//! Opening an engine: recover, then start what runs it.
//!
//! ```text
//!   snapshot (images, each with its own LSN) --> actors
//!   journal from the snapshot's start on ------> apply; at the snapshot's end
//!                                                the state hash must match
//! ```

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::Engine;
use super::apply::{self, Applier};
use super::core::{Applied, Core};
use super::network::PostalTable;
use crate::disk::Disk;
use crate::journal::{
    BatchLimits, Commit, GroupCommit, History, Log, LogError, Options, SegmentLog, Watermark,
    Writer,
};
use crate::model::{Lsn, Record, StateHash, Timestamp};
use crate::service::{Services, Start, Supervised};

/// Events that are applied between two steps of the watermark: whoever waits for
/// the first event of a large batch does not wait for its last.
const STEP_EVENTS: usize = 256;

/// Batches between the journal writer and the applier. While one syncs and one
/// is applied, one waits.
const BATCHES_WAITING_MAX: usize = 2;

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The data directory; made when it is not there.
    pub directory: PathBuf,
    /// Length of a journal segment, in bytes.
    pub segment_bytes: u64,
    /// Commands in flight before the engine answers "overloaded".
    pub in_flight_max: usize,
}

impl OpenOptions {
    /// The defaults for a data directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            segment_bytes: Options::default().segment_bytes,
            in_flight_max: crate::limits::IN_FLIGHT_MAX_DEFAULT,
        }
    }
}

/// Where recovery stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Behind this event.
    Lsn(Lsn),
    /// Before the first event after this instant.
    Time(Timestamp),
}

/// What recovery did.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// The snapshot that it started from: its generation.
    pub generation: Option<u64>,
    /// The last event that the images may lack.
    pub from: Lsn,
    /// Events replayed.
    pub replayed: u64,
    /// The last event there is.
    pub last: Lsn,
    /// The state hash there.
    pub state_hash: StateHash,
    /// Whether the hash that the snapshot recorded was met on the way.
    pub hash_checked: bool,
    /// Bytes that a crash left at the end of the journal and that were cut.
    pub torn_bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// Why an engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] LogError),
    /// The snapshots.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// A record of the journal is not an event of this version.
    #[error("the journal's record {lsn} is not an event that this version knows: {detail}")]
    UnknownEvent {
        /// The record.
        lsn: Lsn,
        /// What is wrong with it.
        detail: String,
    },
    /// The journal begins after what the snapshot holds.
    #[error("the journal begins at {first}, and the newest usable snapshot ends before {needed}")]
    Missing {
        /// The first record that is there.
        first: Lsn,
        /// The first record that is needed.
        needed: Lsn,
    },
    /// Replay came to another state than the one that was recorded.
    #[error("at {lsn} the state hash is {found}; the snapshot recorded {recorded}")]
    HashMismatch {
        /// Where.
        lsn: Lsn,
        /// What replay came to.
        found: StateHash,
        /// What the snapshot recorded.
        recorded: StateHash,
    },
    /// Applying panicked.
    #[error("the record {lsn} cannot be applied: an actor panicked")]
    Panicked {
        /// The record.
        lsn: Lsn,
    },
    /// A service could not be started.
    #[error("a service could not be started: {0}")]
    Service(String),
}

/// The journal's directory within a data directory.
pub fn journal_directory(data: &Path) -> PathBuf {
    data.join("journal")
}

/// The snapshots' directory within a data directory.
pub fn snapshot_directory(data: &Path) -> PathBuf {
    data.join("snapshots")
}

impl Engine {
    /// Opens the engine on a data directory and starts its services on the
    /// current tokio runtime. Blocks while it recovers.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then, but for a torn tail that was
    /// cut from the journal.
    pub async fn open(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
    ) -> Result<(Self, Recovered), OpenError> {
        let parts = Parts::recover(options, disk, postal)?;
        let (engine, recovered) = (parts.engine, parts.recovered);
        let (batches, waiting) = sync_channel(BATCHES_WAITING_MAX);
        let (core, writer) = (Arc::clone(&engine.core), parts.writer);
        let writer = Box::new(move || run_writer(&core, writer, &batches));
        let core = Arc::clone(&engine.core);
        let applier = Box::new(move || run_applier(&core, &waiting));
        let start = Start {
            engine: Arc::clone(&engine.core) as Arc<dyn Supervised>,
            writer,
            applier,
            snapshotting: parts.snapshots,
        };
        let services =
            Services::start(start).await.map_err(|error| OpenError::Service(error.to_string()))?;
        let engine = Self { services: Some(services), ..engine };
        Ok((engine, recovered))
    }

    /// Opens the engine for one thread: nothing is written or applied but by
    /// [`Pump::pump`]. A simulation then decides what happens when.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_single_threaded(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
    ) -> Result<(Self, Pump, Recovered), OpenError> {
        let parts = Parts::recover(options, disk, postal)?;
        let pump = Pump { core: Arc::clone(&parts.engine.core), writer: parts.writer };
        Ok((parts.engine, pump, parts.recovered))
    }
}

/// The journal writer and the applier of a single-threaded engine.
pub struct Pump {
    core: Arc<Core>,
    writer: Writer<Record>,
}

impl Pump {
    /// Writes and applies one batch; false when there was nothing to do.
    ///
    /// # Errors
    /// What halted the engine.
    pub fn pump(&mut self) -> Result<bool, String> {
        use crate::journal::Pumped;
        let core = &self.core;
        let mut applied = Ok(());
        let pumped = self.writer.pump(|commit| {
            applied = committed(core, commit, |first, records| apply_batch(core, first, records));
        });
        applied.inspect_err(|cause| core.halt(cause.clone()))?;
        match pumped {
            Pumped::Idle | Pumped::Closed | Pumped::StillFull => Ok(false),
            Pumped::Committed(_) | Pumped::Rejected(_) | Pumped::RoomAgain => Ok(true),
            Pumped::Halted(error) => Err(error.to_string()),
        }
    }
}

/// An engine that nothing runs yet.
struct Parts {
    engine: Engine,
    writer: Writer<Record>,
    recovered: Recovered,
    snapshots: Arc<super::snapshots::Snapshots>,
}

impl Parts {
    fn recover(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
    ) -> Result<Self, OpenError> {
        let began = Instant::now();
        let snapshots = super::snapshots::Snapshots::new(&options.directory);
        let origin = snapshots.newest_end()?;
        let journal = Options { segment_bytes: options.segment_bytes, origin };
        let log = SegmentLog::open(disk, &journal_directory(&options.directory), journal)?;
        let torn_bytes = log.torn_tail().map_or(0, |tail| tail.bytes);
        let history = log.history();
        let (group, writer) =
            GroupCommit::new(Box::new(log) as Box<dyn Log>, BatchLimits::default());
        let watermark = Arc::new(Watermark::new(Lsn::NONE));
        let core = Core::new(postal, group, watermark, options.in_flight_max);
        let mut recovered = replay(&core, &snapshots, &*history, None)?;
        recovered.torn_bytes = torn_bytes;
        recovered.took = began.elapsed();
        let core = Arc::new(core);
        let snapshots = Arc::new(snapshots.over(Arc::clone(&core), history));
        let engine = Engine::over(core);
        Ok(Self { engine, writer, recovered, snapshots })
    }
}

/// Brings an empty core to the state that snapshots and journal hold.
pub(super) fn replay(
    core: &Core,
    snapshots: &super::snapshots::Snapshots,
    history: &dyn History,
    until: Option<Until>,
) -> Result<Recovered, OpenError> {
    let loaded = snapshots.load(core)?;
    let needed = loaded.applied.lsn.next();
    if history.first() > needed {
        return Err(OpenError::Missing { first: history.first(), needed });
    }
    let mut recovered = Recovered {
        generation: loaded.generation,
        from: loaded.applied.lsn,
        ..Recovered::default()
    };
    let mut applier = Applier::new(core, loaded.applied, false);
    let mut failed = None;
    let mut step = |lsn: Lsn, payload: &[u8]| -> Result<bool, OpenError> {
        let record: Record = minicbor::decode(payload)
            .map_err(|error| OpenError::UnknownEvent { lsn, detail: error.to_string() })?;
        if is_past(until, lsn, &record) {
            return Ok(false);
        }
        applier.apply(lsn, record).map_err(|_| OpenError::Panicked { lsn })?;
        recovered.replayed += 1;
        if let Some(recorded) = loaded.hash_at.filter(|(at, _)| *at == lsn).map(|(_, hash)| hash) {
            check(lsn, applier.applied().hash, recorded)?;
            recovered.hash_checked = true;
        }
        Ok(true)
    };
    history.cursor(needed).read(&mut |lsn, payload| match step(lsn, payload) {
        Ok(true) => ControlFlow::Continue(()),
        Ok(false) => ControlFlow::Break(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    applier.settle().map_err(|_| OpenError::Panicked { lsn: applier.applied().lsn })?;
    let applied = applier.applied();
    if let Some((at, recorded)) = loaded.hash_at.filter(|(at, _)| *at == loaded.applied.lsn) {
        check(at, loaded.applied.hash, recorded)?;
        recovered.hash_checked = true;
    }
    recovered.last = applied.lsn;
    recovered.state_hash = applied.hash;
    *core.gate.lock() = applied;
    core.watermark.advance(applied.lsn);
    Ok(recovered)
}

fn is_past(until: Option<Until>, lsn: Lsn, record: &Record) -> bool {
    match until {
        None => false,
        Some(Until::Lsn(last)) => lsn > last,
        Some(Until::Time(last)) => record.at > last,
    }
}

fn check(lsn: Lsn, found: StateHash, recorded: StateHash) -> Result<(), OpenError> {
    if found == recorded {
        return Ok(());
    }
    Err(OpenError::HashMismatch { lsn, found, recorded })
}

/// A batch that is durable, on its way to the applier.
struct Batch {
    first: Lsn,
    records: Vec<Record>,
}

/// The journal writer's thread.
fn run_writer(
    core: &Core,
    writer: Writer<Record>,
    batches: &SyncSender<Batch>,
) -> Result<(), String> {
    let mut ended = Ok(());
    let ran = writer.run(|commit| {
        let done = committed(core, commit, |first, records| {
            let records = std::mem::take(records);
            batches.send(Batch { first, records }).map_err(|_| "the applier has ended".to_owned())
        });
        if let Err(cause) = done {
            core.halt(cause.clone());
            ended = Err(cause);
        }
    });
    ran.map_err(|error| error.to_string())?;
    ended
}

/// Passes on what became durable, and undoes what was rejected.
fn committed(
    core: &Core,
    commit: Commit<'_, Record>,
    durable: impl FnOnce(Lsn, &mut Vec<Record>) -> Result<(), String>,
) -> Result<(), String> {
    match commit {
        Commit::Durable { first, items } => durable(first, items),
        Commit::Rejected { last_good, items } => {
            tracing::warn!(rejected = items.len(), %last_good, "no room for the journal");
            items.drain(..).for_each(|record| apply::reject(core, record));
            core.watermark.end_epoch(last_good);
            Ok(())
        }
        Commit::Failed { error, .. } => Err(format!("the journal failed: {error}")),
    }
}

/// The applier's thread.
fn run_applier(core: &Core, batches: &Receiver<Batch>) -> Result<(), String> {
    while let Ok(Batch { first, mut records }) = batches.recv() {
        apply_batch(core, first, &mut records)?;
    }
    Ok(())
}

fn apply_batch(core: &Core, first: Lsn, records: &mut Vec<Record>) -> Result<(), String> {
    let mut lsn = first;
    let mut records = records.drain(..).peekable();
    while records.peek().is_some() {
        let mut gate = core.gate.lock();
        let mut applier = Applier::new(core, *gate, true);
        for record in records.by_ref().take(STEP_EVENTS) {
            applier.apply(lsn, record).map_err(|panicked| panicked.to_string())?;
            lsn = lsn.next();
        }
        applier.settle().map_err(|panicked| panicked.to_string())?;
        let applied: Applied = applier.applied();
        *gate = applied;
        drop(gate);
        core.watermark.advance(applied.lsn);
    }
    Ok(())
}

impl Supervised for Core {
    fn halt(&self, cause: String) {
        Core::halt(self, cause);
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}
