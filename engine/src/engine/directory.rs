//! A data directory: what makes it one, and who has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open::{OpenError, journal_directory, snapshot_directory};
use crate::disk::{Disk, DiskLock};
use crate::journal::LogError;
use crate::snapshot::SledStore;

/// The file whose lock says that a data directory is in use. The journal has a
/// lock of its own and the snapshot store too; this one comes before both, and
/// covers what is mended before they are opened.
const LOCK_FILE: &str = "LOCK";

/// Takes a data directory for as long as the lock, or a clone of it, is held.
///
/// # Errors
/// [`LogError::InUse`] when somebody else has it, [`LogError::ReadOnly`] when it
/// cannot be written.
pub fn lock_data(disk: &dyn Disk, data: &Path) -> Result<Arc<DiskLock>, LogError> {
    disk.lock(&data.join(LOCK_FILE)).map(Arc::new).map_err(LogError::opening(data))
}

/// Whether there is a journal or a snapshot store in a directory.
pub fn holds_data(disk: &dyn Disk, data: &Path) -> bool {
    disk.is_dir(&journal_directory(data)) || SledStore::exists(&snapshot_directory(data))
}

/// The file that marks a directory as half made by a restore.
pub(super) const HALF_MADE_MARK: &str = "RESTORING";

/// Whether a restore has not finished making a directory.
pub(super) fn is_half_made(disk: &dyn Disk, directory: &Path) -> bool {
    disk.list(directory).is_ok_and(|names| names.iter().any(|name| name == HALF_MADE_MARK))
}

/// Where a restore builds what takes a data directory's place.
pub(super) fn restoring(data: &Path) -> PathBuf {
    data.with_added_extension("restoring")
}

/// Refuses a data directory that a restore did not finish, and to make one anew
/// where a restore was stopped before it gave the one that it made its name.
pub(super) fn refuse_unfinished_restore(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    let fresh = restoring(data);
    let there = if disk.is_dir(data) { data } else { &fresh };
    if is_half_made(disk, there) {
        return Err(OpenError::HalfMade(there.to_owned()));
    }
    // One that is there and empty was not even marked yet.
    if there == data || !holds_data(disk, &fresh) {
        return Ok(());
    }
    Err(OpenError::RestoreUnfinished { data: data.to_owned(), fresh })
}
