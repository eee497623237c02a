//! Consumers: what each acknowledged, and what the journal is kept for.

use std::collections::BTreeMap;

use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use tokio::sync::oneshot;
use tonic::transport::Channel;

use super::*;
use crate::grpc::server::fields;

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
    assert_eq!(fields(&status), ["from_version"]);

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
