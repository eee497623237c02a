//! `UnpackShipment`: a package was opened.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, package};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UnpackShipmentRequest,
) -> Result<v1::UnpackShipmentResponse, Status> {
    let mut found = Violations::default();
    let step = Step::Unpack(package(&mut found, &request.package_id));
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::UnpackShipmentResponse { shipment, version, is_repeat })
}
