//! `ReturnService`: units of orders that come back. A file a method, and what they share.
//!
//! | file | what |
//! |---|---|
//! | `listing` | what lists of returns share: tokens and ages |
//! | `policy` | what may come back, there and back |
//! | `steps` | what the methods share that report a step of a return |
//! | `terms` | reasons, ways and terms, as a caller says them |
//! | `view` | a return as it stands |

mod cancel_return;
mod credit_lost_return;
mod decide_return;
mod dispose_return;
mod get_return;
mod get_return_policy;
mod inspect_return;
mod list_open_returns;
mod list_refunds_due;
mod listing;
mod mark_return_lost;
mod mark_return_sent;
mod policy;
mod receive_return;
mod request_exchange;
mod request_return;
mod set_return_policy;
mod steps;
pub(super) mod terms;
pub(super) mod view;

use backstock_engine::engine::OrderView;
use backstock_engine::model::{OrderId, Refusal, ReturnId};
use backstock_proto::v1;
use backstock_proto::v1::return_service_server::ReturnService;
use tonic::{Request, Response, Status};

use super::service::service;
use super::{Api, payment, plain};

service! {
    ReturnService:
    set_return_policy(v1::SetReturnPolicyRequest) -> v1::SetReturnPolicyResponse;
    get_return_policy(v1::GetReturnPolicyRequest) -> v1::GetReturnPolicyResponse;
    request_return(v1::RequestReturnRequest) -> v1::RequestReturnResponse;
    request_exchange(v1::RequestExchangeRequest) -> v1::RequestExchangeResponse;
    decide_return(v1::DecideReturnRequest) -> v1::DecideReturnResponse;
    mark_return_sent(v1::MarkReturnSentRequest) -> v1::MarkReturnSentResponse;
    receive_return(v1::ReceiveReturnRequest) -> v1::ReceiveReturnResponse;
    inspect_return(v1::InspectReturnRequest) -> v1::InspectReturnResponse;
    dispose_return(v1::DisposeReturnRequest) -> v1::DisposeReturnResponse;
    mark_return_lost(v1::MarkReturnLostRequest) -> v1::MarkReturnLostResponse;
    credit_lost_return(v1::CreditLostReturnRequest) -> v1::CreditLostReturnResponse;
    cancel_return(v1::CancelReturnRequest) -> v1::CancelReturnResponse;
    get_return(v1::GetReturnRequest) -> v1::GetReturnResponse;
    list_open_returns(v1::ListOpenReturnsRequest) -> v1::ListOpenReturnsResponse;
    list_refunds_due(v1::ListRefundsDueRequest) -> v1::ListRefundsDueResponse;
}

/// A return as it stands, with the money of its order.
struct Shown {
    rma: v1::Return,
    money: Option<v1::OrderMoney>,
    version: u64,
}

/// Reads a return of an order.
async fn shown(api: &Api, order: &OrderId, id: &ReturnId) -> Result<Shown, Status> {
    let view = api.engine().order(order).await.map_err(plain)?;
    of(api, &view, id).ok_or_else(|| {
        let (order_id, return_id) = (order.clone(), id.clone());
        plain(Refusal::ReturnNotFound { order_id, return_id }.into())
    })
}

fn of(api: &Api, view: &OrderView, id: &ReturnId) -> Option<Shown> {
    let (_, found) = view.order.return_of(id)?;
    Some(Shown {
        rma: view::of(api.engine(), &view.order, found),
        money: payment::view::of(&view.order),
        version: view.version.get(),
    })
}
