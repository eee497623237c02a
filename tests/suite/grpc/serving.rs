//! The server itself: health, reflection, status, feeds, shutdown.

use std::time::{Duration, Instant};

use backstock::cli::Exit;
use backstock::config::Config;
use backstock::serve::{self, ServeError};
use backstock_engine::command::PlaceOrder;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::model::Shortage;
use backstock_engine::snapshot;
use backstock_proto::v1;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_tests::fixture;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::{self, wrappers::ReceiverStream};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_types::StatusExt;

use super::server::{LONG, TestServer, configuration, order, waiting_order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_reflection_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "backstock.v1.OrderService"] {
        let request = HealthCheckRequest { service: service.into() };
        let answer = health.check(request).await.expect("healthy").into_inner();
        assert_eq!(answer.status, 1, "serving");
    }
    let mut reflection = ServerReflectionClient::new(server.channel.clone());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = reflection.server_reflection_info(tokio_stream::iter([request])).await;
    let mut answers = answers.expect("a stream").into_inner();
    let answer = answers.message().await.expect("an answer").expect("one answer");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["backstock.v1.OrderService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
    drop((health, reflection, answers));
    server.stop().await.expect("drained");
}

/// What many clients still speak; and all that an answer may carry is described.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reflection_of_the_older_version_describes_the_details_of_errors() {
    use tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1alpha::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1alpha::{ServerReflectionRequest, ServerReflectionResponse};

    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let mut reflection = ServerReflectionClient::new(server.channel.clone());
    let symbols = [
        MessageRequest::FileContainingSymbol("backstock.v1.OrderService".into()),
        MessageRequest::FileContainingSymbol("google.rpc.ErrorInfo".into()),
        MessageRequest::FileContainingSymbol("google.rpc.RetryInfo".into()),
        MessageRequest::FileContainingSymbol("google.rpc.Status".into()),
        // What those import.
        MessageRequest::FileByFilename("google/protobuf/duration.proto".into()),
        MessageRequest::FileByFilename("google/protobuf/any.proto".into()),
    ];
    let count = symbols.len();
    let requests = symbols.map(|symbol| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(symbol),
    });
    let answers = reflection.server_reflection_info(tokio_stream::iter(requests)).await;
    let mut answers = answers.expect("a stream").into_inner();
    for _ in 0..count {
        let answer = answers.message().await.expect("an answer").expect("one for each");
        let ServerReflectionResponse { message_response, original_request, .. } = answer;
        let Some(MessageResponse::FileDescriptorResponse(file)) = message_response else {
            panic!("{original_request:?}: {message_response:?}");
        };
        assert!(!file.file_descriptor_proto.is_empty());
    }
    drop((reflection, answers));
    server.stop().await.expect("drained");
}

async fn until_health(server: &TestServer, service: &str, wanted: i32) {
    let mut health = HealthClient::new(server.channel.clone());
    let deadline = Instant::now() + LONG;
    loop {
        let request = HealthCheckRequest { service: service.into() };
        let status = health.check(request).await.expect("an answer").into_inner().status;
        if status == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{service}: {status}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Balancers send no command to a server that takes none: it sees by itself when there
/// is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_not_healthy_until_there_is_room_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk = SimulatedDisk::new();
    let mut server = TestServer::start_on(&disk, directory.path()).await;
    server.stock().await;
    until_health(&server, "", 1).await;
    disk.set_capacity(Some(disk.used()));
    let mut counted = 0;
    let status = loop {
        counted += 1;
        let count = v1::CountStockRequest {
            sku: "SKU".into(),
            node_id: "NYC".into(),
            counted: Some(counted),
            ..Default::default()
        };
        match server.inventory.count_stock(count).await {
            Ok(_) => assert!(counted < 10_000, "a segment has an end"),
            Err(status) => break status,
        }
    };
    assert_eq!(ending(&status), (Code::Unavailable, "DISK_FULL".into()));
    for service in ["", "backstock.v1.OrderService"] {
        until_health(&server, service, 2).await;
    }
    until_health(&server, "backstock.v1.AdminService", 1).await;
    assert!(server.engine.status().is_journal_full);
    disk.set_capacity(None);
    for service in ["", "backstock.v1.OrderService"] {
        until_health(&server, service, 1).await;
    }
    server.set_stock("SKU", "NYC", 10).await;
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_and_audit_say_what_there_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let status = server.admin.get_status(v1::GetStatusRequest {}).await.expect("a status");
    let status = status.into_inner();
    assert_eq!(status.state(), v1::ServerState::Serving);
    assert_eq!((status.items, status.nodes, status.orders), (2, 1, 1));
    assert_eq!(status.state_hash[..], server.state_hash().value().to_be_bytes());
    let audit = server.admin.run_audit(v1::RunAuditRequest {}).await.expect("an audit");
    let audit = audit.into_inner();
    assert_eq!((audit.breach_count, audit.orders_checked), (0, 1));
    server.stop().await.expect("drained");
}

/// A row of a feed that sets what is on hand at `NYC`.
fn level_row(sku: &str, on_hand: u64) -> v1::StockRow {
    let level = v1::StockLevel { on_hand: Some(on_hand), ..Default::default() };
    v1::StockRow {
        sku: sku.into(),
        node_id: "NYC".into(),
        change: Some(v1::stock_row::Change::Level(level)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_takes_the_good_rows_and_reports_the_bad_ones() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let row = level_row;
    let rows = vec![row("SKU", 1), row("NONE", 1), row("SKU", u64::MAX), row("SKU", 7)];
    let request = v1::LoadStockRequest { rows, request_id: "FEED-1".into() };
    let stream = tokio_stream::iter([request.clone(), request]);
    let mut replies = server.inventory.load_stock(stream).await.expect("a stream").into_inner();
    for _ in 0..2 {
        let reply = replies.message().await.expect("a reply").expect("one for each request");
        assert_eq!(reply.rows_applied, 2);
        let faults: Vec<_> = reply
            .faults
            .iter()
            .map(|row| (row.row_index, row.fault.as_ref().expect("a fault").reason.as_str()))
            .collect();
        assert_eq!(faults, [(1, "ITEM_NOT_FOUND"), (2, "INVALID_REQUEST")]);
    }
    assert_eq!(replies.message().await.expect("an end"), None);
    let get = v1::GetAvailabilityRequest { sku: "SKU".into(), ..Default::default() };
    let answer = server.inventory.get_availability(get).await.expect("read").into_inner();
    assert_eq!(answer.availability.expect("an availability").atp_now, 7, "the last row of a pair");
    server.stop().await.expect("drained");
}

/// A stream that only the server ends.
fn endless<T: Send + 'static>() -> (mpsc::Sender<T>, ReceiverStream<T>) {
    let (requests, stream) = mpsc::channel(64);
    (requests, ReceiverStream::new(stream))
}

/// The code and the reason of a stream's end.
fn ending(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    (status.code(), details.error_info().expect("a reason").reason.clone())
}

/// What has no answer was not taken: it may be sent elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_answers_the_orders_that_it_took_and_says_that_it_took_no_more() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (requests, stream) = endless();
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    for at in 0..40 {
        let orders = vec![waiting_order(&format!("{at}"), &[("SKU", 1)])];
        requests.send(v1::PlaceOrdersRequest { orders }).await.expect("sent");
    }
    assert!(replies.message().await.expect("a reply").is_some());
    // The stream stays open: only the server ends it.
    server.shutdown.drain();
    let mut answered = 1;
    let end = loop {
        let next = tokio::time::timeout(LONG, replies.message()).await.expect("the stream ends");
        match next {
            Ok(reply) => answered += reply.expect("not with success").results.len(),
            Err(status) => break status,
        }
    };
    assert_eq!(ending(&end), (Code::Unavailable, "DRAINING".into()));
    assert!(end.get_error_details().retry_info().is_some(), "{end:?}");
    assert_eq!(server.engine.status().orders, answered, "what was taken was answered");
    drop(replies);
    server.stop().await.expect("drained");
    drop(requests);
}

/// A quote takes its time, and a stream may have sent many: those that are not made when
/// the drain begins are told so, and none is left without an answer. Nothing is read before
/// that, so that the answer to the second request takes the room of the third.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_drain_each_quote_that_was_taken_is_answered_or_told_as_not_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    let names = server.define_long_names().await;
    let lines: Vec<_> = names.iter().map(|sku| (sku.as_str(), 1)).collect();
    // 32 of these are a mebibyte.
    let quote = |at: usize| v1::PlaceOrderRequest {
        validate_only: true,
        ..order(&format!("{at}"), &lines)
    };
    let quotes: Vec<_> = (0..32).map(quote).collect();
    let of = |orders: Vec<_>| v1::PlaceOrdersRequest { orders };
    let taken = waiting_order("TAKEN", &[("SKU", 1)]);
    let last = of([vec![taken], quotes.clone()].concat());
    let (requests, stream) = endless();
    let mut client = narrow(&server).await;
    let mut replies = client.place_orders(stream).await.expect("a stream").into_inner();
    for request in [of(quotes.clone()), of(quotes), last] {
        requests.send(request).await.expect("sent");
    }
    let deadline = Instant::now() + LONG;
    while server.engine.status().orders == 0 {
        assert!(Instant::now() < deadline, "the third request is not taken");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.shutdown.drain();
    let mut made = Vec::new();
    while let Ok(Some(reply)) = replies.message().await {
        made.push(reply.results.iter().map(is_quoted).collect::<Vec<_>>());
    }
    assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [32, 32, 33]);
    assert!(made[2][0], "the order is placed");
    // Which quotes were made before it drained is a matter of moments; after that, none is.
    let made = [&made[0][..], &made[1][..], &made[2][1..]].concat();
    assert!(made.is_sorted_by(|before, after| before >= after), "{made:?}");
    assert_eq!(made.last(), Some(&false), "no quote is made once it drains");
    drop((replies, client));
    server.stop().await.expect("drained");
}

/// Whether an order was answered; else the server drained.
fn is_quoted(result: &v1::PlaceOrdersResult) -> bool {
    match result.result.as_ref() {
        Some(v1::place_orders_result::Result::Response(_)) => true,
        Some(v1::place_orders_result::Result::Fault(fault)) => {
            assert_eq!(fault.reason, "DRAINING");
            false
        }
        None => panic!("{result:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_a_feed_behind_the_rows_that_it_took() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (requests, stream) = endless();
    let mut replies = server.inventory.load_stock(stream).await.expect("a stream").into_inner();
    let rows = vec![level_row("SKU", 5)];
    requests.send(v1::LoadStockRequest { rows, ..Default::default() }).await.expect("sent");
    let reply = replies.message().await.expect("a reply").expect("one");
    assert_eq!(reply.rows_applied, 1);
    server.shutdown.drain();
    let end = tokio::time::timeout(LONG, replies.message()).await.expect("the stream ends");
    assert_eq!(ending(&end.expect_err("an error")), (Code::Unavailable, "DRAINING".into()));
    drop(replies);
    server.stop().await.expect("drained");
    drop(requests);
}

/// A caller that has sent all, and has all answers, needs no other server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_its_caller_ended_ends_well_in_a_drain() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let request = v1::PlaceOrdersRequest { orders: vec![order("A", &[("SKU", 1)])] };
    let stream = tokio_stream::iter([request]);
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    assert!(replies.message().await.expect("a reply").is_some());
    server.shutdown.drain();
    assert_eq!(replies.message().await.expect("no error"), None);
    drop(replies);
    server.stop().await.expect("drained");
}

/// Load balancers watch for as long as they can: they are told, and let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_although_somebody_watches_health() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let mut health = HealthClient::new(server.channel.clone());
    let mut watches = Vec::new();
    for service in ["", "backstock.v1.OrderService", "backstock.v1.AdminService"] {
        let request = HealthCheckRequest { service: service.into() };
        let mut watch = health.watch(request).await.expect("a stream").into_inner();
        let first = watch.message().await.expect("an answer").expect("one at once");
        assert_eq!(first.status, 1, "serving");
        watches.push(watch);
    }
    drop(health);
    let began = Instant::now();
    server.stop().await.expect("drained");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for mut watch in watches {
        let last = watch.message().await.expect("an answer").expect("the last one");
        assert_eq!(last.status, 2, "not serving");
        assert_eq!(watch.message().await.expect("an end"), None);
    }
}

/// A connection whose streams take little before they are read.
async fn narrow(server: &TestServer) -> OrderServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("a uri");
    let endpoint = endpoint.initial_stream_window_size(Some(1 << 10));
    OrderServiceClient::new(endpoint.connect().await.expect("connects"))
}

/// What is let in is what the engine works on, and not what waits for its reader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_reads_keep_nobody_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { commands_in_flight_max: 64, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    server.stock().await;
    // More than fit the windows, the answers that wait, and what is let in.
    let (streams, orders_each) = (16, 60);
    let mut unread = Vec::new();
    for stream in 0..streams {
        let request = move |at| {
            let orders = vec![waiting_order(&format!("{stream}-{at}"), &[("SKU", 1)])];
            v1::PlaceOrdersRequest { orders }
        };
        let requests = tokio_stream::iter((0..orders_each).map(request));
        let mut client = narrow(&server).await;
        unread.push((client.place_orders(requests).await.expect("a stream"), client));
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.engine.status().orders < streams * orders_each {
        assert!(Instant::now() < deadline, "{} orders", server.engine.status().orders);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let single = server.orders.place_order(waiting_order("SINGLE", &[("SKU", 1)]));
    let placed = tokio::time::timeout(Duration::from_secs(1), single).await;
    placed.expect("it is answered soon").expect("placed");
    drop(unread);
    server.stop().await.expect("drained");
}

/// Orders that wait for room do not outlast a drain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_although_a_stream_finds_the_engine_overloaded() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { commands_in_flight_max: 1, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    server.stock().await;
    let mut wanted = fixture::order("HELD", &[("SKU", 1)], Shortage::Reject);
    wanted.destination = fixture::address("02116");
    let command = PlaceOrder { meta: fixture::meta(), placed_at: None, order: wanted };
    let held = server.engine.submit_order(command).await.expect("it is let in");
    let orders = (0..50).map(|at| order(&format!("{at}"), &[("SKU", 1)])).collect();
    let request = tokio_stream::iter([v1::PlaceOrdersRequest { orders }]);
    let mut replies = server.orders.place_orders(request).await.expect("a stream").into_inner();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    server.shutdown.drain();
    let reply = replies.message().await.expect("a reply").expect("one");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for result in reply.results {
        let Some(v1::place_orders_result::Result::Fault(fault)) = result.result else {
            panic!("{result:?}");
        };
        assert_eq!(fault.reason, "OVERLOADED");
    }
    drop(replies);
    held.acknowledged().await.expect("it is placed");
    server.stop().await.expect("drained");
}

/// The room that an order waits for may be that of its own request's first orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_more_orders_than_are_let_in_at_once_is_answered_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { commands_in_flight_max: 2, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    server.stock().await;
    let one = |at: u32| {
        let validate_only = at.is_multiple_of(3);
        v1::PlaceOrderRequest { validate_only, ..order(&format!("{at}"), &[("SKU", 1)]) }
    };
    // Two requests at a time: the second waits for room of the first.
    let of = |from: u32| v1::PlaceOrdersRequest { orders: (from..from + 9).map(one).collect() };
    let stream = tokio_stream::iter([of(0), of(9)]);
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    for first in [0, 9] {
        let reply = replies.message().await.expect("a reply").expect("one to each request");
        for (result, at) in reply.results.into_iter().zip(first..) {
            let Some(v1::place_orders_result::Result::Response(placed)) = result.result else {
                panic!("order {at}: {result:?}");
            };
            assert_eq!(placed.order_id, format!("{at}"), "in the order of the request");
        }
    }
    drop(replies);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_of_more_rows_than_are_let_in_at_once_goes_in_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config { commands_in_flight_max: 2, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    server.stock().await;
    let names: Vec<String> = (0..12).map(|at| format!("S{at}")).collect();
    for name in &names {
        server.define_item(name).await;
    }
    let rows = names.iter().map(|name| level_row(name, 5)).collect();
    let request = v1::LoadStockRequest { rows, ..Default::default() };
    let stream = tokio_stream::iter([request]);
    let mut replies = server.inventory.load_stock(stream).await.expect("a stream").into_inner();
    let reply = replies.message().await.expect("a reply").expect("one");
    assert_eq!((reply.rows_applied, reply.faults), (12, Vec::new()));
    drop(replies);
    server.stop().await.expect("drained");
}

/// The generations that a server has.
fn generations(server: &TestServer) -> Vec<u64> {
    let store = server.engine.snapshot_store().expect("a store");
    let listed = snapshot::list(&*store).expect("a list");
    listed.into_iter().map(|report| report.generation).collect()
}

async fn until_generation(server: &TestServer, wanted: u64) {
    let deadline = Instant::now() + LONG;
    while generations(server).first().is_none_or(|newest| *newest < wanted) {
        assert!(Instant::now() < deadline, "{:?}", generations(server));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_are_taken_when_they_are_due_and_something_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let interval = Some(Duration::from_millis(50));
    let config = Config { snapshot_interval: interval, ..configuration(directory.path()) };
    let mut server = TestServer::start_as(&config).await;
    server.stock().await;
    until_generation(&server, 1).await;
    // It may have been taken before all was stocked: then there is one more.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let settled = generations(&server);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(generations(&server), settled, "nothing changed since");
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    until_generation(&server, settled[0] + 1).await;
    server.stop().await.expect("drained");

    let by_size = Config {
        snapshot_interval: None,
        snapshot_journal_bytes: Some(1),
        ..configuration(directory.path())
    };
    let mut server = TestServer::start_as(&by_size).await;
    let newest = generations(&server)[0];
    server.orders.place_order(order("B", &[("SKU", 1)])).await.expect("placed");
    until_generation(&server, newest + 1).await;
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_has_its_own_exit_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let error = serve::listen(server.address.into()).await.expect_err("the port is in use");
    assert!(matches!(error, ServeError::Listen { .. }));
    assert_eq!(error.exit(), Exit::PortInUse);
    server.stop().await.expect("drained");
}
