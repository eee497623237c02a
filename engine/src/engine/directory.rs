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

/// Where a restore builds what takes a data directory's place.
pub(super) fn restoring(data: &Path) -> PathBuf {
    data.with_added_extension("restoring")
}

/// Refuses to make a data directory anew whose old one, and what was restored from
/// it, lie beside it: a restore was stopped between two renames.
pub(super) fn refuse_unfinished_restore(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    let fresh = restoring(data);
    if disk.is_dir(data) || !disk.is_dir(&fresh) {
        return Ok(());
    }
    Err(OpenError::RestoreUnfinished { data: data.to_owned(), fresh })
}
