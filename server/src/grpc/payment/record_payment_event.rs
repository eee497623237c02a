//! `RecordPaymentEvent`: what a provider tells unasked.

use backstock_engine::command::{KeepProviderEvent, PaymentStep};
use backstock_engine::model::{
    LedgerKind, Minor, OrderId, PaymentId, ProviderEvent, Text, Timestamp, Violation,
};
use backstock_proto::v1;
use tonic::Status;

use super::{Told, ledger_kind, record, told};
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, plain, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RecordPaymentEventRequest,
) -> Result<v1::RecordPaymentEventResponse, Status> {
    let mut found = Violations::default();
    match said(&mut found, &request) {
        Some(said) if !said.reference.as_str().is_empty() => {
            by_reference(api, found, (&request, said)).await
        }
        said => of_order(api, found, (&request, said)).await,
    }
}

/// Tells what has a reference, so that it may come before anybody knows of which order it is.
async fn by_reference(
    api: &Api,
    mut found: Violations,
    (request, said): (&v1::RecordPaymentEventRequest, Said),
) -> Result<v1::RecordPaymentEventResponse, Status> {
    let order =
        named(&mut found, ("order_id", &request.order_id), |id| OrderId::new("order_id", id));
    let payment = named(&mut found, ("payment_id", &request.payment_id), |id| {
        PaymentId::new("payment_id", id)
    });
    let meta = api.meta(found.request_id(&request.request_id).flatten(), false);
    let Said { kind, amount, reference, expires } = said;
    let event = ProviderEvent { order, payment, kind, amount, reference, expires, since: meta.at };
    let command = KeepProviderEvent { meta, event };
    found.rules(command.validate(), &FieldNames::PLAIN);
    let command = found.finish(command)?;
    let (done, order) = api.engine().record_provider_event(&command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let Some(order) = order else {
        let (money, order_id) = (None, String::new());
        let ProviderEvent { kind, reference, .. } = &command.event;
        let is_kept = api.engine().keeps_provider_event(*kind, reference);
        return Ok(v1::RecordPaymentEventResponse { money, version, is_repeat, is_kept, order_id });
    };
    let Told { money, version, is_repeat } = told(api, &order, done).await?;
    let order_id = order.to_string();
    Ok(v1::RecordPaymentEventResponse { money, version, is_repeat, is_kept: false, order_id })
}

/// Tells what has no reference, so that it has to name its order and payment.
async fn of_order(
    api: &Api,
    mut found: Violations,
    (request, said): (&v1::RecordPaymentEventRequest, Option<Said>),
) -> Result<v1::RecordPaymentEventResponse, Status> {
    let payment = PaymentId::new("payment_id", request.payment_id.as_str());
    let payment = found.taken("payment_id", payment);
    let step = said.zip(payment).map(|(said, payment)| {
        let Said { kind, amount, reference, expires } = said;
        PaymentStep::Unasked { payment, kind, amount, reference, expires }
    });
    let ids = (request.order_id.as_str(), request.request_id.as_str());
    let Told { money, version, is_repeat } = record(api, found, ids, step).await?;
    let order_id = request.order_id.clone();
    Ok(v1::RecordPaymentEventResponse { money, version, is_repeat, is_kept: false, order_id })
}

/// What a provider tells, of whichever order it is.
struct Said {
    kind: LedgerKind,
    amount: Minor,
    reference: Text,
    expires: Option<Timestamp>,
}

fn said(found: &mut Violations, request: &v1::RecordPaymentEventRequest) -> Option<Said> {
    let kind = ledger_kind(found, request.kind);
    let reference = Text::new("reference", request.reference.as_str());
    let reference = found.taken("reference", reference);
    let at = request.expires_time.as_ref();
    let expires = at.and_then(|at| times::instant(found, "expires_time", at));
    let amount = Minor(request.amount_minor);
    Some(Said { kind: kind?, amount, reference: reference?, expires })
}

/// An id that may be left out.
fn named<T>(
    found: &mut Violations,
    (field, id): (&'static str, &str),
    read: impl FnOnce(&str) -> Result<T, Violation>,
) -> Option<T> {
    if id.is_empty() { None } else { found.taken(field, read(id)) }
}
