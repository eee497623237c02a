//! `PaymentService`: what payment connectors and the service desk tell of the money of orders. A file a
//! method, and what they share.
//!
//! | file | what |
//! |---|---|
//! | `pricing` | what an order costs and how it is paid, as a caller says it |
//! | `view` | the money of an order as it stands |

mod add_payment;
mod attach_payment_event;
mod explain_price;
mod get_payment_events;
mod let_go_payment_event;
mod list_intents;
pub(super) mod pricing;
mod record_payment_event;
mod record_payment_result;
mod refund_amount;
pub(super) mod view;

use backstock_engine::command::{PaymentStep, RecordPayment};
use backstock_engine::engine::Done;
use backstock_engine::model::{LedgerKind, OrderId};
use backstock_proto::v1;
use backstock_proto::v1::payment_service_server::PaymentService;
use tonic::{Request, Response, Status};

use super::enums::unknown;
use super::fields::FieldNames;
use super::service::service;
use super::{Api, plain};
use crate::status::Violations;

service! {
    PaymentService:
    list_intents(v1::ListIntentsRequest) -> v1::ListIntentsResponse;
    record_payment_result(v1::RecordPaymentResultRequest) -> v1::RecordPaymentResultResponse;
    record_payment_event(v1::RecordPaymentEventRequest) -> v1::RecordPaymentEventResponse;
    get_payment_events(v1::GetPaymentEventsRequest) -> v1::GetPaymentEventsResponse;
    attach_payment_event(v1::AttachPaymentEventRequest) -> v1::AttachPaymentEventResponse;
    let_go_payment_event(v1::LetGoPaymentEventRequest) -> v1::LetGoPaymentEventResponse;
    add_payment(v1::AddPaymentRequest) -> v1::AddPaymentResponse;
    refund_amount(v1::RefundAmountRequest) -> v1::RefundAmountResponse;
    explain_price(v1::ExplainPriceRequest) -> v1::ExplainPriceResponse;
}

/// What a command about money comes to.
struct Told {
    money: Option<v1::OrderMoney>,
    version: u64,
    is_repeat: bool,
}

/// Tells something of an order's money; none where a field of the request is wrong, which is noted.
async fn record(
    api: &Api,
    mut found: Violations,
    (order_id, request_id): (&str, &str),
    step: Option<PaymentStep>,
) -> Result<Told, Status> {
    let order = found.id("order_id", order_id, OrderId::new);
    let meta = api.meta(found.request_id(request_id).flatten(), false);
    let Some(step) = step else { return Err(found.into_status()) };
    let command = RecordPayment { meta, order, step };
    found.rules(command.validate(), &FieldNames::PLAIN);
    let command = found.finish(command)?;
    let done = api.engine().record_payment(command.clone()).await.map_err(plain)?;
    told(api, &command.order, done).await
}

/// The money of an order after a command.
async fn told(api: &Api, order: &OrderId, done: Done) -> Result<Told, Status> {
    let order = api.engine().order(order).await.map_err(plain)?;
    Ok(Told {
        money: view::of(&order.order),
        version: done.version.get(),
        is_repeat: done.is_repeat,
    })
}

/// Reads what happened to money.
fn ledger_kind(found: &mut Violations, number: i32) -> Option<LedgerKind> {
    let known = v1::LedgerKind::try_from(number).ok();
    let mut all = LedgerKind::ALL.into_iter();
    let kind = all.find(|kind| known == Some(view::ledger_kind(*kind)));
    kind.or_else(|| unknown(found, "kind", number))
}
