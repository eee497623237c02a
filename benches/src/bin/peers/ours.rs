//! Ours, and what bounds it: the engine in process, its services on the loopback,
//! and a handler that does nothing behind the same client.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backstock::shutdown::Shutdown;
use backstock_benches::holiday::{Orders, Size, postal_codes, set_up};
use backstock_benches::run::{place_all, runtime};
use backstock_benches::transport::{Idle, backstock_server, idle_server, streamed, unary};
use backstock_benches::wire::request;
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_proto::v1::PlaceOrderRequest;
use tonic::transport::Channel;

use crate::contest::{SERIES, SERIES_WARM_UP};

/// Tasks that place orders in process.
const TASKS: usize = 2;
/// A call of its own for each order is slower by about this much than a stream.
const UNARY_SHARE: usize = 10;
/// Orders before the clock starts, for each order that is counted.
const WARM_UP_SHARE: usize = 10;

/// Orders a second.
#[derive(Debug)]
pub struct Ours {
    /// In process.
    pub in_process: f64,
    /// Over `PlaceOrders`.
    pub stream: f64,
    /// Over `PlaceOrder`.
    pub unary: f64,
    /// `PlaceOrders` of the handler that does nothing.
    pub empty_stream: f64,
    /// `PlaceOrder` of the handler that does nothing.
    pub empty_unary: f64,
}

/// Opens an engine in `directory`, plays, and audits.
///
/// # Panics
/// When the audit is not clean, or an order was not placed: then there is no figure.
pub fn run(directory: &Path, size: Size, orders: usize) -> Ours {
    runtime().block_on(async {
        let options = OpenOptions::new(directory);
        let disk = Arc::new(RealDisk);
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        in_process(&engine, size, SERIES_WARM_UP, orders / WARM_UP_SHARE).await;
        let in_process = in_process(&engine, size, SERIES, orders).await;
        let shutdown = Shutdown::default();
        let served = backstock_server(engine.clone(), directory, shutdown.clone()).await;
        let [stream, unary] = over_the_wire(served, size, orders).await;
        let [empty_stream, empty_unary] =
            over_the_wire(idle_server(Idle::Telling).await, size, orders).await;
        let report = engine.audit().expect("the audit runs");
        assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
        shutdown.drain();
        engine.shut_down().await;
        Ours { in_process, stream, unary, empty_stream, empty_unary }
    })
}

async fn in_process(engine: &Engine, size: Size, series: u64, count: usize) -> f64 {
    let mut orders = Orders::new(size, series);
    let share = count.div_ceil(TASKS);
    let lists = (0..TASKS).map(|_| orders.by_ref().take(share).collect()).collect();
    let before = engine.status().orders;
    let ran = place_all(engine, lists).await;
    let recorded = engine.status().orders - before;
    assert_eq!(recorded as u64, ran.placed, "every order that was acknowledged is recorded");
    ran.orders_per_second()
}

/// Orders a second on streams and by calls. Series of their own: ids are used once.
async fn over_the_wire(clients: Vec<Channel>, size: Size, orders: usize) -> [f64; 2] {
    let (calls, warm_up) = (orders / UNARY_SHARE, orders / WARM_UP_SHARE);
    streamed(clients.clone(), requests(size, SERIES + 2, warm_up)).await;
    let stream = streamed(clients.clone(), requests(size, SERIES + 3, orders)).await;
    unary(clients.clone(), requests(size, SERIES + 4, calls / WARM_UP_SHARE)).await;
    let unary = unary(clients, requests(size, SERIES + 5, calls)).await;
    [per_second(orders, stream), per_second(calls, unary)]
}

fn requests(size: Size, series: u64, count: usize) -> Vec<PlaceOrderRequest> {
    Orders::new(size, series).take(count).map(|order| request(&order)).collect()
}

/// A rate.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
