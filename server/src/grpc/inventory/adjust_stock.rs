//! `AdjustStock`: corrects by so many units.

use backstock_engine::model::Text;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::{self, ADJUSTMENT};
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::AdjustStockRequest,
) -> Result<v1::AdjustStockResponse, Status> {
    let changed = change(api, common!(request), &ADJUSTMENT, |found| {
        let reason = found.taken("reason", Text::new("reason", request.reason.as_str()));
        let adjustment = request.adjustment.as_ref();
        wanted::adjustment(found, "adjustment", adjustment, reason.unwrap_or_default())
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::AdjustStockResponse { stock, version, is_repeat })
}
