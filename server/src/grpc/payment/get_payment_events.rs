//! `GetPaymentEvents`: what payment providers told that is of no order yet.

use backstock_engine::model::{OrderId, PaymentId, ProviderEvent};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::{Api, times};

#[expect(clippy::unused_async, reason = "all handlers are awaited")]
pub(super) async fn handle(
    api: &Api,
    _: v1::GetPaymentEventsRequest,
) -> Result<v1::GetPaymentEventsResponse, Status> {
    let (events, version) = api.engine().provider_events();
    let events = events.iter().map(event).collect();
    Ok(v1::GetPaymentEventsResponse { events, version: version.get() })
}

fn event(of: &ProviderEvent) -> v1::PaymentEvent {
    v1::PaymentEvent {
        order_id: of.order.as_ref().map(OrderId::to_string).unwrap_or_default(),
        payment_id: of.payment.as_ref().map(PaymentId::to_string).unwrap_or_default(),
        kind: view::ledger_kind(of.kind).into(),
        amount_minor: of.amount.0,
        reference: of.reference.as_str().into(),
        time: Some(times::timestamp(of.since)),
    }
}
