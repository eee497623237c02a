//! Closed orders leave memory, and only the memory in use shows it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backstock_engine::command::{
    Change, CommitChange, DeclineShipment, HoldOrder, NodeDefinition, Operation, OrderRequest,
    PlaceOrder, ProgressShipment, QuoteChange, Wanted,
};
use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{
    Engine, EngineError, OpenOptions, PlaceOutcome, RestoreOptions, restore,
};
use backstock_engine::model::{
    DeclineReason, HoldId, LineUnits, Meta, NodeKind, Order, OrderHoldId, OrderHoldKind,
    OrderState, PickupOffer, Refusal, Shortage, Step, Text, Timestamp,
};
use backstock_engine::snapshot::{Kind, SnapshotStore};
use backstock_tests::fixture::*;

const HOUR: Duration = Duration::from_hours(1);

fn after(time: Duration) -> Timestamp {
    NOW.saturating_add_micros(i64::try_from(time.as_micros()).expect("it is short"))
}

async fn archiving(directory: &Path, archive_after: Option<Duration>) -> Engine {
    let options = OpenOptions { archive_after, ..options(directory) };
    let opened = Engine::open(&options, Arc::new(RealDisk), Arc::new(Line)).await;
    opened.expect("the engine opens").0
}

/// Orders that are shipped, cancelled, both in part, and open.
async fn orders(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A", "B"]).await;
    set(engine, "A", "N", 100).await;
    set(engine, "B", "N", 3).await;
    for id in ["shipped", "cancelled", "both", "open", "part"] {
        let order = order(id, &[("A", 3), ("B", 1)], Shortage::Backorder);
        let command = PlaceOrder { meta: keyed(id), placed_at: None, order };
        engine.place_order(command).await.expect("it is placed");
    }
    ship(engine, "shipped", 1).await.expect("it left");
    cancel(engine, "cancelled", &[]).await.expect("it is cancelled");
    cancel(engine, "both", &[(1, 2)]).await.expect("it is cancelled");
    ship(engine, "both", 1).await.expect("it left");
    cancel(engine, "part", &[(1, 1)]).await.expect("it is cancelled");
}

/// Until both generations that are kept have what is there now.
async fn both_generations(engine: &Engine) -> u64 {
    engine.take_snapshot(NOW).await.expect("a snapshot");
    engine.take_snapshot(NOW).await.expect("a snapshot").manifest.generation
}

const CLOSED: [&str; 3] = ["shipped", "cancelled", "both"];
const ALL: [&str; 5] = ["shipped", "cancelled", "both", "open", "part"];

/// What can be read of the orders.
async fn seen(engine: &Engine) -> Vec<Arc<Order>> {
    let mut seen = Vec::new();
    for id in ALL {
        let view = engine.order(&order_id(id)).await.expect("it is there");
        let (explained, _) = engine.explain(&order_id(id)).await.expect("it is there");
        assert_eq!(view.order, explained);
        assert_eq!(engine.order_id(view.order.no).await, Ok(Some(order_id(id))));
        seen.push(view.order);
    }
    seen
}

/// What commands on the orders answer that change nothing.
async fn answered(engine: &Engine) -> Vec<Result<String, EngineError>> {
    let mut answered = Vec::new();
    for id in ALL {
        let order = order(id, &[("A", 3), ("B", 1)], Shortage::Backorder);
        for meta in [keyed(id), meta()] {
            let order = order.clone();
            let placed = engine.place_order(PlaceOrder { meta, placed_at: None, order }).await;
            answered.push(placed.map(|placed| {
                let PlaceOutcome::Placed(order) = placed.outcome else { panic!("it was placed") };
                format!("{} {}", order.header.id, order.placed_lsn)
            }));
        }
    }
    for id in CLOSED {
        let again = place(engine, order(id, &[("A", 1)], Shortage::Backorder)).await;
        answered.push(again.map(|_| "placed".into()));
        answered.push(cancel(engine, id, &[]).await.map(|_| "cancelled".into()));
        answered.push(cancel(engine, id, &[(1, 1)]).await.map(|_| "cancelled".into()));
        answered.push(ship(engine, id, 1).await.map(|_| "shipped".into()));
        let note = Operation::SetNote(Text::new("note", "ring twice").expect("a text"));
        answered.push(changed(engine, id, note).await);
        let (meta, order) = (meta(), order_id(id));
        let step = Step::Pick(LineUnits::new());
        let pick = ProgressShipment { meta: meta.clone(), order: order.clone(), shipment: 1, step };
        answered.push(engine.progress_shipment(pick).await.map(|_| "picked".into()));
        let (reason, lines) = (DeclineReason::Closed, LineUnits::new());
        let declined = DeclineShipment {
            meta: meta.clone(),
            order: order.clone(),
            shipment: 1,
            reason,
            lines,
            paused_until: None,
        };
        answered.push(engine.decline_shipment(declined).await.map(|_| "declined".into()));
        let hold = HoldOrder {
            meta,
            order,
            hold: OrderHoldId::new("id", "REVIEW").expect("an id"),
            kind: OrderHoldKind::Fraud,
            reason: Text::default(),
            owner: Text::default(),
            stock_until: None,
        };
        answered.push(engine.hold_order(hold).await.map(|_| "held".into()));
    }
    answered
}

/// A change of an order, which is committed where that takes units.
async fn changed(engine: &Engine, id: &str, operation: Operation) -> Result<String, EngineError> {
    let change = Change { operations: vec![operation], ..Change::default() };
    let quote = HoldId::new("quote", format!("of-{id}")).expect("an id");
    let asked = QuoteChange { meta: meta(), order: order_id(id), quote, change };
    let answer = engine.quote_change(&asked).await?;
    if let Some(quote) = answer.quote.filter(|quote| quote.has_hold) {
        engine.commit_change(CommitChange { meta: meta(), quote }).await?;
    }
    Ok(format!("{:?}", answer.faults))
}

fn archived_are(engine: &Engine, count: usize) {
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "{:#?}", report.breaches);
    assert_eq!((engine.status().archived_orders, report.archived), (count, count as u64));
    assert_eq!((engine.status().orders, report.orders), (ALL.len(), ALL.len() as u64));
}

/// What left memory may still be told of: it arrives, or has more. A process that dies before the next
/// snapshot meets those events of orders that it did not load.
#[tokio::test]
async fn an_order_that_left_memory_goes_on_over_a_restart_without_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = archiving(directory.path(), Some(Duration::ZERO)).await;
    orders(&engine).await;
    both_generations(&engine).await;
    archived_are(&engine, CLOSED.len());
    let mut told = 0;
    for id in CLOSED {
        for step in [Step::Deliver { packages: Vec::new(), at: None }, Step::Lose(Vec::new())] {
            let (meta, order) = (meta(), order_id(id));
            let step = ProgressShipment { meta, order, shipment: 1, step };
            told += u32::from(engine.progress_shipment(step).await.is_ok());
        }
        let more = Operation::Add(Wanted { sku: sku("A"), quantity: 1, amount: None, price: None });
        told += u32::from(changed(&engine, id, more).await.is_ok());
    }
    assert!(told > 2, "some of them left");
    let (before, hash) = (seen(&engine).await, engine.status().state_hash);
    engine.shut_down().await;

    for _ in 0..2 {
        let engine = archiving(directory.path(), Some(HOUR)).await;
        assert_eq!(engine.status().state_hash, hash);
        assert_eq!(seen(&engine).await, before);
        let report = engine.audit().expect("the audit runs");
        assert!(report.is_clean(), "{:#?}", report.breaches);
        engine.shut_down().await;
    }
}

#[tokio::test]
async fn reads_and_answers_are_the_same_wherever_an_order_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = archiving(directory.path(), Some(Duration::ZERO)).await;
    orders(&engine).await;
    let (before, answers) = (seen(&engine).await, answered(&engine).await);
    assert!(before.iter().all(|order| !order.timeline.is_empty()), "what happened is read with it");
    let hash = engine.status().state_hash;
    assert!(answers.iter().any(Result::is_err), "{answers:?}");
    archived_are(&engine, 0);

    both_generations(&engine).await;
    archived_are(&engine, CLOSED.len());
    assert_eq!(seen(&engine).await, before);
    archived_are(&engine, CLOSED.len());
    assert_eq!(answered(&engine).await, answers);
    // An order that a command is to change comes back, and leaves again with the next
    // snapshot.
    archived_are(&engine, 0);
    assert_eq!(engine.status().state_hash, hash);
    engine.take_snapshot(NOW).await.expect("a snapshot");
    archived_are(&engine, CLOSED.len());
    engine.shut_down().await;

    let engine = archiving(directory.path(), Some(HOUR)).await;
    archived_are(&engine, CLOSED.len());
    assert_eq!(engine.status().state_hash, hash);
    assert_eq!(seen(&engine).await, before);
    assert_eq!(answered(&engine).await, answers);
    engine.shut_down().await;

    let engine = archiving(directory.path(), None).await;
    archived_are(&engine, 0);
    engine.take_snapshot(after(HOUR)).await.expect("a snapshot");
    archived_are(&engine, 0);
    assert_eq!(seen(&engine).await, before);
    engine.shut_down().await;
}

#[tokio::test]
async fn an_order_stays_for_as_long_as_it_is_to() {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = archiving(directory.path(), Some(HOUR)).await;
    orders(&engine).await;
    for minutes in [0, 30, 59] {
        engine.take_snapshot(after(Duration::from_mins(minutes))).await.expect("a snapshot");
        archived_are(&engine, 0);
    }
    cancel(&engine, "open", &[]).await.expect("it is cancelled");
    engine.take_snapshot(after(HOUR)).await.expect("a snapshot");
    archived_are(&engine, CLOSED.len());
    engine.take_snapshot(after(HOUR * 2)).await.expect("a snapshot");
    archived_are(&engine, CLOSED.len() + 1);
    engine.shut_down().await;
}

#[tokio::test]
async fn archived_orders_are_restored_and_exported_with_the_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let engine = archiving(&data, Some(Duration::ZERO)).await;
    orders(&engine).await;
    let generation = both_generations(&engine).await;
    archived_are(&engine, CLOSED.len());
    let (before, hash) = (seen(&engine).await, engine.status().state_hash);
    let file = directory.path().join("exported");
    engine.export_snapshot(generation, &file).expect("it is exported");
    engine.shut_down().await;
    drop(engine);

    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let postal = Arc::new(Line) as _;
    let whole = RestoreOptions { data: data.clone(), from: None, until: None, dry_run: false };
    let copy = directory.path().join("copy");
    let exported =
        RestoreOptions { data: copy.clone(), from: Some(file), until: None, dry_run: false };
    for options in [whole, exported] {
        let restored = restore(&options, &disk, &postal, NOW).expect("it is restored");
        assert_eq!((restored.state_hash, restored.orders), (hash, ALL.len() as u64));
    }
    for data in [data, copy] {
        let engine = archiving(&data, Some(HOUR)).await;
        archived_are(&engine, CLOSED.len());
        assert_eq!(seen(&engine).await, before);
        engine.shut_down().await;
    }
}

/// The order of a package that was collected has left memory by the day on which the package would go
/// back. Nothing is due of it, so nobody reads it: its snapshot may be damaged.
#[tokio::test]
async fn nothing_is_due_of_an_order_that_left() {
    const DAYS: u32 = 2;
    let directory = tempfile::tempdir().expect("a directory");
    let engine = archiving(directory.path(), Some(Duration::ZERO)).await;
    let pickup = PickupOffer::Offered;
    let pickup_days = Some(u16::try_from(DAYS).expect("few"));
    let store = NodeDefinition { pickup, pickup_days, ..node("S", NodeKind::Store, 1) };
    define_nodes(&engine, &[store]).await;
    define_items(&engine, &["A"]).await;
    set(&engine, "A", "S", 2).await;
    let step = async |id, at, step| {
        let (meta, order) = (Meta { at, ..meta() }, order_id(id));
        let step = ProgressShipment { meta, order, shipment: 1, step };
        engine.progress_shipment(step).await.expect("the step is taken");
    };
    for (id, day) in [("collected", 0), ("left", 1)] {
        let wanted = order(id, &[("A", 1)], Shortage::Backorder);
        let wanted = OrderRequest { destination: pickup_there("S"), ..wanted };
        place(&engine, wanted).await.expect("placed");
        step(id, after(24 * HOUR * day), Step::MakeReady(Vec::new())).await;
    }
    step("collected", after(24 * HOUR), Step::Collect(Vec::new())).await;
    both_generations(&engine).await;
    assert_eq!(engine.status().archived_orders, 1);
    let store = engine.snapshot_store().expect("a store");
    for key in store.chunk_keys().expect("keys") {
        if key.kind == Kind::Orders {
            store.remove_chunk(key).expect("removed");
        }
    }
    let gone = engine.order(&order_id("collected")).await.expect_err("it is nowhere");
    assert!(matches!(gone, EngineError::ArchiveUnreadable(_)), "{gone:?}");

    engine.tell_time(after(24 * HOUR * (DAYS + 1)));
    for _ in 0..10 {
        set(&engine, "A", "S", 1).await;
    }
    engine.tell_time(after(24 * HOUR * (DAYS + 2)));
    let left = order_id("left");
    for _ in 0..30_000 {
        if engine.order(&left).await.expect("it is there").order.state() != OrderState::Open {
            return engine.shut_down().await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the package that nobody collected never went back");
}

/// Waits until closed orders left memory.
async fn some_left(engine: &Engine) {
    for _ in 0..30_000 {
        if engine.status().archived_orders > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("no order ever left");
}

/// Callers place, read, ship and cancel while snapshots are taken one after the other
/// and closed orders leave with each. However fast callers are, some left half way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_orders_leave_under_load() {
    const CALLERS: usize = 4;
    const ORDERS: usize = 400;
    let directory = tempfile::tempdir().expect("a directory");
    let engine = archiving(directory.path(), Some(Duration::ZERO)).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A"]).await;
    set(&engine, "A", "N", 1_000_000).await;
    let ended = Arc::new(AtomicBool::new(false));
    let snapshots = tokio::spawn({
        let (engine, ended) = (engine.clone(), Arc::clone(&ended));
        async move {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                engine.take_snapshot(NOW).await.expect("a snapshot");
                most = most.max(engine.status().archived_orders);
            }
            most
        }
    });
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for no in 0..ORDERS {
                    if no == ORDERS / 2 {
                        some_left(&engine).await;
                    }
                    let id = format!("{caller}-{no}");
                    let order = order(&id, &[("A", 2)], Shortage::Backorder);
                    place(&engine, order).await.expect("it is placed");
                    if no % 2 == 0 {
                        ship(&engine, &id, 1).await.expect("it left");
                    } else {
                        cancel(&engine, &id, &[]).await.expect("it is cancelled");
                    }
                    // One from before, which may be in memory, on its way, or gone.
                    let old = format!("{caller}-{}", no / 2);
                    let view = engine.order(&order_id(&old)).await.expect("it is there");
                    // The line of two units was shipped, or cancelled, and is so still.
                    let cancelled = if no / 2 % 2 == 0 { 0 } else { 2 };
                    let line = view.order.lines[0];
                    assert_eq!((line.ordered, line.cancelled), (2, cancelled), "{old}");
                    assert_ne!(view.order.state(), OrderState::Open, "{old}");
                    let again = cancel(&engine, &old, &[(1, 1)]).await;
                    assert!(matches!(
                        again,
                        Err(EngineError::Refused(
                            Refusal::UnitsShipped { .. } | Refusal::UnitsCancelled { .. }
                        ))
                    ));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("all is well");
    }
    ended.store(true, Ordering::Relaxed);
    let most = snapshots.await.expect("all is well");
    assert!(most > 0, "some left while others came");
    both_generations(&engine).await;
    let (status, report) = (engine.status(), engine.audit().expect("the audit runs"));
    assert!(report.is_clean(), "{:#?}", report.breaches);
    assert_eq!(status.archived_orders, CALLERS * ORDERS);
    assert_eq!(report.on_hand, 1_000_000 - (CALLERS * ORDERS) as u64);
    engine.shut_down().await;
    let engine = archiving(directory.path(), Some(Duration::ZERO)).await;
    assert_eq!(engine.status().state_hash, status.state_hash);
    assert_eq!(engine.status().archived_orders, CALLERS * ORDERS);
    assert_clean(&engine);
    engine.shut_down().await;
}
