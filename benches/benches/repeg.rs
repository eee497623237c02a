//! Re-pegging: how long a receipt takes until it has served the whole backlog of its SKU.
//!
//! As many orders of a unit as the receipt has wait at one node, and the goods come to another
//! one. Counted: from the receipt to its answer, which comes when all are served, durably.
//! `BACKSTOCK_BENCH_SMALL=1` makes the backlog small, for the gate.

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_benches::run::{place_all, runtime};
use backstock_benches::workload::names::{OrderIds, node_id, postal_code, sku};
use backstock_benches::workload::network::{meta, node, postal_codes};
use backstock_engine::command::{
    ChangeStock, DefineItem, DefineNode, LineRequest, Lines, OrderRequest, PlaceOrder,
    StockOperation,
};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_engine::model::{Components, Item, Priority, Sale, Shortage, Text};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Other SKUs, and how many of each there are.
const OTHERS: u32 = 64;
const MANY: u32 = 1_000_000;

fn repeg(criterion: &mut Criterion) {
    let orders = if env::var_os("BACKSTOCK_BENCH_SMALL").is_some() { 2_000 } else { 100_000 };
    let runtime = runtime();
    let mut group = criterion.benchmark_group("repeg");
    group.throughput(Throughput::Elements(orders.into()));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(1));
    group.bench_function("a_receipt_serves_all_that_wait", |bencher| {
        bencher.iter_custom(|runs| (0..runs).map(|_| runtime.block_on(served(orders))).sum());
    });
    group.finish();
    let ([alone, meanwhile], took) = runtime.block_on(beside(orders));
    println!(
        "orders of other SKUs: {alone:.0}/s alone, {meanwhile:.0}/s while {orders} lines are served \
         in {took:.3?}: {:.0}%",
        100.0 * meanwhile / alone
    );
}

/// Lets so many orders wait, receives as many units, and answers how long that took.
async fn served(orders: u32) -> Duration {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = waited_for(directory.path(), orders).await;
    let began = Instant::now();
    receive(&engine, (0, 1), orders).await;
    let took = began.elapsed();
    shut_down(engine, orders).await;
    took
}

/// The same, while orders of other SKUs are placed; answers how many are placed in a second without
/// the receipt and with it, and how long the receipt took.
async fn beside(orders: u32) -> ([f64; 2], Duration) {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = waited_for(directory.path(), orders).await;
    for no in 1..=OTHERS {
        define(&engine, no).await;
        receive(&engine, (no, 0), MANY).await;
    }
    let mut ids = OrderIds::new(1);
    // To warm up, and then alone.
    let mut alone = 0.0;
    for lasts in [Duration::from_millis(200), Duration::from_secs(1)] {
        let (began, mut placed) = (Instant::now(), 0);
        while began.elapsed() < lasts {
            placed += place_others(&engine, &mut ids).await;
        }
        alone = rate(placed, began.elapsed());
    }
    let receipt = tokio::spawn({
        let engine = engine.clone();
        async move {
            let began = Instant::now();
            receive(&engine, (0, 1), orders).await;
            began.elapsed()
        }
    });
    let (began, mut placed) = (Instant::now(), 0);
    while !receipt.is_finished() {
        placed += place_others(&engine, &mut ids).await;
    }
    let meanwhile = rate(placed, began.elapsed());
    let took = receipt.await.expect("no panic");
    shut_down(engine, orders).await;
    ([alone, meanwhile], took)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(orders: u64, took: Duration) -> f64 {
    orders as f64 / took.as_secs_f64()
}

/// Places some orders of other SKUs, and waits until all are durable; answers how many.
async fn place_others(engine: &Engine, ids: &mut OrderIds) -> u64 {
    const AT_ONCE: u32 = 2_048;
    let others = (0..AT_ONCE).map(|at| wants(ids, 1 + at % OTHERS)).collect();
    let ran = place_all(engine, vec![others]).await;
    assert_eq!(ran.placed, u64::from(AT_ONCE), "there is enough");
    ran.placed
}

/// An engine where so many orders wait for SKU 0 at node 0.
async fn waited_for(directory: &Path, orders: u32) -> Engine {
    let options = OpenOptions::new(directory);
    let (engine, _) =
        Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens");
    for no in 0..2 {
        let command = DefineNode { meta: meta(), node: node(no) };
        engine.define_node(command).await.expect("it is defined");
    }
    define(&engine, 0).await;
    // The cheaper node is where they wait.
    receive(&engine, (0, 0), 0).await;
    let mut ids = OrderIds::new(0);
    let waiting = (0..orders).map(|_| wants(&mut ids, 0)).collect();
    let ran = place_all(&engine, vec![waiting]).await;
    assert_eq!(ran.placed, u64::from(orders));
    engine
}

async fn shut_down(engine: Engine, orders: u32) {
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    assert!(report.allocated >= u64::from(orders), "all are served");
    assert_eq!(report.waiting, 0, "all are served");
    engine.shut_down().await;
}

async fn define(engine: &Engine, no: u32) {
    let item = Item {
        sku: sku(no),
        title: Text::default(),
        sale: Sale::On,
        waiting_max: None,
        opens: None,
        components: Components::default(),
    };
    engine.define_item(DefineItem::new(meta(), item)).await.expect("it is defined");
}

async fn receive(engine: &Engine, (item, at): (u32, u32), quantity: u32) {
    let operation =
        StockOperation::Set { on_hand: Some(quantity), unavailable: None, safety: None };
    let command = ChangeStock { meta: meta(), sku: sku(item), node: node_id(at), operation };
    engine.change_stock(command).await.expect("it is received");
}

/// An order of one unit, which waits for supply if there is none.
fn wants(ids: &mut OrderIds, item: u32) -> PlaceOrder {
    let order = OrderRequest {
        id: ids.next_id(),
        customer: None,
        channel: None,
        destination: postal_code(10_001).into(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Backorder),
        split: None,
        lines: Lines([LineRequest { sku: sku(item), quantity: 1 }].into_iter().collect()),
        priority: Priority::DEFAULT,
        prices: None,
    };
    PlaceOrder { meta: meta(), placed_at: None, order }
}

criterion_group!(benches, repeg);
criterion_main!(benches);
