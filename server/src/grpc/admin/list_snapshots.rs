//! `ListSnapshots`: the generations that there are, and what is wrong with the store.

use backstock_engine::snapshot::{self, StoreReport};
use backstock_proto::v1;
use tonic::Status;

use super::snapshots::message;
use crate::grpc::Api;
use crate::grpc::pages::Page;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListSnapshotsRequest,
) -> Result<v1::ListSnapshotsResponse, Status> {
    let page = Page::of(request.page_size, &request.page_token)?;
    let StoreReport { manifests, problems } = api.on_store(snapshot::examine).await?;
    let (snapshots, next_page_token) = page.list(manifests.iter().map(message));
    Ok(v1::ListSnapshotsResponse { snapshots, next_page_token, problems })
}
