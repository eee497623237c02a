//! Items and their pairs: every SKU has a number, a definition, and a row of
//! stock actors.

use std::collections::{BTreeSet, HashMap};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering, fence},
};

use parking_lot::RwLock;
use smallvec::SmallVec;

use super::stock::StockActor;
use crate::actor::{Arena, Mailbox, Row, Seat, Slot};
use crate::model::Pair;
use crate::model::digest::{Part, PartHash, hash_encoded};
use crate::model::{
    BundlePart, Component, Draw, Item, Lsn, NodeNo, OrderNo, Refusal, Sale, Sku, SkuNo, StateHash,
    Timestamp,
};
use crate::state::sku_index::SkuIndex;

/// One item: its definition and all its pairs. Three cache lines: planning reads the
/// first, and the last when it looks the item up.
#[repr(C, align(64))]
pub struct Entry {
    /// The stock actors, one for each node that ever had this item.
    pub row: Row<StockActor>,
    /// None before the item's number was given.
    definition: RwLock<Option<Definition>>,
    /// The SKU, which no definition changes: what the index compares.
    sku: OnceLock<Sku>,
    /// Whether the backlog has to be looked at before new orders get units. It lies beside
    /// what a look-up of the item reads.
    unsettled: AtomicBool,
    /// What new orders and holds are kept from it for: [`OFF_SALE`], [`CLOSED`]; [`DRAWN`] beside.
    sale: AtomicU8,
    /// Most units that may wait for it; [`NO_BOUND`] without a bound.
    waiting_max: AtomicU32,
    /// Whether it is a bundle, or a component of one.
    bundled: AtomicU8,
    /// How often a pair of it changed that does not publish all that it could promise.
    unseen: AtomicU32,
    /// The last moment at which something came free of it.
    freed: AtomicU64,
}

/// Says that any number of units may wait; above all that may be said.
const NO_BOUND: u32 = u32::MAX;
/// It is off sale.
const OFF_SALE: u8 = 1;
/// Its sale did not open yet.
const CLOSED: u8 = 2;
/// Its sale opened once.
const DRAWN: u8 = 4;
/// It is a bundle.
const BUNDLE: u8 = 1;
/// It is a component of a bundle.
const COMPONENT: u8 = 2;

const _: () = assert!(size_of::<Entry>() == 192);
const _: () = assert!(std::mem::offset_of!(Entry, sku) >= 128);

/// An item's definition, and the event that it is from.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it is.
    pub item: Arc<Item>,
    /// The event that defined it last, or opened its sale.
    pub last_lsn: Lsn,
    /// The last opening of its sale.
    pub draw: Option<Box<Draw>>,
}

impl Definition {
    /// When its sale opens, if it did not yet.
    pub fn opens(&self) -> Option<Timestamp> {
        self.item.opens.filter(|opens| self.draw.as_ref().is_none_or(|draw| draw.opens != *opens))
    }
}

impl Entry {
    fn undefined(pairs: &Arc<Arena<Mailbox<StockActor>>>) -> Self {
        let (definition, sku) = (RwLock::new(None), OnceLock::new());
        let (unsettled, freed) = (AtomicBool::new(false), AtomicU64::new(0));
        let (sale, waiting_max) = (AtomicU8::new(0), AtomicU32::new(NO_BOUND));
        let (row, bundled) = (Row::new(pairs), AtomicU8::new(0));
        let unseen = AtomicU32::new(0);
        Self { row, definition, sku, unsettled, sale, waiting_max, bundled, unseen, freed }
    }

    #[inline]
    fn is(&self, sku: &str) -> bool {
        self.sku.get().is_some_and(|known| known.as_str() == sku)
    }

    /// The SKU, read without a lock.
    pub fn sku(&self) -> &Sku {
        self.sku.get().expect("the catalogue shows defined items only")
    }

    /// Whether older orders have to be looked at before new ones get units: something came
    /// free.
    #[inline]
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::Acquire)
    }

    /// Whether new orders and holds may not take it.
    #[inline]
    pub fn is_off_sale(&self) -> bool {
        self.sale() & OFF_SALE != 0
    }

    /// Whether its sale is to open: nobody gets units of it, and holds may wait in line.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.sale() & CLOSED != 0
    }

    /// Whether new orders and holds may take it, without more to be looked at.
    #[inline]
    pub fn is_on_sale(&self) -> bool {
        self.sale() & (OFF_SALE | CLOSED) == 0
    }

    /// Whether its sale is to open, or did.
    pub fn had_openings(&self) -> bool {
        self.sale() & (CLOSED | DRAWN) != 0
    }

    /// The draw by which holds are in line for it, if there was one. A component of a bundle has
    /// none, though it may have had one before: who waits for bundles is in line for several items
    /// at once, and in the same order for all of them.
    pub fn draw(&self) -> Option<Box<Draw>> {
        if self.had_openings() && !self.is_component() { self.definition().draw } else { None }
    }

    /// The opening that a hold in line for it waits for, or the last one in whose draw it took part.
    pub fn opening_of(&self, no: OrderNo) -> Option<Timestamp> {
        if !self.had_openings() || self.is_component() {
            return None;
        }
        let definition = self.definition();
        let drawn = definition.draw.as_deref().filter(|draw| no < draw.before);
        definition.opens().or_else(|| drawn.map(|draw| draw.opens))
    }

    #[inline]
    fn sale(&self) -> u8 {
        self.sale.load(Ordering::Acquire)
    }

    /// Most units that may wait for it without supply, over all nodes, if there is a bound.
    #[inline]
    pub fn waiting_max(&self) -> Option<u32> {
        Some(self.waiting_max.load(Ordering::Acquire)).filter(|max| *max != NO_BOUND)
    }

    /// Whether it is a bundle, which has no stock.
    #[inline]
    pub fn is_bundle(&self) -> bool {
        self.bundled.load(Ordering::Acquire) == BUNDLE
    }

    /// Whether it is a component of a bundle.
    pub fn is_component(&self) -> bool {
        self.bundled.load(Ordering::Acquire) == COMPONENT
    }

    /// How often a pair of it changed that does not publish all that it could promise. It counts
    /// from 0 in each process, and begins again after 2^32.
    pub fn unseen(&self) -> u32 {
        self.unseen.load(Ordering::Acquire)
    }

    /// One of them changed, or some did.
    pub fn note_unseen(&self) {
        self.unseen.fetch_add(1, Ordering::AcqRel);
    }

    /// What is read of a definition without a lock.
    fn show(&self, definition: &Definition) {
        let item = &definition.item;
        let off_sale = if item.sale == Sale::Off { OFF_SALE } else { 0 };
        let closed = definition.opens().map_or(0, |_| CLOSED);
        let drawn = definition.draw.as_ref().map_or(0, |_| DRAWN);
        self.sale.store(off_sale | closed | drawn, Ordering::Release);
        self.waiting_max.store(item.waiting_max.unwrap_or(NO_BOUND), Ordering::Release);
    }

    /// Says so, or that it is over.
    pub(super) fn set_unsettled(&self, is_unsettled: bool) {
        self.unsettled.store(is_unsettled, Ordering::Release);
    }

    /// Something comes free at a moment.
    pub(super) fn comes_free(&self, moment: u64) {
        self.freed.fetch_max(moment, Ordering::SeqCst);
        // What is published of a backlog is read after it: an order publishes its claim, and
        // reads this after that.
        fence(Ordering::SeqCst);
    }

    /// Whether something came free after a moment.
    pub(super) fn freed_after(&self, moment: u64) -> bool {
        fence(Ordering::SeqCst);
        self.freed.load(Ordering::SeqCst) > moment
    }

    /// The definition as it stands.
    pub fn definition(&self) -> Definition {
        self.definition.read().clone().expect("the catalogue shows defined items only")
    }

    /// Where a node's stock actor is, made when there is none.
    pub fn seat(&self, node: NodeNo) -> Seat {
        let known = self.row.seat(node);
        known.unwrap_or_else(|| {
            self.row.get_or_insert(node);
            self.row.seat(node).expect("it was inserted, and none is removed")
        })
    }

    /// The stock actor of this item at a node, made when there is none.
    pub fn pair(&self, node: NodeNo) -> Slot<'_, StockActor> {
        self.row.get_or_insert(node)
    }
}

/// All items by SKU and by number.
#[derive(Default)]
pub struct Catalogue {
    by_sku: SkuIndex,
    entries: Arena<Entry>,
    /// How many of the entries are defined; stored (release) after the definition.
    len: AtomicU32,
    /// All pairs of all items.
    pairs: Arc<Arena<Mailbox<StockActor>>>,
    bundles: RwLock<Bundles>,
}

/// What is derived of items that are bundles.
#[derive(Default)]
struct Bundles {
    /// What each is made of.
    parts: HashMap<SkuNo, Arc<[BundlePart]>>,
    /// Of each component, the other components of its bundles.
    beside: HashMap<SkuNo, Arc<BTreeSet<SkuNo>>>,
}

impl Bundles {
    fn add(&mut self, bundle: SkuNo, parts: Arc<[BundlePart]>) {
        for part in &*parts {
            let others = parts.iter().map(|other| other.sku).filter(|sku| *sku != part.sku);
            Arc::make_mut(self.beside.entry(part.sku).or_default()).extend(others);
        }
        self.parts.insert(bundle, parts);
    }
}

impl Catalogue {
    /// The number of a SKU.
    #[inline]
    pub fn sku_no(&self, sku: &str) -> Option<SkuNo> {
        let found = self.by_sku.find(sku, |no| {
            self.entries.get(no).is_some_and(|entry| {
                // A look-up of an item is mostly followed by a walk over its pairs.
                entry.row.prefetch();
                entry.is(sku)
            })
        });
        found.map(SkuNo)
    }

    /// The number of an item that a caller names.
    ///
    /// # Errors
    /// [`Refusal::ItemNotFound`].
    pub fn named(&self, sku: &Sku) -> Result<SkuNo, Refusal> {
        self.sku_no(sku.as_str()).ok_or_else(|| Refusal::ItemNotFound { sku: sku.clone() })
    }

    /// The number of an item that has stock.
    ///
    /// # Errors
    /// [`Refusal::ItemNotFound`], and [`Refusal::ItemIsBundle`].
    pub fn with_stock(&self, sku: &Sku) -> Result<SkuNo, Refusal> {
        let no = self.named(sku)?;
        let is_bundle = self.entry(no).is_bundle();
        if is_bundle { Err(Refusal::ItemIsBundle { sku: sku.clone() }) } else { Ok(no) }
    }

    /// The item of that number.
    ///
    /// # Panics
    /// When there is none: numbers come from events, which come from this table.
    #[inline]
    pub fn entry(&self, no: SkuNo) -> &Entry {
        self.get(no).expect("an item's number is given when it is defined")
    }

    #[inline]
    fn get(&self, no: SkuNo) -> Option<&Entry> {
        if no.0 < self.next().0 { self.entries.get(no.0) } else { None }
    }

    /// What a bundle is made of; nothing if it is none.
    pub fn parts(&self, bundle: SkuNo) -> Arc<[BundlePart]> {
        self.bundles.read().parts.get(&bundle).cloned().unwrap_or_default()
    }

    /// What units of an item are taken from: what it is made of if it is a bundle, else itself.
    pub fn parts_of(&self, no: SkuNo) -> SmallVec<[BundlePart; 2]> {
        if self.entry(no).is_bundle() {
            self.parts(no).iter().copied().collect()
        } else {
            SmallVec::from_iter([BundlePart { sku: no, each: 1 }])
        }
    }

    /// The other components of the bundles that an item is a component of.
    pub fn beside(&self, component: SkuNo) -> Arc<BTreeSet<SkuNo>> {
        self.bundles.read().beside.get(&component).cloned().unwrap_or_default()
    }

    /// Notes what a new item is made of, if it is a bundle.
    fn note_bundle(&self, no: SkuNo, entry: &Entry, item: &Item) {
        if !item.components.is_bundle() {
            return;
        }
        let part = |component: &Component| {
            let sku = self.sku_no(component.sku.as_str());
            let sku = sku.expect("REPLAY_EQUAL: components are defined before their bundle");
            self.entry(sku).bundled.store(COMPONENT, Ordering::Release);
            BundlePart { sku, each: component.units }
        };
        let parts = item.components.0.iter().map(part).collect();
        self.bundles.write().add(no, parts);
        entry.bundled.store(BUNDLE, Ordering::Release);
    }

    /// The stock actor of a pair, made when there is none.
    #[inline]
    pub fn cell(&self, pair: Pair) -> Slot<'_, StockActor> {
        self.entry(pair.sku).pair(pair.node)
    }

    /// All items, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = (SkuNo, &Entry)> {
        (0..self.next().0).map(|no| (SkuNo(no), self.entry(SkuNo(no))))
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.next().0 as usize
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.iter().map(|(_, entry)| entry.row.len()).sum()
    }

    /// How many pairs can be found: a pair that is found later makes it more.
    pub fn slots(&self) -> u32 {
        self.pairs.found()
    }

    /// The number that the next new item gets.
    #[inline]
    pub fn next(&self) -> SkuNo {
        SkuNo(self.len.load(Ordering::Acquire))
    }

    /// As if every number were given.
    #[cfg(test)]
    pub fn give_all_numbers(&self) {
        let all = u32::try_from(crate::limits::ITEMS_MAX).expect("ITEMS_MAX fits 32 bits");
        self.len.store(all, Ordering::Release);
    }

    /// Applies a definition; answers by how much the state hash moves. Only the
    /// applier does this.
    pub fn define(&self, no: SkuNo, item: Item, lsn: Lsn) -> StateHash {
        let mut hash = StateHash::default();
        let mut new = Definition { item: Arc::new(item), last_lsn: lsn, draw: None };
        if let Some(entry) = self.get(no) {
            let mut definition = entry.definition.write();
            let definition = definition.as_mut().expect("the catalogue shows defined items only");
            if lsn > definition.last_lsn {
                hash.remove(hash_of(no, definition));
                new.draw.clone_from(&definition.draw);
                hash.add(hash_of(no, &new));
                entry.show(&new);
                *definition = new;
            }
            return hash;
        }
        assert_eq!(no, self.next(), "REPLAY_EQUAL: items are numbered in order");
        hash.add(hash_of(no, &new));
        let sku = new.item.sku.clone();
        let entry = self.entries.at_with(no.0, || Entry::undefined(&self.pairs));
        let _ = entry.sku.set(sku.clone());
        entry.show(&new);
        self.note_bundle(no, entry, &new.item);
        *entry.definition.write() = Some(new);
        self.len.store(no.0 + 1, Ordering::Release);
        self.by_sku.insert(sku.as_str(), no.0, |no| self.hash_of_sku(no));
        hash
    }

    /// The sale of an item opened; answers by how much the state hash moves. Only the applier
    /// does this.
    pub fn open_sale(&self, no: SkuNo, draw: Draw, lsn: Lsn) -> StateHash {
        let (mut hash, entry) = (StateHash::default(), self.entry(no));
        let mut definition = entry.definition.write();
        let definition = definition.as_mut().expect("the catalogue shows defined items only");
        if lsn > definition.last_lsn {
            hash.remove(hash_of(no, definition));
            (definition.draw, definition.last_lsn) = (Some(draw.into()), lsn);
            hash.add(hash_of(no, definition));
            entry.show(definition);
        }
        hash
    }

    /// An item of a snapshot has its last draw.
    pub fn restore_draw(&self, no: SkuNo, draw: Draw) {
        let entry = self.entry(no);
        let mut definition = entry.definition.write();
        let definition = definition.as_mut().expect("the catalogue shows defined items only");
        definition.draw = Some(draw.into());
        entry.show(definition);
    }

    fn hash_of_sku(&self, no: u32) -> u64 {
        let sku = self.entries.get(no).and_then(|entry| entry.sku.get());
        self.by_sku.hash(sku.expect("an item is defined before it is in the index").as_str())
    }

    /// The hash of a definition.
    pub fn hash_definition(no: SkuNo, definition: &Definition) -> StateHash {
        let mut hash = StateHash::default();
        hash.add(hash_of(no, definition));
        hash
    }
}

/// The hash of an item, which has a draw since such things were.
fn hash_of(no: SkuNo, definition: &Definition) -> PartHash {
    let Definition { item, last_lsn, draw } = definition;
    match draw {
        None => hash_encoded(Part::Item, &(no, Item::clone(item), last_lsn)),
        Some(draw) => hash_encoded(Part::Item, &(no, Item::clone(item), last_lsn, **draw)),
    }
}
