//! What stands in the way while it is in flight, and which commands are woken when it ends.

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::command::{OrderRequest, StockOperation};
use backstock_engine::engine::{EngineError, PlaceOutcome};
use backstock_engine::model::{NodeKind, Refusal, Shortage, Split, Text};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, Woken, poll};

fn feed(quantity: u32) -> StockOperation {
    StockOperation::SupplierFeed { quantity: Some(quantity), as_of: None }
}

/// One node of that kind, with so many units of A.
fn with_node(kind: NodeKind, units: u32) -> Single {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", kind, 1)]));
    single.run(define_items(&engine, &["A"]));
    match kind {
        NodeKind::Supplier => drop(single.run(change(&engine, "A", "N", feed(units)))),
        _ => single.run(set(&engine, "A", "N", units)),
    }
    single
}

#[test]
fn a_suppliers_safety_stock_does_not_bring_back_units_that_are_leaving() {
    let mut single = with_node(NodeKind::Supplier, 10);
    let engine = single.engine.clone();
    single.run(place(&engine, order("o", &[("A", 3)], Shortage::Reject))).expect("it is placed");
    let mut shipment = pin!(ship(&engine, "o", 1));
    assert!(poll(shipment.as_mut()).is_pending(), "the shipment is in flight");
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(2) };
    let mut safety = pin!(change(&engine, "A", "N", safety));
    assert!(poll(safety.as_mut()).is_pending());
    single.run(shipment).expect("it ships");
    single.run(safety).expect("it is set");
    let free = single.run(engine.availability(&sku("A"), NOW)).expect("the item").nodes[0].free;
    assert_eq!(free, 5, "10 fed, 3 shipped, 2 withheld");
    assert_clean(&engine);
}

#[test]
fn an_order_that_can_wait_nowhere_is_refused_whole() {
    let mut single = with_node(NodeKind::Supplier, 3);
    let engine = single.engine.clone();
    let refused = single.run(place(&engine, order("o", &[("A", 5)], Shortage::Backorder)));
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::NoNode))), "{refused:?}");
    let partial = single.run(place(&engine, order("p", &[("A", 5)], Shortage::Partial)));
    assert!(matches!(partial.expect("three are there").outcome, PlaceOutcome::Placed(_)));
    assert_clean(&engine);
}

#[test]
fn a_change_that_leaves_its_line_refused_wakes_those_behind_it() {
    let mut single = with_node(NodeKind::Warehouse, 5);
    let engine = single.engine.clone();
    single.run(place(&engine, order("o", &[("A", 2)], Shortage::Reject))).expect("it is placed");
    let mut shipment = pin!(ship(&engine, "o", 1));
    assert!(poll(shipment.as_mut()).is_pending(), "the shipment is in flight");
    let take_ten = StockOperation::Adjust {
        on_hand_delta: -10,
        unavailable_delta: 0,
        reason: Text::default(),
    };
    let mut doomed = pin!(change(&engine, "A", "N", take_ten));
    assert!(poll(doomed.as_mut()).is_pending(), "it is in line behind the shipment");
    let mut buyer = pin!(place(&engine, order("b", &[("A", 1)], Shortage::Reject)));
    assert!(poll(buyer.as_mut()).is_pending(), "nobody overtakes the line");
    single.drain();
    single.run(shipment).expect("it ships");

    let woken = Arc::new(Woken::default());
    assert!(woken.poll(buyer.as_mut()).is_pending());
    assert!(single.run(doomed).is_err(), "ten units are not there");
    assert!(woken.is_woken(), "nothing else will happen to wake the buyer");
    single.run(buyer).expect("three units are free");
    assert_clean(&engine);
}

/// What is free may be claimed by an order in flight: the transfer waits for what becomes of
/// it, keeps its place in line, and does not wake itself.
#[test]
fn a_transfer_of_units_that_an_order_claims_waits_for_the_order() {
    for (units, is_sent) in [(2, true), (3, false)] {
        let mut single = with_node(NodeKind::Warehouse, 5);
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[node("M", NodeKind::Store, 20)]));
        let mut buyer = pin!(place(&engine, order("o", &[("A", 3)], Shortage::Reject)));
        assert!(poll(buyer.as_mut()).is_pending(), "the order is in flight");
        let mut transfer = pin!(engine.dispatch_transfer(dispatch("A", "N", "M", units)));
        let woken = Arc::new(Woken::default());
        assert!(woken.poll(transfer.as_mut()).is_pending());
        assert!(!woken.is_woken(), "nothing happened yet");
        let mut late = pin!(place(&engine, order("late", &[("A", 1)], Shortage::Reject)));
        assert!(poll(late.as_mut()).is_pending(), "nobody overtakes it");
        single.run(buyer).expect("it is placed");
        assert_eq!(single.run(transfer).is_ok(), is_sent, "{units} of 2 units");
        let late = single.run(late).expect("an answer").outcome;
        // What left is promised from where it goes to.
        assert!(matches!(late, PlaceOutcome::Placed(_)));
        assert_clean(&engine);
    }
}

/// A transfer that waits for its second pair lets go of the first, which marks an item that
/// older orders wait for. That neither wakes it nor costs it its place in line.
#[test]
fn a_transfer_keeps_its_place_in_line_where_orders_wait_for_the_item() {
    let mut single = with_node(NodeKind::Warehouse, 5);
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("M", NodeKind::Store, 20)]));
    single.run(set(&engine, "A", "M", 2));
    // Nothing that is there serves all of it, and it must not be split.
    let whole = order("w", &[("A", 90)], Shortage::Backorder);
    let whole = OrderRequest { split: Some(Split::WholeLine), ..whole };
    single.run(place(&engine, whole)).expect("it waits");
    let far = order("o", &[("A", 1)], Shortage::Reject);
    let far = OrderRequest { destination: address("00020"), ..far };
    single.run(place(&engine, far)).expect("it is placed at M");
    let mut shipment = pin!(ship(&engine, "o", 1));
    assert!(poll(shipment.as_mut()).is_pending(), "it leaves M, the second pair");

    let mut transfer = pin!(engine.dispatch_transfer(dispatch("A", "N", "M", 3)));
    let woken = Arc::new(Woken::default());
    assert!(woken.poll(transfer.as_mut()).is_pending());
    assert!(!woken.is_woken(), "it waits for the shipment");
    let count = StockOperation::Count { on_hand: 1 };
    let mut counted = pin!(change(&engine, "A", "M", count));
    assert!(poll(counted.as_mut()).is_pending());
    single.run(shipment).expect("it ships");
    single.run(transfer).expect("it is sent");
    single.run(counted).expect("it is counted");
    assert_clean(&engine);
}
