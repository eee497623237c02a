//! Holds in snapshots, and those that left memory.

use std::path::Path;

use super::*;

async fn reopened(directory: &Path, engine: Engine) -> Engine {
    let status = engine.status();
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory).await;
    assert_eq!((recovered.last, recovered.state_hash), (status.applied, status.state_hash));
    assert_eq!(engine.status().orders, status.orders);
    assert_clean(&engine);
    engine
}

/// Holds in all states: live, lapsed, released, confirmed, taken over, confirmed late.
async fn holds_in_all_states(engine: &Engine) {
    one_node(engine, 100).await;
    for name in ["confirmed", "released", "lapsed", "late"] {
        create(engine, hold(name, 60, 2)).await.expect("there is enough");
    }
    for name in ["live", "sooner"] {
        create(engine, hold(name, 600, 2)).await.expect("there is enough");
    }
    for name in ["taken over", "takes over"] {
        create(engine, of_owner(name, "X", 2)).await.expect("there is enough");
    }
    engine.extend_hold(extend("live", 900)).await.expect("it is extended");
    engine.confirm_hold(confirm("confirmed", "o-confirmed")).await.expect("it is confirmed");
    engine.release_hold(release("released")).await.expect("it is released");
    engine.tell_time(after(60));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    engine.confirm_hold(confirm("late", "o-late")).await.expect("there is enough");
}

async fn check_states(engine: &Engine) {
    for (name, expected) in [
        ("live", HoldState::Live),
        ("sooner", HoldState::Live),
        ("takes over", HoldState::Live),
        ("taken over", HoldState::TakenOver),
        ("confirmed", HoldState::Confirmed),
        ("late", HoldState::Confirmed),
        ("released", HoldState::Released),
        ("lapsed", HoldState::Lapsed),
    ] {
        assert_eq!(state(engine, name).await.state, expected, "{name}");
    }
    for (name, order) in [("confirmed", "o-confirmed"), ("late", "o-late")] {
        let of_hold = engine.order(&OrderId::of_hold(&hold_id(name))).await.expect("it is known");
        assert_eq!(of_hold, engine.order(&order_id(order)).await.expect("it is known"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_in_all_states_are_found_in_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    holds_in_all_states(&engine).await;
    check_states(&engine).await;
    engine.take_snapshot(NOW).await.expect("a snapshot");
    // Of the second, all that is closed left memory at the next start.
    engine.take_snapshot(NOW).await.expect("a snapshot");
    let engine = reopened(directory.path(), engine).await;
    check_states(&engine).await;
    // The owner's hold is known as his, and each lapses when it was to.
    create(&engine, of_owner("next", "X", 3)).await.expect("there is enough");
    assert_eq!(state(&engine, "takes over").await.state, HoldState::TakenOver);
    engine.tell_time(after(600));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    let states = [state(&engine, "sooner").await.state, state(&engine, "live").await.state];
    assert_eq!(states, [HoldState::Lapsed, HoldState::Live]);
    let engine = reopened(directory.path(), engine).await;
    engine.shut_down().await;
}

/// What a generation has as closed is replayed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_left_memory_after_it_lapsed_is_confirmed_late() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    holds_in_all_states(&engine).await;
    for _ in 0..2 {
        engine.take_snapshot(NOW).await.expect("a snapshot");
    }
    let engine = reopened(directory.path(), engine).await;
    assert!(engine.status().archived_orders > 0);
    engine.confirm_hold(confirm("lapsed", "o-lapsed")).await.expect("there is enough");
    let engine = reopened(directory.path(), engine).await;
    assert_eq!(state(&engine, "lapsed").await.state, HoldState::Confirmed);
    for _ in 0..2 {
        engine.take_snapshot(NOW).await.expect("a snapshot");
    }
    let engine = reopened(directory.path(), engine).await;
    assert_eq!(state(&engine, "lapsed").await.state, HoldState::Confirmed);
    let refused = engine.confirm_hold(confirm("lapsed", "another")).await;
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::HoldEnded { .. }))), "{refused:?}");
    engine.shut_down().await;
}

/// Snapshots are taken while holds lapse and are confirmed late: the order that a hold became
/// may be in one beside the hold as it was before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_beside_late_confirmations_is_whole() {
    const HOLDS: usize = 400;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 1_000).await;
    for no in 0..HOLDS {
        create(&engine, hold(&format!("{no}"), 1, 1)).await.expect("there is enough");
    }
    engine.tell_time(after(1));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    let late = tokio::spawn({
        let engine = engine.clone();
        async move {
            for no in 0..HOLDS {
                let order = format!("o-{no}");
                let confirmed = engine.confirm_hold(confirm(&format!("{no}"), &order)).await;
                confirmed.expect("there is enough");
            }
        }
    });
    let mut taken = 0;
    while !late.is_finished() {
        engine.take_snapshot(NOW).await.expect("a snapshot");
        taken += 1;
    }
    late.await.expect("no panic");
    eprintln!("{taken} snapshots");
    let engine = reopened(directory.path(), engine).await;
    engine.shut_down().await;
}
