//! Answers to orders and about availability are written by hand, and orders read in
//! place: every byte is as the generated code would have it.

use std::time::{Duration, SystemTime};

use backstock_proto::v1::{self, PlaceOrdersRequest, PlaceOrdersResponse};
use backstock_proto::{Codec, Encoded};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream;
use tonic::transport::Channel;
use tonic::{Code, Request};

use super::server::{TestServer, announcement, node, order, waiting_order};

const PLACE_ORDER: &str = "/backstock.v1.OrderService/PlaceOrder";
const PLACE_ORDERS: &str = "/backstock.v1.OrderService/PlaceOrders";

async fn ready(channel: &Channel) -> Grpc<Channel> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("connected");
    grpc
}

/// Places an order, and checks the bytes of the answer.
async fn place(channel: &Channel, order: v1::PlaceOrderRequest) -> v1::PlaceOrderResponse {
    let codec = Codec::<_, Encoded<v1::PlaceOrderResponse>>::default();
    let path = PathAndQuery::from_static(PLACE_ORDER);
    let answer = ready(channel).await.unary(Request::new(order), path, codec).await;
    let answer: Encoded<v1::PlaceOrderResponse> = answer.expect("answered").into_inner();
    let message = answer.decode().expect("an answer");
    assert_eq!(answer.into_bytes(), Encoded::from(message.clone()).into_bytes(), "{message:?}");
    message
}

/// Sends orders in one request of a stream, and checks the bytes of the reply.
async fn place_all(channel: &Channel, orders: Vec<v1::PlaceOrderRequest>) -> PlaceOrdersResponse {
    let codec = Codec::<_, Encoded<PlaceOrdersResponse>>::default();
    let path = PathAndQuery::from_static(PLACE_ORDERS);
    let requests = Request::new(tokio_stream::iter([PlaceOrdersRequest { orders }]));
    let replies = ready(channel).await.streaming(requests, path, codec).await;
    let reply = replies.expect("a stream").into_inner().message().await.expect("a reply");
    let reply: Encoded<PlaceOrdersResponse> = reply.expect("one reply");
    let message = reply.decode().expect("a reply");
    assert_eq!(reply.into_bytes(), Encoded::from(message.clone()).into_bytes(), "{message:?}");
    message
}

fn outcome(result: &v1::PlaceOrdersResult) -> v1::OrderOutcome {
    match result.result.as_ref().expect("one of both") {
        v1::place_orders_result::Result::Response(response) => response.outcome(),
        v1::place_orders_result::Result::Fault(_) => v1::OrderOutcome::Unspecified,
    }
}

/// A day within the policy's horizon.
fn in_ten_days() -> v1::Date {
    let at = SystemTime::now() + Duration::from_hours(240);
    let text = prost_types::Timestamp::from(at).to_string();
    let numbers: Vec<i32> =
        text.split(['-', 'T']).take(3).map(|part| part.parse().expect("a number")).collect();
    v1::Date { year: numbers[0], month: numbers[1], day: numbers[2] }
}

/// A SKU as long as one may be.
fn long_sku(no: usize) -> String {
    format!("{no:064}")
}

/// Orders of every outcome, and one whose answer is kilobytes long.
fn orders() -> Vec<v1::PlaceOrderRequest> {
    let partial = v1::PlaceOrderRequest {
        shortage_policy: v1::ShortagePolicy::Partial.into(),
        ..order("PARTIAL", &[("SKU", 1), ("RARE", 3)])
    };
    let skus: Vec<String> = (0..40).map(long_sku).collect();
    let long: Vec<(&str, u32)> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
    vec![
        order("ALLOCATED", &[("SKU", 3)]),
        waiting_order("MIXED", &[("SKU", 1), ("COMING", 4), ("RARE", 200), ("SKU", 1)]),
        waiting_order("WAITS", &[("RARE", 500_000)]),
        order("REJECTED", &[("SKU", 1), ("SKU", 1), ("RARE", 2)]),
        partial,
        order(&"L".repeat(64), &long),
    ]
}

async fn stocked(server: &mut TestServer) {
    server.stock().await;
    server.define_node(node("BOS", "02116")).await;
    server.define_item("COMING").await;
    let mut announced = announcement("COMING", "PO-1", 100);
    announced.inbound.as_mut().expect("an announcement").eta = Some(in_ten_days());
    server.inventory.announce_inbound(announced).await.expect("announced");
    for no in 0..40 {
        server.define_item(&long_sku(no)).await;
        let at = if no % 2 == 0 { "NYC" } else { "BOS" };
        server.set_stock(&long_sku(no), at, 10).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_orders_are_what_the_generated_code_encodes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::start(directory.path()).await;
    stocked(&mut server).await;
    let mut told = Vec::new();
    for order in orders() {
        let quote = v1::PlaceOrderRequest { validate_only: true, ..order.clone() };
        let quoted = place(&server.channel, quote).await;
        let placed = place(&server.channel, order).await;
        assert_eq!(v1::PlaceOrderResponse { version: placed.version, ..quoted }, placed);
        told.push(placed);
    }
    let outcomes: Vec<_> = told.iter().map(v1::PlaceOrderResponse::outcome).collect();
    let expected = [
        v1::OrderOutcome::Allocated,
        v1::OrderOutcome::PartiallyAllocated,
        v1::OrderOutcome::Backordered,
        v1::OrderOutcome::Rejected,
        v1::OrderOutcome::PartiallyAllocated,
        v1::OrderOutcome::Allocated,
    ];
    assert_eq!(outcomes, expected);
    let supplies = told[1].shipments.iter().flat_map(|shipment| &shipment.lines);
    let ids: Vec<_> = supplies.filter_map(|line| line.supply.as_ref()).collect();
    assert!(ids.iter().any(|supply| supply.inbound_id == "PO-1"), "{ids:?}");
    assert_eq!(told[5].shipments.len(), 2);
    assert!(told[0].promised_by.is_some() && told[1].promised_by.is_none());
    assert_eq!(told[1].skus, ["SKU", "COMING", "RARE"]);

    // The same again, with a fault and a quote among them.
    let mut again = orders();
    again.push(v1::PlaceOrderRequest::default());
    again.push(v1::PlaceOrderRequest { validate_only: true, ..order("Q", &[("SKU", 1)]) });
    let reply = place_all(&server.channel, again).await;
    let outcomes: Vec<_> = reply.results.iter().map(outcome).collect();
    assert_eq!(outcomes[..6], expected);
    assert_eq!(outcomes[6..], [v1::OrderOutcome::Unspecified, v1::OrderOutcome::Allocated]);
    server.stop().await.expect("drained");
}

/// What is no message ends a stream, and nothing of it is placed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_orders_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let mut bytes: Vec<u8> =
        Encoded::from(PlaceOrdersRequest { orders: vec![order("A", &[("SKU", 1)])] })
            .into_bytes()
            .into();
    bytes.extend([0x0a, 0x7f]);
    let codec = Codec::<_, Encoded<PlaceOrdersResponse>>::default();
    let requests = tokio_stream::iter([Encoded::<PlaceOrdersRequest>::new(bytes)]);
    let path = PathAndQuery::from_static(PLACE_ORDERS);
    let replies = ready(&server.channel).await.streaming(Request::new(requests), path, codec).await;
    let ended = replies.expect("a stream").into_inner().message().await.expect_err("it ends");
    assert_eq!(ended.code(), Code::Internal);

    let codec = Codec::<_, Encoded<v1::PlaceOrderResponse>>::default();
    let path = PathAndQuery::from_static(PLACE_ORDER);
    let request = Request::new(Encoded::<v1::PlaceOrderRequest>::new(vec![0x0a, 0x7f]));
    let refused = ready(&server.channel).await.unary(request, path, codec).await;
    assert_eq!(refused.map(drop).expect_err("refused").code(), Code::Internal);
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

const AVAILABILITY: &str = "/backstock.v1.InventoryService/GetAvailability";
const AVAILABILITIES: &str = "/backstock.v1.InventoryService/BatchGetAvailability";

/// What is not there, and what cannot be.
fn at_fault() -> [String; 3] {
    ["NONE".into(), String::new(), "x".repeat(300)]
}

/// Asks, and checks the bytes of the answer.
macro_rules! asked {
    ($channel:expr, $path:expr, $question:expr => $answer:ty) => {{
        let codec = Codec::<_, Encoded<$answer>>::default();
        let path = PathAndQuery::from_static($path);
        let answer = ready($channel).await.unary(Request::new($question), path, codec).await;
        let answer: Encoded<$answer> = answer.expect("answered").into_inner();
        let message = answer.decode().expect("an answer");
        assert_eq!(answer.into_bytes(), Encoded::from(message.clone()).into_bytes(), "{message:?}");
        message
    }};
}

/// A supplier that always has enough of `RARE`, and `SKU` with less than was promised.
async fn unusual(server: &mut TestServer) {
    let kind = v1::NodeKind::Supplier.into();
    server.define_node(v1::Node { kind, ..node("VENDOR", "60601") }).await;
    let amount = Some(v1::vendor_feed::Amount::Unlimited(true));
    let vendor_feed = Some(v1::VendorFeed { amount, as_of: None });
    let set = v1::SetStockRequest {
        sku: "RARE".into(),
        node_id: "VENDOR".into(),
        level: Some(v1::StockLevel { vendor_feed, ..Default::default() }),
        ..Default::default()
    };
    server.inventory.set_stock(set).await.expect("set");
    place(&server.channel, order("ALL", &[("SKU", 5)])).await;
    let count = v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(2),
        ..Default::default()
    };
    server.inventory.count_stock(count).await.expect("counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_about_availability_are_what_the_generated_code_encodes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::start(directory.path()).await;
    stocked(&mut server).await;
    unusual(&mut server).await;
    let skus: Vec<String> = ["SKU", "RARE", "COMING"].map(String::from).into();
    let ask = v1::BatchGetAvailabilityRequest {
        skus: skus.iter().cloned().chain((0..40).map(long_sku)).chain(at_fault()).collect(),
        at: Some(v1::Date { year: 2100, month: 1, day: 2 }),
        quantity: 8,
        ..Default::default()
    };
    let all = asked!(&server.channel, AVAILABILITIES, ask => v1::BatchGetAvailabilityResponse);
    let [sku, rare, coming] = &all.availabilities[..3] else { panic!("an answer for each") };
    assert_eq!(sku.nodes.iter().map(|node| node.free_now).min(), Some(-3));
    assert!(rare.unlimited && rare.nodes.iter().any(|node| node.unlimited));
    assert!(coming.nodes.iter().any(|node| node.next_inbound_eta.is_some()));
    assert_eq!((coming.atp_now, coming.atp_at), (0, 100));
    assert_eq!(all.availabilities[3..].iter().filter(|of| of.atp_now == 10).count(), 40);
    assert_eq!(all.faults.iter().map(|of| of.sku_index).collect::<Vec<_>>(), [43, 44, 45]);
    for sku in skus {
        let ask = v1::GetAvailabilityRequest { sku, ..Default::default() };
        let one = asked!(&server.channel, AVAILABILITY, ask => v1::GetAvailabilityResponse);
        assert!(one.availability.is_some() && one.version > 0);
    }
    let (sku, curve) = ("COMING".into(), true);
    let ask = v1::GetAvailabilityRequest { sku, curve, quantity: 8, ..Default::default() };
    let one = asked!(&server.channel, AVAILABILITY, ask => v1::GetAvailabilityResponse);
    let coming = one.availability.expect("the item");
    let [step] = &coming.steps[..] else { panic!("one supply: {coming:?}") };
    assert_eq!((step.quantity, step.atp, step.date), (100, 100, coming.earliest_date));
    assert_eq!(coming.nodes[0].steps, coming.steps);
    server.stop().await.expect("drained");
}
