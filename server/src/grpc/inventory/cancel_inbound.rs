//! `CancelInbound`: takes back an announcement.

use backstock_engine::command::StockOperation;
use backstock_engine::model::InboundId;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;

pub(super) async fn handle(
    api: &Api,
    request: v1::CancelInboundRequest,
) -> Result<v1::CancelInboundResponse, Status> {
    let changed = change(api, common!(request, &request.reason), &FieldNames::PLAIN, |found| {
        let id = found.id("inbound_id", &request.inbound_id, InboundId::new);
        Some(Wanted::Operation(StockOperation::CancelInbound { id }))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::CancelInboundResponse { stock, version, is_repeat })
}
