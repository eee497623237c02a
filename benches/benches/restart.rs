//! Opening a data directory: from a journal alone, and from a snapshot.
//!
//! A million pairs, and as many orders as a run of the `holiday` workload places;
//! small with `BACKSTOCK_BENCH_SMALL=1`, for the gate. Each opening ends with the
//! state hash that the engine had when it closed.

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

async fn open(directory: &Path) -> (Engine, Recovered) {
    let options = OpenOptions::new(directory);
    Engine::open(&options, Arc::new(RealDisk), postal_codes()).await.expect("it opens")
}

fn restart(criterion: &mut Criterion) {
    let runtime = runtime();
    let small = std::env::var_os("BACKSTOCK_BENCH_SMALL").is_some();
    let size = if small { Size::SMALL } else { LARGE };
    let directory = tempfile::tempdir().expect("a directory");
    let before = resident_bytes();
    let status = runtime.block_on(async {
        let (engine, _) = open(directory.path()).await;
        set_up(&engine, size).await;
        let pairs = engine.status().pairs as u64;
        println!("{} bytes a pair ({pairs} of them)", (resident_bytes() - before) / pairs);
        let orders = usize::try_from(size.orders_in_a_run()).expect("orders fit memory");
        place_all(&engine, vec![Orders::new(size, 1).take(orders).collect()]).await;
        let status = engine.status();
        engine.shut_down().await;
        status
    });
    measure(criterion, &runtime, directory.path(), "journal", &status);
    runtime.block_on(async {
        let (engine, _) = open(directory.path()).await;
        engine.take_snapshot(NOW).await.expect("a snapshot");
        engine.shut_down().await;
    });
    measure(criterion, &runtime, directory.path(), "snapshot", &status);
}

fn measure(
    criterion: &mut Criterion,
    runtime: &Runtime,
    directory: &Path,
    name: &str,
    closed: &Status,
) {
    let mut group = criterion.benchmark_group("restart");
    group.throughput(Throughput::Elements(closed.pairs as u64));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    let mut replayed = 0;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                let began = Instant::now();
                let (engine, recovered) = runtime.block_on(open(directory));
                took += began.elapsed();
                replayed = recovered.replayed;
                let opened = engine.status();
                assert_eq!(opened.state_hash, closed.state_hash, "the same state");
                assert_eq!((opened.pairs, opened.orders), (closed.pairs, closed.orders));
                runtime.block_on(engine.shut_down());
            }
            took
        });
    });
    println!("{name}: {replayed} events replayed, {} orders", closed.orders);
    group.finish();
}

criterion_group!(benches, restart);
criterion_main!(benches);
