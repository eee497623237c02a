//! The snapshot store, for the methods that look into it.

use std::sync::Arc;

use backstock_engine::service::SnapshotFailed;
use backstock_engine::snapshot::{self, Manifest, SledStore, SnapshotError};
use backstock_proto::v1;
use bytes::Bytes;
use tonic::Status;

use crate::grpc::{Api, errors, times};

impl Api {
    /// The generation asked for, or the newest for 0.
    pub(super) async fn generation(&self, wanted: u64) -> Result<u64, Status> {
        let found = self
            .on_store(move |store| {
                let mut there = snapshot::list(store)?.into_iter().map(|report| report.generation);
                Ok(if wanted == 0 { there.next() } else { there.find(|n| *n == wanted) })
            })
            .await?;
        found.ok_or_else(|| match wanted {
            0 => errors::no_snapshot(),
            wanted => errors::snapshot(&SnapshotFailed::Unknown(wanted)),
        })
    }

    /// Works on the snapshot store, on a thread that may block.
    pub(super) async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SledStore) -> Result<T, SnapshotError> + Send + 'static,
    ) -> Result<T, Status> {
        let engine = self.engine().clone();
        let done = tokio::task::spawn_blocking(move || {
            let store: Arc<SledStore> = engine.snapshot_store()?;
            work(&store)
        });
        let done = async { done.await.map_err(|error| errors::internal(error.to_string())) };
        let done = self.unless_drained(done).await?;
        done.map_err(|error| errors::snapshot(&error.into()))
    }
}

/// A generation as callers see it.
pub(super) fn message(manifest: &Manifest) -> v1::Snapshot {
    v1::Snapshot {
        generation: manifest.generation,
        create_time: Some(times::timestamp(manifest.created_at)),
        start_lsn: manifest.start.get(),
        end_lsn: manifest.end.get(),
        state_hash: Bytes::copy_from_slice(&manifest.state_hash.value().to_be_bytes()),
        pairs: manifest.counts.pairs,
        orders: manifest.counts.orders,
        size_bytes: manifest.bytes(),
    }
}
