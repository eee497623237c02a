//! `CancelOrder`: units of an order are no longer wanted.

use backstock_engine::command::{CancelOrder, LineCancellation};
use backstock_engine::model::{OrderId, Rule, Text, Violation};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::caller::origin;
use crate::grpc::fields::FieldNames;
use crate::grpc::fulfillment::{number, refused};
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::CancelOrderRequest,
) -> Result<v1::CancelOrderResponse, Status> {
    let named = request.shipment_number;
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().cancel_order(command).await;
    let done = done.map_err(|error| refused(error, named))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::CancelOrderResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: v1::CancelOrderRequest) -> Result<CancelOrder, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.unwrap_or_default());
    // The engine counts lines from 1.
    let lines = request.lines.iter().map(|line| LineCancellation {
        line: line.line_index.saturating_add(1),
        quantity: line.quantity,
        of_bundle: line.of_bundle,
    });
    let shipment = Some(request.shipment_number).filter(|named| *named > 0).map(number);
    let command = CancelOrder { meta, order, lines: lines.collect(), shipment };
    let checked = command.validate().map_err(|broken| as_given(broken, &request.lines));
    found.rules(checked, &FieldNames::PLAIN);
    found.finish(command)
}

/// Lines as the caller counts them, from 0.
fn as_given(broken: Vec<Violation>, lines: &[v1::CancelOrderLine]) -> Vec<Violation> {
    let as_given = |violation: Violation| {
        let at = violation.field.strip_prefix("lines[").and_then(|at| at.strip_suffix("].line"));
        let line = at.and_then(|at| lines.get(at.parse::<usize>().ok()?));
        let Some(line) = line else { return violation };
        let rule = match violation.rule {
            Rule::OutOfRange { min, max } => Rule::OutOfRange { min: min - 1, max: max - 1 },
            rule => rule,
        };
        Violation::new(format!("{}_index", violation.field), line.line_index, rule)
    };
    broken.into_iter().map(as_given).collect()
}
