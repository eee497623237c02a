//! `SetStock`: states what is there, or what a supplier has.

use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::{self, LEVEL};
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetStockRequest,
) -> Result<v1::SetStockResponse, Status> {
    let changed = change(api, common!(request), &LEVEL, |found| {
        wanted::level(found, "level", request.level.as_ref())
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::SetStockResponse { stock, version, is_repeat })
}
