//! `ConfirmHold`: a hold becomes an order.

use backstock_engine::command::{ConfirmHold, Lines};
use backstock_engine::engine::OrderView;
use backstock_engine::model::{CustomerId, HoldId, OrderId, ServiceName, Text};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::order::placing::refused;
use crate::grpc::order::request;
use crate::grpc::order::text::LineText;
use crate::grpc::order::view;
use crate::grpc::transport::meters::{OrderTally, Told};
use crate::grpc::{Api, places, plain, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ConfirmHoldRequest,
) -> Result<v1::ConfirmHoldResponse, Status> {
    let command = read(api, &request)?;
    let id = command.order.clone();
    let done = api.engine().confirm_hold(command).await.map_err(refused)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let order = api.engine().order(&id).await.map_err(plain)?;
    if !is_repeat {
        count(api, &order);
    }
    let order = view::order(api.engine(), &order).await.map_err(plain)?;
    Ok(v1::ConfirmHoldResponse { order: Some(order), version, is_repeat })
}

/// Counts the order that a hold became: all its units have a supply.
fn count(api: &Api, order: &OrderView) {
    let units = order.order.allocations.iter().map(|a| u64::from(a.open())).sum();
    let mut tally = OrderTally::default();
    tally.add(Told { outcome: v1::OrderOutcome::Allocated, units_promised: units });
    api.0.orders.placed(tally);
}

fn read(api: &Api, request: &v1::ConfirmHoldRequest) -> Result<ConfirmHold, Status> {
    let mut found = Violations::default();
    let hold = found.id("hold_id", &request.hold_id, HoldId::new);
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let customer = found.optional("customer_id", &request.customer_id, CustomerId::new);
    let channel = found.optional("channel", &request.channel, Text::new);
    let (code, pickup) = (&request.destination_postal_code, request.pickup.as_ref());
    let is_as_held = code.is_empty() && pickup.is_none();
    let destination =
        if is_as_held { None } else { request::destination(&mut found, "", (code, pickup)) };
    let country = &request.destination_country_code;
    places::is_known_country(&mut found, "destination_country_code", country);
    let service = found.optional("service", &request.service, ServiceName::new);
    let wanted_by = request.wanted_by.as_ref();
    let deliver_by = wanted_by.and_then(|date| times::day(&mut found, "wanted_by", date));
    let lines = lines(&mut found, &request.lines);
    let (asked, listed) = (request.pricing.as_ref(), request.server_pricing.as_ref());
    let prices = request::prices(&mut found, asked, listed);
    let request_id = found.request_id(&request.request_id);
    found.finish(ConfirmHold {
        meta: api.meta(request_id.flatten(), false),
        hold,
        order,
        customer: customer.flatten(),
        channel: channel.flatten(),
        destination,
        service: service.flatten(),
        deliver_by,
        lines: lines.unwrap_or_default(),
        prices,
    })
}

/// What is ordered; none of what is held.
fn lines(found: &mut Violations, lines: &[v1::PlaceOrderLine]) -> Option<Lines> {
    if lines.is_empty() {
        return Some(Lines::default());
    }
    let lines: Vec<_> = lines.iter().map(LineText::from).collect();
    request::lines(found, &lines)
}
