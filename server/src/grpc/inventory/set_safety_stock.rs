//! `SetSafetyStock`: states how many units are withheld from promising.

use backstock_engine::command::StockOperation;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetSafetyStockRequest,
) -> Result<v1::SetSafetyStockResponse, Status> {
    let changed = change(api, common!(request), &FieldNames::PLAIN, |found| {
        let safety = found.required("safety", request.safety)?;
        let safety = Some(found.units("safety", safety));
        let set = StockOperation::Set { on_hand: None, unavailable: None, safety };
        Some(Wanted::Operation(set))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::SetSafetyStockResponse { stock, version, is_repeat })
}
