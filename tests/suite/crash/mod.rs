//! `kill -9` of the real server under load: what clients were told is there.

mod black_friday;
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backstock_engine::engine::snapshot_directory;
use backstock_engine::model::{Lsn, NodeKind, OrderState};
use backstock_proto::v1::{
    CancelOrderRequest, OrderOutcome, PlaceOrderLine, PlaceOrderRequest, ShortagePolicy,
    TakeSnapshotRequest, admin_service_client::AdminServiceClient,
    order_service_client::OrderServiceClient,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, number};
use tonic::transport::Channel;

use self::server::Server;

/// Rounds when `BACKSTOCK_CRASH_ROUNDS` does not say it.
const ROUNDS: u64 = 50;
/// Rounds on one data directory; then recovery would begin to take its time.
const ROUNDS_PER_DIRECTORY: u64 = 10;
/// Of those, the one in which a snapshot is taken: with one, nothing of the journal
/// is cut, so that what it gives can be compared with a replay from zero.
const SNAPSHOT_ROUND: u64 = 3;
const CLIENTS: u64 = 8;
const SKUS: [&str; 3] = ["BLOUSE", "SCARF", "SOCKS"];

/// What a client was told of an order.
#[derive(Clone, Debug)]
struct Told {
    /// Units by SKU.
    lines: BTreeMap<String, u32>,
    placed: bool,
    cancel_sent: bool,
    cancelled: bool,
}

type Orders = Arc<Mutex<BTreeMap<String, Told>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_what_it_acknowledged_and_nothing_by_halves() {
    let rounds = number("BACKSTOCK_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("BACKSTOCK_SEED").unwrap_or(1);
    eprintln!("seed {seed}, {rounds} rounds; one again: BACKSTOCK_SEED and BACKSTOCK_CRASH_ROUNDS");
    let mut random = Random::new(seed);
    let mut acknowledged = 0;
    for first in (0..rounds).step_by(usize::try_from(ROUNDS_PER_DIRECTORY).expect("small")) {
        let directory = tempfile::tempdir().expect("a directory");
        prepare(directory.path()).await;
        let orders = Orders::default();
        for round in first..rounds.min(first + ROUNDS_PER_DIRECTORY) {
            let span = Duration::from_millis(u64::from(random.within(20..250)));
            let snapshot = round == first + SNAPSHOT_ROUND;
            crash(directory.path(), &orders, round, (random.next(), span, snapshot)).await;
            check(directory.path(), &orders, round).await;
        }
        let placed = orders.lock().expect("no panic").values().filter(|o| o.placed).count();
        assert!(placed > 0, "the server was never under load");
        acknowledged += placed;
    }
    eprintln!("{acknowledged} orders were acknowledged");
}

/// Defines a network with stock that lasts.
async fn prepare(directory: &Path) {
    let (engine, _) = open(directory).await;
    define_nodes(
        &engine,
        &[node("EAST", NodeKind::Warehouse, 5), node("WEST", NodeKind::Store, 9)],
    )
    .await;
    define_items(&engine, &SKUS).await;
    for item in SKUS {
        set(&engine, item, "EAST", 1_000).await;
        set(&engine, item, "WEST", 1_000_000).await;
    }
    engine.shut_down().await;
}

/// Starts the server, lets clients work for a span of time, and kills it; where a
/// snapshot is to be taken, that begins half way, and may be cut short as well.
async fn crash(
    directory: &Path,
    orders: &Orders,
    round: u64,
    (seed, span, snapshot): (u64, Duration, bool),
) {
    let mut server = Server::start(directory);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, orders) = (server.address.clone(), Arc::clone(orders));
            tokio::spawn(work(address, orders, format!("{round}-{client}"), seed ^ client))
        })
        .collect();
    tokio::time::sleep(span / 2).await;
    if snapshot && let Ok(mut admin) = AdminServiceClient::connect(server.address.clone()).await {
        tokio::spawn(async move { admin.take_snapshot(TakeSnapshotRequest {}).await });
    }
    tokio::time::sleep(span / 2).await;
    server.kill();
    for client in clients {
        client.await.expect("no client panics");
    }
}

/// Places orders, and cancels every third, until the server is gone.
async fn work(address: String, orders: Orders, name: String, seed: u64) {
    let Ok(mut server) = OrderServiceClient::connect(address).await else { return };
    let mut random = Random::new(seed);
    for count in 0.. {
        let id = format!("{name}-{count}");
        let mut lines = BTreeMap::new();
        for _ in 0..random.within(1..4) {
            *lines.entry((*random.pick(&SKUS)).to_owned()).or_default() += random.within(1..4);
        }
        let told =
            Told { lines: lines.clone(), placed: false, cancel_sent: false, cancelled: false };
        note(&orders, &id, |_| told);
        if !place(&mut server, &id, &lines).await {
            return;
        }
        note(&orders, &id, |told| Told { placed: true, ..told.expect("it was sent") });
        if random.percent(33) {
            note(&orders, &id, |told| Told { cancel_sent: true, ..told.expect("it was sent") });
            let cancel = CancelOrderRequest { order_id: id.clone(), ..Default::default() };
            if server.cancel_order(cancel).await.is_err() {
                return;
            }
            note(&orders, &id, |told| Told { cancelled: true, ..told.expect("it was sent") });
        }
    }
}

fn note(orders: &Orders, id: &str, change: impl FnOnce(Option<Told>) -> Told) {
    let mut orders = orders.lock().expect("no panic");
    let changed = change(orders.get(id).cloned());
    orders.insert(id.to_owned(), changed);
}

/// Places an order; false when the server is gone.
async fn place(
    server: &mut OrderServiceClient<Channel>,
    id: &str,
    lines: &BTreeMap<String, u32>,
) -> bool {
    let line =
        |(sku, quantity): (&String, &u32)| PlaceOrderLine { sku: sku.clone(), quantity: *quantity };
    let request = PlaceOrderRequest {
        order_id: id.to_owned(),
        destination_postal_code: "10001".into(),
        shortage_policy: ShortagePolicy::Reject.into(),
        lines: lines.iter().map(line).collect(),
        ..Default::default()
    };
    match server.place_order(request).await {
        Ok(answer) => {
            assert_eq!(answer.into_inner().outcome(), OrderOutcome::Allocated, "order {id}");
            true
        }
        Err(status) => {
            let gone = [tonic::Code::Unavailable, tonic::Code::Unknown, tonic::Code::Cancelled];
            assert!(gone.contains(&status.code()), "order {id}: {status}");
            false
        }
    }
}

/// Opens a copy of what the killed server left, and compares it with what clients
/// were told, and with a replay of its journal from zero. The next server finds what
/// this one left.
async fn check(left: &Path, orders: &Orders, round: u64) {
    let copy = tempfile::tempdir().expect("a directory");
    let directory = copy.path();
    copy_files(left, directory);
    let (engine, recovered) = open(directory).await;
    assert_clean(&engine);
    let told = orders.lock().expect("no panic").clone();
    let mut there = 0;
    for (id, told) in &told {
        let Ok(view) = engine.order(&order_id(id)).await else {
            assert!(!told.placed, "round {round}: order {id} was acknowledged and is gone");
            continue;
        };
        there += 1;
        let name = |line: &backstock_engine::model::OrderLine| {
            (engine.sku_no(line.sku).to_string(), line.ordered)
        };
        let lines: BTreeMap<_, _> = view.order.lines.iter().map(name).collect();
        assert_eq!(lines, told.lines, "round {round}: order {id} is whole");
        let state = view.order.state();
        let expected = match (told.cancel_sent, told.cancelled) {
            (false, _) => state == OrderState::Open,
            (true, true) => state == OrderState::Cancelled,
            (true, false) => matches!(state, OrderState::Open | OrderState::Cancelled),
        };
        assert!(expected, "round {round}: order {id} is {state:?}, told {told:?}");
        let given: u32 = view.order.allocations.iter().map(|a| a.units).sum();
        assert_eq!(given, told.lines.values().sum::<u32>(), "round {round}: order {id}");
    }
    assert_eq!(engine.status().orders, there, "round {round}: orders that nobody sent");
    engine.shut_down().await;
    drop(engine);
    if recovered.generation.is_some() {
        std::fs::remove_dir_all(snapshot_directory(directory)).expect("it is there");
    }
    let (again, replayed) = open(directory).await;
    assert_eq!(replayed.from, Lsn::NONE, "round {round}: from zero");
    assert_eq!(replayed.state_hash, recovered.state_hash, "round {round}");
    again.shut_down().await;
}
