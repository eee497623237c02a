//! Where generations are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use parking_lot::Mutex;

use super::chunk::Kind;
use crate::disk::{is_full, is_unreadable};

/// The address of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkKey {
    /// What it holds.
    pub kind: Kind,
    /// The number of the first part that may be in it.
    pub from: u64,
    /// The generation that wrote it.
    pub generation: u64,
}

impl fmt::Display for ChunkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} from {} of generation {}", self.kind, self.from, self.generation)
    }
}

/// A fault of a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the snapshot store failed: {0}")]
    Database(#[from] sled::Error),
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error("{} is in use by another process", .directory.display())]
    InUse {
        /// The store's directory.
        directory: PathBuf,
    },
    /// The engine that the store belongs to was shut down.
    #[error("the snapshot store {} is closed", .directory.display())]
    Closed {
        /// The store's directory.
        directory: PathBuf,
    },
    /// The store's files are damaged. Nothing was done to them.
    #[error("the snapshot store {} cannot be opened: {cause}", .directory.display())]
    Corrupt {
        /// The store's directory.
        directory: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The database failed, or did not answer, and nothing is asked of it any more.
    #[error("the snapshot database {} is given up: {cause}", .directory.display())]
    Lost {
        /// The database's directory.
        directory: PathBuf,
        /// What it was given up for.
        cause: String,
    },
    /// Nothing was asked of the database: the system has no thread for it now.
    #[error("there is no thread for the snapshot store: {0}")]
    NoThread(#[source] std::io::Error),
    /// A newer build wrote the store.
    #[error(
        "the layout {found} of the snapshot store {} is newer than {known}", .directory.display()
    )]
    NewerLayout {
        /// The store's directory.
        directory: PathBuf,
        /// The number of its layout.
        found: u32,
        /// The newest one that this build knows.
        known: u32,
    },
    /// A key of the database is none that this store writes.
    #[error("a key of {0} bytes is not one of a snapshot store")]
    ForeignKey(usize),
}

impl StoreError {
    /// Whether this database cannot give what was asked of it, while another one may: what
    /// it keeps is damaged, or a part of it gone (its own checksums come before those of
    /// the chunks), its place on the disk cannot be read, or it was given up.
    pub fn is_damage(&self) -> bool {
        use std::io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
        match self {
            Self::Database(sled::Error::Corruption { .. })
            | Self::Corrupt { .. }
            | Self::Lost { .. } => true,
            Self::Database(sled::Error::Io(source)) => {
                matches!(source.kind(), InvalidData | NotFound | UnexpectedEof)
                    || is_unreadable(source)
            }
            Self::File { source, .. } => is_unreadable(source),
            _ => false,
        }
    }

    /// Whether the disk has no room.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Database(sled::Error::Io(source)) | Self::File { source, .. } => is_full(source),
            _ => false,
        }
    }

    /// What the operating system says, where it is what refused.
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Database(sled::Error::Io(source)) | Self::File { source, .. } => {
                Some(source.kind())
            }
            _ => None,
        }
    }
}

/// Keeps chunks and manifests. Knows nothing of what is in them.
///
/// What was put or removed is on stable storage after the next [`sync`], and
/// may or may not be before it.
///
/// [`sync`]: Self::sync
pub trait SnapshotStore: Send + Sync {
    /// Keeps a chunk; one under the same key is replaced.
    fn put_chunk(&self, key: ChunkKey, bytes: &[u8]) -> Result<(), StoreError>;
    /// A chunk's bytes, if it is there.
    fn chunk(&self, key: ChunkKey) -> Result<Option<Vec<u8>>, StoreError>;
    /// The keys of all chunks, ascending.
    fn chunk_keys(&self) -> Result<Vec<ChunkKey>, StoreError>;
    /// The generations that wrote a chunk of that kind from that number on, ascending.
    fn chunk_generations(&self, kind: Kind, from: u64) -> Result<Vec<u64>, StoreError>;
    /// Lets a chunk go.
    fn remove_chunk(&self, key: ChunkKey) -> Result<(), StoreError>;
    /// Keeps a manifest: the generation exists from now on.
    fn put_manifest(&self, generation: u64, bytes: &[u8]) -> Result<(), StoreError>;
    /// A manifest's bytes, if it is there.
    fn manifest(&self, generation: u64) -> Result<Option<Vec<u8>>, StoreError>;
    /// The generations that have a manifest, ascending.
    fn generations(&self) -> Result<Vec<u64>, StoreError>;
    /// Lets a manifest go: the generation does not exist any more.
    fn remove_manifest(&self, generation: u64) -> Result<(), StoreError>;
    /// Makes a database that failed usable again. Called before a generation is taken, by
    /// an engine that has the state in memory. True when a database was given up for
    /// that, and generations with it.
    fn mend(&self) -> Result<bool, StoreError>;
    /// These generations were read back whole, and what is in no other place is in them.
    fn keeps(&self, generations: &[u64]) -> Result<(), StoreError>;
    /// Brings everything to stable storage.
    fn sync(&self) -> Result<(), StoreError>;
    /// Bytes that the store takes on disk.
    fn bytes_on_disk(&self) -> Result<u64, StoreError>;
    /// Gives space back if much of it is unused, `held` being the bytes of each chunk;
    /// true when it did.
    fn compact_if_sparse(&self, held: &BTreeMap<ChunkKey, u64>) -> Result<bool, StoreError>;
}

/// Whether what two generations wrote may be damaged by one fault. A store keeps what
/// odd ones wrote apart from what even ones did.
pub(super) const fn are_kept_together(one: u64, other: u64) -> bool {
    one % 2 == other % 2
}

/// A store in memory, for simulation and tests.
#[derive(Debug, Default)]
pub struct MemoryStore {
    chunks: Mutex<BTreeMap<ChunkKey, Vec<u8>>>,
    manifests: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl SnapshotStore for MemoryStore {
    fn put_chunk(&self, key: ChunkKey, bytes: &[u8]) -> Result<(), StoreError> {
        self.chunks.lock().insert(key, bytes.to_vec());
        Ok(())
    }

    fn chunk(&self, key: ChunkKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.chunks.lock().get(&key).cloned())
    }

    fn chunk_keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        Ok(self.chunks.lock().keys().copied().collect())
    }

    fn chunk_generations(&self, kind: Kind, from: u64) -> Result<Vec<u64>, StoreError> {
        let key = |generation| ChunkKey { kind, from, generation };
        let chunks = self.chunks.lock();
        Ok(chunks.range(key(0)..=key(u64::MAX)).map(|(key, _)| key.generation).collect())
    }

    fn remove_chunk(&self, key: ChunkKey) -> Result<(), StoreError> {
        self.chunks.lock().remove(&key);
        Ok(())
    }

    fn put_manifest(&self, generation: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.manifests.lock().insert(generation, bytes.to_vec());
        Ok(())
    }

    fn manifest(&self, generation: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.manifests.lock().get(&generation).cloned())
    }

    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        Ok(self.manifests.lock().keys().copied().collect())
    }

    fn remove_manifest(&self, generation: u64) -> Result<(), StoreError> {
        self.manifests.lock().remove(&generation);
        Ok(())
    }

    fn mend(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn keeps(&self, _: &[u64]) -> Result<(), StoreError> {
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn bytes_on_disk(&self) -> Result<u64, StoreError> {
        let chunks: u64 = self.chunks.lock().values().map(|bytes| bytes.len() as u64).sum();
        let manifests: u64 = self.manifests.lock().values().map(|bytes| bytes.len() as u64).sum();
        Ok(chunks + manifests)
    }

    fn compact_if_sparse(&self, _: &BTreeMap<ChunkKey, u64>) -> Result<bool, StoreError> {
        Ok(false)
    }
}
