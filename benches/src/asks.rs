//! A small stock actor, as our inline cell and as a `ractor` actor: what one ask of
//! each takes is the price of being an actor.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use backstock_engine::actor::{Actor, ActorCell};
use ractor::{ActorProcessingErr, ActorRef, RpcReplyPort};

/// The size of a small stock actor: on hand, allocated, held, claimed, the last LSN.
#[derive(Debug, Default)]
pub struct Stock([u64; 5]);

impl Actor for Stock {
    type Message = u64;
    type Reply = u64;
    type Shared = AtomicU64;

    #[inline]
    fn turn(&mut self, free: &AtomicU64, units: u64) -> u64 {
        self.0[0] += units;
        free.store(self.0[0], Ordering::Relaxed);
        self.0[0]
    }
}

/// An idle cell that is not all zeros. Zeros would come as untouched pages, which
/// count nothing as resident and fault in the middle of the measurement.
pub fn cell() -> ActorCell<Stock> {
    ActorCell::new(Stock([0, 0, 0, 0, black_box(1)]), AtomicU64::new(0))
}

/// Adds one unit, and says how many there are.
#[inline]
pub fn ask(cell: &ActorCell<Stock>) -> u64 {
    cell.ask(black_box(1)).wait().expect("no turn panics")
}

/// The units of all cells: as many as were asked for.
pub fn sum(cells: &[ActorCell<Stock>]) -> u64 {
    cells.iter().map(|cell| cell.shared().load(Ordering::Relaxed)).sum()
}

/// A step through the actors that no prefetcher follows: Knuth's multiplicative hash.
pub fn scattered(step: u64, len: usize) -> usize {
    let hash = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(hash).expect("32 bits") % len
}

/// The same stock, as an actor of its own task.
#[derive(Debug)]
pub struct Peer;

/// Units to add, and where the number of units goes.
#[derive(Debug)]
pub struct Add(u64, RpcReplyPort<u64>);

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
        stock.0[0] += units;
        reply.send(stock.0[0])?;
        Ok(())
    }
}

/// Starts the actor.
pub async fn spawn_peer() -> ActorRef<Add> {
    ractor::Actor::spawn(None, Peer, ()).await.expect("an actor starts").0
}

/// Adds one unit, and says how many there are.
pub async fn ask_peer(peer: &ActorRef<Add>) -> u64 {
    ractor::call!(peer, |reply| Add(black_box(1), reply)).expect("the actor answers")
}
