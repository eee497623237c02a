//! Holds over a real connection.

mod confirmed;

use std::time::{Duration, Instant};

use backstock_proto::v1;
use backstock_proto::v1::extend_hold_request::By;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::server::{LONG, TestServer, fields, order};

/// A hold of an order to Boston.
pub(super) fn hold(id: &str, seconds: i64, lines: &[(&str, u32)]) -> v1::CreateHoldRequest {
    v1::CreateHoldRequest {
        hold_id: id.into(),
        ttl: Some(ttl(seconds)),
        destination_postal_code: "02116".into(),
        lines: order("", lines).lines,
        ..Default::default()
    }
}

fn owned(id: &str, owner: &str, lines: &[(&str, u32)]) -> v1::CreateHoldRequest {
    v1::CreateHoldRequest { owner_id: owner.into(), ..hold(id, 600, lines) }
}

fn ttl(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

/// Confirms a hold as an order.
pub(super) fn confirm(hold: &str, order: &str) -> v1::ConfirmHoldRequest {
    let (hold_id, order_id) = (hold.into(), order.into());
    v1::ConfirmHoldRequest { hold_id, order_id, ..Default::default() }
}

/// Extends a hold.
pub(super) fn extend(hold: &str, by: By) -> v1::ExtendHoldRequest {
    v1::ExtendHoldRequest { hold_id: hold.into(), by: Some(by), request_id: String::new() }
}

/// Extends a hold by seconds.
pub(super) fn for_seconds(seconds: i64) -> By {
    By::Ttl(ttl(seconds))
}

/// Has a hold hold that.
pub(super) fn change(hold: &str, lines: &[(&str, u32)]) -> v1::ChangeHoldRequest {
    let (hold_id, lines) = (hold.into(), order("", lines).lines);
    v1::ChangeHoldRequest { hold_id, lines, ..Default::default() }
}

pub(super) fn release(hold: &str) -> v1::ReleaseHoldRequest {
    v1::ReleaseHoldRequest { hold_id: hold.into(), ..Default::default() }
}

async fn create(server: &mut TestServer, request: v1::CreateHoldRequest) -> v1::CreateHoldResponse {
    server.holds.create_hold(request).await.expect("answered").into_inner()
}

/// Creates a hold that is not sold out.
pub(super) async fn held(server: &mut TestServer, request: v1::CreateHoldRequest) -> v1::Hold {
    let answer = create(server, request).await;
    assert_eq!(answer.outcome(), v1::HoldOutcome::Held);
    answer.hold.expect("a hold")
}

async fn read(server: &mut TestServer, id: &str) -> v1::Hold {
    let get = v1::GetHoldRequest { hold_id: id.into(), min_version: 0 };
    server.holds.get_hold(get).await.expect("read").into_inner().hold.expect("a hold")
}

async fn read_order(server: &mut TestServer, id: &str) -> Result<v1::Order, Status> {
    let get = v1::GetOrderRequest { order_id: id.into(), min_version: 0 };
    let answer = server.orders.get_order(get).await?.into_inner();
    Ok(answer.order.expect("an order"))
}

async fn stock(server: &mut TestServer) -> v1::Stock {
    let (sku, node_id) = ("SKU".into(), "NYC".into());
    let get = v1::GetStockRequest { sku, node_id, min_version: 0 };
    server.inventory.get_stock(get).await.expect("read").into_inner().stock.expect("a stock")
}

/// Waits until a hold has lapsed, and changes nothing meanwhile.
pub(super) async fn lapsed(server: &mut TestServer, id: &str) -> v1::Hold {
    let lapse = async {
        loop {
            let hold = read(server, id).await;
            if hold.state() != v1::HoldState::Live {
                return hold;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let hold = tokio::time::timeout(LONG, lapse).await.expect("it lapses");
    assert_eq!(hold.state(), v1::HoldState::Lapsed);
    hold
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

fn allocated(units: u32) -> v1::LineUnits {
    v1::LineUnits { allocated: units, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_extended_and_becomes_an_order_that_is_not_there_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let request = v1::CreateHoldRequest {
        customer_id: "C".into(),
        channel: "web".into(),
        ..owned("CART", "SESSION", &[("SKU", 1), ("SKU", 2)])
    };
    let created = create(&mut server, request.clone()).await;
    assert!(!created.is_repeat);
    let hold = created.hold.clone().expect("a hold");
    assert_eq!((&*hold.hold_id, &*hold.owner_id), ("CART", "SESSION"));
    assert_eq!((hold.state(), &*hold.order_id), (v1::HoldState::Live, ""));
    assert_eq!((hold.lines.len(), &*hold.lines[0].sku, hold.lines[0].quantity), (1, "SKU", 3));
    assert_eq!(hold.lines[0].units, Some(allocated(3)));
    assert_eq!(hold.shipments[0].node_id, "NYC");
    assert!(hold.promised_by.is_some());
    assert_eq!(read(&mut server, "CART").await, hold);
    let again = create(&mut server, request).await;
    assert_eq!(again, v1::CreateHoldResponse { is_repeat: true, ..created });
    // The id of a hold is no order's, nor is there an order yet.
    for id in ["CART", "A"] {
        let status = read_order(&mut server, id).await.expect_err("there is no order");
        assert_eq!(reason(&status), "ORDER_NOT_FOUND");
    }

    let longer = server.holds.extend_hold(extend("CART", for_seconds(3_600))).await;
    let longer = longer.expect("extended").into_inner();
    let extended = longer.hold.expect("a hold");
    assert_eq!((extended.extensions, extended.payment_started), (1, false));
    assert!(until(&extended) > until(&hold) + 2_900);
    // It never lapses earlier by it.
    let shorter = server.holds.extend_hold(extend("CART", for_seconds(1))).await;
    let shorter = shorter.expect("extended").into_inner().hold.expect("a hold");
    assert_eq!((shorter.extensions, until(&shorter)), (2, until(&extended)));
    let pays = extend("CART", By::PaymentStarted(true));
    let paying = server.holds.extend_hold(pays.clone()).await.expect("extended").into_inner();
    let hash = server.state_hash();
    let twice = server.holds.extend_hold(pays).await.expect("it is paying").into_inner();
    assert_eq!(twice, paying);
    assert_eq!(server.state_hash(), hash);
    let paying = paying.hold.expect("a hold");
    assert_eq!((paying.extensions, paying.payment_started), (2, true));

    let confirmed = server.holds.confirm_hold(confirm("CART", "A")).await;
    let confirmed = confirmed.expect("confirmed").into_inner();
    assert!(!confirmed.is_repeat);
    let ordered = confirmed.order.expect("an order");
    assert_eq!((&*ordered.order_id, &*ordered.customer_id, &*ordered.channel), ("A", "C", "web"));
    assert_eq!((&ordered.lines, &ordered.shipments), (&hold.lines, &hold.shipments));
    assert_eq!(ordered.promised_by, hold.promised_by);
    assert_eq!(read_order(&mut server, "A").await.expect("read"), ordered);
    let now = read(&mut server, "CART").await;
    assert_eq!((now.state(), &*now.order_id), (v1::HoldState::Confirmed, "A"));
    let ship = v1::ShipShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        carrier: "Owl Post".into(),
        ..Default::default()
    };
    server.fulfillment.ship_shipment(ship).await.expect("shipped");
    let left = read(&mut server, "CART").await;
    assert_eq!(left.shipments[0].state(), v1::ShipmentState::Shipped);
    server.stop().await.expect("drained");
}

/// When a hold lapses, in seconds since the Unix epoch.
fn until(hold: &v1::Hold) -> i64 {
    hold.expire_time.expect("an instant").seconds
}

/// Also of an owner who has the last units: they are free to his next hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_out_is_an_outcome_of_a_hold_and_a_quote_holds_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    for validate_only in [true, false] {
        let request = hold("CART", 60, &[("SKU", 1), ("RARE", 2), ("SKU", 1)]);
        let answer = create(&mut server, v1::CreateHoldRequest { validate_only, ..request }).await;
        assert_eq!((answer.outcome(), answer.hold), (v1::HoldOutcome::SoldOut, None));
        let short = v1::LineShortage { line_index: 1, sku: "RARE".into(), short: 2 };
        assert_eq!(answer.shortages, [short]);
    }
    assert_eq!(server.state_hash(), before);
    let mut created = Vec::new();
    for request in [owned("CART", "X", &[("SKU", 9)]), owned("NEXT", "X", &[("SKU", 10)])] {
        let before = server.state_hash();
        let quote = v1::CreateHoldRequest { validate_only: true, ..request.clone() };
        let quoted = create(&mut server, quote.clone()).await;
        assert_eq!((quoted.outcome(), quoted.is_repeat), (v1::HoldOutcome::Held, false));
        assert_eq!(server.state_hash(), before);
        let hold = create(&mut server, request).await;
        let again = create(&mut server, quote).await;
        assert_eq!(again, v1::CreateHoldResponse { is_repeat: true, ..hold.clone() });
        let hold = hold.hold.expect("a hold");
        let quoted = quoted.hold.expect("a hold");
        assert!(until(&hold) - until(&quoted) < 60);
        assert_eq!(v1::Hold { expire_time: hold.expire_time, ..quoted }, hold);
        created.push(hold);
    }
    let nobodys = v1::CreateHoldRequest { validate_only: true, ..hold("OTHER", 60, &[("SKU", 1)]) };
    assert_eq!(create(&mut server, nobodys).await.outcome(), v1::HoldOutcome::SoldOut);
    server.stop().await.expect("drained");
}

/// Nothing but the server's clock makes it lapse: no command comes meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_not_sold_and_comes_free_when_the_hold_lapses() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let long = held(&mut server, hold("LONG", 600, &[("SKU", 4)])).await;
    let began = Instant::now();
    held(&mut server, hold("SHORT", 1, &[("SKU", 6)])).await;
    let buys = order("A", &[("SKU", 6)]);
    let answer = server.orders.place_order(buys.clone()).await.expect("answered").into_inner();
    assert_eq!(answer.outcome(), v1::OrderOutcome::Rejected);
    let hold = lapsed(&mut server, "SHORT").await;
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let cancelled = v1::LineUnits { cancelled: 6, ..Default::default() };
    assert_eq!((hold.lines[0].units, hold.promised_by), (Some(cancelled), None));
    assert_eq!(hold.shipments[0].state(), v1::ShipmentState::Cancelled);
    let answer = server.orders.place_order(buys).await.expect("answered").into_inner();
    assert_eq!(answer.outcome(), v1::OrderOutcome::Allocated);
    let one = order("B", &[("SKU", 1)]);
    let answer = server.orders.place_order(one).await.expect("answered").into_inner();
    assert_eq!(answer.outcome(), v1::OrderOutcome::Rejected);
    assert_eq!(read(&mut server, "LONG").await, long);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_released_is_free_and_stays_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    held(&mut server, hold("CART", 600, &[("SKU", 10)])).await;
    let request = v1::ReleaseHoldRequest {
        reason: "too dear".into(),
        request_id: "R".into(),
        ..release("CART")
    };
    let released = server.holds.release_hold(request.clone()).await.expect("released");
    let released = released.into_inner();
    assert_eq!(released.hold.as_ref().expect("a hold").state(), v1::HoldState::Released);
    let again = server.holds.release_hold(request).await.expect("known").into_inner();
    assert_eq!(again, v1::ReleaseHoldResponse { is_repeat: true, ..released.clone() });
    let once_more = server.holds.release_hold(release("CART")).await.expect("nothing changes");
    assert_eq!(once_more.into_inner(), released);
    held(&mut server, hold("NEXT", 600, &[("SKU", 10)])).await;
    let status = server.holds.confirm_hold(confirm("CART", "A")).await.expect_err("it ended");
    assert_eq!((status.code(), &*reason(&status)), (Code::FailedPrecondition, "HOLD_ENDED"));
    server.holds.confirm_hold(confirm("NEXT", "A")).await.expect("confirmed");
    let status = server.holds.release_hold(release("NEXT")).await.expect_err("it is an order");
    assert_eq!(&*reason(&status), "HOLD_ENDED");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_hold_of_an_owner_takes_over_his_last_unit() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("SKU", "NYC", 1).await;
    let one = [("SKU", 1)];
    held(&mut server, owned("FIRST", "X", &one)).await;
    let others = create(&mut server, owned("OTHERS", "Y", &one)).await;
    assert_eq!(others.outcome(), v1::HoldOutcome::SoldOut);
    let request = v1::CreateHoldRequest { request_id: "K".into(), ..owned("SECOND", "X", &one) };
    let second = create(&mut server, request.clone()).await;
    assert_eq!((second.outcome(), second.is_repeat), (v1::HoldOutcome::Held, false));
    let first = read(&mut server, "FIRST").await;
    assert_eq!(first.state(), v1::HoldState::TakenOver);
    let repeat = v1::CreateHoldResponse { is_repeat: true, ..second };
    assert_eq!(create(&mut server, request.clone()).await, repeat);
    // More than there is leaves him what he has.
    let more = create(&mut server, owned("THIRD", "X", &[("SKU", 2)])).await;
    assert_eq!(more.outcome(), v1::HoldOutcome::SoldOut);
    assert_eq!(read(&mut server, "SECOND").await.state(), v1::HoldState::Live);
    let hash = server.state_hash();
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(server.state_hash(), hash);
    assert_eq!(create(&mut server, request).await, repeat);
    held(&mut server, owned("THIRD", "X", &one)).await;
    assert_eq!(read(&mut server, "SECOND").await.state(), v1::HoldState::TakenOver);
    let status = server.holds.confirm_hold(confirm("SECOND", "A")).await.expect_err("it ended");
    assert_eq!(&*reason(&status), "HOLD_ENDED");
    server.holds.confirm_hold(confirm("THIRD", "A")).await.expect("confirmed");
    server.stop().await.expect("drained");
}

/// With a key besides the order's id, and without one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_waits_in_line_has_its_units_in_its_turn() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    held(&mut server, hold("CART", 600, &[("SKU", 8)])).await;
    let request = v1::CreateHoldRequest { wait: true, ..hold("NEXT", 60, &[("SKU", 5)]) };
    let quote = v1::CreateHoldRequest { validate_only: true, ..request.clone() };
    let hash = server.state_hash();
    let quoted = create(&mut server, quote).await;
    assert_eq!(server.state_hash(), hash);
    let waits = create(&mut server, request.clone()).await;
    assert_eq!([quoted.outcome(), waits.outcome()], [v1::HoldOutcome::Waiting; 2]);
    let (quoted, hold) = (quoted.hold.expect("a hold"), waits.hold.clone().expect("a hold"));
    assert_eq!(hold.state(), v1::HoldState::Waiting);
    assert!(until(&hold) - until(&quoted) < 60);
    assert_eq!(v1::Hold { expire_time: hold.expire_time, ..quoted }, hold);
    let again = create(&mut server, request.clone()).await;
    assert_eq!(again, v1::CreateHoldResponse { is_repeat: true, ..waits });
    let pays = extend("NEXT", By::PaymentStarted(true));
    let status = server.holds.extend_hold(pays).await.expect_err("it has no units");
    assert_eq!(&*reason(&status), "HOLD_WAITS");

    server.holds.release_hold(release("CART")).await.expect("released");
    let live = read(&mut server, "NEXT").await;
    assert_eq!((live.state(), live.lines[0].units), (v1::HoldState::Live, Some(allocated(5))));
    assert!(until(&live) < until(&hold));
    let again = create(&mut server, request).await;
    assert_eq!((again.outcome(), again.hold), (v1::HoldOutcome::Held, Some(live)));
    server.holds.confirm_hold(confirm("NEXT", "A")).await.expect("confirmed");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_for_a_hold_is_told_by_its_field() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let good = hold("CART", 60, &[("SKU", 1)]);
    let half = prost_types::Duration { seconds: 1, nanos: 500_000_000 };
    for wrong in [Some(ttl(0)), Some(ttl(31_536_000)), Some(ttl(-1)), Some(half), None] {
        let request = v1::CreateHoldRequest { ttl: wrong, ..good.clone() };
        let status = server.holds.create_hold(request).await.expect_err("refused");
        assert_eq!(fields(&status), ["ttl"], "{wrong:?}");
        let Some(wrong) = wrong else { continue };
        let status = server.holds.extend_hold(extend("NONE", By::Ttl(wrong))).await;
        assert_eq!(fields(&status.expect_err("refused")), ["ttl"], "{wrong:?}");
    }
    let empty = v1::CreateHoldRequest { lines: Vec::new(), ..good.clone() };
    let status = server.holds.create_hold(empty).await.expect_err("refused");
    assert_eq!(fields(&status), ["lines"]);
    let all = v1::CreateHoldRequest {
        owner_id: "\n".into(),
        ttl: None,
        destination_country_code: "DE".into(),
        split_policy: 99,
        lines: order("", &[("", 0)]).lines,
        ..Default::default()
    };
    let status = server.holds.create_hold(all).await.expect_err("refused");
    assert_eq!(
        fields(&status),
        [
            "hold_id",
            "owner_id",
            "ttl",
            "destination_postal_code",
            "destination_country_code",
            "split_policy",
            "lines[0].quantity",
            "lines[0].sku",
        ]
    );
    let nowhere = v1::CreateHoldRequest {
        destination_postal_code: "00000".into(),
        service: "by owl".into(),
        wanted_by: Some(v1::Date { year: 2001, month: 1, day: 1 }),
        ..good
    };
    let status = server.holds.create_hold(nowhere).await.expect_err("refused");
    assert_eq!(fields(&status), ["destination_postal_code", "service"]);

    let extend_by = |by| v1::ExtendHoldRequest { by, ..Default::default() };
    for (by, field) in [(None, "by"), (Some(By::PaymentStarted(false)), "payment_started")] {
        let status = server.holds.extend_hold(extend_by(by)).await.expect_err("refused");
        assert_eq!(fields(&status), ["hold_id", field]);
    }
    let request = v1::ReleaseHoldRequest { reason: "\n".into(), ..release("") };
    let status = server.holds.release_hold(request).await.expect_err("refused");
    assert_eq!(fields(&status), ["hold_id", "reason"]);
    let request = v1::ConfirmHoldRequest {
        wanted_by: Some(v1::Date { year: 2026, month: 2, day: 30 }),
        lines: order("", &[("SKU", 0)]).lines,
        ..Default::default()
    };
    let status = server.holds.confirm_hold(request).await.expect_err("refused");
    assert_eq!(fields(&status), ["hold_id", "order_id", "wanted_by", "lines[0].quantity"]);
    let status = server.holds.get_hold(v1::GetHoldRequest::default()).await.expect_err("refused");
    assert_eq!(fields(&status), ["hold_id"]);

    let get = v1::GetHoldRequest { hold_id: "NONE".into(), min_version: 0 };
    let pays = extend("NONE", By::PaymentStarted(true));
    let unknown = [
        server.holds.get_hold(get).await.map(|_| ()),
        server.holds.extend_hold(pays).await.map(|_| ()),
        server.holds.release_hold(release("NONE")).await.map(|_| ()),
        server.holds.confirm_hold(confirm("NONE", "A")).await.map(|_| ()),
    ];
    for answer in unknown {
        let status = answer.expect_err("it is not known");
        assert_eq!((status.code(), &*reason(&status)), (Code::NotFound, "HOLD_NOT_FOUND"));
        let details = status.get_error_details();
        let about = &details.error_info().expect("a reason").metadata;
        assert_eq!(about.get("hold_id").map(String::as_str), Some("NONE"));
    }
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

/// No command comes after the restart either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_hold_outlives_a_restart_and_one_whose_time_ran_out_lapses() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let live = held(&mut server, owned("LIVE", "X", &[("SKU", 4)])).await;
    held(&mut server, hold("SHORT", 2, &[("SKU", 6)])).await;
    server.stop().await.expect("drained");
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut server = TestServer::start(directory.path()).await;
    lapsed(&mut server, "SHORT").await;
    assert_eq!(read(&mut server, "LIVE").await, live);
    let stock = stock(&mut server).await;
    assert_eq!((stock.held, stock.free), (4, 6));
    held(&mut server, owned("NEXT", "X", &[("SKU", 10)])).await;
    assert_eq!(read(&mut server, "LIVE").await.state(), v1::HoldState::TakenOver);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_and_reservations_tell_what_is_held_from_what_is_ordered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    held(&mut server, hold("CART", 600, &[("SKU", 3)])).await;
    for (is_order, allocated, held) in [(false, 2, 3), (true, 5, 0)] {
        let stock = stock(&mut server).await;
        assert_eq!((stock.allocated, stock.held), (allocated, held));
        assert_eq!((stock.on_hand, stock.free), (10, 5));
        let (sku, node_id) = ("SKU".into(), "NYC".into());
        let list = v1::ListReservationsRequest { sku, node_id, ..Default::default() };
        let listed = server.inventory.list_reservations(list).await.expect("listed").into_inner();
        let of = |r: &v1::Reservation| (r.order_id.clone(), r.hold_id.clone(), r.quantity);
        let second = if is_order { ("B", "") } else { ("", "CART") };
        assert_eq!(
            listed.reservations.iter().map(of).collect::<Vec<_>>(),
            [("A".into(), String::new(), 2), (second.0.into(), second.1.into(), 3)]
        );
        if !is_order {
            server.holds.confirm_hold(confirm("CART", "B")).await.expect("confirmed");
        }
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_changed_and_its_place_in_line_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let cart = held(&mut server, hold("CART", 600, &[("SKU", 1)])).await;
    assert_eq!(cart.holds_ahead, None);
    let answer = server.holds.change_hold(change("CART", &[("SKU", 2)])).await;
    let changed = answer.expect("changed").into_inner();
    let now = changed.hold.clone().expect("a hold");
    assert_eq!((until(&now), now.lines[0].units), (until(&cart), Some(allocated(2))));
    // What it holds already changes nothing.
    let again = server.holds.change_hold(change("CART", &[("SKU", 1), ("SKU", 1)])).await;
    assert_eq!(again.expect("as it is").into_inner().version, changed.version);

    let waits =
        |id: &str, units| v1::CreateHoldRequest { wait: true, ..hold(id, 600, &[("SKU", units)]) };
    for (id, ahead) in [("W1", 0), ("W2", 1), ("W3", 2)] {
        let would = v1::CreateHoldRequest { validate_only: true, ..waits(id, 9_000) };
        let would = create(&mut server, would).await.hold.expect("it would wait");
        let created = create(&mut server, waits(id, 9_000)).await;
        assert_eq!(created.outcome(), v1::HoldOutcome::Waiting);
        let created = created.hold.expect("a hold").holds_ahead;
        assert_eq!((would.holds_ahead, created), (Some(ahead), Some(ahead)), "{id}");
    }
    let first = server.holds.change_hold(change("W1", &[("SKU", 1)])).await;
    let first = first.expect("it wants less").into_inner().hold.expect("a hold");
    assert_eq!((first.state(), first.holds_ahead), (v1::HoldState::Live, None));
    assert_eq!(read(&mut server, "W3").await.holds_ahead, Some(1));
    let nothing = server.holds.change_hold(change("CART", &[])).await.expect_err("lines");
    assert_eq!(fields(&nothing), ["lines"]);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_takes_a_part_is_held_and_confirmed_with_what_there_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let free = stock(&mut server).await.on_hand;
    let all = v1::CreateHoldRequest { accept_part: true, ..hold("P", 600, &[("SKU", 9_000)]) };
    let alone = server.holds.create_hold(all.clone()).await.expect_err("it does not wait");
    assert_eq!(fields(&alone), ["accept_part"]);
    let all = v1::CreateHoldRequest { wait: true, ..all };
    let would = v1::CreateHoldRequest { validate_only: true, ..all.clone() };
    let would = create(&mut server, would).await;
    let part = create(&mut server, all).await;
    assert_eq!((would.outcome(), part.outcome()), (v1::HoldOutcome::Held, v1::HoldOutcome::Held));
    let part = part.hold.expect("a hold");
    assert_eq!((part.state(), part.accepts_part), (v1::HoldState::Live, true));
    let units = part.lines[0].units.expect("units");
    assert!(u64::from(units.allocated) <= free && units.backordered > 0, "{units:?}");
    // It may want less, and has what it has.
    let less = server.holds.change_hold(change("P", &[("SKU", 8_000)])).await.expect("less");
    let less = less.into_inner().hold.expect("a hold");
    let left = v1::LineUnits { backordered: units.backordered - 1_000, ..units };
    assert_eq!((less.state(), less.lines[0].units), (v1::HoldState::Live, Some(left)));
    let order = server.holds.confirm_hold(confirm("P", "O")).await.expect("confirmed").into_inner();
    let line = order.order.expect("an order").lines.remove(0);
    assert_eq!((line.quantity, line.units), (units.allocated, Some(allocated(units.allocated))));
    server.stop().await.expect("drained");
}
