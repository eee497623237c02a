//! `ReceiveStock`: takes in goods that were not announced.

use backstock_engine::command::StockOperation;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReceiveStockRequest,
) -> Result<v1::ReceiveStockResponse, Status> {
    let changed = change(api, common!(request), &FieldNames::PLAIN, |found| {
        let quantity = found.some_units("quantity", request.quantity);
        let unavailable = found.units("unavailable", request.unavailable);
        Some(Wanted::Operation(StockOperation::Receive { quantity, unavailable }))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::ReceiveStockResponse { stock, version, is_repeat })
}
