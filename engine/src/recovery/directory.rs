//! A data directory: what makes it one, what else lies in it, and which process has it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskLock};
use crate::journal::{LogError, Mark, Marked};
use crate::paths::mark_file;
use crate::paths::{journal_directory, snapshot_directory};
use crate::recovery::error::OpenError;
use crate::snapshot::SledStore;

/// The file whose lock says that a data directory is in use. The journal has a
/// lock of its own and the snapshot store too; this one comes before both, and
/// covers what is mended before they are opened.
pub(super) const LOCK_FILE: &str = "LOCK";

/// What the parts of the state are called. What is set aside of one is called after
/// it, as in `snapshots.damaged-1`.
const STATE: [&str; 6] =
    ["journal", "ACKNOWLEDGED", "snapshots", "exports", "CONSUMERS", "ENDPOINTS"];

/// Entries of a directory that holds no data: the lock, what an early stopped restore
/// left, files on their way to a caller, and what file systems keep at their root.
const EMPTY: [&str; 4] = [LOCK_FILE, RESTORING, "exports", "lost+found"];

/// Where a restore builds inside a data directory.
const RESTORING: &str = "restoring";

/// Takes a data directory for as long as the lock, or a clone of it, is held.
///
/// # Errors
/// [`LogError::InUse`] when another process has it, or this one, [`LogError::ReadOnly`]
/// when it cannot be written, [`LogError::NotADirectory`] when it or a part of it is a
/// file.
pub fn lock_data(disk: &dyn Disk, data: &Path) -> Result<Arc<DiskLock>, LogError> {
    let lock = disk.lock(&data.join(LOCK_FILE)).map_err(LogError::opening(data))?;
    for part in [journal_directory(data), snapshot_directory(data)] {
        if let Err(error) = disk.list(&part)
            && error.kind() == io::ErrorKind::NotADirectory
        {
            return Err(LogError::NotADirectory { path: part });
        }
    }
    Ok(Arc::new(lock))
}

/// Whether a data directory can be begun at a path: nothing is there, or nothing but
/// what any directory may have in it.
///
/// # Errors
/// When other files are there and no data, or when the data is lost.
pub(super) fn holds_nothing(disk: &dyn Disk, data: &Path) -> Result<bool, OpenError> {
    if holds_data(disk, data) || is_half_exchanged(disk, data) {
        return Ok(false);
    }
    let entries = match disk.entries(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries.map_err(LogError::opening(data))?,
    };
    refuse_gone(disk, data)?;
    match entries.into_iter().find(|entry| !EMPTY.contains(&entry.as_str())) {
        None => Ok(true),
        Some(entry) => Err(OpenError::Foreign { directory: data.to_owned(), entry }),
    }
}

/// Refuses a directory without data whose mark says that there was some: its state was
/// lost, and the operator has to know that before a new one is begun there.
///
/// # Errors
/// [`OpenError::Gone`].
pub(super) fn refuse_gone(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    match Mark::read(disk, &mark_file(data))? {
        Marked::Not => Ok(()),
        marked => {
            let (directory, acknowledged) = (data.to_owned(), marked.lsn());
            Err(OpenError::Gone { directory, acknowledged })
        }
    }
}

/// Whether there is a journal or a snapshot store in a directory.
pub(super) fn holds_data(disk: &dyn Disk, data: &Path) -> bool {
    disk.is_dir(&journal_directory(data)) || SledStore::exists(&snapshot_directory(data))
}

/// Whether an entry of a data directory is part of its state: a restore inside the
/// directory replaces these, and leaves alone what else lies there.
pub(super) fn is_state(entry: &str) -> bool {
    STATE.contains(&entry.split('.').next().unwrap_or(entry))
}

/// How far a restore has come with the directory that it makes: which of these files
/// lies in it. The file is renamed for the next step, so that there is one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Half made, and of no use.
    HalfMade,
    /// Whole, and not in place yet.
    Whole,
    /// Whole, and what was in its place is out; only within the data directory.
    Entering,
}

impl Stage {
    const ALL: [Self; 3] = [Self::HalfMade, Self::Whole, Self::Entering];

    /// The name of the file.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::HalfMade => "RESTORING",
            Self::Whole => "RESTORED",
            Self::Entering => "ENTERING",
        }
    }

    /// The stage that the mark in a directory says, if there is one.
    pub(super) fn of(disk: &dyn Disk, directory: &Path) -> Option<Self> {
        let names = disk.list(directory).ok()?;
        Self::ALL.into_iter().find(|stage| names.iter().any(|name| name == stage.file()))
    }
}

/// Where a restore builds what takes a data directory's place: beside it.
pub(super) fn restoring(data: &Path) -> PathBuf {
    data.with_added_extension("restoring")
}

/// As [`restoring`], for a data directory that cannot be given another name.
pub(super) fn restoring_inside(data: &Path) -> PathBuf {
    data.join(RESTORING)
}

/// Whether a restore was stopped while it exchanged what lies in a data directory.
/// The next `serve` or `restore` finishes the exchange.
pub(super) fn is_half_exchanged(disk: &dyn Disk, data: &Path) -> bool {
    let stage = Stage::of(disk, &restoring_inside(data));
    matches!(stage, Some(Stage::Whole | Stage::Entering))
}

/// Refuses a data directory that a restore did not finish, and to make one anew
/// where a restore was stopped before it gave the one that it made its name.
pub(super) fn refuse_half_made(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    let (fresh, inside) = (restoring(data), restoring_inside(data));
    let there = if holds_data(disk, data) { vec![data] } else { vec![data, &inside] };
    let there = if disk.is_dir(data) { there } else { vec![&*fresh] };
    let is_half_made = |path: &&&Path| Stage::of(disk, path) == Some(Stage::HalfMade);
    if let Some(half_made) = there.iter().find(is_half_made) {
        return Err(OpenError::HalfMade(half_made.to_path_buf()));
    }
    // One that is there and empty was not even marked yet.
    if disk.is_dir(data) || !holds_data(disk, &fresh) {
        return Ok(());
    }
    Err(OpenError::RestoreUnfinished { data: data.to_owned(), fresh })
}

/// As [`refuse_half_made`], for commands that only read: they finish no restore.
///
/// # Errors
/// [`OpenError::HalfMade`], [`OpenError::RestoreUnfinished`] and
/// [`OpenError::HalfExchanged`].
pub(super) fn refuse_unfinished_restore(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    refuse_half_made(disk, data)?;
    if is_half_exchanged(disk, data) {
        return Err(OpenError::HalfExchanged(data.to_owned()));
    }
    Ok(())
}
