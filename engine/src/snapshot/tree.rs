//! The database library: `sled` 0.34.7, with what it needs around it.
//!
//! - A torn `snap.*.generating` file keeps it from opening: these are removed first. They
//!   are copies in the making of what its log has.
//! - Long values lie in files of their own, `blobs/N`, named by their place in the log.
//!   One that was written before anything of the log was is never removed, and the next
//!   value that gets its name waits for ever: where nothing is in the log, they go.
//! - Opening damaged files panics at times, and a call after a failed one may never
//!   return. `Workers` catches the panic and bounds the wait.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::limits::SLED_CACHE_BYTES;
use super::store::StoreError;
use super::sync::{BLOBS, at, paths_in};

/// How often, and after how long, opening is tried again while the database is in use: a
/// database that was dropped lets go of its lock a little later.
const LOCK_TRIES_MAX: u32 = 100;
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// Values under keys. Each call may fail, panic, or never return.
pub(crate) trait Tree: Send + Sync {
    fn get(&self, key: &[u8]) -> sled::Result<Option<Vec<u8>>>;
    fn insert(&self, key: &[u8], value: &[u8]) -> sled::Result<()>;
    fn remove(&self, key: &[u8]) -> sled::Result<()>;
    /// The keys that begin with `prefix`, ascending.
    fn keys(&self, prefix: &[u8]) -> sled::Result<Vec<Vec<u8>>>;
    /// Hands everything to the operating system. It is not on stable storage then.
    fn flush(&self) -> sled::Result<()>;
}

impl Tree for sled::Db {
    fn get(&self, key: &[u8]) -> sled::Result<Option<Vec<u8>>> {
        Ok(sled::Tree::get(self, key)?.map(|bytes| bytes.to_vec()))
    }

    fn insert(&self, key: &[u8], value: &[u8]) -> sled::Result<()> {
        sled::Tree::insert(self, key, value).map(drop)
    }

    fn remove(&self, key: &[u8]) -> sled::Result<()> {
        sled::Tree::remove(self, key).map(drop)
    }

    fn keys(&self, prefix: &[u8]) -> sled::Result<Vec<Vec<u8>>> {
        self.scan_prefix(prefix).keys().map(|key| Ok(key?.to_vec())).collect()
    }

    fn flush(&self) -> sled::Result<()> {
        sled::Tree::flush(self).map(drop)
    }
}

/// Opens a database, or makes it. The caller keeps other processes away: the files are
/// mended before the database takes a lock of its own.
///
/// # Errors
/// When the file system refuses, or another process has it open, or it is damaged: then it
/// stays as it is.
pub(super) fn open_tree(directory: &Path) -> Result<Arc<dyn Tree>, StoreError> {
    if directory.exists() {
        remove_torn_snapshots(directory)?;
    }
    let database = open_sled(directory)?;
    if database.is_empty() {
        remove_blobs(directory)?;
    }
    Ok(Arc::new(database))
}

fn open_sled(directory: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(SLED_CACHE_BYTES)
        .mode(sled::Mode::HighThroughput)
        .flush_every_ms(None);
    for _ in 0..LOCK_TRIES_MAX {
        match config.open() {
            Err(sled::Error::Io(error)) if is_locked(&error) => sleep(LOCK_RETRY),
            Err(error) if is_of_the_world(&error) => return Err(error.into()),
            Err(error) => {
                let cause = error.to_string();
                return Err(StoreError::Corrupt { directory: directory.to_owned(), cause });
            }
            Ok(database) => return Ok(database),
        }
    }
    Err(StoreError::InUse { directory: directory.to_owned() })
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

fn remove_torn_snapshots(directory: &Path) -> Result<(), StoreError> {
    for path in paths_in(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// Removes the files of long values of a database that holds none.
fn remove_blobs(directory: &Path) -> Result<(), StoreError> {
    for path in paths_in(&directory.join(BLOBS))? {
        match fs::remove_file(&path) {
            // The database removes files on threads of its own.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
            _ => {}
        }
    }
    Ok(())
}
