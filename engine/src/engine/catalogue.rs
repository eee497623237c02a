//! Items and their pairs: every SKU has a number, a definition, and a row of
//! stock actors.

use std::sync::Arc;

use dashmap::DashMap;
use parking_lot::RwLock;

use crate::actor::{Row, Slot, stock::StockActor};
use crate::model::digest::{Part, hash_encoded};
use crate::model::{Item, Lsn, NodeNo, Sku, SkuNo, StateHash};

/// One item: its definition and all its pairs.
pub struct Entry {
    definition: RwLock<Definition>,
    /// The stock actors, one for each node that ever had this item.
    pub row: Row<StockActor>,
}

/// An item's definition, and the event that it is from.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it is.
    pub item: Arc<Item>,
    /// The event that defined it last.
    pub last_lsn: Lsn,
}

impl Entry {
    /// The definition as it stands.
    pub fn definition(&self) -> Definition {
        self.definition.read().clone()
    }

    /// The stock actor of this item at a node, made when there is none.
    pub fn pair(&self, node: NodeNo) -> Slot<'_, StockActor> {
        self.row.get_or_insert(node)
    }
}

/// All items by SKU and by number.
#[derive(Default)]
pub struct Catalogue {
    by_sku: DashMap<Sku, SkuNo, foldhash::fast::RandomState>,
    entries: boxcar::Vec<Entry>,
}

impl Catalogue {
    /// The number of a SKU.
    pub fn sku_no(&self, sku: &str) -> Option<SkuNo> {
        self.by_sku.get(sku).map(|no| *no)
    }

    /// The item of that number.
    ///
    /// # Panics
    /// When there is none: numbers come from events, which come from this table.
    pub fn entry(&self, no: SkuNo) -> &Entry {
        &self.entries[no.0 as usize]
    }

    /// All items, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = (SkuNo, &Entry)> {
        self.entries.iter().map(|(at, entry)| (number(at), entry))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.entries.count()
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.entries.iter().map(|(_, entry)| entry.row.len()).sum()
    }

    /// The number that the next new item gets.
    pub fn next(&self) -> SkuNo {
        number(self.len())
    }

    /// Applies a definition; answers by how much the state hash moves. Only the
    /// applier does this.
    pub fn define(&self, no: SkuNo, item: Item, lsn: Lsn) -> StateHash {
        let mut hash = StateHash::default();
        let new = Definition { item: Arc::new(item), last_lsn: lsn };
        if let Some(entry) = self.entries.get(no.0 as usize) {
            let mut definition = entry.definition.write();
            if lsn > definition.last_lsn {
                hash.remove(hash_encoded(Part::Item, &part(no, &definition)));
                hash.add(hash_encoded(Part::Item, &part(no, &new)));
                *definition = new;
            }
            return hash;
        }
        assert_eq!(no, self.next(), "REPLAY_EQUAL: items are numbered in order");
        hash.add(hash_encoded(Part::Item, &part(no, &new)));
        let sku = new.item.sku.clone();
        self.entries.push(Entry { definition: RwLock::new(new), row: Row::default() });
        self.by_sku.insert(sku, no);
        hash
    }

    /// The hash of a definition.
    pub fn hash_definition(no: SkuNo, definition: &Definition) -> StateHash {
        let mut hash = StateHash::default();
        hash.add(hash_encoded(Part::Item, &part(no, definition)));
        hash
    }
}

fn part(no: SkuNo, definition: &Definition) -> (SkuNo, Item, Lsn) {
    (no, Item::clone(&definition.item), definition.last_lsn)
}

fn number(at: usize) -> SkuNo {
    SkuNo(u32::try_from(at).expect("ITEMS_MAX fits 32 bits"))
}
