//! A database in a directory, each call into which has a bound in time.
//!
//! ```text
//!   sound --a read finds damage------> suspect: what else it has can still be read
//!     |                                   |
//!     +---a call fails that changes it,   |
//!         or panics, or does not return   |
//!                    v                    v
//!                  lost: every call is refused at once
//! ```
//! After a call that failed, the library may wait for ever in the next one, closing
//! included. The owner, a `Half`, opens the database again, or makes a new one in its
//! place.

use std::fmt;
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::sleep;
use std::time::Duration;

use parking_lot::Mutex;

use super::limits::{
    STORE_BYTES_PER_SECOND_MIN, STORE_CALL_MAX, STORE_CLOSE_MAX, STORE_ROOM_BYTES_MIN, WORKER_LOOK,
};
use super::store::StoreError;
use super::sync::{SyncedBlobs, at, parent_of, paths_in, sync_directory, sync_tree};
use super::tree::{Tree, open_tree};
use super::workers::{Unanswered, Workers};

/// Opens, or makes, the database in a directory.
pub(crate) type Opener = dyn Fn(&Path) -> Result<Arc<dyn Tree>, StoreError> + Send + Sync;

/// How databases are opened and called. Those of a store share it.
#[derive(Clone)]
pub(crate) struct Library {
    pub opener: Arc<Opener>,
    /// Bytes that are free on the disk of a directory.
    pub room: fn(&Path) -> io::Result<u64>,
    /// How long a call may take that reads or writes one value.
    pub call_max: Duration,
    /// How long closing a database may take.
    pub close_max: Duration,
    pub workers: Arc<Workers>,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            opener: Arc::new(open_tree),
            room: room_on_disk,
            call_max: STORE_CALL_MAX,
            close_max: STORE_CLOSE_MAX,
            workers: Arc::default(),
        }
    }
}

impl Library {
    /// Ends the wait of every caller for a database, and of those that call later: a
    /// call that never returns, also one that opens, does not keep a shutdown.
    pub(crate) fn close(&self) {
        self.workers.close();
    }

    /// How long a call may take that goes through so many bytes.
    fn limit_through(&self, bytes: u64) -> Duration {
        self.call_max + Duration::from_secs(bytes / STORE_BYTES_PER_SECOND_MIN)
    }
}

/// Values under keys, in a directory.
pub(super) struct Database {
    directory: PathBuf,
    library: Library,
    /// None when it was closed.
    tree: Arc<Mutex<Option<Arc<dyn Tree>>>>,
    /// Whether a call has it still.
    left: Weak<dyn Tree>,
    synced: Arc<Mutex<SyncedBlobs>>,
    /// Its files when it was opened, and all that was written since: no less than there is.
    bytes: AtomicU64,
    is_suspect: AtomicBool,
    /// Why nothing is asked of it any more.
    lost: OnceLock<String>,
    /// Whether a change failed for another reason than room, even after its caller had
    /// stopped waiting.
    has_failed: Arc<AtomicBool>,
}

impl Database {
    /// Opens the database, or makes it, and reads all that is in it. So damage is found
    /// now, while the other database can stand in, and not by a later read.
    ///
    /// # Errors
    /// When the file system refuses, or another process has it open, or it is damaged:
    /// then it stays as it is.
    pub(super) fn open(library: &Library, directory: &Path) -> Result<Self, StoreError> {
        let bytes = if directory.exists() { bytes_under(directory)? } else { 0 };
        let opening = {
            let (opener, directory) = (Arc::clone(&library.opener), directory.to_owned());
            move || {
                let tree = opener(&directory)?;
                tree.keys(&[])?;
                Ok(tree)
            }
        };
        let corrupt = |cause| StoreError::Corrupt { directory: directory.to_owned(), cause };
        let opened = library.workers.run(library.limit_through(bytes), opening);
        let tree = opened.unwrap_or_else(|unanswered| match unanswered {
            Unanswered::Closing => Err(StoreError::Closed { directory: directory.to_owned() }),
            Unanswered::NoThread(error) => Err(StoreError::NoThread(error)),
            unanswered => Err(corrupt(unanswered.to_string())),
        });
        let tree = tree.map_err(|error| match error {
            error @ StoreError::Corrupt { .. } => error,
            error if error.is_damage() => corrupt(error.to_string()),
            error => error,
        })?;
        Ok(Self {
            directory: directory.to_owned(),
            library: library.clone(),
            left: Arc::downgrade(&tree),
            tree: Arc::new(Mutex::new(Some(tree))),
            synced: Arc::default(),
            bytes: AtomicU64::new(bytes),
            is_suspect: AtomicBool::new(false),
            lost: OnceLock::new(),
            has_failed: Arc::default(),
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether it can be written to.
    pub(super) fn is_sound(&self) -> bool {
        !self.is_lost() && !self.is_suspect.load(Ordering::Relaxed)
    }

    /// What was found wrong with it while it was open.
    pub(super) fn fault(&self) -> Option<String> {
        match self.lost.get() {
            Some(_) => Some(self.lost_error().to_string()),
            None if self.is_sound() => None,
            None => Some(format!("the database {} is damaged", self.directory.display())),
        }
    }

    /// Whether nothing can be had from it any more.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Whether no call into it is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.left.strong_count() <= 1
    }

    /// Whether it may lack what was written to it: after a sync that failed, the next one
    /// says nothing of what was written before. Certain once it is closed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    pub(super) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.expect_room(value.len() as u64)?;
        self.bytes.fetch_add(value.len() as u64, Ordering::Relaxed);
        let (key, value) = (key.to_vec(), value.to_vec());
        self.change(self.library.call_max, move |tree| Ok(tree.insert(&key, &value)?))
    }

    pub(super) fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        let key = key.to_vec();
        self.change(self.library.call_max, move |tree| Ok(tree.remove(&key)?))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_vec();
        self.call(self.library.call_max, move |tree| Ok(tree.get(&key)?))
    }

    /// The keys that begin with `prefix`, ascending.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let prefix = prefix.to_vec();
        self.call(self.limit_through_all(), move |tree| Ok(tree.keys(&prefix)?))
    }

    /// Brings everything to stable storage.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let (directory, synced) = (self.directory.clone(), Arc::clone(&self.synced));
        self.change(self.limit_through_all(), move |tree| {
            tree.flush()?;
            sync_tree(&directory, &mut synced.lock())?;
            sync_directory(parent_of(&directory))
        })
    }

    pub(super) fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        bytes_under(&self.directory)
    }

    /// Closes it, unless that takes too long; true when another one may be opened in its
    /// directory. Every later call is refused.
    ///
    /// # Errors
    /// When there is no thread to close it on: it stays open.
    pub(super) fn close(&self) -> Result<bool, StoreError> {
        let Library { workers, close_max, .. } = &self.library;
        let tree = Arc::clone(&self.tree);
        match workers.run_last(*close_max, move || close(&tree)) {
            Err(Unanswered::NoThread(error)) => return Err(StoreError::NoThread(error)),
            Err(_) => return Ok(false),
            Ok(()) => {}
        }
        // A call that was late may end all the same.
        let mut left = *close_max;
        while self.left.strong_count() > 0 && !left.is_zero() {
            let look = left.min(WORKER_LOOK);
            sleep(look);
            left -= look;
        }
        Ok(self.left.strong_count() == 0)
    }

    fn limit_through_all(&self) -> Duration {
        self.library.limit_through(self.bytes.load(Ordering::Relaxed))
    }

    /// The library is lost when it finds no room: it is not let come to that.
    fn expect_room(&self, bytes: u64) -> Result<(), StoreError> {
        let room = (self.library.room)(&self.directory).map_err(at(&self.directory))?;
        if room < bytes.saturating_add(STORE_ROOM_BYTES_MIN) {
            return Err(at(&self.directory)(io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    /// As [`call`](Self::call), for what changes it: after a failure nothing else is tried.
    fn change<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&dyn Tree) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let has_failed = Arc::clone(&self.has_failed);
        let change = move |tree: &dyn Tree| {
            work(tree).inspect_err(|error| {
                has_failed.fetch_or(!error.is_full(), Ordering::AcqRel);
            })
        };
        self.call(limit, change).inspect_err(|error| match error {
            StoreError::Closed { .. } | StoreError::NoThread(_) => {}
            error => self.lose(error.to_string()),
        })
    }

    fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&dyn Tree) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_lost() {
            return Err(self.lost_error());
        }
        let closed = || StoreError::Closed { directory: self.directory.clone() };
        let tree = self.tree.lock().clone().ok_or_else(closed)?;
        match self.library.workers.run(limit, move || work(&*tree)) {
            Ok(Err(error)) if error.is_damage() => {
                self.is_suspect.store(true, Ordering::Relaxed);
                Err(error)
            }
            Ok(done) => done,
            Err(Unanswered::Closing) => Err(closed()),
            Err(Unanswered::NoThread(error)) => Err(StoreError::NoThread(error)),
            Err(unanswered) => {
                self.lose(unanswered.to_string());
                Err(self.lost_error())
            }
        }
    }

    fn lose(&self, cause: String) {
        if self.lost.set(cause).is_ok() {
            let (directory, cause) = (self.directory.display(), self.lost.get());
            tracing::error!(%directory, cause, "a snapshot database is given up");
        }
    }

    fn lost_error(&self) -> StoreError {
        let cause = self.lost.get().cloned().unwrap_or_default();
        StoreError::Lost { directory: self.directory.clone(), cause }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.tree.lock().is_none() {
            return;
        }
        // It flushes, which may never return once it is lost.
        let limit = if self.is_lost() { Duration::ZERO } else { self.library.close_max };
        let tree = Arc::clone(&self.tree);
        let closed = self.library.workers.run_last(limit, move || close(&tree));
        if let Err(Unanswered::NoThread(error)) = closed {
            tracing::warn!(%error, "a snapshot database stays open until the process ends");
            mem::forget(self.tree.lock().take());
        }
    }
}

/// The last one to let go of it closes it.
fn close(tree: &Mutex<Option<Arc<dyn Tree>>>) {
    let tree = tree.lock().take();
    drop(tree);
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(limit) => write!(f, "it did not answer within {limit:?}"),
            Self::Panicked(text) => write!(f, "it panicked: {text}"),
            Self::NoThread(error) => write!(f, "there is no thread for it: {error}"),
            Self::Closing => write!(f, "it is closed"),
        }
    }
}

fn room_on_disk(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn bytes_under(directory: &Path) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for path in paths_in(directory)? {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => bytes += bytes_under(&path)?,
            Ok(meta) => bytes += meta.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&path)(error)),
        }
    }
    Ok(bytes)
}
