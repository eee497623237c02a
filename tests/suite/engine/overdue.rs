//! Supply that was expected and did not come.

use std::sync::Arc;

use backstock_engine::command::{
    CreateHold, Meta, OrderRequest, PlaceOrder, SetPolicy, StockOperation,
};
use backstock_engine::engine::{Engine, PlaceOutcome};
use backstock_engine::model::{
    Day, HoldId, InboundId, NodeKind, Order, OwnerId, Policy, Shortage, Supply, Timestamp,
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

/// A node far away has one unit, which comes too late for the order that is placed first.
async fn with_one_far_away(engine: &Engine) {
    expecting(engine, Some(0)).await;
    define_nodes(engine, &[node("FAR", NodeKind::Warehouse, 60)]).await;
    let wanted = OrderRequest {
        deliver_by: Some(today().plus(3)),
        ..order("early", &[("A", 1)], Shortage::Backorder)
    };
    place(engine, wanted).await.expect("it is placed");
    set(engine, "A", "FAR", 1).await;
    let early = read(engine, "early").await;
    assert_eq!(early.shipments[0].ship_by, Some(today().plus(2)), "it comes first");
}

/// Time alone takes a supply away: who rested on it is served before anybody newer.
#[tokio::test]
async fn who_rests_on_supply_that_counts_no_more_is_passed_by_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    with_one_far_away(&engine).await;
    let newer = on_day(&engine, 3, "newer", 1).await;
    let early = read(&engine, "early").await;
    assert_eq!(early.shipments.last().expect("a shipment").ship_by, Some(today().plus(3)));
    assert_eq!(newer.allocations[0].supply, Supply::Backorder);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn so_is_who_did_before_a_restart_and_under_a_policy_that_is_set_later() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    with_one_far_away(&engine).await;
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(on_day(&engine, 3, "newer", 1).await.allocations[0].supply, Supply::Backorder);
    engine.shut_down().await;

    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    with_one_far_away(&engine).await;
    for overdue_days in [None, Some(1)] {
        let policy = Policy { overdue_days, ..Policy::default() };
        engine.set_policy(SetPolicy { meta: meta(), policy }).await.expect("it is set");
    }
    engine.tell_time(noon(3));
    assert_eq!(read(&engine, "early").await.shipments.len(), 1);
    assert_eq!(on_day(&engine, 4, "newer", 1).await.allocations[0].supply, Supply::Backorder);
    assert_clean(&engine);
    engine.shut_down().await;
}

/// A hold that is planned anew keeps what it rests on, and is told no day for it.
#[tokio::test]
async fn a_hold_that_takes_over_supply_that_counts_no_more_is_told_no_day() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    expecting(&engine, Some(0)).await;
    let held = async |name: &str| {
        let (id, owner) = (HoldId::new("hold", name), OwnerId::new("owner", "C"));
        let owner = Some(owner.expect("an id"));
        let wanted = order(name, &[("A", 2)], Shortage::Reject);
        let hold = CreateHold::new(meta(), id.expect("an id"), (86_400, owner), wanted);
        match engine.create_hold(hold).await.expect("an answer").outcome {
            PlaceOutcome::Placed(order) => order.shipments[0].ship_by,
            PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
        }
    };
    assert_eq!(held("H").await, Some(today().plus(2)));
    let (id, eta) = (InboundId::new("id", "PO"), Timestamp::from_micros(NOW.as_micros() - DAY));
    let (id, eta) = (id.expect("an id"), Some(eta));
    let late = StockOperation::ChangeInbound { id, quantity: None, eta };
    change(&engine, "A", "N", late).await.expect("it is late");
    assert_eq!(held("I").await, None);
    assert_clean(&engine);
    engine.shut_down().await;
}
