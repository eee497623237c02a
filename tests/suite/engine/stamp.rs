//! Whether what can be promised of a SKU changed is seen without reading it.

use std::pin::pin;

use backstock_engine::command::{DefineItem, StockOperation};
use backstock_engine::engine::{Engine, Stamp};
use backstock_engine::model::{InboundId, Item, NodeKind, Sale, Shortage, Timestamp};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

fn stamp(engine: &Engine, item: &str) -> Stamp {
    engine.stamp(&sku(item)).expect("the item")
}

/// Also what no pair publishes: how much is on its way, when, and what a supplier has.
#[test]
fn each_change_of_what_can_be_promised_gives_another_stamp() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let nodes = [node("N", NodeKind::Warehouse, 1), node("S", NodeKind::Supplier, 2)];
    single.run(define_nodes(&engine, &nodes));
    single.run(define_items(&engine, &["A", "B"]));
    let id = || InboundId::new("inbound_id", "PO").expect("an id");
    let day = |days| Timestamp::from_micros(NOW.as_micros() + days * DAY);
    let set = |on_hand| StockOperation::Set { on_hand, unavailable: None, safety: None };
    let changes = [
        ("N", set(Some(5))),
        ("N", StockOperation::AnnounceInbound { id: id(), quantity: 5, eta: day(1) }),
        ("N", StockOperation::ChangeInbound { id: id(), quantity: None, eta: Some(day(2)) }),
        ("N", StockOperation::ChangeInbound { id: id(), quantity: Some(6), eta: None }),
        ("S", StockOperation::SupplierFeed { quantity: Some(7), as_of: None }),
        ("S", StockOperation::SupplierFeed { quantity: None, as_of: None }),
        ("N", StockOperation::ReceiveInbound { id: id(), quantity: 6, closes: true }),
    ];
    let other = stamp(&engine, "B");
    let mut seen = vec![stamp(&engine, "A")];
    for (at, change_it) in changes {
        single.run(change(&engine, "A", at, change_it)).expect("it changes");
        let now = stamp(&engine, "A");
        assert!(!now.is_in_flight() && !seen.contains(&now), "{}", seen.len());
        assert_eq!(stamp(&engine, "A"), now, "nothing changed");
        seen.push(now);
    }
    assert_eq!(stamp(&engine, "B"), other, "another item");
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 3)]));
    let before = stamp(&engine, "A");
    assert_ne!(before, seen[seen.len() - 1], "the node is another one");
    let off_sale = Item { sale: Sale::Off, ..item("A") };
    let off_sale = DefineItem::new(meta(), off_sale);
    single.run(engine.define_item(off_sale)).expect("it goes off sale");
    assert_ne!(stamp(&engine, "A"), before, "it is off sale");
}

/// Units that are claimed may come back without an event.
#[test]
fn what_is_claimed_has_to_be_looked_at_again() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A"]));
    single.run(set(&engine, "A", "N", 5));
    let before = stamp(&engine, "A");
    {
        let wanted = order("o", &[("A", 2)], Shortage::Reject);
        let mut placing = pin!(place(&engine, wanted));
        assert!(poll(placing.as_mut()).is_pending());
        let claimed = stamp(&engine, "A");
        assert!(claimed.is_in_flight() && claimed != before);
        single.run(placing).expect("it is placed");
    }
    let after = stamp(&engine, "A");
    assert!(!after.is_in_flight() && after != before);
}
