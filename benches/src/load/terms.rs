//! What a workload takes: its stock, its orders, and what is in its figures.

use std::time::Instant;

use super::beside::Work;
use super::options::{Args, Target, Workload};
use crate::workload::network::Stocking;
use crate::workload::ring::{Player, Ring};
use crate::workload::{holiday, hot, superstore};

/// Orders drawn beforehand: some seconds' worth, in 16 MB.
const RING: usize = 1 << 20;
/// Units of each pair: more than a run sells.
const ON_HAND: u32 = 1_000_000;
/// Units of the one pair of `hot` while it warms up.
const HOT_ON_HAND: u32 = 100_000_000;
/// Orders made in each round to see what making one takes.
const SAMPLE: u32 = 10_000;
/// Such rounds.
const ROUNDS: u32 = 20;
/// Availability reads to an order of `browse`.
const LOOKS: u32 = 100;

/// What there is in stock.
pub fn stocking(args: &Args) -> Stocking {
    match args.workload {
        Workload::Hot => hot::stocking(HOT_ON_HAND),
        Workload::Superstore => superstore::stocking(ON_HAND),
        _ => holiday::Size { skus: args.skus(), on_hand: ON_HAND }.stocking(),
    }
}

/// What is ordered.
pub fn ring(args: &Args) -> Ring {
    match args.workload {
        Workload::Hot => hot::ring(),
        Workload::Superstore => superstore::ring(),
        Workload::Priced => holiday::priced_ring(args.skus(), RING, 1),
        _ => holiday::ring(args.skus(), RING, 1),
    }
}

/// Availability reads before each order.
pub fn looks(workload: Workload) -> u32 {
    if workload == Workload::Browse { LOOKS } else { 0 }
}

/// Nanoseconds to make an order and drop it again: the quickest of some rounds,
/// since others take the processor away now and then.
pub fn generator_ns(mut player: Player) -> f64 {
    let round = |_| {
        let began = Instant::now();
        for _ in 0..SAMPLE {
            std::hint::black_box(player.offer());
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(SAMPLE)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// What is in the figures.
pub fn included(args: &Args) -> Vec<String> {
    let way = match args.target {
        Target::InProcess => "calls of the engine by two tasks, in the process that it runs in",
        Target::Stream => {
            "two PlaceOrders streams over TCP on the loopback, both ends in one \
                           process: encoding, HTTP/2, decoding"
        }
        Target::Unary => {
            "PlaceOrder calls on two connections over TCP on the loopback, both ends \
                          in one process: encoding, HTTP/2, decoding"
        }
    };
    let sentences = [
        format!("Where the load goes in: {way}."),
        "Full sourcing of every order: promise, shipments, distance, cost, balance.".into(),
        "An idempotency key each (the order's id), and every order stays in memory.".into(),
        "Durability: fdatasync of the journal before each answer.".into(),
        "The generator, on the same cores.".into(),
    ];
    let beside = args.beside().map(|work| match work {
        Work::Snapshot => {
            "A snapshot that is taken meanwhile: copying, writing, syncing and reading it back."
        }
        Work::Follow => "A follower of the feed meanwhile, who is told of each event.",
        Work::Audit => "An audit meanwhile, of all that there is at one event.",
    });
    sentences.into_iter().chain(beside.map(str::to_owned)).collect()
}

/// What is left out.
pub fn left_out(args: &Args) -> Vec<String> {
    let mut sentences = vec!["A network between caller and server, and TLS.".to_owned()];
    if !args.snapshot {
        sentences.push("Snapshots.".into());
    }
    match args.workload {
        Workload::Churn => sentences.push(
            "Returns of orders: the proportions are 100 placed, \
             8 changed, 5 cancelled, 90 shipped. Of those that are changed, 3 are shipped."
                .into(),
        ),
        Workload::Superstore => sentences.push(
            "Dates and ship modes of the real orders: they are placed now, by the standard \
             service. Ids are new, since the orders repeat."
                .into(),
        ),
        Workload::Hot => sentences.push("Sourcing among nodes: there is one.".into()),
        Workload::Feed => sentences
            .push("The stock updates are not counted as orders; their rate is beside it.".into()),
        Workload::Browse => {
            sentences.push("The reads are not counted as orders; their rate is beside it.".into());
        }
        Workload::Hold => sentences.push(
            "A cart counts once: when its order is durable, or, of one that is left alone, when it \
             is held. Three of four are two events."
                .into(),
        ),
        Workload::Priced => sentences.push(
            "Taxes, shipping charges and payments: a list of all items, and a promotion that takes 10% \
             off what comes to 20.00 or more."
                .into(),
        ),
        Workload::Holiday => {}
    }
    sentences
}
