//! `RecordPaymentResult`: what became of an intent.

use backstock_engine::command::PaymentStep;
use backstock_engine::model::{Minor, PaymentOutcome, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{Told, record};
use crate::grpc::enums::unknown;
use crate::grpc::{Api, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RecordPaymentResultRequest,
) -> Result<v1::RecordPaymentResultResponse, Status> {
    let mut found = Violations::default();
    let step = step(&mut found, &request);
    let ids = (request.order_id.as_str(), request.request_id.as_str());
    let Told { money, version, is_repeat } = record(api, found, ids, step).await?;
    Ok(v1::RecordPaymentResultResponse { money, version, is_repeat })
}

fn step(found: &mut Violations, request: &v1::RecordPaymentResultRequest) -> Option<PaymentStep> {
    let outcome = outcome(found, request.outcome);
    let text = Text::new("reference", request.reference.as_str());
    let reference = found.taken("reference", text);
    let at = request.observed_time.as_ref();
    let observed_at = at.and_then(|at| times::instant(found, "observed_time", at));
    let at = request.expires_time.as_ref();
    let expires = at.and_then(|at| times::instant(found, "expires_time", at));
    Some(PaymentStep::Result {
        // No order has as many intents as a number beyond 16 bits names.
        intent: u16::try_from(request.intent_number).unwrap_or(u16::MAX),
        outcome: outcome?,
        amount: request.amount_minor.map(Minor),
        reference: reference?,
        observed_at,
        expires,
    })
}

fn outcome(found: &mut Violations, number: i32) -> Option<PaymentOutcome> {
    match v1::PaymentOutcome::try_from(number) {
        Ok(v1::PaymentOutcome::Succeeded) => Some(PaymentOutcome::Succeeded),
        Ok(v1::PaymentOutcome::Failed) => Some(PaymentOutcome::Failed),
        Ok(v1::PaymentOutcome::Unknown) => Some(PaymentOutcome::Unknown),
        Ok(v1::PaymentOutcome::Unspecified) | Err(_) => unknown(found, "outcome", number),
    }
}
