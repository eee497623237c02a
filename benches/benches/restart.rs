//! Opening a data directory: from a journal of supply, from a snapshot and a journal of
//! orders behind it, and from a snapshot alone.
//!
//! A million pairs, and as many orders as a run of the `holiday` workload places;
//! small with `BACKSTOCK_BENCH_SMALL=1`, for the gate. `BACKSTOCK_BENCH_SKUS` and
//! `BACKSTOCK_BENCH_ORDERS` set other sizes; with 500,000 and 1,000,000, and
//! `-- --test`, it opens 10 million pairs and a million orders once each way. Each
//! opening ends with the state hash that the engine had when it closed.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock_benches::holiday::{NOW, Orders, Size, postal_codes, set_up};
use backstock_benches::process::resident_bytes;
use backstock_benches::run::{place_all, runtime};
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions, Recovered, Status};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A million pairs.
const LARGE: Size = Size { skus: 50_000, ..Size::FULL };

/// Orders that are drawn, and in memory, at once.
const DRAWN: usize = 100_000;

fn size() -> Size {
    if std::env::var_os("BACKSTOCK_BENCH_SKUS").is_some() {
        return Size::from_env();
    }
    let small = std::env::var_os("BACKSTOCK_BENCH_SMALL").is_some();
    if small { Size::SMALL } else { LARGE }
}

fn orders_of(size: Size) -> usize {
    let orders = std::env::var("BACKSTOCK_BENCH_ORDERS").ok().and_then(|n| n.parse().ok());
    orders.unwrap_or_else(|| usize::try_from(size.orders_in_a_run()).expect("orders fit memory"))
}

async fn open(directory: &Path) -> (Engine, Recovered) {
    let options = OpenOptions::new(directory);
    Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens")
}

fn restart(criterion: &mut Criterion) {
    let runtime = runtime();
    let (size, directory) = (size(), tempfile::tempdir().expect("a directory"));
    let status = runtime.block_on(async {
        let (engine, _) = open(directory.path()).await;
        let before = resident_bytes();
        set_up(&engine, size).await;
        let pairs = engine.status().pairs as u64;
        println!("{} bytes a pair ({pairs} of them)", (resident_bytes() - before) / pairs);
        close(&engine).await
    });
    measure(criterion, &runtime, directory.path(), "journal", &status);
    let status = runtime.block_on(async {
        let (engine, _) = open(directory.path()).await;
        engine.take_snapshot(NOW).await.expect("a snapshot");
        place(&engine, size).await;
        close(&engine).await
    });
    measure(criterion, &runtime, directory.path(), "replay", &status);
    runtime.block_on(async {
        let (engine, _) = open(directory.path()).await;
        let taken = engine.take_snapshot(NOW).await.expect("a snapshot");
        println!("snapshot: {} bytes written", taken.bytes_written);
        engine.shut_down().await;
    });
    measure(criterion, &runtime, directory.path(), "snapshot", &status);
}

async fn place(engine: &Engine, size: Size) {
    let (mut orders, mut left) = (Orders::new(size, 1), orders_of(size));
    while left > 0 {
        let drawn = left.min(DRAWN);
        place_all(engine, vec![orders.by_ref().take(drawn).collect()]).await;
        left -= drawn;
    }
}

async fn close(engine: &Engine) -> Status {
    let status = engine.status();
    engine.shut_down().await;
    status
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    directory: &Path,
    name: &str,
    closed: &Status,
) {
    let mut group = criterion.benchmark_group("restart");
    group.throughput(Throughput::Elements((closed.pairs + closed.orders) as u64));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    let mut fastest: Option<Recovered> = None;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                let began = Instant::now();
                let (engine, recovered) = runtime.block_on(open(directory));
                took += began.elapsed();
                let opened = engine.status();
                assert_eq!(opened.state_hash, closed.state_hash, "the same state");
                assert_eq!((opened.pairs, opened.orders), (closed.pairs, closed.orders));
                runtime.block_on(engine.shut_down());
                if fastest.as_ref().is_none_or(|fastest| recovered.took < fastest.took) {
                    fastest = Some(recovered);
                }
            }
            took
        });
    });
    group.finish();
    // None when another bench was asked for by name.
    if let Some(fastest) = fastest {
        report(name, closed, &fastest);
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates for people")]
fn report(name: &str, closed: &Status, fastest: &Recovered) {
    let seconds = |took: Duration| took.as_secs_f64();
    println!(
        "{name}: {:.3} s the fastest; {} pairs, {} orders; {:.3} s to load the snapshot; {} events \
         replayed in {:.3} s, {:.0} events/s",
        seconds(fastest.took),
        closed.pairs,
        closed.orders,
        seconds(fastest.took_loading),
        fastest.replayed,
        seconds(fastest.took_replaying),
        fastest.replayed as f64 / seconds(fastest.took_replaying),
    );
}

criterion_group!(benches, restart);
criterion_main!(benches);
