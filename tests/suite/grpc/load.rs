//! How full a node is, and how late, at a glance.

use backstock_proto::v1;

use super::server::{TestServer, node, order, waiting_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_a_node_says_what_is_left_of_it_and_how_far_its_shipments_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut bounded = node("NYC", "10001");
    bounded.capacity_units_per_day = Some(7);
    server.define_node(bounded).await;
    for id in ["A", "B", "C"] {
        server.orders.place_order(order(id, &[("SKU", 2)])).await.expect("placed");
    }
    server.orders.place_order(waiting_order("W", &[("RARE", 1)])).await.expect("placed");
    let pick =
        v1::PickShipmentRequest { order_id: "A".into(), shipment_number: 1, ..Default::default() };
    server.fulfillment.pick_shipment(pick).await.expect("picked");
    let claim = v1::ClaimShipmentRequest {
        order_id: "B".into(),
        shipment_number: 1,
        owner: "scanner-7".into(),
        ..Default::default()
    };
    server.fulfillment.claim_shipment(claim).await.expect("claimed");
    let load = v1::GetNodeLoadRequest { node_id: "NYC".into(), days: 5, ..Default::default() };
    let read = server.catalog.get_node_load(load.clone()).await.expect("read").into_inner();
    let day = read.days.iter().find(|day| day.planned_units == Some(6)).expect("their day");
    assert_eq!((day.capacity_units, day.left_units, day.left_shipments), (Some(7), Some(1), None));
    let work = day.work.expect("counts");
    assert_eq!((work.to_pick, work.picked, work.claimed, work.late), (2, 1, 1, 0), "{work:?}");
    assert_eq!(read.without_day.expect("counts").waiting, 1);
    let idle = read.days.iter().filter(|day| day.planned_units == Some(0));
    assert!(idle.clone().count() > 0 && idle.clone().all(|day| day.left_units == Some(7)));
    assert_eq!(read.overdue, Some(v1::WorkCounts::default()));

    // Seen from a later day, they are overdue.
    let last = read.days.last().expect("days").day;
    let later = v1::GetNodeLoadRequest { from: last, ..load };
    let read = server.catalog.get_node_load(later).await.expect("read").into_inner();
    let overdue = read.overdue.expect("counts");
    assert_eq!((overdue.to_pick, overdue.picked), (2, 1), "{overdue:?}");
    server.stop().await.expect("drained");
}
