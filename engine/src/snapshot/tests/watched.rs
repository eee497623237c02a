//! A store during whose use something happens: what goes on beside a snapshot.

use std::collections::BTreeMap;

use crate::snapshot::{ChunkKey, Kind, MemoryStore, SnapshotStore, StoreError};

/// A store in memory that calls back.
pub(super) struct Watched<'a> {
    pub store: &'a MemoryStore,
    /// Before a chunk or a manifest is written.
    pub on_write: &'a (dyn Fn() + Sync),
    /// Before a chunk is read, which may fail.
    pub on_read: &'a (dyn Fn(ChunkKey) -> Result<(), StoreError> + Sync),
}

impl SnapshotStore for Watched<'_> {
    fn put_chunk(&self, key: ChunkKey, bytes: &[u8]) -> Result<(), StoreError> {
        (self.on_write)();
        self.store.put_chunk(key, bytes)
    }
    fn chunk(&self, key: ChunkKey) -> Result<Option<Vec<u8>>, StoreError> {
        (self.on_read)(key)?;
        self.store.chunk(key)
    }
    fn chunk_keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        self.store.chunk_keys()
    }
    fn chunk_generations(&self, kind: Kind, from: u64) -> Result<Vec<u64>, StoreError> {
        self.store.chunk_generations(kind, from)
    }
    fn remove_chunk(&self, key: ChunkKey) -> Result<(), StoreError> {
        self.store.remove_chunk(key)
    }
    fn put_manifest(&self, generation: u64, bytes: &[u8]) -> Result<(), StoreError> {
        (self.on_write)();
        self.store.put_manifest(generation, bytes)
    }
    fn manifest(&self, generation: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.manifest(generation)
    }
    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        self.store.generations()
    }
    fn remove_manifest(&self, generation: u64) -> Result<(), StoreError> {
        self.store.remove_manifest(generation)
    }
    fn mend(&self) -> Result<bool, StoreError> {
        self.store.mend()
    }
    fn keeps(&self, generations: &[u64]) -> Result<(), StoreError> {
        self.store.keeps(generations)
    }
    fn sync(&self) -> Result<(), StoreError> {
        self.store.sync()
    }
    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        self.store.bytes_on_disk()
    }
    fn compact_if_sparse(&self, held: &BTreeMap<ChunkKey, u64>) -> Result<bool, StoreError> {
        self.store.compact_if_sparse(held)
    }
}
