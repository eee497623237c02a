//! The disk, behind two small traits.
//!
//! Everything that must survive a crash goes through here, so that the engine
//! can run on a [`SimulatedDisk`] that loses, keeps and tears what was not
//! synced. The contract is what a POSIX file system promises and no more:
//!
//! - **Invariant, content.** What was written to a file is durable only after
//!   [`DiskFile::sync_data`] returned `Ok`. After it failed nothing is known
//!   about what was written since the last success, and calling it again does
//!   not help: the kernel may have thrown the pages away.
//! - **Invariant, names.** A file that was created, renamed or removed has its
//!   new name, or none, only after [`Disk::sync_dir`] of its directory. Until
//!   then the change may come undone, each change by itself.

mod real;
pub mod simulated;

use std::any::Any;
use std::io;
use std::path::Path;

pub use real::RealDisk;
use rustix::io::Errno;
pub use simulated::SimulatedDisk;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// An existing file, for reading.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// A new file, for reading and writing; an existing one is emptied.
    Create,
}

/// A file system, as much of it as the engine uses.
pub trait Disk: Send + Sync {
    /// Makes `dir` and its parents, durably, where they are missing.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// The names of the files in `dir`, sorted; directories are left out.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// The names of all that is in `dir`, files and directories, sorted.
    fn entries(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Opens a file. A created one is durable only after [`Disk::sync_dir`].
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;

    /// Whether there is a directory `dir`. A directory that cannot be looked into
    /// counts as one: the next call on it tells what is wrong.
    fn is_dir(&self, dir: &Path) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        !matches!(self.list(dir), Err(error) if matches!(error.kind(), NotFound | NotADirectory))
    }

    /// Renames a file, over `to` if that exists, or a directory, over `to` if
    /// that is an empty one. Where they have two parents, the new name is durable,
    /// and the old one gone, after [`Disk::sync_dir`] of both.
    ///
    /// # Errors
    /// [`io::ErrorKind::DirectoryNotEmpty`] for a directory over one that is not
    /// empty, when nothing else is in the way.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives each of two directories, which have the same parent, the other's
    /// name, in one step.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where the file system has no such step.
    fn exchange(&self, _one: &Path, _other: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Removes a file. A reader that has it open can go on reading it.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory with all that is in it.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] on a disk that is never asked to.
    fn remove_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes the names in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes the exclusive lock that the file `path` stands for, making the
    /// file if needed, and holds it until the guard is dropped or the process
    /// ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process, or this one, holds it, with
    /// [`HeldBy`] within where the holder is known.
    fn lock(&self, path: &Path) -> io::Result<DiskLock>;
}

/// An open file. Offsets and lengths are bytes from the start of the file.
pub trait DiskFile: Send + Sync {
    /// Reads into `buffer` from `offset`; fewer bytes than asked for, or 0,
    /// only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, growing the file if needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Grows the file to `bytes` zeros and takes the room for them, so that
    /// writing there later cannot run out of space.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] when there is no room.
    fn preallocate(&self, bytes: u64) -> io::Result<()>;

    /// Cuts or grows the file to `bytes`.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// The file's length.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Makes the file's content and length durable.
    fn sync_data(&self) -> io::Result<()>;
}

/// The process that holds a lock, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {0} holds it")]
pub struct HeldBy(pub u32);

impl HeldBy {
    /// The holder of the lock that could not be had, if the error says so.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// Holds an exclusive lock until it is dropped.
pub struct DiskLock {
    _guard: Box<dyn Any + Send + Sync>,
}

impl DiskLock {
    /// A lock that is released when `guard` is dropped.
    pub fn new(guard: impl Any + Send + Sync) -> Self {
        Self { _guard: Box::new(guard) }
    }
}

/// Whether `error` says that the disk, or the caller's quota on it, is full.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// What a system call answers when the disk does not give back what was written, or the file
/// system finds that its own notes of it are damaged.
const UNREADABLE: [Errno; 3] = [Errno::IO, Errno::UCLEAN, Errno::BADMSG];

/// Whether `error` says that the disk does not give back what was written.
pub fn is_unreadable(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| UNREADABLE.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_of_a_disk_is_told_apart_from_what_keeps_anybody_from_reading() {
        for (errno, expected) in [
            (Errno::IO, true),
            (Errno::UCLEAN, true),
            (Errno::BADMSG, true),
            (Errno::NOENT, false),
            (Errno::ACCESS, false),
            (Errno::MFILE, false),
        ] {
            assert_eq!(is_unreadable(&errno.into()), expected, "{errno}");
        }
        assert!(!is_unreadable(&io::ErrorKind::UnexpectedEof.into()));
    }
}
