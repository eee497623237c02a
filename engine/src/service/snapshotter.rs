//! The snapshotter: one snapshot at a time, on a thread of its own.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::thread;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::disk::is_full;
use crate::model::Timestamp;
use crate::snapshot::{ExportError, SnapshotError, StoreError, StoredFault, TakeReport};

/// What takes a snapshot. Blocks its thread.
pub trait Snapshotting: Send + Sync {
    /// Takes a snapshot, verifies it and cuts the journal behind the older one.
    ///
    /// # Errors
    /// See [`SnapshotFailed`].
    fn take(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed>;
}

/// Why a snapshot was not taken, read or exported. None that was there changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFailed {
    /// Another one is being taken.
    #[error("a snapshot is being taken")]
    Running,
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closing,
    /// The snapshotter ended while it took it.
    #[error("the snapshotter ended before the snapshot was taken")]
    Ended,
    /// There is no such generation, or no longer.
    #[error("there is no snapshot of generation {0}")]
    Unknown(u64),
    /// There is no room on the disk.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// Anything else: a store that is damaged, a state that is.
    #[error("{0}")]
    Other(String),
}

impl SnapshotFailed {
    fn new(error: &(dyn Error + 'static)) -> Self {
        if comes_from_a_full_disk(error) {
            Self::DiskFull(error.to_string())
        } else {
            Self::Other(error.to_string())
        }
    }
}

impl From<SnapshotError> for SnapshotFailed {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Manifest { generation, fault: StoredFault::Missing } => {
                Self::Unknown(generation)
            }
            SnapshotError::Closing | SnapshotError::Store(StoreError::Closed { .. }) => {
                Self::Closing
            }
            error => Self::new(&error),
        }
    }
}

impl From<ExportError> for SnapshotFailed {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Snapshot(error) => error.into(),
            error => Self::new(&error),
        }
    }
}

/// Whether the error, or what caused it, is that a disk has no room.
fn comes_from_a_full_disk(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let of_file = error.downcast_ref::<io::Error>();
        let of_store = error.downcast_ref::<sled::Error>().and_then(|error| match error {
            sled::Error::Io(error) => Some(error),
            _ => None,
        });
        if of_file.or(of_store).is_some_and(is_full) {
            return true;
        }
        next = error.source();
    }
    false
}

/// A request for a snapshot.
pub struct SnapshotRequest {
    /// The time that the manifest records.
    pub created_at: Timestamp,
    /// The way back.
    pub reply: oneshot::Sender<Result<TakeReport, SnapshotFailed>>,
    /// The turn to take one, which ends with the thread that takes it: the actor
    /// may be killed before, and its successor must not take another meanwhile.
    pub turn: OwnedSemaphorePermit,
}

/// The service actor. A panic while taking ends it; the supervisor starts it anew.
pub(super) struct Snapshotter;

impl Actor for Snapshotter {
    type Msg = SnapshotRequest;
    type State = Arc<dyn Snapshotting>;
    type Arguments = Arc<dyn Snapshotting>;

    async fn pre_start(
        &self,
        _: ActorRef<SnapshotRequest>,
        snapshotting: Arc<dyn Snapshotting>,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(snapshotting)
    }

    async fn handle(
        &self,
        _: ActorRef<SnapshotRequest>,
        SnapshotRequest { created_at, reply, turn }: SnapshotRequest,
        snapshotting: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let snapshotting = Arc::clone(snapshotting);
        let (done, taking) = oneshot::channel();
        // Not one of the runtime's: it waits for those when it ends, and this one may wait
        // for a disk.
        thread::Builder::new().name("snapshot".into()).spawn(move || {
            let taken = snapshotting.take(created_at);
            drop(turn);
            // The actor may have been killed.
            let _ = done.send(taken);
        })?;
        let taken = taking.await.map_err(|_| "taking a snapshot panicked")?;
        // The asker may have gone; the snapshot is there all the same.
        let _ = reply.send(taken);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let path = std::path::PathBuf::from("file");
        let of_store = StoreError::Database(sled::Error::Io(full()));
        let of_directory = StoreError::File { path: path.clone(), source: full() };
        for error in [of_store, of_directory] {
            let failed = SnapshotFailed::from(SnapshotError::from(error));
            assert!(matches!(failed, SnapshotFailed::DiskFull(_)), "{failed:?}");
        }
        let failed = SnapshotFailed::from(ExportError::File { path: path.clone(), source: full() });
        assert!(matches!(failed, SnapshotFailed::DiskFull(_)), "{failed:?}");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let failed = SnapshotFailed::from(ExportError::File { path, source: denied });
        assert!(matches!(failed, SnapshotFailed::Other(_)), "{failed:?}");
    }

    #[test]
    fn a_generation_that_is_gone_is_not_there() {
        let gone = SnapshotError::Manifest { generation: 7, fault: StoredFault::Missing };
        assert_eq!(SnapshotFailed::from(ExportError::from(gone)), SnapshotFailed::Unknown(7));
    }
}
