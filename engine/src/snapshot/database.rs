//! A database on disk: `sled` 0.34.7, with what it needs around it.
//!
//! - Its `flush` does not reach stable storage: after each one, all its files and
//!   directories are synced here.
//! - A torn `snap.*.generating` file keeps it from opening: these are removed
//!   first. They are copies in the making of what its log has.
//! - One that will not open is never deleted, and left as it is until somebody
//!   sets it aside under another name.
//! - It does not give space back: a sparse one is written anew beside the old
//!   one, and the directories are swapped.
//!
//! ```text
//!   DIR            the database
//!   DIR.compacting the new one, while it is written
//!   DIR.replaced   the old one, between the two renames and its removal
//!   DIR.damaged-N  set aside
//! ```

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Mutex, RwLock, RwLockUpgradableReadGuard};

use super::limits::{SLED_AMPLIFICATION_MAX, SLED_CACHE_BYTES, SLED_COMPACT_BYTES_MIN};
use super::store::StoreError;
use super::sync::{SyncedBlobs, at, paths_in, sync_directory, sync_tree};

/// Values under keys, in a directory.
pub(super) struct Database {
    directory: PathBuf,
    /// Written only while directories are swapped; none if that failed half way.
    sled: RwLock<Option<sled::Db>>,
    synced: Mutex<SyncedBlobs>,
}

impl Database {
    /// Opens the database, or makes it. The caller keeps other processes away:
    /// the files are mended before the database takes a lock of its own.
    ///
    /// # Errors
    /// When the file system refuses, or another process has it open, or it is
    /// damaged: then it stays as it is.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        finish_swap(directory)?;
        if directory.exists() {
            remove_torn_snapshots(directory)?;
        }
        let sled = RwLock::new(Some(open_database(directory)?));
        let (directory, synced) = (directory.to_owned(), Mutex::default());
        Ok(Self { directory, sled, synced })
    }

    fn with<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        match &*self.sled.read() {
            Some(database) => Ok(work(database)?),
            None => Err(closed(&self.directory)),
        }
    }

    /// As [`with`](Self::with), for what changes it: not beside a compaction, which
    /// copies what is there when it begins.
    fn with_writer<T>(
        &self,
        work: impl FnOnce(&sled::Db) -> sled::Result<T>,
    ) -> Result<T, StoreError> {
        match &*self.sled.upgradable_read() {
            Some(database) => Ok(work(database)?),
            None => Err(closed(&self.directory)),
        }
    }

    pub(super) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.with_writer(|database| database.insert(key, value).map(drop))
    }

    pub(super) fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        self.with_writer(|database| database.remove(key).map(drop))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|database| Ok(database.get(key)?.map(|bytes| bytes.to_vec())))
    }

    /// The keys that begin with `prefix`, ascending.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.with(|database| {
            database.scan_prefix(prefix).keys().map(|key| Ok(key?.to_vec())).collect()
        })
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.with(|database| database.flush().map(drop))?;
        sync_tree(&self.directory, &mut self.synced.lock())?;
        sync_directory(parent_of(&self.directory))
    }

    pub(super) fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        bytes_under(&self.directory)
    }

    /// Compacts the database when little of it is used, `held` being the bytes of all
    /// values; true when it did.
    pub(super) fn compact_if_sparse(&self, held: u64) -> Result<bool, StoreError> {
        let on_disk = self.bytes_on_disk()?;
        if on_disk < SLED_COMPACT_BYTES_MIN || on_disk / SLED_AMPLIFICATION_MAX < held {
            return Ok(false);
        }
        self.compact()?;
        Ok(true)
    }

    /// Writes a fresh database with what this one holds, and swaps the two.
    ///
    /// # Errors
    /// When the file system or the database refuses. What was in it is
    /// still there; a swap that was interrupted is finished by the next opening.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        // Reads go on until the directories are swapped.
        let reading = self.sled.upgradable_read();
        let old = reading.as_ref().ok_or_else(|| closed(&self.directory))?;
        let fresh = beside(&self.directory, "compacting");
        remove_directory(&fresh)?;
        if let Err(error) = copy_database(old, &fresh) {
            // What of it is there keeps the room that the next snapshot needs.
            let _ = remove_directory(&fresh);
            return Err(error);
        }
        let mut guard = RwLockUpgradableReadGuard::upgrade(reading);
        *guard = None;
        let swapped = swap(&self.directory, &fresh);
        // Half way or not, one of the two is whole and gets the name, so that it
        // is open again whatever became of the swap.
        let swapped = swapped.and(finish_swap(&self.directory));
        if !self.directory.exists() {
            return swapped;
        }
        // The fresh one has its own blobs, under names of the old one's.
        *self.synced.lock() = SyncedBlobs::default();
        *guard = Some(open_database(&self.directory)?);
        swapped
    }
}

/// Opening damaged files panics at times, which is no worse than an error here:
/// nothing of the database is left.
fn open_database(directory: &Path) -> Result<sled::Db, StoreError> {
    let corrupt = |cause| StoreError::Corrupt { directory: directory.to_owned(), cause };
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(SLED_CACHE_BYTES)
        .mode(sled::Mode::HighThroughput)
        .flush_every_ms(None);
    let mut tries_left = 100;
    loop {
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(database)) => return Ok(database),
            // A database that was dropped lets go of its lock a little later.
            Ok(Err(sled::Error::Io(error))) if is_locked(&error) => {
                if tries_left == 0 {
                    return Err(StoreError::InUse { directory: directory.to_owned() });
                }
                tries_left -= 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Err(error)) if is_of_the_world(&error) => return Err(error.into()),
            Ok(Err(error)) => return Err(corrupt(error.to_string())),
            Err(_) => return Err(corrupt("opening it panicked".to_owned())),
        }
    }
}

fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Whether the operating system is at fault, and not the files.
fn is_of_the_world(error: &sled::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let sled::Error::Io(error) = error else { return false };
    !matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

fn closed(directory: &Path) -> StoreError {
    let source = io::Error::other("the store was closed by a compaction that failed");
    StoreError::File { path: directory.to_owned(), source }
}

fn copy_database(from: &sled::Db, to: &Path) -> Result<(), StoreError> {
    let fresh = open_database(to)?;
    for entry in from.iter() {
        let (key, value) = entry?;
        fresh.insert(key, value)?;
    }
    fresh.flush()?;
    drop(fresh);
    sync_tree(to, &mut SyncedBlobs::default())
}

/// Puts the fresh directory in the place of the old one.
fn swap(directory: &Path, fresh: &Path) -> Result<(), StoreError> {
    let replaced = beside(directory, "replaced");
    rename(directory, &replaced)?;
    rename(fresh, directory)?;
    sync_directory(parent_of(directory))?;
    remove_directory(&replaced)
}

/// Finishes, or undoes, a swap that was interrupted. The old one is whole until the
/// new one has its name.
pub(super) fn finish_swap(directory: &Path) -> Result<(), StoreError> {
    let replaced = beside(directory, "replaced");
    if replaced.exists() && !directory.exists() {
        rename(&replaced, directory)?;
    }
    remove_directory(&replaced)?;
    remove_directory(&beside(directory, "compacting"))
}

fn remove_torn_snapshots(directory: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// Whether a swap that was interrupted left the old one under another name.
pub(super) fn is_half_swapped(directory: &Path) -> bool {
    beside(directory, "replaced").exists()
}

/// Gives what will not open another name, which is answered, so that a new one can be
/// made.
///
/// # Errors
/// When the file system refuses.
pub(super) fn set_aside(directory: &Path) -> Result<PathBuf, StoreError> {
    let mut places = (1..).map(|no: u32| beside(directory, &format!("damaged-{no}")));
    let to = places.find(|place| !place.exists()).expect("some number is free");
    rename(directory, &to)?;
    sync_directory(parent_of(directory))?;
    Ok(to)
}

pub(super) fn beside(directory: &Path, suffix: &str) -> PathBuf {
    directory.with_added_extension(suffix)
}

pub(super) fn parent_of(directory: &Path) -> &Path {
    match directory.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(at(from))
}

fn remove_directory(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
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
