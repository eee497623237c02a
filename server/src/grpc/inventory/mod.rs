//! `InventoryService`: availability, and all that changes stock. A file a method, and what
//! they share.
//!
//! | file | what |
//! |---|---|
//! | `availability` | what can be promised of a SKU, for one and for many |
//! | `days` | the same day by day, where a request asks for it |
//! | `wanted` | the engine's operations, as requests and rows of a feed ask for them |
//! | `change` | what every change of one pair has: its request, its command, its answer |
//! | `transfer` | what both commands on a transfer have |
//! | `terms` | who may have the units of a pair |
//! | `view` | a pair as it stands |

mod adjust_stock;
mod announce_inbound;
mod availability;
mod batch_get_availability;
mod cancel_inbound;
mod change;
mod count_stock;
mod days;
mod dispatch_transfer;
mod get_availability;
mod get_stock;
mod list_reservations;
mod load_stock;
mod recall_transfer;
mod receive_inbound;
mod receive_stock;
mod set_safety_stock;
mod set_stock;
mod set_stock_terms;
mod terms;
mod transfer;
mod update_inbound;
mod view;
mod wanted;
mod watch_availability;

use backstock_proto::v1::inventory_service_server::InventoryService;
use backstock_proto::{Encoded, v1};
use tonic::{Request, Response, Status, Streaming};

use super::Api;
use super::caller::Caller;
use super::service::service;
use super::transport::streams::Answers;

service! {
    InventoryService:
    get_availability(Encoded<v1::GetAvailabilityRequest>) -> Encoded<v1::GetAvailabilityResponse>;
    batch_get_availability(Encoded<v1::BatchGetAvailabilityRequest>)
        -> Encoded<v1::BatchGetAvailabilityResponse>;
    get_stock(v1::GetStockRequest) -> v1::GetStockResponse;
    list_reservations(v1::ListReservationsRequest) -> v1::ListReservationsResponse;
    set_stock(v1::SetStockRequest) -> v1::SetStockResponse;
    receive_stock(v1::ReceiveStockRequest) -> v1::ReceiveStockResponse;
    adjust_stock(v1::AdjustStockRequest) -> v1::AdjustStockResponse;
    count_stock(v1::CountStockRequest) -> v1::CountStockResponse;
    set_safety_stock(v1::SetSafetyStockRequest) -> v1::SetSafetyStockResponse;
    set_stock_terms(v1::SetStockTermsRequest) -> v1::SetStockTermsResponse;
    announce_inbound(v1::AnnounceInboundRequest) -> v1::AnnounceInboundResponse;
    update_inbound(v1::UpdateInboundRequest) -> v1::UpdateInboundResponse;
    receive_inbound(v1::ReceiveInboundRequest) -> v1::ReceiveInboundResponse;
    cancel_inbound(v1::CancelInboundRequest) -> v1::CancelInboundResponse;
    dispatch_transfer(v1::DispatchTransferRequest) -> v1::DispatchTransferResponse;
    recall_transfer(v1::RecallTransferRequest) -> v1::RecallTransferResponse;
    {
        type WatchAvailabilityStream = Answers<Encoded<v1::WatchAvailabilityResponse>>;

        async fn watch_availability(
            &self,
            request: Request<Encoded<v1::WatchAvailabilityRequest>>,
        ) -> Result<Response<Self::WatchAvailabilityStream>, Status> {
            watch_availability::start(self, request).await.map(Response::new)
        }

        type LoadStockStream = Answers<v1::LoadStockResponse>;

        async fn load_stock(
            &self,
            request: Request<Streaming<v1::LoadStockRequest>>,
        ) -> Result<Response<Self::LoadStockStream>, Status> {
            let caller = Caller::of(request.metadata())?;
            Ok(Response::new(load_stock::start(self.clone(), caller, request)))
        }
    }
}
