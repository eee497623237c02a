//! Restoring: a data directory rebuilt from its snapshots and journal, or from
//! an exported snapshot, whole or as it was at an event or an instant.
//!
//! ```text
//!   DATA --recover, up to a point--> state --take--> DATA.restoring
//!   FILE --import------------------------------------> DATA.restoring, recovered to see it is good
//!   DATA.restoring <--exchange--> DATA        (no DATA yet: a rename)
//!   DATA.restoring --rename----> DATA.before-restore-N
//! ```
//! Where DATA cannot be given another name, all of that happens inside it: in
//! `DATA/restoring` and `DATA/before-restore-N`.
//!
//! Nothing of what was there before is deleted or changed: it is set aside.

mod error;
mod exchange;
mod fresh;
mod place;
mod point;
mod stop;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::error::RestoreError;
use self::error::at;
pub(super) use self::exchange::finish;
use self::fresh::{Fresh, unmark};
pub use self::point::{Dropped, Lost, Point};
use self::stop::Stop;
use crate::disk::{Disk, DiskLock};
use crate::journal::limits::BATCH_BYTES_MAX;
use crate::journal::{
    Batch, BatchLimits, GroupCommit, Known, Log, LogError, Mark, Options, Payload, ReadOnlyLog,
    SegmentLog, Watermark, open_damaged, open_read_only,
};
use crate::learning::catch_up;
use crate::limits::IN_FLIGHT_MAX_DEFAULT;
use crate::model::{Lsn, StateHash, Timestamp};
use crate::paths::mark_file;
use crate::paths::{journal_directory, snapshot_directory};
use crate::read::audit::Audits;
use crate::read::audit::{AuditReport, audit};
use crate::recovery::directory::{
    holds_data, holds_nothing, is_half_exchanged, lock_data, refuse_gone, refuse_half_made,
    refuse_unfinished_restore,
};
use crate::recovery::error::OpenError;
use crate::recovery::mark::begin_journal;
use crate::recovery::open::{Recovered, Until, is_whole, open_snapshots, replay};
use crate::snapshot::Source;
use crate::snapshot::archive::Archive;
use crate::snapshot::snapshots::Snapshots;
use crate::snapshot::{FileFault, Manifest, Pace, SledStore, import, take, verify_file};
use crate::state::network::PostalTable;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::Written;

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
    /// Whether to do no more than say what it would do.
    pub dry_run: bool,
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
    /// Whether the state was audited. Only the dry run of an exported file does not audit.
    pub audited: bool,
    /// What damage took.
    pub lost: Option<Lost>,
    /// What was left out because it comes after the point that was asked for.
    pub dropped: Option<Dropped>,
    /// The earliest point that could be restored to; none where nothing is sure.
    pub earliest: Option<Point>,
    /// The data directory, without symbolic links.
    pub directory: PathBuf,
    /// Where the data directory as it was before is now; none when there was none, or
    /// in a dry run.
    pub set_aside: Option<PathBuf>,
    /// How long it took.
    pub took: Duration,
}

/// Restores a data directory, from an exported file when there is one, up to a
/// point when there is one. The restored state is audited, and its hash compared,
/// before it takes the place of what was there. No other process can take either
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
    let restored = match &options.from {
        Some(file) if options.dry_run => look_at(options, file, &**disk)?,
        Some(file) => fill(options, file, disk, postal)?,
        None => replace(options, disk, postal, now)?,
    };
    Ok(Restored { took: began.elapsed(), ..restored })
}

/// Recovers the state in a data directory that no server uses, and audits it and the
/// snapshots. Nothing is changed there.
///
/// # Errors
/// See [`RestoreError`]; breaches are in the report, not an error.
pub fn audit_directory(
    data: &Path,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<AuditReport, RestoreError> {
    require_data(&**disk, data)?;
    let lock = lock_data(&**disk, data)?;
    let snapshots = Arc::new(Snapshots::open(data, lock)?);
    let log = open_log(data, snapshots.newest_start()?, None, disk)?;
    let (kernel, _) = recover(&snapshots, log, None, postal)?;
    let mut report = audit(&kernel, &Audits::default())?;
    report.snapshots(snapshots.faults().map_err(OpenError::from)?);
    Ok(report)
}

/// What is known of a state that was recovered and found sound.
struct Rebuilt {
    recovered: Recovered,
    audit: AuditReport,
    stop: Stop,
}

impl Rebuilt {
    fn told(self, directory: PathBuf, set_aside: Option<PathBuf>) -> Restored {
        let Self { recovered, audit, stop } = self;
        Restored {
            generation: recovered.generation,
            replayed: recovered.replayed,
            last: recovered.last,
            state_hash: recovered.state_hash,
            orders: audit.orders,
            pairs: audit.pairs,
            audited: true,
            lost: stop.lost,
            dropped: stop.dropped,
            earliest: stop.earliest,
            directory,
            set_aside,
            took: Duration::ZERO,
        }
    }
}

/// Puts the state that a data directory holds in its place.
fn replace(
    options: &RestoreOptions,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let data = &options.data;
    refuse_half_made(&**disk, data)?;
    match holds_nothing(&**disk, data) {
        Ok(false) => {}
        Err(gone @ OpenError::Gone { .. }) => return Err(gone.into()),
        _ => return Err(RestoreError::NoData(data.clone())),
    }
    let data = fresh::resolve(data)?;
    let lock = lock_data(&**disk, &data)?;
    if options.dry_run {
        return try_out(options.until, &data, lock, disk, postal);
    }
    finish(&**disk, &data)?;
    unmark(&**disk, &data)?;
    // Whether it can get its place is known before it is built, which takes minutes.
    let fresh = Fresh::begin(&**disk, &data)?;
    let (kernel, rebuilt) = rebuild(&data, Arc::clone(&lock), options.until, disk, postal)?;
    let store = SledStore::open(&snapshot_directory(fresh.path()))?;
    take(Source::from(&kernel), &store, now)?;
    begin_journal(disk, fresh.path(), rebuilt.recovered.last)?;
    // Both stores are closed before their directories get other names.
    drop((kernel, store));
    let set_aside = fresh.replace()?;
    drop(lock);
    Ok(rebuilt.told(data.clone(), set_aside))
}

/// Tells what restoring a data directory would bring. A directory is made to find out
/// where the two can be exchanged, and is removed again; where another restore left
/// something, this is not tried.
fn try_out(
    until: Option<Until>,
    data: &Path,
    lock: Arc<DiskLock>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<Restored, RestoreError> {
    refuse_unfinished_restore(&**disk, data)?;
    if fresh::is_clear(&**disk, data) {
        drop(Fresh::begin(&**disk, data)?);
    }
    let (_, rebuilt) = rebuild(data, lock, until, disk, postal)?;
    Ok(rebuilt.told(data.to_owned(), None))
}

/// Fills a new data directory with what an exported file holds.
fn fill(
    options: &RestoreOptions,
    file: &Path,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<Restored, RestoreError> {
    if let Some(parent) = options.data.parent().filter(|parent| *parent != Path::new("")) {
        disk.create_dir_all(parent).map_err(at(parent))?;
    }
    let data = fresh::resolve(&options.data)?;
    if is_half_exchanged(&**disk, &data) {
        return finish_filling(options, (&data, file), disk, postal);
    }
    let (_lock, fresh) = begin_filling(&**disk, &data)?;
    bring_in(fresh.path(), file, disk)?;
    let (kernel, rebuilt) = rebuild(fresh.path(), fresh.lock(), options.until, disk, postal)?;
    // Its store is closed before the directory gets another name.
    drop(kernel);
    begin_journal(disk, fresh.path(), rebuilt.recovered.last)?;
    fresh.replace()?;
    Ok(rebuilt.told(data.clone(), None))
}

/// Finishes a restore that was stopped in its exchange, and says what it brought. If that
/// is not the state in `file`, the data directory is not empty, and restoring `file` into
/// it is refused.
fn finish_filling(
    options: &RestoreOptions,
    (data, file): (&Path, &Path),
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<Restored, RestoreError> {
    let lock = lock_data(&**disk, data)?;
    finish(&**disk, data)?;
    let (_, rebuilt) = rebuild(data, lock, options.until, disk, postal)?;
    if verify_file(file)?.manifest.state_hash == rebuilt.recovered.state_hash {
        return Ok(rebuilt.told(data.to_owned(), None));
    }
    Err(RestoreError::NotEmpty(data.to_owned()))
}

/// Where there is no directory, one is made beside its name. An empty one may be a
/// mount point, or have a lock in it: it is filled, and keeps its name.
fn begin_filling<'a>(
    disk: &'a dyn Disk,
    data: &'a Path,
) -> Result<(Option<Arc<DiskLock>>, Fresh<'a>), RestoreError> {
    require_free(disk, data)?;
    if !disk.is_dir(data) {
        return Ok((None, Fresh::begin(disk, data)?));
    }
    let lock = lock_data(disk, data)?;
    Ok((Some(lock), Fresh::inside(disk, data)?))
}

/// Refuses a path where something is that is not ours to replace.
fn require_free(disk: &dyn Disk, data: &Path) -> Result<(), RestoreError> {
    match refuse_unfinished_restore(disk, data) {
        // What was half made is made anew.
        Err(OpenError::HalfMade(_)) | Ok(()) => {}
        Err(error) => return Err(error.into()),
    }
    match holds_nothing(disk, data) {
        Ok(true) => Ok(()),
        Ok(false) | Err(OpenError::Foreign { .. }) => Err(RestoreError::NotEmpty(data.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// Tells what restoring from an exported file would bring: the file is read, and
/// nothing is made.
fn look_at(
    options: &RestoreOptions,
    file: &Path,
    disk: &dyn Disk,
) -> Result<Restored, RestoreError> {
    require_free(disk, &options.data)?;
    let manifest = verify_file(file)?.manifest;
    let end = Point { lsn: manifest.end, at: Some(manifest.created_at) };
    refuse_other_than(&end, options.until)?;
    let Manifest { generation, state_hash, counts, .. } = manifest;
    Ok(Restored {
        generation: Some(generation),
        replayed: 0,
        last: end.lsn,
        state_hash,
        orders: counts.orders,
        pairs: counts.pairs,
        audited: false,
        lost: None,
        dropped: None,
        earliest: Some(end),
        directory: options.data.clone(),
        set_aside: None,
        took: Duration::ZERO,
    })
}

/// A file is of one state, at its end.
fn refuse_other_than(end: &Point, until: Option<Until>) -> Result<(), RestoreError> {
    match until {
        Some(Until::Lsn(wanted)) if wanted > end.lsn => {
            Err(RestoreError::Beyond { wanted, newest: end.lsn })
        }
        Some(Until::Lsn(wanted)) if wanted < end.lsn => Err(RestoreError::TooFarBack(Some(*end))),
        Some(Until::Time(time)) if Some(time) < end.at => Err(RestoreError::TooFarBack(Some(*end))),
        _ => Ok(()),
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
            let known = Known { covered: lsn.previous(), ..Known::default() };
            let options = Options { known, ..Options::default() };
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

/// Refuses a path that is no data directory, or none in one piece, for commands that only
/// read.
///
/// # Errors
/// [`RestoreError::NoData`]; [`OpenError::Gone`] where there was one; and what a restore
/// left that was stopped.
pub fn require_data(disk: &dyn Disk, data: &Path) -> Result<(), RestoreError> {
    refuse_unfinished_restore(disk, data)?;
    if holds_data(disk, data) {
        return Ok(());
    }
    refuse_gone(disk, data)?;
    Err(RestoreError::NoData(data.to_owned()))
}

fn rebuild(
    data: &Path,
    lock: Arc<DiskLock>,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
    postal: &PostalTable,
) -> Result<(Kernel, Rebuilt), RestoreError> {
    let (snapshots, store_damage) = open_snapshots(data, lock)?;
    let log = open_log(data, snapshots.newest_start()?, until, disk)?;
    if let Some(damage) = store_damage {
        if !is_whole(&*log.history()) {
            return Err(damage.into());
        }
        tracing::warn!(%damage, "restoring from the journal alone, which is whole");
    }
    let stop = stop::find(&log, &snapshots, until)?;
    let (kernel, recovered) = recover(&snapshots, log, stop.last, postal)?;
    let audit = audit(&kernel, &Audits::default())?;
    if !audit.is_clean() {
        return Err(RestoreError::Unsound(Box::new(audit)));
    }
    Ok((kernel, Rebuilt { recovered, audit, stop }))
}

/// The journal, only to be read. Damage and missing events are refused here only for a
/// restore up to the end; a restore up to a point is refused when it needs them.
fn open_log(
    data: &Path,
    covered: Lsn,
    until: Option<Until>,
    disk: &Arc<dyn Disk>,
) -> Result<ReadOnlyLog, LogError> {
    let marked = Mark::read(&**disk, &mark_file(data))?;
    let open = if until.is_none() { open_read_only } else { open_damaged };
    open(Arc::clone(disk), &journal_directory(data), Known { covered, marked })
}

fn recover(
    snapshots: &Arc<Snapshots>,
    log: ReadOnlyLog,
    last: Option<Lsn>,
    postal: &PostalTable,
) -> Result<(Kernel, Recovered), OpenError> {
    let history = log.history();
    let (group, _writer) =
        GroupCommit::<Written>::new(Box::new(log) as Box<dyn Log>, BatchLimits::default());
    let make = || {
        let watermark = Arc::new(Watermark::new(Lsn::NONE));
        // What is only read once need not be in memory.
        let archive = Archive::new(Arc::clone(snapshots), Some(Duration::ZERO));
        Kernel::new(Arc::clone(postal), group.clone(), watermark, archive, IN_FLIGHT_MAX_DEFAULT)
    };
    let (kernel, recovered) = replay(snapshots, &*history, last, make)?;
    // The journal that is made for what is restored begins behind it. Where this one is damaged, less is learnt.
    catch_up(&kernel, &*history, (recovered.last, Pace::unhurried)).unwrap_or_else(|error| {
        tracing::warn!(error, "what goes with what is not learnt from all of the journal");
    });
    Ok((kernel, recovered))
}
