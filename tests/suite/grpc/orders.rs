//! Orders over a real connection.

use backstock_proto::v1;
use backstock_proto::v1::place_orders_result::Result as Outcome;
use tonic::Code;
use tonic::codegen::tokio_stream;

use super::server::{TestServer, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_says_so_and_how_the_order_stands_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let request = order("A", &[("SKU", 3)]);
    let first = server.orders.place_order(request.clone()).await.expect("placed").into_inner();
    assert_eq!(first.outcome(), v1::OrderOutcome::Allocated);
    assert_eq!(first.lines, [v1::LineUnits { allocated: 3, ..Default::default() }]);
    assert_eq!(first.shipments[0].node_id, "NYC");
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    let repeat = server.orders.place_order(request.clone()).await.expect("known").into_inner();
    assert!(!first.is_repeat && repeat.is_repeat);
    assert_eq!((repeat.version, repeat.outcome()), (first.version, first.outcome()));
    assert_eq!(repeat.state(), v1::OrderState::Closed);
    assert_eq!(repeat.lines, [v1::LineUnits { shipped: 3, ..Default::default() }]);
    assert_eq!(repeat.shipments[0].state(), v1::ShipmentState::Shipped);
    assert_eq!(repeat.shipments[0].carrier, "Owl Post");
    let hash = server.state_hash();
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(server.state_hash(), hash);
    let again = server.orders.place_order(request).await.expect("known").into_inner();
    assert_eq!(again, repeat);
    assert_eq!(server.state_hash(), hash);
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    let read = server.orders.get_order(get).await.expect("read").into_inner();
    let read = read.order.expect("an order");
    assert_eq!(read.state(), v1::OrderState::Closed);
    assert_eq!(read.lines[0].units, Some(v1::LineUnits { shipped: 3, ..Default::default() }));
    assert_eq!(read.shipments[0].carrier, "Owl Post");
    server.stop().await.expect("drained");
}

/// Also by the stream: no caller is told that a cancelled order is on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_placed_again_after_it_was_cancelled_is_told_as_cancelled() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let request = order("A", &[("SKU", 3)]);
    let first = server.orders.place_order(request.clone()).await.expect("placed").into_inner();
    let unchanged = server.orders.place_order(request.clone()).await.expect("known").into_inner();
    let state = v1::OrderState::Open.into();
    assert_eq!(unchanged, v1::PlaceOrderResponse { is_repeat: true, state, ..first.clone() });
    let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
    server.orders.cancel_order(cancel).await.expect("cancelled");
    let repeat = server.orders.place_order(request.clone()).await.expect("known").into_inner();
    assert_eq!((repeat.is_repeat, repeat.version), (true, first.version));
    assert_eq!(repeat.outcome(), v1::OrderOutcome::Cancelled);
    assert_eq!(repeat.state(), v1::OrderState::Cancelled);
    assert_eq!(repeat.lines, [v1::LineUnits { cancelled: 3, ..Default::default() }]);
    assert_eq!(repeat.shipments[0].state(), v1::ShipmentState::Cancelled);
    let orders = tokio_stream::once(v1::PlaceOrdersRequest { orders: vec![request] });
    let mut answers = server.orders.place_orders(orders).await.expect("a stream").into_inner();
    let mut results = answers.message().await.expect("an answer").expect("one").results;
    let streamed = results.pop().expect("a result").result;
    assert_eq!(streamed, Some(Outcome::Response(repeat)));
    drop(answers);
    server.stop().await.expect("drained");
}

/// Also by the stream: a quote says what placing says, whatever became of the order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_of_an_order_that_was_placed_before_says_what_placing_it_again_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let request = order("A", &[("SKU", 3)]);
    server.orders.place_order(request.clone()).await.expect("placed");
    for outcome in [v1::OrderOutcome::Allocated, v1::OrderOutcome::Cancelled] {
        let again = server.orders.place_order(request.clone()).await.expect("known").into_inner();
        assert!(again.is_repeat);
        assert_eq!(again.outcome(), outcome);
        let before = server.state_hash();
        let quote = v1::PlaceOrderRequest { validate_only: true, ..request.clone() };
        let quoted = server.orders.place_order(quote.clone()).await.expect("quoted").into_inner();
        assert_eq!(quoted, again);
        let orders = tokio_stream::once(v1::PlaceOrdersRequest { orders: vec![quote] });
        let mut answers = server.orders.place_orders(orders).await.expect("a stream").into_inner();
        let mut results = answers.message().await.expect("an answer").expect("one").results;
        let streamed = results.pop().expect("a result").result;
        assert_eq!(streamed, Some(Outcome::Response(again)));
        assert_eq!(server.state_hash(), before);
        let cancel = v1::CancelOrderRequest { order_id: "A".into(), ..Default::default() };
        let cancelled = server.orders.cancel_order(cancel).await;
        assert_eq!(cancelled.is_ok(), outcome == v1::OrderOutcome::Allocated);
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_out_is_an_outcome_and_a_quote_takes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    for validate_only in [true, false] {
        let request = order("A", &[("SKU", 1), ("RARE", 2)]);
        let request = v1::PlaceOrderRequest { validate_only, ..request };
        let answer = server.orders.place_order(request).await.expect("answered").into_inner();
        assert_eq!(answer.outcome(), v1::OrderOutcome::Rejected);
        let short = v1::LineShortage { line_index: 1, sku: "RARE".into(), short: 2 };
        assert_eq!(answer.shortages, [short]);
        assert!(answer.lines.is_empty());
    }
    let quote = v1::PlaceOrderRequest { validate_only: true, ..order("A", &[("SKU", 10)]) };
    let quoted = server.orders.place_order(quote).await.expect("quoted").into_inner();
    assert_eq!(quoted.outcome(), v1::OrderOutcome::Allocated);
    assert_eq!(server.state_hash(), before);

    let wait = v1::PlaceOrderRequest {
        shortage_policy: v1::ShortagePolicy::Backorder.into(),
        ..order("B", &[("RARE", 2)])
    };
    let waits = server.orders.place_order(wait).await.expect("placed").into_inner();
    assert_eq!(waits.outcome(), v1::OrderOutcome::Backordered);
    assert_eq!(waits.lines[0].backordered, 2);
    server.stop().await.expect("drained");
}

/// A checkout tells its customer the day without a second call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_an_order_says_the_promised_day_late_units_and_each_lines_item() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let on_the_day = |order: v1::PlaceOrderRequest| v1::PlaceOrderRequest {
        // From New York to Boston it is two days.
        wanted_by: Some(today()),
        shortage_policy: v1::ShortagePolicy::Backorder.into(),
        ..order
    };
    let late = on_the_day(order("LATE", &[("SKU", 1), ("SKU", 2)]));
    let in_time = order("IN-TIME", &[("SKU", 1)]);
    let waits = on_the_day(order("WAITS", &[("RARE", 2), ("SKU", 1)]));
    for (request, late_units, skus, is_promised) in [
        (late, 3, vec!["SKU"], true),
        (in_time, 0, vec!["SKU"], true),
        (waits, 1, vec!["RARE", "SKU"], false),
    ] {
        let quote = v1::PlaceOrderRequest { validate_only: true, ..request.clone() };
        let quoted = server.orders.place_order(quote).await.expect("quoted").into_inner();
        let placed = server.orders.place_order(request.clone()).await.expect("placed").into_inner();
        assert_eq!(placed.late_units, late_units, "{placed:?}");
        assert_eq!(placed.skus, skus);
        assert_eq!(placed.skus.len(), placed.lines.len());
        assert_eq!(placed.promised_by.is_some(), is_promised);
        assert_eq!(v1::PlaceOrderResponse { version: placed.version, ..quoted }, placed);

        // As reading it says, and as placing it again does.
        let get = v1::GetOrderRequest { order_id: placed.order_id.clone(), min_version: 0 };
        let read = server.orders.get_order(get).await.expect("read").into_inner();
        assert_eq!(read.order.expect("an order").promised_by, placed.promised_by);
        let explain = v1::ExplainOrderRequest { order_id: placed.order_id.clone(), min_version: 0 };
        let why = server.orders.explain_order(explain).await.expect("explained").into_inner();
        assert_eq!(why.traces[0].late_units, placed.late_units);
        let again = server.orders.place_order(request).await.expect("known").into_inner();
        assert_eq!((again.promised_by, again.late_units), (placed.promised_by, placed.late_units));
    }
    server.stop().await.expect("drained");
}

/// The day in UTC, which is never before the day in Boston.
fn today() -> v1::Date {
    let text = prost_types::Timestamp::from(std::time::SystemTime::now()).to_string();
    let numbers: Vec<i32> =
        text.split(['-', 'T']).take(3).map(|part| part.parse().expect("a number")).collect();
    v1::Date { year: numbers[0], month: numbers[1], day: numbers[2] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_answers_in_order_with_faults_beside_successes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("SKU", "NYC", 1_000).await;
    let request = |batch: usize| v1::PlaceOrdersRequest {
        orders: (0..10)
            .map(|at| {
                let sku = if at == 3 { "NONE" } else { "SKU" };
                let quantity = u32::from(at != 7);
                order(&format!("{batch}-{at}"), &[(sku, quantity)])
            })
            .collect(),
    };
    let requests: Vec<_> = (0..50).map(request).collect();
    let stream = tokio_stream::iter(requests);
    let mut replies = server.orders.place_orders(stream).await.expect("a stream").into_inner();
    let mut batch = 0;
    while let Some(reply) = replies.message().await.expect("a reply") {
        assert_eq!(reply.results.len(), 10);
        for (at, result) in reply.results.into_iter().enumerate() {
            match (at, result.result.expect("one of both")) {
                (3, Outcome::Fault(fault)) => {
                    assert_eq!((fault.code, &*fault.reason), (5, "ITEM_NOT_FOUND"));
                }
                (7, Outcome::Fault(fault)) => {
                    assert_eq!(fault.field_violations[0].field, "lines[0].quantity");
                }
                (_, Outcome::Response(response)) => {
                    assert_eq!(response.order_id, format!("{batch}-{at}"));
                    assert_eq!(response.outcome(), v1::OrderOutcome::Allocated);
                }
                (_, Outcome::Fault(fault)) => panic!("{batch}-{at}: {fault:?}"),
            }
        }
        batch += 1;
    }
    assert_eq!(batch, 50);
    let empty = tokio_stream::iter([v1::PlaceOrdersRequest::default()]);
    let mut replies = server.orders.place_orders(empty).await.expect("a stream").into_inner();
    let status = replies.message().await.expect_err("a request without orders ends the stream");
    assert_eq!(status.code(), Code::InvalidArgument);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_says_why_it_ships_from_where_it_does_and_can_be_cancelled() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 3)])).await.expect("placed");
    let explain = v1::ExplainOrderRequest { order_id: "A".into(), min_version: 0 };
    let answer = server.orders.explain_order(explain).await.expect("explained").into_inner();
    let candidate = &answer.traces[0].candidates[0];
    assert_eq!(candidate.verdict(), v1::CandidateVerdict::Chosen);
    assert_eq!((&*candidate.node_id, candidate.taken), ("NYC", 3));

    let line = v1::CancelOrderLine { line_index: 0, quantity: 2, of_bundle: false };
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![line],
        reason: "too many".into(),
        ..Default::default()
    };
    let answer = server.orders.cancel_order(cancel).await.expect("cancelled").into_inner();
    let units = answer.order.expect("an order").lines[0].units;
    let expected = v1::LineUnits { allocated: 1, cancelled: 2, ..Default::default() };
    assert_eq!(units, Some(expected));
    let none = v1::CancelOrderLine { line_index: 1, quantity: 1, of_bundle: false };
    let cancel =
        v1::CancelOrderRequest { order_id: "A".into(), lines: vec![none], ..Default::default() };
    let status = server.orders.cancel_order(cancel).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound);
    server.stop().await.expect("drained");
}

/// `validate_only` finds out what would be refused, and does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_validated_is_refused_as_it_would_be_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 3)])).await.expect("placed");
    let before = server.state_hash();

    let count = |counted, sku: &str| v1::CountStockRequest {
        sku: sku.into(),
        node_id: "NYC".into(),
        counted: Some(counted),
        reason: "cycle count".into(),
        validate_only: true,
        request_id: "count-1".into(),
    };
    let answer = server.inventory.count_stock(count(7, "SKU")).await.expect("valid").into_inner();
    assert_eq!(answer.stock.expect("the stock as it is").on_hand, 10);
    let status = server.inventory.count_stock(count(7, "NONE")).await.expect_err("no such item");
    assert_eq!(status.code(), Code::NotFound);

    let cancel = |id: &str| v1::CancelOrderRequest {
        order_id: id.into(),
        validate_only: true,
        ..Default::default()
    };
    server.orders.cancel_order(cancel("A")).await.expect("valid");
    let status = server.orders.cancel_order(cancel("B")).await.expect_err("no such order");
    assert_eq!(status.code(), Code::NotFound);

    let ship = |number| v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: number,
        carrier: "Owl Post".into(),
        validate_only: true,
        ..Default::default()
    };
    let answer = server.fulfillment.ship_shipment(ship(1)).await.expect("valid").into_inner();
    assert_eq!(answer.shipment.expect("a shipment").state(), v1::ShipmentState::Planned);
    let status = server.fulfillment.ship_shipment(ship(2)).await.expect_err("no such shipment");
    assert_eq!(status.code(), Code::NotFound);

    let item = Some(v1::Item { sku: "NEW".into(), title: String::new(), ..Default::default() });
    let update = v1::UpdateItemRequest {
        item,
        allow_missing: true,
        validate_only: true,
        ..Default::default()
    };
    server.catalog.update_item(update).await.expect("valid");

    assert_eq!(server.state_hash(), before, "nothing was changed");
    // The key is free: it was only looked at.
    let request = v1::CountStockRequest { validate_only: false, ..count(9, "SKU") };
    server.inventory.count_stock(request).await.expect("counted");
    let ship = v1::ShipShipmentRequest { validate_only: false, ..ship(1) };
    server.fulfillment.ship_shipment(ship).await.expect("the order is in nobody's hands");
    server.stop().await.expect("drained");
}
