//! How long it takes to read what a node has to do, in numbers: of ten thousand open shipments of two
//! thousand items, read for the first time, read again, and read again after a hundred of them were
//! accepted.
//!
//! `BACKSTOCK_BENCH_SHIPMENTS` says how many shipments there are, `BACKSTOCK_BENCH_SMALL=1` makes them few, for
//! the gate.

use std::collections::VecDeque;
use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_benches::run::runtime;
use backstock_benches::workload::names::{OrderIds, node_id, postal_code, sku};
use backstock_benches::workload::network::{meta, node, postal_codes};
use backstock_engine::command::{
    AcceptShipment, ChangeStock, DefineItem, DefineNode, LineRequest, Lines, OrderRequest,
    PlaceOrder, StockOperation,
};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions, Submitted};
use backstock_engine::model::{Components, Item, OrderId, Priority, Sale, Shortage, Text};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shipments that change between two reads.
const CHANGED: usize = 100;
/// Orders that are on their way to the journal.
const WINDOW: usize = 1_024;

/// How many shipments, and of how many items.
fn size() -> (u32, u32) {
    let said = env::var("BACKSTOCK_BENCH_SHIPMENTS").ok();
    let said = said.map(|said| said.parse().expect("BACKSTOCK_BENCH_SHIPMENTS is a number"));
    let small = env::var_os("BACKSTOCK_BENCH_SMALL").is_some();
    let shipments = said.unwrap_or(if small { 500 } else { 10_000 });
    (shipments, (shipments / 5).max(1))
}

fn work(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("work");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(1));
    let runtime = runtime();
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, orders) = runtime.block_on(placed(directory.path()));
    // There is one such run alone.
    let began = Instant::now();
    read(&engine, orders.len());
    println!("work/read_for_the_first_time: {:?}", began.elapsed());
    group.bench_function("read_again", |bencher| bencher.iter(|| read(&engine, orders.len())));
    let mut next = orders.iter().cycle();
    group.bench_function("read_after_a_hundred_were_accepted", |bencher| {
        bencher.iter_custom(|runs| {
            let run = |_| {
                runtime.block_on(accept(&engine, next.by_ref().take(CHANGED)));
                let began = Instant::now();
                read(&engine, orders.len());
                began.elapsed()
            };
            (0..runs).map(run).sum()
        });
    });
    group.finish();
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    runtime.block_on(engine.shut_down());
}

fn read(engine: &Engine, shipments: usize) {
    let work = engine.node_work(&node_id(0)).expect("it is read");
    assert_eq!(work.shipments.len(), shipments);
}

async fn accept(engine: &Engine, orders: impl Iterator<Item = &OrderId>) {
    for order in orders {
        let command = AcceptShipment { meta: meta(), order: order.clone(), shipment: 1 };
        engine.accept_shipment(command).await.expect("it is accepted");
    }
}

/// An engine in which one node has so many shipments to do.
async fn placed(directory: &std::path::Path) -> (Engine, Vec<OrderId>) {
    let options = OpenOptions::new(directory);
    let (engine, _) =
        Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens");
    let command = DefineNode { meta: meta(), node: node(0) };
    engine.define_node(command).await.expect("it is defined");
    let (shipments, items) = size();
    for no in 0..items {
        stock(&engine, no, shipments).await;
    }
    let (mut ids, mut orders, mut window) = (OrderIds::new(0), Vec::new(), VecDeque::new());
    for no in 0..shipments {
        let order = one_unit(ids.next_id(), no % items);
        orders.push(order.id.clone());
        if window.len() == WINDOW {
            for submitted in window.drain(..WINDOW / 2) {
                acknowledged(submitted).await;
            }
        }
        let command = PlaceOrder { meta: meta(), placed_at: None, order };
        window.push_back(engine.submit_order(command).await.expect("the order is taken"));
    }
    for submitted in window {
        acknowledged(submitted).await;
    }
    (engine, orders)
}

async fn stock(engine: &Engine, no: u32, units: u32) {
    let item = Item {
        sku: sku(no),
        title: Text::default(),
        sale: Sale::On,
        waiting_max: None,
        opens: None,
        components: Components::default(),
    };
    engine.define_item(DefineItem::new(meta(), item)).await.expect("it is defined");
    let operation = StockOperation::Set { on_hand: Some(units), unavailable: None, safety: None };
    let command = ChangeStock { meta: meta(), sku: sku(no), node: node_id(0), operation };
    engine.change_stock(command).await.expect("it is received");
}

fn one_unit(id: OrderId, item: u32) -> OrderRequest {
    OrderRequest {
        id,
        customer: None,
        channel: None,
        destination: postal_code(10_001).into(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Reject),
        split: None,
        lines: Lines([LineRequest { sku: sku(item), quantity: 1 }].into_iter().collect()),
        priority: Priority::DEFAULT,
        prices: None,
    }
}

async fn acknowledged(submitted: Submitted) {
    submitted.acknowledged().await.expect("an answer");
}

criterion_group!(benches, work);
criterion_main!(benches);
