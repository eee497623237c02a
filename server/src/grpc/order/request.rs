//! From a request to place an order to the engine's command.

use backstock_engine::command::{LineRequest, Lines, OrderRequest};
use backstock_engine::model::{CustomerId, OrderId, PostalCode, ServiceName, Sku, Text, Timestamp};
use tonic::Status;

use super::text::{LineText, OrderText};
use crate::grpc::enums::{priority, shortage, split};
use crate::grpc::fields::{FieldNames, STAND_IN};
use crate::grpc::{places, times};
use crate::status::Violations;

/// How the engine calls the fields of an order, and of a hold.
pub(in crate::grpc) const NAMES: FieldNames = FieldNames::new(
    "",
    &[
        ("deliver_by", "wanted_by"),
        ("postal_code", "destination_postal_code"),
        ("placed_at", "placed_time"),
        ("seconds", "ttl"),
    ],
);

/// Reads an order, and when it was placed if it says so.
pub(super) fn read(request: &OrderText<'_>) -> Result<(OrderRequest, Option<Timestamp>), Status> {
    let mut found = Violations::default();
    let id = found.taken("order_id", OrderId::new("order_id", request.order_id));
    let order = order(&mut found, id, request);
    let placed = request.placed_time.as_ref();
    let placed_at = placed.and_then(|placed| times::instant(&mut found, "placed_time", placed));
    found.converted(order.map(|order| (order, placed_at)))
}

/// Reads an order whose id was read before. None when something is wrong, which is noted.
pub(in crate::grpc) fn order(
    found: &mut Violations,
    id: Option<OrderId>,
    request: &OrderText<'_>,
) -> Option<OrderRequest> {
    let customer = found.optional("customer_id", request.customer_id, CustomerId::new);
    let channel = found.optional("channel", request.channel, Text::new);
    let code = PostalCode::new("destination_postal_code", request.destination_postal_code);
    let postal_code = found.taken("destination_postal_code", code);
    let country = request.destination_country_code;
    places::is_known_country(found, "destination_country_code", country);
    let service = found.optional("service", request.service, ServiceName::new);
    let wanted_by = request.wanted_by.as_ref();
    let deliver_by = wanted_by.and_then(|date| times::day(found, "wanted_by", date));
    let shortage = shortage(found, "shortage_policy", request.shortage_policy);
    let split = split(found, "split_policy", request.split_policy);
    let lines = lines(found, &request.lines);
    let priority = priority(found, request.priority, request.tier);
    Some(OrderRequest {
        id: id?,
        customer: customer?,
        channel: channel?,
        postal_code: postal_code?,
        service: service?,
        deliver_by,
        shortage,
        split,
        lines: lines?,
        priority: priority?,
    })
}

/// Reads the lines of an order.
pub(in crate::grpc) fn lines(found: &mut Violations, lines: &[LineText<'_>]) -> Option<Lines> {
    found.taken("lines", Lines::validate_number(lines.len()))?;
    let mut taken = Lines::default();
    taken.0.reserve_exact(lines.len());
    let mut no_skus = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let quantity = line.quantity;
        let sku = match Sku::new("sku", line.sku) {
            Ok(sku) => sku,
            Err(violation) => {
                no_skus.push((at, violation));
                Sku::new("sku", STAND_IN).expect("it is an id")
            }
        };
        taken.0.push(LineRequest { sku, quantity });
    }
    found.rules(taken.validate(), &NAMES);
    // The path is made only for what is wrong: orders come in by the hundred thousand.
    for (at, violation) in &no_skus {
        found.note(format!("lines[{at}].sku"), violation);
    }
    no_skus.is_empty().then_some(taken)
}
