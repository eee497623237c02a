//! Stock updates from one task, as fast as they go in: what an ERP and stores send
//! all day. Each states what is on hand at a pair: one unit more than before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use backstock_engine::command::{ChangeStock, StockOperation};
use backstock_engine::engine::Engine;
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::stock_row::Change;
use backstock_proto::v1::{LoadStockRequest, StockLevel, StockRow};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use super::error::LoadError;
use crate::workload::names::node_id;
use crate::workload::network::{Stocking, meta};

/// Updates in flight in process.
const IN_FLIGHT_MAX: u64 = 1_024;
/// Rows of one message.
const ROWS: u64 = 250;
/// A prime beyond the number of pairs, so that a walk in such steps comes by each
/// of them once, in no order that helps a cache.
const STRIDE: u64 = 2_654_435_761;

/// What the updates are.
#[derive(Clone, Copy, Debug)]
struct Updates(Stocking);

impl Updates {
    /// The pair of an update, by SKU and node, and what is on hand there from then
    /// on.
    fn nth(self, no: u64) -> (u32, u32, u32) {
        let Self(stocking) = self;
        let pairs = u64::from(stocking.pairs());
        let pair = u32::try_from(no * STRIDE % pairs).expect("below the pairs");
        let rounds = u32::try_from(no / pairs + 1).expect("a run ends before");
        (pair / stocking.nodes_of_sku, stocking.node_of(pair), stocking.on_hand + rounds)
    }
}

/// A feed that runs until it is told to stop.
pub struct Feed {
    stops: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    task: JoinHandle<Result<(), LoadError>>,
}

impl Feed {
    /// Feeds the engine.
    pub fn into_engine(engine: Engine, stocking: Stocking) -> Self {
        Self::spawn(|stops, done| feed_engine(engine, stocking, stops, done))
    }

    /// Feeds the server, by a stream.
    pub fn into_server(channel: Channel, stocking: Stocking) -> Self {
        Self::spawn(|stops, done| feed_server(channel, stocking, stops, done))
    }

    fn spawn<F>(start: impl FnOnce(Arc<AtomicBool>, Arc<AtomicU64>) -> F) -> Self
    where
        F: Future<Output = Result<(), LoadError>> + Send + 'static,
    {
        let (stops, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let task = tokio::spawn(start(Arc::clone(&stops), Arc::clone(&done)));
        Self { stops, done, task }
    }

    /// Updates that are durable.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Ends it, and tells how many updates there were: each added one unit.
    pub async fn stop(self) -> Result<u64, LoadError> {
        self.stops.store(true, Ordering::Relaxed);
        self.task.await.expect("no panic")?;
        Ok(self.done.load(Ordering::Relaxed))
    }
}

fn until_stopped(stops: &Arc<AtomicBool>) -> impl Fn(&u64) -> bool + Send + 'static {
    let stops = Arc::clone(stops);
    move |_| !stops.load(Ordering::Relaxed)
}

async fn feed_engine(
    engine: Engine,
    stocking: Stocking,
    stops: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
) -> Result<(), LoadError> {
    // Never two of one pair at a time: they might change places. One that waits for its pair
    // holds up those that are more than so many behind it.
    let in_flight = IN_FLIGHT_MAX.min(u64::from(stocking.pairs()).div_ceil(2));
    let updates = (0..).take_while(until_stopped(&stops)).map(|no| {
        let (sku, node, on_hand) = Updates(stocking).nth(no);
        let operation =
            StockOperation::Set { on_hand: Some(on_hand), unavailable: None, safety: None };
        let (sku, node) = ((stocking.sku)(sku), node_id(node));
        engine.change_stock(ChangeStock { meta: meta(), sku, node, operation })
    });
    stream::iter(updates)
        .buffered(usize::try_from(in_flight).expect("at most 1024"))
        .try_for_each(async |_| {
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .await?;
    Ok(())
}

async fn feed_server(
    channel: Channel,
    stocking: Stocking,
    stops: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
) -> Result<(), LoadError> {
    let row = move |no| {
        let (sku, node, on_hand) = Updates(stocking).nth(no);
        let level = StockLevel { on_hand: Some(on_hand.into()), ..StockLevel::default() };
        StockRow {
            sku: (stocking.sku)(sku).to_string(),
            node_id: node_id(node).to_string(),
            change: Some(Change::Level(level)),
        }
    };
    let messages = (0..).take_while(until_stopped(&stops)).map(move |no| LoadStockRequest {
        rows: (no * ROWS..(no + 1) * ROWS).map(row).collect(),
        request_id: String::new(),
    });
    let mut client = InventoryServiceClient::new(channel);
    let mut answers = client.load_stock(stream::iter(messages)).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        if let Some(fault) = answer.faults.into_iter().find_map(|row| row.fault) {
            return Err(LoadError::Fault { reason: fault.reason, message: fault.message });
        }
        done.fetch_add(answer.rows_applied.into(), Ordering::Relaxed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::workload::holiday::Size;

    #[test]
    fn each_update_adds_one_unit() {
        let stocking = Size { skus: 10, on_hand: 5 }.stocking();
        let mut on_hand = HashMap::new();
        for no in 0..500 {
            let (sku, node, now) = Updates(stocking).nth(no);
            assert_eq!(now, on_hand.insert((sku, node), now).unwrap_or(5) + 1);
        }
        assert_eq!(on_hand.len(), 200);
    }
}
