//! `DeliverShipment`: packages arrived.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, packages};
use crate::grpc::{Api, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DeliverShipmentRequest,
) -> Result<v1::DeliverShipmentResponse, Status> {
    let mut found = Violations::default();
    let packages = packages(&mut found, &request.package_ids);
    let at = request.delivered_time.as_ref();
    let at = at.and_then(|at| times::instant(&mut found, "delivered_time", at));
    let step = Step::Deliver { packages, at };
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::DeliverShipmentResponse { shipment, version, is_repeat })
}
