//! `ResolveDecline`: what the customer was asked about is sourced anew.

use backstock_engine::command::ResolveDecline;
use backstock_engine::model::{OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::caller::origin;
use crate::grpc::fulfillment::{number, refused};
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ResolveDeclineRequest,
) -> Result<v1::ResolveDeclineResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().resolve_decline(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::ResolveDeclineResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: v1::ResolveDeclineRequest) -> Result<ResolveDecline, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let shipment = number(request.shipment_number);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.unwrap_or_default());
    found.finish(ResolveDecline { meta, order, shipment })
}
