//! The feed over a real connection.

mod consumers;
mod export;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use backstock_engine::disk::SimulatedDisk;
use backstock_proto::v1;
use serde_json::Value;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use super::server::{LONG, TestServer, announcement, order};

pub type Answers = Streaming<v1::ReadResponse>;

pub async fn read(server: &TestServer, request: v1::ReadRequest) -> Result<Answers, Status> {
    server.feed.clone().read(request).await.map(tonic::Response::into_inner)
}

/// Begins to read what there is from a version on.
pub async fn begin_at(server: &TestServer, from_version: u64) -> Result<Answers, Status> {
    read(server, v1::ReadRequest { from_version, ..Default::default() }).await
}

/// All events that there are from a version on.
pub async fn events_from(server: &TestServer, from_version: u64) -> Vec<v1::Event> {
    told(server, v1::ReadRequest { from_version, ..Default::default() }).await
}

/// All that is told of a reader who does not follow.
async fn told(server: &TestServer, request: v1::ReadRequest) -> Vec<v1::Event> {
    let mut answers = read(server, request).await.expect("a place");
    let (mut events, mut version) = (Vec::new(), 0);
    while let Some(told) = answers.message().await.expect("no error") {
        assert!(told.version >= version && told.newest_version >= told.version);
        version = told.version;
        events.extend(told.events);
    }
    assert!(version > 0, "it ends with how far it came");
    events
}

pub async fn next(answers: &mut Answers) -> v1::ReadResponse {
    let message = timeout(LONG, answers.message()).await.expect("it is told");
    message.expect("no error").expect("it goes on")
}

pub fn data(event: &v1::Event) -> Value {
    serde_json::from_str(&event.data).expect("JSON")
}

/// A server whose journal has lost its first events.
pub async fn cut(disk: &SimulatedDisk, data: &Path) -> TestServer {
    let mut server = TestServer::start_on(disk, data).await;
    server.stock().await;
    fill(&mut server).await;
    fill(&mut server).await;
    server
}

/// Fills more than a segment of 16 KiB, and takes a snapshot.
async fn fill(server: &mut TestServer) {
    for at in 0..600 {
        server.set_stock("SKU", "NYC", at).await;
    }
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
}

/// Puts a consumer behind a version, or makes it.
pub fn consumer(id: &str, acknowledged_version: Option<u64>) -> v1::UpdateConsumerRequest {
    let consumer_id = id.to_owned();
    let consumer = v1::Consumer { consumer_id, acknowledged_version, ..Default::default() };
    v1::UpdateConsumerRequest {
        consumer: Some(consumer),
        allow_missing: true,
        ..Default::default()
    }
}

pub async fn put(server: &TestServer, request: v1::UpdateConsumerRequest) -> v1::Consumer {
    let put = server.feed.clone().update_consumer(request).await.expect("put").into_inner();
    put.consumer.expect("a consumer")
}

pub async fn acknowledge(server: &TestServer, id: &str, version: u64) -> Result<u64, Status> {
    let request = v1::AcknowledgeRequest { consumer_id: id.to_owned(), version };
    let answer = server.feed.clone().acknowledge(request).await?.into_inner();
    Ok(answer.consumer.and_then(|consumer| consumer.acknowledged_version).expect("a version"))
}

pub fn as_consumer(id: &str) -> v1::ReadRequest {
    v1::ReadRequest { consumer_id: id.to_owned(), ..Default::default() }
}

pub async fn consumers(server: &TestServer) -> Vec<v1::Consumer> {
    let request = v1::ListConsumersRequest::default();
    server.feed.clone().list_consumers(request).await.expect("listed").into_inner().consumers
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().expect("a reason").reason.clone()
}

/// Some of all kinds of changes.
async fn some_changes(server: &mut TestServer) {
    server.orders.place_order(order("O/1", &[("SKU", 3)])).await.expect("placed");
    server.inventory.announce_inbound(announcement("RARE", "PO", 9)).await.expect("announced");
    let ship = v1::ShipShipmentRequest {
        order_id: "O/1".into(),
        shipment_number: 1,
        carrier: "UPS".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    server.orders.place_order(order("O2", &[("SKU", 2)])).await.expect("placed");
    let cancel = v1::CancelOrderRequest {
        order_id: "O2".into(),
        reason: "changed her mind".into(),
        ..Default::default()
    };
    server.orders.cancel_order(cancel).await.expect("cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_happened_is_told_in_order_each_once_by_callers_ids() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    some_changes(&mut server).await;
    let events = events_from(&server, 0).await;
    let versions: Vec<_> = events.iter().map(|event| event.stream_version).collect();
    assert_eq!(versions, (1..=server.engine.version().get()).collect::<Vec<_>>());
    for event in &events {
        assert_eq!(event.id, event.stream_version.to_string());
        assert_eq!((&*event.specversion, &*event.datacontenttype), ("1.0", "application/json"));
        assert!(event.time.is_some() && event.r#type.starts_with("backstock."), "{event:?}");
        assert!(!event.data.contains("sku_no") && !event.data.contains("node_no"), "{event:?}");
        assert_eq!(event.subjects.first(), Some(&event.subject));
    }
    let of = |name: &str| {
        let event_type = format!("backstock.{name}.v1");
        let found = events.iter().filter(|event| event.r#type == event_type);
        found.collect::<Vec<_>>()
    };
    let placed = of("order_placed")[0];
    assert_eq!(placed.subjects, ["orders/O%2F1", "stock/SKU/NYC"]);
    let placed = data(placed);
    assert_eq!((&placed["order_id"], &placed["lines"][0]["sku"]), (&"O/1".into(), &"SKU".into()));
    // What a customer is told, and when.
    assert_eq!(placed["shipments"][0]["node_id"], "NYC");
    assert!(placed["shipments"][0]["deliver_by"].is_string(), "{placed}");
    let shipped = of("shipment_shipped")[0];
    assert_eq!(
        (&data(shipped)["shipment_number"], &data(shipped)["carrier"]),
        (&1.into(), &"UPS".into())
    );
    assert_eq!(shipped.subjects, ["orders/O%2F1", "stock/SKU/NYC"]);
    assert_eq!(data(shipped)["units"][0]["node_id"], "NYC");
    assert_eq!(of("order_cancelled")[0].cause, "changed her mind");
    assert_eq!(of("item_defined")[0].subjects, ["items/SKU"]);
    assert_eq!(of("node_defined")[0].subjects, ["nodes/NYC"]);
    let changed: BTreeSet<_> = of("stock_changed").iter().map(|event| &*event.subject).collect();
    assert_eq!(changed, BTreeSet::from(["stock/SKU/NYC", "stock/RARE/NYC"]));

    // From the middle on, and behind the end.
    assert_eq!(events_from(&server, 4).await, events[3..]);
    assert_eq!(events_from(&server, events.len() as u64 + 1).await, []);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_follows_hears_of_what_comes_and_ends_with_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let from_version = server.engine.version().get() + 1;
    let request = v1::ReadRequest { from_version, follow: true, ..Default::default() };
    let mut answers = read(&server, request).await.expect("a place");
    for at in 0..5 {
        let placed = server.orders.place_order(order(&format!("O{at}"), &[("SKU", 1)])).await;
        let version = placed.expect("placed").into_inner().version;
        let told = next(&mut answers).await;
        assert_eq!((told.version, told.events.len()), (version, 1));
        assert_eq!(told.events[0].subject, format!("orders/O{at}"));
    }
    server.shutdown.drain();
    let ended = answers.message().await.expect_err("it drains");
    assert_eq!(ended.code(), Code::Unavailable);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_lets_in_types_and_subjects_and_the_version_moves_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    some_changes(&mut server).await;
    let all = events_from(&server, 0).await;
    let filtered = |types: &[&str], subjects: &[&str]| v1::ReadRequest {
        types: types.iter().map(|name| format!("backstock.{name}.v1")).collect(),
        subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        ..Default::default()
    };
    let by_type = told(&server, filtered(&["order_placed", "order_cancelled"], &[])).await;
    assert_eq!(by_type.len(), 3);
    let of_order = told(&server, filtered(&[], &["orders/O2"])).await;
    assert_eq!(of_order.len(), 2);
    let at_sku = told(&server, filtered(&[], &["stock/SKU/"])).await;
    let expected = all.iter().filter(|event| event.subjects.contains(&"stock/SKU/NYC".into()));
    assert_eq!(at_sku, expected.cloned().collect::<Vec<_>>());
    assert_eq!(told(&server, filtered(&["order_placed"], &["items/SKU"])).await, []);

    // Nothing is told of these, and how far they were looked through is.
    let wanted = filtered(&["policy_set"], &[]);
    let mut answers =
        read(&server, v1::ReadRequest { follow: true, ..wanted }).await.expect("a place");
    for at in 0..3 {
        server.set_stock("SKU", "NYC", 10 + at).await;
        let version = server.engine.version().get();
        let told = next(&mut answers).await;
        assert_eq!((told.events.len(), told.version), (0, version));
    }
    let wrong = filtered(&["order_placed", "nothing"], &["", "x"]);
    let status = read(&server, wrong).await.expect_err("no such type");
    assert_eq!(super::server::fields(&status), ["types[1]", "subjects[0]"]);
    drop(answers);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_not_there_says_which_ones_are() {
    let (disk, directory) = (SimulatedDisk::new(), tempfile::tempdir().expect("a directory"));
    let server = cut(&disk, directory.path()).await;
    let metadata = |status: &Status, key: &str| {
        let details = status.get_error_details();
        let told = details.error_info().expect("a reason").metadata[key].parse::<u64>();
        told.expect("a version")
    };
    let early = begin_at(&server, 1).await.expect_err("cut");
    let first = metadata(&early, "first_version");
    assert!(first > 1);
    assert_eq!(begin_at(&server, first - 1).await.expect_err("cut").code(), Code::OutOfRange);
    let newest = server.engine.version().get();
    let kept = events_from(&server, first).await;
    assert_eq!(kept.first().map(|event| event.stream_version), Some(first));
    assert_eq!(kept.last().map(|event| event.stream_version), Some(newest));
    let late = begin_at(&server, newest + 2).await.expect_err("not yet");
    assert_eq!((late.code(), metadata(&late, "newest_version")), (Code::OutOfRange, newest));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_are_bounded_and_one_who_goes_makes_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    let follow = || v1::ReadRequest { from_version: 1, follow: true, ..Default::default() };
    let mut readers = Vec::new();
    let refused = loop {
        match read(&server, follow()).await {
            Ok(answers) => readers.push(answers),
            Err(status) => break status,
        }
    };
    assert_eq!((readers.len(), refused.code()), (64, Code::ResourceExhausted));
    drop(readers.pop());
    let again = async {
        while read(&server, follow()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, again).await.expect("there is room again");
    drop(readers);
    server.stop().await.expect("drained");
}

/// A reader who reads nothing holds up no command, and the server holds a bounded part of what
/// he is to be told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_stalls_keeps_nobody_waiting_and_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let follow = v1::ReadRequest { follow: true, from_version: 1, ..Default::default() };
    let mut stalled = read(&server, follow).await.expect("a place");
    // Several times what waits for a reader and what the transport takes.
    let names = server.define_long_names().await;
    let before = server.engine.version().get();
    for at in 0..120 {
        let mut lines: Vec<_> = names.iter().map(|name| (&**name, 1)).collect();
        lines.truncate(500);
        let wanted = super::server::waiting_order(&format!("LONG-{at}"), &lines);
        timeout(LONG, server.orders.place_order(wanted)).await.expect("at once").expect("placed");
    }
    let newest = server.engine.version().get();
    assert!(newest >= before + 120);
    let mut versions = Vec::new();
    while versions.last() != Some(&newest) {
        versions.extend(next(&mut stalled).await.events.iter().map(|event| event.stream_version));
    }
    assert_eq!(versions, (1..=newest).collect::<Vec<_>>());
    drop(stalled);
    server.stop().await.expect("drained");
}
