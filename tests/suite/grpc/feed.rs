//! The feed over a real connection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backstock::reference::UsPostalCodes;
use backstock_engine::disk::{Disk, RealDisk, SimulatedDisk};
use backstock_engine::engine::{PostalTable, RestoreOptions, restore};
use backstock_engine::model::Timestamp;
use backstock_proto::v1;
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::transport::Channel;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_goes_on_behind_what_it_acknowledged_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let made = put(&server, consumer("erp", Some(0))).await;
    assert_eq!((made.acknowledged_version, made.parked), (Some(0), false));
    let newest = server.engine.version().get();
    assert_eq!(made.events_behind, newest);
    let late = put(&server, consumer("late", None)).await;
    assert_eq!((late.acknowledged_version, late.events_behind), (Some(newest), 0));
    assert_eq!(told(&server, as_consumer("erp")).await.len() as u64, newest);

    // Forward alone, and to no version that is not there.
    assert_eq!(acknowledge(&server, "erp", 3).await.expect("known"), 3);
    assert_eq!(acknowledge(&server, "erp", 2).await.expect("known"), 3);
    let ahead = acknowledge(&server, "erp", newest + 1).await.expect_err("not yet");
    assert_eq!(reason(&ahead), "VERSION_AHEAD");
    let unknown = acknowledge(&server, "nobody", 1).await.expect_err("no consumer");
    assert_eq!(reason(&unknown), "CONSUMER_NOT_FOUND");
    let first = |events: Vec<v1::Event>| events.first().map(|event| event.stream_version);
    assert_eq!(first(told(&server, as_consumer("erp")).await), Some(4));
    let both = v1::ReadRequest { from_version: 1, ..as_consumer("erp") };
    let status = read(&server, both).await.expect_err("one or the other");
    assert_eq!(super::server::fields(&status), ["from_version"]);

    server.stop().await.expect("drained");
    server = TestServer::start(directory.path()).await;
    let found = consumers(&server).await;
    let found: Vec<_> = found.iter().map(|of| (&*of.consumer_id, of.events_behind)).collect();
    assert_eq!(found, [("erp", newest - 3), ("late", 0)]);
    // Only a seek goes back.
    assert_eq!(put(&server, consumer("erp", Some(1))).await.acknowledged_version, Some(1));
    assert_eq!(first(told(&server, as_consumer("erp")).await), Some(2));
    assert_eq!(put(&server, consumer("erp", None)).await.acknowledged_version, Some(1));
    let delete = v1::DeleteConsumerRequest { consumer_id: "erp".into() };
    server.feed.delete_consumer(delete).await.expect("deleted");
    let gone = read(&server, as_consumer("erp")).await.expect_err("no consumer");
    assert_eq!(reason(&gone), "CONSUMER_NOT_FOUND");
    server.stop().await.expect("drained");
}

/// Segments behind snapshots stay for a consumer, as long as they are few.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_too_far_behind_is_parked_and_begins_anew() {
    let (disk, directory) = (SimulatedDisk::new(), tempfile::tempdir().expect("a directory"));
    let mut server = TestServer::start_keeping(&disk, directory.path(), 64 << 10).await;
    server.stock().await;
    put(&server, consumer("slow", Some(0))).await;
    put(&server, consumer("fast", None)).await;
    let kept = |server: &TestServer| server.engine.first_kept().get();
    for rounds in [3, 4] {
        for _ in 0..rounds {
            fill(&mut server).await;
            let newest = server.engine.version().get();
            acknowledge(&server, "fast", newest).await.expect("it is there");
        }
        // Few segments are within the bound.
        assert_eq!(kept(&server) == 1, rounds == 3, "kept for the slow one");
    }
    let first = kept(&server);
    let found = consumers(&server).await;
    let found: Vec<_> = found.iter().map(|of| (&*of.consumer_id, of.parked)).collect();
    assert_eq!(found, [("fast", false), ("slow", true)]);
    let parked = read(&server, as_consumer("slow")).await.expect_err("parked");
    assert_eq!(reason(&parked), "VERSION_DROPPED");
    let details = parked.get_error_details();
    assert_eq!(
        details.error_info().expect("a reason").metadata["first_version"],
        first.to_string()
    );
    let early = server.feed.clone().update_consumer(consumer("slow", Some(first - 2))).await;
    assert_eq!(reason(&early.expect_err("it is not kept")), "VERSION_DROPPED");

    put(&server, consumer("slow", Some(first - 1))).await;
    let events = told(&server, as_consumer("slow")).await;
    assert_eq!(events.first().map(|event| event.stream_version), Some(first));
    assert!(!consumers(&server).await.iter().any(|consumer| consumer.parked));
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

/// What a consumer did: the versions that it worked off, each of which it keeps together with its
/// work, as a system does that writes both in one transaction.
#[derive(Default)]
struct Worked {
    versions: Vec<u64>,
    told_again: u64,
}

impl Worked {
    fn take(&mut self, event: &v1::Event) {
        let version = event.stream_version;
        if self.versions.last().is_some_and(|last| version <= *last) {
            self.told_again += 1;
            return;
        }
        self.versions.push(version);
    }
}

/// Follows as a consumer until it is killed, after so many responses; it acknowledges only some.
async fn live(server: &TestServer, id: &str, worked: &mut Worked, responses: u64) {
    let follow = v1::ReadRequest { follow: true, ..as_consumer(id) };
    let mut answers = read(server, follow).await.expect("a place");
    for at in 0..responses {
        let told = next(&mut answers).await;
        told.events.iter().for_each(|event| worked.take(event));
        if at % 2 == 0 {
            acknowledge(server, id, told.version).await.expect("it is there");
        }
    }
    // Killed: what was on its way to it is lost with it.
}

/// Writes for as long as it is wanted.
async fn load(mut server: TestLoad) {
    for at in 0.. {
        if server.ends.try_recv().is_ok() {
            return;
        }
        let level = Some(v1::StockLevel { on_hand: Some(at), ..Default::default() });
        let set = v1::SetStockRequest {
            sku: "SKU".into(),
            node_id: "NYC".into(),
            level,
            ..Default::default()
        };
        server.inventory.set_stock(set).await.expect("the stock is set");
    }
}

struct TestLoad {
    inventory: InventoryServiceClient<Channel>,
    ends: oneshot::Receiver<()>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_killed_a_hundred_times_under_load_sees_every_event_once_and_in_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    put(&server, consumer("erp", Some(0))).await;
    let (end, ends) = oneshot::channel();
    let loading = tokio::spawn(load(TestLoad { inventory: server.inventory.clone(), ends }));
    let mut worked = Worked::default();
    for round in 0..100 {
        live(&server, "erp", &mut worked, 1 + round % 4).await;
    }
    end.send(()).expect("it goes on");
    loading.await.expect("no panic");
    let newest = server.engine.version().get();
    for event in told(&server, as_consumer("erp")).await {
        worked.take(&event);
    }
    assert_eq!(worked.versions, (1..=newest).collect::<Vec<_>>());
    assert!(worked.told_again > 0, "some of the deaths were between work and acknowledgement");
    server.stop().await.expect("drained");
}

/// What a consumer who was down, and the server with it, is told: all of it, from where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_goes_on_over_restarts_of_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    put(&server, consumer("erp", Some(0))).await;
    let mut worked = Worked::default();
    for round in 0..5 {
        for at in 0..5 {
            let id = format!("O{round}-{at}");
            server.orders.place_order(order(&id, &[("RARE", 1)])).await.expect("answered");
            server.set_stock("SKU", "NYC", 20 + at).await;
        }
        for event in told(&server, as_consumer("erp")).await.iter().take(4) {
            worked.take(event);
        }
        let acknowledged = *worked.versions.last().expect("some");
        acknowledge(&server, "erp", acknowledged).await.expect("it is there");
        server.stop().await.expect("drained");
        server = TestServer::start(directory.path()).await;
    }
    for event in told(&server, as_consumer("erp")).await {
        worked.take(&event);
    }
    let newest = server.engine.version().get();
    assert_eq!(worked.versions, (1..=newest).collect::<Vec<_>>());
    server.stop().await.expect("drained");
}

/// On hand by SKU and node, as a follower keeps it.
type OnHand = BTreeMap<(String, String), u64>;

fn note(on_hand: &mut OnHand, event: &v1::Event) {
    let data = data(event);
    let pair = |of: &Value| {
        let text = |key: &str| of[key].as_str().expect("an id").to_owned();
        (text("sku"), text("node_id"))
    };
    match event.r#type.as_str() {
        "backstock.stock_changed.v1" if data["change"] == "set" => {
            let units = data["on_hand"].as_u64().expect("units");
            on_hand.insert(pair(&data), units);
        }
        "backstock.shipment_shipped.v1" => {
            for left in data["units"].as_array().expect("units") {
                let units = left["units"].as_u64().expect("units");
                *on_hand.get_mut(&pair(left)).expect("it was there") -= units;
            }
        }
        _ => {}
    }
}

async fn on_hand(server: &TestServer, skus: &[&str]) -> OnHand {
    let mut found = OnHand::new();
    for sku in skus {
        let (sku, node_id) = ((*sku).to_owned(), "NYC".to_owned());
        let get =
            v1::GetStockRequest { sku: sku.clone(), node_id: node_id.clone(), min_version: 0 };
        let answer = server.inventory.clone().get_stock(get).await.expect("read").into_inner();
        let stock = answer.stock.expect("a stock");
        found.insert((sku, node_id), stock.on_hand);
    }
    found
}

/// Who begins anew takes an export, and the feed behind its version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_and_the_feed_behind_it_are_the_state() {
    let (directory, copy) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let mut server = TestServer::stocked(directory.path()).await;
    some_changes(&mut server).await;
    server.set_stock("RARE", "NYC", 5).await;
    put(&server, consumer("index", None)).await;
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let request = v1::ExportSnapshotRequest { generation: 0 };
    let mut pieces = server.admin.export_snapshot(request).await.expect("sent").into_inner();
    let (mut file, mut version) = (Vec::new(), 0);
    while let Some(piece) = pieces.message().await.expect("no error") {
        file.extend(piece.data);
        version = piece.version;
    }
    assert_eq!(
        put(&server, consumer("index", Some(version))).await.acknowledged_version,
        Some(version)
    );
    server.orders.place_order(order("O3", &[("SKU", 2)])).await.expect("placed");
    let ship = v1::ShipShipmentRequest {
        order_id: "O3".into(),
        shipment_number: 1,
        carrier: "UPS".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    server.set_stock("RARE", "NYC", 8).await;

    // The copy is the state of that version, and what follows makes it the newest.
    let from = copy.path().join("export");
    std::fs::write(&from, file).expect("written");
    let data = copy.path().join("data");
    let options =
        RestoreOptions { data: data.clone(), from: Some(from), until: None, dry_run: false };
    let (disk, postal) = (Arc::new(RealDisk) as Arc<dyn Disk>, UsPostalCodes::shared());
    let postal = Arc::new(postal) as PostalTable;
    restore(&options, &disk, &postal, Timestamp::from_micros(0)).expect("restored");
    let restored = TestServer::start(&data).await;
    assert_eq!(restored.engine.version().get(), version);
    let mut followed = on_hand(&restored, &["SKU", "RARE"]).await;
    restored.stop().await.expect("drained");
    for event in told(&server, as_consumer("index")).await {
        note(&mut followed, &event);
    }
    let now = on_hand(&server, &["SKU", "RARE"]).await;
    assert_eq!(followed, now);
    // So does the whole feed from the beginning.
    let mut all = OnHand::new();
    events_from(&server, 0).await.iter().for_each(|event| note(&mut all, event));
    assert_eq!(all, now);
    server.stop().await.expect("drained");
}

/// Receivers elsewhere are sent "placed" after "cancelled", or both twice, and keep the older one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_15_events_of_an_order_come_in_order_and_one_told_twice_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    put(&server, consumer("shop", Some(0))).await;
    some_changes(&mut server).await;
    // The shop fails behind its work, before it could acknowledge: it is told again.
    let mut states = BTreeMap::<String, (u64, String)>::new();
    for _ in 0..3 {
        for event in told(&server, as_consumer("shop")).await {
            for subject in event.subjects.iter().filter(|of| of.starts_with("orders/")) {
                let state = states.entry(subject.clone()).or_default();
                if event.stream_version > state.0 {
                    *state = (event.stream_version, event.r#type.clone());
                }
            }
        }
    }
    let last = |order: &str| states[order].1.clone();
    assert_eq!(last("orders/O%2F1"), "backstock.shipment_shipped.v1");
    assert_eq!(last("orders/O2"), "backstock.order_cancelled.v1");
    // No event of an order is in another order than it happened.
    let subjects = vec!["orders/O2".to_owned()];
    let of_order = told(&server, v1::ReadRequest { subjects, ..Default::default() }).await;
    let types: Vec<_> = of_order.iter().map(|event| &*event.r#type).collect();
    assert_eq!(types, ["backstock.order_placed.v1", "backstock.order_cancelled.v1"]);
    server.stop().await.expect("drained");
}

/// The disk is full of what is kept for a consumer: it is parked, and commands are taken again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_takes_back_what_is_kept_for_consumers() {
    let (disk, directory) = (SimulatedDisk::new(), tempfile::tempdir().expect("a directory"));
    let mut server = TestServer::start_keeping(&disk, directory.path(), 1 << 30).await;
    server.stock().await;
    put(&server, consumer("slow", Some(0))).await;
    for _ in 0..4 {
        fill(&mut server).await;
    }
    assert_eq!(server.engine.first_kept().get(), 1);
    disk.set_capacity(Some(disk.used()));
    let taken = async {
        let mut at = 0;
        // The rest of the segment, and once it is full, until health has looked.
        while server.engine.first_kept().get() == 1 {
            at += 1;
            let level = Some(v1::StockLevel { on_hand: Some(at), ..Default::default() });
            let set = v1::SetStockRequest {
                sku: "SKU".into(),
                node_id: "NYC".into(),
                level,
                ..Default::default()
            };
            let _ = server.inventory.set_stock(set).await;
        }
    };
    timeout(LONG, taken).await.expect("room is made");
    let parked = consumers(&server).await;
    assert!(parked[0].parked, "{parked:?}");
    let taken = async {
        let set = || v1::SetStockRequest {
            sku: "SKU".into(),
            node_id: "NYC".into(),
            level: Some(v1::StockLevel { on_hand: Some(7), ..Default::default() }),
            ..Default::default()
        };
        while server.inventory.clone().set_stock(set()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LONG, taken).await.expect("commands are taken again");
    server.stop().await.expect("drained");
}
