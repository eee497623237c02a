//! `ShipShipment`: a shipment has left its node.

use backstock_engine::command::ShipShipment;
use backstock_engine::model::{OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{number, refused, shipment};
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ShipShipmentRequest,
) -> Result<v1::ShipShipmentResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().ship_shipment(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let shipment = Some(shipment(api, &id, named).await?.0);
    Ok(v1::ShipShipmentResponse { shipment, version, is_repeat })
}

fn read(api: &Api, request: v1::ShipShipmentRequest) -> Result<ShipShipment, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let carrier = found.taken("carrier", Text::new("carrier", request.carrier));
    let tracking = found.taken("tracking", Text::new("tracking", request.tracking));
    let request_id = found.request_id(&request.request_id);
    let command = ShipShipment {
        meta: api.meta(request_id.flatten(), request.validate_only),
        order,
        shipment: number(request.shipment_number),
        carrier: carrier.unwrap_or_default(),
        tracking: tracking.unwrap_or_default(),
    };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}
