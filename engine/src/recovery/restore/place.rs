//! Where a restore makes the directory that it fills, and how such a one is marked and removed.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::recovery::directory::{Stage, restoring, restoring_inside};

/// Where a directory is made, and where the old state goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside the data directory.
    Beside,
    /// Inside the data directory.
    Inside,
}

impl Place {
    /// The path of a directory that is made there.
    pub(super) fn path(self, data: &Path) -> PathBuf {
        match self {
            Self::Beside => restoring(data),
            Self::Inside => restoring_inside(data),
        }
    }

    /// The first name for an old state that nothing has yet.
    pub(super) fn free_name(self, disk: &dyn Disk, data: &Path) -> PathBuf {
        let mut names = (1..).map(|n: u32| match self {
            Self::Beside => data.with_added_extension(format!("before-restore-{n}")),
            Self::Inside => data.join(format!("before-restore-{n}")),
        });
        names.find(|path| !disk.is_dir(path)).expect("numbers do not end")
    }
}

/// Gives a directory another mark.
pub(super) fn step(disk: &dyn Disk, directory: &Path, from: Stage, to: Stage) -> io::Result<()> {
    disk.rename(&directory.join(from.file()), &directory.join(to.file()))?;
    disk.sync_dir(directory)
}

/// Removes a directory that is of no use, its mark last: stopped half way, it is still
/// known for what it is.
pub(super) fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    if Stage::of(disk, path) == Some(Stage::Whole) {
        step(disk, path, Stage::Whole, Stage::HalfMade)?;
    }
    for entry in disk.entries(path)? {
        let inside = path.join(&entry);
        if disk.is_dir(&inside) {
            disk.remove_dir_all(&inside)?;
        }
    }
    disk.sync_dir(path)?;
    disk.remove_dir_all(path)
}
