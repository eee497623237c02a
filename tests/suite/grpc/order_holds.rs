//! Holds on orders: no node goes on, the stock is kept for a time, and the place for ever.

use std::time::{Duration, Instant, SystemTime};

use backstock_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::server::{LONG, TestServer, order, waiting_order};
use super::webhooks::{self, Answer, Receiver};

fn hold(order: &str, id: &str, stock: Option<Duration>) -> v1::HoldOrderRequest {
    v1::HoldOrderRequest {
        order_id: order.into(),
        order_hold_id: id.into(),
        kind: v1::OrderHoldKind::Fraud.into(),
        reason: "a new address".into(),
        owner: "Ann".into(),
        stock_until: stock.map(|stock| (SystemTime::now() + stock).into()),
        ..Default::default()
    }
}

async fn release(server: &mut TestServer, order: &str, id: &str) -> v1::Order {
    let release = v1::ReleaseOrderHoldRequest {
        order_id: order.into(),
        order_hold_id: id.into(),
        ..Default::default()
    };
    let released = server.orders.release_order_hold(release).await.expect("released");
    released.into_inner().order.expect("the order")
}

async fn read(server: &mut TestServer, order: &str) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: order.into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

fn units(order: &v1::Order) -> v1::LineUnits {
    order.lines[0].units.expect("units")
}

fn shipping(order: &str) -> v1::ShipShipmentRequest {
    v1::ShipShipmentRequest {
        order_id: order.into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        ..Default::default()
    }
}

fn packing(order: &str) -> v1::PackShipmentRequest {
    v1::PackShipmentRequest {
        order_id: order.into(),
        shipment_number: 1,
        package_id: "P".into(),
        ..Default::default()
    }
}

fn releasing(order: &str) -> v1::ReleaseShipmentRequest {
    v1::ReleaseShipmentRequest { order_id: order.into(), shipment_number: 1, ..Default::default() }
}

/// Waits until the units of an order on hold were let go, and changes nothing meanwhile.
async fn let_go(server: &mut TestServer, order: &str) -> v1::Order {
    let wait = async {
        loop {
            let order = read(server, order).await;
            if order.holds.iter().any(|hold| hold.stock_let_go) {
                return order;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("its units are let go")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_on_hold_goes_no_further_and_keeps_its_units() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 2)])).await.expect("placed");
    let held = server.orders.hold_order(hold("A", "REVIEW", None)).await.expect("held");
    let held = held.into_inner().order.expect("the order");
    assert_eq!(held.state(), v1::OrderState::OnHold);
    let [shown] = &held.holds[..] else { panic!("one hold: {held:?}") };
    assert_eq!(
        (shown.kind(), shown.reason.as_str(), shown.owner.as_str()),
        (v1::OrderHoldKind::Fraud, "a new address", "Ann")
    );
    assert_eq!(units(&held).allocated, 2, "nobody else gets them");
    server.orders.hold_order(hold("A", "PAYMENT", None)).await.expect("held twice");

    let refused = server.fulfillment.release_shipment(releasing("A")).await.expect_err("on hold");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let info = refused.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "ORDER_ON_HOLD");
    assert!(refused.message().contains("REVIEW, PAYMENT"), "{}", refused.message());
    for refused in [
        server.fulfillment.pack_shipment(packing("A")).await.map(drop),
        server.fulfillment.ship_shipment(shipping("A")).await.map(drop),
    ] {
        assert_eq!(refused.expect_err("on hold").code(), Code::FailedPrecondition);
    }
    // It is the hold that kept it, and each of them.
    release(&mut server, "A", "REVIEW").await;
    server.fulfillment.release_shipment(releasing("A")).await.expect_err("one hold is on");
    let free = release(&mut server, "A", "PAYMENT").await;
    assert_eq!((free.state(), free.holds.len()), (v1::OrderState::Open, 0));
    server.fulfillment.release_shipment(releasing("A")).await.expect("it goes on");
    server.audit().await;
    server.stop().await.expect("drained");
}

/// What happened outside is not refused: a package that was packed when the order was held may have left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_packed_before_the_hold_may_leave_and_arrive() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 2)])).await.expect("placed");
    server.fulfillment.pack_shipment(packing("A")).await.expect("packed");
    server.orders.hold_order(hold("A", "REVIEW", None)).await.expect("held");
    server.fulfillment.ship_shipment(shipping("A")).await.expect("it left");
    let deliver = v1::DeliverShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.deliver_shipment(deliver).await.expect("it arrived");
    assert_eq!(read(&mut server, "A").await.state(), v1::OrderState::Closed);
    server.stop().await.expect("drained");
}

/// A review does not keep stock for ever: at its time the units go to who waits, and the order keeps
/// its place. Nothing but the server's clock makes it so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_of_an_order_on_hold_are_let_go_in_time_and_served_again_in_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("SKU", "NYC", 2).await;
    for order in ["A", "B", "C"] {
        server.orders.place_order(waiting_order(order, &[("SKU", 2)])).await.expect("placed");
    }
    assert_eq!(units(&read(&mut server, "B").await).backordered, 2);
    let soon = Some(Duration::from_millis(700));
    server.orders.hold_order(hold("A", "REVIEW", soon)).await.expect("held");
    assert_eq!(units(&read(&mut server, "A").await).allocated, 2);
    let gone = let_go(&mut server, "A").await;
    assert_eq!((units(&gone).backordered, gone.promised_by), (2, None), "{gone:?}");
    // Whoever waited longest has them now, once that was looked at.
    server.set_stock("SKU", "NYC", 2).await;
    assert_eq!(units(&read(&mut server, "B").await).allocated, 2);

    // What comes is not for it while it is on hold, and is for it before others afterwards.
    server.set_stock("SKU", "NYC", 4).await;
    let [a, c] = [read(&mut server, "A").await, read(&mut server, "C").await];
    assert_eq!((units(&a).backordered, units(&c).allocated), (2, 2));
    server.orders.place_order(waiting_order("D", &[("SKU", 2)])).await.expect("placed");
    release(&mut server, "A", "REVIEW").await;
    server.set_stock("SKU", "NYC", 6).await;
    let [a, d] = [read(&mut server, "A").await, read(&mut server, "D").await];
    assert_eq!((units(&a).allocated, units(&d).backordered), (2, 2), "in its old place");
    server.audit().await;
    server.stop().await.expect("drained");
}

/// The time is kept in the order: a restart loses none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_are_let_go_after_a_restart_and_served_when_the_hold_is_released() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 2)])).await.expect("placed");
    let soon = Some(Duration::from_secs(1));
    server.orders.hold_order(hold("A", "REVIEW", soon)).await.expect("held");
    server.stop().await.expect("drained");
    let mut server = TestServer::start(directory.path()).await;
    let gone = let_go(&mut server, "A").await;
    assert_eq!((units(&gone).backordered, units(&gone).allocated), (2, 0));
    let back = release(&mut server, "A", "REVIEW").await;
    assert_eq!(units(&back).allocated, 2, "before it answers");
    assert!(back.promised_by.is_some());
    server.stop().await.expect("drained");
    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(read(&mut server, "A").await.holds, []);
    let story = v1::GetTimelineRequest {
        order_id: "A".into(),
        audience: v1::TimelineAudience::Desk.into(),
        min_version: 0,
    };
    let story = server.orders.get_timeline(story).await.expect("told").into_inner().entries;
    let told = [
        v1::TimelineEvent::OrderHeld,
        v1::TimelineEvent::StockLetGo,
        v1::TimelineEvent::OrderHoldReleased,
    ];
    let of_holds: Vec<_> =
        story.iter().map(v1::TimelineEntry::event).filter(|event| told.contains(event)).collect();
    assert_eq!(of_holds, told);
    let held = story.iter().find(|entry| entry.event() == told[0]).expect("it was held");
    assert_eq!(held.order_hold.as_ref().map(|hold| hold.owner.as_str()), Some("Ann"));
    server.stop().await.expect("drained");
}

/// Pain 6 (saleor#11069): a payment call is made while stock is locked. Here the order is placed,
/// and on hold for its payment, before anybody is called; whoever calls the provider hears of it by
/// the feed. The call lasts, and orders of the same item come and go as if there were none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_6_while_a_payment_call_lasts_nothing_is_locked() {
    let directory = tempfile::tempdir().expect("a directory");
    let soon = Duration::from_secs(1);
    // Who is to call the provider does not answer, however often he is told.
    let mut server = webhooks::start_with(directory.path(), &[100; 1_000], soon).await;
    server.set_stock("SKU", "NYC", 12).await;
    let calls = Receiver::start(|_, _| Answer::After(LONG, 503)).await;
    let told = webhooks::endpoint("payments", &calls.url(), &["orders/UNPAID"]);
    webhooks::set(&server, told).await;
    server.orders.place_order(order("UNPAID", &[("SKU", 2)])).await.expect("placed");
    let kind = v1::OrderHoldKind::Payment.into();
    let unpaid = v1::HoldOrderRequest { kind, ..hold("UNPAID", "PAYMENT", None) };
    let held = tokio::time::timeout(LONG / 4, server.orders.hold_order(unpaid)).await;
    held.expect("it is answered before anybody pays").expect("held");
    calls.until("the call", |all| !all.is_empty()).await;

    let began = Instant::now();
    for at in 0..20 {
        let id = format!("O{at}");
        server.orders.place_order(order(&id, &[("SKU", 10)])).await.expect("placed");
        let one_more = server.orders.place_order(order("MORE", &[("SKU", 1)])).await;
        let one_more = one_more.expect("an answer").into_inner();
        assert_eq!(one_more.outcome(), v1::OrderOutcome::Rejected, "two are the unpaid order's");
        let cancel = v1::CancelOrderRequest { order_id: id, ..Default::default() };
        server.orders.cancel_order(cancel).await.expect("cancelled");
    }
    let took = began.elapsed();
    assert!(took < LONG / 4, "60 commands took {took:?} while somebody paid");
    assert_eq!(server.engine.status().in_flight, 0, "no command is open");
    assert_eq!(units(&read(&mut server, "UNPAID").await).allocated, 2);
    assert!(calls.all().await.iter().all(|of| of.status == 503), "he has not paid yet");

    // He paid.
    release(&mut server, "UNPAID", "PAYMENT").await;
    server.fulfillment.ship_shipment(shipping("UNPAID")).await.expect("it leaves");
    server.audit().await;
    server.stop().await.expect("drained");
}
