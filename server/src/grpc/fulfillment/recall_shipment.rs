//! `RecallShipment`: a shipment is taken back from its node.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::Asked;
use crate::grpc::{Api, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RecallShipmentRequest,
) -> Result<v1::RecallShipmentResponse, Status> {
    let mut found = Violations::default();
    let until = found.required("until", request.until.as_ref());
    let until = until.and_then(|until| times::instant(&mut found, "until", until));
    let step = Step::Recall { until: until.unwrap_or_default() };
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::RecallShipmentResponse { shipment, version, is_repeat })
}
