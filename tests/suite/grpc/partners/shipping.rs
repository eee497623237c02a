//! What a warehouse tells of what left: in totals of a shipment, twice, late and in parts.

use serde_json::json;

use super::*;
use crate::grpc::money::provider::Provider;
use crate::grpc::money::{Shop, card, priced};
use v1::MessageStatus::{Accepted, Duplicate, Gap, Quarantined, Stale};

/// A shop whose node `NYC` is the partner's: three of `A` at 10.00 and one of `B` at 5.00 are ordered there,
/// and 35.00 are authorised.
pub(super) async fn ordered() -> (Shop, Provider) {
    let mut shop = Shop::with(&[("A", 5), ("B", 5)]).await;
    define(&mut shop.server, "3pl-7", &["NYC"]).await;
    shop.place(order()).await;
    (shop, Provider::default())
}

fn order() -> v1::PlaceOrderRequest {
    priced("O", &[("A", 3, 100_000), ("B", 1, 50_000)], vec![card("card", 3_500)])
}

/// Message `seq`: so much left of shipment 1 of the order `O`.
pub(super) fn left(seq: u64, revision: u32, a: u32, b: u32) -> Value {
    json!({
        "sender": "3pl-7", "seq": seq, "id": format!("m-{seq}"), "type": "shipment",
        "occurred_at": "2026-01-02T03:04:05Z", "node": "NYC",
        "subject": { "order": "O", "shipment": "1" }, "revision": revision,
        "carrier": "Owl Post", "tracking": [format!("1Z{seq}")],
        "lines": [{ "sku": "A", "shipped": a, "short": 0 }, { "sku": "B", "shipped": b, "short": 0 }],
    })
}

pub(super) async fn on_hand(shop: &mut Shop) -> (u64, u64) {
    (shop.server.on_hand("A", "NYC").await, shop.server.on_hand("B", "NYC").await)
}

/// The packages of the shipment, each with its tracking number and its units by line.
async fn packages(shop: &mut Shop) -> Vec<(String, Vec<(u32, u32)>)> {
    let shipments = shop.order("O").await.shipments;
    let package = |of: &v1::Package| {
        assert_eq!(of.state(), v1::ShipmentState::Shipped);
        let lines = of.lines.iter().map(|line| (line.line_index, line.quantity));
        (of.tracking.clone(), lines.collect())
    };
    shipments[0].packages.iter().map(package).collect()
}

/// The second part comes before the first one, each comes twice: each unit leaves once, nobody told before
/// that it was picked or packed, and what is captured is what left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_in_parts_told_twice_and_out_of_order_leaves_once() {
    let (mut shop, mut provider) = ordered().await;
    let messages = [left(1, 1, 1, 0), left(2, 2, 2, 0), left(3, 3, 3, 1)];
    let rows = [
        (1, Gap, (3, 5), 2_000),
        (0, Stale, (3, 5), 2_000),
        (1, Duplicate, (3, 5), 2_000),
        (2, Accepted, (2, 4), 3_500),
        (2, Duplicate, (2, 4), 3_500),
        (0, Duplicate, (2, 4), 3_500),
    ];
    for (which, status, there, captured) in rows {
        let answer = say(&mut shop.server, &messages[which]).await;
        assert_eq!((answer.status(), on_hand(&mut shop).await), (status, there), "{which}");
        provider.answer_all(&mut shop, 2).await;
        assert_eq!(shop.sums("O").await[1], captured, "{which}");
    }
    let parts = packages(&mut shop).await;
    let first = ("1Z2".to_owned(), vec![(0, 2)]);
    let second = ("1Z3".to_owned(), vec![(0, 1), (1, 1)]);
    assert_eq!(parts, [first, second]);
    assert_eq!(shop.order("O").await.shipments[0].state(), v1::ShipmentState::Shipped);
    shop.server.audit().await;
}

/// What left does not come back by a message, and more than was ordered did not leave. Both wait for somebody
/// to look, and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn less_than_left_and_more_than_was_ordered_wait_for_somebody_to_look() {
    let (mut shop, _) = ordered().await;
    assert_eq!(say(&mut shop.server, &left(1, 1, 2, 0)).await.status(), Accepted);
    let strange = with(left(4, 2, 2, 0), "lines", json!([{ "sku": "C", "shipped": 1 }]));
    shop.server.define_item("C").await;
    for message in [left(2, 2, 1, 0), left(3, 2, 9, 0), strange] {
        let answer = say(&mut shop.server, &message).await;
        assert_eq!((answer.status(), &*answer.reason), (Quarantined, "impossible"), "{message}");
        assert_eq!(on_hand(&mut shop).await, (3, 5));
    }
    // A shipment of another node, under a node of its own.
    shop.server.define_node(node("BOS", "02116")).await;
    define(&mut shop.server, "3pl-8", &["BOS"]).await;
    let mut others = with(left(1, 1, 1, 0), "node", json!("BOS"));
    others["sender"] = json!("3pl-8");
    let content = Some(Content::Json(others.to_string().into()));
    let report = v1::ReportRequest { partner_id: "3pl-8".into(), content };
    let answers = shop.server.partners.report(report).await.expect("answered").into_inner().answers;
    assert_eq!((answers[0].status(), &*answers[0].reason), (Quarantined, "unknown_subject"));
    assert_eq!(on_hand(&mut shop).await, (3, 5));
    assert_eq!(gaps(&mut shop.server).await.len(), 4);
    shop.server.audit().await;
}

/// A warehouse is faster than the shop: what it tells of an order that is not there yet is played again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_of_an_order_that_comes_later_is_played_again() {
    let mut shop = Shop::with(&[("A", 5), ("B", 5)]).await;
    define(&mut shop.server, "3pl-7", &["NYC"]).await;
    let answer = say(&mut shop.server, &left(1, 1, 3, 1)).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "unknown_subject"));
    shop.place(order()).await;
    let (partner_id, message_id) = ("3pl-7".into(), "m-1".into());
    let replay = v1::ReplayMessageRequest { partner_id, message_id };
    let played = shop.server.partners.replay_message(replay).await.expect("played").into_inner();
    assert_eq!(played.answer.expect("an answer").status(), Accepted);
    assert_eq!((on_hand(&mut shop).await, gaps(&mut shop.server).await.len()), ((2, 4), 0));
    shop.server.audit().await;
}

/// What is short goes to another node, once, and is missing at this one, whatever comes twice or late; what a
/// clerk packed is not declined, and the message waits for somebody to look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_short_is_sourced_elsewhere_once() {
    let (mut shop, _) = ordered().await;
    shop.server.define_node(node("BOS", "02116")).await;
    shop.server.set_stock("A", "BOS", 4).await;
    let rows = [
        (with(left(1, 1, 0, 0), "lines", short(1, 0, 0)), Accepted, (4, 5)),
        (with(left(3, 3, 0, 0), "lines", short(2, 1, 0)), Gap, (2, 5)),
        (with(left(3, 3, 0, 0), "lines", short(2, 1, 0)), Duplicate, (2, 5)),
        (with(left(2, 2, 0, 0), "lines", short(2, 0, 0)), Stale, (2, 5)),
        (with(left(4, 4, 0, 0), "lines", short(2, 1, 1)), Accepted, (2, 4)),
        (with(left(5, 5, 0, 0), "lines", short(2, 0, 1)), Quarantined, (2, 4)),
    ];
    for (message, status, there) in rows {
        let answer = say(&mut shop.server, &message).await;
        assert_eq!((answer.status(), on_hand(&mut shop).await), (status, there), "{message}");
    }
    assert_eq!(at_boston(&mut shop).await, 1, "one of three comes from there");
    shop.server.audit().await;

    let (mut shop, _) = ordered().await;
    let pack = v1::PackShipmentRequest {
        order_id: "O".into(),
        shipment_number: 1,
        package_id: "P-1".into(),
        ..Default::default()
    };
    shop.server.fulfillment.pack_shipment(pack).await.expect("packed");
    let message = with(left(1, 1, 0, 0), "lines", short(0, 1, 0));
    let answer = say(&mut shop.server, &message).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "impossible"), "{answer:?}");
    assert_eq!(on_hand(&mut shop).await, (5, 5));
}

/// Lines of a shipment: units of `A` that left, those that will not, and units of `B` that left.
pub(super) fn short(a: u32, short: u32, b: u32) -> Value {
    json!([{ "sku": "A", "shipped": a, "short": short }, { "sku": "B", "shipped": b, "short": 0 }])
}

/// Units of the order that are planned to leave `BOS`.
pub(super) async fn at_boston(shop: &mut Shop) -> u32 {
    let order = shop.order("O").await;
    let there = order.shipments.iter().filter(|of| of.node_id == "BOS");
    there.flat_map(|of| &of.lines).map(|line| line.quantity).sum()
}

/// A package is delivered once, whatever comes late; one that was delivered is not lost, and nobody knows of a number
/// that was not told before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_is_where_its_partner_says_it_is() {
    let (mut shop, _) = ordered().await;
    let first = tracking(1, "1Z2", 1, "delivered");
    let answer = say(&mut shop.server, &first).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "unknown_subject"));
    assert_eq!(say(&mut shop.server, &left(2, 1, 2, 0)).await.status(), Accepted);
    assert_eq!(say(&mut shop.server, &left(3, 2, 3, 1)).await.status(), Accepted);
    let rows = [
        (tracking(4, "1Z2", 2, "delivered"), Accepted, ["delivered", "shipped"]),
        (tracking(4, "1Z2", 2, "delivered"), Duplicate, ["delivered", "shipped"]),
        (tracking(5, "1Z2", 3, "in_transit"), Accepted, ["delivered", "shipped"]),
        (tracking(6, "1Z2", 4, "lost"), Quarantined, ["delivered", "shipped"]),
        (tracking(7, "1Z3", 1, "exception"), Accepted, ["delivered", "shipped"]),
        (tracking(8, "1Z3", 2, "lost"), Accepted, ["delivered", "lost"]),
    ];
    for (message, status, states) in rows {
        let answer = say(&mut shop.server, &message).await;
        assert_eq!(
            (answer.status(), states_of(&mut shop).await),
            (status, states.map(str::to_owned).to_vec()),
            "{message}"
        );
    }
    shop.server.audit().await;
}

fn tracking(seq: u64, number: &str, revision: u32, status: &str) -> Value {
    json!({
        "sender": "3pl-7", "seq": seq, "id": format!("m-{seq}"), "type": "tracking",
        "occurred_at": "2026-01-02T03:04:05Z", "subject": { "tracking": number },
        "revision": revision, "status": status,
    })
}

/// The states of the packages, in words.
async fn states_of(shop: &mut Shop) -> Vec<String> {
    let shipments = shop.order("O").await.shipments;
    let word =
        |of: &v1::Package| of.state().as_str_name().replace("SHIPMENT_STATE_", "").to_lowercase();
    shipments[0].packages.iter().map(word).collect()
}
