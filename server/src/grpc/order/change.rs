//! What quoting a change and committing it have in common: the change as it is read, and the
//! answer to a quote.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use backstock_engine::command::{Change, ChangeQuote, Fault, Operation, QuoteChange, Wanted};
use backstock_engine::engine::{ChangeAnswer, EngineError, OrderView};
use backstock_engine::limits::ORDER_LINES_MAX;
use backstock_engine::model::{
    Currency, HoldId, Meta, NodeId, Order, Rule, ServiceName, Shipment, Sku, Text, Violation,
};
use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation as Asked;
use tonic::Status;

use super::{request, view};
use crate::grpc::fields::STAND_IN;
use crate::grpc::payment::pricing;
use crate::grpc::{Api, places, plain, times};
use crate::status::{Violations, fault};

/// An id that no other quote has.
pub(super) fn new_id(meta: &Meta) -> HoldId {
    // Seeded by the system for each of them.
    let chance = RandomState::new().hash_one(meta.at.as_micros());
    let id = format!("change-{:x}-{chance:016x}", meta.at.as_micros());
    HoldId::new("quote", id).expect("it is printable and short")
}

/// Reads what is asked of an order.
pub(super) fn read(
    found: &mut Violations,
    operations: &[v1::ChangeOperation],
    currency: &str,
) -> Change {
    let currency =
        found.optional("currency_code", currency, |field, code| Currency::new(field, &code));
    let operations = operations.iter().enumerate();
    let operations = operations.map(|(at, of)| operation(found, at, of.operation.as_ref()));
    let (operations, currency) = (operations.collect(), currency.flatten());
    Change { operations, currency, apart: false }
}

fn operation(found: &mut Violations, at: usize, asked: Option<&Asked>) -> Operation {
    match asked {
        None => {
            found.breaks(&format!("operations[{at}].operation"), "", Rule::Required);
            taken(None)
        }
        Some(Asked::SetQuantity(of)) => {
            Operation::SetQuantity { line: index(of.line_index), quantity: of.quantity }
        }
        Some(Asked::AddLine(of)) => {
            Operation::Add(wanted(found, &format!("operations[{at}].add_line"), Some(of)))
        }
        Some(Asked::SwapLine(of)) => {
            let field = format!("operations[{at}].swap_line.instead");
            let instead = wanted(found, &field, of.instead.as_ref());
            Operation::Swap { line: index(of.line_index), instead }
        }
        Some(Asked::SetNote(note)) => {
            let field = format!("operations[{at}].set_note");
            let note = found.taken(field.clone(), Text::new(&field, note.as_str()));
            Operation::SetNote(note.unwrap_or_default())
        }
        Some(Asked::SetAmount(of)) => {
            Operation::SetAmount { line: index(of.line_index), amount: of.amount_minor }
        }
        Some(Asked::SetDestination(to)) => {
            let path = format!("operations[{at}].set_destination.");
            let country = &to.destination_country_code;
            places::is_known_country(found, &format!("{path}destination_country_code"), country);
            let to = (to.destination_postal_code.as_str(), to.pickup.as_ref());
            taken(request::destination(found, &path, to).map(Operation::SetDestination))
        }
        Some(Asked::SetService(name)) => {
            let field = format!("operations[{at}].set_service");
            let name = found.taken(field.clone(), ServiceName::new(&field, name.as_str()));
            taken(name.map(Operation::SetService))
        }
        Some(Asked::SetDeliverBy(date)) => {
            let day = times::day(found, &format!("operations[{at}].set_deliver_by"), date);
            taken(day.map(Operation::SetDeliverBy))
        }
        Some(Asked::MoveShipment(of)) => {
            let field = format!("operations[{at}].move_shipment.node_id");
            let to = found.optional(&field, &of.node_id, NodeId::new).flatten();
            let lines = of.lines.iter().take(ORDER_LINES_MAX + 1);
            let lines = lines.map(|of| (index(of.line_index), of.quantity)).collect();
            Operation::Move { shipment: index(of.shipment_number), to, lines }
        }
    }
}

/// What was read. Where it was not, that is noted, and what else is wrong is found all the same.
fn taken(operation: Option<Operation>) -> Operation {
    operation.unwrap_or(Operation::SetNote(Text::default()))
}

/// An index as the engine takes it: what is too large for it, it refuses.
fn index(line: u32) -> u16 {
    u16::try_from(line).unwrap_or(u16::MAX)
}

fn wanted(found: &mut Violations, field: &str, of: Option<&v1::AddedLine>) -> Wanted {
    let of = of.cloned().unwrap_or_default();
    let path = format!("{field}.sku");
    let sku = found.taken(path.clone(), Sku::new(&path, of.sku));
    let sku = sku.unwrap_or_else(|| Sku::new("sku", STAND_IN).expect("it is an id"));
    let price =
        of.pricing.as_ref().and_then(|of| pricing::line(found, &format!("{field}.pricing"), of));
    Wanted { sku, quantity: of.quantity, amount: of.amount_minor, price: price.map(Box::new) }
}

/// Fields of a swap are those of what is wanted instead.
pub(super) fn as_sent(broken: Vec<Violation>) -> Vec<Violation> {
    let as_sent = |violation: Violation| {
        let field = violation.field;
        let field = match field.split_once(".swap_line.") {
            Some((at, name)) if name != "line_index" => format!("{at}.swap_line.instead.{name}"),
            _ => field.replace(
                ".set_destination.postal_code",
                ".set_destination.destination_postal_code",
            ),
        };
        Violation { field, ..violation }
    };
    broken.into_iter().map(as_sent).collect()
}

/// Quotes a change.
pub(super) async fn quote(
    api: &Api,
    command: &QuoteChange,
) -> Result<v1::QuoteChangeResponse, Status> {
    let named = |error| match error {
        EngineError::Invalid(broken) => EngineError::Invalid(as_sent(broken)),
        other => other,
    };
    let quoted = api.engine().quote_change(command).await;
    let answer = quoted.map_err(|error| plain(named(error)))?;
    answered(api, answer).await.map_err(plain)
}

async fn answered(api: &Api, answer: ChangeAnswer) -> Result<v1::QuoteChangeResponse, EngineError> {
    let ChangeAnswer { before, after, faults, quote, costs } = answer;
    let (cost_before, cost) = costs.unzip();
    let minor = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
    let touched = touched(&before, &after);
    let dates = touched.iter().filter_map(|at| date(&before.order, &after.order, *at));
    Ok(v1::QuoteChangeResponse {
        dates: dates.collect(),
        shipments_touched: touched.iter().map(|at| u32::from(*at) + 1).collect(),
        expire_time: quote.as_ref().map(|quote| times::timestamp(quote.until)),
        change_token: quote.as_ref().map(ChangeQuote::token).unwrap_or_default().into(),
        order: Some(view::order(api.engine(), &after).await?),
        faults: faults.into_iter().map(change_fault).collect(),
        amount_before_minor: before.order.amount(),
        amount_minor: after.order.amount(),
        version: after.version.get(),
        sourcing_cost_before_minor: cost_before.flatten().map(minor),
        sourcing_cost_minor: cost.map(minor),
    })
}

fn change_fault(of: Fault) -> v1::ChangeFault {
    v1::ChangeFault {
        operation_index: of.operation.and_then(|at| u32::try_from(at).ok()),
        fault: Some(fault(&plain(EngineError::Refused(of.why)))),
    }
}

/// Shipments, from 0, of which units or days are others.
fn touched(before: &OrderView, after: &OrderView) -> BTreeSet<u16> {
    let units = |view: &OrderView, at: u16| {
        let of_it = view.order.allocations.iter().filter(|a| a.shipment == at && a.open() > 0);
        let mut lines: Vec<(u16, u32)> = of_it.map(|a| (a.line, a.open())).collect();
        lines.sort_unstable();
        lines.dedup_by(|next, sum| {
            let is_same = next.0 == sum.0;
            sum.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        lines
    };
    let days = |of: Option<&Shipment>| of.map(|of| (of.ship_by, of.deliver_by));
    let all = 0..u16::try_from(after.order.shipments.len()).expect("few shipments");
    all.filter(|at| {
        let place = usize::from(*at);
        let (was, is) = (before.order.shipments.get(place), after.order.shipments.get(place));
        days(was) != days(is) || units(before, *at) != units(after, *at)
    })
    .collect()
}

/// The day of a shipment, from 0, if it is another one.
fn date(before: &Order, after: &Order, at: u16) -> Option<v1::DaysTold> {
    let of = |order: &Order| order.shipments.get(usize::from(at)).and_then(|of| of.deliver_by);
    let (was, is) = (of(before), of(after));
    (was != is).then(|| v1::DaysTold {
        shipment_number: u32::from(at) + 1,
        deliver_by_before: was.and_then(times::date),
        deliver_by: is.and_then(times::date),
    })
}
