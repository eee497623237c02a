//! Bringing the files of a database to stable storage, which `sled` leaves to its
//! caller.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::store::StoreError;

/// Where the database keeps long values, each in a file of its own.
pub(super) const BLOBS: &str = "blobs";

/// Blobs that are on stable storage, and how long they are.
///
/// There are thousands, and a sync may cost a flush of the disk for each, changed or
/// not. The database writes a blob once, from front to end, under a name that it does
/// not use again: one that is as long as it was when it was synced has not changed, and
/// one that was not whole then is longer now.
#[derive(Default)]
pub(super) struct SyncedBlobs(HashMap<PathBuf, u64>);

impl SyncedBlobs {
    /// Calls `sync` on each blob that was not there, or not as long, the last time.
    fn sync(
        &mut self,
        directory: &Path,
        mut sync: impl FnMut(&Path) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut there = HashMap::with_capacity(self.0.len());
        for path in paths_in(directory)? {
            // Before it is synced: what is written meanwhile makes it longer.
            let length = match fs::metadata(&path) {
                Ok(meta) => meta.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path)(error)),
            };
            if self.0.get(&path) != Some(&length) {
                sync(&path)?;
            }
            there.insert(path, length);
        }
        self.0 = there;
        sync_directory(directory)
    }
}

/// Syncs all files and directories under a directory, and itself last.
pub(super) fn sync_tree(directory: &Path, blobs: &mut SyncedBlobs) -> Result<(), StoreError> {
    for path in paths_in(directory)? {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() && path.ends_with(BLOBS) => blobs.sync(&path, sync_file)?,
            Ok(meta) if meta.is_dir() => sync_tree(&path, blobs)?,
            // The database removes files on threads of its own.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&path)(error)),
            Ok(_) => sync_file(&path)?,
        }
    }
    sync_directory(directory)
}

fn sync_file(path: &Path) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| file.sync_all()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(at(path))
}

pub(super) fn parent_of(directory: &Path) -> &Path {
    match directory.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

pub(super) fn paths_in(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(directory).map_err(at(directory))?;
    entries.map(|entry| Ok(entry.map_err(at(directory))?.path())).collect()
}

pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
    |source| StoreError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_synced_once_and_again_when_they_have_grown() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut blobs = SyncedBlobs::default();
        let mut synced = || {
            let mut synced = Vec::new();
            let note = |path: &Path| {
                synced.push(path.file_name().unwrap().to_string_lossy().into_owned());
                Ok(())
            };
            blobs.sync(directory.path(), note).unwrap();
            synced.sort();
            synced
        };
        fs::write(path("1"), b"whole").unwrap();
        fs::write(path("2"), b"ha").unwrap();
        assert_eq!(synced(), ["1", "2"]);
        assert_eq!(synced(), [""; 0]);
        fs::write(path("2"), b"half").unwrap();
        fs::write(path("3"), b"new").unwrap();
        assert_eq!(synced(), ["2", "3"]);
        fs::remove_file(path("1")).unwrap();
        assert_eq!(synced(), [""; 0]);
        // Nothing is known of one that was not there the last time.
        fs::write(path("1"), b"whole").unwrap();
        assert_eq!(synced(), ["1"]);
    }

    #[test]
    fn a_blob_that_cannot_be_synced_is_tried_again() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("1"), b"whole").unwrap();
        let mut blobs = SyncedBlobs::default();
        let fails = |path: &Path| Err(at(path)(io::Error::other("no")));
        blobs.sync(directory.path(), fails).unwrap_err();
        let mut calls = 0;
        blobs
            .sync(directory.path(), |_| {
                calls += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(calls, 1);
    }
}
