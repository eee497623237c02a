//! What users of other systems complain about in fulfilment, each as a test.

use backstock_proto::v1;

use super::bundles::bundle;
use super::server::{TestServer, node, order, waiting_order};

async fn read(server: &mut TestServer, order_id: &str) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: order_id.into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

fn cancel(order_id: &str, lines: &[(u32, u32)]) -> v1::CancelOrderRequest {
    let line = |&(line_index, quantity): &(u32, u32)| v1::CancelOrderLine {
        line_index,
        quantity,
        of_bundle: false,
    };
    let lines = lines.iter().map(line).collect();
    v1::CancelOrderRequest { order_id: order_id.into(), lines, ..Default::default() }
}

fn units(order: &v1::Order, line: usize) -> v1::LineUnits {
    order.lines[line].units.expect("units")
}

/// What can be promised of an item.
async fn free(server: &mut TestServer, sku: &str) -> i64 {
    let get = v1::GetStockRequest { sku: sku.into(), node_id: "NYC".into(), ..Default::default() };
    let stock = server.inventory.get_stock(get).await.expect("read").into_inner();
    stock.stock.expect("stock").free
}

/// solidus#2947: cancelling the only item of a shipment marked it shipped, and put nothing back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn solidus_2947_cancelling_the_only_item_ships_nothing_and_puts_it_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let release = v1::ReleaseShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    server.fulfillment.release_shipment(release).await.expect("released");
    server.orders.cancel_order(cancel("A", &[(0, 1)])).await.expect("cancelled");
    let after = read(&mut server, "A").await;
    assert_eq!(after.state(), v1::OrderState::Cancelled);
    assert_eq!(after.shipments[0].state(), v1::ShipmentState::Cancelled);
    assert_eq!((units(&after, 0).shipped, units(&after, 0).cancelled), (0, 1));
    assert_eq!((server.on_hand("SKU", "NYC").await, free(&mut server, "SKU").await), (10, 10));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// solidus#3719, #3781: cancelling an order turned its backordered units into units on hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn solidus_3719_backordered_units_that_are_cancelled_make_no_stock() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(waiting_order("A", &[("SKU", 14)])).await.expect("placed");
    assert_eq!(units(&read(&mut server, "A").await, 0).backordered, 4);
    server.orders.cancel_order(cancel("A", &[])).await.expect("cancelled");
    assert_eq!((server.on_hand("SKU", "NYC").await, free(&mut server, "SKU").await), (10, 10));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// solidus#6479: a shipment that was emptied, because its units are shipped by others, made the order
/// count as cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn solidus_6479_a_shipment_that_gave_its_units_to_others_cancels_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("BOSTON", "02116")).await;
    server.set_stock("SKU", "BOSTON", 5).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    let decline = v1::DeclineShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        reason: v1::DeclineReason::Capacity.into(),
        ..Default::default()
    };
    server.fulfillment.decline_shipment(decline).await.expect("declined");
    let after = read(&mut server, "A").await;
    assert_eq!(after.shipments.len(), 2, "{after:?}");
    assert!(after.shipments[0].lines.is_empty(), "it was emptied");
    assert_eq!(after.state(), v1::OrderState::Open);
    assert_eq!((units(&after, 0).allocated, units(&after, 0).cancelled), (2, 0));
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 2,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    assert_eq!(read(&mut server, "A").await.state(), v1::OrderState::Closed);
    server.stop().await.expect("drained");
}

/// medusa#5158: a fulfilment was cancelled thousands of times, each answered with 200 OK, and the
/// fulfilled quantity came to be -428,723.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medusa_5158_what_is_cancelled_again_and_again_is_cancelled_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 3)])).await.expect("placed");
    let pick =
        v1::PickShipmentRequest { order_id: "A".into(), shipment_number: 1, ..Default::default() };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let once = v1::CancelOrderRequest { request_id: "ONCE".into(), ..cancel("A", &[(0, 2)]) };
    for at in 0..200 {
        let done = server.orders.cancel_order(once.clone()).await.expect("cancelled");
        assert_eq!(done.into_inner().is_repeat, at > 0);
    }
    server.orders.cancel_order(cancel("A", &[])).await.expect("cancelled");
    for _ in 0..200 {
        server.orders.cancel_order(cancel("A", &[])).await.expect_err("nothing is left");
    }
    let after = read(&mut server, "A").await;
    assert_eq!((units(&after, 0).cancelled, units(&after, 0).picked), (3, 0));
    assert_eq!((server.on_hand("SKU", "NYC").await, free(&mut server, "SKU").await), (10, 10));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// medusa#12796: a cancellation was refused because the stock was negative.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medusa_12796_units_are_cancelled_though_the_shelf_has_too_few() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 8)])).await.expect("placed");
    let count = v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(1),
        ..Default::default()
    };
    server.inventory.count_stock(count).await.expect("counted");
    server.orders.cancel_order(cancel("A", &[])).await.expect("cancelled");
    assert_eq!(read(&mut server, "A").await.state(), v1::OrderState::Cancelled);
    assert_eq!((server.on_hand("SKU", "NYC").await, free(&mut server, "SKU").await), (1, 1));
    server.audit().await;
    server.stop().await.expect("drained");
}

/// hotwax/bopis#535, #543: a kit could not be rejected once it was assigned, or packed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hotwax_535_a_set_is_declined_as_a_whole_also_after_it_was_accepted_and_packed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_item("OTHER").await;
    server.set_stock("OTHER", "NYC", 9).await;
    let update = bundle("SET", &[("SKU", 1), ("OTHER", 1)]);
    server.catalog.update_item(update).await.expect("defined");
    server.orders.place_order(waiting_order("A", &[("SET", 1)])).await.expect("placed");
    let (order_id, shipment_number) = (String::from("A"), 1);
    let accept = v1::AcceptShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        ..Default::default()
    };
    server.fulfillment.accept_shipment(accept).await.expect("accepted");
    let pack = v1::PackShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        package_id: "BOX".into(),
        ..Default::default()
    };
    server.fulfillment.pack_shipment(pack).await.expect("packed");
    let decline = v1::DeclineShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        reason: v1::DeclineReason::Damaged.into(),
        ..Default::default()
    };
    let packed = server.fulfillment.decline_shipment(decline.clone()).await;
    packed.expect_err("the box has to be opened first");
    let unpack = v1::UnpackShipmentRequest {
        order_id,
        shipment_number,
        package_id: "BOX".into(),
        request_id: "OPEN".into(),
        ..Default::default()
    };
    server.fulfillment.unpack_shipment(unpack).await.expect("opened");
    let declined = server.fulfillment.decline_shipment(decline).await.expect("declined");
    let after = declined.into_inner().order.expect("the order");
    assert_eq!([0, 1].map(|line| units(&after, line).backordered), [1, 1], "{after:?}");
    server.audit().await;
    server.stop().await.expect("drained");
}
