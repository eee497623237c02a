//! `ReleaseOrderHold`: a hold on an order ends.

use backstock_engine::command::ReleaseOrderHold;
use backstock_engine::model::{OrderHoldId, OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::caller::origin;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReleaseOrderHoldRequest,
) -> Result<v1::ReleaseOrderHoldResponse, Status> {
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().release_order_hold(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::ReleaseOrderHoldResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: v1::ReleaseOrderHoldRequest) -> Result<ReleaseOrderHold, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let hold = found.id("order_hold_id", &request.order_hold_id, OrderHoldId::new);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.unwrap_or_default());
    found.finish(ReleaseOrderHold { meta, order, hold })
}
