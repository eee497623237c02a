//! Packages that nobody collects, as the customer, the desk and other systems see it.

use backstock_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::server::{TestServer, node, order, waiting_order};

fn store() -> v1::Node {
    v1::Node { offers_pickup: true, pickup_days: Some(1), ..node("NYC", "10001") }
}

fn collected(order: v1::PlaceOrderRequest) -> v1::PlaceOrderRequest {
    let pickup = Some(v1::Pickup { node_id: "NYC".into(), only_stock_there: true });
    v1::PlaceOrderRequest { destination_postal_code: String::new(), pickup, ..order }
}

fn collecting() -> v1::CollectShipmentRequest {
    v1::CollectShipmentRequest { order_id: "A".into(), shipment_number: 1, ..Default::default() }
}

async fn entry(server: &mut TestServer, event: v1::TimelineEvent) -> v1::TimelineEntry {
    let audience = v1::TimelineAudience::Customer.into();
    let get = v1::GetTimelineRequest { order_id: "A".into(), audience, min_version: 0 };
    let story = server.orders.get_timeline(get).await.expect("told").into_inner().entries;
    let found = story.into_iter().find(|entry| entry.event() == event);
    found.unwrap_or_else(|| panic!("no {event:?}"))
}

/// Until when he may collect it is told as it is ready, and kept; then it is somebody else's, and the
/// customer is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_collects_is_told_before_and_after_and_is_the_next_ones() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(store()).await;
    server.set_stock("SKU", "NYC", 2).await;
    let first = collected(order("A", &[("SKU", 2)]));
    server.orders.place_order(first).await.expect("placed");
    let next = server.orders.place_order(waiting_order("B", &[("SKU", 2)])).await.expect("placed");
    assert_eq!(next.into_inner().outcome(), v1::OrderOutcome::Backordered);
    let ready = v1::MakeShipmentReadyRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    let ready = server.fulfillment.make_shipment_ready(ready).await.expect("ready").into_inner();
    let package = &ready.shipment.expect("the shipment").packages[0];
    let until = package.ready_until;
    assert!(until.is_some_and(|until| until.seconds > package.ready_time.unwrap().seconds));
    assert_eq!(entry(&mut server, v1::TimelineEvent::Ready).await.until, until);
    // What he was told stays, whatever the store says later.
    server.define_node(v1::Node { pickup_days: Some(60), ..store() }).await;

    let gone = server.expire("A").await;
    assert_eq!(gone.state(), v1::OrderState::Cancelled);
    assert_eq!(gone.shipments[0].packages, []);
    let told = entry(&mut server, v1::TimelineEvent::Expired).await;
    assert_eq!((told.shipment_number, told.lines[0].quantity), (1, 2), "{told:?}");
    let refused = server.fulfillment.collect_shipment(collecting()).await.expect_err("too late");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let info = refused.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "SHIPMENT_EXPIRED");

    // On the shelf again, and once: the next one has it.
    server.set_stock("SKU", "NYC", 2).await;
    let get = v1::GetOrderRequest { order_id: "B".into(), min_version: 0 };
    let next = server.orders.get_order(get).await.expect("read").into_inner().order;
    assert_eq!(next.expect("the order").lines[0].units.expect("units").allocated, 2);
    server.audit().await;
    server.stop().await.expect("drained");
}
