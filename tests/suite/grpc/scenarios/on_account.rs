//! Scenario 8, the order's side: a business buyer orders on account. What he owes, and who may
//! approve more, others know: they hold the order, and release it.

use std::time::Duration;

use backstock_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::super::server::{LONG, TestServer, node, order, waiting_order};
use super::{before_christmas, december, live, read};

/// A day of December, at a full hour in New York.
fn on(day: u32, hour: u32) -> prost_types::Timestamp {
    // It is five hours later in UTC.
    let text = format!("2026-12-{day:02}T{:02}:00:00Z", hour + 5);
    text.parse().expect("an instant")
}

/// A server at ten in the morning on Tuesday the 22nd, with so many drills in New York.
async fn drills(data: &std::path::Path, on_hand: u64) -> TestServer {
    let mut server = before_christmas(data).await;
    server.define_item("DRILL").await;
    server.define_item("TICK").await;
    server.define_node(node("NYC", "10001")).await;
    server.set_stock("DRILL", "NYC", on_hand).await;
    server
}

/// It is that time: the server goes by the orders that come in.
async fn it_is(server: &mut TestServer, time: prost_types::Timestamp) {
    let id = format!("tick-{}", time.seconds);
    let tick = v1::PlaceOrderRequest { placed_time: Some(time), ..order(&id, &[("TICK", 1)]) };
    server.orders.place_order(tick).await.expect("an answer");
}

/// Over the limit: the desk holds the order, and its units until Wednesday noon.
async fn hold(server: &mut TestServer) -> v1::Order {
    let hold = v1::HoldOrderRequest {
        order_id: "PO-4711".into(),
        order_hold_id: "CREDIT".into(),
        kind: v1::OrderHoldKind::Credit.into(),
        reason: "3,200.00 over a limit of 25,000.00".into(),
        owner: "Credit desk".into(),
        stock_until: Some(on(23, 12)),
        ..Default::default()
    };
    let held = server.orders.hold_order(hold).await.expect("held").into_inner();
    held.order.expect("the order")
}

/// The buyer's manager approves.
async fn approve(server: &mut TestServer) -> v1::Order {
    let release = v1::ReleaseOrderHoldRequest {
        order_id: "PO-4711".into(),
        order_hold_id: "CREDIT".into(),
        ..Default::default()
    };
    let released = server.orders.release_order_hold(release).await.expect("released");
    released.into_inner().order.expect("the order")
}

async fn ship(server: &mut TestServer, order_id: &str) -> Result<v1::Shipment, Status> {
    let shipment_number = live(&read(server, order_id).await).number;
    let ship = v1::ShipShipmentRequest {
        order_id: order_id.into(),
        shipment_number,
        carrier: "UPS".into(),
        ..Default::default()
    };
    let left = server.fulfillment.ship_shipment(ship).await?.into_inner();
    Ok(left.shipment.expect("a shipment"))
}

/// Units that are there for an order, and units that wait.
fn has(order: &v1::Order) -> (u32, u32) {
    let units = order.lines[0].units.expect("units");
    (units.allocated, units.backordered)
}

/// When what is left of an order leaves, and when it arrives.
fn days(order: &v1::Order) -> (Option<v1::Date>, Option<v1::Date>) {
    let shipment = live(order);
    assert_eq!(order.promised_by, shipment.deliver_by);
    (shipment.ship_by, shipment.deliver_by)
}

/// He is over his limit: the order waits for approval, and its stock is held meanwhile. Approved in
/// time, it ships on the day on which it was to ship.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_8_on_account_an_order_over_the_limit_keeps_its_stock_until_it_is_approved() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = drills(directory.path(), 10).await;
    server.orders.place_order(order("PO-4711", &[("DRILL", 8)])).await.expect("placed");
    let held = hold(&mut server).await;
    assert_eq!(held.state(), v1::OrderState::OnHold);
    let [shown] = &held.holds[..] else { panic!("one hold: {held:?}") };
    assert_eq!((shown.kind(), &*shown.owner), (v1::OrderHoldKind::Credit, "Credit desk"));
    assert_eq!(shown.reason, "3,200.00 over a limit of 25,000.00");
    assert_eq!((shown.stock_until, shown.stock_let_go), (Some(on(23, 12)), false));
    let tuesday = (Some(december(22)), Some(december(24)));
    assert_eq!((has(&held), days(&held)), ((8, 0), tuesday));

    // Nobody else has any of the eight, whoever he is, for as long as they are kept.
    let rival = v1::PlaceOrderRequest {
        priority: v1::PriorityClass::Win.into(),
        placed_time: Some(on(22, 14)),
        ..order("web-1", &[("DRILL", 3)])
    };
    let rival = server.orders.place_order(rival).await.expect("an answer").into_inner();
    assert_eq!(rival.outcome(), v1::OrderOutcome::Rejected);
    let waits = server.orders.place_order(waiting_order("web-2", &[("DRILL", 3)])).await;
    waits.expect("placed");
    assert_eq!(has(&read(&mut server, "web-2").await), (2, 1));
    assert_eq!(has(&read(&mut server, "PO-4711").await), (8, 0));

    // And no node begins with it.
    let (order_id, shipment_number) = (String::from("PO-4711"), live(&held).number);
    let release = v1::ReleaseShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        ..Default::default()
    };
    let pick = v1::PickShipmentRequest { order_id, shipment_number, ..Default::default() };
    for refused in [
        server.fulfillment.release_shipment(release.clone()).await.map(drop),
        server.fulfillment.pick_shipment(pick.clone()).await.map(drop),
        ship(&mut server, "PO-4711").await.map(drop),
    ] {
        let status = refused.expect_err("it is on hold");
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        let info = status.get_details_error_info().expect("a reason");
        assert_eq!(info.reason, "ORDER_ON_HOLD");
    }

    it_is(&mut server, on(22, 17)).await;
    let approved = approve(&mut server).await;
    assert_eq!((approved.state(), approved.holds.len()), (v1::OrderState::Open, 0));
    assert_eq!((has(&approved), days(&approved)), ((8, 0), tuesday), "as it was promised");
    server.fulfillment.release_shipment(release).await.expect("released");
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let left = ship(&mut server, "PO-4711").await.expect("it leaves");
    assert_eq!((left.state(), left.deliver_by), (v1::ShipmentState::Shipped, tuesday.1));
    assert_eq!(server.on_hand("DRILL", "NYC").await, 2);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// Approved on the day after it was to leave, within the time for which it keeps its stock: the new day is
/// told with the approval, once, and the buyer hears of that and of no hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_8_on_account_an_order_that_is_approved_a_day_late_is_told_its_new_day() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = drills(directory.path(), 10).await;
    server.orders.place_order(order("PO-4711", &[("DRILL", 8)])).await.expect("placed");
    hold(&mut server).await;
    it_is(&mut server, on(23, 10)).await;
    let approved = approve(&mut server).await;
    let wednesday = (Some(december(23)), Some(december(25)));
    assert_eq!((has(&approved), days(&approved)), ((8, 0), wednesday));
    let story = v1::GetTimelineRequest {
        order_id: "PO-4711".into(),
        audience: v1::TimelineAudience::Customer.into(),
        min_version: 0,
    };
    let story = server.orders.get_timeline(story).await.expect("told").into_inner().entries;
    let [placed, moved] = &story[..] else { panic!("placed, and the day moved: {story:?}") };
    let events = [placed.event(), moved.event()];
    assert_eq!(events, [v1::TimelineEvent::Placed, v1::TimelineEvent::DateMoved]);
    let [day] = &moved.dates[..] else { panic!("one shipment: {moved:?}") };
    assert_eq!((day.deliver_by_before, day.deliver_by), (Some(december(24)), Some(december(25))));
    server.audit().await;
    server.stop().await.expect("drained");
    let mut server = before_christmas(directory.path()).await;
    assert_eq!(days(&read(&mut server, "PO-4711").await), wednesday);
    server.stop().await.expect("drained");
}

/// Nobody approves it in time: its stock goes to who is next by right, and the order keeps its
/// class and its age. Approved later, it is served before who came after it, and behind who comes
/// first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_8_on_account_stock_that_is_kept_too_long_goes_to_the_next_by_right() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = drills(directory.path(), 8).await;
    let at = |hour, request| v1::PlaceOrderRequest { placed_time: Some(on(22, hour)), ..request };
    let placed = async |server: &mut TestServer, request| {
        server.orders.place_order(request).await.expect("placed");
    };
    placed(&mut server, at(10, waiting_order("PO-4711", &[("DRILL", 8)]))).await;
    hold(&mut server).await;
    placed(&mut server, at(11, waiting_order("older", &[("DRILL", 5)]))).await;
    placed(&mut server, at(12, waiting_order("newer", &[("DRILL", 6)]))).await;
    let first = v1::PlaceOrderRequest {
        priority: v1::PriorityClass::Win.into(),
        ..waiting_order("first", &[("DRILL", 1)])
    };
    placed(&mut server, at(13, first.clone())).await;
    let all = ["PO-4711", "older", "newer", "first"];
    let have = async |server: &mut TestServer| {
        let mut have = Vec::new();
        for id in all {
            have.push(has(&read(server, id).await));
        }
        have
    };
    // To the last second before noon.
    let second = prost_types::Timestamp { seconds: on(23, 12).seconds - 1, nanos: 0 };
    it_is(&mut server, second).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(have(&mut server).await, [(8, 0), (0, 5), (0, 6), (0, 1)]);

    it_is(&mut server, on(23, 12)).await;
    let gone = async {
        while have(&mut server).await != [(0, 8), (5, 0), (2, 4), (1, 0)] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("they go to who is next");
    let order = read(&mut server, "PO-4711").await;
    assert_eq!((order.state(), order.promised_by), (v1::OrderState::OnHold, None));
    assert!(order.holds[0].stock_let_go && live(&order).ship_by.is_none(), "{order:?}");
    let wednesday = (Some(december(23)), Some(december(25)));
    for id in ["older", "first"] {
        assert_eq!(days(&read(&mut server, id).await), wednesday, "{id}");
    }

    // What comes while it is on hold is not for it.
    server.set_stock("DRILL", "NYC", 10).await;
    assert_eq!(have(&mut server).await, [(0, 8), (5, 0), (4, 2), (1, 0)]);
    // Approved on Thursday: it is older than who waits, and there is another of the first class.
    it_is(&mut server, on(24, 9)).await;
    let approved = approve(&mut server).await;
    assert_eq!((approved.state(), has(&approved)), (v1::OrderState::Open, (0, 8)));
    let win = v1::PlaceOrderRequest { order_id: "win".into(), ..first };
    placed(&mut server, win).await;
    server.set_stock("DRILL", "NYC", 18).await;
    assert_eq!(has(&read(&mut server, "win").await), (1, 0));
    assert_eq!(have(&mut server).await, [(7, 1), (5, 0), (4, 2), (1, 0)], "before the newer one");
    server.set_stock("DRILL", "NYC", 19).await;
    assert_eq!(have(&mut server).await, [(8, 0), (5, 0), (4, 2), (1, 0)]);
    let served = read(&mut server, "PO-4711").await;
    assert_eq!(days(&served), (Some(december(24)), Some(december(26))));
    let left = ship(&mut server, "PO-4711").await.expect("it leaves");
    assert_eq!(left.state(), v1::ShipmentState::Shipped);
    server.audit().await;
    server.stop().await.expect("drained");
}
