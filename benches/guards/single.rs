//! An engine on one thread and a simulated disk: no other thread's work, no system
//! call and no clock is in what it does, so that its instructions can be counted.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use backstock_benches::holiday::{Size, postal_codes, set_up};
use backstock_engine::command::PlaceOrder;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, OpenOptions, PlaceOutcome, Pump, Submitted};
use backstock_engine::model::Order;

/// Bytes of a journal segment: what a few thousand commands write fits into one.
const SEGMENT_BYTES: u64 = 8 << 20;

/// The engine and what runs it.
pub struct Single {
    engine: Engine,
    pump: Pump,
    /// What was submitted and is not acknowledged.
    submitted: Vec<Submitted>,
}

impl Single {
    /// An engine with the network and the stock of `holiday`.
    ///
    /// # Panics
    /// When it does not open, or refuses.
    pub fn stocked(size: Size) -> Self {
        let disk = Arc::new(SimulatedDisk::new());
        let options = OpenOptions { segment_bytes: SEGMENT_BYTES, ..OpenOptions::new("/data") };
        let (engine, mut pump, _) =
            Engine::open_single_threaded(&options, disk, postal_codes()).expect("the engine opens");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let engine = engine.clone();
            let done = tokio::spawn(async move { set_up(&engine, size).await });
            while !done.is_finished() {
                drain(&mut pump);
                tokio::task::yield_now().await;
            }
            done.await.expect("no panic");
        });
        Self { engine, pump, submitted: Vec::new() }
    }

    /// Submits orders: all that a caller does until the journal has them.
    ///
    /// # Panics
    /// When one is refused or has to wait.
    pub fn submit(&mut self, orders: Vec<PlaceOrder>) {
        self.submitted.reserve(orders.len());
        for order in orders {
            let submitted = ready(self.engine.submit_order(order));
            self.submitted.push(submitted.expect("the order is taken"));
        }
    }

    /// Writes and applies all that waits.
    ///
    /// # Panics
    /// When the engine halts.
    pub fn apply(&mut self) {
        drain(&mut self.pump);
    }

    /// The orders that were submitted and applied.
    ///
    /// # Panics
    /// When one was not placed.
    pub fn acknowledged(&mut self) -> Vec<Arc<Order>> {
        let placed = self.submitted.drain(..).map(|submitted| {
            match ready(submitted.acknowledged()).expect("an answer").outcome {
                PlaceOutcome::Placed(order) => order,
                PlaceOutcome::SoldOut(_) => panic!("holiday orders wait for stock"),
            }
        });
        placed.collect()
    }

    /// Checks that what was counted happened: nothing is lost between actors.
    ///
    /// # Panics
    /// When the audit finds a breach.
    pub fn check(&self) {
        let report = self.engine.audit().expect("the audit runs");
        assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    }
}

fn drain(pump: &mut Pump) {
    while pump.pump().expect("the engine does not halt") {}
}

/// The output of a future that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("on one thread there is nothing to wait for"),
    }
}
