//! Orders: placed, cancelled, changed, put on hold.

use super::*;
use crate::command::order::change::HoldTaken;
use crate::model::bundle::OrderedBundle;
use crate::model::ids::{CustomerId, HoldId, OrderNo, PostalCode, ServiceNo};
use crate::model::{
    Added, Allocated, Allocation, Amounts, Currency, Decisions, Destination, LineAdded, LineAmount,
    LineRepegged, LinesPlanned, Lsn, Move, Order, OrderChange, OrderHeader, OrderHold, OrderHoldId,
    OrderHoldKind, OrderLine, PackedOrder, Pegged, Pickup, Priority, PriorityClass, Redirect,
    Retold, Serves, Shipment, ShipmentAdded, Shortage, Split, Supply, Timeline, Told,
};

/// All but an order that is placed in the usual way, which each version has in another form.
pub(super) fn events() -> Vec<Named> {
    [of_placed(), of_cancelled(), of_prioritised(), of_changed(), of_order_holds()].concat()
}

pub(super) fn placed() -> Order {
    let header = OrderHeader {
        id: order_id(),
        fingerprint: u64::MAX,
        ordered_at: ETA,
        customer: Some(CustomerId::new("id", "C-1").unwrap()),
        channel: Some(text("web")),
        destination: PostalCode::new("code", "90001").unwrap().into(),
        service: ServiceNo(1),
        promise_by: day(20_500),
        shortage: Shortage::Backorder,
        split: Split::Units,
        decided_at: None,
        hold: None,
        priority: Priority::DEFAULT,
    };
    let shipment =
        |ship_by, deliver_by| Shipment { ship_by, deliver_by, ..Shipment::waiting(PAIR.node) };
    let allocation = |shipment, supply| Allocation::new((0, shipment), supply, 3);
    Order {
        no: OrderNo(1 << 33),
        header,
        lines: Box::new([OrderLine { sku: PAIR.sku, ordered: 13, cancelled: 1 }]),
        shipments: Box::new([shipment(Some(day(20_499)), Some(day(20_500))), shipment(None, None)]),
        allocations: Box::new([
            allocation(0, Supply::OnHand),
            allocation(0, Supply::Supplier),
            allocation(0, Supply::Inbound(NO)),
            allocation(1, Supply::Backorder),
        ]),
        trace: Box::new([1, 2, 3]),
        added: Added::default(),
        declined: Box::default(),
        bundles: Box::default(),
        decisions: Decisions::default(),
        timeline: Timeline::default(),
        order_holds: Box::default(),
        amended: None,
        money: None,
        returns: Box::default(),
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    }
}

/// The order, collected at a node that may be brought nothing for it.
pub(super) fn collected() -> Order {
    let mut order = placed();
    let pickup = Pickup { node: NodeNo(700), only_there: true };
    order.header.destination = Destination::Pickup(pickup);
    order
}

/// The order that is served after most others.
pub(super) fn prioritised() -> Order {
    let mut order = placed();
    order.header.priority = Priority::new(PriorityClass::Fill, 3).unwrap();
    order
}

/// An order of four bundles of three components, one unit of each and two of the last.
pub(super) fn bundled() -> Order {
    let line = |sku, ordered| OrderLine { sku: SkuNo(sku), ordered, cancelled: 0 };
    let bundle = OrderedBundle { sku: SkuNo(1 << 20), units: 4, line: 1, components: 2 };
    let lines = Box::new([line(1, 12), line(2, 4), line(3, 8)]);
    Order { lines, bundles: Box::new([bundle]), ..placed() }
}

pub(super) fn order_placed_v1() -> AnyEvent {
    OrderPlacedV1 { order: Box::new(placed()) }.into()
}

pub(super) fn order_placed() -> AnyEvent {
    OrderPlaced { order: PackedOrder::of(&placed()) }.into()
}

fn of_placed() -> Vec<Named> {
    let placed = |order: Order| OrderPlaced { order: PackedOrder::of(&order) }.into();
    vec![
        ("prioritised_placed", placed(prioritised())),
        ("collected_placed", placed(collected())),
        ("bundle_ordered", placed(bundled())),
    ]
}

fn of_cancelled() -> Vec<Named> {
    let cancelled = |serves| {
        let (no, id, releases) = (OrderNo(5), order_id(), parts());
        OrderCancelled { no, id, releases, serves, picked: None }.into()
    };
    vec![
        ("order_cancelled", cancelled(None)),
        ("order_cancelled_for_the_backlog", cancelled(Some(Serves::Backlog))),
    ]
}

fn of_prioritised() -> Vec<Named> {
    let (no, priority) = (OrderNo(1 << 33), prioritised().header.priority);
    let pairs = vec![PAIR];
    vec![("order_prioritised", OrderPrioritised { no, id: order_id(), priority, pairs }.into())]
}

fn of_changed() -> Vec<Named> {
    vec![("order_changed", changed().into())]
}

pub(super) fn changed() -> OrderChanged {
    let (no, id, day) = (OrderNo(1 << 33), order_id(), Day::from_epoch_days(20_000));
    let days = Some((day, Day::from_epoch_days(20_003)));
    let peg = |line, supply| Pegged { pair: PAIR, line, supply, units: 3 };
    let change = OrderChange {
        put_back: parts(),
        packages: vec![(3, shipment::packages().remove(0))],
        cancelled: parts(),
        lines: vec![LineAdded { sku: PAIR.sku, units: 3 }],
        bundles: vec![OrderedBundle { sku: SkuNo(9), units: 3, line: 2, components: 1 }],
        shipments: vec![ShipmentAdded { node: PAIR.node, days, units_there: true }],
        placed: vec![Allocated { line: 2, shipment: 4, supply: Supply::OnHand, units: 3 }],
        note: Some(text("Ring twice")),
        amounts: Some(Amounts {
            currency: Currency::new("currency", "EUR").unwrap(),
            lines: vec![
                LineAmount { line: 0, amount: 4_999, units: None },
                LineAmount { line: 2, amount: -250, units: Some(3) },
            ],
        }),
        quote: HoldId::new("quote", "Q-7").ok(),
        plan: Some(LinesPlanned { at: ETA, trace: [2, 0, 0].into() }),
        redirect: Some(Box::new(Redirect {
            destination: Destination::Address(PostalCode::new("code", "94105").unwrap()),
            service: ServiceNo(1),
            promise_by: day,
        })),
        moved: parts(),
        told: vec![Retold { shipment: 1, days, units_there: true }],
        prices: None,
        repriced: None,
    };
    let taken = HoldTaken { no: OrderNo(1 << 34), units: vec![peg(0, Supply::OnHand)] };
    OrderChanged {
        no,
        id,
        priority: Priority::new(PriorityClass::Win, 3).unwrap(),
        off: vec![peg(1, Supply::Picked)],
        taken: Some(taken),
        change: change.into(),
        on: vec![peg(2, Supply::OnHand)],
        waits: vec![PAIR],
    }
}

pub(super) fn order_hold() -> OrderHold {
    OrderHold {
        id: OrderHoldId::new("id", "REVIEW-1").unwrap(),
        kind: OrderHoldKind::Fraud,
        reason: text("new address"),
        owner: text("Ann"),
        since: ETA,
        stock_until: Some(ETA),
        let_go: false,
    }
}

fn of_order_holds() -> Vec<Named> {
    let hold = order_hold();
    let (no, id) = (OrderNo(1 << 33), order_id());
    let priority = Priority::new(PriorityClass::Win, 3).unwrap();
    let released = OrderHoldReleased {
        no,
        id: id.clone(),
        hold: hold.id.clone(),
        pairs: vec![PAIR],
        priority,
        told: None,
    };
    let at = |supply| (PAIR.node, supply);
    let moved = Move {
        units: 300,
        shipment: 1,
        from: at(Supply::OnHand),
        to_shipment: 1,
        to: at(Supply::Backorder),
    };
    let deliver_by_before = Some(Day::from_epoch_days(20_000));
    let told = Told { shipment: 1, deliver_by_before, days: None, units_there: false };
    let line =
        LineRepegged { line: 2, moves: vec![moved], told: vec![told], ..LineRepegged::default() };
    let lines = vec![(PAIR.sku, line)];
    let days = Some((Day::from_epoch_days(20_001), Day::from_epoch_days(20_003)));
    let late = Told { days, units_there: true, ..told };
    let let_go = OrderStockLetGo { no, id: id.clone(), at: ETA, lines, priority };
    vec![
        ("order_held", OrderHeld { no, id, hold }.into()),
        ("order_hold_released", released.clone().into()),
        ("order_stock_let_go", let_go.into()),
        (
            "order_hold_released_late",
            OrderHoldReleased { told: Some(vec![late]), ..released }.into(),
        ),
    ]
}
