//! How much may be planned to leave a node on a day.

use std::sync::Arc;

use backstock_engine::command::{
    ConfirmHold, CreateHold, DefineNode, Lines, Meta, NodeDefinition, OrderRequest, PlaceOrder,
    StockOperation,
};
use backstock_engine::engine::{Engine, PlaceOutcome, Planned, Verdict};
use backstock_engine::model::{
    Day, HoldId, InboundId, NodeKind, Order, OrderId, Shortage, Split, Timestamp,
};
use backstock_tests::fixture::*;

/// Monday, the day of [`NOW`].
fn today() -> Day {
    november(23)
}

/// A day of November 2026.
fn november(day: u16) -> Day {
    Day::from_epoch_days(20_757).plus(day)
}

fn limited(name: &str, code: u32, units: u32) -> NodeDefinition {
    let node = node(name, NodeKind::Warehouse, code);
    NodeDefinition { capacity_units_per_day: units, ..node }
}

/// A node that ships so many units a day, and has many.
async fn one_node(engine: &Engine, units: u32) {
    define_nodes(engine, &[limited("N", 1, units)]).await;
    define_items(engine, &["A", "B"]).await;
    set(engine, "A", "N", 1_000).await;
    set(engine, "B", "N", 1_000).await;
}

async fn placed(engine: &Engine, id: &str, lines: &[(&str, u32)]) -> Arc<Order> {
    let answer = place(engine, order(id, lines, Shortage::Backorder)).await.expect("an answer");
    match answer.outcome {
        PlaceOutcome::Placed(order) => order,
        PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
    }
}

/// The day on which an order that was placed leaves, in one shipment.
async fn leaves(engine: &Engine, id: &str, lines: &[(&str, u32)]) -> Day {
    let order = placed(engine, id, lines).await;
    assert_eq!(order.shipments.len(), 1, "{order:?}");
    order.shipments[0].ship_by.expect("it has a day")
}

/// Units and shipments that are planned for some days from today on.
fn planned(engine: &Engine, days: u32) -> Vec<(u64, u64)> {
    let load = engine.node_load(&node_id("N"), Some(today()), days).expect("the node");
    let of_day = |planned: Option<Planned>| planned.map(|p| (p.units, p.shipments));
    load.days.iter().map(|day| of_day(day.planned).expect("it is counted")).collect()
}

#[tokio::test]
async fn a_full_day_spills_over_to_the_next() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    assert_eq!(leaves(&engine, "first", &[("A", 2), ("B", 1)]).await, today());
    // What leaves in one shipment leaves on one day.
    assert_eq!(leaves(&engine, "second", &[("A", 3)]).await, today().plus(1));
    assert_eq!(leaves(&engine, "third", &[("B", 2)]).await, today());
    assert_eq!(leaves(&engine, "fourth", &[("A", 1), ("B", 1)]).await, today().plus(1));
    assert_eq!(leaves(&engine, "fifth", &[("A", 1)]).await, today().plus(2));
    assert_eq!(planned(&engine, 4), [(5, 2), (5, 2), (1, 1), (0, 0)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_node_whose_day_is_full_loses_to_one_that_keeps_the_date() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    let mut dear = node("DEAR", NodeKind::Warehouse, 1);
    dear.shipment_cost = 5_000;
    define_nodes(&engine, &[dear]).await;
    set(&engine, "A", "DEAR", 10).await;
    let wanted = |id: &str| {
        let mut wanted = order(id, &[("A", 4)], Shortage::Backorder);
        wanted.deliver_by = Some(today().plus(1));
        wanted
    };
    for (id, ships) in [("first", "N"), ("second", "DEAR")] {
        place(&engine, wanted(id)).await.expect("an answer");
        let (order, trace) = engine.explain(&order_id(id)).await.expect("the order");
        let shipment = &order.shipments[0];
        assert_eq!(engine.node_no(shipment.node).id, node_id(ships));
        assert_eq!(shipment.ship_by, Some(today()));
        let of_full = trace.lines[0].iter().find(|c| c.node != shipment.node);
        let verdict = of_full.expect("two candidates").verdict;
        let expected = if ships == "N" { Verdict::Costlier } else { Verdict::AtCapacity };
        assert_eq!(verdict, expected, "{id}");
    }
    engine.shut_down().await;
}

/// Of an order that is larger than what a node ships in a day, each day has what it has room for.
#[tokio::test]
async fn an_order_larger_than_a_day_takes_several() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    assert_eq!(leaves(&engine, "small", &[("A", 2)]).await, today());
    let order = placed(&engine, "large", &[("A", 9), ("B", 3)]).await;
    let days: Vec<_> = order.shipments.iter().map(|s| s.ship_by.expect("it has a day")).collect();
    assert_eq!(days, [today(), today().plus(1), today().plus(2)]);
    assert_eq!(planned(&engine, 4), [(5, 2), (5, 1), (4, 1), (0, 0)]);
    let there = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
    assert_eq!((there.allocated, there.free()), (11, 989));
    assert_clean(&engine);
    ship(&engine, "large", 2).await.expect("it leaves");
    cancel(&engine, "large", &[]).await.expect("it is cancelled");
    assert_eq!(planned(&engine, 4), [(2, 1), (0, 0), (0, 0), (0, 0)]);
    assert_clean(&engine);
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(planned(&engine, 2), [(2, 1), (0, 0)]);
    assert_clean(&engine);
    // With another node of the same size, each takes a part on the first day.
    define_nodes(&engine, &[limited("M", 2, 5)]).await;
    set(&engine, "A", "M", 100).await;
    let mut both = order_of("both", 8);
    both.deliver_by = Some(today().plus(1));
    place(&engine, both).await.expect("an answer");
    let both = engine.order(&order_id("both")).await.expect("the order").order;
    assert!(both.shipments.iter().all(|s| s.ship_by == Some(today())), "{:?}", both.shipments);
    assert_eq!(both.shipments.len(), 2);
    assert_clean(&engine);
    engine.shut_down().await;
}

fn whole(id: &str, lines: &[(&str, u32)]) -> OrderRequest {
    OrderRequest { split: Some(Split::WholeLine), ..order(id, lines, Shortage::Backorder) }
}

async fn told(engine: &Engine, id: &str) -> Vec<Day> {
    let order = engine.order(&order_id(id)).await.expect("the order").order;
    order.shipments.iter().map(|shipment| shipment.ship_by.expect("it has a day")).collect()
}

/// No day has room for it beside others: it leaves on the first one that is its own.
#[tokio::test]
async fn a_shipment_larger_than_a_day_has_an_empty_day_for_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    place(&engine, whole("first", &[("A", 12), ("B", 7)])).await.expect("an answer");
    assert_eq!(told(&engine, "first").await, [today()]);
    assert_eq!(leaves(&engine, "small", &[("A", 1)]).await, today().plus(1));
    place(&engine, whole("second", &[("A", 6)])).await.expect("an answer");
    assert_eq!(told(&engine, "second").await, [today().plus(2)], "a day has a unit of another");
    assert_eq!(leaves(&engine, "fills", &[("A", 4)]).await, today().plus(1));
    assert_eq!(leaves(&engine, "last", &[("A", 1)]).await, today().plus(3));
    assert_eq!(planned(&engine, 4), [(19, 1), (5, 2), (6, 1), (1, 1)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn what_is_on_its_way_and_larger_than_a_day_leaves_on_an_empty_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[limited("N", 1, 5)]).await;
    define_items(&engine, &["A", "B"]).await;
    change(&engine, "A", "N", arrives("PO", 3, 40)).await.expect("it is announced");
    change(&engine, "B", "N", arrives("PO", 4, 40)).await.expect("it is announced");
    assert_eq!(leaves(&engine, "small", &[("B", 1)]).await, today().plus(4));
    for (id, day) in [("one", 3), ("two", 5)] {
        place(&engine, whole(id, &[("A", 12)])).await.expect("an answer");
        assert_eq!(told(&engine, id).await, [today().plus(day)], "{id}");
    }
    // Slipped, each has a day of its own again.
    change(&engine, "A", "N", arrives("PO", 4, 40)).await.expect("it slips");
    let days = [told(&engine, "one").await, told(&engine, "two").await].concat();
    assert_eq!(days, [today().plus(6), today().plus(5)]);
    assert_eq!(planned(&engine, 7)[4..], [(1, 1), (12, 1), (12, 1)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_day_takes_so_many_shipments_and_so_many_units() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 0).await;
    let two = NodeDefinition { capacity_shipments_per_day: Some(2), ..limited("N", 1, 0) };
    define_nodes(&engine, std::slice::from_ref(&two)).await;
    for (id, units, day) in [("one", 90, 0), ("two", 1, 0), ("three", 1, 1), ("four", 90, 1)] {
        assert_eq!(leaves(&engine, id, &[("A", units)]).await, today().plus(day), "{id}");
    }
    cancel(&engine, "two", &[]).await.expect("it is cancelled");
    assert_eq!(leaves(&engine, "five", &[("B", 1)]).await, today());
    // Both bounds hold: a day whose shipments are full has no room for units.
    let both = NodeDefinition { capacity_units_per_day: 5, ..two };
    define_nodes(&engine, &[both]).await;
    for (id, units, day) in [("six", 3, 2), ("seven", 3, 3), ("eight", 1, 2), ("nine", 1, 3)] {
        assert_eq!(leaves(&engine, id, &[("A", units)]).await, today().plus(day), "{id}");
    }
    let spread = placed(&engine, "spread", &[("A", 8)]).await;
    let days: Vec<_> = spread.shipments.iter().map(|s| s.ship_by.expect("it has a day")).collect();
    assert_eq!(days, [today().plus(4), today().plus(5)]);
    let planned = planned(&engine, 6);
    assert_eq!(planned, [(91, 2), (91, 2), (4, 2), (4, 2), (5, 1), (3, 1)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

/// One event serves them all: each order has room by itself.
#[tokio::test]
async fn a_backlog_that_is_served_at_once_has_room_order_by_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[limited("N", 1, 5)]).await;
    define_items(&engine, &["A", "B"]).await;
    for (id, units) in [("one", 3), ("two", 9), ("three", 3), ("four", 2), ("five", 7)] {
        placed(&engine, id, &[("A", units)]).await;
    }
    set(&engine, "A", "N", 100).await;
    let mut days = Vec::new();
    for id in ["one", "two", "three", "four", "five"] {
        days.extend(told(&engine, id).await);
    }
    assert_eq!(days, [0, 1, 2, 0, 3].map(|day| today().plus(day)));
    assert_eq!(planned(&engine, 5), [(5, 2), (9, 1), (3, 1), (7, 1), (0, 0)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

fn order_of(id: &str, units: u32) -> OrderRequest {
    order(id, &[("A", units)], Shortage::Backorder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn capacity_is_never_exceeded_by_many_buyers_at_once() {
    const BUYERS: u32 = 200;
    const PER_DAY: u32 = 9;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, PER_DAY).await;
    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let engine = engine.clone();
            let lines = if buyer % 2 == 0 { [("A", 1), ("B", 1)] } else { [("B", 2), ("A", 1)] };
            tokio::spawn(async move {
                let id = format!("{buyer}");
                placed(&engine, &id, &lines).await;
                if buyer % 5 == 0 {
                    cancel(&engine, &id, &[]).await.expect("it is cancelled");
                }
            })
        })
        .collect();
    for buyer in buyers {
        buyer.await.expect("no panic");
    }
    let days = planned(&engine, 121);
    assert!(days.iter().all(|(units, _)| *units <= PER_DAY.into()), "{days:?}");
    let units: u64 = days.iter().map(|(units, _)| units).sum();
    // Of five buyers, one cancels: 2 or 3 units in turn.
    assert_eq!(units, 400);
    assert_clean(&engine);
    // Nothing is claimed any more: what a day has left can be had.
    let left: u64 = days[..60].iter().map(|(units, _)| u64::from(PER_DAY) - units).sum();
    for unit in 0..left {
        let day = leaves(&engine, &format!("late {unit}"), &[("A", 1)]).await;
        assert!(day < today().plus(60), "unit {unit} of {left} leaves on {day}");
    }
    engine.shut_down().await;
}

#[tokio::test]
async fn cancelled_units_give_their_day_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    for (id, units) in [("one", 3), ("two", 2)] {
        assert_eq!(leaves(&engine, id, &[("A", units)]).await, today());
    }
    assert_eq!(leaves(&engine, "three", &[("A", 4)]).await, today().plus(1));
    cancel(&engine, "one", &[(1, 1)]).await.expect("it is cancelled");
    assert_eq!(planned(&engine, 2), [(4, 2), (4, 1)]);
    assert_eq!(leaves(&engine, "four", &[("A", 1)]).await, today());
    // A shipment that left is not planned any more.
    ship(&engine, "two", 1).await.expect("it leaves");
    assert_eq!(planned(&engine, 2), [(3, 2), (4, 1)]);
    cancel(&engine, "three", &[]).await.expect("it is cancelled");
    assert_eq!(planned(&engine, 2), [(3, 2), (0, 0)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_lowered_capacity_cancels_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 0).await;
    assert_eq!(leaves(&engine, "early", &[("A", 8)]).await, today());
    let unknown = engine.node_load(&node_id("N"), Some(today()), 1).expect("the node").days;
    assert_eq!(unknown[0].planned, None, "nothing is counted without a capacity");
    // What was planned before it had a capacity counts.
    for (capacity, id, day) in [(10, "ten", 0), (3, "three", 1), (10, "again", 1)] {
        define_nodes(&engine, &[limited("N", 1, capacity)]).await;
        assert_eq!(leaves(&engine, id, &[("A", 2)]).await, today().plus(day), "{capacity}");
    }
    assert_eq!(planned(&engine, 2), [(10, 2), (4, 2)]);
    let early = engine.order(&order_id("early")).await.expect("the order").order;
    assert_eq!(early.shipments[0].ship_by, Some(today()));
    define_nodes(&engine, &[limited("N", 1, 0)]).await;
    assert_eq!(leaves(&engine, "free", &[("A", 90)]).await, today());
    // Counted anew, with what was planned meanwhile.
    define_nodes(&engine, &[limited("N", 1, 5)]).await;
    assert_eq!(planned(&engine, 2), [(100, 3), (4, 2)]);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn a_restart_counts_days_as_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    for at in 0..7 {
        placed(&engine, &format!("{at}"), &[("A", 2)]).await;
    }
    engine.take_snapshot(NOW).await.expect("it is taken");
    cancel(&engine, "1", &[]).await.expect("it is cancelled");
    ship(&engine, "2", 1).await.expect("it leaves");
    placed(&engine, "last", &[("B", 5)]).await;
    let before = planned(&engine, 10);
    assert_eq!(before[..5], [(2, 1), (2, 1), (4, 2), (2, 1), (5, 1)]);
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    assert_eq!(planned(&engine, 10), before);
    assert_clean(&engine);
    assert_eq!(leaves(&engine, "next", &[("A", 4)]).await, today().plus(5));
    engine.shut_down().await;
}

fn arrives(id: &str, day: u16, ordered: u32) -> StockOperation {
    let eta = Timestamp::from_micros(NOW.as_micros() + i64::from(day) * DAY - DAY / 2);
    let id = InboundId::new("id", id).expect("an id");
    StockOperation::StateInbound { id, eta, ordered }
}

#[tokio::test]
async fn a_supply_that_slips_moves_its_shipments_to_days_with_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[limited("N", 1, 5)]).await;
    define_items(&engine, &["A", "B"]).await;
    change(&engine, "A", "N", arrives("PO", 3, 9)).await.expect("it is announced");
    set(&engine, "B", "N", 100).await;
    for (id, day) in [("one", 3), ("two", 4), ("three", 5)] {
        assert_eq!(leaves(&engine, id, &[("A", 3)]).await, today().plus(day), "{id}");
    }
    // Of the days to which the supply slips, the first is full.
    for day in 0..8 {
        let id = format!("fills {day}");
        placed(&engine, &id, &[("B", if day == 7 { 5 } else { 2 })]).await;
    }
    change(&engine, "A", "N", arrives("PO", 6, 9)).await.expect("it slips");
    let mut days = Vec::new();
    for id in ["one", "two", "three"] {
        let order = engine.order(&order_id(id)).await.expect("the order").order;
        days.push(order.shipments[0].ship_by.expect("it has a day"));
    }
    let loads = planned(&engine, 20);
    assert!(loads.iter().all(|(units, _)| *units <= 5), "{loads:?}");
    assert!(days.iter().all(|day| *day >= today().plus(6)), "{days:?}");
    days.dedup();
    assert_eq!(days.len(), 3, "three units of three orders take three days: {loads:?}");
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test]
async fn an_order_is_not_kept_off_the_day_that_its_hold_had() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 5).await;
    let hold = HoldId::new("hold", "H").expect("an id");
    let cart = order("cart", &[("A", 4)], Shortage::Reject);
    engine
        .create_hold(CreateHold::new(meta(), hold.clone(), (600, None), cart))
        .await
        .expect("it is held");
    assert_eq!(planned(&engine, 1), [(4, 1)]);
    let elsewhere = ConfirmHold {
        meta: meta(),
        hold,
        order: OrderId::new("order", "O").expect("an id"),
        customer: None,
        channel: None,
        destination: Some(address("00003")),
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    engine.confirm_hold(elsewhere).await.expect("it is confirmed");
    let order = engine.order(&order_id("O")).await.expect("the order").order;
    assert_eq!(order.shipments[0].ship_by, Some(today()));
    assert_eq!(planned(&engine, 2), [(4, 1), (0, 0)]);
    assert_eq!(leaves(&engine, "next", &[("A", 1)]).await, today());
    assert_eq!(leaves(&engine, "last", &[("A", 1)]).await, today().plus(1));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// A full Friday spills over to the next day on which the node works and the carrier comes.
#[tokio::test]
async fn a_full_day_spills_over_closed_days() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    let mut shop = limited("N", 1, 5);
    // Monday to Friday, and the next Monday is a holiday.
    shop.working_days = 0b001_1111;
    shop.holidays = vec![november(30)];
    let command = DefineNode { meta: meta(), node: shop };
    engine.define_node(command).await.expect("the node is defined");
    define_items(&engine, &["A"]).await;
    set(&engine, "A", "N", 100).await;
    let friday = Timestamp::from_micros(NOW.as_micros() + 4 * DAY);
    for (id, day) in [("one", 27), ("two", 31), ("three", 32)] {
        let wanted = order(id, &[("A", 3)], Shortage::Backorder);
        let command =
            PlaceOrder { meta: Meta { at: friday, ..meta() }, placed_at: None, order: wanted };
        engine.place_order(command).await.expect("an answer");
        let order = engine.order(&order_id(id)).await.expect("the order").order;
        assert_eq!(order.shipments[0].ship_by, Some(november(day)), "{id}");
    }
    engine.shut_down().await;
}

/// A day that is bounded by shipments alone has room for more in one that leaves on it already.
#[tokio::test]
async fn units_that_come_one_by_one_leave_in_one_shipment() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    let one = NodeDefinition { capacity_shipments_per_day: Some(1), ..limited("N", 60, 0) };
    define_nodes(&engine, &[node("E", NodeKind::Warehouse, 1), one]).await;
    define_items(&engine, &["A"]).await;
    placed(&engine, "O", &[("A", 3)]).await;
    for _ in 0..3 {
        let quantity = 1;
        let received = StockOperation::Receive { quantity, unavailable: 0 };
        change(&engine, "A", "N", received).await.expect("it is received");
    }
    assert_eq!(planned(&engine, 2), [(3, 1), (0, 0)]);
    assert_clean(&engine);
    engine.shut_down().await;
}
