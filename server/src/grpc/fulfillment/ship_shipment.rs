//! `ShipShipment`: a shipment has left its node.

use backstock_engine::command::ShipShipment;
use backstock_engine::engine::EngineError;
use backstock_engine::model::{OrderId, Refusal, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{shipment, unknown};
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ShipShipmentRequest,
) -> Result<v1::ShipShipmentResponse, Status> {
    let number = request.shipment_number;
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().ship_shipment(command).await;
    let done = done.map_err(|error| not_shipped(error, number))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let shipment = Some(shipment(api, &id, number).await?.0);
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
        // No order has as many shipments as a number beyond 16 bits names.
        shipment: u16::try_from(request.shipment_number).unwrap_or(u16::MAX),
        carrier: carrier.unwrap_or_default(),
        tracking: tracking.unwrap_or_default(),
    };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

/// The status of a shipment that is refused, with its number as the caller gave it.
fn not_shipped(error: EngineError, number: u32) -> Status {
    match error {
        EngineError::Refused(Refusal::ShipmentNotFound { order_id, .. }) => {
            unknown(order_id, number)
        }
        error => plain(error),
    }
}
