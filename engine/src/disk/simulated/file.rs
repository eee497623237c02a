//! An open file of the simulated disk.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::inner::{Inner, Operation};
use super::state::{Change, FileId};
use crate::disk::{Access, DiskFile};

/// A handle to a file; it stays usable when the file's name is removed.
pub(super) struct SimulatedFile {
    disk: Arc<Mutex<Inner>>,
    id: FileId,
    access: Access,
}

impl SimulatedFile {
    /// A handle that the disk has counted as opened.
    pub(super) const fn new(disk: Arc<Mutex<Inner>>, id: FileId, access: Access) -> Self {
        Self { disk, id, access }
    }

    /// Does `operation` by making `change`, which ends at byte `end`.
    fn change(&self, operation: Operation, end: u64, change: Change) -> io::Result<()> {
        if self.access == Access::Read {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut inner = self.disk.lock();
        inner.begin(operation)?;
        inner.take_room(self.id, end)?;
        inner.state.change(self.id, change);
        Ok(())
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        self.disk.lock().state.closed(self.id);
    }
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.disk.lock();
        inner.alive()?;
        let content = inner.state.live(self.id);
        let from = in_memory(offset).min(content.len());
        let read = buffer.len().min(content.len() - from);
        if !inner.state.is_readable(self.id, &(from..from + read)) {
            return Err(rustix::io::Errno::IO.into());
        }
        buffer[..read].copy_from_slice(&content[from..from + read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let end = offset + bytes.len() as u64;
        let change = Change::Write { offset: in_memory(offset), bytes: bytes.to_vec() };
        self.change(Operation::Write, end, change)
    }

    fn preallocate(&self, bytes: u64) -> io::Result<()> {
        self.change(Operation::Preallocate, bytes, Change::Grow(in_memory(bytes)))
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.change(Operation::Resize, bytes, Change::Resize(in_memory(bytes)))
    }

    fn len(&self) -> io::Result<u64> {
        let inner = self.disk.lock();
        inner.alive()?;
        Ok(inner.state.live(self.id).len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.disk.lock();
        if let Err(error) = inner.begin(Operation::Sync) {
            if !inner.crashed {
                inner.state.forget_unsynced(self.id);
            }
            return Err(error);
        }
        inner.state.sync(self.id);
        inner.syncs += 1;
        Ok(())
    }
}

/// An offset as an index; files of this disk lie in memory.
fn in_memory(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
