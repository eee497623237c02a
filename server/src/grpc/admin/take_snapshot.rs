//! `TakeSnapshot`: a new generation.

use backstock_proto::v1;
use tonic::Status;

use super::snapshots::message;
use crate::grpc::{Api, errors};
use crate::housekeeping;

pub(super) async fn handle(
    api: &Api,
    _: v1::TakeSnapshotRequest,
) -> Result<v1::TakeSnapshotResponse, Status> {
    let taken = housekeeping::take_snapshot(api.engine(), &api.0.clock);
    let taken = api.unless_drained(async { Ok(taken.await) }).await?;
    let taken = taken.map_err(|failed| errors::snapshot(&failed))?;
    Ok(v1::TakeSnapshotResponse { snapshot: Some(message(&taken.manifest)) })
}
