//! A server that dies while a partner speaks, and is told everything again.

use std::path::Path;

use serde_json::json;

use super::goods::{ask, came, lies, rma, sold, unmatched};
use super::shipping::{at_boston, left, on_hand, ordered, short};
use super::*;
use crate::grpc::money::Shop;

/// What the revisions of a delivery state, one after the other: it goes up and down.
const UNITS: [u32; 10] = [1, 4, 3, 6, 5, 8, 7, 2, 10, 9];

/// Messages about three deliveries, in ten revisions each.
fn script() -> Vec<Value> {
    let revisions = (1..).zip(UNITS).flat_map(|of| (0..3).map(move |delivery| (delivery, of)));
    let message = |(seq, (delivery, (revision, units))): (u64, (u32, (u32, u32)))| {
        receipt(seq, &format!("PO-{delivery}"), revision, units, 0)
    };
    (1..).zip(revisions).map(message).collect()
}

async fn start(data: &Path) -> TestServer {
    let mut server = TestServer::start(data).await;
    server.stock().await;
    define(&mut server, "3pl-7", &["NYC"]).await;
    for no in 0..3 {
        let inbound = announcement("SKU", &format!("PO-{no}"), 10);
        server.inventory.announce_inbound(inbound).await.expect("announced");
    }
    server
}

/// It is killed after every third message, once with a snapshot before; the partner, who does not know what
/// was taken, begins from the start each time. Nothing is lost, and nothing counts twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_while_a_partner_speaks_loses_nothing_and_doubles_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = start(data.path()).await;
    let script = script();
    for told in (3..=script.len()).step_by(9) {
        for message in &script[..told] {
            let answer = say(&mut server, message).await;
            assert_ne!(answer.status(), v1::MessageStatus::Quarantined, "{message}");
        }
        if told == 12 {
            server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
        }
        let hash = server.state_hash();
        server.kill().await;
        server = TestServer::start(data.path()).await;
        assert_eq!(server.state_hash(), hash, "what was answered is there");
    }
    for message in script.iter().rev() {
        say(&mut server, message).await;
    }
    let last = u64::from(UNITS[9]);
    assert_eq!(server.on_hand("SKU", "NYC").await, 10 + 3 * last);
    let partner = partner(&mut server).await;
    assert_eq!((partner.expected_seq, partner.gaps.len()), (31, 0));
    server.audit().await;
    server.stop().await.expect("it ends");
}

/// The shop after its server was killed; what was answered is there.
async fn killed(shop: Shop) -> Shop {
    let Shop { server, directory } = shop;
    let hash = server.state_hash();
    server.kill().await;
    let server = TestServer::start(directory.path()).await;
    assert_eq!(server.state_hash(), hash, "what was answered is there");
    Shop { server, directory }
}

/// Tells more and more of a script, from its start each time, and kills the server after each time; once with a
/// snapshot before. In the end all of it is told backwards.
async fn told_through_crashes(mut shop: Shop, script: &[Value]) -> Shop {
    for told in 1..=script.len() {
        for message in &script[..told] {
            let answer = say(&mut shop.server, message).await;
            assert_ne!(answer.status(), v1::MessageStatus::Quarantined, "{message}: {answer:?}");
        }
        if told == script.len() / 2 {
            shop.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
        }
        shop = killed(shop).await;
    }
    for message in script.iter().rev() {
        say(&mut shop.server, message).await;
    }
    shop.server.audit().await;
    shop
}

/// Units leave once, what is short is sourced elsewhere once, and packages are delivered once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_leave_once_however_often_the_server_dies_while_it_is_told() {
    let (mut shop, _) = ordered().await;
    shop.server.define_node(node("BOS", "02116")).await;
    shop.server.set_stock("A", "BOS", 4).await;
    let delivered = json!({
        "sender": "3pl-7", "seq": 5, "id": "m-5", "type": "tracking", "revision": 1,
        "occurred_at": "2026-01-02T03:04:05Z", "subject": { "tracking": "1Z1" },
        "status": "delivered",
    });
    let script = [
        left(1, 1, 1, 0),
        left(2, 2, 1, 1),
        with(left(3, 3, 0, 0), "lines", short(1, 1, 1)),
        with(left(4, 4, 0, 0), "lines", short(2, 1, 1)),
        delivered,
    ];
    let mut shop = Box::pin(told_through_crashes(shop, &script)).await;
    assert_eq!((on_hand(&mut shop).await, at_boston(&mut shop).await), ((2, 4), 1));
    let packages = shop.order("O").await.shipments[0].packages.clone();
    let states: Vec<_> = packages.iter().map(v1::Package::state).collect();
    let (delivered, shipped) = (v1::ShipmentState::Delivered, v1::ShipmentState::Shipped);
    assert_eq!(states, [delivered, shipped, shipped]);
}

/// Goods come back once, up and down, into their return and beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_come_back_once_however_often_the_server_dies_while_it_is_told() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 3).await;
    let grade = json!({ "A": 1 });
    let none = json!({});
    let script = [
        came(1, &rma("R-88"), 1, 1, &none),
        came(2, &rma("BOX"), 1, 2, &none),
        came(3, &rma("R-88"), 2, 3, &none),
        came(4, &rma("R-88"), 3, 2, &grade),
        came(5, &rma("BOX"), 2, 1, &none),
        came(6, &rma("R-88"), 4, 3, &grade),
    ];
    let mut shop = Box::pin(told_through_crashes(shop, &script)).await;
    assert_eq!(lies(&mut shop, "A").await, (4, 4), "three of the return, and one of nobody");
    assert_eq!(unmatched(&mut shop).await[0].lines[0].quantity, 1);
    let units = shop.rma("R-88").await.lines[0].units.clone();
    let in_goods =
        |goods| units.iter().filter(|of| of.goods() == goods).map(|of| of.quantity).sum::<u32>();
    assert_eq!((in_goods(v1::ReturnGoods::Received), in_goods(v1::ReturnGoods::Inspected)), (2, 1));
}
