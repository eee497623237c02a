//! A hold as callers see it.

use backstock_engine::command::CreateHold;
use backstock_engine::engine::{Engine, EngineError, OrderView};
use backstock_engine::limits::HOLD_WAIT_SECONDS;
use backstock_engine::model::{HoldState, OwnerId, Sku};
use backstock_proto::v1;

use crate::grpc::enums::class_message;
use crate::grpc::order::view;
use crate::grpc::times;

/// A hold as it stands: the order that it is, and what is known of it as a hold.
pub(super) async fn hold(engine: &Engine, seen: &OrderView) -> Result<v1::Hold, EngineError> {
    let hold = seen.order.header.hold.as_deref().expect("it is found as a hold");
    let order = view::order(engine, seen).await?;
    let is_order = hold.state == HoldState::Confirmed;
    let waits = hold.state == HoldState::Waiting;
    let holds_ahead = if waits { holds_ahead(engine, seen, &order.lines)? } else { None };
    Ok(v1::Hold {
        hold_id: hold.id.to_string(),
        owner_id: owner(hold.owner.as_ref()),
        state: state(hold.state).into(),
        expire_time: Some(times::timestamp(hold.until)),
        extensions: hold.extended.into(),
        payment_started: hold.is_paying,
        lines: order.lines,
        shipments: order.shipments,
        promised_by: order.promised_by,
        order_id: if is_order { order.order_id } else { String::new() },
        priority: order.priority,
        tier: order.tier,
        holds_ahead,
        accepts_part: hold.accepts_part,
        pickup: order.pickup,
        bundles: order.bundles,
    })
}

/// How many holds are served before one that waits, for whichever item it waits for; none before
/// the sale of one of them opens.
fn holds_ahead(
    engine: &Engine,
    seen: &OrderView,
    lines: &[v1::OrderLine],
) -> Result<Option<u64>, EngineError> {
    let (no, priority) = (Some(seen.order.no), seen.order.header.priority);
    let waits = lines.iter().filter(|line| backordered(line) > 0);
    let mut ahead = waits.map(|line| {
        let sku = Sku::new("sku", line.sku.as_str()).expect("it is of an item");
        engine.holds_ahead(&sku, priority, no)
    });
    ahead.try_fold(Some(0), |most, ahead| Ok(most.zip(ahead?).map(|(most, ahead)| most.max(ahead))))
}

fn backordered(line: &v1::OrderLine) -> u64 {
    line.units.as_ref().map_or(0, |units| u64::from(units.backordered))
}

/// A hold as it would be created, where placing its order would be answered so.
pub(super) fn planned(
    engine: &Engine,
    command: &CreateHold,
    answer: v1::PlaceOrderResponse,
) -> v1::Hold {
    let (priority, pickup) = (command.order().priority, command.order().destination.pickup());
    let sum = |of: fn(&v1::LineUnits) -> u32| answer.lines.iter().map(|it| u64::from(of(it))).sum();
    let waiting: u64 = sum(|units| units.backordered);
    let units = waiting + sum(|units| units.allocated) + sum(|units| units.preordered);
    let stands = command.state(waiting, units);
    let waits = stands == HoldState::Waiting;
    let seconds = if waits { HOLD_WAIT_SECONDS } else { command.seconds };
    let skus = || answer.skus.iter().filter_map(|sku| Sku::new("sku", sku.as_str()).ok());
    let opens = skus().filter_map(|sku| engine.opening(&sku)).max().filter(|_| waits);
    let from = opens.map_or(command.meta.at, |opens| opens.max(command.meta.at));
    let until = from.saturating_add_micros(i64::from(seconds) * 1_000_000);
    let ahead_for = |(sku, _): (&String, _)| {
        let sku = Sku::new("sku", sku.as_str()).ok()?;
        engine.holds_ahead(&sku, priority, None).ok().flatten()
    };
    let with_units = answer.skus.iter().zip(&answer.lines);
    let holds_ahead =
        with_units.filter(|(_, units)| units.backordered > 0).filter_map(ahead_for).max();
    let lines = answer.skus.into_iter().zip(answer.lines).map(|(sku, units)| v1::OrderLine {
        sku,
        quantity: units.allocated + units.preordered + units.backordered,
        units: Some(units),
        amount_minor: 0,
    });
    v1::Hold {
        hold_id: command.hold().to_string(),
        owner_id: owner(command.owner.as_ref()),
        state: state(stands).into(),
        expire_time: Some(times::timestamp(until)),
        extensions: 0,
        payment_started: false,
        lines: lines.collect(),
        shipments: answer.shipments,
        promised_by: answer.promised_by,
        order_id: String::new(),
        priority: class_message(priority.class()).into(),
        tier: priority.tier().into(),
        holds_ahead: holds_ahead.filter(|_| waits && opens.is_none()),
        accepts_part: command.accepts_part(),
        pickup: pickup.map(|pickup| v1::Pickup {
            node_id: pickup.node.to_string(),
            only_stock_there: pickup.only_there,
        }),
        bundles: answer.bundles,
    }
}

fn owner(owner: Option<&OwnerId>) -> String {
    // That of the units which a change of an order is to get is the order.
    let of_cart = owner.filter(|owner| !owner.is_order());
    of_cart.map(ToString::to_string).unwrap_or_default()
}

const fn state(state: HoldState) -> v1::HoldState {
    match state {
        HoldState::Live => v1::HoldState::Live,
        HoldState::Confirmed => v1::HoldState::Confirmed,
        HoldState::Released => v1::HoldState::Released,
        HoldState::Lapsed => v1::HoldState::Lapsed,
        HoldState::TakenOver => v1::HoldState::TakenOver,
        HoldState::Waiting => v1::HoldState::Waiting,
    }
}
