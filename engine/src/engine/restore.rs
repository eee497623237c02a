//! Restoring: a data directory rebuilt from its snapshots and journal, or from
//! an exported snapshot, whole or as it was at an event or an instant.
//!
//! ```text
//!   DATA --recover, up to a point--> state --take--> DATA.restoring
//!   FILE --import------------------------------------> DATA.restoring, recovered to see it is good
//!   DATA.restoring <--exchange--> DATA        (no DATA yet: a rename)
//!   DATA.restoring --rename----> DATA.before-restore-N
//! ```
//! Nothing of what was there before is deleted or changed: it is set aside.

mod fresh;
mod point;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::fresh::Fresh;
pub use self::point::Lost;
use super::archive::Archive;
use super::audit::{AuditReport, audit_at};
use super::core::Core;
use super::directory::{holds_data, lock_data, refuse_unfinished_restore};
use super::error::EngineError;
use super::network::PostalTable;
use super::open::{
    OpenError, Recovered, Until, is_whole, journal_directory, open_snapshots, replay,
    snapshot_directory,
};
use super::snapshots::Snapshots;
use super::written::Written;
use crate::disk::{Disk, DiskLock};
use crate::journal::limits::BATCH_BYTES_MAX;
use crate::journal::{
    Batch, BatchLimits, GroupCommit, Log, LogError, Options, Payload, ReadOnlyLog, SegmentLog,
    Watermark, open_damaged, open_read_only,
};
use crate::limits::IN_FLIGHT_MAX_DEFAULT;
use crate::model::{Lsn, StateHash, Timestamp};
use crate::snapshot::{
    ExportError, FileFault, SledStore, SnapshotError, State, StoreError, import, take,
};

/// What is restored.
#[derive(Clone, Debug)]
pub struct RestoreOptions {
    /// The data directory.
    pub data: PathBuf,
    /// An exported snapshot to fill a new data directory with, instead of what is
    /// in the directory.
    pub from: Option<PathBuf>,
    /// Where to stop; everything when there is none.
    pub until: Option<Until>,
}

/// What a restore did.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The generation that it started from, whose state hash was met.
    pub generation: Option<u64>,
    /// Events replayed.
    pub replayed: u64,
    /// The last event in the restored state.
    pub last: Lsn,
    /// The state hash there.
    pub state_hash: StateHash,
    /// Orders in the restored state.
    pub orders: u64,
    /// Pairs in the restored state.
    pub pairs: u64,
    /// What damage took.
    pub lost: Option<Lost>,
    /// The data directory, without symbolic links.
    pub directory: PathBuf,
    /// Where the data directory as it was before is now; none when there was none.
    pub set_aside: Option<PathBuf>,
    /// How long it took.
    pub took: Duration,
}

/// Why a restore did not happen. The data directory is then as it was, but where
/// the new name could not be brought to stable storage.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// What is there cannot be recovered.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file to restore from is not good.
    #[error(transparent)]
    Import(#[from] ExportError),
    /// The snapshots cannot be read, or the restored state not be written as one.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The restored state does not hold its invariants.
    #[error("the restored state has {} breaches, the first: {}", .0.breach_count, .0.breaches[0])]
    Unsound(Box<AuditReport>),
    /// An actor panicked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The point to restore to is not there yet.
    #[error("there is no event {wanted}; the newest is {newest}")]
    Beyond {
        /// The event asked for.
        wanted: Lsn,
        /// The newest there is.
        newest: Lsn,
    },
    /// The point to restore to is not there any more, or never was.
    #[error(
        "that is too far back: no snapshot reaches it, and the journal begins with event {first}{}",
        .at.map_or(String::new(), |at| format!(" of {at}"))
    )]
    TooFarBack {
        /// The first event of the journal.
        first: Lsn,
        /// When that was.
        at: Option<Timestamp>,
    },
    /// There is no journal and no snapshot.
    #[error("{} is not a data directory", .0.display())]
    NoData(PathBuf),
    /// The path has no name that others could be put beside.
    #[error("{} cannot be given another name, which restoring needs to do", .0.display())]
    NoName(PathBuf),
    /// A file to restore from, and a data directory that has something already.
    #[error("{} is not empty; restoring from a file needs a new data directory", .0.display())]
    NotEmpty(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<LogError> for RestoreError {
    fn from(error: LogError) -> Self {
        OpenError::from(error).into()
    }
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        SnapshotError::from(error).into()
    }
}

/// Restores a data directory, from an exported file when there is one, up to a
/// point when there is one. The restored state is audited, and its hash compared,
/// before it takes the place of what was there. Nobody else gets at either
/// directory meanwhile.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(
    options: &RestoreOptions,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let began = Instant::now();
    let (rebuilt, directory, set_aside) = match &options.from {
        Some(file) => fill(options, file, disk, postal)?,
        None => replace(options, disk, postal, now)?,
    };
    let Rebuilt { recovered, audit, lost } = rebuilt;
    Ok(Restored {
        generation: recovered.generation,
        replayed: recovered.replayed,
        last: recovered.last,
        state_hash: recovered.state_hash,
        orders: audit.orders,
        pairs: audit.pairs,
        lost,
        directory,
        set_aside,
        took: began.elapsed(),
    })
}

/// Recovers the state in a data directory that no server uses, and audits it.
/// Nothing is changed there.
///
/// # Errors
/// See [`RestoreError`]; breaches are in the report, not an error.
pub fn audit_directory(
    data: &Path,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<AuditReport, RestoreError> {
    let lock = lock_existing(&**disk, data)?;
    let snapshots = Arc::new(Snapshots::open(data, lock)?);
    let origin = snapshots.newest_start()?;
    let log = open_read_only(Arc::clone(disk), &journal_directory(data), origin)?;
    let (core, _) = recover(&snapshots, log, None, postal)?;
    let applied = *core.gate.lock();
    Ok(audit_at(&core, applied)?)
}

/// What is known of a state that was recovered and found sound.
struct Rebuilt {
    recovered: Recovered,
    audit: AuditReport,
    lost: Option<Lost>,
}

type InPlace = (Rebuilt, PathBuf, Option<PathBuf>);

/// Puts the state that a data directory holds in its place.
fn replace(
    options: &RestoreOptions,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
    now: Timestamp,
) -> Result<InPlace, RestoreError> {
    if !holds_data(&**disk, &options.data) {
        return Err(RestoreError::NoData(options.data.clone()));
    }
    let data = fresh::resolve(&options.data)?;
    let lock = lock_existing(&**disk, &data)?;
    let (core, rebuilt) = rebuild(&data, Arc::clone(&lock), options.until, disk, postal)?;
    let fresh = Fresh::begin(&**disk, &data)?;
    let store = SledStore::open(&snapshot_directory(fresh.path()))?;
    take(State::from(&core), &store, now)?;
    // Both stores are closed before their directories get other names.
    drop((core, store));
    let set_aside = fresh.replace()?;
    drop(lock);
    Ok((rebuilt, data, Some(set_aside)))
}

/// Fills a new data directory with what an exported file holds.
fn fill(
    options: &RestoreOptions,
    file: &Path,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<InPlace, RestoreError> {
    if let Some(parent) = options.data.parent().filter(|parent| *parent != Path::new("")) {
        disk.create_dir_all(parent).map_err(at(parent))?;
    }
    let data = fresh::resolve(&options.data)?;
    if !is_free(&data)? {
        return Err(RestoreError::NotEmpty(data));
    }
    let fresh = Fresh::begin(&**disk, &data)?;
    bring_in(fresh.path(), file, disk)?;
    let (core, rebuilt) = rebuild(fresh.path(), fresh.lock(), options.until, disk, postal)?;
    // Its store is closed before the directory gets another name.
    drop(core);
    fresh.fill()?;
    Ok((rebuilt, data, None))
}

/// Whether nothing is there, or an empty directory.
fn is_free(data: &Path) -> Result<bool, RestoreError> {
    match data.read_dir() {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(data)(error)),
    }
}

/// Puts a generation from a file, and the records that replay over it needs, into
/// a data directory that is being made.
fn bring_in(data: &Path, file: &Path, disk: &Arc<dyn Disk>) -> Result<(), RestoreError> {
    let store = SledStore::open(&snapshot_directory(data))?;
    let mut records = Records { disk, directory: journal_directory(data), open: None };
    let mut failed = None;
    let imported = import(file, &store, |lsn, payload| {
        let stop = || FileFault::of(file)(FileFault::Damaged);
        let payload = Payload::new(payload).map_err(|_| stop())?;
        records.keep(lsn, payload).map_err(|error| {
            failed = Some(error);
            stop()
        })
    });
    // The fault of the journal is told, not that the import stopped for it.
    failed.map_or(Ok(()), Err)?;
    imported?;
    Ok(records.close()?)
}

/// A journal that records are brought into. A snapshot under load may carry any
/// number of them: they go batch by batch.
struct Records<'a> {
    disk: &'a Arc<dyn Disk>,
    directory: PathBuf,
    open: Option<(SegmentLog, Batch)>,
}

impl Records<'_> {
    fn keep(&mut self, lsn: Lsn, payload: Payload<'_>) -> Result<(), LogError> {
        let (log, batch) = if let Some(open) = &mut self.open {
            open
        } else {
            let options = Options { origin: lsn.previous(), ..Options::default() };
            let log = SegmentLog::open(Arc::clone(self.disk), &self.directory, options)?;
            self.open.insert((log, Batch::starting_at(lsn)))
        };
        batch.push(payload);
        if batch.bytes().len() >= BATCH_BYTES_MAX {
            log.append(batch)?;
            batch.restart_at(batch.next());
        }
        Ok(())
    }

    fn close(self) -> Result<(), LogError> {
        let Some((mut log, batch)) = self.open else { return Ok(()) };
        if !batch.is_empty() {
            log.append(&batch)?;
        }
        log.seal()
    }
}

fn lock_existing(disk: &dyn Disk, data: &Path) -> Result<Arc<DiskLock>, RestoreError> {
    if !holds_data(disk, data) {
        return Err(RestoreError::NoData(data.to_owned()));
    }
    refuse_unfinished_restore(disk, data)?;
    Ok(lock_data(disk, data)?)
}

fn rebuild(
    data: &Path,
    lock: Arc<DiskLock>,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<(Core, Rebuilt), RestoreError> {
    let (snapshots, store_damage) = open_snapshots(data, lock)?;
    let log = open_log(data, snapshots.newest_start()?, until, disk)?;
    let history = log.history();
    if let Some(damage) = store_damage {
        if !is_whole(&*history) {
            return Err(damage.into());
        }
        tracing::warn!(%damage, "restoring from the journal alone, which is whole");
    }
    let (last, lost) = point::find(&*history, &snapshots, until)?;
    let (core, recovered) =
        recover(&snapshots, log, last, postal).map_err(|error| match error {
            OpenError::Missing { first, .. } if matches!(until, Some(Until::Lsn(_))) => {
                RestoreError::TooFarBack { first, at: None }
            }
            error => error.into(),
        })?;
    let applied = *core.gate.lock();
    let audit = audit_at(&core, applied)?;
    if !audit.is_clean() {
        return Err(RestoreError::Unsound(Box::new(audit)));
    }
    Ok((core, Rebuilt { recovered, audit, lost }))
}

/// The journal, only to be read. Damage at its end is no obstacle to who asks for
/// what comes before damage.
fn open_log(
    data: &Path,
    origin: Lsn,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
) -> Result<ReadOnlyLog, RestoreError> {
    let directory = journal_directory(data);
    match open_read_only(Arc::clone(disk), &directory, origin) {
        Err(LogError::Corrupt { .. } | LogError::Gap { .. }) if until == Some(Until::Damage) => {
            Ok(open_damaged(Arc::clone(disk), &directory)?)
        }
        opened => Ok(opened?),
    }
}

fn recover(
    snapshots: &Arc<Snapshots>,
    log: ReadOnlyLog,
    last: Option<Lsn>,
    postal: &PostalTable,
) -> Result<(Core, Recovered), OpenError> {
    let history = log.history();
    let (group, _writer) =
        GroupCommit::<Written>::new(Box::new(log) as Box<dyn Log>, BatchLimits::default());
    let make = || {
        let watermark = Arc::new(Watermark::new(Lsn::NONE));
        // What is only read once need not be in memory.
        let archive = Archive::new(Arc::clone(snapshots), Some(Duration::ZERO));
        Core::new(Arc::clone(postal), group.clone(), watermark, archive, IN_FLIGHT_MAX_DEFAULT)
    };
    replay(snapshots, &*history, last, make)
}

fn at(path: &Path) -> impl Fn(io::Error) -> RestoreError + '_ {
    |source| RestoreError::File { path: path.to_owned(), source }
}
