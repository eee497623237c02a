//! `ReceiveInbound`: takes in units of an announced supply.

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
    request: v1::ReceiveInboundRequest,
) -> Result<v1::ReceiveInboundResponse, Status> {
    let changed = change(api, common!(request), &FieldNames::PLAIN, |found| {
        let id = found.id("inbound_id", &request.inbound_id, InboundId::new);
        let quantity = found.units("quantity", request.quantity);
        let closes = request.complete;
        Some(Wanted::Operation(StockOperation::ReceiveInbound { id, quantity, closes }))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::ReceiveInboundResponse { stock, version, is_repeat })
}
