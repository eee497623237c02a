//! Goods that came back to a partner: of a return, of nobody, and of somebody in the end.

use serde_json::json;

use super::*;
use crate::grpc::money::provider::Provider;
use crate::grpc::money::{Shop, captured, off, priced, vat};
use v1::MessageStatus::{Accepted, Duplicate, Gap, Quarantined, Stale};
use v1::TimelineEvent::{ReturnInspected, ReturnReceived, ReturnRequested};
use v1::{ReturnDisposition as How, ReturnGrade as Grade};

/// A shop whose order `O` left and is paid: three of `A` at 10.00 and one of `B` at 5.00, 1.00 off, with 10%
/// tax and 5.00 for shipping. What comes back goes to the centre `RC` of the partner `3pl-7`.
pub(super) async fn sold() -> (Shop, Provider) {
    let mut request = priced("O", &[("A", 3, 100_000), ("B", 1, 50_000)], Vec::new());
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.discounts = vec![off("ONE", 100)];
    pricing.lines.iter_mut().for_each(|line| line.taxes = vec![vat(1_000)]);
    pricing.shipping = Some(v1::ShippingPricing { amount_minor: 500, ..Default::default() });
    pricing.payments = vec![captured("card", 4_240)];
    let (mut shop, provider) = Shop::sold_as(request).await;
    let centre = v1::NodeKind::ThirdParty.into();
    shop.server.define_node(v1::Node { kind: centre, ..node("RC", "10002") }).await;
    define(&mut shop.server, "3pl-7", &["RC"]).await;
    (shop, provider)
}

/// Message `seq` of what came back, by name, of `A`, with grades.
pub(super) fn came(seq: u64, names: &Value, revision: u32, received: u32, grade: &Value) -> Value {
    let line = json!({ "sku": "A", "received": received, "grade": grade });
    let head = json!({
        "sender": "3pl-7", "seq": seq, "id": format!("m-{seq}"), "type": "return_receipt",
        "occurred_at": "2026-01-02T03:04:05Z", "node": "RC",
        "subject": names, "revision": revision,
    });
    with(head, "lines", json!([line]))
}

pub(super) fn none() -> Value {
    json!({})
}

pub(super) fn rma(id: &str) -> Value {
    json!({ "rma": id })
}

pub(super) async fn ask(shop: &mut Shop, id: &str, units: u32) {
    let request = v1::RequestReturnRequest {
        order_id: "O".into(),
        return_id: id.into(),
        reason: v1::ReturnReason::DoesNotFit.into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: units }],
        ..Default::default()
    };
    shop.server.returns.request_return(request).await.expect("granted");
}

/// On hand at the centre, and of that what cannot be sold.
pub(super) async fn lies(shop: &mut Shop, sku: &str) -> (u64, u64) {
    let (on_hand, unavailable, _) = shop.stock(sku, "RC").await;
    (on_hand, unavailable)
}

pub(super) async fn unmatched(shop: &mut Shop) -> Vec<v1::UnmatchedGoods> {
    let list = gaps(&mut shop.server).await.into_iter();
    let of = |gap: v1::PartnerGap| match gap.what {
        Some(v1::partner_gap::What::Unmatched(goods)) => Some(goods),
        _ => None,
    };
    list.filter_map(of).collect()
}

pub(super) fn matching(names: v1::GoodsNames, return_id: &str) -> v1::MatchGoodsRequest {
    v1::MatchGoodsRequest {
        partner_id: "3pl-7".into(),
        names: Some(names),
        order_id: "O".into(),
        return_id: return_id.into(),
        ..Default::default()
    }
}

fn inspect(grade: v1::ReturnGrade, how: v1::ReturnDisposition) -> v1::InspectReturnRequest {
    v1::InspectReturnRequest {
        order_id: "O".into(),
        return_id: "R-88".into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: 1 }],
        grade: grade.into(),
        verdict: v1::ReturnVerdict::Approve.into(),
        disposition: how.into(),
        request_id: format!("{grade:?}"),
        ..Default::default()
    }
}

/// Scenario 5, with the centre's own messages: they come twice, shuffled and corrected; the money is exact, and
/// customer and desk read one story.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_is_my_refund_the_centre_told_twice_and_out_of_order() {
    let (mut shop, mut provider) = sold().await;
    ask(&mut shop, "R-88", 2).await;
    let messages = [
        came(1, &rma("R-88"), 1, 1, &none()),
        came(2, &rma("R-88"), 2, 2, &none()),
        came(3, &rma("R-88"), 3, 2, &json!({ "A": 1, "damaged": 1 })),
    ];
    let rows = [
        (1, Gap, (2, 2)),
        (0, Stale, (2, 2)),
        (1, Duplicate, (2, 2)),
        (2, Accepted, (2, 2)),
        (2, Duplicate, (2, 2)),
        (0, Duplicate, (2, 2)),
    ];
    for (which, status, there) in rows {
        let answer = say(&mut shop.server, &messages[which]).await;
        assert_eq!((answer.status(), lies(&mut shop, "A").await), (status, there), "{which}");
    }
    assert_eq!(shop.refunded(&mut provider).await, 0, "nobody decided yet");
    for (grade, how) in [(Grade::A, How::Restock), (Grade::Damaged, How::Scrap)] {
        for _ in 0..2 {
            shop.inspect(inspect(grade, how)).await.expect("decided");
        }
    }
    // Two of three at 10.00: of 0.86 off they bear 0.58, of 2.91 tax 1.94.
    let refunded = shop.refunded(&mut provider).await;
    assert_eq!(refunded, 2_136);
    assert_eq!(lies(&mut shop, "A").await, (1, 0), "as new is sold again at the centre");
    for audience in [v1::TimelineAudience::Customer, v1::TimelineAudience::Desk] {
        let events = story(&mut shop, audience).await;
        let story = [
            (ReturnRequested, 2),
            (ReturnReceived, 2),
            (ReturnInspected, 2),
            (ReturnInspected, 1),
            (ReturnInspected, 1),
        ];
        assert_eq!(events, story, "{audience:?}");
    }
    shop.server.audit().await;
}

/// What was told of a return: what, and of how many units.
async fn story(shop: &mut Shop, audience: v1::TimelineAudience) -> Vec<(v1::TimelineEvent, u32)> {
    let (order_id, audience) = ("O".into(), audience.into());
    let request = v1::GetTimelineRequest { order_id, audience, ..Default::default() };
    let told = shop.server.orders.get_timeline(request).await.expect("a timeline").into_inner();
    let of_return = told.entries.iter().filter(|entry| entry.return_id == "R-88");
    let units = |entry: &v1::TimelineEntry| entry.lines.iter().map(|line| line.quantity).sum();
    of_return.map(|entry| (entry.event(), units(entry))).collect()
}

/// A correction moves the difference, down as well; what was looked at is not taken back by a message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_came_after_all_and_more_than_was_asked_for() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 2).await;
    let rows = [
        (came(1, &rma("R-88"), 1, 3, &none()), Accepted, (3, 3)),
        (came(2, &rma("R-88"), 2, 1, &none()), Accepted, (1, 1)),
        (came(3, &rma("R-88"), 3, 2, &json!({ "B": 2 })), Accepted, (2, 2)),
        (came(4, &rma("R-88"), 4, 1, &json!({ "B": 1 })), Quarantined, (2, 2)),
    ];
    for (message, status, there) in rows {
        let answer = say(&mut shop.server, &message).await;
        assert_eq!((answer.status(), lies(&mut shop, "A").await), (status, there), "{message}");
    }
    let of = shop.rma("R-88").await;
    assert_eq!(of.lines[0].units.iter().map(|of| of.quantity).sum::<u32>(), 2);
    shop.server.audit().await;
}

/// It is found by its tracking number, and by its order and what came, wherever nobody knows an RMA. A name
/// that two orders gave is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_is_found_by_its_number_and_by_its_order() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 1).await;
    ask(&mut shop, "R-89", 1).await;
    let sent = v1::MarkReturnSentRequest {
        order_id: "O".into(),
        return_id: "R-89".into(),
        carrier: "Owl Post".into(),
        tracking: "1Z".into(),
        ..Default::default()
    };
    shop.server.returns.mark_return_sent(sent).await.expect("sent");
    let by_number = came(1, &json!({ "tracking": "1Z" }), 1, 1, &none());
    assert_eq!(say(&mut shop.server, &by_number).await.status(), Accepted);
    let received = |of: &v1::Return| of.lines[0].units[0].goods() == v1::ReturnGoods::Received;
    assert!(received(&shop.rma("R-89").await));
    let by_order = came(2, &json!({ "order": "O" }), 1, 1, &none());
    assert_eq!(say(&mut shop.server, &by_order).await.status(), Accepted);
    assert!(received(&shop.rma("R-88").await));
    assert_eq!((lies(&mut shop, "A").await, unmatched(&mut shop).await), ((2, 2), vec![]));
}

/// Goods that nobody announced are there and are not sold. Once somebody says whose they are, they are
/// received, and what the partner tells of them later is of that return, also after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_receipt_is_matched_later() {
    let (mut shop, mut provider) = sold().await;
    let names = || json!({ "rma": "BOX", "tracking": "9Z" });
    let blind = came(1, &names(), 1, 2, &json!({ "A": 1 }));
    assert_eq!(say(&mut shop.server, &blind).await.status(), Accepted);
    assert_eq!(shop.stock("A", "RC").await, (2, 2, 0), "nobody may have them");
    let goods = unmatched(&mut shop).await;
    let line = v1::GoodsLine { sku: "A".into(), quantity: 2 };
    assert_eq!((goods.len(), &goods[0].lines[..]), (1, &[line][..]));
    let known = goods[0].names.clone().expect("names");
    let missing = shop.server.partners.match_goods(matching(known.clone(), "R-88")).await;
    assert_eq!(missing.expect_err("no such return").code(), Code::NotFound);

    ask(&mut shop, "R-88", 3).await;
    for _ in 0..2 {
        let matched = shop.server.partners.match_goods(matching(known.clone(), "R-88")).await;
        matched.expect("matched");
    }
    assert_eq!((unmatched(&mut shop).await, lies(&mut shop, "A").await), (vec![], (2, 2)));
    let later = came(2, &names(), 2, 3, &json!({ "A": 2 }));
    assert_eq!(say(&mut shop.server, &later).await.status(), Accepted);
    assert_eq!(lies(&mut shop, "A").await, (3, 3));
    let as_new = v1::InspectReturnRequest {
        lines: Vec::new(),
        ..inspect(v1::ReturnGrade::A, v1::ReturnDisposition::Restock)
    };
    shop.inspect(as_new).await.expect("decided");
    assert_eq!(lies(&mut shop, "A").await, (3, 0), "all three are as new");
    assert_eq!(shop.refunded(&mut provider).await, 3_205);
    shop.server.audit().await;
}

/// A partner announces what was announced to it: the goods are on their way. It knows nothing of what nobody
/// asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announced_goods_are_on_their_way() {
    let (mut shop, _) = sold().await;
    ask(&mut shop, "R-88", 2).await;
    let announce = |seq: u64, names: Value| {
        let line = json!({ "sku": "A", "expected": 2 });
        let message = with(came(seq, &names, 1, 0, &none()), "lines", json!([line]));
        with(message, "type", json!("return"))
    };
    let known = announce(1, json!({ "rma": "R-88", "tracking": "7Z" }));
    assert_eq!(say(&mut shop.server, &known).await.status(), Accepted);
    let of = shop.rma("R-88").await;
    assert_eq!(of.lines[0].units[0].goods(), v1::ReturnGoods::InTransit);
    let unknown = say(&mut shop.server, &announce(2, json!({ "rma": "R-0" }))).await;
    assert_eq!((unknown.status(), &*unknown.reason), (Quarantined, "unknown_subject"));
    // The number finds it from then on.
    let by_number = came(3, &json!({ "tracking": "7Z" }), 1, 2, &none());
    assert_eq!(say(&mut shop.server, &by_number).await.status(), Accepted);
    assert_eq!((lies(&mut shop, "A").await, unmatched(&mut shop).await), ((2, 2), vec![]));
}

/// Items that nobody sold here, goods at another node than the first ones, and another partner's node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_have_come_back_waits_for_somebody_to_look() {
    let (mut shop, _) = sold().await;
    shop.server.define_node(node("RC2", "10003")).await;
    define(&mut shop.server, "3pl-7", &["RC", "RC2"]).await;
    define(&mut shop.server, "3pl-8", &["NYC"]).await;
    ask(&mut shop, "R-88", 2).await;
    let first = came(1, &rma("R-88"), 1, 1, &none());
    assert_eq!(say(&mut shop.server, &first).await.status(), Accepted);
    let elsewhere = with(came(2, &rma("R-88"), 2, 2, &none()), "node", json!("RC2"));
    let answer = say(&mut shop.server, &elsewhere).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "subject_changed"));
    let unknown = json!([{ "sku": "NOTHING", "received": 1 }]);
    let unknown = with(came(3, &rma("X"), 1, 1, &none()), "lines", unknown);
    let answer = say(&mut shop.server, &unknown).await;
    assert_eq!((answer.status(), &*answer.reason), (Quarantined, "unknown_sku"));
    let others = with(came(4, &rma("R-88"), 3, 2, &none()), "node", json!("NYC"));
    let status = refused(&mut shop.server, "3pl-7", &others).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(lies(&mut shop, "A").await, (1, 1));
    assert_eq!(gaps(&mut shop.server).await.len(), 2, "both in quarantine");
    shop.server.audit().await;
}
