//! `SetOrderPriority`: before whom an order is served.

use backstock_engine::command::SetOrderPriority;
use backstock_engine::model::{OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::caller::origin;
use crate::grpc::enums::priority;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetOrderPriorityRequest,
) -> Result<v1::SetOrderPriorityResponse, Status> {
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().set_order_priority(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::SetOrderPriorityResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: v1::SetOrderPriorityRequest) -> Result<SetOrderPriority, Status> {
    let mut found = Violations::default();
    let order = found.taken("order_id", OrderId::new("order_id", request.order_id));
    let priority = priority(&mut found, request.priority, request.tier);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.unwrap_or_default());
    let command = order.zip(priority);
    found.converted(command.map(|(order, priority)| SetOrderPriority { meta, order, priority }))
}
