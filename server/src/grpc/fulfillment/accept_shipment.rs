//! `AcceptShipment`: a node ships what it was given.

use backstock_engine::command::AcceptShipment;
use backstock_engine::model::OrderId;
use backstock_proto::v1;
use tonic::Status;

use super::{number, refused, shipment};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::AcceptShipmentRequest,
) -> Result<v1::AcceptShipmentResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, &request)?;
    let id = command.order.clone();
    let done = api.engine().accept_shipment(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let shipment = Some(shipment(api, &id, named).await?.0);
    Ok(v1::AcceptShipmentResponse { shipment, version, is_repeat })
}

fn read(api: &Api, request: &v1::AcceptShipmentRequest) -> Result<AcceptShipment, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), request.validate_only);
    let shipment = number(request.shipment_number);
    found.finish(AcceptShipment { meta, order, shipment })
}
