//! The snapshotter: one snapshot at a time, on a thread of its own.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use crate::model::Timestamp;
use crate::snapshot::TakeReport;

/// What takes a snapshot. Blocks its thread.
pub trait Snapshotting: Send + Sync {
    /// Takes a snapshot, verifies it and cuts the journal behind the older one.
    fn take(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed>;
}

/// Why a snapshot did not come to be. The ones before it are untouched.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no snapshot was taken: {0}")]
pub struct SnapshotFailed(pub String);

/// A request for a snapshot.
pub struct SnapshotRequest {
    /// The time that the manifest records.
    pub created_at: Timestamp,
    /// The way back.
    pub reply: oneshot::Sender<Result<TakeReport, SnapshotFailed>>,
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
        SnapshotRequest { created_at, reply }: SnapshotRequest,
        snapshotting: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let snapshotting = Arc::clone(snapshotting);
        let taken = tokio::task::spawn_blocking(move || snapshotting.take(created_at)).await?;
        // The asker may have gone; the snapshot is there all the same.
        let _ = reply.send(taken);
        Ok(())
    }
}
