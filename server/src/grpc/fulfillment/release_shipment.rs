//! `ReleaseShipment`: a node is told to work on a shipment.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::Asked;
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReleaseShipmentRequest,
) -> Result<v1::ReleaseShipmentResponse, Status> {
    let (found, step) = (Violations::default(), Step::Release);
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::ReleaseShipmentResponse { shipment, version, is_repeat })
}
