//! One ask of an actor: our inline cell beside a `ractor` actor that does the same.
//!
//! Counted: the ask, the turn (an addition) and the reply. Left out: everything
//! around it. `BACKSTOCK_BENCH_SMALL` makes the population small, for the gate.
//! Each run ends by comparing the actors' sum with the number of asks.

use std::{
    hint::black_box,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use backstock_benches::process::resident_bytes;
use backstock_benches::workload::turn::{Stock, ask, cell};
use backstock_engine::actor::ActorCell;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ractor::{ActorProcessingErr, ActorRef, RpcReplyPort};

/// Pairs of the `holiday` workload.
const CELLS: usize = 4_000_000;
const CELLS_SMALL: usize = 40_000;
/// Enough for a mean; each takes the memory of a hundred cells and more.
const RACTORS: u64 = 2_000;
/// Asks of each of two threads in one sample.
const ASKS_BATCH: u64 = 10_000;

fn sum(cells: &[ActorCell<Stock>]) -> u64 {
    cells.iter().map(|cell| cell.shared().load(Ordering::Relaxed)).sum()
}

/// A step through the cells that no prefetcher follows: Knuth's multiplicative hash.
fn scattered(step: u64, len: usize) -> usize {
    let hash = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(hash).expect("32 bits") % len
}

fn cells(c: &mut Criterion) {
    let mut group = c.benchmark_group("cell");
    group.throughput(Throughput::Elements(1));
    group.bench_function("hot", |b| {
        let cells = [cell()];
        let mut asked = 0;
        b.iter(|| {
            asked += 1;
            ask(&cells[0])
        });
        assert_eq!(sum(&cells), asked);
    });
    let small = std::env::var_os("BACKSTOCK_BENCH_SMALL").is_some();
    let population = if small { CELLS_SMALL } else { CELLS };
    let resident_before = resident_bytes();
    let cells: Vec<_> = std::iter::repeat_with(cell).take(population).collect();
    let resident = resident_bytes() - resident_before;
    report_bytes("cell", resident, population as u64);
    let least = population * size_of::<ActorCell<Stock>>() / 2;
    assert!(resident >= least as u64, "the cells are in memory before they are asked");
    let mut asked = 0;
    group.bench_function("random", |b| {
        b.iter(|| {
            asked += 1;
            ask(&cells[scattered(asked, population)])
        });
    });
    assert_eq!(sum(&cells), asked);
    group.finish();
}

fn two_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("cell");
    group.throughput(Throughput::Elements(2 * ASKS_BATCH));
    group.bench_function("hot, two threads", |b| b.iter_custom(two_threads_on_one_cell));
    group.finish();
}

fn two_threads_on_one_cell(iterations: u64) -> Duration {
    let cells = [cell()];
    let asks = iterations * ASKS_BATCH;
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                (0..asks).for_each(|_| {
                    black_box(ask(&cells[0]));
                });
            });
        }
    });
    let took = start.elapsed();
    assert_eq!(sum(&cells), 2 * asks);
    took
}

/// The same stock, as an actor of its own task.
struct Peer;

struct Add(u64, RpcReplyPort<u64>);

impl ractor::Actor for Peer {
    type Msg = Add;
    type State = Stock;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Add>, (): ()) -> Result<Stock, ActorProcessingErr> {
        Ok(Stock::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Add>,
        Add(units, reply): Add,
        stock: &mut Stock,
    ) -> Result<(), ActorProcessingErr> {
        reply.send(stock.add(units))?;
        Ok(())
    }
}

async fn spawn_peer() -> ActorRef<Add> {
    ractor::Actor::spawn(None, Peer, ()).await.expect("an actor starts").0
}

async fn ask_peer(peer: &ActorRef<Add>) -> u64 {
    ractor::call!(peer, |reply| Add(black_box(1), reply)).expect("the actor answers")
}

fn peer(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime starts");
    let mut group = c.benchmark_group("ractor");
    group.throughput(Throughput::Elements(1));
    group.bench_function("hot", |b| {
        b.iter_custom(|iterations| runtime.block_on(peer_asked(iterations)));
    });
    group.finish();
    let resident_before = resident_bytes();
    let peers = runtime.block_on(async {
        let mut peers = Vec::new();
        for _ in 0..RACTORS {
            peers.push(spawn_peer().await);
        }
        peers
    });
    report_bytes("ractor", resident_bytes() - resident_before, RACTORS);
    for peer in peers {
        peer.stop(None);
    }
}

async fn peer_asked(iterations: u64) -> Duration {
    let peer = spawn_peer().await;
    let start = Instant::now();
    let mut sum = 0;
    for _ in 0..iterations {
        sum = ask_peer(&peer).await;
    }
    let took = start.elapsed();
    assert_eq!(sum, iterations);
    peer.stop(None);
    took
}

fn report_bytes(what: &str, resident: u64, actors: u64) {
    println!("{what}: {} bytes an actor ({actors} of them)", resident / actors);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = cells, two_threads, peer
}
criterion_main!(benches);
