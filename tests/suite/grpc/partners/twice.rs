//! A clerk and a partner who tell of the same goods: they count once, whoever is first.

use serde_json::json;

use super::goods::{ask, came, lies, matching, none, rma, sold, unmatched};
use super::shipping::{left, on_hand, ordered};
use super::*;
use crate::grpc::money::Shop;
use v1::MessageStatus::{Accepted, Duplicate, Gap, Quarantined, Stale};

/// A clerk receives so many units of the return in all.
async fn by_hand(shop: &mut Shop, revision: u32, units: u32) {
    let request = v1::ReceiveReturnRequest {
        order_id: "O".into(),
        return_id: "R-88".into(),
        revision,
        node_id: "RC".into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: units }],
        ..Default::default()
    };
    shop.server.returns.receive_return(request).await.expect("received");
}

/// Units of the return that came, of those that were requested, and beyond.
async fn stands(shop: &mut Shop) -> (u32, u32) {
    let line = shop.rma("R-88").await.lines.remove(0);
    let is_here = |of: &&v1::ReturnUnits| of.goods() == v1::ReturnGoods::Received;
    (line.units.iter().filter(is_here).map(|of| of.quantity).sum(), line.surplus)
}

/// What a row tells: the partner, in a revision, or a clerk.
enum Says {
    Partner(u32, u32, v1::MessageStatus),
    Clerk(u32, u32),
}

/// Either order, with duplicates and revisions: what is on hand is what the two of them say, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_that_a_clerk_received_do_not_come_again_when_the_partner_tells_of_them() {
    use Says::{Clerk, Partner};
    let lives: [&[(Says, u32)]; 4] = [
        &[
            (Clerk(10, 2), 2),
            (Partner(1, 2, Accepted), 2),
            (Partner(1, 2, Duplicate), 2),
            (Partner(3, 3, Gap), 3),
            (Partner(2, 1, Stale), 3),
        ],
        &[(Partner(1, 2, Accepted), 2), (Clerk(10, 2), 2), (Partner(2, 3, Accepted), 3)],
        &[
            (Partner(1, 1, Accepted), 1),
            (Clerk(10, 3), 3),
            (Partner(2, 2, Accepted), 3),
            (Partner(3, 3, Accepted), 3),
            (Partner(4, 2, Accepted), 2),
        ],
        // The clerk counted one fewer: a correction to that is agreed, another one is not.
        &[
            (Partner(1, 3, Accepted), 3),
            (Clerk(10, 1), 1),
            (Partner(2, 2, Quarantined), 1),
            (Partner(3, 1, Accepted), 1),
        ],
    ];
    for (life, says) in lives.into_iter().enumerate() {
        let (mut shop, _) = sold().await;
        ask(&mut shop, "R-88", 3).await;
        for (at, (says, units)) in says.iter().enumerate() {
            let told = format!("life {life}, {at}");
            match says {
                Clerk(revision, units) => by_hand(&mut shop, *revision, *units).await,
                Partner(revision, units, status) => {
                    let message =
                        came(u64::from(*revision), &rma("R-88"), *revision, *units, &none());
                    let answer = say(&mut shop.server, &message).await;
                    assert_eq!(answer.status(), *status, "{told}: {answer:?}");
                    if *status == Quarantined {
                        assert_eq!(answer.candidates, ["R-88"], "{told}");
                    }
                }
            }
            assert_eq!(stands(&mut shop).await, (*units, 0), "{told}");
            assert_eq!(
                lies(&mut shop, "A").await,
                (u64::from(*units), u64::from(*units)),
                "{told}"
            );
        }
        shop.server.audit().await;
    }
}

/// Two parcels of a return come beside each other, and a clerk has one of them already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parcels_of_a_return_add_up_beside_what_a_clerk_received() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 3).await;
    by_hand(&mut shop, 10, 1).await;
    let parcel = |number: &str| json!({ "rma": "R-88", "tracking": number });
    for (seq, number, units, there) in [(1, "1Z", 1, 1), (2, "2Z", 2, 3), (3, "3Z", 1, 4)] {
        let message = came(seq, &parcel(number), 1, units, &none());
        assert_eq!(say(&mut shop.server, &message).await.status(), Accepted);
        assert_eq!(lies(&mut shop, "A").await, (there, there), "{number}");
    }
    assert_eq!(stands(&mut shop).await, (3, 1), "one more than was requested");
    shop.server.audit().await;
}

/// Goods that lay apart, and that a clerk received by hand as well, lay twice in the books: once they have
/// their return, they do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_that_are_matched_were_not_received_twice() {
    let (mut shop, _) = sold().await;
    let blind = came(1, &rma("BOX"), 1, 2, &none());
    assert_eq!(say(&mut shop.server, &blind).await.status(), Accepted);
    ask(&mut shop, "R-88", 3).await;
    by_hand(&mut shop, 10, 1).await;
    assert_eq!(lies(&mut shop, "A").await, (3, 3), "nobody knows yet that it is one of two");
    let names = unmatched(&mut shop).await[0].names.clone().expect("names");
    for _ in 0..2 {
        let matched = shop.server.partners.match_goods(matching(names.clone(), "R-88")).await;
        matched.expect("matched");
        assert_eq!((stands(&mut shop).await, lies(&mut shop, "A").await), ((2, 0), (2, 2)));
    }
    let more = came(2, &rma("BOX"), 2, 3, &none());
    assert_eq!(say(&mut shop.server, &more).await.status(), Accepted);
    assert_eq!((stands(&mut shop).await, lies(&mut shop, "A").await), ((3, 0), (3, 3)));
    shop.server.audit().await;
    let hash = shop.server.state_hash();
    shop.server.kill().await;
    let again = TestServer::start(shop.directory.path()).await;
    assert_eq!(again.state_hash(), hash, "so it is played again");
}

/// A clerk packs and ships units, and the warehouse tells of them; or the other way round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_clerk_shipped_does_not_leave_again_when_the_partner_tells_of_it() {
    let (mut shop, _) = ordered().await;
    ship_by_hand(&mut shop, "P-1", 2).await;
    assert_eq!(on_hand(&mut shop).await, (3, 5));
    let rows = [
        (left(1, 1, 2, 0), Accepted, (3, 5)),
        (left(1, 1, 2, 0), Duplicate, (3, 5)),
        (left(3, 3, 3, 1), Gap, (2, 4)),
        (left(2, 2, 2, 1), Stale, (2, 4)),
        (left(4, 4, 2, 1), Quarantined, (2, 4)),
    ];
    for (message, status, there) in rows {
        let answer = say(&mut shop.server, &message).await;
        assert_eq!((answer.status(), on_hand(&mut shop).await), (status, there), "{message}");
    }
    let (mut shop, _) = ordered().await;
    assert_eq!(say(&mut shop.server, &left(1, 1, 1, 0)).await.status(), Accepted);
    ship_by_hand(&mut shop, "P-1", 1).await;
    assert_eq!(say(&mut shop.server, &left(2, 2, 2, 0)).await.status(), Accepted);
    assert_eq!(on_hand(&mut shop).await, (3, 5), "two of three left, and both say so");
    shop.server.audit().await;
}

async fn ship_by_hand(shop: &mut Shop, package: &str, units: u32) {
    let (order_id, shipment_number, package_id) = ("O".to_owned(), 1, package.to_owned());
    let lines = vec![v1::LineQuantity { line_index: 0, quantity: units }];
    let pack = v1::PackShipmentRequest {
        order_id: order_id.clone(),
        shipment_number,
        package_id: package_id.clone(),
        lines,
        ..Default::default()
    };
    shop.server.fulfillment.pack_shipment(pack).await.expect("packed");
    let (carrier, package_ids) = ("Owl Post".into(), vec![package_id]);
    let ship = v1::ShipShipmentRequest {
        order_id,
        shipment_number,
        carrier,
        package_ids,
        ..Default::default()
    };
    shop.server.fulfillment.ship_shipment(ship).await.expect("shipped");
}

/// A clerk receives a part of a delivery by hand, and the warehouse tells of all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_a_clerk_received_does_not_come_again() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    receive(&mut server, 4).await;
    assert_eq!(server.on_hand("SKU", "NYC").await, 14);
    let rows = [
        (receipt(1, "PO-1", 1, 4, 1), Accepted, 14),
        (receipt(1, "PO-1", 1, 4, 1), Duplicate, 14),
        (receipt(2, "PO-1", 2, 6, 1), Accepted, 16),
        (receipt(3, "PO-1", 3, 5, 1), Accepted, 15),
    ];
    for (message, status, there) in rows {
        assert_eq!(say(&mut server, &message).await.status(), status, "{message}");
        assert_eq!(server.on_hand("SKU", "NYC").await, there, "{message}");
    }
    receive(&mut server, 2).await;
    assert_eq!(say(&mut server, &receipt(4, "PO-1", 4, 7, 1)).await.status(), Accepted);
    assert_eq!(server.on_hand("SKU", "NYC").await, 17);
    receive(&mut server, 1).await;
    let fewer = say(&mut server, &receipt(5, "PO-1", 5, 6, 1)).await;
    assert_eq!((fewer.status(), &*fewer.reason), (Quarantined, "impossible"));
    assert_eq!(fewer.candidates, ["PO-1"]);
    server.audit().await;
}

async fn receive(server: &mut TestServer, quantity: u64) {
    let request = v1::ReceiveInboundRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        quantity,
        ..Default::default()
    };
    server.inventory.receive_inbound(request).await.expect("received");
}

/// The names of a subject stay as they are: under others, its total would count again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_under_other_names_waits_for_somebody_to_look() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 3).await;
    assert_eq!(
        say(&mut shop.server, &came(1, &rma("R-88"), 1, 2, &none())).await.status(),
        Accepted
    );
    let named = json!({ "rma": "R-88", "tracking": "1Z" });
    let answer = say(&mut shop.server, &came(2, &named, 1, 2, &none())).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "subject_changed"));
    assert_eq!(
        (&answer.candidates[..], lies(&mut shop, "A").await),
        (&["rma R-88".into()][..], (2, 2))
    );
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    assert_eq!(say(&mut server, &receipt(1, "PO-1", 1, 4, 0)).await.status(), Accepted);
    let part =
        with(receipt(2, "PO-1", 1, 4, 0), "subject", json!({ "inbound": "PO-1", "part": "1" }));
    let answer = say(&mut server, &part).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "subject_changed"));
    assert_eq!(server.on_hand("SKU", "NYC").await, 14);
}
