//! An order to decide on.

use crate::model::{
    Act, Added, Allocation, Answer, AnswerKind, Day, Decisions, Dispatch, LineUnits, Lsn, NodeNo,
    Order, OrderEffect, OrderHeader, OrderId, OrderLine, OrderNo, Package, PackageId, PostalCode,
    Priority, Progress, ServiceNo, Shipment, Shortage, SkuNo, Split, Supply, Text, Timeline,
    Timestamp,
};

/// Two lines of 5 and 3 units, and two shipments. The first one takes 3 units of each line;
/// 2 units of the first line wait, and are the second shipment.
pub fn order() -> Order {
    let shipment = |node, ship_by: Option<i32>| Shipment {
        ship_by: ship_by.map(Day::from_epoch_days),
        deliver_by: ship_by.map(Day::from_epoch_days),
        ..Shipment::waiting(NodeNo(node))
    };
    let allocation =
        |line, shipment, supply, units| Allocation::new((line, shipment), supply, units);
    let line = |sku, ordered| OrderLine { sku: SkuNo(sku), ordered, cancelled: 0 };
    Order {
        no: OrderNo(7),
        header: header(),
        lines: Box::new([line(10, 5), line(11, 3)]),
        shipments: Box::new([shipment(0, Some(20_000)), shipment(1, None)]),
        allocations: Box::new([
            allocation(0, 0, Supply::OnHand, 3),
            allocation(0, 1, Supply::Backorder, 2),
            allocation(1, 0, Supply::OnHand, 3),
        ]),
        trace: Box::new([]),
        added: Added::default(),
        declined: Box::default(),
        bundles: Box::default(),
        decisions: Decisions::default(),
        timeline: Timeline::default(),
        order_holds: Box::default(),
        amended: None,
        money: None,
        returns: Box::default(),
        placed_lsn: Lsn::FIRST,
        last_lsn: Lsn::FIRST,
    }
}

/// The same, whose node answered to a shipment, from 0.
pub fn answered(shipment: u16, kind: AnswerKind) -> Order {
    let mut order = order();
    let answer = Answer { kind, at: Timestamp::from_micros(1) };
    order.apply(Lsn::new(2), &OrderEffect::Answer { shipment, answer });
    order
}

/// The same, whose first shipment left in one package.
pub fn left() -> Order {
    let mut order = order();
    let at = Timestamp::from_micros(1);
    let dispatch = Dispatch { at, carrier: Text::default(), tracking: Text::default() };
    let units = vec![order.units_of(0, 3), order.units_of(2, 3)];
    let package = Package {
        id: PackageId::numbered(1),
        lines: LineUnits::from_slice(&[(0, 3), (1, 3)]),
        ready: None,
        dispatch: Some(dispatch.into()),
        ended: None,
        until: None,
    };
    let progress = Progress {
        shipment: 0,
        at,
        act: Act::Ship,
        put_back: Vec::new(),
        picked: units.clone(),
        left: units,
        packages: vec![package],
        recall: None,
    };
    order.apply(Lsn::new(2), &OrderEffect::Progress(progress.into()));
    order
}

/// The same, whose first shipment left, as an older version wrote it.
pub fn shipped() -> Order {
    let mut order = order();
    let dispatch = Dispatch {
        at: Timestamp::from_micros(1),
        carrier: Text::default(),
        tracking: Text::default(),
    };
    order.apply(Lsn::new(2), &OrderEffect::Ship { shipment: 0, dispatch });
    order
}

fn header() -> OrderHeader {
    OrderHeader {
        id: id(),
        fingerprint: 0,
        ordered_at: Timestamp::from_micros(0),
        customer: None,
        channel: None,
        destination: PostalCode::new("postal_code", "10001").expect("a code").into(),
        service: ServiceNo(0),
        promise_by: Day::from_epoch_days(20_000),
        shortage: Shortage::Backorder,
        split: Split::Units,
        decided_at: None,
        hold: None,
        priority: Priority::DEFAULT,
    }
}

/// The order's id.
pub fn id() -> OrderId {
    OrderId::new("order", "O").expect("an order id")
}
