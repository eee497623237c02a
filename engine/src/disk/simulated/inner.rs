//! What all handles of a simulated disk share: its state, and the faults that are due.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::state::{FileId, State};

/// What a disk is asked to do; reads are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Create or empty a file.
    Create,
    /// Write bytes to a file.
    Write,
    /// Take room for a file.
    Preallocate,
    /// Cut or grow a file.
    Resize,
    /// Make a file's content durable.
    Sync,
    /// Make a directory's names durable.
    SyncDirectory,
    /// Rename a file or a directory.
    Rename,
    /// Exchange two directories.
    Exchange,
    /// Remove a file, or a directory with all in it.
    Remove,
}

/// The disk has crashed: every operation on a handle to it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulated disk has crashed")]
pub struct Crashed;

/// Everything behind the handle.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) capacity: Option<u64>,
    pub(super) operations: u64,
    pub(super) syncs: u64,
    pub(super) crash_at: Option<u64>,
    /// Which operation fails, and how many of its kind come before.
    pub(super) failures: Vec<(Operation, u64)>,
    pub(super) locks: BTreeSet<PathBuf>,
    /// What cannot be given another name.
    pub(super) mounts: BTreeSet<PathBuf>,
    pub(super) crashed: bool,
}

impl Inner {
    /// Counts an operation; refuses it when it is due to fail or to crash.
    pub(super) fn begin(&mut self, operation: Operation) -> io::Result<()> {
        self.alive()?;
        self.operations += 1;
        if self.crash_at == Some(self.operations) {
            self.crashed = true;
        }
        self.alive()?;
        self.fail_when_due(operation)
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        if self.crashed { Err(io::Error::other(Crashed)) } else { Ok(()) }
    }

    pub(super) fn refuse_mounts(&self, dirs: [&Path; 2]) -> io::Result<()> {
        let is_mounted = dirs.into_iter().any(|dir| self.mounts.contains(dir));
        if is_mounted { Err(rustix::io::Errno::BUSY.into()) } else { Ok(()) }
    }

    fn fail_when_due(&mut self, operation: Operation) -> io::Result<()> {
        let mut due = false;
        for (_, left) in self.failures.iter_mut().filter(|(kind, _)| *kind == operation) {
            *left = left.saturating_sub(1);
            due |= *left == 0;
        }
        self.failures.retain(|(_, left)| *left > 0);
        if due { Err(rustix::io::Errno::IO.into()) } else { Ok(()) }
    }

    /// Refuses to grow a file to `bytes` when there is no room for that.
    pub(super) fn take_room(&self, file: FileId, bytes: u64) -> io::Result<()> {
        let growth = bytes.saturating_sub(self.state.live(file).len() as u64);
        let limit = self.capacity.unwrap_or(u64::MAX);
        if growth > 0 && self.state.used().saturating_add(growth) > limit {
            return Err(rustix::io::Errno::NOSPC.into());
        }
        Ok(())
    }
}
