//! `CountStock`: states what a physical count found.

use backstock_engine::command::StockOperation;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;

const NAMES: FieldNames = FieldNames::new("", &[("on_hand", "counted")]);

pub(super) async fn handle(
    api: &Api,
    request: v1::CountStockRequest,
) -> Result<v1::CountStockResponse, Status> {
    let changed = change(api, common!(request, &request.reason), &NAMES, |found| {
        let counted = found.required("counted", request.counted)?;
        let on_hand = found.units("counted", counted);
        Some(Wanted::Operation(StockOperation::Count { on_hand }))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::CountStockResponse { stock, version, is_repeat })
}
