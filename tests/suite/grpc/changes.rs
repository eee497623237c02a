//! Changing orders over a connection: quotes, tokens, and what is told of them.

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;
use tempfile::TempDir;
use tonic::Code;
use tonic_types::StatusExt;

use super::bundles::bundle;
use super::scenarios::before_christmas;
use super::server::{LONG, TestServer, order};

fn asked(operation: Operation) -> v1::ChangeOperation {
    v1::ChangeOperation { operation: Some(operation) }
}

pub(super) fn added(sku: &str, quantity: u32) -> v1::AddedLine {
    v1::AddedLine { sku: sku.into(), quantity, amount_minor: None, pricing: None }
}

pub(super) fn add(sku: &str, quantity: u32) -> v1::ChangeOperation {
    asked(Operation::AddLine(added(sku, quantity)))
}

pub(super) fn swap(line_index: u32, sku: &str, quantity: u32) -> v1::ChangeOperation {
    let instead = Some(added(sku, quantity));
    asked(Operation::SwapLine(v1::SwapLine { line_index, instead }))
}

pub(super) fn quantity(line_index: u32, quantity: u32) -> v1::ChangeOperation {
    asked(Operation::SetQuantity(v1::SetLineQuantity { line_index, quantity }))
}

pub(super) fn amount(line_index: u32, amount_minor: i64) -> v1::ChangeOperation {
    asked(Operation::SetAmount(v1::SetLineAmount { line_index, amount_minor }))
}

pub(super) fn change(operations: Vec<v1::ChangeOperation>) -> v1::QuoteChangeRequest {
    v1::QuoteChangeRequest { order_id: "A".into(), operations, ..Default::default() }
}

pub(super) async fn quote(
    server: &mut TestServer,
    request: v1::QuoteChangeRequest,
) -> v1::QuoteChangeResponse {
    server.orders.quote_change(request).await.expect("an answer").into_inner()
}

pub(super) async fn commit(
    server: &mut TestServer,
    token: &[u8],
) -> Result<v1::CommitChangeResponse, tonic::Status> {
    let (order_id, change_token) = ("A".into(), token.to_vec().into());
    let commit = v1::CommitChangeRequest { order_id, change_token };
    server.orders.commit_change(commit).await.map(tonic::Response::into_inner)
}

async fn stocked(data: &TempDir) -> TestServer {
    let mut server = TestServer::stocked(data.path()).await;
    server.define_item("HAT").await;
    server.set_stock("HAT", "NYC", 1).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_had_is_a_fault_of_its_operation_with_its_reason() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let reasons = async |server: &mut TestServer, request| {
        let answer = quote(server, request).await;
        assert!(answer.change_token.is_empty() && answer.expire_time.is_none());
        let fault = |of: v1::ChangeFault| (of.operation_index, of.fault.expect("it is set").reason);
        answer.faults.into_iter().map(fault).collect::<Vec<_>>()
    };
    let short = reasons(&mut server, change(vec![quantity(0, 1), add("HAT", 2)])).await;
    assert_eq!(short, [(Some(1), "CHANGE_SHORT".into())]);
    let unknown = reasons(&mut server, change(vec![quantity(0, 1), add("CAP", 2)])).await;
    assert_eq!(unknown, [(Some(1), "ITEM_NOT_FOUND".into())]);
    let twice = reasons(&mut server, change(vec![add("HAT", 1), add("HAT", 1)])).await;
    assert_eq!(twice, [(None, "CHANGE_SHORT".into())], "both together are too many");
    let both = reasons(&mut server, change(vec![quantity(0, 1), quantity(7, 1)])).await;
    assert_eq!(both, [(Some(1), "LINE_NOT_FOUND".into())]);
    let euros =
        v1::QuoteChangeRequest { currency_code: "EUR".into(), ..change(vec![amount(0, 5)]) };
    let token = quote(&mut server, euros.clone()).await.change_token;
    commit(&mut server, &token).await.expect("committed");
    let dollars = v1::QuoteChangeRequest { currency_code: "USD".into(), ..euros };
    let differs = reasons(&mut server, dollars).await;
    assert_eq!(differs, [(None, "CURRENCY_DIFFERS".into())]);
    server.stop().await.expect("it drains");
}

/// What is wanted of an item is summed over operations, those that want more of a line among them:
/// only the order tells how many these are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_that_is_too_large_is_told_by_the_operation_that_makes_it_so() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    server.define_item("CAP").await;
    server.catalog.update_item(bundle("PAIR", &[("CAP", 2)])).await.expect("defined");
    for (operations, field, what) in [
        (
            vec![quantity(0, 400_000), add("SKU", 200_000)],
            "operations[1].add_line.quantity",
            "\"599998\" is not within 1 to 500000",
        ),
        (
            vec![add("PAIR", 250_001)],
            "operations[0].add_line.quantity",
            "\"250001\" is not within 1 to 250000",
        ),
    ] {
        let status = server.orders.quote_change(change(operations)).await.expect_err("refused");
        let details = status.get_error_details();
        let fields = &details.bad_request().expect("a field").field_violations;
        assert_eq!((fields.len(), &*fields[0].field), (1, field), "{fields:?}");
        assert!(fields[0].description.contains(what), "{fields:?}");
    }
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_of_its_order_and_is_committed_once() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let answer = quote(&mut server, change(vec![quantity(0, 1), add("HAT", 1)])).await;
    assert_eq!(answer.shipments_touched, [1]);
    let token = answer.change_token;
    for (bytes, what) in [
        (&b""[..], "is required"),
        (&token[1..], "is not the change_token of an answer"),
        (&vec![1; (128 << 10) + 1], "is longer than 131072 bytes"),
    ] {
        let status = commit(&mut server, bytes).await.expect_err("it is refused");
        let details = status.get_error_details();
        let violation = &details.bad_request().expect("a field").field_violations[0];
        assert_eq!((status.code(), &*violation.field), (Code::InvalidArgument, "change_token"));
        assert!(violation.description.contains(what), "{}", violation.description);
    }
    server.orders.place_order(order("B", &[("SKU", 1)])).await.expect("placed");
    let (order_id, change_token) = ("B".into(), token.clone());
    let of_other = v1::CommitChangeRequest { order_id, change_token };
    let status = server.orders.commit_change(of_other).await.expect_err("it is refused");
    assert!(status.message().contains("is the token of a change of order A"), "{status:?}");
    let first = commit(&mut server, &token).await.expect("committed");
    assert_eq!(first.outcome(), v1::ChangeOutcome::Committed);
    let again = commit(&mut server, &token).await.expect("committed");
    assert_eq!((again.is_repeat, again.version), (true, first.version));
    let lines = again.order.expect("the order").lines;
    let open = |line: &v1::OrderLine| (line.sku.clone(), line.units.expect("units").allocated);
    assert_eq!(lines.iter().map(open).collect::<Vec<_>>(), [("SKU".into(), 1), ("HAT".into(), 1)]);
    server.stop().await.expect("it drains");
}

/// Who waits too long changes nothing of his order. What the quote held is for others, and what is
/// quoted anew says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_time_is_over_changes_nothing_and_keeps_nothing() {
    let data = TempDir::new().expect("a directory");
    let mut server = before_christmas(data.path()).await;
    server.stock().await;
    server.define_item("HAT").await;
    server.set_stock("HAT", "NYC", 1).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    let before = read(&mut server).await;
    let with_hat = quote(&mut server, change(vec![quantity(0, 1), add("HAT", 1)])).await;
    let fewer = quote(&mut server, change(vec![quantity(0, 1)])).await;
    let day = v1::Date { year: 2026, month: 12, day: 23 };
    let sooner = quote(&mut server, change(vec![asked(Operation::SetDeliverBy(day))])).await;
    let until: prost_types::Timestamp = "2026-12-22T15:05:00Z".parse().expect("an instant");
    for quote in [&with_hat, &fewer, &sooner] {
        assert_eq!((quote.expire_time, quote.faults.len()), (Some(until), 0));
    }

    // To the last second, the hat is hers; then it is anybody's.
    let last = prost_types::Timestamp { seconds: until.seconds - 1, nanos: 0 };
    let rival = |id: &str, time| v1::PlaceOrderRequest {
        placed_time: Some(time),
        ..order(id, &[("HAT", 1)])
    };
    let early = server.orders.place_order(rival("B", last)).await.expect("an answer").into_inner();
    assert_eq!(early.outcome(), v1::OrderOutcome::Rejected);
    let sold = async {
        while rejects(&mut server, rival("C", until)).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, sold).await.expect("the hat is sold to who wants it");
    let late = commit(&mut server, &with_hat.change_token).await.expect("an answer");
    assert_eq!(
        (late.outcome(), &late.order),
        (v1::ChangeOutcome::QuotedAnew, &Some(before.clone()))
    );
    let anew = late.quote.expect("a quote");
    assert_eq!((anew.change_token.len(), anew.expire_time), (0, None));
    let why = anew.faults[0].fault.clone().expect("a fault");
    assert_eq!((anew.faults[0].operation_index, &*why.reason), (Some(1), "CHANGE_SHORT"));

    // What held nothing is over as well, and can be had by the quote that it is answered with.
    let late = commit(&mut server, &fewer.change_token).await.expect("an answer");
    assert_eq!(
        (late.outcome(), &late.order),
        (v1::ChangeOutcome::QuotedAnew, &Some(before.clone()))
    );
    let anew = late.quote.expect("a quote");
    let five_minutes_more = prost_types::Timestamp { seconds: until.seconds + 300, nanos: 0 };
    assert_eq!((anew.expire_time, anew.faults.len()), (Some(five_minutes_more), 0));
    // Where it cannot even be asked for any more, it is refused.
    let later = "2026-12-24T15:00:00Z".parse().expect("an instant");
    assert!(rejects(&mut server, rival("D", later)).await);
    let status = commit(&mut server, &sooner.change_token).await.expect_err("its day has passed");
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!((status.code(), &*info.reason), (Code::FailedPrecondition, "CHANGE_EXPIRED"));
    assert_eq!(read(&mut server).await, before, "nothing of it changed");

    let late = commit(&mut server, &anew.change_token).await.expect("an answer");
    let anew = late.quote.expect("it is over by now, too");
    let done = commit(&mut server, &anew.change_token).await.expect("an answer");
    assert_eq!(done.outcome(), v1::ChangeOutcome::Committed);
    assert_eq!(done.order.expect("the order").lines[0].units.expect("units").allocated, 1);
    server.audit().await;
    server.stop().await.expect("it drains");
}

/// Whether an order is sold out.
async fn rejects(server: &mut TestServer, order: v1::PlaceOrderRequest) -> bool {
    let answer = server.orders.place_order(order).await.expect("an answer").into_inner();
    answer.outcome() == v1::OrderOutcome::Rejected
}

async fn read(server: &mut TestServer) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: "A".into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_overtaken_is_quoted_anew_and_changes_nothing() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let token = quote(&mut server, change(vec![quantity(0, 0), add("HAT", 1)])).await.change_token;
    let cancel = v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index: 0, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    server.orders.cancel_order(cancel).await.expect("cancelled");
    let answer = commit(&mut server, &token).await.expect("an answer");
    assert_eq!(answer.outcome(), v1::ChangeOutcome::QuotedAnew);
    assert_eq!(answer.order.expect("the order").lines.len(), 1, "nothing is changed");
    let anew = answer.quote.expect("a quote");
    assert_eq!(anew.faults, []);
    let committed = commit(&mut server, &anew.change_token).await.expect("an answer");
    assert_eq!(committed.outcome(), v1::ChangeOutcome::Committed);
    server.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_change_is_told_at_once() {
    let data = TempDir::new().expect("a directory");
    let mut server = stocked(&data).await;
    let operations = vec![
        quantity(500, 500_001),
        add("", 0),
        v1::ChangeOperation { operation: None },
        amount(0, i64::MAX),
        swap(500, "SKU", 1),
        asked(Operation::SetNote("x".repeat(257))),
    ];
    let request = v1::QuoteChangeRequest { currency_code: "euro".into(), ..change(operations) };
    let status = server.orders.quote_change(request).await.expect_err("it is refused");
    let details = status.get_error_details();
    let fields = &details.bad_request().expect("fields").field_violations;
    let mut fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    fields.sort_unstable();
    fields.dedup();
    let expected = [
        "currency_code",
        "operations[0].set_quantity.line_index",
        "operations[0].set_quantity.quantity",
        "operations[1].add_line.quantity",
        "operations[1].add_line.sku",
        "operations[2].operation",
        "operations[3].set_amount.amount_minor",
        "operations[4]",
        "operations[4].swap_line.line_index",
        "operations[5]",
        "operations[5].set_note",
    ];
    assert_eq!(fields, expected);
    server.stop().await.expect("it drains");
}
