//! A disk in memory that crashes, tears, rots and fills up on demand.
//!
//! ```text
//!   write, rename, ...        sync, sync_dir
//!  ------------------> live ------------------> durable
//!                        |                         |
//!        restart()       |         crash(seed)     |
//!     (the process ends, |      (the power goes:   |
//!      nothing is lost)  v       each unsynced     v
//!                      live      change is kept, durable + some
//!                                lost or torn)
//! ```
//!
//! The disk is deterministic: the same calls and the same seeds give the same
//! bytes. A handle is cheap to clone and all clones are one disk.

mod file;
mod inner;
mod state;

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use self::file::SimulatedFile;
use self::inner::Inner;
pub use self::inner::{Crashed, Operation};
use self::state::State;
use super::{Access, Disk, DiskFile, DiskLock};
use crate::random::Random;

/// A simulated disk; see the module.
#[derive(Clone)]
pub struct SimulatedDisk {
    inner: Arc<Mutex<Inner>>,
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedDisk {
    /// An empty disk without a limit on its size.
    pub fn new() -> Self {
        Self::from_state(State::default(), None, BTreeSet::new())
    }

    fn from_state(state: State, capacity: Option<u64>, mounts: BTreeSet<PathBuf>) -> Self {
        let inner = Inner {
            state,
            capacity,
            operations: 0,
            syncs: 0,
            crash_at: None,
            failures: Vec::new(),
            locks: BTreeSet::new(),
            mounts,
            crashed: false,
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// The disk that is there after the power went and came back: what was
    /// synced, and of what was not, each change by itself kept, lost or torn as
    /// `seed` decides. This disk answers [`Crashed`] from here on.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let mut inner = self.inner.lock();
        inner.crashed = true;
        let state = inner.state.after_power_loss(&mut Random::new(seed));
        Self::from_state(state, inner.capacity, inner.mounts.clone())
    }

    /// The disk that the next process finds after this one was killed: nothing
    /// is lost, nothing more is durable, and locks are released. This disk
    /// answers [`Crashed`] from here on.
    #[must_use]
    pub fn restart(&self) -> Self {
        let mut inner = self.inner.lock();
        inner.crashed = true;
        let mut state = inner.state.clone();
        state.close_all();
        Self::from_state(state, inner.capacity, inner.mounts.clone())
    }

    /// Makes the disk crash instead of doing its `number`-th operation, counted
    /// from 1 and from when this disk was made.
    pub fn crash_at(&self, number: u64) {
        self.inner.lock().crash_at = Some(number);
    }

    /// Makes the `nth` operation of this kind from now on fail with EIO; 1 is
    /// the next one. A failed write writes nothing. A failed sync forgets that
    /// there was something to sync, as Linux does: later syncs succeed, and
    /// what was to be synced is not durable.
    pub fn fail(&self, operation: Operation, nth: u64) {
        self.inner.lock().failures.push((operation, nth));
    }

    /// Limits the disk to `bytes` bytes in files; `None` is no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.inner.lock().capacity = bytes;
    }

    /// Makes a directory a mount point: it keeps its name.
    pub fn mount(&self, dir: &Path) {
        self.inner.lock().mounts.insert(dir.to_owned());
    }

    /// The bytes in files.
    pub fn used(&self) -> u64 {
        self.inner.lock().state.used()
    }

    /// How many operations, reads left out, this disk was asked for.
    pub fn operations(&self) -> u64 {
        self.inner.lock().operations
    }

    /// How many syncs, of files and of directories, succeeded.
    pub fn syncs(&self) -> u64 {
        self.inner.lock().syncs
    }

    /// Flips one bit of a file where it is stored; bit 0 is the least
    /// significant of the first byte.
    ///
    /// # Panics
    /// When there is no such file or no such bit.
    pub fn flip_bit(&self, path: &Path, bit: u64) {
        self.inner.lock().state.rewrite(path, |bytes| {
            let at = usize::try_from(bit / 8).expect("the bit lies in memory");
            bytes[at] ^= 1 << (bit % 8);
        });
    }

    /// Lets these bytes of a file not be read any more, as a bad sector does.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn make_unreadable(&self, path: &Path, bytes: Range<usize>) {
        self.inner.lock().state.make_unreadable(path, bytes);
    }

    /// Lets a file that is there not be opened any more, as a bad sector below its
    /// directory entry does.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn make_unopenable(&self, path: &Path) {
        self.inner.lock().state.make_unopenable(path);
    }

    /// Cuts a file to `bytes` where it is stored.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn truncate(&self, path: &Path, bytes: usize) {
        self.inner.lock().state.rewrite(path, |content| content.truncate(bytes));
    }

    /// Puts a file with this content on the disk, durably.
    pub fn put(&self, path: &Path, content: &[u8]) {
        self.inner.lock().state.put(path, content);
    }

    /// A file's content as a reader sees it now, or `None` without such a file.
    pub fn contents(&self, path: &Path) -> Option<Vec<u8>> {
        let inner = self.inner.lock();
        inner.state.find(path).map(|file| inner.state.live(file).to_vec())
    }
}

impl Disk for SimulatedDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.alive()?;
        inner.state.create_dir_all(dir);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner.lock();
        inner.alive()?;
        inner.state.list(dir)
    }

    fn entries(&self, dir: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner.lock();
        inner.alive()?;
        inner.state.entries(dir)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.inner.lock();
        inner.alive()?;
        let id = if access == Access::Create {
            inner.begin(Operation::Create)?;
            inner.state.create(path)?
        } else {
            inner.state.find_openable(path)?
        };
        inner.state.opened(id);
        Ok(Box::new(SimulatedFile::new(Arc::clone(&self.inner), id, access)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.begin(Operation::Rename)?;
        inner.refuse_mounts([from, to])?;
        inner.state.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.begin(Operation::Exchange)?;
        inner.refuse_mounts([one, other])?;
        inner.state.exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.begin(Operation::Remove)?;
        inner.state.remove(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.begin(Operation::Remove)?;
        inner.state.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.begin(Operation::SyncDirectory)?;
        inner.state.sync_dir(dir);
        inner.syncs += 1;
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<DiskLock> {
        let mut inner = self.inner.lock();
        inner.alive()?;
        if !inner.locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(DiskLock::new(HeldLock { disk: self.clone(), path: path.to_owned() }))
    }
}

/// Releases its lock when dropped.
struct HeldLock {
    disk: SimulatedDisk,
    path: PathBuf,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.disk.inner.lock().locks.remove(&self.path);
    }
}

#[cfg(test)]
mod tests;
