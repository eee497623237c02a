//! The server itself: health, reflection, status, feeds, shutdown.

use backstock::cli::Exit;
use backstock::serve::{self, ServeError};
use backstock_proto::v1;
use tonic::codegen::tokio_stream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::server::{LONG, TestServer, order};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_takes_the_good_rows_and_reports_the_bad_ones() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let row = |sku: &str, on_hand: u64| v1::StockRow {
        sku: sku.into(),
        node_id: "NYC".into(),
        change: Some(v1::stock_row::Change::Level(v1::StockLevel {
            on_hand: Some(on_hand),
            ..Default::default()
        })),
    };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_answers_what_was_sent_and_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (requests, stream) = tokio::sync::mpsc::channel(4);
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    let first = v1::PlaceOrdersRequest { orders: vec![order("A", &[("SKU", 1)])] };
    requests.send(first).await.expect("sent");
    assert!(replies.message().await.expect("a reply").is_some());
    // The stream stays open: only the server ends it.
    server.shutdown.drain();
    let ended = tokio::time::timeout(LONG, replies.message()).await.expect("the stream ends");
    assert_eq!(ended.expect("without an error"), None);
    drop(replies);
    server.stop().await.expect("drained");
    drop(requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_has_its_own_exit_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start(directory.path()).await;
    let error = serve::listen(server.address).await.expect_err("the port is in use");
    assert!(matches!(error, ServeError::Listen { .. }));
    assert_eq!(error.exit(), Exit::PortInUse);
    server.stop().await.expect("drained");
}
