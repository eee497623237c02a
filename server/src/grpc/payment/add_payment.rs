//! `AddPayment`: an order is paid by something else as well.

use backstock_engine::command::PaymentStep;
use backstock_proto::v1;
use tonic::Status;

use super::{Told, pricing, record};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::AddPaymentRequest,
) -> Result<v1::AddPaymentResponse, Status> {
    let mut found = Violations::default();
    let payment = request.payment.as_ref();
    if payment.is_none() {
        found.add("payment", "is required");
    }
    let payment = payment.and_then(|payment| pricing::payment(&mut found, "payment", payment));
    let step = payment.map(PaymentStep::Add);
    let ids = (request.order_id.as_str(), request.request_id.as_str());
    let Told { money, version, is_repeat } = record(api, found, ids, step).await?;
    Ok(v1::AddPaymentResponse { money, version, is_repeat })
}
