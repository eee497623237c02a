//! Taking a data directory to serve it: begun where there is none, a stopped restore finished.

use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, DiskLock};
use crate::journal::{LogError, Options, SegmentLog};
use crate::paths::journal_directory;
use crate::recovery::directory::{
    Stage, holds_nothing, lock_data, refuse_half_made, restoring, restoring_inside,
};
use crate::recovery::error::OpenError;
use crate::recovery::restore::finish;

/// Begins a data directory, with nothing in it, where there is none.
///
/// # Errors
/// [`OpenError::IsData`] where there is one, and [`OpenError::Foreign`] where something
/// else is.
pub fn init(data: &Path, disk: &Arc<dyn Disk>) -> Result<(), OpenError> {
    refuse_half_made(&**disk, data)?;
    if !holds_nothing(&**disk, data)? {
        return Err(OpenError::IsData(data.to_owned()));
    }
    let (_lock, _) = enter(&**disk, data, true)?;
    SegmentLog::open(Arc::clone(disk), &journal_directory(data), Options::default())?;
    Ok(())
}

/// Takes a data directory that is to be served: makes it where there is none, if
/// `create` says so, and goes on with a restore that was stopped. Answers with whether
/// there was no data in it as well.
pub(super) fn enter(
    disk: &dyn Disk,
    data: &Path,
    create: bool,
) -> Result<(Arc<DiskLock>, bool), OpenError> {
    refuse_half_made(disk, data)?;
    let holds_nothing = holds_nothing(disk, data)?;
    if holds_nothing && !create {
        return Err(OpenError::NoData(data.to_owned()));
    }
    disk.create_dir_all(data).map_err(LogError::opening(data))?;
    let lock = lock_data(disk, data)?;
    finish(disk, data)?;
    for path in [restoring(data), restoring_inside(data)] {
        if Stage::of(disk, &path).is_some() {
            let path = path.display();
            tracing::warn!(%path, "a restore was stopped here; the next one removes what it left");
        }
    }
    Ok((lock, holds_nothing))
}
