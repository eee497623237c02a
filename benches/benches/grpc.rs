//! Placing `holiday` orders over gRPC, durable, beside handlers that place nothing:
//! the ceiling of the transport, in the same run, on the same cores. Both decode all
//! orders. One answers with empty messages; the other says of each order what an
//! order that ships whole is told, which is as long as our answer is and costs the
//! client as much to read.
//!
//! Counted: the client, the transport, conversion, the engine, the disk. The client
//! shares the process and its two cores with the server, as it does at the ceiling.
//! Orders are made before the clock starts. `BACKSTOCK_BENCH_SMALL=1` makes the
//! network small, for the gate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock::shutdown::Shutdown;
use backstock_benches::holiday::{NOW, Orders, Size, postal_codes, set_up};
use backstock_benches::run::runtime;
use backstock_benches::transport::{
    CONNECTIONS, Idle, backstock_server, idle_server, streamed, unary,
};
use backstock_benches::wire::request;
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_engine::model::{Item, Sku, SkuNo};
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::{BatchGetAvailabilityRequest, PlaceOrderRequest};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use futures_util::{StreamExt as _, stream};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// SKUs that are read for availability, how many of them in one request, and
/// requests in flight on each connection.
const SKUS_READ: usize = 20_000;
const SKUS_IN_A_READ: usize = 500;
const READS_IN_FLIGHT: usize = 4;

/// Reads what can be promised of each SKU, many in a request, and counts the pairs.
async fn browse(channels: Vec<Channel>, requests: Vec<BatchGetAvailabilityRequest>) -> u64 {
    let calls = requests.into_iter().zip((0..CONNECTIONS).cycle()).map(|(request, at)| {
        let mut client = InventoryServiceClient::new(channels[at].clone());
        async move { client.batch_get_availability(request).await.expect("an answer").into_inner() }
    });
    let mut answers = stream::iter(calls).buffer_unordered(CONNECTIONS * READS_IN_FLIGHT);
    let mut pairs = 0;
    while let Some(answer) = answers.next().await {
        pairs += answer.availabilities.iter().map(|sku| sku.nodes.len() as u64).sum::<u64>();
    }
    pairs
}

/// The same reads as calls of the engine, by as many tasks as there are connections.
async fn look(engine: &Engine, reads: &[Vec<Sku>]) -> u64 {
    let tasks = (0..CONNECTIONS).map(|first| {
        let engine = engine.clone();
        let skus: Vec<Sku> =
            reads.iter().skip(first).step_by(CONNECTIONS).flatten().cloned().collect();
        tokio::spawn(async move {
            let mut pairs = 0;
            for sku in &skus {
                let seen = engine.availability(sku, NOW).await.expect("the item is there");
                pairs += seen.nodes.len() as u64;
            }
            pairs
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut pairs = 0;
    for task in tasks {
        pairs += task.await.expect("no panic");
    }
    pairs
}

/// Requests for all items of the network, or for the first of them.
fn reads(engine: &Engine) -> Vec<BatchGetAvailabilityRequest> {
    let items = engine.items(SkuNo(0), SKUS_READ);
    let batch = |items: &[(SkuNo, Arc<Item>)]| BatchGetAvailabilityRequest {
        skus: items.iter().map(|(_, item)| item.sku.to_string()).collect(),
        ..BatchGetAvailabilityRequest::default()
    };
    items.chunks(SKUS_IN_A_READ).map(batch).collect()
}

fn availability(criterion: &mut Criterion, runtime: &Runtime, engine: &Engine, ours: &[Channel]) {
    let reads = reads(engine);
    let skus: u64 = reads.iter().map(|read| read.skus.len() as u64).sum();
    let pairs = skus * u64::from(Size { skus: 1, on_hand: 1 }.pairs());
    let mut group = criterion.benchmark_group("availability");
    group.throughput(Throughput::Elements(pairs));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    let named = |name: &String| Sku::new("sku", name.as_str()).expect("a SKU of the network");
    let looks: Vec<Vec<Sku>> =
        reads.iter().map(|read| read.skus.iter().map(named).collect()).collect();
    group.bench_function("in process", |bencher| {
        bencher.iter(|| assert_eq!(runtime.block_on(look(engine, &looks)), pairs));
    });
    group.bench_function("batched", |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                let reads = reads.clone();
                let began = Instant::now();
                assert_eq!(runtime.block_on(browse(ours.to_vec(), reads)), pairs);
                took += began.elapsed();
            }
            took
        });
    });
    group.finish();
}

fn grpc(criterion: &mut Criterion) {
    let runtime = runtime();
    let size = Size::from_env();
    let directory = tempfile::tempdir().expect("a directory");
    let shutdown = Shutdown::default();
    let (engine, ours, empty, telling) = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let disk = Arc::new(RealDisk);
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        let ours = backstock_server(engine.clone(), directory.path(), shutdown.clone()).await;
        let (empty, telling) = (idle_server(Idle::Empty).await, idle_server(Idle::Telling).await);
        (engine, ours, empty, telling)
    });
    availability(criterion, &runtime, &engine, &ours);
    let mut series = 1_000_000;
    let (calls, streamed_orders) = (size.orders_in_a_run() / 10, size.orders_in_a_run() / 2);
    let servers = [
        ("empty handler", empty),
        ("empty handler, same answer", telling),
        ("backstock, durable", ours),
    ];
    for (name, clients) in servers {
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
