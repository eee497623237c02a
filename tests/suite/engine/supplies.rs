//! Many supplies of one item: what happens to one of them concerns who rests on it.

use backstock_engine::command::StockOperation;
use backstock_engine::model::{InboundId, Lsn, NodeKind, Shipment, Shortage, Timestamp};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

const NODES: u32 = 5;
const OF_EACH: i64 = 200;
/// Of an order.
const UNITS: u32 = 25;

fn name(node: u32) -> String {
    format!("N{node}")
}

/// Nodes with so many supplies each, of a unit, and orders that rest on all of them.
fn a_thousand() -> (Single, Vec<String>) {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let nodes = (0..NODES).map(|no| node(&name(no), NodeKind::Warehouse, no));
    single.run(define_nodes(&engine, &nodes.collect::<Vec<_>>()));
    single.run(define_items(&engine, &["A"]));
    for (node, no) in (0..NODES).flat_map(|node| (0..OF_EACH).map(move |no| (node, no))) {
        let eta = on_day(1 + no % 40);
        let operation = StockOperation::AnnounceInbound { id: inbound(no), quantity: 1, eta };
        single.run(change(&engine, "A", &name(node), operation)).expect("it is announced");
    }
    let count = i64::from(NODES) * OF_EACH / i64::from(UNITS);
    let orders: Vec<String> = (0..count).map(|no| format!("O{no}")).collect();
    for id in &orders {
        let mut order = order(id, &[("A", UNITS)], Shortage::Reject);
        order.destination = address("00003");
        single.run(place(&engine, order)).expect("it is placed");
    }
    (single, orders)
}

fn inbound(no: i64) -> InboundId {
    InboundId::new("id", format!("PO{no}")).expect("an id")
}

fn on_day(days: i64) -> Timestamp {
    Timestamp::from_micros((NOW.as_micros() / DAY + days) * DAY)
}

/// The last event of each order.
fn last_events(single: &mut Single, orders: &[String]) -> Vec<Lsn> {
    let engine = single.engine.clone();
    let mut last = |id: &String| single.run(engine.order(&order_id(id))).expect("it is there");
    orders.iter().map(|id| last(id).order.last_lsn).collect()
}

#[test]
fn a_change_to_one_of_a_thousand_supplies_dates_only_the_orders_on_it_anew() {
    let (mut single, orders) = a_thousand();
    let engine = single.engine.clone();
    let before = last_events(&mut single, &orders);
    let slips =
        StockOperation::ChangeInbound { id: inbound(77), quantity: None, eta: Some(on_day(50)) };
    single.run(change(&engine, "A", &name(3), slips)).expect("it slips");
    let after = last_events(&mut single, &orders);
    let changed: Vec<_> = (0..orders.len()).filter(|at| before[*at] != after[*at]).collect();
    let [at] = changed[..] else { panic!("{} orders changed", changed.len()) };
    let view = single.run(engine.order(&order_id(&orders[at]))).expect("it is there");
    let shipments = &view.order.shipments;
    let is_told = |shipment: &&Shipment| {
        let day = shipment.ship_by.map(|day| i64::from(day.epoch_days()));
        engine.node_no(shipment.node).id.as_str() == name(3)
            && day == Some(on_day(50).as_micros() / DAY)
    };
    assert_eq!(shipments.iter().filter(is_told).count(), 1, "{shipments:?}");
    assert_clean(&engine);
}
