//! `ShipShipment`: packages have left their node.

use backstock_engine::model::{Step, Text};
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, packages};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ShipShipmentRequest,
) -> Result<v1::ShipShipmentResponse, Status> {
    let mut found = Violations::default();
    let packages = packages(&mut found, &request.package_ids);
    let carrier = found.taken("carrier", Text::new("carrier", request.carrier.as_str()));
    let tracking = found.taken("tracking", Text::new("tracking", request.tracking.as_str()));
    let (carrier, tracking) = (carrier.unwrap_or_default(), tracking.unwrap_or_default());
    let step = Step::Ship { packages, carrier, tracking };
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::ShipShipmentResponse { shipment, version, is_repeat })
}
