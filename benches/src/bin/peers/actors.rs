//! One actor a pair: our inline cell beside a `ractor` actor that does the same.

use std::thread;
use std::time::{Duration, Instant};

use backstock_benches::asks::{Add, Stock, ask, ask_peer, cell, scattered, spawn_peer, sum};
use backstock_benches::process::resident_bytes;
use backstock_benches::run::runtime;
use backstock_engine::actor::ActorCell;
use futures_util::{StreamExt as _, stream};
use ractor::ActorRef;

use crate::ours::per_second;

/// Threads that ask cells, and tasks that ask actors.
const ASKERS: usize = 2;
/// Asks, or starts, in flight on each task: an actor that is asked one at a time
/// would mostly be put to sleep and woken up.
const IN_FLIGHT: usize = 256;
/// Asks for each cell.
const ASKS_OF_CELL: usize = 50;
/// Asks for each actor: about as long as the cells take.
const ASKS_OF_ACTOR: usize = 5;

/// The results of one kind of actor.
#[derive(Debug)]
pub struct Measured {
    /// Started in a second.
    pub spawns_per_second: f64,
    /// Resident, each.
    pub bytes: f64,
    /// Asks answered in a second, by all actors in turn.
    pub asks_per_second: f64,
}

/// Measures `count` cells, then as many actors while the cells are still there:
/// memory that they gave back would not count as the actors'.
pub fn run(count: usize) -> (Measured, Measured) {
    let (before, began) = (resident_bytes(), Instant::now());
    let cells: Vec<_> = std::iter::repeat_with(cell).take(count).collect();
    let (took, bytes) = (began.elapsed(), bytes_since(before, count));
    let asks = count * ASKS_OF_CELL;
    let asks_per_second = per_second(asks, ask_cells(&cells, asks));
    let ours = Measured { spawns_per_second: per_second(count, took), bytes, asks_per_second };
    (ours, runtime().block_on(actors(count)))
}

#[expect(clippy::cast_precision_loss, reason = "a mean for people")]
fn bytes_since(before: u64, count: usize) -> f64 {
    resident_bytes().saturating_sub(before) as f64 / count as f64
}

/// The steps of one of the askers: together they take each step once.
fn steps(asker: usize, asks: usize) -> impl Iterator<Item = u64> {
    (asker..asks).step_by(ASKERS).map(|step| step as u64)
}

fn ask_cells(cells: &[ActorCell<Stock>], asks: usize) -> Duration {
    let began = Instant::now();
    thread::scope(|scope| {
        for asker in 0..ASKERS {
            scope.spawn(move || {
                steps(asker, asks).for_each(|step| {
                    ask(&cells[scattered(step, cells.len())]);
                });
            });
        }
    });
    let took = began.elapsed();
    assert_eq!(sum(cells), asks as u64, "every ask was carried out");
    took
}

async fn actors(count: usize) -> Measured {
    let (before, began) = (resident_bytes(), Instant::now());
    let starts =
        (0..ASKERS).map(|asker| tokio::spawn(start(count / ASKERS + asker % 2 * (count % 2))));
    let mut actors = Vec::with_capacity(count);
    for start in starts.collect::<Vec<_>>() {
        actors.extend(start.await.expect("no panic"));
    }
    let (took, bytes) = (began.elapsed(), bytes_since(before, count));
    let asks = count * ASKS_OF_ACTOR;
    let asked = ask_actors(&actors, asks).await;
    stop(actors).await;
    Measured {
        spawns_per_second: per_second(count, took),
        bytes,
        asks_per_second: per_second(asks, asked),
    }
}

async fn start(count: usize) -> Vec<ActorRef<Add>> {
    stream::iter(0..count).map(|_| spawn_peer()).buffer_unordered(IN_FLIGHT).collect().await
}

async fn ask_actors(actors: &[ActorRef<Add>], asks: usize) -> Duration {
    let began = Instant::now();
    let askers = (0..ASKERS).map(|asker| {
        let actors = actors.to_vec();
        tokio::spawn(async move {
            let asks = stream::iter(steps(asker, asks)).map(|step| {
                let actor = &actors[scattered(step, actors.len())];
                ask_peer(actor)
            });
            asks.buffer_unordered(IN_FLIGHT).count().await
        })
    });
    let mut answered = 0;
    for asker in askers.collect::<Vec<_>>() {
        answered += asker.await.expect("no panic");
    }
    let took = began.elapsed();
    assert_eq!(answered, asks, "every ask was answered");
    took
}

/// Their ends must not fall into what is measured next.
async fn stop(actors: Vec<ActorRef<Add>>) {
    for actor in actors {
        actor.stop_and_wait(None, None).await.expect("the actor stops");
    }
}
