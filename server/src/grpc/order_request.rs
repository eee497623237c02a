//! From a request to place an order to the engine's command.

use backstock_engine::limits;
use backstock_engine::model::command::{LineRequest, Lines, OrderRequest};
use backstock_engine::model::{
    CustomerId, OrderId, PostalCode, Rule, ServiceName, Shortage, Sku, Split, Text, Timestamp,
};
use backstock_proto::v1;
use tonic::Status;

use super::fields::FieldNames;
use super::order_text::{LineText, OrderText};
use super::{places, times};
use crate::status::Violations;

/// How the engine calls the fields of an order.
pub(super) const NAMES: FieldNames = FieldNames::new(
    "",
    &[
        ("deliver_by", "wanted_by"),
        ("postal_code", "destination_postal_code"),
        ("placed_at", "placed_time"),
    ],
);

/// Reads an order, and when it was placed if it says so.
pub(super) fn order(request: &OrderText<'_>) -> Result<(OrderRequest, Option<Timestamp>), Status> {
    let mut found = Violations::default();
    let id = found.taken("order_id", OrderId::new("order_id", request.order_id));
    let customer = found.optional("customer_id", request.customer_id, CustomerId::new);
    let channel = found.optional("channel", request.channel, Text::new);
    let code = PostalCode::new("destination_postal_code", request.destination_postal_code);
    let postal_code = found.taken("destination_postal_code", code);
    let country = request.destination_country_code;
    places::is_known_country(&mut found, "destination_country_code", country);
    let service = found.optional("service", request.service, ServiceName::new);
    let wanted_by = request.wanted_by.as_ref();
    let deliver_by = wanted_by.and_then(|date| times::day(&mut found, "wanted_by", date));
    let shortage = shortage(&mut found, "shortage_policy", request.shortage_policy);
    let split = split(&mut found, "split_policy", request.split_policy);
    let lines = lines(&mut found, &request.lines);
    let placed = request.placed_time.as_ref();
    let placed_at = placed.and_then(|placed| times::instant(&mut found, "placed_time", placed));
    let order = (|| {
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
        })
    })();
    found.converted(order.map(|order| (order, placed_at)))
}

fn lines(found: &mut Violations, lines: &[LineText<'_>]) -> Option<Lines> {
    if lines.len() > limits::ORDER_LINES_MAX {
        found.breaks("lines", lines.len(), Rule::TooMany { max: limits::ORDER_LINES_MAX });
        return None;
    }
    if lines.is_empty() {
        found.breaks("lines", "", Rule::Required);
        return None;
    }
    let mut taken = Lines::default();
    taken.0.reserve_exact(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let quantity = line.quantity;
        if !(1..=limits::LINE_UNITS_MAX).contains(&quantity) {
            let rule = Rule::OutOfRange { min: 1, max: limits::LINE_UNITS_MAX.into() };
            found.breaks(&format!("lines[{at}].quantity"), quantity, rule);
        }
        // The path is made only for what is wrong: orders come in by the
        // hundred thousand.
        match Sku::new("sku", line.sku) {
            Ok(sku) => taken.0.push(LineRequest { sku, quantity }),
            Err(violation) => found.note(format!("lines[{at}].sku"), &violation),
        }
    }
    Some(taken)
}

/// What an order or a policy says of units without supply; none when it does
/// not say.
pub(super) fn shortage(found: &mut Violations, path: &str, number: i32) -> Option<Shortage> {
    match v1::ShortagePolicy::try_from(number) {
        Ok(v1::ShortagePolicy::Unspecified) => None,
        Ok(v1::ShortagePolicy::Reject) => Some(Shortage::Reject),
        Ok(v1::ShortagePolicy::Backorder) => Some(Shortage::Backorder),
        Ok(v1::ShortagePolicy::Partial) => Some(Shortage::Partial),
        Err(_) => unknown(found, path, number),
    }
}

/// What an order or a policy says of splitting; none when it does not say.
pub(super) fn split(found: &mut Violations, path: &str, number: i32) -> Option<Split> {
    match v1::SplitPolicy::try_from(number) {
        Ok(v1::SplitPolicy::Unspecified) => None,
        Ok(v1::SplitPolicy::WholeLine) => Some(Split::WholeLine),
        Ok(v1::SplitPolicy::Units) => Some(Split::Units),
        Err(_) => unknown(found, path, number),
    }
}

/// Notes a number that no value of an enum has.
pub(super) fn unknown<T>(found: &mut Violations, path: &str, number: i32) -> Option<T> {
    found.add(path, format!("\"{number}\" is no value of this enum"));
    None
}
