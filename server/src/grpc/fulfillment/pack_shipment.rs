//! `PackShipment`: units are in a package.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, lines, package};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::PackShipmentRequest,
) -> Result<v1::PackShipmentResponse, Status> {
    let mut found = Violations::default();
    let package = package(&mut found, &request.package_id);
    let step = Step::Pack { package, lines: lines(&mut found, &request.lines) };
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::PackShipmentResponse { shipment, version, is_repeat })
}
