//! Placing `holiday` orders over gRPC, durable, beside a handler that does nothing:
//! the ceiling of the transport, in the same run, on the same cores.
//!
//! Counted: the client, the transport, conversion, the engine, the disk. The client
//! shares the process and its two cores with the server, as it does at the ceiling.
//! Orders are made before the clock starts. `BACKSTOCK_BENCH_SMALL=1` makes the
//! network small, for the gate.

use std::sync::Arc;
use std::time::Duration;

use backstock::shutdown::Shutdown;
use backstock_benches::holiday::{Orders, Size, postal_codes, set_up};
use backstock_benches::run::runtime;
use backstock_benches::transport::{backstock_server, empty_server, streamed, unary};
use backstock_benches::wire::request;
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_proto::v1::PlaceOrderRequest;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn grpc(criterion: &mut Criterion) {
    let runtime = runtime();
    let size = Size::from_env();
    let directory = tempfile::tempdir().expect("a directory");
    let shutdown = Shutdown::default();
    let (engine, ours, empty) = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let disk = Arc::new(RealDisk);
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        let ours = backstock_server(engine.clone(), directory.path(), shutdown.clone()).await;
        (engine, ours, empty_server().await)
    });
    let mut series = 1_000_000;
    let (calls, streamed_orders) = (size.orders_in_a_run() / 10, size.orders_in_a_run() / 2);
    for (name, clients) in [("empty handler", empty), ("backstock, durable", ours)] {
        measure(criterion, &runtime, ("unary", name), calls, size, &mut series, |orders| {
            Box::pin(unary(clients.clone(), orders))
        });
        measure(
            criterion,
            &runtime,
            ("stream", name),
            streamed_orders,
            size,
            &mut series,
            |orders| Box::pin(streamed(clients.clone(), orders)),
        );
    }
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    shutdown.drain();
    runtime.block_on(engine.shut_down());
}

fn measure<'a>(
    criterion: &mut Criterion,
    runtime: &Runtime,
    (group, name): (&str, &str),
    orders: u64,
    size: Size,
    series: &mut u64,
    mut place: impl FnMut(
        Vec<PlaceOrderRequest>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Duration> + 'a>>,
) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(orders));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                *series += 1;
                let count = usize::try_from(orders).expect("orders fit memory");
                let orders = Orders::new(size, *series).take(count);
                let orders = orders.map(|order| request(&order)).collect();
                took += runtime.block_on(place(orders));
            }
            took
        });
    });
    group.finish();
}

criterion_group!(benches, grpc);
criterion_main!(benches);
