//! `RecordPaymentEvent`: what a provider tells unasked.

use backstock_engine::command::PaymentStep;
use backstock_engine::model::{LedgerKind, Minor, PaymentId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{Told, record, view};
use crate::grpc::Api;
use crate::grpc::enums::unknown;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RecordPaymentEventRequest,
) -> Result<v1::RecordPaymentEventResponse, Status> {
    let mut found = Violations::default();
    let step = step(&mut found, &request);
    let ids = (request.order_id.as_str(), request.request_id.as_str());
    let Told { money, version, is_repeat } = record(api, found, ids, step).await?;
    Ok(v1::RecordPaymentEventResponse { money, version, is_repeat })
}

fn step(found: &mut Violations, request: &v1::RecordPaymentEventRequest) -> Option<PaymentStep> {
    let payment = PaymentId::new("payment_id", request.payment_id.as_str());
    let payment = found.taken("payment_id", payment);
    let kind = kind(found, request.kind);
    let reference = Text::new("reference", request.reference.as_str());
    let reference = found.taken("reference", reference);
    Some(PaymentStep::Unasked {
        payment: payment?,
        kind: kind?,
        amount: Minor(request.amount_minor),
        reference: reference?,
    })
}

fn kind(found: &mut Violations, number: i32) -> Option<LedgerKind> {
    let known = v1::LedgerKind::try_from(number).ok();
    let mut all = LedgerKind::ALL.into_iter();
    let kind = all.find(|kind| known == Some(view::ledger_kind(*kind)));
    kind.or_else(|| unknown(found, "kind", number))
}
