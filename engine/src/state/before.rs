//! Parts of the state as of one event: kept for the reader of that state while later
//! events are applied.

use std::hash::Hash;

use dashmap::DashMap;

use super::catalogue::{Catalogue, Definition};
use super::documents::Documents;
use super::order::{OrderMessage, OrderReply};
use super::orders::OrderCell;
use super::stock::{StockMessage, StockReply};
use super::uses::{Counted, PromotionUses};
use crate::actor::ActorPanicked;
use crate::limits::BEFORE_IMAGE_SHARDS;
use crate::model::{
    DocumentKey, KeptOrder, Lsn, OrderNo, PackedDocument, Pair, SkuNo, Stock, UsesOf,
};

/// Parts of the state as they were before their first change since an event. Only the
/// applier keeps them.
pub struct BeforeImages {
    /// The event.
    lsn: Lsn,
    /// Definitions of items.
    pub items: Images<SkuNo, Definition>,
    /// Pairs.
    pub pairs: Images<Pair, Box<Stock>>,
    /// Orders.
    pub orders: Images<OrderNo, KeptOrder>,
    /// Documents, by number.
    pub documents: Images<u64, PackedDocument>,
    /// Uses of promotions.
    pub uses: Images<UsesOf, Counted>,
}

/// A table that grows a shard at a time: the applier waits for it.
pub type Images<K, V> = DashMap<K, V, foldhash::fast::RandomState>;

fn images<K: Eq + Hash, V>() -> Images<K, V> {
    let hasher = foldhash::fast::RandomState::default();
    DashMap::with_capacity_and_hasher_and_shard_amount(0, hasher, BEFORE_IMAGE_SHARDS)
}

impl BeforeImages {
    /// Nothing yet of the state as of the event at `lsn`.
    pub fn at(lsn: Lsn) -> Self {
        Self {
            lsn,
            items: images(),
            pairs: images(),
            orders: images(),
            documents: images(),
            uses: images(),
        }
    }

    /// Keeps an item's definition, which is about to change.
    pub fn keep_item(&self, catalogue: &Catalogue, no: SkuNo) {
        if no < catalogue.next() {
            self.items.entry(no).or_insert_with(|| catalogue.entry(no).definition());
        }
    }

    /// Keeps a pair, which is about to change.
    pub fn keep_pair(&self, catalogue: &Catalogue, pair: Pair) -> Result<(), ActorPanicked> {
        // Nothing else is put in: no shard is held while the actor is waited for.
        if !self.pairs.contains_key(&pair) {
            self.pairs.insert(pair, read_pair(catalogue, pair)?);
        }
        Ok(())
    }

    /// Keeps a document, which is about to change.
    pub fn keep_document(&self, documents: &Documents, key: &DocumentKey) {
        if let Some((no, document)) = documents.before(key) {
            self.documents.entry(no).or_insert(document);
        }
    }

    /// Keeps how often a promotion was used, which is about to change.
    pub fn keep_uses(&self, uses: &PromotionUses, of: &UsesOf) {
        self.uses.entry(of.clone()).or_insert_with(|| uses.counted(of));
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

/// Reads a pair. Waits for turns that other threads run, which is as long as a few turns
/// take.
pub fn read_pair(catalogue: &Catalogue, pair: Pair) -> Result<Box<Stock>, ActorPanicked> {
    match catalogue.cell(pair).ask(StockMessage::Read).wait()? {
        StockReply::State(stock) => Ok(stock),
        other => unreachable!("a read is answered with a state, not {other:?}"),
    }
}
