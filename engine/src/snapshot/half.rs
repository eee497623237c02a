//! One of a store's two databases, and those that took its place.
//!
//! ```text
//!   odd-1   given up while it was open: read as far as it can be, and gone when two
//!           generations are whole again
//!   odd-2   the one that is written
//! ```
//! A database is lost when a call into it was late or failed. It is opened again where it
//! is, because the fault may have been of the moment. It is given up when a change of it
//! failed, when it is lost once more before it has a new generation, or when a call that
//! hangs still has it, and with it the lock of its files.
//!
//! Such a call may go on some day, and would write under the names that it knows. So
//! no directory is made a second time, not even where the first one was never used.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::database::{Database, Library};
use super::layout::{numbered, numbers, remove_directory, set_aside};
use super::limits::{SLED_AMPLIFICATION_MAX, SLED_COMPACT_BYTES_MIN};
use super::store::StoreError;
use super::sync::sync_directory;

/// A database of a store, whatever becomes of the one that is open.
pub(super) struct Half {
    library: Library,
    directory: PathBuf,
    name: &'static str,
    /// How the keys of manifests begin.
    manifest: u8,
    held: RwLock<Held>,
    /// Held by every change: nothing is written beside a compaction, which copies what is
    /// there when it begins.
    writing: Mutex<Writing>,
}

struct Held {
    /// The database in use. An error while there is none: [`Half::mend`] has not yet said
    /// that nothing is missed.
    current: Result<Arc<Database>, Failed>,
    /// Given up while it was open; lost, as long as it cannot be opened again.
    readable: Option<Arc<Database>>,
}

/// What a change needs to know.
struct Writing {
    /// The highest number that a directory ever had.
    last: u32,
    /// Whether the current database has, or had, a generation.
    has_generation: bool,
    /// Whether that was opened again, or tried to be, since it had a new generation.
    was_opened_again: bool,
}

/// Why no database is open.
#[derive(Clone)]
struct Failed {
    directory: PathBuf,
    cause: String,
}

impl Half {
    /// Opens the newest database of that name that has a generation, or else the newest,
    /// or makes one, unless one was there.
    ///
    /// # Errors
    /// When the file system refuses, or another process has it open. One that is damaged,
    /// or gone, is not an error: see [`failure`](Self::failure).
    pub(super) fn open(
        library: &Library,
        directory: &Path,
        name: &'static str,
        manifest: u8,
        was_there: bool,
    ) -> Result<Self, StoreError> {
        let newest = newest(library, directory, name, manifest, was_there)?;
        let has_generation = matches!(newest, Ok((_, true)));
        let current = newest.map(|(database, _)| Arc::new(database));
        let last = numbers(directory, name)?.pop().unwrap_or(0);
        let writing = Writing { last, has_generation, was_opened_again: false };
        Ok(Self {
            library: library.clone(),
            directory: directory.to_owned(),
            name,
            manifest,
            held: RwLock::new(Held { current, readable: None }),
            writing: Mutex::new(writing),
        })
    }

    /// Why no database of this name is open.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.held.read().current.as_ref().err().map(Failed::error)
    }

    /// Whether something was lost while it was open, and nothing took its place yet.
    pub(super) fn fault(&self) -> Option<String> {
        let held = self.held.read();
        match &held.current {
            Ok(database) => database.fault(),
            Err(failed) => Some(failed.error().to_string()),
        }
    }

    /// None while no database is open.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|database| database.get(key)).map(Option::flatten)
    }

    /// As [`get`](Self::get), and from one that was given up as well.
    pub(super) fn get_anywhere(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let got = self.get(key);
        match (&got, self.readable()) {
            (Ok(None) | Err(_), Some(readable)) => match readable.get(key) {
                Ok(Some(found)) => Ok(Some(found)),
                _ => got,
            },
            _ => got,
        }
    }

    /// The keys that begin with `prefix`; none while none is open.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|database| database.keys(prefix)).map(Option::unwrap_or_default)
    }

    /// As [`keys`](Self::keys), of one that was given up as well.
    pub(super) fn keys_anywhere(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let keys = self.keys(prefix);
        match self.readable().map(|readable| readable.keys(prefix)) {
            Some(Ok(more)) => Ok(keys.into_iter().flatten().chain(more).collect()),
            _ => keys,
        }
    }

    pub(super) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        let is_manifest = key.first() == Some(&self.manifest);
        writing.has_generation |= is_manifest;
        self.current()?.put(key, value)?;
        writing.was_opened_again &= !is_manifest;
        Ok(())
    }

    pub(super) fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        let _writing = self.writing.lock();
        self.current().map_or(Ok(()), |database| database.remove(key))
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.current().map_or(Ok(()), |database| database.sync())
    }

    pub(super) fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.current().map_or(Ok(0), |database| database.bytes_on_disk())
    }

    /// Opens a lost database again, or puts a new one in the place of a database that
    /// is damaged or gone. The caller has the state in memory and does not need the old
    /// one. True when it did either.
    pub(super) fn mend(&self) -> Result<bool, StoreError> {
        let mut writing = self.writing.lock();
        let is_mended = match self.current() {
            Ok(database) if database.is_sound() => false,
            Ok(database) => {
                if !self.go_on(&database, &mut writing)? {
                    self.give_up(&database, &mut writing)?;
                }
                true
            }
            Err(_) => {
                self.set_aside(&mut writing)?;
                true
            }
        };
        self.read_again()?;
        Ok(is_mended)
    }

    /// Lets go of a database that was given up: there are two whole generations without it.
    pub(super) fn clear(&self) -> Result<(), StoreError> {
        let Ok(current) = self.current() else { return Ok(()) };
        let readable = self.held.write().readable.take();
        // Closing it may take a while: no lock is held meanwhile.
        drop(readable);
        for no in numbers(&self.directory, self.name)? {
            let directory = self.numbered(no);
            if directory != current.directory() {
                tracing::info!(directory = %directory.display(), "a database is removed");
                remove_directory(&directory)?;
            }
        }
        Ok(())
    }

    /// Writes what it holds to a new database, which takes its place, when little of it is
    /// used, `held` being the bytes of all values; true when it did.
    ///
    /// # Errors
    /// When the file system or the library refuses. What was in it is still there.
    pub(super) fn compact_if_sparse(&self, held: u64) -> Result<bool, StoreError> {
        let on_disk = self.bytes_on_disk()?;
        if on_disk < SLED_COMPACT_BYTES_MIN || on_disk / SLED_AMPLIFICATION_MAX < held {
            return Ok(false);
        }
        self.compact().map(|()| true)
    }

    pub(super) fn compact(&self) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        let old = self.current()?;
        // Reads go on meanwhile.
        let fresh = self.fresh(&mut writing)?;
        if let Err(error) = self.copy(&old, &fresh) {
            // What of it is there keeps the room that the next snapshot needs.
            let directory = fresh.directory().to_owned();
            drop(fresh);
            try_to_remove(&directory);
            return Err(error);
        }
        self.replace(fresh, self.readable());
        old.close()?;
        remove_directory(old.directory())
    }

    /// Manifests come last, as ever: of two, the one that has some is whole.
    fn copy(&self, from: &Database, to: &Database) -> Result<(), StoreError> {
        let (manifests, others): (Vec<_>, Vec<_>) =
            from.keys(&[])?.into_iter().partition(|key| key.first() == Some(&self.manifest));
        for keys in [others, manifests] {
            for key in keys {
                if let Some(value) = from.get(&key)? {
                    to.put(&key, &value)?;
                }
            }
            to.sync()?;
        }
        Ok(())
    }

    /// Asks the current database, if there is one.
    fn read<T>(
        &self,
        ask: impl Fn(&Database) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        loop {
            let Ok(database) = self.current() else { return Ok(None) };
            match ask(&database) {
                // It was compacted meanwhile, and removed.
                Err(_) if !self.is_current(&database) => {}
                Err(_) if self.goes_on(&database) => {}
                answer => return answer.map(Some),
            }
        }
    }

    /// Whether a read that met a failure may ask again. It waits for no call that hangs,
    /// and for no writer: the writer mends the database itself.
    fn goes_on(&self, database: &Arc<Database>) -> bool {
        let writing = self.writing.try_lock().filter(|_| database.is_idle());
        writing.is_some_and(|mut writing| self.go_on(database, &mut writing).unwrap_or(false))
    }

    /// Opens the current database again where it is; true when it did.
    fn go_on(&self, database: &Arc<Database>, writing: &mut Writing) -> Result<bool, StoreError> {
        if !database.is_lost() || !self.is_current(database) || writing.was_opened_again {
            return Ok(false);
        }
        if !database.close()? || database.has_failed() {
            return Ok(false);
        }
        writing.was_opened_again = true;
        let Some(again) = self.open_again(database)? else { return Ok(false) };
        self.replace(again, self.readable());
        Ok(true)
    }

    /// Opens what was given up again, if it is lost: a call that hung may have ended.
    fn read_again(&self) -> Result<(), StoreError> {
        let Some(lost) = self.readable().filter(|readable| readable.is_lost()) else {
            return Ok(());
        };
        if let Some(again) = self.open_again(&lost)? {
            self.held.write().readable = Some(Arc::new(again));
        }
        Ok(())
    }

    /// None when it does not open, or a call that hangs has it.
    fn open_again(&self, lost: &Database) -> Result<Option<Database>, StoreError> {
        if !lost.close()? {
            return Ok(None);
        }
        let directory = lost.directory();
        match Database::open(&self.library, directory) {
            Err(error) if error.is_damage() || matches!(error, StoreError::InUse { .. }) => {
                tracing::warn!(%error, "a snapshot database cannot be opened again");
                Ok(None)
            }
            opened => {
                let opened = opened?;
                tracing::warn!(directory = %directory.display(), "a database is opened again");
                Ok(Some(opened))
            }
        }
    }

    fn give_up(&self, database: &Arc<Database>, writing: &mut Writing) -> Result<(), StoreError> {
        let fresh = self.fresh(writing)?;
        let to = fresh.directory().display();
        tracing::error!(from = %database.directory().display(), %to, "a database is replaced");
        let mut readable = Some(Arc::clone(database));
        if database.is_lost() && !writing.has_generation {
            // It has no generation and is not needed; tries that fail one after the other
            // would fill the disk.
            try_to_remove(database.directory());
            readable = self.readable();
        }
        self.replace(fresh, readable);
        writing.begin_anew();
        Ok(())
    }

    fn set_aside(&self, writing: &mut Writing) -> Result<(), StoreError> {
        let there = numbers(&self.directory, self.name)?;
        let fresh = self.fresh(writing)?;
        for no in there {
            let to = set_aside(&self.numbered(no))?;
            tracing::error!(to = %to.display(), "a damaged snapshot database is set aside");
        }
        self.replace(fresh, None);
        writing.begin_anew();
        Ok(())
    }

    fn replace(&self, current: Database, readable: Option<Arc<Database>>) {
        let held = Held { current: Ok(Arc::new(current)), readable };
        let before = mem::replace(&mut *self.held.write(), held);
        // Closing the old database may take a while: no lock on it is held meanwhile.
        drop(before);
    }

    /// A new database, in a directory that none had.
    fn fresh(&self, writing: &mut Writing) -> Result<Database, StoreError> {
        writing.last += 1;
        let directory = self.numbered(writing.last);
        let fresh = Database::open(&self.library, &directory).inspect_err(|_| {
            // Tries that fail would fill the directory.
            try_to_remove(&directory);
        })?;
        sync_directory(&self.directory)?;
        Ok(fresh)
    }

    fn current(&self) -> Result<Arc<Database>, StoreError> {
        self.held.read().current.clone().map_err(|failed| failed.error())
    }

    fn is_current(&self, database: &Arc<Database>) -> bool {
        self.current().is_ok_and(|current| Arc::ptr_eq(&current, database))
    }

    fn readable(&self) -> Option<Arc<Database>> {
        self.held.read().readable.clone()
    }

    fn numbered(&self, no: u32) -> PathBuf {
        numbered(&self.directory, self.name, no)
    }
}

/// Removes a directory that is not needed. What cannot be removed now, because a call that
/// hangs may use it, is removed at the latest with a later one.
fn try_to_remove(directory: &Path) {
    if let Err(error) = remove_directory(directory) {
        tracing::warn!(%error, "what nobody needs of a snapshot database stays for now");
    }
}

impl Writing {
    /// The current database is a new one.
    fn begin_anew(&mut self) {
        (self.has_generation, self.was_opened_again) = (false, false);
    }
}

impl Failed {
    fn error(&self) -> StoreError {
        StoreError::Corrupt { directory: self.directory.clone(), cause: self.cause.clone() }
    }
}

/// The database that [`Half::open`] opens, and whether it has a generation.
fn newest(
    library: &Library,
    directory: &Path,
    name: &str,
    manifest: u8,
    was_there: bool,
) -> Result<Result<(Database, bool), Failed>, StoreError> {
    let there = numbers(directory, name)?;
    let first = numbered(directory, name, 1);
    if there.is_empty() && was_there {
        return Ok(Err(Failed { directory: first, cause: "it is gone".to_owned() }));
    }
    if there.is_empty() {
        return Ok(Ok((Database::open(library, &first)?, false)));
    }
    let (mut without, mut failed) = (None, None);
    for no in there.into_iter().rev() {
        let path = numbered(directory, name, no);
        match Database::open(library, &path) {
            Ok(database) if database.keys(&[manifest])?.is_empty() => {
                without.get_or_insert(database);
            }
            Ok(database) => return Ok(Ok((database, true))),
            Err(error) if error.is_damage() => {
                let cause = match error {
                    StoreError::Corrupt { cause, .. } => cause,
                    error => error.to_string(),
                };
                failed.get_or_insert(Failed { directory: path, cause });
            }
            Err(error) => return Err(error),
        }
    }
    // One that is damaged may be the one with the generations.
    match (failed, without) {
        (None, Some(database)) => Ok(Ok((database, false))),
        (failed, _) => Ok(Err(failed.expect("one of the two is there"))),
    }
}
