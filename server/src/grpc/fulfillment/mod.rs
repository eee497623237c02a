//! `FulfillmentService`: what nodes report of their shipments. A file a method, and what
//! they share.

mod accept_shipment;
mod answer_recall;
mod claim_shipment;
mod collect_shipment;
mod decline_shipment;
mod deliver_shipment;
mod get_packing_slip;
mod get_pick_list;
mod get_shipment;
mod list_shipments;
mod list_work;
mod lose_shipment;
mod make_shipment_ready;
mod pack_shipment;
mod pick_shipment;
mod recall_shipment;
mod release_shipment;
mod release_wave;
mod ship_shipment;
pub(in crate::grpc) mod steps;
mod unpack_shipment;
mod unpick_shipment;
pub(in crate::grpc) mod work;

use backstock_engine::engine::EngineError;
use backstock_engine::model::{OrderId, Refusal};
use backstock_proto::v1;
use backstock_proto::v1::fulfillment_service_server::FulfillmentService;
use tonic::{Request, Response, Status};

use super::order::view;
use super::service::service;
use super::{Api, plain};

service! {
    FulfillmentService:
    accept_shipment(v1::AcceptShipmentRequest) -> v1::AcceptShipmentResponse;
    decline_shipment(v1::DeclineShipmentRequest) -> v1::DeclineShipmentResponse;
    release_shipment(v1::ReleaseShipmentRequest) -> v1::ReleaseShipmentResponse;
    recall_shipment(v1::RecallShipmentRequest) -> v1::RecallShipmentResponse;
    answer_recall(v1::AnswerRecallRequest) -> v1::AnswerRecallResponse;
    pick_shipment(v1::PickShipmentRequest) -> v1::PickShipmentResponse;
    unpick_shipment(v1::UnpickShipmentRequest) -> v1::UnpickShipmentResponse;
    pack_shipment(v1::PackShipmentRequest) -> v1::PackShipmentResponse;
    unpack_shipment(v1::UnpackShipmentRequest) -> v1::UnpackShipmentResponse;
    make_shipment_ready(v1::MakeShipmentReadyRequest) -> v1::MakeShipmentReadyResponse;
    deliver_shipment(v1::DeliverShipmentRequest) -> v1::DeliverShipmentResponse;
    lose_shipment(v1::LoseShipmentRequest) -> v1::LoseShipmentResponse;
    collect_shipment(v1::CollectShipmentRequest) -> v1::CollectShipmentResponse;
    ship_shipment(v1::ShipShipmentRequest) -> v1::ShipShipmentResponse;
    get_shipment(v1::GetShipmentRequest) -> v1::GetShipmentResponse;
    list_shipments(v1::ListShipmentsRequest) -> v1::ListShipmentsResponse;
    claim_shipment(v1::ClaimShipmentRequest) -> v1::ClaimShipmentResponse;
    list_work(v1::ListWorkRequest) -> v1::ListWorkResponse;
    release_wave(v1::ReleaseWaveRequest) -> v1::ReleaseWaveResponse;
    get_pick_list(v1::GetPickListRequest) -> v1::GetPickListResponse;
    get_packing_slip(v1::GetPackingSlipRequest) -> v1::GetPackingSlipResponse;
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

/// A shipment's number as commands have it. No order has as many shipments as a number beyond 16
/// bits names.
pub(super) fn number(named: u32) -> u16 {
    u16::try_from(named).unwrap_or(u16::MAX)
}

/// The status of a command on a shipment that is refused, with the number as the caller gave it.
pub(super) fn refused(error: EngineError, named: u32) -> Status {
    match error {
        EngineError::Refused(Refusal::ShipmentNotFound { order_id, .. }) => {
            unknown(order_id, named)
        }
        error => plain(error),
    }
}

/// The order has no shipment of the number that the caller gave.
fn unknown(order_id: OrderId, shipment_number: u32) -> Status {
    plain(Refusal::ShipmentNotFound { order_id, shipment_number }.into())
}
