//! Why a snapshot cannot be taken or loaded.

use super::chunk::{FrameError, Kind};
use super::image::ImageError;
use super::store::{ChunkKey, StoreError};
use crate::actor::ActorPanicked;
use crate::model::{Lsn, OrderNo, StateHash};

/// Why a snapshot cannot be taken, verified or loaded.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chunk is not what its manifest says.
    #[error("chunk {key}: {fault}")]
    Chunk {
        /// Which one.
        key: ChunkKey,
        /// What is wrong with it.
        fault: StoredFault,
    },
    /// A manifest cannot be read.
    #[error("manifest of generation {generation}: {fault}")]
    Manifest {
        /// Of which generation.
        generation: u64,
        /// What is wrong with it.
        fault: StoredFault,
    },
    /// Parts of the running state cannot be written as images.
    #[error("the state cannot be written as an image: {0}")]
    Unwritable(ImageError),
    /// The store has a generation from a later state than this one: it is from
    /// another journal, or the journal lost its tail.
    #[error("generation {generation} ends at {end}, the state is at {applied}")]
    Ahead {
        /// The generation.
        generation: u64,
        /// Its last LSN.
        end: Lsn,
        /// The last event applied.
        applied: Lsn,
    },
    /// Replay did not give the state that was snapshotted.
    #[error("the state hash at {lsn} is {found}, the manifest has {expected}")]
    StateHash {
        /// Where both were taken.
        lsn: Lsn,
        /// The manifest's.
        expected: StateHash,
        /// Of the replayed state.
        found: StateHash,
    },
    /// An order left memory, and no chunk has it.
    #[error("order number {} left memory and is in no snapshot", .0.0)]
    NotArchived(OrderNo),
    /// The engine is shutting down: what was begun is not finished.
    #[error("the engine is shutting down")]
    Closing,
    /// An actor's state is not to be trusted.
    #[error(transparent)]
    Panicked(#[from] ActorPanicked),
}

impl SnapshotError {
    /// Whether the store is at fault, and not the state: it may do better once it is mended.
    pub(super) fn is_of_the_store(&self) -> bool {
        match self {
            Self::Store(error) => error.is_damage(),
            error => error.is_damage(),
        }
    }

    /// Whether a generation is damaged: neither did the store fail, nor is this build too old
    /// for what it reads.
    pub fn is_damage(&self) -> bool {
        self.fault().is_some_and(|fault| !fault.is_newer())
    }

    /// Whether nothing is known of what should be read: the database that has it was given
    /// up, and may have it once it is mended.
    pub(super) fn is_lost(&self) -> bool {
        let (Self::Store(error)
        | Self::Manifest { fault: StoredFault::Unreadable(error), .. }
        | Self::Chunk { fault: StoredFault::Unreadable(error), .. }) = self
        else {
            return false;
        };
        matches!(error, StoreError::Lost { .. })
    }

    /// Whether a newer build wrote what cannot be read: it is not damaged.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Store(StoreError::NewerLayout { .. }))
            || self.fault().is_some_and(StoredFault::is_newer)
    }

    /// What is wrong with the chunk or the manifest that this is about.
    const fn fault(&self) -> Option<&StoredFault> {
        match self {
            Self::Chunk { fault, .. } | Self::Manifest { fault, .. } => Some(fault),
            _ => None,
        }
    }
}

/// What is wrong with a chunk or a manifest.
#[derive(Debug, thiserror::Error)]
pub enum StoredFault {
    /// It is not in the store.
    #[error("not there")]
    Missing,
    /// The store found it damaged.
    #[error("{0}")]
    Unreadable(StoreError),
    /// Its bytes are damaged.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Its archive is no model state, or no manifest.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A chunk is whole and another one than the manifest names.
    #[error("its {0} is not as the manifest has it")]
    Differs(&'static str),
    /// What should be a manifest is a frame of another kind.
    #[error("it is a frame of {0:?}")]
    Kind(Kind),
    /// A manifest is of another generation.
    #[error("it is of generation {found}, not {expected}")]
    Generation {
        /// Under which it lies.
        expected: u64,
        /// Which it says.
        found: u64,
    },
    /// A manifest ends before it starts.
    #[error("it starts at {start} and ends at {end}")]
    Lsns {
        /// Its start.
        start: Lsn,
        /// Its end.
        end: Lsn,
    },
    /// A manifest's chunks do not fit together.
    #[error("chunks: {0}")]
    Chunks(&'static str),
}

impl StoredFault {
    /// Whether a newer build wrote it: it is not damaged.
    pub(super) const fn is_newer(&self) -> bool {
        matches!(self, Self::Frame(FrameError::NewerVersion { .. }))
    }
}
