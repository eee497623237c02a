//! What follows when something dies, or is asked too much.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use backstock_engine::command::{DefineNode, PlaceOrder, StockOperation};
use backstock_engine::engine::{Engine, EngineError, Halt};
use backstock_engine::model::{Lsn, NodeKind, Shortage};
use backstock_engine::service::SnapshotFailed;
use backstock_engine::snapshot;
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

async fn network(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "N", 1_000_000).await;
}

/// Kills a service while orders are placed; answers with the newest version that
/// any caller was told of.
async fn kill_under_load(engine: &Engine, service: &str) -> Lsn {
    let buyers: Vec<_> = (0..200)
        .map(|buyer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut newest = Lsn::NONE;
                for round in 0.. {
                    let wanted = order(&format!("{buyer}-{round}"), &[("A", 1)], Shortage::Reject);
                    match place(&engine, wanted).await {
                        Ok(placed) => newest = newest.max(placed.version),
                        Err(EngineError::Halted(_)) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
                newest
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(engine.kill_service(service).await, "{service} is a service");
    let mut newest = Lsn::NONE;
    for buyer in buyers {
        let told = tokio::time::timeout(Duration::from_secs(20), buyer).await;
        newest = newest.max(told.expect("a caller that waits is told").expect("no panic"));
    }
    newest
}

async fn its_death_halts_the_engine(service: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let newest = kill_under_load(&engine, service).await;
    let halt = engine.halted().await;
    assert!(matches!(&halt, Halt::Program(cause) if cause.contains(service)), "{halt:?}");
    let refused = place(&engine, order("late", &[("A", 1)], Shortage::Reject)).await;
    assert!(matches!(refused, Err(EngineError::Halted(_))), "{refused:?}");
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory.path()).await;
    assert!(recovered.last >= newest, "{newest} was acknowledged, {} is there", recovered.last);
    assert_clean(&engine);
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_death_of_the_journal_writer_halts_the_engine_and_all_who_wait_are_told() {
    its_death_halts_the_engine("journal writer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_death_of_the_applier_halts_the_engine_and_all_who_wait_are_told() {
    its_death_halts_the_engine("applier").await;
}

/// New orders would take what older ones wait for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_death_of_the_re_pegger_halts_the_engine_and_all_who_wait_are_told() {
    its_death_halts_the_engine("re-pegger").await;
}

/// Takes a snapshot as soon as one can be taken, and answers with its generation.
async fn take_when_it_can_be(engine: &Engine) -> u64 {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let asked = tokio::time::timeout(Duration::from_secs(20), engine.take_snapshot(NOW)).await;
        match asked.expect("an answer") {
            Ok(report) => return report.manifest.generation,
            // The request that finds it dead is told so, and one that comes while
            // the thread of the dead one still works; a later one is served.
            Err(SnapshotFailed::Ended | SnapshotFailed::Running) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(tokio::time::Instant::now() < deadline, "it is not started anew");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The generations that are there, all of which can be read back.
fn sound_generations(engine: &Engine) -> Vec<u64> {
    let store = engine.snapshot_store().expect("a store");
    let listed = snapshot::list(&*store).expect("a list");
    for report in &listed {
        snapshot::verify(&*store, report.generation).expect("it is sound");
    }
    listed.into_iter().map(|report| report.generation).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_snapshotter_is_started_anew_and_orders_go_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let mut newest = take_when_it_can_be(&engine).await;
    for round in 0..5 {
        let taking = tokio::spawn({
            let engine = engine.clone();
            async move { engine.take_snapshot(NOW).await }
        });
        // Sooner or later in its work, or after it.
        tokio::time::sleep(Duration::from_millis(round)).await;
        assert!(engine.kill_service("snapshotter").await);
        let wanted = order(&format!("{round}"), &[("A", 1)], Shortage::Reject);
        place(&engine, wanted).await.expect("orders go on");
        let told = tokio::time::timeout(Duration::from_secs(20), taking).await;
        let told = told.expect("the asker is told").expect("no panic");
        assert!(matches!(told, Ok(_) | Err(SnapshotFailed::Ended)), "{told:?}");
        let next = take_when_it_can_be(&engine).await;
        assert!(next > newest, "{next} follows {newest}");
        assert!(sound_generations(&engine).contains(&next));
        newest = next;
    }
    assert!(!engine.kill_service("nobody").await);
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_answered_at_once_and_says_when_to_try_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let options =
        backstock_engine::engine::OpenOptions { in_flight_max: 4, ..options(directory.path()) };
    let disk = Arc::new(backstock_engine::disk::RealDisk);
    let (engine, _) = Engine::open(&options, disk, Arc::new(Line)).await.expect("it opens");
    network(&engine).await;
    let mut held = Vec::new();
    for at in 0..4 {
        let wanted = order(&format!("held-{at}"), &[("A", 1)], Shortage::Reject);
        let command = PlaceOrder { meta: meta(), placed_at: None, order: wanted };
        held.push(engine.submit_order(command).await.expect("it is let in"));
    }
    let answer = place(&engine, order("more", &[("A", 1)], Shortage::Reject)).await;
    let Err(EngineError::Overloaded { in_flight, limit, retry_after }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((in_flight, limit), (4, 4));
    assert!(retry_after > Duration::ZERO && retry_after < Duration::from_secs(1));
    for submitted in held {
        submitted.acknowledged().await.expect("it is placed");
    }
    place(&engine, order("more", &[("A", 1)], Shortage::Reject)).await.expect("there is room");
    assert_eq!(engine.status().in_flight, 0);
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_demands_a_version_sees_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let mut last = Lsn::NONE;
    for round in 0..200 {
        let id = format!("{round}");
        let placed = place(&engine, order(&id, &[("A", 1)], Shortage::Reject)).await;
        let version = placed.expect("it is placed").version;
        assert!(version > last, "versions rise");
        last = version;
        engine.at_least(version).await.expect("it is there");
        let view = engine.order(&order_id(&id)).await.expect("the order");
        assert!(view.version >= version);
    }
    let ahead = engine.at_least(last.plus(1)).await;
    assert_eq!(ahead, Err(EngineError::VersionAhead { wanted: last.next(), newest: last }));
    engine.shut_down().await;
}

/// A view's version includes all that the view shows, at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_includes_what_it_came_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let changer = {
        let engine = engine.clone();
        tokio::spawn(async move {
            for _ in 0..1_500 {
                let operation = StockOperation::Receive { quantity: 1, unavailable: 0 };
                change(&engine, "A", "N", operation).await.expect("received");
            }
        })
    };
    while !changer.is_finished() {
        for _ in 0..100 {
            let view = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair");
            assert!(view.version >= view.stock.last_lsn, "{} shown", view.stock.last_lsn);
        }
        tokio::task::yield_now().await;
    }
    engine.shut_down().await;
}

/// A caller that goes away while its node is being defined hinders no other command.
#[test]
fn two_nodes_never_get_one_number() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    {
        let node = node("LEFT", NodeKind::Warehouse, 1);
        let mut dropped = pin!(engine.define_node(DefineNode { meta: meta(), node }));
        assert!(poll(dropped.as_mut()).is_pending(), "its event is in flight");
    }
    single.run(define_nodes(&engine, &[node("RIGHT", NodeKind::Store, 2)]));
    single.drain();
    engine.node(&node_id("LEFT")).expect("its event is durable");
    assert_eq!(engine.node(&node_id("RIGHT")).expect("it is defined").kind, NodeKind::Store);
    assert_eq!(engine.nodes().len(), 2);
    assert_clean(&engine);
}

/// A task that waits for a caller's thread gets it, though nothing keeps the caller from
/// going on.
#[tokio::test]
async fn a_caller_who_never_has_to_wait_gives_its_thread_back() {
    const ORDERS: usize = 400;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    // One item each: no two orders meet at a pair.
    let skus: Vec<String> = (0..ORDERS).map(|no| format!("S{no}")).collect();
    for sku in &skus {
        define_items(&engine, &[sku]).await;
        set(&engine, sku, "N", 1).await;
    }
    let turns = Arc::new(AtomicUsize::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    let mut submitted = Vec::with_capacity(ORDERS);
    for sku in &skus {
        let order = order(sku, &[(sku, 1)], Shortage::Reject);
        let command = PlaceOrder { meta: meta(), placed_at: None, order };
        submitted.push(engine.submit_order(command).await.expect("it is let in"));
    }
    // The runtime lets a task go on for some hundred steps.
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns >= ORDERS / 200, "{turns} turns beside {ORDERS} orders");
    other.abort();
    for order in submitted {
        order.acknowledged().await.expect("it is placed");
    }
    engine.shut_down().await;
}

/// The same of other commands: these find that all is so already, and wait for nothing.
#[tokio::test]
async fn a_caller_whose_commands_change_nothing_gives_its_thread_back() {
    const COMMANDS: usize = 400;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_items(&engine, &["A"]).await;
    let turns = Arc::new(AtomicUsize::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..COMMANDS {
        define_items(&engine, &["A"]).await;
    }
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns >= COMMANDS / 200, "{turns} turns beside {COMMANDS} commands");
    other.abort();
    engine.shut_down().await;
}

/// Buys one unit after the other until told to end.
async fn buy_on(engine: Engine, buyer: usize, ends: Arc<AtomicBool>) {
    for round in 0.. {
        if ends.load(Ordering::Relaxed) {
            return;
        }
        let wanted = order(&format!("{buyer}-{round}"), &[("A", 1)], Shortage::Reject);
        place(&engine, wanted).await.expect("it is placed");
    }
}

/// However long an audit looks, no caller waits for it. Otherwise each buyer would buy
/// only once or twice beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_acknowledged_while_an_audit_looks() {
    const BUYERS: usize = 64;
    const EACH: u64 = 5;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    network(&engine).await;
    let ends = Arc::new(AtomicBool::new(false));
    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| tokio::spawn(buy_on(engine.clone(), buyer, Arc::clone(&ends))))
        .collect();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    // Audits take longer with each order that there is.
    loop {
        let audited = tokio::task::spawn_blocking({
            let engine = engine.clone();
            move || engine.audit().map(|report| (engine.version().get(), report))
        });
        let (version, report) = audited.await.expect("no panic").expect("the audit runs");
        assert!(report.is_clean(), "{:#?}", report.breaches);
        let beside = version - report.lsn.get();
        if beside > EACH * BUYERS as u64 {
            break;
        }
        let orders = report.orders;
        assert!(tokio::time::Instant::now() < deadline, "{beside} beside one of {orders} orders");
    }
    ends.store(true, Ordering::Relaxed);
    for buyer in buyers {
        buyer.await.expect("no panic");
    }
    engine.shut_down().await;
}
