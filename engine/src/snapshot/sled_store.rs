//! The store on disk: two databases, whose generations take turns.
//!
//! ```text
//!   DIR/odd-N     generations 1, 3, 5 ...: their manifests and the chunks that they wrote
//!   DIR/even-N    generations 2, 4, 6 ...
//! ```
//! A database is damaged as a whole: one bit in its log, and all that was written later
//! is gone; one in its other files, and it does not open. With the two generations that
//! are kept in a database each, what damages one leaves the other. A generation that
//! this build takes names no chunk of the other database.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::chunk::Kind;
use super::database::Library;
use super::half::Half;
use super::layout::{self, EVEN, Label, ODD};
use super::limits::GENERATIONS_KEPT;
use super::store::{ChunkKey, SnapshotStore, StoreError, are_kept_together};
use super::sync::{parent_of, sync_directory};
use crate::disk::DiskLock;

const CHUNK: u8 = b'c';
const MANIFEST: u8 = b'm';
const CHUNK_KEY_BYTES: usize = 18;

/// A store of snapshots in a directory.
pub struct SledStore {
    directory: PathBuf,
    odd: Half,
    even: Half,
    /// The generations that are kept, as the label says; none while it is damaged.
    kept: Mutex<Option<Vec<u64>>>,
    /// Keeps other processes away from the directory that the store is in.
    _lock: Option<Arc<DiskLock>>,
}

impl SledStore {
    /// Whether there is a store. Opening one makes it.
    pub fn exists(directory: &Path) -> bool {
        layout::exists(directory)
    }

    /// Opens the store, or makes it. The caller keeps other processes away:
    /// the files are mended before the databases take locks of their own.
    ///
    /// One database that is damaged or gone does not keep the store from opening, when the
    /// other one has a generation: see [`mend`](SnapshotStore::mend).
    ///
    /// # Errors
    /// When the file system refuses, or another process has the store open, or a newer
    /// build wrote it, or it is damaged: then it stays as it is.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_by(&Library::default(), directory)
    }

    /// As [`open`](Self::open), by a library that can be closed meanwhile.
    pub(crate) fn open_by(library: &Library, directory: &Path) -> Result<Self, StoreError> {
        let label = layout::prepare(directory)?;
        let was_there = !matches!(label, Label::None);
        let open = |name| Half::open(library, directory, name, MANIFEST, was_there);
        let (odd, even) = thread::scope(|scope| {
            let opening = thread::Builder::new().spawn_scoped(scope, || open(ODD));
            let opening = opening.map_err(StoreError::NoThread)?;
            let even = open(EVEN);
            let odd = opening.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok::<_, StoreError>((odd?, even?))
        })?;
        let kept = match &label {
            Label::Keeps(kept) => Some(kept.clone()),
            Label::None => Some(Vec::new()),
            Label::Damaged => None,
        };
        let directory = directory.to_owned();
        let store = Self { directory, odd, even, kept: Mutex::new(kept), _lock: None };
        match store.halves().into_iter().find_map(Half::failure) {
            None => store.move_even_generations()?,
            Some(damage) if store.generations()?.is_empty() => return Err(damage),
            Some(damage) => tracing::error!(%damage, "one of two snapshots is lost"),
        }
        if matches!(label, Label::None) {
            layout::write_label(&store.directory, &[])?;
        }
        Ok(store)
    }

    /// The store, holding a lock for as long as it is in use.
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
        layout::set_aside(directory)
    }

    /// What is wrong with the store, as far as that can be seen without reading chunks: a
    /// database that is damaged or gone, generations that were kept and are gone, and a
    /// label that does not say what was kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        // A snapshot that ends meanwhile changes which generations are kept: one is gone
        // only if it was kept both before and after this look.
        let before = self.kept().unwrap_or_default();
        let there = match self.generations() {
            // The faults of both databases say it.
            Err(error) if error.is_damage() => before.clone(),
            there => there?,
        };
        let mut faults: Vec<_> = self.halves().into_iter().filter_map(Half::fault).collect();
        let is_gone = |generation: &u64| before.contains(generation) && !there.contains(generation);
        if let Some(kept) = self.kept() {
            let gone = kept.into_iter().filter(is_gone);
            faults.extend(gone.map(|generation| format!("generation {generation} is gone")));
        } else {
            let directory = self.directory.display();
            faults.push(format!("the label of the snapshot store {directory} is damaged"));
        }
        Ok(faults)
    }

    /// The lock is held for no longer than the copy: a reader does not wait for the disk.
    fn kept(&self) -> Option<Vec<u64>> {
        self.kept.lock().clone()
    }

    fn halves(&self) -> [&Half; 2] {
        [&self.odd, &self.even]
    }

    /// Where a generation's manifest is, and the chunks that it wrote.
    fn half_of(&self, generation: u64) -> &Half {
        if are_kept_together(generation, 1) { &self.odd } else { &self.even }
    }

    /// What each half answers; one that is damaged is left out where the other one is not.
    fn of_either(
        &self,
        ask: impl Fn(&Half) -> Result<Vec<Vec<u8>>, StoreError>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let keys = match (ask(&self.odd), ask(&self.even)) {
            (Err(error), Ok(keys)) | (Ok(keys), Err(error)) if error.is_damage() => keys,
            (odd, even) => [odd?, even?].concat(),
        };
        Ok(sorted(keys))
    }

    /// Brings even generations to where they belong. An older build had one database,
    /// which is that of the odd ones now. What cannot be read stays where it is, where no
    /// read looks for it: its generation is damaged.
    fn move_even_generations(&self) -> Result<(), StoreError> {
        let (mut moved, mut damaged) = (Vec::new(), BTreeMap::new());
        for key in self.odd.keys(&[])? {
            let generation = generation_of(&key)?;
            if are_kept_together(generation, 1) {
                continue;
            }
            if self.even.get(&key)?.is_none() {
                match self.odd.get(&key) {
                    Ok(value) => value.map_or(Ok(()), |value| self.even.put(&key, &value))?,
                    Err(error) if error.is_damage() => {
                        damaged.insert(generation, error);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            moved.push(key);
        }
        for (generation, error) in damaged {
            tracing::error!(generation, %error, "a snapshot is damaged: a part of it stays behind");
        }
        if moved.is_empty() {
            return Ok(());
        }
        self.even.sync()?;
        for key in moved {
            self.odd.remove(&key)?;
        }
        self.odd.sync()
    }
}

impl SnapshotStore for SledStore {
    fn put_chunk(&self, key: ChunkKey, bytes: &[u8]) -> Result<(), StoreError> {
        self.half_of(key.generation).put(&chunk_key(key), bytes)
    }

    fn chunk(&self, key: ChunkKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.half_of(key.generation).get_anywhere(&chunk_key(key))
    }

    /// All of them: pruning chunks and numbering a generation need every key.
    fn chunk_keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        let keys = [self.odd.keys(&[CHUNK])?, self.even.keys(&[CHUNK])?].concat();
        sorted(keys).iter().map(|key| read_chunk_key(key)).collect()
    }

    fn chunk_generations(&self, kind: Kind, from: u64) -> Result<Vec<u64>, StoreError> {
        let first = chunk_key(ChunkKey { kind, from, generation: 0 });
        let prefix = &first[..CHUNK_KEY_BYTES - size_of::<u64>()];
        let keys = self.of_either(|half| half.keys_anywhere(prefix))?;
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
        let keys = self.of_either(|half| half.keys(&[MANIFEST]))?;
        keys.iter().map(|key| read_manifest_key(key)).collect()
    }

    fn remove_manifest(&self, generation: u64) -> Result<(), StoreError> {
        self.half_of(generation).remove(&manifest_key(generation))
    }

    fn mend(&self) -> Result<bool, StoreError> {
        let [odd, even] = self.halves().map(Half::mend);
        Ok(odd? | even?)
    }

    fn keeps(&self, generations: &[u64]) -> Result<(), StoreError> {
        if self.kept().as_deref() != Some(generations) {
            layout::write_label(&self.directory, generations)?;
            *self.kept.lock() = Some(generations.to_vec());
        }
        if generations.len() == GENERATIONS_KEPT {
            self.halves().into_iter().try_for_each(Half::clear)?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.halves().into_iter().try_for_each(Half::sync)?;
        sync_directory(parent_of(&self.directory))
    }

    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.halves().into_iter().map(Half::bytes_on_disk).sum()
    }

    fn compact_if_sparse(&self, held: &BTreeMap<ChunkKey, u64>) -> Result<bool, StoreError> {
        let mut any = false;
        for (half, generation) in [(&self.odd, 1), (&self.even, 2)] {
            let here = held.iter().filter(|(key, _)| are_kept_together(key.generation, generation));
            any |= half.compact_if_sparse(here.map(|(_, bytes)| bytes).sum())?;
        }
        Ok(any)
    }
}

/// Numbers are big-endian in keys.
fn sorted(mut keys: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    keys.sort_unstable();
    keys.dedup();
    keys
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
