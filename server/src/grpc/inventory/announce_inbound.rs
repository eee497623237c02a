//! `AnnounceInbound`: announces a supply on its way.

use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::{self, INBOUND};
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::AnnounceInboundRequest,
) -> Result<v1::AnnounceInboundResponse, Status> {
    let changed = change(api, common!(request), &INBOUND, |found| {
        wanted::announcement(found, "inbound", request.inbound.as_ref())
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::AnnounceInboundResponse { stock, version, is_repeat })
}
