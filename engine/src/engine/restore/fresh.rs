//! The directory that takes the data directory's place.
//!
//! It is made beside it, with a mark in it, and is whole and on stable storage
//! before the mark goes. So what lies under its name tells what it is:
//!
//! - marked: half made by a restore that was stopped, and of no use;
//! - unmarked: what was in the data directory's place before, or is whole. It is
//!   never deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{RestoreError, at};
use crate::disk::{Access, Disk, DiskLock};
use crate::engine::directory::{HALF_MADE_MARK, is_half_made, lock_data, restoring};

/// A data directory's path with a name to put others beside, whatever way it was
/// given: `.` has none.
pub(super) fn resolve(data: &Path) -> Result<PathBuf, RestoreError> {
    let resolved = match data.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => resolve_missing(data)?,
        resolved => resolved.map_err(at(data))?,
    };
    if resolved.file_name().is_none() {
        return Err(RestoreError::NoName(resolved));
    }
    Ok(resolved)
}

fn resolve_missing(data: &Path) -> Result<PathBuf, RestoreError> {
    let path = std::path::absolute(data).map_err(at(data))?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(RestoreError::NoName(path));
    };
    Ok(parent.canonicalize().map_err(at(parent))?.join(name))
}

/// A directory in the making. Dropped before it is done, it goes.
pub(super) struct Fresh<'a> {
    disk: &'a dyn Disk,
    data: &'a Path,
    path: PathBuf,
    lock: Arc<DiskLock>,
    marked: bool,
}

impl<'a> Fresh<'a> {
    /// Begins a directory beside `data`, which is a path with a name.
    pub(super) fn begin(disk: &'a dyn Disk, data: &'a Path) -> Result<Self, RestoreError> {
        let path = restoring(data);
        clear(disk, data, &path)?;
        disk.create_dir_all(&path).map_err(at(&path))?;
        let mark = path.join(HALF_MADE_MARK);
        disk.open(&mark, Access::Create).map_err(at(&mark))?;
        disk.sync_dir(&path).map_err(at(&path))?;
        let lock = lock_data(disk, &path)?;
        Ok(Self { disk, data, path, lock, marked: true })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lock on it, which stays on it under its new name.
    pub(super) fn lock(&self) -> Arc<DiskLock> {
        Arc::clone(&self.lock)
    }

    /// Puts it where no data directory is, or an empty one.
    pub(super) fn fill(mut self) -> Result<(), RestoreError> {
        self.unmark()?;
        self.disk.rename(&self.path, self.data).map_err(at(self.data))?;
        self.sync_parent()
    }

    /// Puts it in the data directory's place; answers with where that is now.
    pub(super) fn replace(mut self) -> Result<PathBuf, RestoreError> {
        self.unmark()?;
        let aside = free_name(self.disk, self.data);
        match self.disk.exchange(&self.path, self.data) {
            Ok(()) => self.name_the_old(aside),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.rename_twice(aside),
            Err(error) => Err(at(self.data)(error)),
        }
    }

    /// After the exchange the old directory lies under the fresh one's name.
    fn name_the_old(&self, aside: PathBuf) -> Result<PathBuf, RestoreError> {
        self.sync_parent()?;
        match self.disk.rename(&self.path, &aside) {
            Ok(()) => {
                self.sync_parent()?;
                Ok(aside)
            }
            Err(error) => {
                tracing::warn!(%error, "what was there before keeps a passing name");
                Ok(self.path.clone())
            }
        }
    }

    /// For file systems that exchange nothing. Stopped in between, it leaves no
    /// data directory, and an engine then refuses to make a new one.
    fn rename_twice(&self, aside: PathBuf) -> Result<PathBuf, RestoreError> {
        self.disk.rename(self.data, &aside).map_err(at(self.data))?;
        if let Err(error) = self.disk.rename(&self.path, self.data) {
            self.disk.rename(&aside, self.data).map_err(at(&aside))?;
            return Err(at(&self.path)(error));
        }
        self.sync_parent()?;
        Ok(aside)
    }

    fn unmark(&mut self) -> Result<(), RestoreError> {
        let mark = self.path.join(HALF_MADE_MARK);
        self.disk.remove(&mark).map_err(at(&mark))?;
        self.marked = false;
        self.disk.sync_dir(&self.path).map_err(at(&self.path))
    }

    fn sync_parent(&self) -> Result<(), RestoreError> {
        let parent = self.data.parent().unwrap_or(Path::new("/"));
        self.disk.sync_dir(parent).map_err(at(parent))
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        if !self.marked {
            return;
        }
        if let Err(error) = self.disk.remove_dir_all(&self.path) {
            let path = self.path.display();
            tracing::warn!(%error, %path, "what was half made stays; the next restore removes it");
        }
    }
}

/// Makes room for a fresh directory at `path`.
fn clear(disk: &dyn Disk, data: &Path, path: &Path) -> Result<(), RestoreError> {
    if !disk.is_dir(path) {
        return Ok(());
    }
    if is_half_made(disk, path) {
        return disk.remove_dir_all(path).map_err(at(path));
    }
    let aside = free_name(disk, data);
    tracing::warn!(
        from = %path.display(),
        to = %aside.display(),
        "a restore was stopped before it named what was there before"
    );
    disk.rename(path, &aside).map_err(at(path))
}

fn free_name(disk: &dyn Disk, data: &Path) -> PathBuf {
    let mut names = (1..).map(|n: u32| data.with_added_extension(format!("before-restore-{n}")));
    names.find(|path| !disk.is_dir(path)).expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;

    const DATA: &str = "/p/data";

    /// A data directory with an old content, and a step that would replace it.
    fn replace(disk: &SimulatedDisk) -> Result<PathBuf, RestoreError> {
        let fresh = Fresh::begin(disk, Path::new(DATA))?;
        let path = fresh.path().join("state");
        let file = disk.open(&path, Access::Create).map_err(at(&path))?;
        file.write_at(b"new", 0).map_err(at(&path))?;
        file.sync_data().map_err(at(&path))?;
        disk.sync_dir(fresh.path()).map_err(at(&path))?;
        fresh.replace()
    }

    fn old() -> SimulatedDisk {
        let disk = SimulatedDisk::new();
        disk.put(&Path::new(DATA).join("state"), b"old");
        disk
    }

    fn state(disk: &SimulatedDisk, directory: &Path) -> Option<Vec<u8>> {
        disk.contents(&directory.join("state"))
    }

    /// Whether the old state is there, under whatever name.
    fn has_old(disk: &SimulatedDisk) -> bool {
        let names = ["data", "data.restoring", "data.before-restore-1", "data.before-restore-2"];
        let paths = names.iter().map(|name| Path::new("/p").join(name));
        paths.into_iter().any(|path| state(disk, &path).as_deref() == Some(b"old"))
    }

    #[test]
    fn the_power_may_go_at_any_operation_and_neither_state_is_lost() {
        let whole = old();
        let aside = replace(&whole).unwrap();
        assert_eq!(state(&whole, Path::new(DATA)).unwrap(), b"new");
        assert_eq!(state(&whole, &aside).unwrap(), b"old");
        for operation in 1..=whole.operations() {
            for seed in 0..20 {
                let disk = old();
                disk.crash_at(operation);
                // With the power gone nobody hears what it answers.
                let _ = replace(&disk);
                let found = disk.crash(seed);
                let what = format!("operation {operation}, seed {seed}");
                let there = state(&found, Path::new(DATA)).expect(&what);
                assert!(there == b"old" || there == b"new", "{what}");
                assert!(has_old(&found), "{what}");
                // Once more, on what was left.
                replace(&found).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(state(&found, Path::new(DATA)).unwrap(), b"new", "{what}");
                assert!(has_old(&found), "{what}");
            }
        }
    }

    #[test]
    fn any_operation_may_fail_and_neither_state_is_lost() {
        use crate::disk::simulated::Operation::{
            Create, Exchange, Remove, Rename, SyncDirectory, Write,
        };
        for operation in [Create, Write, SyncDirectory, Rename, Exchange, Remove] {
            for nth in 1..=4 {
                let disk = old();
                disk.fail(operation, nth);
                let replaced = replace(&disk);
                let there = state(&disk, Path::new(DATA)).unwrap();
                assert!(has_old(&disk), "{operation:?} {nth}");
                if replaced.is_ok() {
                    assert_eq!(there, b"new", "{operation:?} {nth}");
                }
            }
        }
    }

    #[test]
    fn a_path_without_a_name_gets_the_one_that_it_stands_for() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("data")).unwrap();
        std::fs::create_dir(root.join("data/inner")).unwrap();
        std::os::unix::fs::symlink(root.join("data"), root.join("link")).unwrap();
        for given in ["data", "data/", "data/.", "data/inner/..", "link"] {
            assert_eq!(resolve(&root.join(given)).unwrap(), root.join("data"), "{given}");
        }
        assert_eq!(resolve(&root.join("not-yet")).unwrap(), root.join("not-yet"));
        assert!(matches!(resolve(Path::new("/")), Err(RestoreError::NoName(_))));
        let nowhere = resolve(&root.join("none/there"));
        assert!(matches!(nowhere, Err(RestoreError::File { .. })), "{nowhere:?}");
    }
}
