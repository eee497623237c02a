//! Releasing many shipments at once, as an operations lead does it.

use backstock_proto::v1;
use tonic::Code;

use super::server::{TestServer, fields, node, order};

fn wave(key: &str) -> v1::ReleaseWaveRequest {
    v1::ReleaseWaveRequest {
        node_id: "NYC".into(),
        shipments_max: 2,
        request_id: key.into(),
        ..Default::default()
    }
}

fn orders(answer: &v1::ReleaseWaveResponse) -> Vec<&str> {
    answer.shipments.iter().map(|of| &*of.order_id).collect()
}

async fn state(server: &mut TestServer, order_id: &str) -> v1::ShipmentState {
    let get = v1::GetOrderRequest { order_id: order_id.into(), min_version: 0 };
    let order = server.orders.get_order(get).await.expect("read").into_inner().order;
    order.expect("the order").shipments[0].state()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_is_looked_at_released_once_and_tells_what_is_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for id in ["A", "B", "C"] {
        server.orders.place_order(order(id, &[("SKU", 1)])).await.expect("placed");
    }
    let hash = server.state_hash();
    let look = v1::ReleaseWaveRequest { validate_only: true, ..wave("K") };
    let look = server.fulfillment.release_wave(look).await.expect("looked at").into_inner();
    assert_eq!((orders(&look), look.left), (vec!["A", "B"], 1));
    assert_eq!(server.state_hash(), hash, "a look changes nothing");
    for is_repeat in [false, true] {
        let done = server.fulfillment.release_wave(wave("K")).await.expect("released").into_inner();
        assert_eq!((orders(&done), done.left), (vec!["A", "B"], 1));
        assert_eq!(done.is_repeat, is_repeat);
    }
    assert_eq!(state(&mut server, "A").await, v1::ShipmentState::Released);
    assert_eq!(state(&mut server, "C").await, v1::ShipmentState::Planned);

    // A wave that finds nothing tells of no other wave, whatever was written last.
    server.define_node(node("IDLE", "10001")).await;
    let idle = v1::ReleaseWaveRequest { node_id: "IDLE".into(), ..wave("") };
    let idle = server.fulfillment.release_wave(idle).await.expect("released").into_inner();
    assert_eq!((orders(&idle), idle.left, idle.is_repeat), (vec![], 0, false));
    let third = server.fulfillment.release_wave(wave("")).await.expect("released").into_inner();
    assert_eq!((orders(&third), third.left), (vec!["C"], 0));
    let idle = v1::ReleaseWaveRequest { node_id: "IDLE".into(), ..wave("") };
    let idle = server.fulfillment.release_wave(idle).await.expect("released").into_inner();
    assert_eq!((orders(&idle), idle.left), (vec![], 0));

    let both = v1::ReleaseWaveRequest { node_kind: v1::NodeKind::Store.into(), ..wave("") };
    let refused = server.fulfillment.release_wave(both).await.expect_err("one of them");
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, vec!["node_kind".into()])
    );
    let all =
        v1::ReleaseWaveRequest { services: vec!["rocket".into()], shipments_max: 501, ..wave("") };
    let refused = server.fulfillment.release_wave(all).await.expect_err("wrong");
    let wrong = ["shipments_max".to_owned(), "services[0]".to_owned()];
    assert_eq!(fields(&refused), wrong);
    let elsewhere = v1::ReleaseWaveRequest { node_id: "X".into(), ..wave("") };
    let refused = server.fulfillment.release_wave(elsewhere).await.expect_err("unknown");
    assert_eq!(refused.code(), Code::NotFound);
    server.audit().await;
    server.stop().await.expect("drained");
}

/// A node with a rule needs nobody to tell it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_releases_at_once_needs_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let ruled = v1::Node { releases_at_once: true, ..node("NYC", "10001") };
    server.define_node(ruled.clone()).await;
    let get = v1::GetNodeRequest { node_id: "NYC".into(), min_version: 0 };
    let known = server.catalog.get_node(get).await.expect("read").into_inner().node;
    assert_eq!(known, Some(ruled.clone()));
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let wait = async {
        while state(&mut server, "A").await != v1::ShipmentState::Released {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(super::server::LONG, wait).await.expect("it is released");
    let both = v1::Node { release_minutes_before_cut_off: Some(5), ..ruled };
    let update =
        v1::UpdateNodeRequest { node: Some(both), allow_missing: true, ..Default::default() };
    let refused = server.catalog.update_node(update).await.expect_err("one of them");
    assert_eq!(fields(&refused), ["node.release_minutes_before_cut_off".to_owned()]);
    server.stop().await.expect("drained");
}
