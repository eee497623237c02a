//! One of a store's two databases, and those that took its place.
//!
//! ```text
//!   odd-1   given up while it was open: read as far as it can be, and gone when two
//!           generations are whole again
//!   odd-2   the one that is written
//! ```
//! A call that never returned may go on some day, and would write under the names that it
//! knows: the directory of a database that was given up is never used again.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Held by who changes something: nothing is written beside a compaction, which copies
    /// what is there when it begins.
    writing: Mutex<()>,
}

struct Held {
    /// Why not, while nobody said that nothing is missed.
    current: Result<Arc<Database>, Failed>,
    /// Given up while it was open, and not lost.
    readable: Option<Arc<Database>>,
    /// Whether the current one has, or had, a generation.
    has_generation: AtomicBool,
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
        let current = newest(library, directory, name, manifest, was_there)?;
        let has_generation = match &current {
            Ok(database) => !database.keys(&[manifest])?.is_empty(),
            Err(_) => false,
        };
        let has_generation = AtomicBool::new(has_generation);
        Ok(Self {
            library: library.clone(),
            directory: directory.to_owned(),
            name,
            manifest,
            held: RwLock::new(Held { current, readable: None, has_generation }),
            writing: Mutex::new(()),
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
        let _writing = self.writing.lock();
        if key.first() == Some(&self.manifest) {
            self.held.read().has_generation.store(true, Ordering::Relaxed);
        }
        self.current()?.put(key, value)
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

    /// Puts a new database in the place of one that is damaged, gone or given up: whoever
    /// calls this has the state without it. True when it did.
    pub(super) fn mend(&self) -> Result<bool, StoreError> {
        let _writing = self.writing.lock();
        match self.current() {
            Ok(database) if database.is_sound() => return Ok(false),
            // With room again, it goes on where it was.
            Ok(database) if database.is_lost_for_room() && database.close() => {
                match Database::open(&self.library, database.directory()) {
                    Err(error) if error.is_damage() => self.give_up(&database)?,
                    opened => self.replace(opened?, None, self.has_generation()),
                }
            }
            Ok(database) => self.give_up(&database)?,
            Err(_) => self.set_aside()?,
        }
        Ok(true)
    }

    /// Lets go of what was given up: there are two whole generations without it.
    pub(super) fn clear(&self) -> Result<(), StoreError> {
        let Ok(current) = self.current() else { return Ok(()) };
        let readable = self.held.write().readable.take();
        // Closing it may take a while: nobody waits for that.
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
        let _writing = self.writing.lock();
        let old = self.current()?;
        // Reads go on meanwhile.
        let fresh = self.fresh()?;
        if let Err(error) = self.copy(&old, &fresh) {
            // What of it is there keeps the room that the next snapshot needs.
            let directory = fresh.directory().to_owned();
            drop(fresh);
            remove_directory(&directory)?;
            return Err(error);
        }
        self.replace(fresh, None, self.has_generation());
        old.close();
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
                answer => return answer.map(Some),
            }
        }
    }

    fn give_up(&self, database: &Arc<Database>) -> Result<(), StoreError> {
        let fresh = self.fresh()?;
        let to = fresh.directory().display();
        tracing::error!(from = %database.directory().display(), %to, "a database is replaced");
        let readable = (!database.is_lost()).then(|| Arc::clone(database));
        if database.is_lost() && !self.has_generation() {
            // Nobody needs it, and tries that fail one after the other would fill the disk.
            remove_directory(database.directory())?;
        }
        self.replace(fresh, readable, false);
        Ok(())
    }

    fn set_aside(&self) -> Result<(), StoreError> {
        let there = numbers(&self.directory, self.name)?;
        let fresh = self.fresh()?;
        for no in there {
            let to = set_aside(&self.numbered(no))?;
            tracing::error!(to = %to.display(), "a damaged snapshot database is set aside");
        }
        self.replace(fresh, None, false);
        Ok(())
    }

    fn replace(&self, current: Database, readable: Option<Arc<Database>>, has_generation: bool) {
        let has_generation = AtomicBool::new(has_generation);
        let held = Held { current: Ok(Arc::new(current)), readable, has_generation };
        let before = mem::replace(&mut *self.held.write(), held);
        // Closing what it held may take a while: nobody waits for that.
        drop(before);
    }

    fn has_generation(&self) -> bool {
        self.held.read().has_generation.load(Ordering::Relaxed)
    }

    /// A new database, in a directory that none had.
    fn fresh(&self) -> Result<Database, StoreError> {
        let last = numbers(&self.directory, self.name)?.pop().unwrap_or(0);
        let directory = self.numbered(last + 1);
        let fresh = Database::open(&self.library, &directory).inspect_err(|_| {
            // Tries that fail would fill the directory.
            let _ = remove_directory(&directory);
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

impl Failed {
    fn error(&self) -> StoreError {
        StoreError::Corrupt { directory: self.directory.clone(), cause: self.cause.clone() }
    }
}

fn newest(
    library: &Library,
    directory: &Path,
    name: &str,
    manifest: u8,
    was_there: bool,
) -> Result<Result<Arc<Database>, Failed>, StoreError> {
    let there = numbers(directory, name)?;
    let first = numbered(directory, name, 1);
    if there.is_empty() && was_there {
        return Ok(Err(Failed { directory: first, cause: "it is gone".to_owned() }));
    }
    if there.is_empty() {
        return Ok(Ok(Arc::new(Database::open(library, &first)?)));
    }
    let (mut without, mut failed) = (None, None);
    for no in there.into_iter().rev() {
        let path = numbered(directory, name, no);
        match Database::open(library, &path) {
            Ok(database) if database.keys(&[manifest])?.is_empty() => {
                without.get_or_insert(database);
            }
            Ok(database) => return Ok(Ok(Arc::new(database))),
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
        (None, Some(database)) => Ok(Ok(Arc::new(database))),
        (failed, _) => Ok(Err(failed.expect("one of the two is there"))),
    }
}
