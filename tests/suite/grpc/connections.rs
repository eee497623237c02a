//! Connections that do nothing, too many of them, and a process that may open few files.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backstock::config::Config;
use backstock_proto::v1::admin_service_client::AdminServiceClient;
use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::{Codec, v1};
use tokio::task::JoinSet;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::server::{LONG, TestServer, channel, configuration, order};

/// With what every HTTP/2 connection begins.
pub const GREETING: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The frame that follows it.
const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// Shorter than a drain may take, and longer than one of these does.
const SOON: Duration = Duration::from_secs(15);

/// Whether the other side hung up, within `wait`.
fn is_closed(stream: &TcpStream, wait: Duration) -> bool {
    stream.set_read_timeout(Some(wait)).expect("a timeout is set");
    let mut byte = [0; 256];
    loop {
        match (&*stream).read(&mut byte) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(_) => return true,
        }
    }
}

async fn drains_soon(server: TestServer) {
    let began = Instant::now();
    server.stop().await.expect("drained");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

/// A balancer's probe is one: it connects, and that is all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_says_nothing_does_not_keep_a_drain_from_ending() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let silent = TcpStream::connect(server.address).expect("it listens");
    drains_soon(server).await;
    assert!(is_closed(&silent, LONG));
}

/// A frame with the headers of a call, and no word on the end of its request.
fn call_without_end(path: &str) -> Vec<u8> {
    let literal = |name: &[u8], value: &str| {
        let length = u8::try_from(value.len()).expect("a short text");
        [name, &[length], value.as_bytes()].concat()
    };
    // Names and the first two values are by number in HPACK's table.
    let headers = [
        vec![0x83, 0x86],
        literal(&[0x04], path),
        literal(&[0x01], "localhost"),
        literal(&[0x0f, 0x10], "application/grpc"),
    ]
    .concat();
    let length = u8::try_from(headers.len()).expect("short headers");
    // Their end, and not that of the stream 1.
    [&[0, 0, length, 1, 4, 0, 0, 0, 1], &headers[..]].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_an_end_does_not_keep_a_drain_from_ending() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let mut half = TcpStream::connect(server.address).expect("it listens");
    half.write_all(GREETING).expect("sent");
    half.write_all(&EMPTY_SETTINGS).expect("sent");
    half.write_all(&call_without_end("/grpc.health.v1.Health/Check")).expect("sent");
    assert!(!is_closed(&half, Duration::from_millis(200)));
    drains_soon(server).await;
    assert!(is_closed(&half, LONG));
}

/// Sends a byte of the request of stream 1 every now and then until the server hangs up.
fn trickle(mut connection: TcpStream) {
    std::thread::spawn(move || {
        let piece = [0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
        while connection.write_all(&piece).is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_byte_by_byte_does_not_keep_a_drain_from_ending() {
    let directory = tempfile::tempdir().expect("a directory");
    // More than is soon, and half of it is less.
    let drain_max = Duration::from_secs(16);
    let config = Config { drain_max, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let mut slow = TcpStream::connect(server.address).expect("it listens");
    slow.write_all(GREETING).expect("sent");
    slow.write_all(&EMPTY_SETTINGS).expect("sent");
    slow.write_all(&call_without_end("/backstock.v1.OrderService/PlaceOrder")).expect("sent");
    trickle(slow.try_clone().expect("a handle"));
    assert!(!is_closed(&slow, Duration::from_millis(200)));
    let frames = std::thread::spawn(move || frames_until_closed(&mut slow));
    drains_soon(server).await;
    let frames = frames.join().expect("no panic");
    assert!(frames.iter().any(|frame| frame.kind == HEADERS), "it is not answered: {frames:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_greets_and_does_no_more_does_not_keep_a_drain_from_ending() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let mut greeting = TcpStream::connect(server.address).expect("it listens");
    greeting.write_all(GREETING).expect("sent");
    drains_soon(server).await;
    assert!(is_closed(&greeting, LONG));
}

/// Asks over a connection of its own.
async fn asked_anew(server: SocketAddr) -> Result<(), Status> {
    let endpoint = Endpoint::from_shared(format!("http://{server}")).expect("an address");
    let mut catalog = CatalogServiceClient::new(endpoint.connect_lazy());
    catalog.list_nodes(v1::ListNodesRequest::default()).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_too_many_is_closed_and_one_that_goes_makes_room() {
    let directory = tempfile::tempdir().expect("a directory");
    // One of them is the client's.
    let config = Config { connections_max: 2, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let kept = TcpStream::connect(server.address).expect("it listens");
    assert!(!is_closed(&kept, Duration::from_millis(100)));
    let refused = TcpStream::connect(server.address).expect("it listens");
    assert!(is_closed(&refused, LONG));
    drop(kept);
    let deadline = Instant::now() + LONG;
    // The one that has gone is noticed soon, and not at once.
    while asked_anew(server.address).await.is_err() {
        assert!(Instant::now() < deadline, "there is no room again");
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_asks_for_nothing_is_closed_and_one_with_a_stream_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let idle = Duration::from_secs(1);
    let config = Config { connection_idle_max: idle, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    let (requests, stream) = tokio::sync::mpsc::channel(1);
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    let began = Instant::now();
    let mut asks_nothing = TcpStream::connect(server.address).expect("it listens");
    asks_nothing.write_all(GREETING).expect("sent");
    asks_nothing.write_all(&EMPTY_SETTINGS).expect("sent");
    assert!(is_closed(&asks_nothing, LONG));
    // Sooner than one that never speaks.
    assert!((idle..Duration::from_secs(9)).contains(&began.elapsed()), "{:?}", began.elapsed());
    let orders = vec![order("A", &[("NONE", 1)])];
    requests.send(v1::PlaceOrdersRequest { orders }).await.expect("sent");
    assert!(replies.message().await.expect("the stream is open").is_some());
    drop((requests, replies));
    server.stop().await.expect("drained");
}

/// The kind of a frame with headers.
const HEADERS: u8 = 1;

/// The flag of the last frame of a stream.
const END_STREAM: u8 = 1;

/// A frame of HTTP/2.
#[derive(Debug, PartialEq)]
struct Frame {
    kind: u8,
    flags: u8,
    content: Vec<u8>,
}

/// All frames that come until the other side hangs up.
fn frames_until_closed(stream: &mut TcpStream) -> Vec<Frame> {
    stream.set_read_timeout(Some(LONG)).expect("a timeout is set");
    let mut bytes = Vec::new();
    let closed = stream.read_to_end(&mut bytes);
    let is_reset = |error: &Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(closed.as_ref().err().is_none_or(is_reset), "it is not closed in time: {closed:?}");
    let (mut rest, mut frames) = (&bytes[..], Vec::new());
    while let Some((head, behind)) = rest.split_at_checked(9) {
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let (content, behind) = behind.split_at(length);
        frames.push(Frame { kind: head[3], flags: head[4], content: content.to_vec() });
        rest = behind;
    }
    frames
}

/// A caller that sends a request just then mostly knows that it was not taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_asks_for_nothing_is_told_before_it_is_closed() {
    const GO_AWAY: u8 = 7;
    let directory = tempfile::tempdir().expect("a directory");
    let idle = Duration::from_secs(1);
    let config = Config { connection_idle_max: idle, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let mut asks_nothing = TcpStream::connect(server.address).expect("it listens");
    asks_nothing.write_all(GREETING).expect("sent");
    asks_nothing.write_all(&EMPTY_SETTINGS).expect("sent");
    let frames = frames_until_closed(&mut asks_nothing);
    // The last stream that was taken, and no error.
    let farewell = Frame { kind: GO_AWAY, flags: 0, content: vec![0; 8] };
    assert_eq!(frames.last(), Some(&farewell), "{frames:?}");
    server.stop().await.expect("drained");
}

/// It would be taken for the rest of a request that is on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_not_told_of_its_end_in_the_middle_of_a_request() {
    let directory = tempfile::tempdir().expect("a directory");
    let idle = Duration::from_secs(1);
    let config = Config { connection_idle_max: idle, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let mut asks = TcpStream::connect(server.address).expect("it listens");
    asks.write_all(GREETING).expect("sent");
    asks.write_all(&EMPTY_SETTINGS).expect("sent");
    asks.write_all(&call_without_end("/backstock.v1.OrderService/GetOrder")).expect("sent");
    // The last message, less the 17 bytes that a farewell has.
    let message = [0, 0, 22, 0, END_STREAM, 0, 0, 0, 1, 0, 0, 0, 0, 17];
    asks.write_all(&message).expect("sent");
    let frames = frames_until_closed(&mut asks);
    assert!(frames.iter().all(|frame| frame.kind != HEADERS), "it is answered: {frames:?}");
    server.stop().await.expect("drained");
}

/// Clients look for the status of a refusal in the headers that end its stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_ends_with_its_headers() {
    let directory = tempfile::tempdir().expect("a directory");
    let idle = Duration::from_secs(1);
    let config = Config { connection_idle_max: idle, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let mut asks = TcpStream::connect(server.address).expect("it listens");
    asks.write_all(GREETING).expect("sent");
    asks.write_all(&EMPTY_SETTINGS).expect("sent");
    asks.write_all(&call_without_end("/backstock.v1.OrderService/GetOrder")).expect("sent");
    // An empty message, with which the stream 1 ends: no order is named.
    asks.write_all(&[0, 0, 5, 0, END_STREAM, 0, 0, 0, 1, 0, 0, 0, 0, 0]).expect("sent");
    let frames = frames_until_closed(&mut asks);
    let headers = frames.iter().filter(|frame| frame.kind == HEADERS);
    let ends: Vec<_> = headers.map(|frame| frame.flags & END_STREAM).collect();
    assert_eq!(ends, [END_STREAM], "{frames:?}");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_watches_health_is_in_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let idle = Duration::from_secs(1);
    let config = Config { connection_idle_max: idle, ..configuration(directory.path()) };
    let server = TestServer::start_as(&config).await;
    let mut health = HealthClient::new(channel(server.address).await);
    let request = HealthCheckRequest { service: String::new() };
    let mut watch = health.watch(request).await.expect("a watch").into_inner();
    assert_eq!(watch.message().await.expect("an answer").expect("one").status, 1, "serving");
    tokio::time::sleep(3 * idle).await;
    server.shutdown.drain();
    assert_eq!(watch.message().await.expect("an answer").expect("one").status, 2, "not serving");
    drop((watch, health));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_are_bounded_and_the_server_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut request = Request::new(order("A", &[("SKU", 1)]));
    let long = "x".repeat(64 << 10).parse().expect("ascii");
    request.metadata_mut().insert("token", long);
    server.orders.place_order(request).await.expect_err("it is refused");
    assert_eq!(server.engine.status().orders, 0);
    let other = channel(server.address).await;
    let mut orders = OrderServiceClient::new(other);
    orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    drop(orders);
    server.stop().await.expect("drained");
}

/// An unread answer is in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_many_bytes_of_answers_unread_gets_no_more_until_he_reads() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let skus = server.define_long_names().await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("a uri");
    let endpoint = endpoint.initial_stream_window_size(Some(1 << 10));
    let channel = endpoint.connect().await.expect("connects");
    let request = v1::BatchGetAvailabilityRequest { skus: skus.clone(), ..Default::default() };
    // 120 of these are what may be left.
    let mut unread = JoinSet::new();
    for _ in 0..300 {
        unread.spawn(begin_answer(channel.clone(), request.clone()));
    }
    let mut same = AdminServiceClient::new(channel.clone());
    let mut asked = async || {
        let status = same.get_status(v1::GetStatusRequest {});
        // Longer than all of them take to be made.
        tokio::time::timeout(Duration::from_secs(2), status).await
    };
    let deadline = Instant::now() + SOON;
    while asked().await.is_ok() {
        assert!(Instant::now() < deadline, "all is answered");
    }
    server.admin.get_status(v1::GetStatusRequest {}).await.expect("others are answered");
    while let Some(answer) = unread.join_next().await {
        let mut answer = answer.expect("no panic").expect("answered");
        let answer = answer.message().await.expect("read").expect("one message");
        assert_eq!(answer.availabilities.len(), skus.len());
    }
    asked().await.expect("there is room").expect("a status");
    drop((same, channel));
    server.stop().await.expect("drained");
}

/// The answer to a request, as far as its headers: what follows is not read yet.
async fn begin_answer(
    channel: Channel,
    request: v1::BatchGetAvailabilityRequest,
) -> Result<Streaming<v1::BatchGetAvailabilityResponse>, Status> {
    let path = PathAndQuery::from_static("/backstock.v1.InventoryService/BatchGetAvailability");
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("the connection lives");
    let answer = client.server_streaming(Request::new(request), path, Codec::default()).await?;
    Ok(answer.into_inner())
}

/// A server that may open few files. Killed when it is dropped.
struct FewFiles(Child, SocketAddr);

impl FewFiles {
    fn start(data: &std::path::Path, files: u32) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_backstock-under-test"))
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"])
            .args(["--journal-segment-bytes", "1048576", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        let address = line.trim().strip_prefix("listening on ").expect("an address");
        Self(child, address.parse().expect("an address"))
    }
}

impl Drop for FewFiles {
    fn drop(&mut self) {
        // It has nothing to keep; that it is gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Defines items until the journal has gone through a segment of a mebibyte.
async fn fill_segment(catalog: &CatalogServiceClient<Channel>) {
    let mut defining = JoinSet::new();
    for at in 0..4_500 {
        let (mut catalog, sku) = (catalog.clone(), format!("{at}"));
        let item = Some(v1::Item { sku, title: "x".repeat(256), ..Default::default() });
        let update = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
        defining.spawn(async move { catalog.update_item(update).await });
    }
    while let Some(defined) = defining.join_next().await {
        defined.expect("no panic").expect("the engine goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_leave_the_files_that_the_journal_needs() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = FewFiles::start(directory.path(), 128);
    let channel = channel(server.1).await;
    let catalog = CatalogServiceClient::new(channel.clone());
    let flood: Vec<_> = (0..300).filter_map(|_| TcpStream::connect(server.1).ok()).collect();
    assert!(flood.len() > 128, "only {} connections", flood.len());
    fill_segment(&catalog).await;
    assert_eq!(server.0.try_wait().expect("it is ours"), None, "it runs");
    let journal = std::fs::read_dir(directory.path().join("journal")).expect("a journal");
    assert!(journal.count() > 2, "the journal needed files meanwhile");
}
