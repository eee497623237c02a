//! An actor whose turn is an addition: what an ask costs by itself.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use backstock_engine::actor::{Actor, ActorCell};

/// The size of a small stock actor: on hand, allocated, held, claimed, the last LSN.
#[derive(Debug, Default)]
pub struct Stock([u64; 5]);

impl Stock {
    /// Adds units and answers the sum.
    pub const fn add(&mut self, units: u64) -> u64 {
        self.0[0] += units;
        self.0[0]
    }
}

impl Actor for Stock {
    type Message = u64;
    type Reply = u64;
    type Shared = AtomicU64;

    fn turn(&mut self, free: &AtomicU64, units: u64) -> u64 {
        let sum = self.add(units);
        free.store(sum, Ordering::Relaxed);
        sum
    }
}

/// An idle cell that is not all zeros. Zeros would come as untouched pages, which
/// count nothing as resident and fault in the middle of the measurement.
pub fn cell() -> ActorCell<Stock> {
    ActorCell::new(Stock([0, 0, 0, 0, black_box(1)]), AtomicU64::new(0))
}

/// One ask of one unit, answered.
///
/// # Panics
/// When the turn panicked.
pub fn ask(cell: &ActorCell<Stock>) -> u64 {
    cell.ask(black_box(1)).wait().expect("no turn panics")
}
