//! Partners that say things twice, late, out of order and corrected, over a real connection.

mod crash;
mod goods;
mod late;
mod nobodys;
mod shipping;
mod twice;

use backstock_proto::v1;
use backstock_proto::v1::report_request::Content;
use serde_json::{Value, json};
use tonic::Code;

use super::server::{TestServer, announcement, node};

/// A server with the partner `3pl-7`, whose node is `NYC`, and another node.
async fn partnered(data: &std::path::Path) -> TestServer {
    let mut server = TestServer::stocked(data).await;
    server.define_node(node("BOS", "02116")).await;
    define(&mut server, "3pl-7", &["NYC"]).await;
    let announced = server.inventory.announce_inbound(announcement("SKU", "PO-1", 10)).await;
    announced.expect("announced");
    server
}

async fn define(server: &mut TestServer, id: &str, nodes: &[&str]) {
    let node_ids = nodes.iter().map(|id| (*id).to_owned()).collect();
    let define = v1::DefinePartnerRequest { partner_id: id.into(), node_ids, ..Default::default() };
    server.partners.define_partner(define).await.expect("defined");
}

/// The message with another value of a field.
fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

/// What somebody has to look at, of all partners.
async fn gaps(server: &mut TestServer) -> Vec<v1::PartnerGap> {
    let list = v1::ListPartnerGapsRequest::default();
    server.partners.list_partner_gaps(list).await.expect("listed").into_inner().gaps
}

/// Message `seq`: so many units came of a delivery, some of them damaged.
fn receipt(seq: u64, inbound: &str, revision: u32, received: u32, damaged: u32) -> Value {
    json!({
        "sender": "3pl-7", "seq": seq, "id": format!("m-{seq}"), "type": "receipt",
        "occurred_at": "2026-01-02T03:04:05Z", "node": "NYC",
        "subject": { "inbound": inbound }, "revision": revision,
        "lines": [{ "sku": "SKU", "received": received, "damaged": damaged }],
    })
}

async fn say(server: &mut TestServer, message: &Value) -> v1::MessageAnswer {
    let content = Some(Content::Json(message.to_string().into()));
    let report = v1::ReportRequest { partner_id: "3pl-7".into(), content };
    let response = server.partners.report(report).await.expect("it is answered").into_inner();
    let [answer] = &response.answers[..] else { panic!("{response:?}") };
    answer.clone()
}

async fn refused(server: &mut TestServer, partner: &str, message: &Value) -> tonic::Status {
    let content = Some(Content::Json(message.to_string().into()));
    let report = v1::ReportRequest { partner_id: partner.into(), content };
    server.partners.report(report).await.expect_err("it is refused")
}

async fn partner(server: &mut TestServer) -> v1::GetPartnerResponse {
    let get = v1::GetPartnerRequest { partner_id: "3pl-7".into() };
    server.partners.get_partner(get).await.expect("read").into_inner()
}

/// Whatever order a partner's messages come in, and however often, also over a restart: what is on hand
/// is what the newest revision says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partners_messages_arrive_twice_and_out_of_order_and_nothing_goes_wrong() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    let messages =
        [receipt(1, "PO-1", 1, 4, 0), receipt(2, "PO-1", 2, 6, 2), receipt(3, "PO-1", 3, 5, 1)];
    let rows = [
        (1, v1::MessageStatus::Gap, 1, 16),
        (0, v1::MessageStatus::Stale, 3, 16),
        (1, v1::MessageStatus::Duplicate, 3, 16),
        (2, v1::MessageStatus::Accepted, 4, 15),
        (2, v1::MessageStatus::Duplicate, 4, 15),
        (0, v1::MessageStatus::Duplicate, 4, 15),
    ];
    for (which, status, expected_seq, on_hand) in rows {
        let answer = say(&mut server, &messages[which]).await;
        assert_eq!((answer.status(), answer.expected_seq), (status, expected_seq), "{which}");
        assert_eq!(server.on_hand("SKU", "NYC").await, on_hand, "{which}");
    }
    let take = v1::TakeSnapshotRequest {};
    server.admin.take_snapshot(take).await.expect("a snapshot");
    say(&mut server, &receipt(4, "PO-9", 1, 1, 0)).await;
    let (before, hash) = (partner(&mut server).await, server.state_hash());
    server.stop().await.expect("it ends");

    let mut server = TestServer::start(data.path()).await;
    assert_eq!(server.state_hash(), hash);
    let after = partner(&mut server).await;
    assert_eq!((&after.quarantined, after.expected_seq), (&before.quarantined, 5));
    assert_eq!(say(&mut server, &messages[2]).await.status(), v1::MessageStatus::Duplicate);
    let (sku, node_id) = ("SKU".into(), "NYC".into());
    let get = v1::GetStockRequest { sku, node_id, ..Default::default() };
    let stock = server.inventory.get_stock(get).await.expect("read").into_inner();
    let stock = stock.stock.expect("a stock");
    assert_eq!((stock.on_hand, stock.unavailable), (15, 1));
    server.audit().await;
    server.stop().await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_knows_waits_with_candidates_and_is_played_again_or_let_go() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    let answer = say(&mut server, &receipt(1, "PO-2", 1, 4, 0)).await;
    assert_eq!(answer.status(), v1::MessageStatus::Quarantined);
    assert_eq!(
        (&*answer.reason, &answer.candidates[..]),
        ("unknown_subject", &["PO-1".into()][..])
    );
    let other = receipt(2, "PO-2", 1, 5, 0);
    assert_eq!(say(&mut server, &other).await.status(), v1::MessageStatus::Quarantined);
    assert_eq!(partner(&mut server).await.quarantined.len(), 2);

    let announced = server.inventory.announce_inbound(announcement("SKU", "PO-2", 9)).await;
    announced.expect("announced");
    let replay = |message_id: &str| v1::ReplayMessageRequest {
        partner_id: "3pl-7".into(),
        message_id: message_id.into(),
    };
    let played = server.partners.replay_message(replay("m-1")).await.expect("played").into_inner();
    assert_eq!(played.answer.expect("an answer").status(), v1::MessageStatus::Accepted);
    assert_eq!(server.on_hand("SKU", "NYC").await, 14);
    let played = server.partners.replay_message(replay("m-2")).await.expect("played").into_inner();
    let answer = played.answer.expect("an answer");
    assert_eq!(
        (answer.status(), &*answer.reason),
        (v1::MessageStatus::Quarantined, "revision_reused")
    );
    let discard = v1::DiscardMessageRequest {
        partner_id: "3pl-7".into(),
        message_id: "m-2".into(),
        ..Default::default()
    };
    server.partners.discard_message(discard).await.expect("let go");
    assert_eq!(partner(&mut server).await.quarantined, []);
    let gone = server.partners.replay_message(replay("m-2")).await.expect_err("it is gone");
    assert_eq!(gone.code(), Code::NotFound);
    server.stop().await.expect("it ends");
}

/// A message from the future, for another partner's node, of a million lines, of another sender, of a
/// type that is ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_partner_may_not_say_is_told_and_changes_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    let changed = |field: &str, value: Value| with(receipt(1, "PO-1", 1, 4, 0), field, value);
    let lines = json!(
        (0..10_001).map(|no| json!({ "sku": no.to_string(), "received": 1 })).collect::<Vec<_>>()
    );
    let rows = [
        (changed("occurred_at", json!("2999-01-01T00:00:00Z")), "occurred_at"),
        (changed("lines", lines), "lines"),
        (changed("sender", json!("3pl-8")), "sender"),
        (changed("revision", json!(0)), "revision"),
        (changed("note", json!("hello")), "note"),
        (changed("node", Value::Null), "node"),
    ];
    for (message, field) in rows {
        let answer = say(&mut server, &message).await;
        assert_eq!(answer.status(), v1::MessageStatus::Rejected, "{field}");
        assert!(answer.faults.iter().any(|fault| fault.starts_with(field)), "{field}: {answer:?}");
    }
    let elsewhere = refused(&mut server, "3pl-7", &changed("node", json!("BOS"))).await;
    assert_eq!(elsewhere.code(), Code::FailedPrecondition);
    let unknown = refused(&mut server, "3pl-8", &receipt(1, "PO-1", 1, 4, 0)).await;
    assert_eq!(unknown.code(), Code::NotFound);
    let partner = partner(&mut server).await;
    assert_eq!((partner.expected_seq, partner.quarantined.len()), (1, 0));
    assert_eq!(server.on_hand("SKU", "NYC").await, 10);
    server.stop().await.expect("it ends");
}

/// A file with a receipt, and a set that is cut short.
const FILE: &str = "\
ISA*00*          *00*          *ZZ*3pl-7          *ZZ*SHOP           *260102*0304*U*00401*000000001*0*P*>~\n\
GS*RE*3pl-7*SHOP*20260102*0304*1*X*004010~\n\
ST*944*0001~\n\
W17*P*20260102*R-1*PO-1~\n\
N1*WH**92*NYC~\n\
W07*4*EA**VN*SKU~\n\
W14*4~\n\
SE*6*0001~\n\
ST*944*0002~\n\
W17*P*20260102*R-2*PO-1~\n\
SE*9*0002~\n\
GE*2*1~\n\
IEA*1*000000001~\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_taken_set_by_set_and_answered_by_a_997() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = partnered(data.path()).await;
    let file = |text: &str| v1::ReportRequest {
        partner_id: "3pl-7".into(),
        content: Some(Content::X12(text.to_owned().into())),
    };
    for (status, on_hand) in [(v1::MessageStatus::Accepted, 14), (v1::MessageStatus::Duplicate, 14)]
    {
        let response = server.partners.report(file(FILE)).await.expect("taken").into_inner();
        let statuses: Vec<_> = response.answers.iter().map(v1::MessageAnswer::status).collect();
        assert_eq!(statuses, [status, v1::MessageStatus::Rejected]);
        let answer = std::str::from_utf8(&response.acknowledgements[0]).expect("a text");
        assert!(answer.contains("AK2*944*0001~\nAK5*A~\nAK2*944*0002~\nAK5*R*4~\nAK9*P*2*2*1~"));
        assert_eq!(server.on_hand("SKU", "NYC").await, on_hand);
    }
    let cut = server.partners.report(file(&FILE[..300])).await.expect_err("it is cut short");
    assert_eq!(cut.code(), Code::InvalidArgument);
    server.stop().await.expect("it ends");
}
