//! `FulfillmentService`: what nodes report of their shipments. A file a method, and what
//! they share.

mod get_shipment;
mod list_shipments;
mod ship_shipment;

use backstock_engine::model::{OrderId, Refusal};
use backstock_proto::v1;
use backstock_proto::v1::fulfillment_service_server::FulfillmentService;
use tonic::{Request, Response, Status};

use super::order::view;
use super::service::service;
use super::{Api, plain};

service! {
    FulfillmentService:
    ship_shipment(v1::ShipShipmentRequest) -> v1::ShipShipmentResponse;
    get_shipment(v1::GetShipmentRequest) -> v1::GetShipmentResponse;
    list_shipments(v1::ListShipmentsRequest) -> v1::ListShipmentsResponse;
}

/// The shipments of an order, and the version that shows them so.
async fn shipments(api: &Api, id: &OrderId) -> Result<(Vec<v1::Shipment>, u64), Status> {
    let order = api.engine().order(id).await.map_err(plain)?;
    let all = view::shipments_now(api.engine(), &order).await.map_err(plain)?;
    Ok((all, order.version.get()))
}

/// One of them, by its number from 1.
async fn shipment(api: &Api, id: &OrderId, number: u32) -> Result<(v1::Shipment, u64), Status> {
    let (all, version) = shipments(api, id).await?;
    let found = all.into_iter().find(|shipment| shipment.number == number);
    let shipment = found.ok_or_else(|| unknown(id.clone(), number))?;
    Ok((shipment, version))
}

/// The order has no shipment of the number that the caller gave.
fn unknown(order_id: OrderId, shipment_number: u32) -> Status {
    plain(Refusal::ShipmentNotFound { order_id, shipment_number }.into())
}
