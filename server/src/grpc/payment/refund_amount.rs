//! `RefundAmount`: an amount alone is given back.

use backstock_engine::command::PaymentStep;
use backstock_engine::model::{Allowance, AllowedOf, Minor, RefundId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{Told, record};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RefundAmountRequest,
) -> Result<v1::RefundAmountResponse, Status> {
    let mut found = Violations::default();
    let step = step(&mut found, &request);
    let ids = (request.order_id.as_str(), request.request_id.as_str());
    let Told { money, version, is_repeat } = record(api, found, ids, step).await?;
    Ok(v1::RefundAmountResponse { money, version, is_repeat })
}

fn step(found: &mut Violations, request: &v1::RefundAmountRequest) -> Option<PaymentStep> {
    let id = RefundId::new("refund_id", request.refund_id.as_str());
    let id = found.taken("refund_id", id);
    let reason = found.taken("reason", Text::new("reason", request.reason.as_str()));
    let of = if request.of_shipping { AllowedOf::Shipping } else { AllowedOf::Order };
    let amount = Minor(request.amount_minor);
    Some(PaymentStep::Allow(Allowance { id: id?, amount, of, reason: reason? }))
}
