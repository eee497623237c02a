//! When time alone does something to an order. Derived from the orders: kept by the applier, made anew
//! at the start, and in no snapshot.
//!
//! ```text
//!   applier --note--> first instant of each order --time passes it--> who does what is due
//! ```

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::model::{OrderNo, Timestamp};

/// The first instant of each order at which something may be due. What is due then is read of the
/// order: it may be nothing any more.
pub struct Wakes {
    all: Mutex<All>,
    /// The first of them, in microseconds since the Unix epoch.
    first_us: AtomicI64,
    /// Rung when one may be due.
    due: Notify,
}

#[derive(Default)]
struct All {
    by_time: BTreeSet<(Timestamp, OrderNo)>,
    by_order: HashMap<OrderNo, Timestamp>,
}

impl Default for Wakes {
    fn default() -> Self {
        let first_us = AtomicI64::new(i64::MAX);
        Self { all: Mutex::default(), first_us, due: Notify::new() }
    }
}

impl Wakes {
    /// Something may be due of an order then. Of several instants the first is kept: who wakes notes
    /// the next.
    pub fn note(&self, no: OrderNo, at: Timestamp) {
        let mut all = self.all.lock();
        let All { by_time, by_order } = &mut *all;
        let known = by_order.entry(no).or_insert(at);
        by_time.remove(&(*known, no));
        *known = at.min(*known);
        by_time.insert((*known, no));
        self.note_first(&all);
    }

    /// The orders of which something may be due by then, at most so many. They are forgotten.
    pub fn take(&self, now: Timestamp, most: usize) -> Vec<OrderNo> {
        let mut all = self.all.lock();
        let All { by_time, by_order } = &mut *all;
        let due = by_time.iter().take_while(|(at, _)| *at <= now);
        let due: Vec<(Timestamp, OrderNo)> = due.take(most).copied().collect();
        for (at, no) in &due {
            by_time.remove(&(*at, *no));
            by_order.remove(no);
        }
        self.note_first(&all);
        due.into_iter().map(|(_, no)| no).collect()
    }

    fn note_first(&self, all: &All) {
        let first = all.by_time.first().map_or(i64::MAX, |(at, _)| at.as_micros());
        let before = self.first_us.swap(first, Ordering::SeqCst);
        // It may be due already.
        if first < before {
            self.ring();
        }
    }

    /// Whether the first of them is due after that time and up to the other.
    #[inline]
    pub(super) fn is_first_within(&self, after_us: i64, to_us: i64) -> bool {
        let first = self.first_us.load(Ordering::Relaxed);
        after_us < first && first <= to_us
    }

    /// It is that time now.
    #[inline]
    pub(super) fn pass_to(&self, now_us: i64) {
        if now_us >= self.first_us.load(Ordering::SeqCst) {
            self.ring();
        }
    }

    /// Has what is due looked for.
    pub fn ring(&self) {
        self.due.notify_one();
    }

    /// Waits until something may be due. There is one who waits.
    pub async fn wait(&self) {
        self.due.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_wakes_at_its_first_instant_and_once() {
        let wakes = Wakes::default();
        for (no, at) in [(1, 30), (2, 10), (1, 20), (1, 40), (3, 20)] {
            wakes.note(OrderNo(no), Timestamp::from_micros(at));
        }
        let due = |now, most| wakes.take(Timestamp::from_micros(now), most);
        assert_eq!(due(9, 9), []);
        assert!(wakes.is_first_within(9, 10) && !wakes.is_first_within(10, 99));
        assert_eq!(due(20, 1), [OrderNo(2)]);
        assert_eq!(due(20, 9), [1, 3].map(OrderNo));
        assert_eq!(due(99, 9), []);
        assert!(wakes.all.lock().by_order.is_empty(), "nothing is kept of who is awake");
    }
}
