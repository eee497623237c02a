//! `OrderService`: placing, quoting, reading, cancelling, explaining. A file a method, and what
//! they share.
//!
//! | file | what |
//! |---|---|
//! | `text`, `request` | an order as it lies in the bytes of a request, and the command made of it |
//! | `placing` | what placing one order and placing many have in common |
//! | `answer` | the answer to an order: where its units went when it was placed |
//! | `change` | what quoting a change and committing it have in common |
//! | `view` | an order as it stands |

pub(super) mod answer;
mod cancel_order;
mod change;
pub(in crate::grpc) mod commit_change;
mod explain_order;
mod get_order;
mod get_timeline;
mod hold_order;
mod place_order;
mod place_orders;
pub(super) mod placing;
mod quote_change;
mod quote_services;
mod release_order_hold;
pub(super) mod request;
mod resolve_decline;
mod set_order_priority;
pub(super) mod text;
pub(super) mod view;

use backstock_engine::model::OrderId;
use backstock_proto::v1::order_service_server::OrderService;
use backstock_proto::{Encoded, v1};
use tonic::{Request, Response, Status, Streaming};

use super::Api;
use super::caller::Caller;
use super::service::service;
use super::transport::streams::Answers;
use crate::status::Violations;

service! {
    OrderService:
    place_order(Encoded<v1::PlaceOrderRequest>) -> Encoded<v1::PlaceOrderResponse>;
    quote_services(v1::QuoteServicesRequest) -> v1::QuoteServicesResponse;
    get_order(v1::GetOrderRequest) -> v1::GetOrderResponse;
    cancel_order(v1::CancelOrderRequest) -> v1::CancelOrderResponse;
    quote_change(v1::QuoteChangeRequest) -> v1::QuoteChangeResponse;
    commit_change(v1::CommitChangeRequest) -> v1::CommitChangeResponse;
    set_order_priority(v1::SetOrderPriorityRequest) -> v1::SetOrderPriorityResponse;
    hold_order(v1::HoldOrderRequest) -> v1::HoldOrderResponse;
    release_order_hold(v1::ReleaseOrderHoldRequest) -> v1::ReleaseOrderHoldResponse;
    resolve_decline(v1::ResolveDeclineRequest) -> v1::ResolveDeclineResponse;
    explain_order(v1::ExplainOrderRequest) -> v1::ExplainOrderResponse;
    get_timeline(v1::GetTimelineRequest) -> v1::GetTimelineResponse;
    {
        type PlaceOrdersStream = Answers<place_orders::Reply>;

        async fn place_orders(
            &self,
            request: Request<Streaming<Encoded<v1::PlaceOrdersRequest>>>,
        ) -> Result<Response<Self::PlaceOrdersStream>, Status> {
            let caller = Caller::of(request.metadata())?;
            Ok(Response::new(place_orders::start(self.clone(), caller, request)))
        }
    }
}

/// Reads the id of an order.
pub(super) fn read_id(order_id: String) -> Result<OrderId, Status> {
    let mut found = Violations::default();
    let id = found.taken("order_id", OrderId::new("order_id", order_id));
    found.converted(id)
}
