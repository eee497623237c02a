//! `MakeShipmentReady`: packages wait for the customer.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, packages};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::MakeShipmentReadyRequest,
) -> Result<v1::MakeShipmentReadyResponse, Status> {
    let mut found = Violations::default();
    let step = Step::MakeReady(packages(&mut found, &request.package_ids));
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::MakeShipmentReadyResponse { shipment, version, is_repeat })
}
