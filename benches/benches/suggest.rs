//! What goes with a basket, in process, on one thread: the list alone, and each suggestion promised.
//!
//! Baskets are those of `holiday` orders, from which was learnt before. Left out: prices, and reading the journal.
//! `BACKSTOCK_BENCH_SMALL=1` makes the network small, for the gate.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use backstock_benches::holiday::{Orders, Size, postal_codes, set_up};
use backstock_benches::run::{place_all, runtime};
use backstock_engine::companions::companions;
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions, Suggest};
use backstock_engine::model::SkuNo;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Baskets that a measurement goes round.
const BASKETS: usize = 1_024;

/// Suggestions that a page shows.
const SHOWN: u32 = 4;

fn suggest(criterion: &mut Criterion) {
    let (runtime, size) = (runtime(), Size::from_env());
    let directory = tempfile::tempdir().expect("a directory");
    let engine = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let opened = Engine::open(&options, Arc::new(RealDisk), postal_codes()).await;
        let (engine, _) = opened.expect("it opens");
        set_up(&engine, size).await;
        let orders = usize::try_from(size.orders_in_a_run()).expect("orders fit memory");
        place_all(&engine, vec![Orders::new(size, 1).take(orders).collect()]).await;
        engine
    });
    engine.learn();
    let learnt = engine.learnt();
    assert!(!learnt.learnt.is_empty(), "no figure for nothing");
    let asked: Vec<Suggest> = Orders::new(size, 2).take(BASKETS).map(asked).collect();
    let baskets: Vec<Vec<SkuNo>> = asked.iter().map(|asked| numbers(&engine, asked)).collect();
    let assorted = engine.assortment();
    let mut group = criterion.benchmark_group("suggest");
    group.throughput(Throughput::Elements(1));
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(3));
    let mut round = baskets.iter().cycle();
    group.bench_function("companions listed", |bencher| {
        bencher.iter(|| {
            let basket = round.next().expect("a circle");
            let all = companions(&learnt.learnt, assorted.assortment(), black_box(basket));
            all.take(SHOWN as usize).map(|of| of.score).sum::<i64>()
        });
    });
    let mut round = asked.iter().cycle();
    let (mut suggested, mut answers) = (0, 0);
    group.bench_function("companions promised", |bencher| {
        bencher.iter(|| {
            let asked = round.next().expect("a circle");
            let told = runtime.block_on(engine.suggest(black_box(asked))).expect("suggested");
            suggested += told.companions.len();
            answers += 1;
        });
    });
    group.finish();
    println!("{suggested} suggestions in {answers} answers");
    assert!(suggested > 0, "no figure for nothing");
    runtime.block_on(engine.shut_down());
}

/// The basket of an order.
fn asked(basket: backstock_engine::command::PlaceOrder) -> Suggest {
    Suggest { basket, instead_of: None, most: SHOWN, buyer: None }
}

fn numbers(engine: &Engine, asked: &Suggest) -> Vec<SkuNo> {
    let lines = asked.basket.order.lines.0.iter();
    lines.map(|line| engine.number_of(&line.sku).expect("an item")).collect()
}

criterion_group!(benches, suggest);
criterion_main!(benches);
