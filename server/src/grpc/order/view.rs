//! An order as it stands, and its shipments.

use backstock_engine::engine::{Engine, EngineError, OrderView, ShipmentWork};
use backstock_engine::model::fulfilment::Content;
use backstock_engine::model::{
    Allocation, AnswerKind, Day, Destination, Order, OrderHold, OrderHoldKind, OrderLine,
    OrderState, OrderedBundle, Package, Pair, Pickup, ServiceNo, Shipment, Supply, Timestamp,
    UnitState, Work,
};
use backstock_proto::v1;

use super::answer;
use crate::grpc::enums::{class_message, decline_reason_message, shortage_message, split_message};
use crate::grpc::{places, times};

/// Units of one line in one shipment, from one supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// The line, from 0.
    line: u16,
    /// The shipment, from 0.
    shipment: u16,
    /// What the units come from.
    supply: Supply,
    /// How many; more than 0.
    units: u32,
}

/// An order as callers see it.
pub(in crate::grpc) async fn order(
    engine: &Engine,
    view: &OrderView,
) -> Result<v1::Order, EngineError> {
    let order = &*view.order;
    let header = &order.header;
    let units = units_now(view);
    let amended = order.amended.as_deref();
    let amounts = amended.and_then(|amended| amended.amounts.as_ref());
    let lines = order.lines.iter().zip(0..).zip(units).map(|((line, at), units)| v1::OrderLine {
        sku: engine.sku_no(line.sku).to_string(),
        quantity: line.ordered,
        units: Some(units),
        amount_minor: order.amount_of(at),
    });
    let address = header.destination.address();
    let service = &engine.policy().services[usize::from(header.service.0)];
    Ok(v1::Order {
        order_id: header.id.to_string(),
        customer_id: header.customer.as_ref().map(ToString::to_string).unwrap_or_default(),
        channel: header.channel.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        placed_time: Some(times::timestamp(header.ordered_at)),
        destination_postal_code: address.map(ToString::to_string).unwrap_or_default(),
        service: service.name.to_string(),
        wanted_by: times::date(header.promise_by),
        promised_by: promised_by(order).and_then(times::date),
        shortage_policy: shortage_message(header.shortage).into(),
        split_policy: split_message(header.split).into(),
        state: state(order).into(),
        lines: lines.collect(),
        shipments: shipments_now(engine, view).await?,
        destination_country_code: address.map(|_| places::COUNTRY.into()).unwrap_or_default(),
        priority: class_message(header.priority.class()).into(),
        tier: header.priority.tier().into(),
        pickup: header.destination.pickup().map(|pickup| self::pickup(engine, *pickup)),
        bundles: bundles(engine, &order.bundles, &order.lines),
        holds: order.order_holds.iter().map(hold).collect(),
        note: amended
            .and_then(|of| of.note.as_ref())
            .map(|of| of.as_str().into())
            .unwrap_or_default(),
        currency_code: amounts.map(|amounts| amounts.currency.to_string()).unwrap_or_default(),
        amount_minor: order.amount(),
        money: crate::grpc::payment::view::of(order),
        returns: crate::grpc::returns::view::all(engine, order),
    })
}

/// A hold on an order.
pub(super) fn hold(hold: &OrderHold) -> v1::OrderHold {
    v1::OrderHold {
        order_hold_id: hold.id.to_string(),
        kind: hold_kind(hold.kind).into(),
        reason: hold.reason.as_str().to_owned(),
        owner: hold.owner.as_str().to_owned(),
        held_time: Some(times::timestamp(hold.since)),
        stock_until: hold.stock_until.map(times::timestamp),
        stock_let_go: hold.let_go,
    }
}

const fn hold_kind(kind: OrderHoldKind) -> v1::OrderHoldKind {
    match kind {
        OrderHoldKind::Fraud => v1::OrderHoldKind::Fraud,
        OrderHoldKind::Payment => v1::OrderHoldKind::Payment,
        OrderHoldKind::Credit => v1::OrderHoldKind::Credit,
        OrderHoldKind::Manual => v1::OrderHoldKind::Manual,
    }
}

/// Where an order is collected.
fn pickup(engine: &Engine, Pickup { node, only_there }: Pickup) -> v1::Pickup {
    v1::Pickup { node_id: engine.node_no(node).id.to_string(), only_stock_there: only_there }
}

/// Where an order goes, or a shipment of it went.
pub(super) fn destination(
    engine: &Engine,
    to: &Destination,
    (service, wanted_by): (ServiceNo, Option<Day>),
) -> v1::OrderDestination {
    let address = to.address();
    v1::OrderDestination {
        destination_country_code: address.map(|_| places::COUNTRY.into()).unwrap_or_default(),
        destination_postal_code: address.map(ToString::to_string).unwrap_or_default(),
        pickup: to.pickup().map(|pickup| self::pickup(engine, *pickup)),
        service: engine.policy().services[usize::from(service.0)].name.to_string(),
        wanted_by: wanted_by.and_then(times::date),
    }
}

/// The node where an order is collected; empty where it goes to an address.
pub(super) fn pickup_node(engine: &Engine, to: &Destination) -> String {
    let at = to.pickup().map(|pickup| engine.node_no(pickup.node).id.to_string());
    at.unwrap_or_default()
}

/// Bundles of an order that has these lines.
pub(super) fn bundles(
    engine: &Engine,
    bundles: &[OrderedBundle],
    lines: &[OrderLine],
) -> Vec<v1::OrderBundle> {
    let message = |bundle: &OrderedBundle| {
        let first = lines[usize::from(bundle.line)];
        v1::OrderBundle {
            sku: engine.sku_no(bundle.sku).to_string(),
            quantity: bundle.units,
            cancelled: first.cancelled / (first.ordered / bundle.units),
            first_line_index: bundle.line.into(),
            lines: bundle.components.into(),
        }
    };
    bundles.iter().map(message).collect()
}

/// The shipments of an order as they stand, by number.
pub(in crate::grpc) async fn shipments_now(
    engine: &Engine,
    view: &OrderView,
) -> Result<Vec<v1::Shipment>, EngineError> {
    let order = &*view.order;
    let mut parts = Vec::new();
    for (allocation, supplies) in order.allocations.iter().zip(&view.supplies) {
        let part = |supply, units| Part {
            line: allocation.line,
            shipment: allocation.shipment,
            supply,
            units,
        };
        if allocation.shipped > 0 {
            parts.push(part(shipped_from(allocation), allocation.shipped));
        }
        parts.extend(supplies.iter().map(|(supply, units)| part(*supply, *units)));
    }
    let mut shipments = shipments(engine, order, &parts).await?;
    let at = pickup_node(engine, &order.header.destination);
    for (shipment, no) in shipments.iter_mut().zip(0..) {
        let went = order.went(no);
        shipment.pickup_node_id = match went {
            None => at.clone(),
            Some(went) => pickup_node(engine, &went.destination),
        };
        shipment.went_to =
            went.map(|went| destination(engine, &went.destination, (went.service, None)));
    }
    Ok(shipments)
}

/// What left was on hand by then, or at the supplier.
const fn shipped_from(allocation: &Allocation) -> Supply {
    match allocation.supply {
        Supply::Supplier => Supply::Supplier,
        Supply::Picked | Supply::OnHand | Supply::Inbound(_) | Supply::Backorder => Supply::OnHand,
    }
}

/// Shipments with their parts. One without parts that has not left was
/// cancelled.
async fn shipments(
    engine: &Engine,
    order: &Order,
    parts: &[Part],
) -> Result<Vec<v1::Shipment>, EngineError> {
    let mut answer = Vec::with_capacity(order.shipments.len());
    for (shipment, at) in order.shipments.iter().zip(0u16..) {
        let mut content = Vec::new();
        for part in parts.iter().filter(|part| part.shipment == at) {
            content.push(shipment_line(engine, &order.lines, shipment, *part).await?);
        }
        answer.push(self::shipment(engine, (order, at), content));
    }
    Ok(answer)
}

fn shipment(
    engine: &Engine,
    (order, at): (&Order, u16),
    lines: Vec<v1::ShipmentLine>,
) -> v1::Shipment {
    let content = Content::of(order, at);
    let shipment = &order.shipments[usize::from(at)];
    let (packages, work) = (content.packages(), content.work());
    let left = packages.iter().find_map(|package| package.dispatch.as_ref());
    let at_work = |at: fn(&Work) -> Option<Timestamp>| work.and_then(at).map(times::timestamp);
    let number = u32::from(at) + 1;
    let declined = shipment.answer.and_then(|answer| answer.kind.declined());
    v1::Shipment {
        number,
        node_id: engine.node_no(shipment.node).id.to_string(),
        ship_by: shipment.ship_by.and_then(times::date),
        deliver_by: shipment.deliver_by.and_then(times::date),
        state: shipment_state(shipment, content).into(),
        carrier: left.map(|d| d.carrier.as_str().to_owned()).unwrap_or_default(),
        tracking: left.map(|d| d.tracking.as_str().to_owned()).unwrap_or_default(),
        shipped_time: left.map(|d| times::timestamp(d.at)),
        lines,
        answered_time: shipment.answer.map(|answer| times::timestamp(answer.at)),
        decline_reason: declined.map(decline_reason_message).unwrap_or_default().into(),
        pickup_node_id: String::new(),
        // Told of an order as it stands: its shipments as they were placed went nowhere yet.
        went_to: None,
        released_time: at_work(|work| work.released),
        recall_until: at_work(|work| work.recall),
        expired_time: at_work(|work| work.expired),
        packages: packages.iter().map(package).collect(),
        customer_asked: order.asks(at),
    }
}

fn package(package: &Package) -> v1::Package {
    let Package { id, lines, ready, dispatch, ended, until } = package;
    let line =
        |&(line, quantity): &(u16, u32)| v1::LineQuantity { line_index: line.into(), quantity };
    let dispatch = dispatch.as_deref();
    v1::Package {
        package_id: id.to_string(),
        lines: lines.iter().map(line).collect(),
        state: unit_state(package.state()).into(),
        carrier: dispatch.map(|d| d.carrier.as_str().to_owned()).unwrap_or_default(),
        tracking: dispatch.map(|d| d.tracking.as_str().to_owned()).unwrap_or_default(),
        shipped_time: dispatch.map(|d| times::timestamp(d.at)),
        ready_time: ready.map(times::timestamp),
        ready_until: until.map(times::timestamp),
        ended_time: ended.map(|ended| times::timestamp(ended.at)),
    }
}

/// How far a shipment is: the least of its units that are not cancelled. Nothing is all cancelled
/// because it never had a unit: such a shipment gave them to others.
fn shipment_state(shipment: &Shipment, content: Content<'_>) -> v1::ShipmentState {
    let answer = shipment.answer.map(|answer| answer.kind);
    if matches!(answer, Some(AnswerKind::Declined(_))) {
        return v1::ShipmentState::Declined;
    }
    let states = content.lines().flat_map(|line| {
        content.standing(line).states().map(|(state, _)| state).collect::<Vec<_>>()
    });
    let least = states.filter(|state| *state != UnitState::Cancelled).min();
    match (least, answer) {
        (None, _) => v1::ShipmentState::Cancelled,
        (Some(UnitState::Allocated | UnitState::Released), Some(_)) => v1::ShipmentState::Accepted,
        (Some(state), _) => unit_state(state),
    }
}

/// How far a shipment is that its node has to do.
pub(in crate::grpc) const fn work_state(work: &ShipmentWork) -> v1::ShipmentState {
    match work.state {
        UnitState::Allocated | UnitState::Released if work.is_accepted => {
            v1::ShipmentState::Accepted
        }
        state => unit_state(state),
    }
}

const fn unit_state(state: UnitState) -> v1::ShipmentState {
    match state {
        UnitState::Waiting | UnitState::Allocated => v1::ShipmentState::Planned,
        UnitState::Released => v1::ShipmentState::Released,
        UnitState::Picked => v1::ShipmentState::Picked,
        UnitState::Packed => v1::ShipmentState::Packed,
        UnitState::Ready => v1::ShipmentState::Ready,
        UnitState::Shipped => v1::ShipmentState::Shipped,
        UnitState::Delivered => v1::ShipmentState::Delivered,
        UnitState::Collected => v1::ShipmentState::Collected,
        UnitState::Lost => v1::ShipmentState::Lost,
        UnitState::Cancelled => v1::ShipmentState::Cancelled,
    }
}

async fn shipment_line(
    engine: &Engine,
    lines: &[OrderLine],
    shipment: &Shipment,
    part: Part,
) -> Result<v1::ShipmentLine, EngineError> {
    let sku = lines[usize::from(part.line)].sku;
    let pair = Pair { sku, node: shipment.node };
    Ok(v1::ShipmentLine {
        line_index: part.line.into(),
        sku: engine.sku_no(sku).to_string(),
        quantity: part.units,
        supply: Some(supply(engine, pair, part.supply).await?),
    })
}

/// A supply as callers know it.
pub(super) async fn supply(
    engine: &Engine,
    pair: Pair,
    supply: Supply,
) -> Result<v1::Supply, EngineError> {
    let inbound_id = match supply {
        Supply::Inbound(_) => engine.inbound_id(pair, supply).await?,
        Supply::Picked | Supply::OnHand | Supply::Supplier | Supply::Backorder => None,
    };
    let inbound_id = inbound_id.map(|id| id.to_string()).unwrap_or_default();
    Ok(v1::Supply { kind: supply_kind(supply).into(), inbound_id })
}

/// What kind of supply it is.
pub(super) const fn supply_kind(supply: Supply) -> v1::SupplyKind {
    match supply {
        Supply::Picked | Supply::OnHand => v1::SupplyKind::OnHand,
        Supply::Supplier => v1::SupplyKind::Supplier,
        Supply::Backorder => v1::SupplyKind::Backorder,
        Supply::Inbound(_) => v1::SupplyKind::Inbound,
    }
}

/// Counts units by what they rest on.
pub(super) fn add_units(line: &mut v1::LineUnits, supply: Supply, units: u32) {
    match supply {
        Supply::Picked | Supply::OnHand | Supply::Supplier => line.allocated += units,
        Supply::Inbound(_) => line.preordered += units,
        Supply::Backorder => line.backordered += units,
    }
}

fn units_now(view: &OrderView) -> Vec<v1::LineUnits> {
    let order = &*view.order;
    let cancelled =
        |line: &OrderLine| v1::LineUnits { cancelled: line.cancelled, ..v1::LineUnits::default() };
    let mut units: Vec<_> = order.lines.iter().map(cancelled).collect();
    for (allocation, supplies) in order.allocations.iter().zip(&view.supplies) {
        let line = &mut units[usize::from(allocation.line)];
        let work = order.shipments[usize::from(allocation.shipment)].work.as_deref();
        let is_released = work.is_some_and(|work| work.released.is_some());
        for (supply, there) in supplies {
            match supply {
                Supply::Picked => {}
                Supply::OnHand | Supply::Supplier if is_released => line.released += there,
                supply => add_units(line, *supply, *there),
            }
        }
    }
    for at in 0..u16::try_from(order.shipments.len()).expect("few shipments") {
        let content = Content::of(order, at);
        for line in content.lines() {
            let standing = content.standing(line);
            let line = &mut units[usize::from(line)];
            line.picked += standing.units(UnitState::Picked);
            line.packed += standing.units(UnitState::Packed);
            line.ready += standing.units(UnitState::Ready);
            line.shipped += standing.units(UnitState::Shipped);
            line.delivered += standing.units(UnitState::Delivered);
            line.collected += standing.units(UnitState::Collected);
            line.lost += standing.units(UnitState::Lost);
            line.asked += if order.asks(at) { standing.open() } else { 0 };
        }
    }
    units
}

/// The day of the last shipment that was not cancelled whole; none while units wait
/// without a date.
fn promised_by(order: &Order) -> Option<Day> {
    let shipments = order.shipments.iter().zip(0u16..);
    let live = shipments
        .filter(|(_, number)| order.allocations_of(*number).any(|a| a.open() > 0 || a.shipped > 0));
    answer::promised_by(live.map(|(shipment, _)| shipment))
}

fn state(order: &Order) -> v1::OrderState {
    match order.state() {
        OrderState::Open if order.is_on_hold() => v1::OrderState::OnHold,
        OrderState::Open => v1::OrderState::Open,
        OrderState::Closed => v1::OrderState::Closed,
        OrderState::Cancelled => v1::OrderState::Cancelled,
    }
}
