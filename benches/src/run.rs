//! Running a workload against an engine in process.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use backstock_engine::command::PlaceOrder;
use backstock_engine::engine::{Engine, PlaceOutcome, Submitted};

/// The runtime of every bench: as many threads as the machines that the goals name
/// have cores.
///
/// # Panics
/// When it does not start.
pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

/// Orders that one task keeps in flight.
const WINDOW: usize = 4_096;

/// The results of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ran {
    /// Orders placed.
    pub placed: u64,
    /// Orders refused for want of stock.
    pub sold_out: u64,
    /// From the first order to the last acknowledgement.
    pub took: Duration,
}

impl Ran {
    /// Orders answered in a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn orders_per_second(&self) -> f64 {
        (self.placed + self.sold_out) as f64 / self.took.as_secs_f64()
    }
}

/// Places orders as fast as the engine takes them, from one task for each list,
/// and waits until all are acknowledged.
pub async fn place_all(engine: &Engine, lists: Vec<Vec<PlaceOrder>>) -> Ran {
    let began = Instant::now();
    let tasks: Vec<_> =
        lists.into_iter().map(|orders| tokio::spawn(place_list(engine.clone(), orders))).collect();
    let mut ran = Ran::default();
    for task in tasks {
        let part = task.await.expect("no panic");
        ran.placed += part.placed;
        ran.sold_out += part.sold_out;
    }
    ran.took = began.elapsed();
    ran
}

async fn place_list(engine: Engine, orders: Vec<PlaceOrder>) -> Ran {
    let mut window: VecDeque<Submitted> = VecDeque::with_capacity(WINDOW);
    let mut ran = Ran::default();
    for order in orders {
        if window.len() == WINDOW {
            // Half of the window at once: one wake-up serves them.
            for submitted in window.drain(..WINDOW / 2) {
                acknowledge(&mut ran, submitted).await;
            }
        }
        window.push_back(engine.submit_order(order).await.expect("the order is taken"));
    }
    for submitted in window {
        acknowledge(&mut ran, submitted).await;
    }
    ran
}

async fn acknowledge(ran: &mut Ran, submitted: Submitted) {
    match submitted.acknowledged().await.expect("an answer").outcome {
        PlaceOutcome::Placed(_) => ran.placed += 1,
        PlaceOutcome::SoldOut(_) => ran.sold_out += 1,
    }
}
