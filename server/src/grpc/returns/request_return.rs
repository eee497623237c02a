//! `RequestReturn`: units of an order are to come back.

use backstock_engine::command::RequestReturn;
use backstock_engine::model::{NodeId, OrderId, ReturnId, Text, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::{Shown, shown, terms};
use crate::grpc::fields::FieldNames;
use crate::grpc::fulfillment::steps::lines;
use crate::grpc::{Api, plain, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RequestReturnRequest,
) -> Result<v1::RequestReturnResponse, Status> {
    let command = command(api, &request)?;
    let (order, id, asks) = (command.order.clone(), command.id.clone(), command.meta.validate_only);
    let done = api.engine().request_return(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    // There is none to show where the caller only asks whether there could be.
    let shown = match shown(api, &order, &id).await {
        Err(_) if asks => None,
        shown => Some(shown?),
    };
    let (rma, money) = shown.map(|Shown { rma, money, .. }| (rma, money)).unzip();
    Ok(v1::RequestReturnResponse { rma, money: money.flatten(), version, is_repeat })
}

fn command(api: &Api, request: &v1::RequestReturnRequest) -> Result<RequestReturn, Status> {
    let mut found = Violations::default();
    let Some(command) = read(api, &mut found, request) else { return Err(found.into_status()) };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

/// What is asked for, not checked yet; none where something cannot be read, which is noted.
pub(super) fn read(
    api: &Api,
    found: &mut Violations,
    request: &v1::RequestReturnRequest,
) -> Option<RequestReturn> {
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let id = found.id("return_id", &request.return_id, ReturnId::new);
    let request_id = found.request_id(&request.request_id);
    let mode = terms::mode(found, request.mode);
    let reason = terms::reason(found, request.reason);
    let said = terms::said(found, request);
    let terms = request.terms.map(|of| terms::read(found, of));
    let is_read = terms.is_none_or(|terms| terms.is_some());
    let (Some(mode), Some(reason), true) = (mode, reason, is_read) else { return None };
    Some(RequestReturn {
        meta: api.meta(request_id.flatten(), request.validate_only),
        order,
        id,
        mode,
        reason,
        note: text(found, "note", &request.note),
        node: found.optional("node_id", &request.node_id, NodeId::new).flatten(),
        lines: lines(found, &request.lines),
        expires_at: instant(found, "expires_time", request.expires_time.as_ref()),
        advance_until: instant(found, "advance_until", request.advance_until.as_ref()),
        terms: terms.flatten(),
        said,
        label: text(found, "label", &request.label),
    })
}

fn text(found: &mut Violations, field: &str, text: &str) -> Option<Text> {
    found.optional(field, text, Text::new).flatten()
}

fn instant(
    found: &mut Violations,
    field: &str,
    at: Option<&prost_types::Timestamp>,
) -> Option<Timestamp> {
    at.and_then(|at| times::instant(found, field, at))
}
