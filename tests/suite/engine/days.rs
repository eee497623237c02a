//! Which day it is: at the destination for what was promised, at the node for what can
//! still be done.

use backstock_engine::command::{Meta, OrderRequest, PlaceOrder, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{
    Day, InboundId, Lsn, NodeKind, Order, Refusal, Rule, Shortage, Timestamp, Violation,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// Days that the first service of the default policy promises.
const PROMISED: u16 = 7;

/// Tuesday 2026-11-24, 04:00 UTC: Monday 20:00 in Los Angeles.
const EVENING: Timestamp = Timestamp::from_micros(NOW.as_micros() + 16 * HOUR);

const HOUR: i64 = DAY / 24;

/// A day of November 2026.
fn november(day: u16) -> Day {
    Day::from_epoch_days(20_757).plus(day)
}

fn days_after(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_add_micros(days * DAY)
}

fn to(code: u32, mut wanted: OrderRequest) -> OrderRequest {
    wanted.destination = address(&format!("{code:05}"));
    wanted
}

fn one(id: &str) -> OrderRequest {
    order_of(id, 1)
}

/// Places an order that comes in at `at`, and says when it was placed.
fn place_at(
    single: &mut Single,
    at: Timestamp,
    placed_at: Option<Timestamp>,
    order: OrderRequest,
) -> Result<OrderAnswer, EngineError> {
    let engine = single.engine.clone();
    let command = PlaceOrder { meta: Meta { at, ..meta() }, placed_at, order };
    single.run(engine.place_order(command))
}

fn is_placed(answer: Result<OrderAnswer, EngineError>) -> std::sync::Arc<Order> {
    match answer.expect("an answer").outcome {
        PlaceOutcome::Placed(order) => order,
        PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
    }
}

fn violations(answer: Result<OrderAnswer, EngineError>) -> Vec<Violation> {
    match answer {
        Err(EngineError::Invalid(found)) => found,
        other => panic!("not refused as invalid: {other:?}"),
    }
}

/// A node next to the one end of the line and one next to the other, which is cheaper.
async fn network(engine: &Engine) {
    let mut near = node("NEAR", NodeKind::Warehouse, 1);
    near.shipment_cost = 5_000;
    let far = node("FAR", NodeKind::Warehouse, 80);
    define_nodes(engine, &[near, far]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "NEAR", 50).await;
    set(engine, "A", "FAR", 50).await;
}

fn stocked() -> Single {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single
}

#[test]
fn promised_days_count_from_the_day_at_the_destination() {
    let mut single = stocked();
    let west = is_placed(place_at(&mut single, EVENING, None, to(Line::WEST, one("west"))));
    assert_eq!(west.header.promise_by, november(23).plus(PROMISED));
    let utc = is_placed(place_at(&mut single, EVENING, None, one("utc")));
    assert_eq!(utc.header.promise_by, november(24).plus(PROMISED));
}

#[test]
fn today_can_be_wanted_until_it_ends_at_the_destination() {
    let mut single = stocked();
    let mut today = to(Line::WEST, one("today"));
    today.deliver_by = Some(november(23));
    is_placed(place_at(&mut single, EVENING, None, today.clone()));
    today.id = order_id("yesterday");
    today.deliver_by = Some(november(22));
    let found = violations(place_at(&mut single, EVENING, None, today.clone()));
    let earliest = november(23);
    assert_eq!(found, [Violation::new("deliver_by", november(22), Rule::InThePast { earliest })]);
    today.id = order_id("tomorrow");
    today.deliver_by = Some(november(23));
    let midnight = EVENING.saturating_add_micros(4 * HOUR);
    assert_eq!(violations(place_at(&mut single, midnight, None, today)).len(), 1);
}

#[test]
fn an_order_that_comes_in_late_ships_from_now_on_and_was_promised_then() {
    let mut single = stocked();
    for ago in [1, 3, 10] {
        let placed_at = days_after(NOW, -ago);
        let wanted = one(&format!("late by {ago}"));
        let late = is_placed(place_at(&mut single, NOW, Some(placed_at), wanted));
        assert_eq!(late.shipments[0].ship_by, Some(november(23)), "{ago} days late");
        let then = Day::from_epoch_days(november(23).epoch_days() - i32::try_from(ago).unwrap());
        assert_eq!(late.header.promise_by, then.plus(PROMISED), "{ago} days late");
        assert_eq!(late.header.ordered_at, placed_at);
        assert_eq!(late.header.decided_at(), NOW);
    }
}

#[test]
fn an_order_that_comes_in_late_ships_from_where_the_day_can_still_be_made() {
    let mut single = stocked();
    for ago in [0, 2, 5] {
        let mut wanted = one(&format!("late by {ago}"));
        wanted.deliver_by = Some(november(26));
        let placed_at = days_after(NOW, -ago);
        let placed = is_placed(place_at(&mut single, NOW, Some(placed_at), wanted));
        let node = single.engine.node_no(placed.shipments[0].node);
        assert_eq!(node.id, node_id("NEAR"), "{ago} days late");
        assert_eq!(placed.shipments[0].deliver_by, Some(november(24)), "{ago} days late");
    }
}

#[tokio::test]
async fn when_an_order_was_decided_is_known_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let placed_at = Some(days_after(NOW, -3));
    let late = PlaceOrder { meta: meta(), placed_at, order: one("late") };
    engine.place_order(late).await.expect("an answer");
    engine.shut_down().await;
    let (engine, _) = open(directory.path()).await;
    let (order, _) = engine.explain(&order_id("late")).await.expect("the order");
    assert_eq!((order.header.ordered_at, order.header.decided_at()), (days_after(NOW, -3), NOW));
    engine.shut_down().await;
}

#[test]
fn an_order_is_known_again_however_long_ago_it_was_placed() {
    let mut single = stocked();
    let placed_at = days_after(NOW, -366);
    let first = place_at(&mut single, NOW, Some(placed_at), one("old"));
    assert!(first.is_ok(), "{first:?}");
    let later = days_after(NOW, 500);
    assert_eq!(place_at(&mut single, later, Some(placed_at), one("old")), first);
    let found = violations(place_at(&mut single, later, Some(placed_at), one("new")));
    let fields: Vec<&str> = found.iter().map(|violation| &*violation.field).collect();
    assert_eq!(fields, ["placed_at"]);
}

#[test]
fn when_an_order_was_placed_is_part_of_it_and_so_is_not_to_say_so() {
    let mut single = stocked();
    let (then, before) = (days_after(NOW, -1), days_after(NOW, -2));
    let said = place_at(&mut single, NOW, Some(then), one("said"));
    let unsaid = place_at(&mut single, NOW, None, one("unsaid"));
    assert!(said.is_ok() && unsaid.is_ok(), "{said:?} {unsaid:?}");
    let reused =
        |id: &str| Err(EngineError::Refused(Refusal::OrderIdReused { order_id: order_id(id) }));
    for later in [0, 1, 30].map(|days| days_after(NOW, days)) {
        assert_eq!(place_at(&mut single, later, Some(then), one("said")), said);
        assert_eq!(place_at(&mut single, later, Some(before), one("said")), reused("said"));
        assert_eq!(place_at(&mut single, later, None, one("said")), reused("said"));
        assert_eq!(place_at(&mut single, later, None, one("unsaid")), unsaid);
        assert_eq!(place_at(&mut single, later, Some(then), one("unsaid")), reused("unsaid"));
    }
}

/// Today, where the day begins first, last, and in between.
#[test]
fn what_comes_today_can_be_announced_and_moved_to_and_ships_today() {
    for zone in ["Pacific/Kiritimati", "Asia/Tokyo", "America/New_York", "Pacific/Honolulu"] {
        let (mut single, today) = node_in(zone);
        let announced = announce(&mut single, "PO-1", today);
        assert!(announced.is_ok(), "{zone}: {announced:?}");
        let far = announce(&mut single, "PO-2", today.plus(30));
        assert!(far.is_ok(), "{zone}: {far:?}");
        let moved = move_to(&mut single, "PO-2", today);
        assert!(moved.is_ok(), "{zone}: {moved:?}");
        let placed = is_placed(place_at(&mut single, NOW, None, order_of("o", 8)));
        assert_eq!(placed.shipments.len(), 1);
        assert_eq!(placed.shipments[0].ship_by, Some(today), "{zone}");
    }
}

#[test]
fn what_is_overdue_is_taken_and_promised_from_tomorrow_on_until_it_comes() {
    let (mut single, today) = node_in("America/New_York");
    for (id, ago) in [("PO-1", 1), ("PO-366", 366)] {
        let announced = announce(&mut single, id, today.minus(ago));
        assert!(announced.is_ok(), "{id}: {announced:?}");
    }
    let refused = announce(&mut single, "PO-367", today.minus(367));
    let earliest = today.minus(366);
    let found = Violation::new("eta", today.minus(367), Rule::InThePast { earliest });
    assert_eq!(refused, Err(found.into()));
    for (day, id) in [(0, "today"), (1, "tomorrow"), (30, "in a month")] {
        let at = days_after(NOW, day.into());
        let placed = is_placed(place_at(&mut single, at, None, one(id)));
        assert_eq!(placed.shipments[0].ship_by, Some(today.plus(day + 1)), "{id}");
    }
    let engine = single.engine.clone();
    let gone = StockOperation::CancelInbound { id: inbound("PO-366") };
    single.run(change(&engine, "A", "N", gone)).expect("it never comes");
    let receipt = StockOperation::ReceiveInbound { id: inbound("PO-1"), quantity: 5, closes: true };
    single.run(change(&engine, "A", "N", receipt)).expect("it came at last");
    let placed = is_placed(place_at(&mut single, NOW, None, one("it came")));
    assert_eq!(placed.shipments[0].ship_by, Some(today));
}

/// A node in a zone, with nothing there, and its day.
fn node_in(zone: &str) -> (Single, Day) {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    let mut there = node("N", NodeKind::Warehouse, 1);
    there.time_zone = zone.into();
    single.run(define_nodes(&engine, &[there]));
    single.run(define_items(&engine, &["A"]));
    let calendar = engine.calendar(&node_id("N")).expect("the node");
    (single, calendar.zone().local_day(NOW))
}

fn inbound(id: &str) -> InboundId {
    InboundId::new("inbound", id).expect("an id")
}

fn announce(single: &mut Single, id: &str, day: Day) -> Result<Lsn, EngineError> {
    let engine = single.engine.clone();
    let eta = engine.start_of_day(&node_id("N"), day).expect("the node");
    let announcement = StockOperation::AnnounceInbound { id: inbound(id), quantity: 5, eta };
    single.run(change(&engine, "A", "N", announcement))
}

fn move_to(single: &mut Single, id: &str, day: Day) -> Result<Lsn, EngineError> {
    let engine = single.engine.clone();
    let eta = Some(engine.start_of_day(&node_id("N"), day).expect("the node"));
    let moved = StockOperation::ChangeInbound { id: inbound(id), quantity: None, eta };
    single.run(change(&engine, "A", "N", moved))
}

fn order_of(id: &str, units: u32) -> OrderRequest {
    order(id, &[("A", units)], Shortage::Reject)
}

#[test]
fn orders_are_placed_within_a_year_and_not_ahead() {
    let mut single = stocked();
    let (year, minutes) = (366 * DAY, 5 * 60 * 1_000_000);
    for by in [0, minutes, -year] {
        let placed_at = NOW.saturating_add_micros(by);
        is_placed(place_at(&mut single, NOW, Some(placed_at), one(&format!("by {by}"))));
    }
    for by in [minutes + 1, -year - 1] {
        let placed_at = NOW.saturating_add_micros(by);
        let found = violations(place_at(&mut single, NOW, Some(placed_at), one("off")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].field, "placed_at");
    }
}
