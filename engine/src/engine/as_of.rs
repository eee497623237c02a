//! The durable state as of one event, read while later events are applied.
//!
//! ```text
//!   applier   before the first change of a part since the event: keeps the part as it is
//!   reader    reads the part ---> no later event changed it: this is it
//!                            \--> else: it was kept before
//! ```
//! Items, pairs and orders tell the last event that changed them, and are kept before a
//! later event reaches them. So neither side waits for the other, and no read needs to know
//! how far the applier is. What is kept is what changes meanwhile, each part once.
//!
//! Nodes and policy are one value, of which the reader keeps his own. Requests are summed
//! up, as of the event: what is left to do of that goes on after this is gone.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dashmap::DashMap;

use super::catalogue::{Catalogue, Definition, Entry};
use super::claims::cell;
use super::core::{Applied, Core};
use super::error::{EngineError, Halt};
use super::network::Network;
use super::orders::OrderCell;
use super::read::line_at;
use crate::actor::ActorPanicked;
use crate::actor::order::{OrderMessage, OrderReply};
use crate::actor::stock::{StockMessage, StockReply};
use crate::limits::BEFORE_IMAGE_SHARDS;
use crate::model::{KeptOrder, Lsn, OrderNo, Pair, Parts, SkuNo, Stock};

/// The state as of one event, for as long as this lives. There is one at a time.
pub struct AsOf<'a> {
    core: &'a Core,
    applied: Applied,
    items: SkuNo,
    network: Arc<Network>,
    before: Arc<BeforeImages>,
}

impl<'a> AsOf<'a> {
    /// The state as it stands. Waits for a step of the applier at most. Begins to sum up
    /// the requests as well.
    ///
    /// # Errors
    /// When the applier died half way in a step: actors show some of it.
    pub fn begin(core: &'a Core) -> Result<Self, EngineError> {
        let mut before = BeforeImages::default();
        let gate = core.gate.lock();
        if core.applying.load(Ordering::Relaxed) > gate.lsn.get() {
            // The engine may hear of it a moment later.
            let halt = core.halted().cloned();
            let died = || Halt::Program("the applier has ended".into());
            return Err(halt.unwrap_or_else(died).into());
        }
        before.lsn = gate.lsn;
        let before = Arc::new(before);
        let other = core.before.swap(Some(Arc::clone(&before)));
        debug_assert!(other.is_none(), "there is one reader at a time");
        core.requests.begin_hash();
        let (items, network) = (core.catalogue.next(), core.network.load_full());
        Ok(Self { core, applied: *gate, items, network, before })
    }

    /// The event, and the running hash at it.
    pub const fn applied(&self) -> Applied {
        self.applied
    }

    /// Nodes and policy.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// All items, ascending by number; their rows may have pairs that came later, which
    /// were empty.
    pub fn items(&self) -> impl Iterator<Item = (SkuNo, &'a Entry)> {
        self.core.catalogue.iter().take(self.items.0 as usize)
    }

    /// An item's definition.
    pub fn definition(&self, no: SkuNo, entry: &Entry) -> Definition {
        let read = entry.definition();
        if read.last_lsn <= self.applied.lsn {
            return read;
        }
        self.before.items.get(&no).map_or(read, |kept| kept.clone())
    }

    /// A pair; one that no event had changed is empty.
    pub fn pair(&self, pair: Pair) -> Result<Box<Stock>, EngineError> {
        let read = read_pair(self.core, pair).map_err(|panicked| self.core.panicked(panicked))?;
        if read.last_lsn <= self.applied.lsn {
            return Ok(read);
        }
        Ok(self.before.pairs.get(&pair).map_or(read, |kept| kept.clone()))
    }

    /// What a line of an order has reserved at a pair.
    pub fn line(&self, order: OrderNo, line: u16, pair: Pair) -> Result<Parts, EngineError> {
        let (parts, last_lsn) = line_at(self.core, order, line, pair)?;
        if last_lsn <= self.applied.lsn {
            return Ok(parts);
        }
        let kept = self.before.pairs.get(&pair);
        Ok(kept.map_or(parts, |kept| {
            let held = kept.reservations.of_line(order, line);
            held.map(|reservation| (reservation.supply, reservation.units)).collect()
        }))
    }

    /// The order of a number: vacant, in memory, or known to have left it.
    pub fn order(&self, no: OrderNo, cell: &OrderCell) -> Result<OrderReply, EngineError> {
        let read = cell.ask(OrderMessage::Read).wait();
        let read = read.map_err(|panicked| self.core.panicked(panicked))?;
        let last_lsn = match &read {
            OrderReply::Resident(kept) => kept.last_lsn,
            OrderReply::Archived(archived) => archived.last_lsn,
            _ => return Ok(read),
        };
        if last_lsn <= self.applied.lsn {
            return Ok(read);
        }
        // One that was not kept was placed later.
        let kept = self.before.orders.get(&no).map(|kept| kept.clone());
        Ok(kept.map_or(OrderReply::Vacant, OrderReply::Resident))
    }
}

impl Drop for AsOf<'_> {
    fn drop(&mut self) {
        self.core.before.store(None);
        // A step that is under way keeps some more, and would else have to free it all.
        drop(self.core.gate.lock());
    }
}

/// Parts of the state as they were before their first change since an event. Only the
/// applier keeps them.
pub struct BeforeImages {
    /// The event.
    lsn: Lsn,
    items: Images<SkuNo, Definition>,
    pairs: Images<Pair, Box<Stock>>,
    orders: Images<OrderNo, KeptOrder>,
}

/// A table that grows a shard at a time: the applier waits for it.
type Images<K, V> = DashMap<K, V, foldhash::fast::RandomState>;

fn images<K: Eq + Hash, V>() -> Images<K, V> {
    let hasher = foldhash::fast::RandomState::default();
    DashMap::with_capacity_and_hasher_and_shard_amount(0, hasher, BEFORE_IMAGE_SHARDS)
}

impl Default for BeforeImages {
    fn default() -> Self {
        Self { lsn: Lsn::NONE, items: images(), pairs: images(), orders: images() }
    }
}

impl BeforeImages {
    /// Keeps an item's definition, which is about to change.
    pub fn keep_item(&self, catalogue: &Catalogue, no: SkuNo) {
        if no < catalogue.next() {
            self.items.entry(no).or_insert_with(|| catalogue.entry(no).definition());
        }
    }

    /// Keeps a pair, which is about to change.
    pub fn keep_pair(&self, core: &Core, pair: Pair) -> Result<(), ActorPanicked> {
        // Nothing else is put in: no shard is held while the actor is waited for.
        if !self.pairs.contains_key(&pair) {
            self.pairs.insert(pair, read_pair(core, pair)?);
        }
        Ok(())
    }

    /// Keeps an order, which is about to change, unless it was placed since.
    pub fn keep_order(&self, no: OrderNo, cell: &OrderCell) -> Result<(), ActorPanicked> {
        if !self.orders.contains_key(&no)
            && let OrderReply::Resident(kept) = cell.ask(OrderMessage::Read).wait()?
            && kept.placed_lsn <= self.lsn
        {
            self.orders.insert(no, kept);
        }
        Ok(())
    }
}

fn read_pair(core: &Core, pair: Pair) -> Result<Box<Stock>, ActorPanicked> {
    match cell(core, pair).ask(StockMessage::Read).wait()? {
        StockReply::State(stock) => Ok(stock),
        other => unreachable!("a read is answered with a state, not {other:?}"),
    }
}
