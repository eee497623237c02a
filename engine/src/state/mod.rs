//! What is in memory, and how it is found: the actors, their registries, and what the
//! applier has done to them.
//!
//! ```text
//!   catalogue ---- SKU ----> row ----> stock actor of each node      (escrow)
//!   orders ------- id -----> number -> order actor                   (document)
//!   network -----> nodes and policy, one value, swapped whole        (configuration)
//!   requests ----> idempotency keys in flight and carried out
//! ```

pub mod before;
pub mod catalogue;
pub mod network;
pub mod order;
pub mod orders;
pub mod requests;
mod sku_index;
pub mod stock;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;

use crate::actor::Slot;
use crate::apart::Apart;
use crate::model::{Lsn, OrderNo, Pair, Sku, SkuNo, StateHash};
use before::BeforeImages;
use catalogue::Catalogue;
use network::Network;
use orders::Orders;
use requests::Requests;
use stock::StockActor;

/// The durable state of an engine, in memory, and what is in flight on it.
pub struct State {
    /// Items and pairs.
    pub catalogue: Catalogue,
    /// Nodes and policy.
    pub network: ArcSwap<Network>,
    /// Orders.
    pub orders: Orders,
    /// Idempotency keys.
    pub requests: Requests,
    /// The number of the last order that a transaction was given.
    pub order_last: Apart<AtomicU64>,
    /// Numbers of items whose definition is in flight.
    pub new_items: Mutex<NewItems>,
    /// Held by the applier for each step: a reader that takes it sees all actors at
    /// one LSN. It must let go of it soon.
    pub gate: Apart<Mutex<Applied>>,
    /// The last event of the step that is being applied: actors may show it
    /// before the watermark does.
    pub applying: Apart<AtomicU64>,
    /// Where the applier keeps parts before it changes them, while a reader reads
    /// the state as of one event.
    pub before: ArcSwapOption<BeforeImages>,
}

/// What the applier has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Applied {
    /// The last event applied.
    pub lsn: Lsn,
    /// The hash of all durable state at that event.
    pub hash: StateHash,
}

/// Items whose first definition is not applied yet.
#[derive(Debug, Default)]
pub struct NewItems {
    /// Their numbers, which follow those of the catalogue without a gap.
    pub numbers: HashMap<Sku, SkuNo>,
}

impl State {
    /// No state, for destinations of so many postal codes, that will remember so many
    /// requests.
    pub fn new(postal_codes: u32, requests_kept_max: usize) -> Self {
        Self {
            catalogue: Catalogue::default(),
            network: ArcSwap::from_pointee(Network::empty(postal_codes)),
            orders: Orders::default(),
            requests: Requests::new(requests_kept_max),
            order_last: Apart::default(),
            new_items: Mutex::default(),
            gate: Apart::default(),
            applying: Apart::default(),
            before: ArcSwapOption::empty(),
        }
    }

    /// The actor of a pair, made when there is none.
    #[inline]
    pub fn cell(&self, pair: Pair) -> Slot<'_, StockActor> {
        self.catalogue.cell(pair)
    }

    /// What is applied. Waits for a step of the applier at most: reads and metrics ask
    /// this on threads that must not block.
    pub fn applied(&self) -> Applied {
        *self.gate.lock()
    }

    /// A number for an order that is about to be written.
    pub fn next_order(&self) -> OrderNo {
        OrderNo(self.order_last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes back the number of an order that was not appended, so that the next
    /// order gets it. If a later number was given out since, it stays unused.
    pub fn unnumber(&self, no: OrderNo) {
        let (relaxed, last) = (Ordering::Relaxed, &self.order_last);
        let _ = last.compare_exchange(no.0, no.0 - 1, relaxed, relaxed);
    }
}
