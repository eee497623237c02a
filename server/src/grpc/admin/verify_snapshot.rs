//! `VerifySnapshot`: reads a generation back; what is wrong with it is part of the
//! answer.

use backstock_engine::snapshot;
use backstock_proto::v1;
use tonic::Status;

use super::snapshots::message;
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::VerifySnapshotRequest,
) -> Result<v1::VerifySnapshotResponse, Status> {
    let generation = api.generation(request.generation).await?;
    api.on_store(move |store| {
        let manifest = snapshot::read_manifest(store, generation);
        let verified = snapshot::verify(store, generation);
        let damage = verified.err().map(|error| error.to_string());
        Ok(v1::VerifySnapshotResponse {
            snapshot: manifest.ok().map(|manifest| message(&manifest)),
            problems: damage.into_iter().chain(store.faults()?).collect(),
        })
    })
    .await
}
