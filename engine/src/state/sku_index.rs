//! From a SKU to its item's number. Readers take no lock and write nothing.
//!
//! ```text
//!   hash of the SKU --> slot:  32 bits of the hash | number + 1     0: vacant
//!                       slot + 1, + 2, ...  until the number's item has that SKU
//! ```
//! Every order looks up each of its lines. Items are never taken out, and one thread
//! puts them in, so that a table of words is enough: a look-up is one cache line here
//! and the item's own, and look-ups of several lines wait for memory together. When a
//! table is half full, one of twice the size is filled and takes its place. The old
//! one stays for the threads that read it; all old ones together are as large as the
//! newest.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::limits::ITEMS_MAX;

/// The first table has this power of two of slots.
const FIRST_BITS: u32 = 8;
/// As many as all items need, half full.
const TABLES: usize = (ITEMS_MAX.ilog2() + 3 - FIRST_BITS) as usize;

/// Numbers of items by SKU. The SKUs themselves are with the items.
pub struct SkuIndex {
    tables: [OnceLock<Box<[AtomicU64]>>; TABLES],
    /// The table to read.
    current: AtomicUsize,
    len: AtomicUsize,
    hasher: foldhash::fast::RandomState,
}

impl Default for SkuIndex {
    fn default() -> Self {
        let tables = [const { OnceLock::new() }; TABLES];
        let _ = tables[0].set(vacant(FIRST_BITS));
        let (current, len) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { tables, current, len, hasher: foldhash::fast::RandomState::default() }
    }
}

fn vacant(bits: u32) -> Box<[AtomicU64]> {
    (0..1_usize << bits).map(|_| AtomicU64::new(0)).collect()
}

impl SkuIndex {
    /// The number of the item for which `is` holds, `is` telling whether an item has
    /// this very SKU: other SKUs may have the same hash.
    #[inline]
    pub fn find(&self, sku: &str, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let hash = self.hash(sku);
        let table = self.table(self.current.load(Ordering::Acquire));
        let mask = table.len() - 1;
        let mut at = start(hash, table.len());
        loop {
            let slot = table[at & mask].load(Ordering::Acquire);
            if slot == 0 {
                return None;
            }
            let number = number(slot);
            if slot >> 32 == hash >> 32 && is(number) {
                return Some(number);
            }
            at += 1;
        }
    }

    /// Enters an item that is not in it. One thread at a time does this. `hash_of` tells
    /// what the items in it are entered under, for when they move to a larger table.
    pub fn insert(&self, sku: &str, no: u32, hash_of: impl Fn(u32) -> u64) {
        let mut current = self.current.load(Ordering::Relaxed);
        let len = self.len.load(Ordering::Relaxed) + 1;
        if len * 2 > self.table(current).len() {
            self.grow(current, hash_of);
            current += 1;
        }
        put(self.table(current), self.hash(sku), no);
        self.len.store(len, Ordering::Relaxed);
    }

    /// What an item of that SKU is entered under.
    pub fn hash(&self, sku: &str) -> u64 {
        self.hasher.hash_one(sku)
    }

    fn grow(&self, current: usize, hash_of: impl Fn(u32) -> u64) {
        let bits = FIRST_BITS + 1 + u32::try_from(current).expect("TABLES is small");
        let larger = vacant(bits);
        for slot in self.table(current).iter().map(|slot| slot.load(Ordering::Relaxed)) {
            if slot != 0 {
                put(&larger, hash_of(number(slot)), number(slot));
            }
        }
        let _ = self.tables[current + 1].set(larger);
        self.current.store(current + 1, Ordering::Release);
    }

    #[inline]
    fn table(&self, at: usize) -> &[AtomicU64] {
        self.tables[at].get().expect("a table is made before it is read")
    }
}

/// Where a hash is looked for first. The high bits are in the slot: these are others.
#[inline]
fn start(hash: u64, slots: usize) -> usize {
    let low = u32::try_from(hash & u64::from(u32::MAX)).expect("32 bits");
    low as usize & (slots - 1)
}

fn number(slot: u64) -> u32 {
    u32::try_from(slot & u64::from(u32::MAX)).expect("32 bits") - 1
}

/// At most half of the slots are taken, so that there is a vacant one.
fn put(table: &[AtomicU64], hash: u64, no: u32) {
    let mask = table.len() - 1;
    let mut at = start(hash, table.len());
    while table[at & mask].load(Ordering::Relaxed) != 0 {
        at += 1;
    }
    let slot = hash >> 32 << 32 | (u64::from(no) + 1);
    // Release: a reader that finds the number finds the item as well.
    table[at & mask].store(slot, Ordering::Release);
}

const _: () = assert!((ITEMS_MAX as u64) < u32::MAX as u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(no: u32) -> String {
        format!("SKU-{no}")
    }

    fn filled(items: u32) -> SkuIndex {
        let index = SkuIndex::default();
        for no in 0..items {
            index.insert(&sku(no), no, |moved| index.hash(&sku(moved)));
        }
        index
    }

    #[test]
    fn every_item_is_found_and_no_other() {
        let index = filled(50_000);
        for no in 0..50_000 {
            assert_eq!(index.find(&sku(no), |found| found == no), Some(no));
        }
        for no in 50_000..60_000 {
            assert_eq!(index.find(&sku(no), |found| found == no), None);
        }
    }

    /// Two SKUs of one hash are told apart by the items, not by the index.
    #[test]
    fn whoever_asks_decides_which_item_it_is() {
        let index = SkuIndex::default();
        index.insert("twin", 0, |_| unreachable!("one item does not make it grow"));
        index.insert("twin", 1, |_| unreachable!("two items do not make it grow"));
        assert_eq!(index.find("twin", |found| found == 1), Some(1));
        assert_eq!(index.find("twin", |_| false), None);
    }

    #[test]
    fn items_stay_found_while_others_make_the_table_grow() {
        let index = filled(100);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for no in 100..200_000 {
                    index.insert(&sku(no), no, |moved| index.hash(&sku(moved)));
                }
            });
            while !writer.is_finished() {
                for no in 0..100 {
                    assert_eq!(index.find(&sku(no), |found| found == no), Some(no));
                }
            }
        });
    }
}
