//! What stays with a node that declined a part of an order.

use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, waiting_order};

/// The numbers of the shipments that have units of a line.
fn shipments_of(order: &v1::Order, line_index: u32) -> Vec<u32> {
    let has = |shipment: &&v1::Shipment| shipment.lines.iter().any(|l| l.line_index == line_index);
    order.shipments.iter().filter(has).map(|shipment| shipment.number).collect()
}

async fn read(server: &mut TestServer) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
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
    let placed = read(&mut server).await;
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
    let after = read(&mut server).await;
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
