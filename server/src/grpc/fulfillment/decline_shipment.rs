//! `DeclineShipment`: a node does not ship what it was given.

use backstock_engine::command::DeclineShipment;
use backstock_engine::model::{DeclineReason, OrderId};
use backstock_proto::v1;
use tonic::Status;

use super::super::order::view;
use super::steps::lines;
use super::{number, refused};
use crate::grpc::enums::decline_reason;
use crate::grpc::fields::FieldNames;
use crate::grpc::times;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DeclineShipmentRequest,
) -> Result<v1::DeclineShipmentResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, &request)?;
    let id = command.order.clone();
    let done = api.engine().decline_shipment(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::DeclineShipmentResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: &v1::DeclineShipmentRequest) -> Result<DeclineShipment, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let reason = decline_reason(&mut found, "reason", request.reason);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), request.validate_only);
    let shipment = number(request.shipment_number);
    let reason = reason.unwrap_or(DeclineReason::Unspecified);
    let lines = lines(&mut found, &request.lines);
    let until = request.paused_until.as_ref();
    let paused_until = until.and_then(|until| times::instant(&mut found, "paused_until", until));
    let command = DeclineShipment { meta, order, shipment, reason, lines, paused_until };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}
