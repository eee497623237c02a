//! The waiters for LSNs, lowest first.

use std::collections::BTreeMap;
use std::task::Waker;

use smallvec::SmallVec;

use crate::journal::Lsn;

/// Wakers that are taken under one lock: enough to make the lock cheap, few
/// enough to hold it briefly and to lie on the stack.
const WAKERS_AT_ONCE: usize = 32;

/// The place of a waiter: the LSN, and a number that tells apart the waiters for one LSN.
pub(super) type Key = (Lsn, u64);

/// All waiters.
#[derive(Default)]
pub(super) struct Waiters {
    by_lsn: BTreeMap<Key, Waker>,
    next_number: u64,
}

impl Waiters {
    /// Waits for `lsn`, at `key` if it waited there before.
    pub(super) fn wait(&mut self, key: Option<Key>, lsn: Lsn, waker: &Waker) -> Key {
        let key = key.unwrap_or_else(|| {
            self.next_number += 1;
            (lsn, self.next_number)
        });
        self.by_lsn
            .entry(key)
            .and_modify(|present| present.clone_from(waker))
            .or_insert_with(|| waker.clone());
        key
    }

    /// Waits no more; nothing happens if it was woken already.
    pub(super) fn leave(&mut self, key: Key) {
        self.by_lsn.remove(&key);
    }

    pub(super) fn lowest(&self) -> Option<Lsn> {
        self.by_lsn.first_key_value().map(|((lsn, _), _)| *lsn)
    }

    /// Takes some of the waiters for `lsn` or less; the rest stay for the next
    /// call.
    pub(super) fn take_reached(&mut self, lsn: Lsn) -> SmallVec<[Waker; WAKERS_AT_ONCE]> {
        let mut taken = SmallVec::new();
        while taken.len() < WAKERS_AT_ONCE && self.lowest().is_some_and(|lowest| lowest <= lsn) {
            taken.extend(self.by_lsn.pop_first().map(|(_, waker)| waker));
        }
        taken
    }

    pub(super) fn take_all(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.by_lsn).into_values().collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_lsn.len()
    }
}
