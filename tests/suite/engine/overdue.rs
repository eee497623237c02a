//! Supply that was expected and did not come.

use std::sync::Arc;

use backstock_engine::command::{Meta, PlaceOrder, SetPolicy, StockOperation};
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    Day, InboundId, NodeKind, Order, Policy, Shortage, Supply, Timestamp,
};
use backstock_tests::fixture::*;

/// Monday, the day of [`NOW`].
fn today() -> Day {
    Day::from_epoch_days(20_780)
}

/// Noon of a day from today on.
fn noon(day: u16) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + i64::from(day) * DAY)
}

/// A node to which ten units come on the second day from today on.
async fn expecting(engine: &Engine, overdue_days: Option<u16>) {
    let policy = Policy { overdue_days, ..Policy::default() };
    engine.set_policy(SetPolicy { meta: meta(), policy }).await.expect("it is set");
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
    let id = InboundId::new("id", "PO").expect("an id");
    let eta = Timestamp::from_micros(noon(2).as_micros() - DAY / 2);
    let operation = StockOperation::AnnounceInbound { id, quantity: 10, eta };
    change(engine, "A", "N", operation).await.expect("it is announced");
}

/// Places an order on a day, and answers what it is then.
async fn on_day(engine: &Engine, day: u16, id: &str, units: u32) -> Arc<Order> {
    let wanted = order(id, &[("A", units)], Shortage::Backorder);
    let meta = Meta { at: noon(day), ..meta() };
    let command = PlaceOrder { meta, placed_at: None, order: wanted };
    engine.place_order(command).await.expect("an answer");
    read(engine, id).await
}

async fn read(engine: &Engine, id: &str) -> Arc<Order> {
    engine.order(&order_id(id)).await.expect("the order").order
}

async fn promised(engine: &Engine) -> u64 {
    let there = engine.availability(&sku("A"), noon(60)).await.expect("the item");
    there.nodes.iter().map(|node| node.atp).sum()
}

#[tokio::test]
async fn supply_that_is_overdue_for_too_long_counts_no_more() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    expecting(&engine, Some(3)).await;
    let early = on_day(&engine, 0, "early", 4).await;
    assert_eq!(early.shipments[0].ship_by, Some(today().plus(2)));
    // Three days overdue, it is expected tomorrow.
    let late = on_day(&engine, 5, "late", 2).await;
    assert_eq!(late.shipments[0].ship_by, Some(today().plus(6)));
    assert!(matches!(late.allocations[0].supply, Supply::Inbound(_)));
    assert_eq!(promised(&engine).await, 4);
    // Four days overdue, nobody knows.
    let waits = on_day(&engine, 6, "waits", 1).await;
    assert_eq!(waits.allocations[0].supply, Supply::Backorder);
    assert_eq!(promised(&engine).await, 0);
    for id in ["early", "late", "waits"] {
        let order = read(&engine, id).await;
        let told = order.shipments.iter().map(|shipment| shipment.ship_by);
        assert_eq!(told.collect::<Vec<_>>(), [None], "{id}");
    }
    let pair = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert_eq!((pair.waiting, pair.inbound()[0].pegged), (1, 6), "it keeps what rests on it");
    // Who rests on it is served before who waits, by age.
    for (on_hand, served) in [(5, ["early"].as_slice()), (7, &["early", "late", "waits"])] {
        set(&engine, "A", "N", on_hand).await;
        for id in ["early", "late", "waits"] {
            let shipments = read(&engine, id).await.shipments.clone();
            let is_served = shipments.iter().any(|shipment| shipment.ship_by.is_some());
            assert_eq!(is_served, served.contains(&id), "{id} of {on_hand}");
        }
    }
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn supply_that_is_overdue_counts_for_ever_where_the_policy_says_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    expecting(&engine, None).await;
    let late = on_day(&engine, 40, "late", 2).await;
    assert_eq!(late.shipments[0].ship_by, Some(today().plus(41)));
    assert_eq!(promised(&engine).await, 8);
    engine.shut_down().await;
}

#[tokio::test]
async fn nothing_overdue_counts_where_the_policy_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    expecting(&engine, Some(0)).await;
    let due = on_day(&engine, 2, "due", 2).await;
    assert_eq!(due.shipments[0].ship_by, Some(today().plus(2)));
    let overdue = on_day(&engine, 3, "overdue", 2).await;
    assert_eq!(overdue.allocations[0].supply, Supply::Backorder);
    // What comes is for those who rest on it, and for who waits.
    let (id, closes) = (InboundId::new("id", "PO").expect("an id"), false);
    let comes = StockOperation::ReceiveInbound { id, quantity: 10, closes };
    change(&engine, "A", "N", comes).await.expect("it comes");
    for id in ["due", "overdue"] {
        let order = read(&engine, id).await;
        assert!(order.shipments[0].ship_by.is_some(), "{order:?}");
    }
    assert_clean(&engine);
    engine.shut_down().await;
}
