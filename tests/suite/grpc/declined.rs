//! What stays with a node that declined a part of an order.

mod answers;

use std::time::{Duration, SystemTime};

use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, node, waiting_order};

/// The numbers of the shipments that have units of a line.
fn shipments_of(order: &v1::Order, line_index: u32) -> Vec<u32> {
    let has = |shipment: &&v1::Shipment| shipment.lines.iter().any(|l| l.line_index == line_index);
    order.shipments.iter().filter(has).map(|shipment| shipment.number).collect()
}

async fn read(server: &mut TestServer, order_id: &str) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: order_id.into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

/// A node has no hands for one shipment of an order; the other one waits for goods that are on
/// their way to it. When they are there, they are the order's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_did_not_decline_stays_with_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut announced = announcement("RARE", "PO-1", 5);
    let inbound = announced.inbound.as_mut().expect("an announcement");
    inbound.eta = Some(date(today(&server).plus(3)));
    server.inventory.announce_inbound(announced).await.expect("announced");
    let order = waiting_order("A", &[("SKU", 1), ("RARE", 2)]);
    server.orders.place_order(order).await.expect("placed");
    let placed = read(&mut server, "A").await;
    let ([there], [coming]) = (&shipments_of(&placed, 0)[..], &shipments_of(&placed, 1)[..]) else {
        panic!("two shipments: {placed:?}")
    };
    assert_ne!(there, coming, "one leaves today, the other later");

    let decline = |reason: v1::DeclineReason| v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: *there,
        reason: reason.into(),
        ..Default::default()
    };
    let capacity = decline(v1::DeclineReason::Capacity);
    server.fulfillment.decline_shipment(capacity).await.expect("declined");
    let other = decline(v1::DeclineReason::NotFound);
    let status = server.fulfillment.decline_shipment(other).await.expect_err("for another reason");
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    let receive = v1::ReceiveInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        quantity: 5,
        complete: true,
        ..Default::default()
    };
    server.inventory.receive_inbound(receive).await.expect("received");
    let after = read(&mut server, "A").await;
    let units = |line: usize| after.lines[line].units.expect("units");
    assert_eq!(units(1).allocated, 2, "what it did not decline is served");
    assert_eq!(units(0).backordered, 1, "what it declined is not");
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: *coming,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    let left = server.fulfillment.ship_shipment(ship).await.expect("it leaves").into_inner();
    assert_eq!(left.shipment.expect("a shipment").state(), v1::ShipmentState::Shipped);
    server.stop().await.expect("drained");
}

/// A store in Boston where customers collect.
fn store() -> v1::Node {
    let kind = v1::NodeKind::Store.into();
    v1::Node { kind, offers_pickup: true, ..node("BOSTON", "02116") }
}

/// Case A12 (hotwax/bopis#251): of two items that are to be picked up at a store, one is not on its
/// shelf. It is not shipped from elsewhere, though it is there: the customer is asked. The other one
/// stays ready, and the count at the store is corrected in the same step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_a_pickup_line_that_the_store_declines_is_not_shipped_from_elsewhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    for (sku, at) in [("SKU", "BOSTON"), ("RARE", "BOSTON"), ("RARE", "NYC")] {
        server.set_stock(sku, at, 5).await;
    }
    let pickup = v1::Pickup { node_id: "BOSTON".into(), only_stock_there: false };
    let order = v1::PlaceOrderRequest {
        destination_postal_code: String::new(),
        pickup: Some(pickup),
        ..waiting_order("A", &[("SKU", 1), ("RARE", 2)])
    };
    server.orders.place_order(order).await.expect("placed");
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::NotFound.into(),
        lines: vec![v1::LineQuantity { line_index: 1, quantity: 2 }],
        request_id: "SHORT".into(),
        ..Default::default()
    };
    let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
    let asked = declined.into_inner().order.expect("the order");
    let units = |order: &v1::Order, line: usize| order.lines[line].units.expect("units");
    assert_eq!((units(&asked, 1).backordered, units(&asked, 1).asked), (2, 2), "{asked:?}");
    assert_eq!(server.on_hand("RARE", "BOSTON").await, 0, "the count is corrected");
    // What comes free later is not brought either, nor is what comes to the store.
    server.set_stock("RARE", "NYC", 50).await;
    let make_ready = v1::MakeShipmentReadyRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.make_shipment_ready(make_ready).await.expect("the other one is ready");
    let still = read(&mut server, "A").await;
    assert_eq!((units(&still, 0).ready, units(&still, 1).asked), (1, 2));
    assert!(still.shipments.iter().all(|shipment| shipment.node_id == "BOSTON"), "{still:?}");
    let [asks] = &still.shipments.iter().filter(|of| of.customer_asked).collect::<Vec<_>>()[..]
    else {
        panic!("one shipment asks: {still:?}")
    };
    let shipment_number = asks.number;
    let story = v1::GetTimelineRequest {
        order_id: "A".into(),
        audience: v1::TimelineAudience::Customer.into(),
        min_version: 0,
    };
    let story = server.orders.get_timeline(story).await.expect("told").into_inner().entries;
    let told = story.iter().find(|entry| entry.event() == v1::TimelineEvent::CustomerAsked);
    let told = told.expect("he is asked");
    assert_eq!(told.lines, [v1::LineQuantity { line_index: 1, quantity: 2 }]);
    assert_eq!(told.decline_reason(), v1::DeclineReason::Unspecified, "no internals");

    // He takes one unit less, and waits for the other.
    let less = v1::CancelOrderRequest {
        order_id: "A".into(),
        shipment_number,
        lines: vec![v1::CancelOrderLine { line_index: 1, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    server.orders.cancel_order(less).await.expect("cancelled");
    let resolve =
        v1::ResolveDeclineRequest { order_id: "A".into(), shipment_number, ..Default::default() };
    let resolved = server.orders.resolve_decline(resolve.clone()).await.expect("resolved");
    let brought = resolved.into_inner().order.expect("the order");
    let line = units(&brought, 1);
    assert_eq!((line.allocated, line.asked, line.cancelled), (1, 0, 1), "{brought:?}");
    assert!(brought.shipments.iter().any(|of| of.node_id == "NYC" && !of.lines.is_empty()));
    let again = server.orders.resolve_decline(resolve).await.expect_err("it is resolved");
    assert_eq!(again.code(), tonic::Code::FailedPrecondition);
    server.audit().await;
    let before = read(&mut server, "A").await;
    server.stop().await.expect("drained");
    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(read(&mut server, "A").await, before);
    server.stop().await.expect("drained");
}

/// A store counted two too many, and is closed until the day after tomorrow: both are said with the
/// decline, and told of the item and of the node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_says_with_a_decline_how_many_it_lacks_or_until_when_it_is_closed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", "BOSTON", 10).await;
    let mut declined = async |id: &str, reason: v1::DeclineReason, paused_until| {
        let only = v1::Pickup { node_id: "BOSTON".into(), only_stock_there: true };
        let order = v1::PlaceOrderRequest {
            destination_postal_code: String::new(),
            pickup: Some(only),
            ..waiting_order(id, &[("SKU", 2)])
        };
        server.orders.place_order(order).await.expect("placed");
        let decline = v1::DeclineShipmentRequest {
            order_id: id.into(),
            shipment_number: 1,
            reason: reason.into(),
            paused_until,
            ..Default::default()
        };
        server.fulfillment.decline_shipment(decline).await.map(|_| ())
    };
    let until = prost_types::Timestamp::from(SystemTime::now() + Duration::from_hours(48));
    let wrong =
        declined("A", v1::DeclineReason::Short, Some(until)).await.expect_err("not with it");
    assert_eq!(wrong.code(), tonic::Code::InvalidArgument);
    assert!(wrong.message().contains("paused_until"), "{wrong:?}");
    declined("B", v1::DeclineReason::Short, None).await.expect("declined");
    declined("C", v1::DeclineReason::Closed, Some(until)).await.expect("declined");
    assert_eq!(server.on_hand("SKU", "BOSTON").await, 8, "two fewer, once");
    let get = v1::GetNodeRequest { node_id: "BOSTON".into(), min_version: 0 };
    let told = server.catalog.get_node(get).await.expect("known").into_inner();
    let told = told.node.expect("the node").paused_until.expect("it is paused");
    assert_eq!(told.seconds, until.seconds);
    // An update that says nothing of it keeps it, and says so.
    let update = v1::UpdateNodeRequest { node: Some(store()), ..Default::default() };
    let kept = server.catalog.update_node(update).await.expect("updated").into_inner();
    let kept = kept.node.expect("the node").paused_until.expect("it is paused still");
    assert_eq!(kept.seconds, until.seconds);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// What is shipped to an address is sourced anew by itself: nobody comes in vain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_what_is_shipped_to_an_address_is_still_sourced_anew_by_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", "BOSTON", 5).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 1)])).await.expect("placed");
    let first = read(&mut server, "A").await.shipments[0].node_id.clone();
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::NotFound.into(),
        ..Default::default()
    };
    let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
    let after = declined.into_inner().order.expect("the order");
    let units = after.lines[0].units.expect("units");
    assert_eq!((units.allocated, units.asked), (1, 0), "{after:?}");
    assert!(after.shipments.iter().any(|of| of.node_id != first && !of.lines.is_empty()));
    server.stop().await.expect("drained");
}

/// A cancellation that names a shipment takes nothing of another one, and stock comes back once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_of_a_shipment_leaves_the_others_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server
        .orders
        .place_order(waiting_order("A", &[("SKU", 3), ("RARE", 2)]))
        .await
        .expect("placed");
    let placed = read(&mut server, "A").await;
    let there = shipments_of(&placed, 0)[0];
    let cancel = |shipment_number, line_index, quantity| v1::CancelOrderRequest {
        order_id: "A".into(),
        shipment_number,
        lines: vec![v1::CancelOrderLine { line_index, quantity, of_bundle: false }],
        ..Default::default()
    };
    let waits = server.orders.cancel_order(cancel(there, 1, 1)).await.expect_err("not of it");
    assert_eq!(waits.code(), tonic::Code::FailedPrecondition);
    let unknown = server.orders.cancel_order(cancel(9, 0, 1)).await.expect_err("no shipment");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let pick = v1::PickShipmentRequest {
        order_id: "A".into(),
        shipment_number: there,
        ..Default::default()
    };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let all = v1::CancelOrderRequest {
        order_id: "A".into(),
        shipment_number: there,
        request_id: "ONCE".into(),
        ..Default::default()
    };
    for _ in 0..2 {
        server.orders.cancel_order(all.clone()).await.expect("cancelled");
    }
    let after = read(&mut server, "A").await;
    let units = |line: usize| after.lines[line].units.expect("units");
    assert_eq!((units(0).cancelled, units(1).cancelled), (3, 0), "{after:?}");
    assert_eq!(units(1).backordered, 2);
    assert_eq!(server.on_hand("SKU", "NYC").await, 10);
    server.orders.place_order(waiting_order("B", &[("SKU", 10)])).await.expect("placed");
    let all_there = read(&mut server, "B").await.lines[0].units.expect("units");
    assert_eq!(all_there.allocated, 10, "it is back, and once");
    server.audit().await;
    server.stop().await.expect("drained");
}
