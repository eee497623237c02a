//! `HoldOrder`: no node is to work on an order.

use backstock_engine::command::HoldOrder;
use backstock_engine::model::{OrderHoldId, OrderHoldKind, OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::caller::origin;
use crate::grpc::enums::unknown;
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, plain, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::HoldOrderRequest,
) -> Result<v1::HoldOrderResponse, Status> {
    let command = read(api, request)?;
    let id = command.order.clone();
    let done = api.engine().hold_order(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::HoldOrderResponse { order: Some(order), version, is_repeat })
}

fn read(api: &Api, request: v1::HoldOrderRequest) -> Result<HoldOrder, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let hold = found.id("order_hold_id", &request.order_hold_id, OrderHoldId::new);
    let kind = kind(&mut found, request.kind).unwrap_or(OrderHoldKind::Manual);
    let reason = found.taken("reason", Text::new("reason", request.reason)).unwrap_or_default();
    let owner = found.taken("owner", Text::new("owner", request.owner)).unwrap_or_default();
    let until = request.stock_until.as_ref();
    let stock_until = until.and_then(|until| times::instant(&mut found, "stock_until", until));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), request.validate_only);
    meta.origin = origin(reason.clone());
    let command = HoldOrder { meta, order, hold, kind, reason, owner, stock_until };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

fn kind(found: &mut Violations, number: i32) -> Option<OrderHoldKind> {
    match v1::OrderHoldKind::try_from(number) {
        Ok(v1::OrderHoldKind::Fraud) => Some(OrderHoldKind::Fraud),
        Ok(v1::OrderHoldKind::Payment) => Some(OrderHoldKind::Payment),
        Ok(v1::OrderHoldKind::Credit) => Some(OrderHoldKind::Credit),
        Ok(v1::OrderHoldKind::Unspecified | v1::OrderHoldKind::Manual) => {
            Some(OrderHoldKind::Manual)
        }
        Err(_) => unknown(found, "kind", number),
    }
}
