//! The directory that takes the data directory's place.
//!
//! It is made beside the data directory, and the two are exchanged. Where the data
//! directory cannot be given another name, because it is a mount point or lies below
//! what cannot be written, it is made inside it, and what lies in the two is exchanged
//! (`exchange`). Which of the two it is, is asked before anything is built.
//!
//! It is made with a mark in it, which says what it is, whatever lies under its name:
//!
//! - half made: by a restore that was stopped, and of no use;
//! - whole: the restored state, which did not get its place. Beside a data directory,
//!   which has all that it was made from, it is of no use either;
//! - unmarked, and beside: what was in the data directory's place before. It is never
//!   deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{RestoreError, at};
use super::exchange::{exchange, state_in};
use super::place::{Place, remove, step};
use crate::disk::{Access, Disk, DiskLock};
use crate::recovery::directory::{LOCK_FILE, Stage, lock_data};

/// A data directory's path with a name, so that other directories can be put beside
/// it, whatever way it was given: `.` has none.
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
    place: Place,
    lock: Arc<DiskLock>,
    /// Whether it goes when it is dropped.
    in_vain: bool,
}

impl<'a> Fresh<'a> {
    /// Begins a directory where it can be exchanged with `data`, which is a path with a
    /// name. The caller holds the lock of `data`, if that is there.
    ///
    /// # Errors
    /// When there is no such place, or none that can be written.
    pub(super) fn begin(disk: &'a dyn Disk, data: &'a Path) -> Result<Self, RestoreError> {
        if !disk.is_dir(data) {
            return Self::make(disk, data, Place::Beside);
        }
        match Self::beside(disk, data) {
            Err(refused) => {
                let data_shown = data.display();
                tracing::info!(%refused, data = %data_shown, "restoring inside the directory");
                Self::inside(disk, data)
            }
            begun => begun,
        }
    }

    fn beside(disk: &'a dyn Disk, data: &'a Path) -> Result<Self, RestoreError> {
        let fresh = Self::make(disk, data, Place::Beside)?;
        ask_to_move(disk, data, &fresh.path)?;
        Ok(fresh)
    }

    /// Begins a directory inside `data`.
    pub(super) fn inside(disk: &'a dyn Disk, data: &'a Path) -> Result<Self, RestoreError> {
        let fresh = Self::make(disk, data, Place::Inside)?;
        for entry in state_in(disk, data).map_err(at(data))? {
            ask_to_move(disk, &entry, &fresh.path)?;
        }
        Ok(fresh)
    }

    fn make(disk: &'a dyn Disk, data: &'a Path, place: Place) -> Result<Self, RestoreError> {
        let path = place.path(data);
        clear(disk, data, &path, place)?;
        disk.create_dir_all(&path).map_err(at(&path))?;
        let mark = path.join(Stage::HalfMade.file());
        disk.open(&mark, Access::Create).map_err(at(&mark))?;
        disk.sync_dir(&path).map_err(at(&path))?;
        let lock = lock_data(disk, &path)?;
        Ok(Self { disk, data, path, place, lock, in_vain: true })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lock on it, which stays on it under its new name.
    pub(super) fn lock(&self) -> Arc<DiskLock> {
        Arc::clone(&self.lock)
    }

    /// Puts it in the data directory's place; answers with where that is now, if there
    /// was one.
    pub(super) fn replace(mut self) -> Result<Option<PathBuf>, RestoreError> {
        let whole = step(self.disk, &self.path, Stage::HalfMade, Stage::Whole);
        whole.map_err(at(&self.path))?;
        match self.place {
            Place::Inside => {
                // From here on, the next process that takes the data directory finishes it.
                self.in_vain = false;
                exchange(self.disk, self.data).map_err(|source| RestoreError::HalfExchanged {
                    path: self.data.to_owned(),
                    source,
                })
            }
            Place::Beside if self.disk.is_dir(self.data) => self.exchange_whole().map(Some),
            Place::Beside => self.give_name().map(|()| None),
        }
    }

    /// Puts it where no data directory is.
    fn give_name(&mut self) -> Result<(), RestoreError> {
        self.disk.rename(&self.path, self.data).map_err(at(self.data))?;
        self.in_vain = false;
        self.sync_parent()?;
        self.unmark_in_place();
        Ok(())
    }

    fn exchange_whole(&mut self) -> Result<PathBuf, RestoreError> {
        let aside = Place::Beside.free_name(self.disk, self.data);
        let aside = match self.disk.exchange(&self.path, self.data) {
            Ok(()) => {
                self.in_vain = false;
                self.name_the_old(aside)?
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.rename_twice(aside)?,
            Err(error) => return Err(at(self.data)(error)),
        };
        self.unmark_in_place();
        Ok(aside)
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
    fn rename_twice(&mut self, aside: PathBuf) -> Result<PathBuf, RestoreError> {
        self.disk.rename(self.data, &aside).map_err(at(self.data))?;
        self.in_vain = false;
        if let Err(error) = self.disk.rename(&self.path, self.data) {
            self.disk.rename(&aside, self.data).map_err(at(&aside))?;
            self.in_vain = true;
            return Err(at(&self.path)(error));
        }
        self.sync_parent()?;
        Ok(aside)
    }

    /// It has its place: a mark that stays there is no fault of the restore's.
    fn unmark_in_place(&self) {
        if let Err(error) = unmark(self.disk, self.data) {
            tracing::warn!(%error, "the next restore takes the mark away");
        }
    }

    fn sync_parent(&self) -> Result<(), RestoreError> {
        let parent = self.data.parent().unwrap_or(Path::new("/"));
        self.disk.sync_dir(parent).map_err(at(parent))
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        if !self.in_vain {
            return;
        }
        if let Err(error) = remove(self.disk, &self.path) {
            let path = self.path.display();
            tracing::warn!(%error, %path, "what was half made stays; the next restore removes it");
        }
    }
}

/// Whether no restore left anything where the next one would begin.
pub(super) fn is_clear(disk: &dyn Disk, data: &Path) -> bool {
    [Place::Beside, Place::Inside].into_iter().all(|place| !disk.is_dir(&place.path(data)))
}

/// Takes the mark from a data directory that has its place. A restore that was stopped
/// before it did so left one that says nothing any more.
pub(super) fn unmark(disk: &dyn Disk, data: &Path) -> Result<(), RestoreError> {
    if Stage::of(disk, data) != Some(Stage::Whole) {
        return Ok(());
    }
    let mark = data.join(Stage::Whole.file());
    disk.remove(&mark).map_err(at(&mark))?;
    disk.sync_dir(data).map_err(at(data))
}

/// Asks whether something can be given another name, by a rename that cannot be done:
/// over a directory with a mark in it. All else that is in its way is told before that:
/// a mount point, a parent that may not be written or is another user's.
fn ask_to_move(disk: &dyn Disk, path: &Path, marked: &Path) -> Result<(), RestoreError> {
    use io::ErrorKind::{DirectoryNotEmpty, IsADirectory, Unsupported};
    let refused = |source| RestoreError::Immovable { path: path.to_owned(), source };
    match disk.rename(path, marked) {
        Err(error) if matches!(error.kind(), DirectoryNotEmpty | IsADirectory) => Ok(()),
        Err(error) => Err(refused(error)),
        // No file system does; what one did all the same is undone.
        Ok(()) => Err(refused(disk.rename(marked, path).err().unwrap_or(Unsupported.into()))),
    }
}

/// Makes room for a fresh directory at `path`.
fn clear(disk: &dyn Disk, data: &Path, path: &Path, place: Place) -> Result<(), RestoreError> {
    if !disk.is_dir(path) {
        return Ok(());
    }
    // Another restore may be at it.
    let _held = lock_data(disk, path)?;
    match Stage::of(disk, path) {
        Some(Stage::HalfMade) => remove(disk, path).map_err(at(path)),
        Some(Stage::Whole) if place == Place::Beside => {
            let path_shown = path.display();
            tracing::warn!(path = %path_shown, "what a restore made that was stopped is removed");
            remove(disk, path).map_err(at(path))
        }
        // Not even marked yet, or all in it was removed and only the directory is left.
        None if is_bare(disk, path).map_err(at(path))? => remove(disk, path).map_err(at(path)),
        None if place == Place::Beside => {
            let aside = place.free_name(disk, data);
            tracing::warn!(
                from = %path.display(),
                to = %aside.display(),
                "a restore was stopped before it named what was there before"
            );
            disk.rename(path, &aside).map_err(at(path))
        }
        None | Some(Stage::Whole | Stage::Entering) => {
            Err(RestoreError::Unknown { path: path.to_owned() })
        }
    }
}

fn is_bare(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    Ok(disk.entries(path)?.iter().all(|entry| entry == LOCK_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;
    use crate::disk::simulated::Operation;
    use crate::recovery::restore::finish;

    const DATA: &str = "/p/data";

    /// A data directory with an old content, which keeps its name if it is a mount point.
    fn old(place: Place) -> SimulatedDisk {
        let disk = SimulatedDisk::new();
        for part in ["journal", "snapshots"] {
            disk.put(&Path::new(DATA).join(part).join("state"), b"old");
        }
        if place == Place::Inside {
            disk.mount(Path::new(DATA));
        }
        disk
    }

    /// Replaces the content, as a restore does.
    fn replace(disk: &SimulatedDisk) -> Result<Option<PathBuf>, RestoreError> {
        let data = Path::new(DATA);
        finish(disk, data)?;
        unmark(disk, data)?;
        let fresh = Fresh::begin(disk, data)?;
        for part in ["journal", "snapshots"] {
            let path = fresh.path().join(part);
            disk.create_dir_all(&path).map_err(at(&path))?;
            let file = disk.open(&path.join("state"), Access::Create).map_err(at(&path))?;
            file.write_at(b"new", 0).map_err(at(&path))?;
            file.sync_data().map_err(at(&path))?;
            disk.sync_dir(&path).map_err(at(&path))?;
        }
        fresh.replace()
    }

    fn part(disk: &SimulatedDisk, directory: &Path, part: &str) -> Option<Vec<u8>> {
        disk.contents(&directory.join(part).join("state"))
    }

    /// The state in a directory, all parts of which are of one time.
    fn state(disk: &SimulatedDisk, directory: &Path) -> Option<Vec<u8>> {
        let parts = ["journal", "snapshots"].map(|name| part(disk, directory, name));
        assert_eq!(parts[0], parts[1], "{}", directory.display());
        parts[0].clone()
    }

    /// Where the old state is when nothing is left to be done, under whatever name.
    fn has_old(disk: &SimulatedDisk) -> bool {
        let mut asides = ["1", "2", "3"].map(|no| format!("before-restore-{no}")).into_iter();
        let is_old = |path: PathBuf| {
            let mut parts =
                ["journal", "snapshots"].map(|name| part(disk, &path, name)).into_iter();
            parts.all(|part| part.as_deref() == Some(b"old"))
        };
        is_old(DATA.into())
            || is_old("/p/data.restoring".into())
            || asides.any(|name| {
                is_old(format!("{DATA}.{name}").into()) || is_old(Path::new(DATA).join(name))
            })
    }

    /// Nothing but an old state is called so.
    fn assert_asides_are_old(disk: &SimulatedDisk, what: &str) {
        for no in 1..=3 {
            for path in
                [format!("{DATA}.before-restore-{no}"), format!("{DATA}/before-restore-{no}")]
            {
                let found = state(disk, Path::new(&path));
                assert!(found.is_none() || found.as_deref() == Some(b"old"), "{what}: {path}");
            }
        }
    }

    const BOTH: [Place; 2] = [Place::Beside, Place::Inside];

    #[test]
    fn the_power_may_go_at_any_operation_and_neither_state_is_lost() {
        for place in BOTH {
            let whole = old(place);
            let aside = replace(&whole).unwrap().unwrap();
            assert_eq!(aside.starts_with(DATA), place == Place::Inside);
            assert_eq!(state(&whole, Path::new(DATA)).unwrap(), b"new");
            assert_eq!(state(&whole, &aside).unwrap(), b"old");
            for operation in 1..=whole.operations() {
                for seed in 0..20 {
                    let disk = old(place);
                    disk.crash_at(operation);
                    // The power is gone: its answer reaches no caller.
                    let _ = replace(&disk);
                    let found = disk.crash(seed);
                    let what = format!("{place:?}, operation {operation}, seed {seed}");
                    // As opening the directory does.
                    finish(&found, Path::new(DATA)).expect(&what);
                    let there = state(&found, Path::new(DATA)).expect(&what);
                    assert!(there == b"old" || there == b"new", "{what}");
                    assert!(has_old(&found), "{what}");
                    assert_asides_are_old(&found, &what);
                    // Once more, on what was left; it replaces the old or the new.
                    replace(&found).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(state(&found, Path::new(DATA)).unwrap(), b"new", "{what}");
                    assert!(has_old(&found), "{what}");
                    if there == b"old" {
                        assert_asides_are_old(&found, &what);
                    }
                }
            }
        }
    }

    /// An exchange that is gone on with may be stopped as well, at any operation.
    #[test]
    fn the_power_may_go_again_while_an_exchange_is_finished() {
        let whole = old(Place::Inside);
        replace(&whole).unwrap();
        for operation in 1..=whole.operations() {
            for again in 1.. {
                let disk = old(Place::Inside);
                disk.crash_at(operation);
                let _ = replace(&disk);
                let found = disk.crash(operation);
                found.crash_at(again);
                let finished = finish(&found, Path::new(DATA)).is_ok();
                let found = found.crash(again);
                let what = format!("operation {operation}, then {again}");
                finish(&found, Path::new(DATA)).expect(&what);
                assert!(state(&found, Path::new(DATA)).is_some(), "{what}");
                assert!(has_old(&found), "{what}");
                assert_asides_are_old(&found, &what);
                if finished {
                    break;
                }
            }
        }
    }

    #[test]
    fn any_operation_may_fail_and_neither_state_is_lost() {
        use Operation::{Create, Exchange, Remove, Rename, SyncDirectory, Write};
        for place in BOTH {
            for operation in [Create, Write, SyncDirectory, Rename, Exchange, Remove] {
                for nth in 1..=12 {
                    let disk = old(place);
                    disk.fail(operation, nth);
                    let replaced = replace(&disk);
                    let what = format!("{place:?}, {operation:?} {nth}");
                    finish(&disk, Path::new(DATA)).expect(&what);
                    let there = state(&disk, Path::new(DATA)).expect(&what);
                    assert!(has_old(&disk), "{what}");
                    assert_asides_are_old(&disk, &what);
                    if replaced.is_ok() {
                        assert_eq!(there, b"new", "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_in_the_way_of_another_name_is_told_before_anything_is_built() {
        let disk = old(Place::Inside);
        disk.mount(&Path::new(DATA).join("journal"));
        let error = replace(&disk).unwrap_err();
        let RestoreError::Immovable { path, source } = &error else { panic!("{error}") };
        assert_eq!(path, &Path::new(DATA).join("journal"));
        assert_eq!(source.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(disk.entries(Path::new(DATA)).unwrap(), ["journal", "snapshots"]);
        assert_eq!(disk.entries(Path::new("/p")).unwrap(), ["data"]);
    }

    /// What lies beside the state in a data directory that keeps its name stays there.
    #[test]
    fn an_exchange_inside_leaves_alone_what_is_no_state() {
        let disk = old(Place::Inside);
        disk.put(&Path::new(DATA).join("lost+found/3"), b"");
        disk.put(&Path::new(DATA).join("notes"), b"of an operator");
        let aside = replace(&disk).unwrap().unwrap();
        let left = ["before-restore-1", "journal", "lost+found", "notes", "snapshots"];
        assert_eq!(disk.entries(Path::new(DATA)).unwrap(), left);
        assert_eq!(disk.entries(&aside).unwrap(), ["journal", "snapshots"]);
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
