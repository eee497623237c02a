//! Every way to be refused: the right code, reason and fields, and nothing
//! changed.

use backstock_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::server::{TestServer, order};

/// What a caller reads of a refusal: code, reason, fields in order.
fn told(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let reason = details.error_info().expect("a reason");
    assert_eq!(reason.domain, "backstock");
    let fields = details.bad_request().map(|bad| bad.field_violations.clone());
    let fields = fields.unwrap_or_default().into_iter().map(|v| v.field).collect();
    (status.code(), reason.reason.clone(), fields)
}

fn invalid(fields: &[&str]) -> (Code, String, Vec<String>) {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    (Code::InvalidArgument, "INVALID_REQUEST".into(), fields)
}

fn refused(code: Code, reason: &str) -> (Code, String, Vec<String>) {
    (code, reason.into(), Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_cannot_be_taken_name_every_field_and_change_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let with = |change: fn(&mut v1::PlaceOrderRequest)| {
        let mut request = order("A", &[("SKU", 1)]);
        change(&mut request);
        request
    };
    let past = Some(v1::Date { year: 2001, month: 2, day: 3 });
    let cases = [
        (with(|o| o.lines[0].sku = "NONE".into()), refused(Code::NotFound, "ITEM_NOT_FOUND")),
        (with(|o| o.lines[0].quantity = 0), invalid(&["lines[0].quantity"])),
        (with(|o| o.lines[0].quantity = u32::MAX), invalid(&["lines[0].quantity"])),
        (with(|o| o.lines.clear()), invalid(&["lines"])),
        (with(|o| o.lines = vec![o.lines[0].clone(); 10_000]), invalid(&["lines"])),
        (with(|o| o.order_id.clear()), invalid(&["order_id"])),
        (with(|o| o.order_id = "a\nb".into()), invalid(&["order_id"])),
        (with(|o| o.order_id = "x".repeat(65)), invalid(&["order_id"])),
        (
            with(|o| o.destination_postal_code = "00000".into()),
            invalid(&["destination_postal_code"]),
        ),
        // Of Berlin, and of Manhattan where the request names no country.
        (
            with(|o| {
                o.destination_postal_code = "10115".into();
                o.destination_country_code = "DE".into();
            }),
            invalid(&["destination_country_code"]),
        ),
        (
            with(|o| o.destination_country_code = "USA".into()),
            invalid(&["destination_country_code"]),
        ),
        (with(|o| o.service = "by owl".into()), invalid(&["service"])),
        (
            with(|o| {
                o.destination_postal_code = "00000".into();
                o.service = "by owl".into();
                o.lines.push(v1::PlaceOrderLine { sku: "NONE".into(), quantity: 1 });
                o.lines.push(v1::PlaceOrderLine { sku: "NEITHER".into(), quantity: 1 });
            }),
            invalid(&["destination_postal_code", "service", "lines[1].sku", "lines[2].sku"]),
        ),
        (with(|o| o.shortage_policy = 99), invalid(&["shortage_policy"])),
        (v1::PlaceOrderRequest { wanted_by: past, ..with(|_| ()) }, invalid(&["wanted_by"])),
        (with(|o| o.placed_time = Some(prost_timestamp(0))), invalid(&["placed_time"])),
        (
            with(|o| {
                o.order_id.clear();
                o.destination_postal_code.clear();
                o.lines.push(v1::PlaceOrderLine { sku: String::new(), quantity: 0 });
            }),
            invalid(&["order_id", "destination_postal_code", "lines[1].quantity", "lines[1].sku"]),
        ),
    ];
    let before = server.state_hash();
    for (request, expected) in cases {
        for validate_only in [false, true] {
            let request = v1::PlaceOrderRequest { validate_only, ..request.clone() };
            let status = server.orders.place_order(request).await.expect_err("refused");
            assert_eq!(told(&status), expected, "{status:?}");
        }
    }
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

/// An instant so many seconds after 1970 began.
fn prost_timestamp(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_exist_is_not_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let stock = |sku: &str, node: &str| v1::GetStockRequest {
        sku: sku.into(),
        node_id: node.into(),
        min_version: 0,
    };
    let status = server.inventory.get_stock(stock("NONE", "NYC")).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "ITEM_NOT_FOUND"));
    let status = server.inventory.get_stock(stock("SKU", "NONE")).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "NODE_NOT_FOUND"));

    let get = v1::GetOrderRequest { order_id: "NONE".into(), min_version: 0 };
    let status = server.orders.get_order(get).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "ORDER_NOT_FOUND"));
    let cancel = v1::CancelOrderRequest { order_id: "NONE".into(), ..Default::default() };
    let status = server.orders.cancel_order(cancel).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "ORDER_NOT_FOUND"));

    let update = v1::UpdateItemRequest {
        item: Some(v1::Item { sku: "NONE".into(), title: String::new(), ..Default::default() }),
        ..Default::default()
    };
    let status = server.catalog.update_item(update).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "ITEM_NOT_FOUND"));
    let inbound = v1::CancelInboundRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        ..Default::default()
    };
    let status = server.inventory.cancel_inbound(inbound).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "INBOUND_NOT_FOUND"));
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_that_cannot_be_so_is_refused_and_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let adjust = |on_hand_delta: i64| v1::AdjustStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        adjustment: Some(v1::StockAdjustment { on_hand_delta, unavailable_delta: 0 }),
        ..Default::default()
    };
    let cases = [
        (adjust(-11), refused(Code::FailedPrecondition, "STOCK_BELOW_ZERO")),
        (adjust(0), invalid(&["adjustment"])),
        (adjust(i64::MAX), invalid(&["adjustment.on_hand_delta"])),
    ];
    for (request, expected) in cases {
        let status = server.inventory.adjust_stock(request).await.expect_err("refused");
        assert_eq!(told(&status), expected, "{status:?}");
    }
    let set = |level| v1::SetStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        level: Some(level),
        ..Default::default()
    };
    let too_much = v1::StockLevel { on_hand: Some(u64::MAX), ..Default::default() };
    let status = server.inventory.set_stock(set(too_much)).await.expect_err("refused");
    assert_eq!(told(&status), invalid(&["level.on_hand"]));
    // What the state refuses names the quantity as well.
    let more_than_there = v1::StockLevel { unavailable: Some(11), ..Default::default() };
    let status = server.inventory.set_stock(set(more_than_there)).await.expect_err("refused");
    assert_eq!(status.message(), "unavailable: 11 units asked for, 10 there");
    let details = status.get_error_details();
    let violations = &details.precondition_failure().expect("a precondition").violations;
    assert_eq!(violations[0].subject, "stock/unavailable");
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

/// The caller's first line is 0, its shipments are as large as it says: the engine's
/// own numbers are never told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_and_shipments_are_told_by_the_numbers_that_the_caller_gave() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    let line = |line_index| v1::CancelOrderLine { line_index, quantity: 1, of_bundle: false };
    let cancel = |lines: &[u32]| v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: lines.iter().copied().map(line).collect(),
        ..Default::default()
    };
    let field = "lines[1].line_index";
    for (lines, what) in [
        ([0, 0], "\"0\" is given twice"),
        ([0, 500], "\"500\" is not within 0 to 499"),
        ([0, u32::MAX], "\"4294967295\" is not within 0 to 499"),
    ] {
        let status = server.orders.cancel_order(cancel(&lines)).await.expect_err("refused");
        assert_eq!(told(&status), invalid(&[field]));
        assert_eq!(status.message(), format!("{field}: {what}"));
    }
    let status = server.orders.cancel_order(cancel(&[499])).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::NotFound, "LINE_NOT_FOUND"));
    assert_eq!(status.message(), "order A has no line of index 499");
    let line = v1::CancelOrderLine { line_index: 0, quantity: 3, of_bundle: false };
    let more = v1::CancelOrderRequest { lines: vec![line], ..cancel(&[]) };
    let status = server.orders.cancel_order(more).await.expect_err("refused");
    let why = "has 2 of 3 units to cancel: fewer were ordered";
    assert_eq!(status.message(), format!("the line of index 0 of order A {why}"));

    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 70_000,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    let get =
        v1::GetShipmentRequest { order_id: "A".into(), shipment_number: 70_000, min_version: 0 };
    let shipped = server.fulfillment.ship_shipment(ship).await.map(drop);
    let read = server.fulfillment.get_shipment(get).await.map(drop);
    for status in [shipped, read].map(|answer| answer.expect_err("refused")) {
        assert_eq!(told(&status), refused(Code::NotFound, "SHIPMENT_NOT_FOUND"));
        assert_eq!(status.message(), "order A has no shipment 70000");
    }
    server.stop().await.expect("drained");
}

/// Statuses are headers, and those have a bound at the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_all_of_it_wrong_is_told_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let sku = "\u{e9}".repeat(4_000);
    let request = order("A", &vec![(sku.as_str(), 0); 500]);
    let status = server.orders.place_order(request).await.expect_err("refused");
    let (code, reason, fields) = told(&status);
    assert_eq!((code, &*reason, fields.len()), (Code::InvalidArgument, "INVALID_REQUEST", 16));
    assert!(status.message().starts_with("1000 fields are not valid: lines[0].quantity, "));
    // Nor does one long value fill them.
    let path = "x".repeat(1 << 20);
    let long = v1::UpdateNodeRequest {
        node: Some(v1::Node { time_zone: path.clone(), ..super::server::node("NYC", "10001") }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path] }),
        ..Default::default()
    };
    let status = server.catalog.update_node(long).await.expect_err("refused");
    assert_eq!(told(&status), invalid(&["update_mask"]));
    let long = v1::Node { time_zone: "x".repeat(1 << 20), ..super::server::node("NYC", "10001") };
    let long = v1::UpdateNodeRequest { node: Some(long), ..Default::default() };
    let status = server.catalog.update_node(long).await.expect_err("refused");
    assert_eq!(told(&status), invalid(&["node.time_zone"]));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_not_there_yet_is_told_and_one_that_is_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let placed = server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let version = placed.into_inner().version;
    let get = |min_version| v1::GetOrderRequest { order_id: "A".into(), min_version };
    let read = server.orders.get_order(get(version)).await.expect("read").into_inner();
    assert!(read.version >= version);
    let status = server.orders.get_order(get(u64::MAX)).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::OutOfRange, "VERSION_AHEAD"));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_with_other_content_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let count = |counted| v1::CountStockRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        counted: Some(counted),
        request_id: "K".into(),
        ..Default::default()
    };
    server.inventory.count_stock(count(9)).await.expect("counted");
    let before = server.state_hash();
    let status = server.orders.place_order(order("A", &[("SKU", 2)])).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::AlreadyExists, "ORDER_ID_REUSED"));
    let status = server.inventory.count_stock(count(8)).await.expect_err("refused");
    assert_eq!(told(&status), refused(Code::AlreadyExists, "REQUEST_ID_REUSED"));
    server.inventory.count_stock(count(9)).await.expect("the same again");
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}
