//! What a pair publishes is one word; what the engine answers is exact.

use std::pin::pin;

use backstock_engine::command::StockOperation;
use backstock_engine::limits::STOCK_UNITS_MAX;
use backstock_engine::model::{InboundId, NodeKind, Shortage, Timestamp};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

#[test]
fn quantities_that_no_glance_can_show_are_shown() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A"]));
    let mut state = |on_hand, safety| {
        let set =
            StockOperation::Set { on_hand: Some(on_hand), unavailable: None, safety: Some(safety) };
        single.run(change(&engine, "A", "N", set)).expect("the stock is set");
        let found = single.run(engine.availability(&sku("A"), NOW)).expect("the item");
        (found.nodes[0].free, found.atp)
    };
    for free in [0, 1, 536_870_910, 536_870_911, 536_870_912, STOCK_UNITS_MAX] {
        assert_eq!(state(free, 0), (i64::from(free), u64::from(free)));
        assert_eq!(state(0, free), (-i64::from(free), 0));
    }
    assert_eq!(state(STOCK_UNITS_MAX, 0).1, u64::from(STOCK_UNITS_MAX));
    let wanted = order("o", &[("A", 7)], Shortage::Reject);
    single.run(place(&engine, wanted)).expect("it is placed");
    let found = single.run(engine.availability(&sku("A"), NOW)).expect("the item");
    assert_eq!(found.atp, u64::from(STOCK_UNITS_MAX) - 7);
    assert_clean(&engine);
}

/// Nothing has moved before the receipt is durable: plans wait for it, readers need not.
#[test]
fn what_is_on_its_way_is_shown_until_its_receipt_is_durable() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A"]));
    let id = InboundId::new("inbound_id", "PO").expect("an id");
    let eta = Timestamp::from_micros(NOW.as_micros() + DAY);
    let announce = StockOperation::AnnounceInbound { id: id.clone(), quantity: 5, eta };
    single.run(change(&engine, "A", "N", announce)).expect("it is announced");
    let shown = |single: &mut Single| {
        let found = single.run(engine.availability(&sku("A"), eta)).expect("the item");
        (found.nodes[0].free, found.nodes[0].inbound, found.atp)
    };
    let receive = StockOperation::ReceiveInbound { id, quantity: 5, closes: true };
    let mut receipt = pin!(change(&engine, "A", "N", receive));
    assert!(poll(receipt.as_mut()).is_pending());
    // A read waits for nothing, so nothing is written meanwhile.
    assert_eq!(shown(&mut single), (0, 5, 5));
    single.run(receipt).expect("it is received");
    assert_eq!(shown(&mut single), (5, 0, 5));
}
