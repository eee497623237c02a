//! Restoring: a data directory rebuilt from its snapshots and journal, or from
//! an exported snapshot, whole or as it was at an event or an instant.
//!
//! ```text
//!   DATA (or FILE) --recover, up to a point--> state --take--> DATA.restoring
//!   DATA --------rename--------> DATA.before-restore-N
//!   DATA.restoring --rename----> DATA
//! ```
//! Nothing is deleted: what was there before is set aside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audit::{AuditReport, audit_at};
use super::core::{Core, Written};
use super::error::EngineError;
use super::network::PostalTable;
use super::open::{
    OpenError, Recovered, Until, journal_directory, lsn_at, replay, snapshot_directory,
};
use super::snapshots::Snapshots;
use crate::disk::Disk;
use crate::journal::{
    Batch, BatchLimits, GroupCommit, History, Log, Options, Payload, SegmentLog, Watermark,
};
use crate::limits::IN_FLIGHT_MAX_DEFAULT;
use crate::model::{Lsn, StateHash, Timestamp};
use crate::snapshot::{ExportError, SledStore, SnapshotError, State, import, take};

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
    /// Where the data directory as it was before is now; none when there was none.
    pub set_aside: Option<PathBuf>,
    /// How long it took.
    pub took: Duration,
}

/// Why a restore did not happen. The data directory is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// What is there cannot be recovered.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file to restore from is not good.
    #[error(transparent)]
    Import(#[from] ExportError),
    /// The restored state cannot be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The restored state does not hold its invariants.
    #[error("the restored state has {} breaches, the first: {}", .0.breach_count, .0.breaches[0])]
    Unsound(Box<AuditReport>),
    /// An actor panicked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The point to restore to is not there.
    #[error("there is no event {wanted}; the newest is {newest}")]
    Beyond {
        /// The event asked for.
        wanted: Lsn,
        /// The newest there is.
        newest: Lsn,
    },
    /// A file to restore from, and a data directory that has something already.
    #[error("{0} is not empty; restoring from a file needs a new data directory")]
    NotEmpty(PathBuf),
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Restores a data directory, from an exported file when there is one, up to a
/// point when there is one. The restored state is audited, and its hash compared,
/// before it takes the place of what was there.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(
    data: &Path,
    from: Option<&Path>,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let began = Instant::now();
    if let Some(file) = from {
        if data.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(RestoreError::NotEmpty(data.into()));
        }
        // What a bad file left is nothing that was there before.
        bring_in(data, file, disk).inspect_err(|_| drop(std::fs::remove_dir_all(data)))?;
    }
    let fresh = beside(data, "restoring");
    remove_all(&fresh)?;
    let (core, recovered, audit) = rebuild(data, until, disk, postal)?;
    let store = snapshot_directory(&fresh);
    std::fs::create_dir_all(&fresh).map_err(at(&fresh))?;
    let (store, _) = SledStore::open(&store).map_err(SnapshotError::from)?;
    take(State::from(&core), &store, now)?;
    drop(store);
    let set_aside = swap(data, &fresh)?;
    Ok(Restored {
        generation: recovered.generation,
        replayed: recovered.replayed,
        last: recovered.last,
        state_hash: recovered.state_hash,
        orders: audit.orders,
        pairs: audit.pairs,
        set_aside,
        took: began.elapsed(),
    })
}

/// Recovers the state in a data directory that no server uses, and audits it.
/// Only a torn tail of the journal is changed: it is cut.
///
/// # Errors
/// See [`RestoreError`]; breaches are in the report, not an error.
pub fn audit_directory(
    data: &Path,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<AuditReport, RestoreError> {
    let (core, _) = recover(data, None, disk, postal)?;
    let applied = *core.gate.lock();
    Ok(audit_at(&core, applied)?)
}

/// Fills a new data directory with what an exported file holds: a generation,
/// and the records that replay over it needs.
fn bring_in(data: &Path, file: &Path, disk: &Arc<dyn Disk>) -> Result<(), RestoreError> {
    std::fs::create_dir_all(data).map_err(at(data))?;
    let (store, _) = SledStore::open(&snapshot_directory(data)).map_err(SnapshotError::from)?;
    let mut batch: Option<Batch> = None;
    let imported = import(file, &store, |lsn, payload| {
        let batch = batch.get_or_insert_with(|| Batch::starting_at(lsn));
        let payload = Payload::new(payload).map_err(|_| ExportError::Damaged)?;
        batch.push(payload);
        Ok(())
    })?;
    if let Some(batch) = batch {
        let options = Options { origin: imported.manifest.start, ..Options::default() };
        let mut log = SegmentLog::open(Arc::clone(disk), &journal_directory(data), options)
            .map_err(OpenError::from)?;
        log.append(&batch).map_err(OpenError::from)?;
        log.seal().map_err(OpenError::from)?;
    }
    Ok(())
}

fn rebuild(
    data: &Path,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<(Core, Recovered, AuditReport), RestoreError> {
    let (core, recovered) = recover(data, until, disk, postal)?;
    let applied = *core.gate.lock();
    let audit = audit_at(&core, applied)?;
    if !audit.is_clean() {
        return Err(RestoreError::Unsound(Box::new(audit)));
    }
    Ok((core, recovered, audit))
}

fn recover(
    data: &Path,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<(Core, Recovered), RestoreError> {
    let snapshots = Snapshots::new(data);
    let origin = snapshots.newest_start().map_err(OpenError::from)?;
    let options = Options { origin, ..Options::default() };
    let log = SegmentLog::open(Arc::clone(disk), &journal_directory(data), options)
        .map_err(OpenError::from)?;
    let history = log.history();
    let last = last_wanted(&*history, until)?;
    let (group, _writer) =
        GroupCommit::<Written>::new(Box::new(log) as Box<dyn Log>, BatchLimits::default());
    let make = || {
        let watermark = Arc::new(Watermark::new(Lsn::NONE));
        Core::new(Arc::clone(postal), group.clone(), watermark, IN_FLIGHT_MAX_DEFAULT)
    };
    Ok(replay(&snapshots, &*history, last, make)?)
}

fn last_wanted(history: &dyn History, until: Option<Until>) -> Result<Option<Lsn>, RestoreError> {
    match until {
        None => Ok(None),
        Some(Until::Time(time)) => Ok(Some(lsn_at(history, time)?)),
        Some(Until::Lsn(wanted)) if wanted > history.last() => {
            Err(RestoreError::Beyond { wanted, newest: history.last() })
        }
        Some(Until::Lsn(wanted)) => Ok(Some(wanted)),
    }
}

/// Puts `fresh` in the place of `data`, which is set aside.
fn swap(data: &Path, fresh: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let mut aside = None;
    if data.exists() {
        let free = (1..).map(|n| beside(data, &format!("before-restore-{n}")));
        let to = free.into_iter().find(|path| !path.exists()).expect("numbers do not end");
        std::fs::rename(data, &to).map_err(at(data))?;
        aside = Some(to);
    }
    std::fs::rename(fresh, data).map_err(at(fresh))?;
    sync_parent(data)?;
    Ok(aside)
}

fn sync_parent(path: &Path) -> Result<(), RestoreError> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    std::fs::File::open(parent).and_then(|directory| directory.sync_all()).map_err(at(parent))
}

fn remove_all(path: &Path) -> Result<(), RestoreError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    path.with_added_extension(suffix)
}

fn at(path: &Path) -> impl Fn(io::Error) -> RestoreError + '_ {
    |source| RestoreError::File { path: path.to_owned(), source }
}
