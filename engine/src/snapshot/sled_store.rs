//! The store on disk: two databases, whose generations take turns.
//!
//! ```text
//!   DIR/odd     generations 1, 3, 5 ...: their manifests and the chunks that they wrote
//!   DIR/even    generations 2, 4, 6 ...
//! ```
//! A database is damaged as a whole: one bit in its log, and all that was written later
//! is gone; one in its other files, and it does not open. With the two generations that
//! are kept in a database each, what damages one leaves the other. A generation that
//! this build takes names no chunk of the other database.

use std::collections::BTreeMap;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

use super::chunk::Kind;
use super::database::{
    Database, beside, finish_swap, is_half_swapped, parent_of, rename, set_aside,
};
use super::store::{ChunkKey, SnapshotStore, StoreError, are_kept_together};
use super::sync::{at, sync_directory};
use crate::disk::DiskLock;

const CHUNK: u8 = b'c';
const MANIFEST: u8 = b'm';
const CHUNK_KEY_BYTES: usize = 18;

/// A store of snapshots in a directory.
pub struct SledStore {
    directory: PathBuf,
    odd: Half,
    even: Half,
    /// Keeps others away from the directory that the store is in.
    _lock: Option<Arc<DiskLock>>,
}

/// One of the two databases.
struct Half {
    directory: PathBuf,
    /// None while its files are damaged: nothing is read from it.
    database: OnceLock<Database>,
}

impl SledStore {
    /// Whether there is a store. Opening one makes it.
    pub fn exists(directory: &Path) -> bool {
        [directory, &moving(directory)].into_iter().any(Path::exists) || is_half_swapped(directory)
    }

    /// Opens the store, or makes it. The caller keeps other processes away:
    /// the files are mended before the databases take locks of their own.
    ///
    /// One database that is damaged does not keep the store from opening, when the other
    /// one has a generation: see [`mend`](Self::mend).
    ///
    /// # Errors
    /// When the file system refuses, or another process has the store open, or
    /// it is damaged: then it stays as it is.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        move_older_layout(directory)?;
        fs::create_dir_all(directory).map_err(at(directory))?;
        let [odd, even] = ["odd", "even"].map(|name| directory.join(name));
        let (opened_odd, opened_even) = thread::scope(|scope| {
            let opening = scope.spawn(|| open_whole(&odd));
            let even = open_whole(&even);
            (opening.join().unwrap_or_else(|panic| resume_unwind(panic)), even)
        });
        let mut damage = None;
        let mut half = |directory, opened| match opened {
            Ok(database) => Ok(Half { directory, database: OnceLock::from(database) }),
            Err(error @ StoreError::Corrupt { .. }) => {
                damage.get_or_insert(error);
                Ok(Half { directory, database: OnceLock::new() })
            }
            Err(error) => Err(error),
        };
        let (odd, even) = (half(odd, opened_odd)?, half(even, opened_even)?);
        let store = Self { directory: directory.to_owned(), odd, even, _lock: None };
        match damage {
            None => store.move_even_generations()?,
            Some(damage) if store.generations()?.is_empty() => return Err(damage),
            Some(damage) => tracing::error!(%damage, "one of two snapshots is lost"),
        }
        Ok(store)
    }

    /// The store, holding a lock for as long as anybody uses it.
    #[must_use]
    pub fn holding(self, lock: Arc<DiskLock>) -> Self {
        Self { _lock: Some(lock), ..self }
    }

    /// Gives a store that will not open another name, which is answered, so that
    /// a new one can be made.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn set_aside(directory: &Path) -> Result<PathBuf, StoreError> {
        set_aside(directory)
    }

    /// Gives a database that did not open another name, and makes a new one: whoever
    /// recovered the state without it calls this, before generations are taken again.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn mend(&self) -> Result<(), StoreError> {
        for half in [&self.odd, &self.even].into_iter().filter(|half| half.is_damaged()) {
            let to = set_aside(&half.directory)?;
            tracing::error!(to = %to.display(), "a damaged snapshot database is set aside");
            let fresh = Database::open(&half.directory)?;
            half.database.get_or_init(|| fresh);
        }
        Ok(())
    }

    /// Where a generation's manifest is, and the chunks that it wrote.
    fn half_of(&self, generation: u64) -> &Half {
        if are_kept_together(generation, 1) { &self.odd } else { &self.even }
    }

    fn opened(&self) -> impl Iterator<Item = &Database> {
        [&self.odd, &self.even].into_iter().filter_map(|half| half.database.get())
    }

    fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        for database in self.opened() {
            keys.extend(database.keys(prefix)?);
        }
        // Numbers are big-endian in them.
        keys.sort_unstable();
        Ok(keys)
    }

    /// Brings even generations to where they belong. An older build had one database,
    /// which is that of the odd ones now.
    fn move_even_generations(&self) -> Result<(), StoreError> {
        let (Some(odd), Some(even)) = (self.odd.database.get(), self.even.database.get()) else {
            return Ok(());
        };
        let mut moved = Vec::new();
        for key in odd.keys(&[])? {
            if !are_kept_together(generation_of(&key)?, 1) {
                if even.get(&key)?.is_none()
                    && let Some(value) = odd.get(&key)?
                {
                    even.put(&key, &value)?;
                }
                moved.push(key);
            }
        }
        if moved.is_empty() {
            return Ok(());
        }
        even.sync()?;
        for key in moved {
            odd.remove(&key)?;
        }
        odd.sync()
    }
}

impl Half {
    fn is_damaged(&self) -> bool {
        self.database.get().is_none()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.database.get().map_or(Ok(None), |database| database.get(key))
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match self.database.get() {
            Some(database) => database.put(key, value),
            None => Err(StoreError::Corrupt {
                directory: self.directory.clone(),
                cause: "it is to be mended first".to_owned(),
            }),
        }
    }

    fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        self.database.get().map_or(Ok(()), |database| database.remove(key))
    }
}

impl SnapshotStore for SledStore {
    fn put_chunk(&self, key: ChunkKey, bytes: &[u8]) -> Result<(), StoreError> {
        self.half_of(key.generation).put(&chunk_key(key), bytes)
    }

    fn chunk(&self, key: ChunkKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.half_of(key.generation).get(&chunk_key(key))
    }

    fn chunk_keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        self.keys(&[CHUNK])?.iter().map(|key| read_chunk_key(key)).collect()
    }

    fn chunk_generations(&self, kind: Kind, from: u64) -> Result<Vec<u64>, StoreError> {
        let first = chunk_key(ChunkKey { kind, from, generation: 0 });
        let keys = self.keys(&first[..CHUNK_KEY_BYTES - size_of::<u64>()])?;
        keys.iter().map(|key| Ok(read_chunk_key(key)?.generation)).collect()
    }

    fn remove_chunk(&self, key: ChunkKey) -> Result<(), StoreError> {
        self.half_of(key.generation).remove(&chunk_key(key))
    }

    fn put_manifest(&self, generation: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.half_of(generation).put(&manifest_key(generation), bytes)
    }

    fn manifest(&self, generation: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.half_of(generation).get(&manifest_key(generation))
    }

    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        self.keys(&[MANIFEST])?.iter().map(|key| read_manifest_key(key)).collect()
    }

    fn remove_manifest(&self, generation: u64) -> Result<(), StoreError> {
        self.half_of(generation).remove(&manifest_key(generation))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.opened().try_for_each(Database::sync)?;
        sync_directory(parent_of(&self.directory))
    }

    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.opened().map(Database::bytes_on_disk).sum()
    }

    fn compact_if_sparse(&self, held: &BTreeMap<ChunkKey, u64>) -> Result<bool, StoreError> {
        let mut any = false;
        for (half, generation) in [(&self.odd, 1), (&self.even, 2)] {
            let Some(database) = half.database.get() else { continue };
            let here = held.iter().filter(|(key, _)| are_kept_together(key.generation, generation));
            any |= database.compact_if_sparse(here.map(|(_, bytes)| bytes).sum())?;
        }
        Ok(any)
    }
}

/// Opens a database, and reads all that is in it: what is damaged is found now, while
/// the other one does in its place, and not by whoever asks for it next.
fn open_whole(directory: &Path) -> Result<Database, StoreError> {
    let database = Database::open(directory)?;
    match database.keys(&[]) {
        Err(error) if error.is_damage() => {
            Err(StoreError::Corrupt { directory: directory.to_owned(), cause: error.to_string() })
        }
        read => read.map(|_| database),
    }
}

/// An older build had its one database where the two are now.
fn move_older_layout(directory: &Path) -> Result<(), StoreError> {
    finish_swap(directory)?;
    let moving = moving(directory);
    let is_older = ["conf", "db"].iter().any(|name| directory.join(name).exists());
    // Where both are, an older build was tried on a newer store; what it made is not used.
    if is_older && !directory.join("odd").exists() {
        rename(directory, &moving)?;
    }
    if moving.exists() {
        fs::create_dir_all(directory).map_err(at(directory))?;
        rename(&moving, &directory.join("odd"))?;
        sync_directory(directory)?;
        sync_directory(parent_of(directory))?;
    }
    Ok(())
}

fn moving(directory: &Path) -> PathBuf {
    beside(directory, "moving")
}

pub(super) fn chunk_key(key: ChunkKey) -> [u8; CHUNK_KEY_BYTES] {
    let mut bytes = [0; CHUNK_KEY_BYTES];
    bytes[0] = CHUNK;
    bytes[1] = key.kind as u8;
    bytes[2..10].copy_from_slice(&key.from.to_be_bytes());
    bytes[10..].copy_from_slice(&key.generation.to_be_bytes());
    bytes
}

fn read_chunk_key(bytes: &[u8]) -> Result<ChunkKey, StoreError> {
    let foreign = || StoreError::ForeignKey(bytes.len());
    let key: &[u8; CHUNK_KEY_BYTES] = bytes.try_into().map_err(|_| foreign())?;
    let kind = Kind::from_code(key[1]).ok_or_else(foreign)?;
    let word =
        |at: usize| key[at..at + 8].iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    Ok(ChunkKey { kind, from: word(2), generation: word(10) })
}

pub(super) fn manifest_key(generation: u64) -> [u8; 9] {
    let mut bytes = [MANIFEST; 9];
    bytes[1..].copy_from_slice(&generation.to_be_bytes());
    bytes
}

fn read_manifest_key(bytes: &[u8]) -> Result<u64, StoreError> {
    let key: &[u8; 9] = bytes.try_into().map_err(|_| StoreError::ForeignKey(bytes.len()))?;
    Ok(key[1..].iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)))
}

fn generation_of(key: &[u8]) -> Result<u64, StoreError> {
    match key.first() {
        Some(&MANIFEST) => read_manifest_key(key),
        _ => Ok(read_chunk_key(key)?.generation),
    }
}
