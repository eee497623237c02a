//! `GetShipment`: one shipment as it stands.

use backstock_proto::v1;
use tonic::Status;

use super::shipment;
use crate::grpc::Api;
use crate::grpc::order::read_id;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetShipmentRequest,
) -> Result<v1::GetShipmentResponse, Status> {
    let id = read_id(request.order_id)?;
    api.reach(request.min_version).await?;
    let (shipment, version) = shipment(api, &id, request.shipment_number).await?;
    Ok(v1::GetShipmentResponse { shipment: Some(shipment), version })
}
