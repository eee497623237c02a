//! `LetGoPaymentEvent`: something that a provider told is of no order.

use backstock_engine::command::{ProviderEventResolution, ResolveProviderEvent};
use backstock_engine::model::Text;
use backstock_proto::v1;
use tonic::Status;

use super::ledger_kind;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::LetGoPaymentEventRequest,
) -> Result<v1::LetGoPaymentEventResponse, Status> {
    let mut found = Violations::default();
    let kind = ledger_kind(&mut found, request.kind);
    let reference = Text::new("reference", request.reference.as_str());
    let reference = found.taken("reference", reference);
    let reason = found.taken("reason", Text::new("reason", request.reason.as_str()));
    if request.reason.is_empty() {
        found.add("reason", "is required");
    }
    let meta = api.meta(found.request_id(&request.request_id).flatten(), false);
    let ((kind, reference), reason) = found.converted(kind.zip(reference).zip(reason))?;
    let resolution = ProviderEventResolution::LetGo(reason);
    let command = ResolveProviderEvent { meta, kind, reference, resolution };
    let done = api.engine().resolve_provider_event(command).await.map_err(plain)?;
    Ok(v1::LetGoPaymentEventResponse { version: done.version.get(), is_repeat: done.is_repeat })
}
