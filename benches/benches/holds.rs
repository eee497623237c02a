//! Holds in numbers: how long it takes until all of many lapse, and until a thousand lapse, or are
//! extended, beside many that stay.
//!
//! Each holds one unit of one of 64 SKUs at one node. Counted: from the time's passing until the
//! last one has lapsed durably; and from the first extension to the last answer.
//! `BACKSTOCK_BENCH_HOLDS` says how many there are, `BACKSTOCK_BENCH_SMALL=1` makes them few, for the gate.

use std::collections::VecDeque;
use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_benches::run::runtime;
use backstock_benches::workload::names::{OrderIds, node_id, postal_code, sku};
use backstock_benches::workload::network::{NOW, meta, node, postal_codes};
use backstock_engine::command::{
    ChangeStock, CreateHold, DefineItem, DefineNode, ExtendHold, Extension, LineRequest, Lines,
    Meta, OrderRequest, StockOperation,
};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_engine::model::{
    Components, HoldId, Item, Priority, Sale, Shortage, Text, Timestamp,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, criterion_group, criterion_main};

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// SKUs that are held.
const SKUS: u32 = 64;
/// Holds that lapse, or are extended, beside all others.
const FEW: u32 = 1_000;
/// For how long the few are held, and for how long all others.
const SECONDS: [u32; 2] = [60, 86_400];
/// Holds that are on their way to the journal.
const WINDOW: usize = 1_024;

/// How many live holds there are.
fn live() -> u32 {
    let said = env::var("BACKSTOCK_BENCH_HOLDS").ok();
    let said = said.map(|said| said.parse().expect("BACKSTOCK_BENCH_HOLDS is a number"));
    let small = env::var_os("BACKSTOCK_BENCH_SMALL").is_some();
    said.unwrap_or(if small { 2_000 } else { 100_000 })
}

fn holds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("holds");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(1));
    let live = live();
    measure(&mut group, "all_lapse", async || lapsed(0, live).await);
    measure(&mut group, "a_thousand_lapse_beside_all_others", async || lapsed(live, FEW).await);
    measure(&mut group, "a_thousand_are_extended_beside_all_others", async || extended(live).await);
    group.finish();
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, run: impl AsyncFn() -> Duration) {
    let runtime = runtime();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| (0..runs).map(|_| runtime.block_on(run())).sum());
    });
}

/// How long until as many holds as that have lapsed, beside others that stay.
async fn lapsed(stay: u32, lapse: u32) -> Duration {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = open(directory.path(), stay + lapse).await;
    hold(&engine, "S", stay, SECONDS[1]).await;
    hold(&engine, "L", lapse, SECONDS[0]).await;
    assert_eq!(engine.status().live_holds, (stay + lapse) as usize);
    let began = Instant::now();
    engine.tell_time(after(SECONDS[0]));
    while engine.status().live_holds > stay as usize {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let took = began.elapsed();
    end(&engine, stay).await;
    took
}

/// How long a thousand of so many holds take to be extended.
async fn extended(live: u32) -> Duration {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = open(directory.path(), live).await;
    hold(&engine, "S", live, SECONDS[1]).await;
    let began = Instant::now();
    let extend = |no| {
        let by = Extension::Seconds(SECONDS[1]);
        let meta = Meta { at: after(1), ..meta() };
        let (engine, hold) = (engine.clone(), hold_id("S", no));
        tokio::spawn(async move { engine.extend_hold(ExtendHold { meta, hold, by }).await })
    };
    let all: Vec<_> = (0..FEW.min(live)).map(extend).collect();
    for one in all {
        one.await.expect("no panic").expect("it is extended");
    }
    let took = began.elapsed();
    end(&engine, live).await;
    took
}

fn after(seconds: u32) -> Timestamp {
    NOW.saturating_add_micros(i64::from(seconds) * 1_000_000)
}

async fn open(directory: &std::path::Path, units: u32) -> Engine {
    let options = OpenOptions::new(directory);
    let (engine, _) =
        Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens");
    let command = DefineNode { meta: meta(), node: node(0) };
    engine.define_node(command).await.expect("it is defined");
    for no in 0..SKUS {
        let item = Item {
            sku: sku(no),
            title: Text::default(),
            sale: Sale::On,
            waiting_max: None,
            opens: None,
            components: Components::default(),
        };
        engine.define_item(DefineItem::new(meta(), item)).await.expect("it is defined");
        let operation =
            StockOperation::Set { on_hand: Some(units), unavailable: None, safety: None };
        let command = ChangeStock { meta: meta(), sku: sku(no), node: node_id(0), operation };
        engine.change_stock(command).await.expect("it is received");
    }
    engine
}

fn hold_id(series: &str, no: u32) -> HoldId {
    HoldId::new("hold", format!("{series}-{no}")).expect("an id")
}

/// Holds so many units, each for so many seconds.
async fn hold(engine: &Engine, series: &str, holds: u32, seconds: u32) {
    let mut ids = OrderIds::new(0);
    let mut window = VecDeque::with_capacity(WINDOW);
    for no in 0..holds {
        let order = OrderRequest {
            id: ids.next_id(),
            customer: None,
            channel: None,
            destination: postal_code(10_001).into(),
            service: None,
            deliver_by: None,
            shortage: Some(Shortage::Reject),
            split: None,
            lines: Lines([LineRequest { sku: sku(no % SKUS), quantity: 1 }].into_iter().collect()),
            priority: Priority::DEFAULT,
            prices: None,
        };
        let command = CreateHold::new(meta(), hold_id(series, no), (seconds, None), order);
        if window.len() == WINDOW {
            for submitted in window.drain(..WINDOW / 2) {
                acknowledged(submitted).await;
            }
        }
        window.push_back(engine.submit_hold(command).await.expect("the hold is taken"));
    }
    for submitted in window {
        acknowledged(submitted).await;
    }
}

async fn acknowledged(submitted: backstock_engine::engine::Submitted) {
    submitted.acknowledged().await.expect("an answer");
}

async fn end(engine: &Engine, live: u32) {
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    assert_eq!(report.holds, u64::from(live));
    engine.shut_down().await;
}

criterion_group!(benches, holds);
criterion_main!(benches);
