//! Opening an engine: recover, then start what runs it.
//!
//! ```text
//!   snapshot (images, each with its own LSN) --> actors
//!   journal from the snapshot's start on ------> apply; at the snapshot's end
//!                                                the state hash must match
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use super::apply::Applier;
use super::archive::Archive;
use super::core::Core;
use super::directory::enter;
use super::mark::{mark_file, tell_of_mark};
use super::network::PostalTable;
use super::pipeline::{self, Pump};
use super::replay::replay_records;
use super::snapshots::{Snapshots, Snapshotter};
use super::written::Written;
use crate::disk::{Disk, DiskLock};
use crate::journal::{
    BatchLimits, GroupCommit, History, Known, Log, LogError, Mark, Options, SegmentLog, Watermark,
    Writer,
};
use crate::model::{Lsn, StateHash, Timestamp};
use crate::progress::Progress;
use crate::service::{Services, Start, Supervised};
use crate::snapshot::{self, SledStore, SnapshotError, StoreError};

/// The clock is looked at once in so many events that are replayed: some milliseconds.
const PROGRESS_STRIDE: u64 = 4_096;

/// How an engine is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The data directory.
    pub directory: PathBuf,
    /// Whether it is begun where no data is: a path that was mistyped, or a volume that
    /// is not mounted, looks like that as well.
    pub create: bool,
    /// Length of a journal segment, in bytes.
    pub segment_bytes: u64,
    /// Commands in flight before the engine answers "overloaded".
    pub in_flight_max: usize,
    /// How long a closed order stays in memory; none: for ever. Later, it is read from
    /// the snapshots that have it. Orders that are closed already when the engine is
    /// opened stay out of memory.
    pub archive_after: Option<Duration>,
}

impl OpenOptions {
    /// The defaults for a data directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            create: true,
            segment_bytes: Options::default().segment_bytes,
            in_flight_max: crate::limits::IN_FLIGHT_MAX_DEFAULT,
            archive_after: Some(crate::limits::ARCHIVE_AFTER_DEFAULT),
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
    /// Before the first damage of the journal.
    Damage,
}

/// What recovery did.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// The generation of the snapshot that it started from; its state hash was
    /// met on the way.
    pub generation: Option<u64>,
    /// The last event that the images may lack.
    pub from: Lsn,
    /// Events replayed.
    pub replayed: u64,
    /// The last event there is.
    pub last: Lsn,
    /// The state hash there.
    pub state_hash: StateHash,
    /// Whether there was no data, and the directory was begun.
    pub began_empty: bool,
    /// Bytes that a crash left at the end of the journal and that were cut.
    pub torn_bytes: u64,
    /// How long it took to load the snapshot, its store being open.
    pub took_loading: Duration,
    /// How long it took to replay the events.
    pub took_replaying: Duration,
    /// How long all of it took.
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
    Snapshot(#[from] SnapshotError),
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
    /// The journal ends before the snapshot does.
    #[error("the journal ends at {last}, and the snapshot needs it up to {needed}")]
    EndsEarly {
        /// The last record that is there.
        last: Lsn,
        /// The last record that is needed.
        needed: Lsn,
    },
    /// A restore was stopped before this directory was whole.
    #[error(
        "{} was left half made by a restore that was stopped: remove it, and restore again",
        .0.display()
    )]
    HalfMade(PathBuf),
    /// There is no data directory, but the one that was to get its name.
    #[error(
        "{} is not there, and {} is: a restore was stopped before it gave that one, which is \
         whole, the name", .data.display(), .fresh.display()
    )]
    RestoreUnfinished {
        /// The data directory that is not there.
        data: PathBuf,
        /// What the restore left.
        fresh: PathBuf,
    },
    /// A restore was stopped while it exchanged what lies in this directory.
    #[error(
        "a restore was stopped while it exchanged what is in {}: `backstock serve` or \
         `backstock restore` on it goes on with that", .0.display()
    )]
    HalfExchanged(PathBuf),
    /// There is no data, and none is to be begun.
    #[error(
        "{} holds no data, and `create` is off: is the path right, and the volume mounted? \
         `backstock init` begins a data directory", .0.display()
    )]
    NoData(PathBuf),
    /// There is data, and a new directory was to be begun.
    #[error("{} is a data directory already", .0.display())]
    IsData(PathBuf),
    /// There is no data, and the mark says that there was.
    #[error(
        "{} has lost its state: {} was acknowledged, and there is neither a journal nor a \
         snapshot any more. Bring them back, or restore an exported snapshot into a new \
         directory; when {} is removed, a new state can be begun here",
        .directory.display(), named(*.acknowledged), mark_file(.directory).display()
    )]
    Gone {
        /// The directory.
        directory: PathBuf,
        /// The last event that is known to have been there; none where the mark is damaged.
        acknowledged: Lsn,
    },
    /// There is no data, and something else.
    #[error(
        "{} is not a data directory: it holds {entry:?} and no journal; \
         a new one is begun only where nothing is", .directory.display()
    )]
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// The name of something that is in it.
        entry: String,
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

fn named(lsn: Lsn) -> String {
    if lsn == Lsn::NONE { "something".into() } else { format!("LSN {lsn}") }
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
        let parts = Parts::recover(options, disk, postal, true)?;
        let (engine, recovered) = (parts.engine, parts.recovered);
        let (writer, applier) = pipeline::threads(&engine.core, parts.writer);
        let start = Start {
            engine: Arc::clone(&engine.core) as Arc<dyn Supervised>,
            writer,
            applier,
            snapshotting: Arc::new(Snapshotter {
                snapshots: Arc::clone(&engine.snapshots),
                core: Arc::clone(&engine.core),
                history: Arc::clone(&engine.history),
            }),
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
        let parts = Parts::recover(options, disk, postal, false)?;
        let pump = Pump::new(Arc::clone(&parts.engine.core), parts.writer);
        Ok((parts.engine, pump, parts.recovered))
    }
}

/// An engine that nothing runs yet.
struct Parts {
    engine: Engine,
    writer: Writer<Written>,
    recovered: Recovered,
}

impl Parts {
    #[expect(clippy::needless_pass_by_value, reason = "the engine keeps it")]
    fn recover(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
        spares: bool,
    ) -> Result<Self, OpenError> {
        let began = Instant::now();
        let data = &options.directory;
        let (lock, began_empty) = enter(&*disk, data, options.create)?;
        let (snapshots, damage) = open_snapshots(data, lock)?;
        let mark = Mark::open(Arc::clone(&disk), &mark_file(data))?;
        let (marked, covered) = (mark.found(), snapshots.newest_start()?);
        let journal = Options {
            segment_bytes: options.segment_bytes,
            known: Known { covered, marked },
            spares,
        };
        let log = SegmentLog::open(disk, &journal_directory(data), journal)?.marking(mark);
        tell_of_mark(marked, log.history().last());
        let torn_bytes = log.torn_tail().map_or(0, |tail| tail.bytes);
        if torn_bytes > 0 {
            tracing::warn!(torn_bytes, "the journal ended in a torn tail, which was cut");
        }
        let history = log.history();
        if let Some(damage) = damage {
            set_aside(&snapshot_directory(data), &*history, damage)?;
        }
        let (group, writer) =
            GroupCommit::new(Box::new(log) as Box<dyn Log>, BatchLimits::default());
        let make = || {
            let watermark = Arc::new(Watermark::new(Lsn::NONE));
            let archive = Archive::new(Arc::clone(&snapshots), options.archive_after);
            let in_flight_max = options.in_flight_max;
            Core::new(Arc::clone(&postal), group.clone(), watermark, archive, in_flight_max)
        };
        let (core, mut recovered) = replay(&snapshots, &*history, None, make)?;
        snapshots.mend()?;
        recovered.torn_bytes = torn_bytes;
        recovered.began_empty = began_empty;
        recovered.took = began.elapsed();
        let engine = Engine::over(Arc::new(core), snapshots, history);
        Ok(Self { engine, writer, recovered })
    }
}

/// Opens the snapshots; beside them, why a store is not among them whose files are
/// damaged.
pub(super) fn open_snapshots(
    data: &Path,
    lock: Arc<DiskLock>,
) -> Result<(Arc<Snapshots>, Option<StoreError>), OpenError> {
    match Snapshots::open(data, Arc::clone(&lock)) {
        Ok(snapshots) => Ok((Arc::new(snapshots), None)),
        Err(damage @ StoreError::Corrupt { .. }) => {
            Ok((Arc::new(Snapshots::without_store(data, lock)), Some(damage)))
        }
        Err(error) => Err(SnapshotError::from(error).into()),
    }
}

/// Whether a journal has everything from its first event on, and something.
pub(super) fn is_whole(history: &dyn History) -> bool {
    history.first() == Lsn::FIRST && history.last() >= Lsn::FIRST
}

/// Sets a damaged store aside when the journal is whole. Otherwise the store may
/// hold what is nowhere else, and going on without it would be to forget that.
fn set_aside(store: &Path, history: &dyn History, damage: StoreError) -> Result<(), OpenError> {
    if !is_whole(history) {
        return Err(SnapshotError::from(damage).into());
    }
    let to = SledStore::set_aside(store).map_err(SnapshotError::from)?;
    tracing::error!(%damage, to = %to.display(), "the snapshot store is set aside");
    Ok(())
}

/// Brings a core to the state that snapshots and journal hold, up to and with
/// `until`.
pub(super) fn replay(
    snapshots: &Snapshots,
    history: &dyn History,
    until: Option<Lsn>,
    make: impl FnMut() -> Core,
) -> Result<(Core, Recovered), OpenError> {
    let snapshot::Recovered { core, loaded, damaged } = snapshots.load(until, make)?;
    if loaded.is_none() && history.last() < Lsn::FIRST {
        // Generations and no event: what was there was in them.
        damaged.into_iter().next().map_or(Ok(()), |damaged| Err(damaged.error))?;
    }
    let start = *core.gate.lock();
    let needed = start.lsn.next();
    let needs_records = until.is_none_or(|last| last >= needed);
    if until.is_none() && history.last() < start.lsn {
        // Its numbers would be given out again, and taken for applied.
        return Err(OpenError::EndsEarly { last: history.last(), needed: start.lsn });
    }
    if needs_records && history.first() > needed {
        return Err(OpenError::Missing { first: history.first(), needed });
    }
    let mut recovered = Recovered { from: start.lsn, ..Recovered::default() };
    let mut applier = Applier::new(&core, start, false);
    let began = Instant::now();
    if needs_records {
        let behind = history.last().get().saturating_sub(start.lsn.get());
        let progress = Progress::new("replaying the journal's events", behind, PROGRESS_STRIDE);
        replay_records(&core, history, (needed, until), |lsn, written| {
            progress.step();
            applier.apply(lsn, written).map_err(|_| OpenError::Panicked { lsn })?;
            recovered.replayed += 1;
            let check =
                |loaded: &snapshot::Loaded| loaded.check_at(applier.applied(), &core.orders);
            Ok(loaded.as_ref().map_or(Ok(()), check)?)
        })?;
    }
    recovered.took_replaying = began.elapsed();
    let applied = applier.applied();
    drop(applier);
    if let Some(loaded) = &loaded {
        let needed = loaded.manifest.end;
        if applied.lsn < needed {
            return Err(OpenError::EndsEarly { last: applied.lsn, needed });
        }
        loaded.check_at(applied, &core.orders)?;
        recovered.generation = Some(loaded.manifest.generation);
        recovered.took_loading = loaded.took;
    }
    recovered.last = applied.lsn;
    recovered.state_hash = applied.hash;
    *core.gate.lock() = applied;
    core.watermark.advance(applied.lsn);
    Ok((core, recovered))
}
