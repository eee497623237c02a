//! Exchanging what lies in a data directory that cannot be given another name.
//!
//! ```text
//!   mark       DATA                DATA/restoring            DATA/restoring/before
//!   whole      old state, leaving  new state                 old state, arriving
//!   entering   new state, arriving new state, leaving        old state
//!   (none)     new state           gone                      is DATA/before-restore-N
//! ```
//! Each line is on stable storage before the mark says the next one. So the mark tells
//! whether a part in DATA is of the old state or of the new one, and the next process
//! that takes DATA goes on from there, any number of times. From the first mark on
//! there is no way back: the new state is whole, and was found sound.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{Place, remove, step};
use crate::disk::Disk;
use crate::journal::LogError;
use crate::recovery::directory::{Stage, is_half_exchanged, is_state, restoring_inside};
use crate::recovery::error::OpenError;

/// Where the old state is until it has a name of its own.
const BEFORE: &str = "before";

/// Goes on with an exchange that was stopped. The caller holds the lock of the data
/// directory.
///
/// # Errors
/// When the file system refuses; the next call goes on.
pub fn finish(disk: &dyn Disk, data: &Path) -> Result<(), OpenError> {
    if !is_half_exchanged(disk, data) {
        return Ok(());
    }
    let aside = exchange(disk, data).map_err(LogError::io("finish the restore of", data))?;
    tracing::warn!(
        data = %data.display(),
        before = %aside.map_or("nothing".into(), |aside| aside.display().to_string()),
        "a restore was stopped while it exchanged what is here; it is finished now"
    );
    Ok(())
}

/// Puts what `DATA/restoring` holds, which is marked as whole or as entering, in the
/// place of what the data directory holds; answers with where that is now, if there
/// was any.
pub(super) fn exchange(disk: &dyn Disk, data: &Path) -> io::Result<Option<PathBuf>> {
    let fresh = restoring_inside(data);
    let before = fresh.join(BEFORE);
    if Stage::of(disk, &fresh) == Some(Stage::Whole) {
        disk.create_dir_all(&before)?;
        move_state(disk, data, &before)?;
        step(disk, &fresh, Stage::Whole, Stage::Entering)?;
    }
    move_state(disk, &fresh, data)?;
    let aside = name_the_old(disk, data, &before)?;
    remove(disk, &fresh)?;
    Ok(aside)
}

/// What of the state lies in a directory.
pub(super) fn state_in(disk: &dyn Disk, directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = disk.entries(directory)?.into_iter().filter(|entry| is_state(entry));
    Ok(entries.map(|entry| directory.join(entry)).collect())
}

fn move_state(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    for entry in state_in(disk, from)? {
        disk.rename(&entry, &to.join(entry.file_name().expect("it was listed by its name")))?;
    }
    disk.sync_dir(to)?;
    disk.sync_dir(from)
}

/// Nothing was there before a new data directory, and nothing is there any more when
/// it has its name.
fn name_the_old(disk: &dyn Disk, data: &Path, before: &Path) -> io::Result<Option<PathBuf>> {
    if !disk.is_dir(before) || disk.entries(before)?.is_empty() {
        return Ok(None);
    }
    let aside = Place::Inside.free_name(disk, data);
    disk.rename(before, &aside)?;
    disk.sync_dir(data)?;
    disk.sync_dir(before.parent().expect("it lies in a directory"))?;
    Ok(Some(aside))
}
