//! A consumer of the feed as callers see it.

use backstock_engine::engine::{Consumer, EngineError};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::{Api, errors, plain, times};

/// A consumer as it is sent.
pub(super) fn message(consumer: &Consumer) -> v1::Consumer {
    let Consumer { id, position, events_behind, behind, is_parked } = consumer;
    v1::Consumer {
        consumer_id: id.to_string(),
        acknowledged_version: Some(position.acknowledged.get()),
        create_time: Some(times::timestamp(position.created_at)),
        acknowledge_time: Some(times::timestamp(position.moved_at)),
        events_behind: *events_behind,
        behind: prost_types::Duration::try_from(*behind).ok(),
        parked: *is_parked,
    }
}

impl Api {
    /// Does what waits for the disk on a thread that may.
    ///
    /// # Errors
    /// What it answers, and a panic of it.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Status> {
        let api = self.clone();
        match tokio::task::spawn_blocking(move || work(&api)).await {
            Ok(done) => done.map_err(plain),
            Err(panicked) => Err(errors::internal(panicked.to_string())),
        }
    }
}
