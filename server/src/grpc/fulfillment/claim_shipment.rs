//! `ClaimShipment`: a picker works on a shipment.

use backstock_engine::command::ClaimShipment;
use backstock_engine::model::{OrderId, OwnerId};
use backstock_proto::v1;
use tonic::Status;

use super::{number, refused, shipment};
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// For how long when the request does not say it: a shipment or two.
const LEASE_SECONDS: u32 = 900;

pub(super) async fn handle(
    api: &Api,
    request: v1::ClaimShipmentRequest,
) -> Result<v1::ClaimShipmentResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, &request)?;
    let id = command.order.clone();
    let done = api.engine().claim_shipment(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let shipment = Some(shipment(api, &id, named).await?.0);
    Ok(v1::ClaimShipmentResponse { shipment, version, is_repeat })
}

fn read(api: &Api, request: &v1::ClaimShipmentRequest) -> Result<ClaimShipment, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let owner = found.id("owner", &request.owner, OwnerId::new);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), request.validate_only);
    let shipment = number(request.shipment_number);
    if request.give_up && request.lease_seconds > 0 {
        found.add("lease_seconds", "is set, and so is give_up");
    }
    let seconds = match request.lease_seconds {
        0 => LEASE_SECONDS,
        seconds => seconds,
    };
    let seconds = (!request.give_up).then_some(seconds);
    let command = ClaimShipment { meta, order, shipment, owner, seconds };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}
