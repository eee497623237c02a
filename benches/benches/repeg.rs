//! Re-pegging: how long a receipt takes until it has served the whole backlog of its SKU.
//!
//! As many orders of a unit as the receipt has wait at one node, and the goods come to another
//! one. Counted: from the receipt to its answer, which comes when all are served, durably.
//! `BACKSTOCK_BENCH_SMALL=1` makes the backlog small, for the gate.

use std::env;
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
}

/// Lets so many orders wait, receives as many units, and answers how long that took.
async fn served(orders: u32) -> Duration {
    let directory = tempfile::tempdir().expect("a directory");
    let options = OpenOptions::new(directory.path());
    let (engine, _) =
        Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens");
    for no in 0..2 {
        let command = DefineNode { meta: meta(), node: node(no) };
        engine.define_node(command).await.expect("it is defined");
    }
    let item = Item {
        sku: sku(0),
        title: Text::default(),
        sale: Sale::On,
        waiting_max: None,
        opens: None,
        components: Components::default(),
    };
    engine.define_item(DefineItem::new(meta(), item)).await.expect("it is defined");
    // The cheaper node is where they wait.
    receive(&engine, 0, 0).await;
    let ran = place_all(&engine, vec![waiting(orders)]).await;
    assert_eq!(ran.placed, u64::from(orders));
    let began = Instant::now();
    receive(&engine, 1, orders).await;
    let took = began.elapsed();
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    assert_eq!((report.allocated, report.waiting), (u64::from(orders), 0), "all are served");
    engine.shut_down().await;
    took
}

async fn receive(engine: &Engine, node: u32, quantity: u32) {
    let operation =
        StockOperation::Set { on_hand: Some(quantity), unavailable: None, safety: None };
    let command = ChangeStock { meta: meta(), sku: sku(0), node: node_id(node), operation };
    engine.change_stock(command).await.expect("it is received");
}

/// Orders of one unit each, which wait for supply.
fn waiting(orders: u32) -> Vec<PlaceOrder> {
    let mut ids = OrderIds::new(0);
    let order = |_| OrderRequest {
        id: ids.next_id(),
        customer: None,
        channel: None,
        destination: postal_code(10_001).into(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Backorder),
        split: None,
        lines: Lines([LineRequest { sku: sku(0), quantity: 1 }].into_iter().collect()),
        priority: Priority::DEFAULT,
    };
    let command = |order| PlaceOrder { meta: meta(), placed_at: None, order };
    (0..orders).map(order).map(command).collect()
}

criterion_group!(benches, repeg);
criterion_main!(benches);
