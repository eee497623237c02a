//! What Prometheus reads of a running server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backstock::observability::names::{self, Kind, METRICS};
use backstock_proto::v1;
use backstock_proto::v1::admin_service_client::AdminServiceClient;
use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use backstock_proto::v1::feed_service_client::FeedServiceClient;
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::webhook_service_client::WebhookServiceClient;
use tonic::codegen::tokio_stream;
use tonic::transport::Channel;

use super::feed::consumer;
use super::server::{LONG, node, order};
use super::webhooks::endpoint;

/// A server in a process of its own: metrics belong to a process. Killed when it is
/// dropped.
pub struct Process {
    child: Child,
    pub address: String,
    metrics: SocketAddr,
}

impl Process {
    fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// A server with some settings that are told by the command line.
    pub fn start_with(data: &Path, settings: &[&str]) -> Self {
        // Free a moment ago; no other test asks for ports by number.
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let metrics = free.local_addr().expect("an address");
        drop(free);
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstock-under-test"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--data"])
            .arg(data)
            .args(["--metrics-listen", &metrics.to_string()])
            .args(["--journal-segment-bytes", "1048576"])
            .args(settings)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        let address = line.trim().strip_prefix("listening on ").expect("an address");
        Self { child, address: format!("http://{address}"), metrics }
    }

    /// The samples of a scrape, by name and labels.
    pub fn scrape(&self) -> BTreeMap<String, f64> {
        let mut stream = TcpStream::connect(self.metrics).expect("it listens");
        let request = b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        stream.write_all(request).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        let samples = answer.lines().filter(|line| line.starts_with("backstock_"));
        let read = samples.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        read.collect()
    }

    /// Scrapes until the samples are as wanted, and then all of one moment: gauges
    /// are set once a second, one after the other.
    async fn scrape_until(
        &self,
        wanted: impl Fn(&BTreeMap<String, f64>) -> bool,
    ) -> BTreeMap<String, f64> {
        let deadline = Instant::now() + LONG;
        loop {
            let samples = self.scrape();
            if wanted(&samples) {
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                return self.scrape();
            }
            assert!(Instant::now() < deadline, "{samples:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to keep; that it is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sum of all samples of a metric, whatever their labels.
fn sum(samples: &BTreeMap<String, f64>, name: &str) -> f64 {
    let of = |sample: &str| sample == name || sample.starts_with(&format!("{name}{{"));
    samples.iter().filter(|(sample, _)| of(sample)).map(|(_, value)| value).sum()
}

/// What of a metric is to be there: a duration has a count.
fn sample_name(name: &str, kind: Kind) -> String {
    if kind == Kind::Seconds { format!("{name}_count") } else { name.to_owned() }
}

async fn define(channel: &Channel) {
    let mut catalog = CatalogServiceClient::new(channel.clone());
    let item = Some(v1::Item { sku: "SKU".into(), title: String::new(), ..Default::default() });
    let update = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
    catalog.update_item(update).await.expect("defined");
    let node = Some(node("NYC", "10001"));
    let update = v1::UpdateNodeRequest { node, allow_missing: true, ..Default::default() };
    catalog.update_node(update).await.expect("defined");
    let set = v1::SetStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        level: Some(v1::StockLevel { on_hand: Some(10), ..Default::default() }),
        ..Default::default()
    };
    InventoryServiceClient::new(channel.clone()).set_stock(set).await.expect("set");
}

/// Places nothing: one order of two is a quote, the other one names nothing that is known.
async fn place_in_a_stream(orders: &mut OrderServiceClient<Channel>) {
    let quote = v1::PlaceOrderRequest { validate_only: true, ..order("Q", &[("SKU", 1)]) };
    let request = v1::PlaceOrdersRequest { orders: vec![quote, order("N", &[("NONE", 1)])] };
    let replies = orders.place_orders(tokio_stream::iter([request])).await;
    let mut replies = replies.expect("a stream").into_inner();
    while replies.message().await.expect("no error").is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_there_after_some_work_and_moves_with_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let process = Process::start(directory.path());
    let channel = Channel::from_shared(process.address.clone()).expect("a uri");
    let channel = channel.connect().await.expect("connects");
    define(&channel).await;
    let mut orders = OrderServiceClient::new(channel.clone());
    orders.place_order(order("A", &[("SKU", 3)])).await.expect("placed");
    place_in_a_stream(&mut orders).await;
    let mut feed = FeedServiceClient::new(channel.clone());
    feed.update_consumer(consumer("erp", Some(1))).await.expect("put");
    // Disabled: nothing is sent anywhere.
    let mut webhook = endpoint("shop", "https://example.com/hooks", &[]);
    webhook.endpoint.as_mut().expect("an endpoint").disabled = true;
    let mut webhooks = WebhookServiceClient::new(channel.clone());
    webhooks.update_endpoint(webhook).await.expect("set");
    let mut admin = AdminServiceClient::new(channel.clone());
    admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    admin.run_audit(v1::RunAuditRequest {}).await.expect("audited");
    let applied = |samples: &BTreeMap<String, f64>| sum(samples, names::APPLIED_LSN);
    let behind = |samples: &BTreeMap<String, f64>| sum(samples, names::FEED_EVENTS_BEHIND);
    let is_told = |samples: &BTreeMap<String, f64>| {
        (applied(samples) - 4.0).abs() < 0.5 && (behind(samples) - 3.0).abs() < 0.5
    };
    let before = process.scrape_until(is_told).await;
    for metric in METRICS {
        let name = sample_name(metric.name, metric.kind);
        let there = before.keys().any(|k| *k == name || k.starts_with(&format!("{name}{{")));
        assert!(there, "no {name} in {before:#?}");
    }
    let is = |samples: &BTreeMap<String, f64>, name: &str, value: f64| {
        let found = sum(samples, name);
        assert!((found - value).abs() < 0.5, "{name} is {found} and not {value}");
    };
    for (name, value) in [
        (names::DURABLE_LSN, 4.0),
        (names::ORDERS, 1.0),
        (names::UNITS_PROMISED, 3.0),
        (names::PAIRS, 1.0),
        (names::ORDERS_IN_MEMORY, 1.0),
        (names::SNAPSHOT_LSN, 4.0),
        (names::JOURNAL_BYTES, f64::from(1 << 20)),
        (names::JOURNAL_HALTED, 0.0),
        (names::AUDIT_BREACHES, 0.0),
        (names::OVERLOADED, 0.0),
        (names::JOURNAL_FULL, 0.0),
        (names::FEED_PARKED, 0.0),
        (names::WEBHOOK_ATTEMPTS, 0.0),
        (names::WEBHOOK_EVENTS_WAITING, 0.0),
        (names::WEBHOOK_PARKED, 0.0),
        (names::CONNECTIONS, 1.0),
        (names::CONNECTIONS_REFUSED, 0.0),
        (names::SNAPSHOTS_FAILED, 0.0),
        (names::STREAM_RESULTS, 2.0),
        ("backstock_snapshot_seconds_count", 1.0),
    ] {
        is(&before, name, value);
    }
    // A refusal in a stream is no success.
    let of_stream = |name: &str, code: &str| {
        let labels = format!("method=\"backstock.v1.OrderService/PlaceOrders\",code=\"{code}\"");
        before[&format!("{name}{{{labels}}}")]
    };
    for (name, code) in [
        (names::STREAM_RESULTS, "Ok"),
        (names::STREAM_RESULTS, "NotFound"),
        (names::REQUESTS, "Ok"),
    ] {
        assert!((of_stream(name, code) - 1.0).abs() < 0.5, "{name} {code}");
    }
    let syncs = sum(&before, "backstock_journal_sync_seconds_count");
    assert!((1.0..=4.0).contains(&syncs), "{syncs} syncs of four events");

    // A repeat promises nothing anew; another order does.
    orders.place_order(order("A", &[("SKU", 3)])).await.expect("known");
    orders.place_order(order("B", &[("SKU", 2)])).await.expect("placed");
    let after = process.scrape_until(|samples| applied(samples) > 4.5).await;
    is(&after, names::DURABLE_LSN, 5.0);
    is(&after, names::ORDERS, 2.0);
    is(&after, names::UNITS_PROMISED, 5.0);
    is(&after, names::ORDERS_IN_MEMORY, 2.0);
    let requests = |samples| sum(samples, names::REQUESTS);
    assert!(requests(&after) > requests(&before) + 1.5);
    assert!(sum(&after, "backstock_journal_sync_seconds_count") > syncs + 0.5);
}
