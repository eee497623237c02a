//! The same request sent again: known by what was sent, whatever changed since.

use backstock_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::server::{TestServer, announcement, feed, node, order};

fn is_reused<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let status = answer.expect_err("refused");
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    assert_eq!((status.code(), reason), (Code::AlreadyExists, Some("REQUEST_ID_REUSED")));
}

/// A change of one field of `NYC`, under a key.
fn titled(key: &str, title: &str) -> v1::UpdateNodeRequest {
    v1::UpdateNodeRequest {
        node: Some(v1::Node { node_id: "NYC".into(), title: title.into(), ..v1::Node::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".into()] }),
        request_id: key.into(),
        ..v1::UpdateNodeRequest::default()
    }
}

async fn move_to(server: &mut TestServer, zone: &str) {
    let mut moved = node("NYC", "10001");
    moved.time_zone = zone.into();
    server.define_node(moved).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_part_of_a_node_is_known_after_other_parts_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let first = server.catalog.update_node(titled("K", "Bronx")).await.expect("titled");
    let first = first.into_inner();
    move_to(&mut server, "America/Chicago").await;
    let hash = server.state_hash();
    let repeat = server.catalog.update_node(titled("K", "Bronx")).await.expect("known");
    let repeat = repeat.into_inner();
    assert_eq!((first.is_repeat, repeat.is_repeat), (false, true));
    assert_eq!(repeat.version, first.version);
    // As it is now, and not as the change made it.
    let now = repeat.node.expect("a node");
    assert_eq!((now.title.as_str(), now.time_zone.as_str()), ("", "America/Chicago"));
    is_reused(server.catalog.update_node(titled("K", "Queens")).await);
    assert_eq!(server.state_hash(), hash);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_is_known_after_its_node_changed_its_zone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announce = |day: i32| {
        let mut announced = announcement("RARE", "PO-1", 10);
        let inbound = announced.inbound.as_mut().expect("an announcement");
        inbound.eta = Some(v1::Date { year: 2100, month: 1, day });
        v1::AnnounceInboundRequest { request_id: "A".into(), ..announced }
    };
    let update = |day: i32| v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        eta: Some(v1::Date { year: 2100, month: 2, day }),
        request_id: "U".into(),
        ..v1::UpdateInboundRequest::default()
    };
    let announced = server.inventory.announce_inbound(announce(2)).await.expect("announced");
    let updated = server.inventory.update_inbound(update(2)).await.expect("moved");
    move_to(&mut server, "Pacific/Honolulu").await;
    let hash = server.state_hash();
    let again = server.inventory.announce_inbound(announce(2)).await.expect("known").into_inner();
    assert!(again.is_repeat);
    assert_eq!(again.version, announced.into_inner().version);
    let again = server.inventory.update_inbound(update(2)).await.expect("known").into_inner();
    assert!(again.is_repeat);
    assert_eq!(again.version, updated.into_inner().version);
    // The day is the one that was told.
    let eta = again.stock.expect("a stock").inbound[0].eta;
    assert_eq!(eta, Some(v1::Date { year: 2100, month: 2, day: 2 }));
    is_reused(server.inventory.announce_inbound(announce(3)).await);
    is_reused(server.inventory.update_inbound(update(3)).await);
    assert_eq!(server.state_hash(), hash);
    server.stop().await.expect("drained");
}

/// The row that is announced, and the row that changes what is announced already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_known_after_its_node_changed_its_zone_and_not_with_other_rows() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let known = announcement("RARE", "PO-1", 10);
    server.inventory.announce_inbound(known).await.expect("announced");
    let rows = |quantity: u64| {
        let row = |id: &str| v1::StockRow {
            sku: "RARE".into(),
            node_id: "NYC".into(),
            change: Some(v1::stock_row::Change::Inbound(v1::InboundAnnouncement {
                inbound_id: id.into(),
                quantity,
                eta: Some(v1::Date { year: 2100, month: 3, day: 1 }),
                confidence_basis_points: None,
                source: 0,
            })),
        };
        let rows = vec![row("PO-1"), row("PO-2")];
        v1::LoadStockRequest { rows, request_id: "FEED".into() }
    };
    let first = feed(&mut server, rows(5)).await;
    assert_eq!((first.rows_applied, first.rows_repeated), (2, 0), "{:?}", first.faults);
    move_to(&mut server, "Pacific/Honolulu").await;
    let hash = server.state_hash();
    let again = feed(&mut server, rows(5)).await;
    assert_eq!((again.rows_applied, again.rows_repeated), (2, 2), "{:?}", again.faults);
    let other = feed(&mut server, rows(6)).await;
    assert_eq!((other.rows_applied, other.faults.len()), (0, 2), "{:?}", other.faults);
    assert_eq!(server.state_hash(), hash);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_that_is_repeated_says_so_and_shows_what_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let key = |name: &str| name.to_owned();
    let item = |title: &str, request_id: String| v1::UpdateItemRequest {
        item: Some(v1::Item { sku: "SKU".into(), title: title.into(), ..Default::default() }),
        request_id,
        ..v1::UpdateItemRequest::default()
    };
    let named = server.catalog.update_item(item("Lamp", key("I"))).await.expect("named");
    assert!(!named.into_inner().is_repeat);
    server.catalog.update_item(item("Chair", String::new())).await.expect("named anew");
    let again = server.catalog.update_item(item("Lamp", key("I"))).await.expect("known");
    let again = again.into_inner();
    assert_eq!((again.is_repeat, again.item.expect("an item").title), (true, "Chair".into()));

    let receive = v1::ReceiveStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        quantity: 5,
        request_id: key("R"),
        ..v1::ReceiveStockRequest::default()
    };
    let first = server.inventory.receive_stock(receive.clone()).await.expect("received");
    assert!(!first.into_inner().is_repeat);
    server.set_stock("SKU", "NYC", 40).await;
    let again = server.inventory.receive_stock(receive).await.expect("known").into_inner();
    assert_eq!((again.is_repeat, again.stock.expect("a stock").on_hand), (true, 40));

    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        request_id: key("C"),
        ..v1::CancelOrderRequest::default()
    };
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        request_id: key("S"),
        ..v1::ShipShipmentRequest::default()
    };
    for is_repeat in [false, true] {
        let cancelled = server.orders.cancel_order(cancel.clone()).await.expect("cancelled");
        assert_eq!(cancelled.into_inner().is_repeat, is_repeat);
        let shipped = server.fulfillment.ship_shipment(ship.clone()).await.expect("shipped");
        assert_eq!(shipped.into_inner().is_repeat, is_repeat);
    }
    server.stop().await.expect("drained");
}
