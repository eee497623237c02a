//! From a request to place an order to the engine's command.

use backstock_engine::command::{LineRequest, Lines, OrderRequest};
use backstock_engine::engine::OrderPrices;
use backstock_engine::model::{
    CustomerId, Destination, NodeId, OrderId, Pickup, PostalCode, Rule, ServiceName, Sku, Text,
    Timestamp,
};
use backstock_proto::v1;
use tonic::Status;

use super::text::{LineText, OrderText};
use crate::grpc::enums::{priority, shortage, split};
use crate::grpc::fields::{FieldNames, STAND_IN};
use crate::grpc::payment::pricing;
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
    let (code, pickup) = (request.destination_postal_code, request.pickup.as_ref());
    let destination = destination(found, "", (code, pickup));
    let country = request.destination_country_code;
    places::is_known_country(found, "destination_country_code", country);
    let service = found.optional("service", request.service, ServiceName::new);
    let wanted_by = request.wanted_by.as_ref();
    let deliver_by = wanted_by.and_then(|date| times::day(found, "wanted_by", date));
    let shortage = shortage(found, "shortage_policy", request.shortage_policy);
    let split = split(found, "split_policy", request.split_policy);
    let lines = lines(found, &request.lines);
    let priority = priority(found, request.priority, request.tier);
    let prices = prices(found, request.pricing.as_ref(), request.server_pricing.as_ref());
    Some(OrderRequest {
        id: id?,
        customer: customer?,
        channel: channel?,
        destination: destination?,
        service: service?,
        deliver_by,
        shortage,
        split,
        lines: lines?,
        priority: priority?,
        prices,
    })
}

/// Reads what an order costs: as its caller says, or by lists. None where nothing is said, and when something
/// is wrong, which is noted.
pub(in crate::grpc) fn prices(
    found: &mut Violations,
    asked: Option<&v1::Pricing>,
    listed: Option<&v1::ServerPricing>,
) -> Option<Box<OrderPrices>> {
    let prices = match (asked, listed) {
        (None, None) => None,
        (Some(of), None) => pricing::read(found, of).map(OrderPrices::Asked),
        (None, Some(of)) => pricing::listed(found, of).map(OrderPrices::Listed),
        (Some(_), Some(_)) => {
            found.add(
                "server_pricing",
                "is given beside pricing: an order has prices by one of them",
            );
            None
        }
    };
    prices.map(Box::new)
}

/// Reads where an order goes: to an address, or to a node where it is collected. `path` comes before
/// the names of fields.
pub(in crate::grpc) fn destination(
    found: &mut Violations,
    path: &str,
    (code, pickup): (&str, Option<&v1::Pickup>),
) -> Option<Destination<NodeId>> {
    let field = |name: &str| format!("{path}{name}");
    let Some(pickup) = pickup else {
        let taken = PostalCode::new("destination_postal_code", code);
        return found.taken(field("destination_postal_code"), taken).map(Destination::Address);
    };
    let only_there = pickup.only_stock_there;
    let node = NodeId::new("node_id", pickup.node_id.as_str());
    let node = found.taken(field("pickup.node_id"), node);
    if !code.is_empty() {
        let both = "is given beside pickup: an order goes to one of them";
        found.breaks(&field("destination_postal_code"), code, Rule::Malformed(both.into()));
        return None;
    }
    node.map(|node| Destination::Pickup(Pickup { node, only_there }))
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
