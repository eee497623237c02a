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

use futures_util::future::try_join3;
use tokio::runtime::Handle;

use crate::apply::applier::Applier;
use crate::apply::counting::count_all;
use crate::apply::expecting::expect_all;
use crate::apply::pipeline;
use crate::apply::sharing::find_all;
use crate::command::backlog::repeg;
use crate::command::hold::lapse;
use crate::command::order::due;
use crate::disk::{Disk, DiskLock};
use crate::feed::Readers;
use crate::feed::consumers::Consumers;
use crate::feed::endpoints::Endpoints;
use crate::feed::retention::Retention;
use crate::journal::{
    BatchLimits, GroupCommit, History, Known, Log, Mark, Options, SegmentLog, Watermark, Writer,
};
use crate::learning::Learner;
use crate::model::{DrawKey, Lsn, NodeNo, StateHash, Timestamp};
use crate::paths::journal_directory;
use crate::paths::mark_file;
use crate::paths::snapshot_directory;
use crate::progress::Progress;
use crate::recovery::enter::enter;
use crate::recovery::error::OpenError;
use crate::recovery::mark::tell_of_mark;
use crate::recovery::replay::replay_records;
use crate::recovery::snapshotter::Snapshotter;
use crate::service::{Services, Start, Supervised};
use crate::snapshot::archive::Archive;
use crate::snapshot::snapshots::Snapshots;
use crate::snapshot::{self, SledStore, SnapshotError, StoreError};
use crate::state::network::PostalTable;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::Written;

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
    /// Bytes of journal that are kept for consumers of the feed beyond what snapshots need. The
    /// consumers that would need more are parked.
    pub feed_kept_bytes_max: u64,
    /// What the seeds of draws follow from, for as long as the engine is open. Callers do not
    /// know it; another one at each opening is as good.
    pub draw_key: DrawKey,
    /// Whether it is learnt from orders what is bought together. A shop that asks somebody else for that
    /// saves the time of a thread that makes way for all others. Begun later, it is learnt from what the journal still
    /// has.
    pub learns: bool,
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
            feed_kept_bytes_max: crate::limits::FEED_KEPT_BYTES_DEFAULT,
            draw_key: DrawKey::default(),
            learns: true,
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

/// What runs beside the commands: backlogs are settled, holds lapse, and what is due of orders is
/// done. It ends with the engine.
pub fn beside(kernel: &Arc<Kernel>) -> impl Future<Output = Result<(), String>> + Send + use<> {
    let (settling, lapsing) = (repeg::run(Arc::clone(kernel)), lapse::run(Arc::clone(kernel)));
    let due = due::run(Arc::clone(kernel));
    async { try_join3(settling, lapsing, due).await.map(|_| ()) }
}

/// Starts what runs an engine, on the current tokio runtime.
///
/// # Errors
/// When a service could not be started.
pub async fn start(recovered: &Opened, writer: Writer<Written>) -> Result<Services, OpenError> {
    let Opened { kernel, snapshots, readers, .. } = recovered;
    let (writer, applier) = pipeline::threads(kernel, writer);
    let (runtime, repegging) = (Handle::current(), beside(kernel));
    let start = Start {
        engine: Arc::clone(kernel) as Arc<dyn Supervised>,
        writer,
        applier,
        repegger: Box::new(move || runtime.block_on(repegging)),
        snapshotting: Arc::new(Snapshotter {
            snapshots: Arc::clone(snapshots),
            kernel: Arc::clone(kernel),
            retention: Arc::clone(readers.retention()),
        }),
    };
    let services =
        Services::start(start).await.map_err(|error| OpenError::Service(error.to_string()))?;
    recovered.learner.iter().for_each(Learner::begin);
    Ok(services)
}

/// What an engine is made of that nothing runs yet.
pub struct Opened {
    /// The state, and the way to the journal.
    pub kernel: Arc<Kernel>,
    /// The snapshots.
    pub snapshots: Arc<Snapshots>,
    /// What the journal holds.
    pub history: Arc<dyn History>,
    /// Those who read it.
    pub readers: Arc<Readers>,
    /// Who learns what goes with what, if anybody is to.
    pub learner: Option<Arc<Learner>>,
    /// What recovery did.
    pub recovered: Recovered,
}

impl Opened {
    /// Recovers what is in a data directory; beside it, what writes its journal.
    ///
    /// # Errors
    /// See [`OpenError`]. Then nothing was changed, except that a torn tail may
    /// have been cut from the journal.
    #[expect(clippy::needless_pass_by_value, reason = "the engine keeps it")]
    pub fn recover(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
        spares: bool,
    ) -> Result<(Self, Writer<Written>), OpenError> {
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
        let consumers = Arc::new(Consumers::open(Arc::clone(&disk), data)?);
        let endpoints = Endpoints::open(Arc::clone(&disk), data)?;
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
            Kernel::new(Arc::clone(&postal), group.clone(), watermark, archive, in_flight_max)
        };
        let (mut kernel, mut recovered) = replay(&snapshots, &*history, None, make)?;
        kernel.draw_key = options.draw_key;
        snapshots.mend()?;
        recovered.torn_bytes = torn_bytes;
        recovered.began_empty = began_empty;
        recovered.took = began.elapsed();
        let kept = options.feed_kept_bytes_max;
        let retention = Retention::new(Arc::clone(&history), Arc::clone(&consumers), kept);
        retention.needs_from(snapshots.needed_from()?);
        let kernel = Arc::new(kernel);
        let kept = (consumers, endpoints);
        let readers = Readers::new(&kernel, Arc::clone(&history), kept, retention);
        let readers = Arc::new(readers);
        let learner = options.learns.then(|| Learner::new(&kernel, &history));
        Ok((Self { kernel, snapshots, history, readers, learner, recovered }, writer))
    }
}

/// Opens the snapshots. Where the files of their store are damaged, they are opened
/// without it, and the damage is answered beside them.
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
/// hold events that the journal does not have, and going on without it would lose
/// them.
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
    make: impl FnMut() -> Kernel,
) -> Result<(Kernel, Recovered), OpenError> {
    let snapshot::Recovered { state: kernel, loaded, damaged } = snapshots.load(until, make)?;
    if loaded.is_none() && history.last() < Lsn::FIRST {
        // There are generations and no event: the state was in the generations alone.
        damaged.into_iter().next().map_or(Ok(()), |damaged| Err(damaged.error))?;
    }
    let start = *kernel.state.gate.lock();
    let needed = start.lsn.next();
    let needs_records = until.is_none_or(|last| last >= needed);
    if until.is_none() && history.last() < start.lsn {
        // The LSNs after the journal's end would be given out again, and new events would
        // pass for applied ones.
        return Err(OpenError::EndsEarly { last: history.last(), needed: start.lsn });
    }
    if needs_records && history.first() > needed {
        return Err(OpenError::Missing { first: history.first(), needed });
    }
    let mut recovered = Recovered { from: start.lsn, ..Recovered::default() };
    let mut applier = Applier::new(&kernel, start, false);
    let began = Instant::now();
    if needs_records {
        let behind = history.last().get().saturating_sub(start.lsn.get());
        let progress = Progress::new("replaying the journal's events", behind, PROGRESS_STRIDE);
        replay_records(&kernel, history, (needed, until), |lsn, written| {
            progress.step();
            applier.apply(lsn, written).map_err(|_| OpenError::Panicked { lsn })?;
            recovered.replayed += 1;
            let check = |loaded: &snapshot::Loaded| {
                loaded.check_at(applier.applied(), &kernel.state.orders)
            };
            Ok(loaded.as_ref().map_or(Ok(()), check)?)
        })?;
    }
    recovered.took_replaying = began.elapsed();
    let applied = applier.applied();
    applier.note_returned().map_err(|_| OpenError::Panicked { lsn: applied.lsn })?;
    drop(applier);
    if let Some(loaded) = &loaded {
        let needed = loaded.manifest.end;
        if applied.lsn < needed {
            return Err(OpenError::EndsEarly { last: applied.lsn, needed });
        }
        loaded.check_at(applied, &kernel.state.orders)?;
        recovered.generation = Some(loaded.manifest.generation);
        recovered.took_loading = loaded.took;
    }
    recovered.last = applied.lsn;
    recovered.state_hash = applied.hash;
    *kernel.state.gate.lock() = applied;
    kernel.watermark.advance(applied.lsn);
    // Days are counted anew, from the orders.
    let bounded: Vec<NodeNo> = kernel.state.network.load().bounded().collect();
    count_all(&kernel.state, &bounded).map_err(|_| OpenError::Panicked { lsn: applied.lsn })?;
    // What segments have is found anew as well, and until when supplies count.
    find_all(&kernel.state).map_err(|_| OpenError::Panicked { lsn: applied.lsn })?;
    // So are the places in line that draws gave, and when sales open.
    kernel.state.find_openings();
    expect_all(&kernel.state, |_| true).map_err(|_| OpenError::Panicked { lsn: applied.lsn })?;
    // What came free before the end was marked in the memory of the process that ended.
    kernel.state.unsettle_all();
    Ok((kernel, recovered))
}
