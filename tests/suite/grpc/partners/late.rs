//! What is missing for too long, seen by who looks after partners.

use backstock::clock::ClockKind;
use backstock::serve::ServeOptions;

use serde_json::json;

use super::*;
use crate::grpc::server::{configuration, order};

/// A message that was overtaken is no gap that anybody has to look at; one that is missing for a quarter of an hour
/// is, until it comes. What is listed is paged, the oldest first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_for_a_quarter_of_an_hour_is_listed_until_it_comes() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = at(data.path(), "2026-03-01T10:00:00Z").await;
    server.stock().await;
    define(&mut server, "3pl-7", &["NYC"]).await;
    let inbound = announcement("SKU", "PO-1", 10);
    server.inventory.announce_inbound(inbound).await.expect("announced");
    let answer = say(&mut server, &receipt(3, "PO-1", 2, 4, 0)).await;
    assert_eq!((answer.status(), answer.expected_seq), (v1::MessageStatus::Gap, 1));
    assert_eq!(gaps(&mut server).await, [], "it may have been overtaken");
    server.stop().await.expect("it ends");

    let mut server = at(data.path(), "2026-03-01T10:15:00Z").await;
    let unknown = say(&mut server, &receipt(4, "PO-9", 1, 1, 0)).await;
    assert_eq!(unknown.status(), v1::MessageStatus::Quarantined);
    let list = gaps(&mut server).await;
    assert_eq!(list.iter().map(what).collect::<Vec<_>>(), ["missing 1 to 2", "quarantined m-4"]);
    let page = |page_token: &str| v1::ListPartnerGapsRequest {
        partner_id: "3pl-7".into(),
        page_size: 1,
        page_token: page_token.into(),
    };
    let first = server.partners.list_partner_gaps(page("")).await.expect("listed").into_inner();
    let next = page(&first.next_page_token);
    let next = server.partners.list_partner_gaps(next).await.expect("listed").into_inner();
    assert_eq!([first.gaps, next.gaps].concat(), list);

    say(&mut server, &receipt(1, "PO-1", 1, 2, 0)).await;
    assert_eq!(what(&gaps(&mut server).await[0]), "missing 2 to 2", "since it was missed first");
    say(&mut server, &receipt(2, "PO-1", 1, 2, 0)).await;
    assert_eq!(gaps(&mut server).await.len(), 1);
    let none = v1::ListPartnerGapsRequest { partner_id: "NONE".into(), ..Default::default() };
    let unknown = server.partners.list_partner_gaps(none).await.expect_err("nobody has that id");
    assert_eq!(unknown.code(), Code::NotFound);
    server.stop().await.expect("it ends");
}

/// Message `seq`: so many were there.
fn count(seq: u64, on_hand: u32) -> Value {
    let message = with(receipt(seq, "", 1, 0, 0), "type", json!("count"));
    let message = with(message, "subject", json!({ "count": format!("C-{seq}") }));
    let line = json!({ "sku": "SKU", "on_hand": on_hand, "unavailable": 0 });
    with(with(message, "seq_seen", json!(0)), "lines", json!([line]))
}

/// What was received, and left, after a count is applied on top of it, though the count comes last; a later count
/// stays. So it is after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_was_overtaken_takes_nothing_back() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    server.orders.place_order(order("O", &[("SKU", 3)])).await.expect("placed");
    let left = json!({
        "sender": "3pl-7", "seq": 3, "id": "m-3", "type": "shipment", "node": "NYC",
        "occurred_at": "2026-01-02T03:04:05Z", "revision": 1,
        "subject": { "order": "O", "shipment": "1" },
        "lines": [{ "sku": "SKU", "shipped": 3 }],
    });
    assert_eq!(say(&mut server, &receipt(2, "PO-1", 1, 4, 0)).await.expected_seq, 1);
    assert_eq!(say(&mut server, &left).await.status(), v1::MessageStatus::Gap);
    assert_eq!(server.on_hand("SKU", "NYC").await, 11);
    server.kill().await;
    let mut server = TestServer::start(data.path()).await;
    // There were twelve, before four came and three left.
    assert_eq!(say(&mut server, &count(1, 12)).await.status(), v1::MessageStatus::Accepted);
    assert_eq!(server.on_hand("SKU", "NYC").await, 13);
    assert_eq!(say(&mut server, &count(5, 9)).await.status(), v1::MessageStatus::Gap);
    assert_eq!(say(&mut server, &count(4, 99)).await.status(), v1::MessageStatus::Accepted);
    assert_eq!(server.on_hand("SKU", "NYC").await, 9, "it was counted since");
    server.audit().await;
    server.stop().await.expect("it ends");
}

/// A server that goes by the clock of what it is sent, which is set to then.
async fn at(data: &std::path::Path, now: &str) -> TestServer {
    let config = configuration(data);
    let options = ServeOptions::new(&config, ClockKind::Replay(now.parse().expect("a time")));
    TestServer::start_with(&config, options).await
}

fn what(gap: &v1::PartnerGap) -> String {
    match gap.what.as_ref().expect("something") {
        v1::partner_gap::What::Missing(of) => format!("missing {} to {}", of.from_seq, of.to_seq),
        v1::partner_gap::What::Quarantined(of) => format!("quarantined {}", of.message_id),
        v1::partner_gap::What::Unmatched(of) => format!("unmatched {}", of.message_id),
    }
}
