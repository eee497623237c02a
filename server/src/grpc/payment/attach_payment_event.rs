//! `AttachPaymentEvent`: of which payment something is that a provider told.

use backstock_engine::command::{ProviderEventResolution, ResolveProviderEvent};
use backstock_engine::model::{OrderId, PaymentId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::{Told, ledger_kind, told};
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::AttachPaymentEventRequest,
) -> Result<v1::AttachPaymentEventResponse, Status> {
    let mut found = Violations::default();
    let kind = ledger_kind(&mut found, request.kind);
    let reference = Text::new("reference", request.reference.as_str());
    let reference = found.taken("reference", reference);
    let order = found.taken("order_id", OrderId::new("order_id", request.order_id.as_str()));
    let payment = PaymentId::new("payment_id", request.payment_id.as_str());
    let payment = found.taken("payment_id", payment);
    let meta = api.meta(found.request_id(&request.request_id).flatten(), false);
    let said = kind.zip(reference).zip(order.zip(payment));
    let ((kind, reference), (order, payment)) = found.converted(said)?;
    let resolution = ProviderEventResolution::Attach(order.clone(), payment);
    let command = ResolveProviderEvent { meta, kind, reference, resolution };
    let done = api.engine().resolve_provider_event(command).await.map_err(plain)?;
    let Told { money, version, is_repeat } = told(api, &order, done).await?;
    Ok(v1::AttachPaymentEventResponse { money, version, is_repeat })
}
