//! What can be promised, told to those who watch.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use backstock_proto::v1;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use super::holds::{hold, release};
use super::server::{LONG, TestServer, announcement, feed, fields, node, order};

/// Longer than a watch rests, by far.
const SOON: Duration = Duration::from_secs(5);

/// Longer than a watch rests, with room for a machine that is busy.
const QUIET: Duration = Duration::from_millis(400);

type Told = Streaming<v1::WatchAvailabilityResponse>;

fn of(skus: &[&str]) -> v1::WatchAvailabilityRequest {
    let skus = skus.iter().map(|sku| (*sku).to_owned()).collect();
    v1::WatchAvailabilityRequest { skus, ..Default::default() }
}

async fn watch(server: &TestServer, request: v1::WatchAvailabilityRequest) -> Result<Told, Status> {
    server.inventory.clone().watch_availability(request).await.map(tonic::Response::into_inner)
}

/// What is told next.
async fn next(told: &mut Told) -> v1::WatchAvailabilityResponse {
    let message = timeout(LONG, told.message()).await.expect("it is told");
    message.expect("no error").expect("a watch goes on")
}

fn units(told: &v1::WatchAvailabilityResponse) -> Vec<(&str, u64)> {
    told.availabilities.iter().map(|of| (&*of.sku, of.atp_now)).collect()
}

async fn is_quiet(told: &mut Told) -> bool {
    timeout(QUIET, told.message()).await.is_err()
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().expect("a reason").reason.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_is_told_of_all_and_then_of_what_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut told = watch(&server, of(&["SKU", "RARE"])).await.expect("a place");
    let first = next(&mut told).await;
    assert_eq!(units(&first), [("SKU", 10), ("RARE", 0)]);

    // Stock, an order, a hold and its end; each with a version that shows it.
    server.set_stock("RARE", "NYC", 4).await;
    let set = next(&mut told).await;
    assert_eq!(units(&set), [("RARE", 4)]);
    assert!(set.version > first.version);
    let placed = server.orders.place_order(order("o", &[("SKU", 3)])).await.expect("placed");
    let ordered = next_settled(&mut told, placed.into_inner().version).await;
    assert_eq!(units(&ordered), [("SKU", 7)]);
    server.holds.create_hold(hold("H", 600, &[("SKU", 2)])).await.expect("held");
    let held = next_until(&mut told, |of| of.held == 2).await;
    assert_eq!((held.atp_now, held.first_lapse_time.is_some()), (5, true));
    server.holds.release_hold(release("H")).await.expect("released");
    assert_eq!(next_until(&mut told, |of| of.held == 0).await.atp_now, 7);

    // What is on its way, and when.
    let announced = announcement("RARE", "PO", 9);
    server.inventory.announce_inbound(announced).await.expect("announced");
    let coming = next_until(&mut told, |of| of.nodes[0].inbound_free == 9).await;
    let moved = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO".into(),
        eta: Some(v1::Date { year: 2100, month: 1, day: 3 }),
        ..Default::default()
    };
    server.inventory.update_inbound(moved).await.expect("moved");
    let later = next_until(&mut told, |of| of.nodes[0].inbound_free == 9).await;
    assert_ne!(coming.nodes[0].next_inbound_eta, later.nodes[0].next_inbound_eta);

    // A node that is turned off.
    let off = v1::Node { enabled: Some(false), ..node("NYC", "10001") };
    server.define_node(off).await;
    let mut on = BTreeSet::from(["SKU".to_owned(), "RARE".to_owned()]);
    while !on.is_empty() {
        for of in next(&mut told).await.availabilities {
            if of.nodes.is_empty() {
                on.remove(&of.sku);
            }
        }
    }
    assert!(is_quiet(&mut told).await, "nothing changed");
    drop(told);
    server.stop().await.expect("drained");
}

/// A claim in flight may be told before its order is applied; what is told at that version is told
/// of no later one.
async fn next_settled(told: &mut Told, version: u64) -> v1::WatchAvailabilityResponse {
    let seen = next(told).await;
    if seen.version < version {
        assert!(is_quiet(told).await, "the claim was told");
    }
    seen
}

/// What is told of the first SKU of a message, once it is so.
async fn next_until(
    told: &mut Told,
    is_so: impl Fn(&v1::SkuAvailability) -> bool,
) -> v1::SkuAvailability {
    loop {
        let message = next(told).await;
        if let Some(found) = message.availabilities.into_iter().find(&is_so) {
            return found;
        }
    }
}

/// Elsewhere, what is for sale is known 20 to 30 seconds late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pain_10_who_watches_is_told_at_once_what_is_for_sale() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut told = watch(&server, of(&["RARE"])).await.expect("a place");
    next(&mut told).await;
    for quantity in 1..=20 {
        server.set_stock("RARE", "NYC", quantity).await;
        let acknowledged = Instant::now();
        let seen = timeout(SOON, next(&mut told)).await.expect("told at once");
        assert_eq!(units(&seen), [("RARE", quantity)]);
        assert!(acknowledged.elapsed() < SOON, "{:?}", acknowledged.elapsed());
    }
    drop(told);
    server.stop().await.expect("drained");
}

/// However fast it changes, a watcher is told the newest, and no more often than it rests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_follow_each_other_are_told_as_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let began = Instant::now();
    let mut told = watch(&server, of(&["RARE", "SKU"])).await.expect("a place");
    for quantity in 1..=300 {
        server.set_stock("RARE", "NYC", quantity).await;
    }
    // Nothing is read before.
    sleep(QUIET).await;
    let (mut messages, mut last) = (0, 0);
    while last < 300 {
        let message = next(&mut told).await;
        messages += 1;
        let rare = message.availabilities.iter().find(|of| of.sku == "RARE");
        let units = rare.expect("only it changes").atp_now;
        assert!(units > last || messages == 1, "{units} after {last}");
        last = units;
    }
    let rests = began.elapsed().as_millis() / 50 + 2;
    assert!(messages <= rests, "{messages} messages in {:?}", began.elapsed());
    assert!(is_quiet(&mut told).await, "the newest was told");
    drop(told);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_skus_all_are_told_in_responses_that_callers_take() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for at in 0..40 {
        server.define_node(node(&format!("{at:0>60}"), "10001")).await;
    }
    let names = server.define_long_names().await;
    let level = v1::StockLevel { on_hand: Some(1), ..Default::default() };
    let row = |sku: &String, node: usize| v1::StockRow {
        sku: sku.clone(),
        node_id: format!("{node:0>60}"),
        change: Some(v1::stock_row::Change::Level(level)),
    };
    for skus in names.chunks(25) {
        let rows =
            skus.iter().flat_map(|sku| (0..40).map(|node| row(sku, node)).collect::<Vec<_>>());
        let request = v1::LoadStockRequest { rows: rows.collect(), ..Default::default() };
        assert_eq!(feed(&mut server, request).await.rows_applied, 1_000);
    }
    let skus: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut told = watch(&server, of(&skus)).await.expect("a place");
    let (mut seen, mut messages) = (Vec::new(), 0);
    while seen.len() < skus.len() {
        let message = next(&mut told).await;
        messages += 1;
        seen.extend(message.availabilities.into_iter().map(|of| (of.sku, of.atp_now)));
    }
    assert_eq!(seen, names.iter().map(|sku| (sku.clone(), 40)).collect::<Vec<_>>());
    assert!(messages > 4, "{messages} for more than a megabyte");
    drop(told);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_has_one_of_few_places_until_its_caller_goes_and_ends_in_a_drain() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(watch(&server, of(&["SKU"])).await.expect("a place"));
    }
    let status = watch(&server, of(&["SKU"])).await.map(drop).expect_err("no place is left");
    assert_eq!((status.code(), &*reason(&status)), (Code::ResourceExhausted, "OVERLOADED"));
    open.pop();
    let freed = Instant::now();
    let mut told = loop {
        match watch(&server, of(&["SKU"])).await {
            Ok(told) => break told,
            Err(_) if freed.elapsed() < LONG => sleep(Duration::from_millis(10)).await,
            Err(status) => panic!("the place is not given back: {status}"),
        }
    };
    next(&mut told).await;
    server.shutdown.drain();
    let status = timeout(LONG, told.message()).await.expect("it ends").expect_err("drained");
    assert_eq!((status.code(), &*reason(&status)), (Code::Unavailable, "DRAINING"));
    drop((told, open));
    server.ended().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_watched_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(directory.path()).await;
    let many: Vec<String> = (0..1_001).map(|at| at.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (skus, broken) in [
        (&[][..], &["skus"][..]),
        (&many, &["skus"]),
        (&["SKU", "", "SKU"], &["skus[1]", "skus[2]"]),
    ] {
        let status = watch(&server, of(skus)).await.map(drop).expect_err("refused");
        assert_eq!(fields(&status), broken);
    }
    let elsewhere = |nodes: &str| v1::WatchAvailabilityRequest {
        node_ids: vec![nodes.to_owned()],
        ..of(&["SKU"])
    };
    let ahead = v1::WatchAvailabilityRequest { min_version: 1_000_000, ..of(&["SKU"]) };
    for (request, expected) in [
        (of(&["SKU", "NONE"]), "ITEM_NOT_FOUND"),
        (elsewhere("NONE"), "NODE_NOT_FOUND"),
        (ahead, "VERSION_AHEAD"),
    ] {
        let status = watch(&server, request).await.map(drop).expect_err("refused");
        assert_eq!(reason(&status), expected);
    }
    server.stop().await.expect("drained");
}
