//! SKUs whose backlog has to be looked at: something came free since it was looked at last.
//!
//! ```text
//!   applier, undo --mark--> unsettled --take--> the re-pegger looks -------+
//!                               ^                                          |
//!                               +--- marked meanwhile, or it did something +--> settled
//! ```
//! While a SKU is unsettled, no new order takes its units: what came free is the older
//! orders' to have. Marks are in memory alone: after a start, every backlog is marked.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::model::SkuNo;

/// All unsettled SKUs.
#[derive(Default)]
pub struct Unsettled {
    skus: Mutex<Skus>,
    /// Rung when a SKU is marked that was settled, and when taking begins or ends.
    marked: Notify,
    /// Rung for those who wait for room on the disk.
    asked: Notify,
    /// Rung when the engine ends.
    closed: Notify,
}

#[derive(Default)]
struct Skus {
    /// Those that nobody looks at yet, the first one first.
    waiting: VecDeque<SkuNo>,
    /// The marks of each one since it was settled.
    marks: HashMap<SkuNo, Marks>,
    /// Whether any is looked at yet.
    has_begun: bool,
    is_closed: bool,
}

/// The marks of a SKU that is unsettled.
#[derive(Clone, Copy, Default)]
struct Marks {
    /// How many there are.
    made: u64,
    /// After how many of them nothing was to be done.
    looked_at: u64,
}

impl Unsettled {
    /// Marks a SKU; `begin` is called if it was settled, before anybody looks at it.
    pub(super) fn mark(&self, sku: SkuNo, begin: impl FnOnce()) {
        let mut skus = self.skus.lock();
        let marks = skus.marks.entry(sku).or_default();
        marks.made += 1;
        if marks.made == 1 {
            begin();
            skus.waiting.push_back(sku);
            drop(skus);
            self.marked.notify_one();
        }
    }

    /// Settles a SKU, if it was not marked more often than so; whether it did. `end` is called
    /// before it can be marked again.
    pub(super) fn settle(&self, sku: SkuNo, marks: u64, end: impl FnOnce()) -> bool {
        let mut skus = self.skus.lock();
        let Some(known) = skus.marks.get_mut(&sku) else { return true };
        known.looked_at = marks;
        let is_settled = known.made == marks;
        if is_settled {
            skus.marks.remove(&sku);
            end();
        }
        is_settled
    }

    /// Lets SKUs be taken from here on: the time is known, without which no day can be told.
    pub(super) fn begin(&self) {
        self.skus.lock().has_begun = true;
        self.marked.notify_one();
    }

    /// The next SKU to look at; none once the engine ends. It is looked at by the asker alone
    /// until it is settled. There is one asker.
    pub async fn take(&self) -> Option<SkuNo> {
        loop {
            {
                let mut skus = self.skus.lock();
                if skus.is_closed {
                    return None;
                }
                if skus.has_begun
                    && let Some(sku) = skus.waiting.pop_front()
                {
                    return Some(sku);
                }
            }
            self.marked.notified().await;
        }
    }

    /// How often an unsettled SKU was marked.
    pub fn marks(&self, sku: SkuNo) -> u64 {
        self.skus.lock().marks.get(&sku).map_or(0, |marks| marks.made)
    }

    /// Whether nothing was to be done of a SKU after so many marks, or it was settled since.
    pub fn was_looked_at(&self, sku: SkuNo, marks: u64) -> bool {
        self.skus.lock().marks.get(&sku).is_none_or(|known| known.looked_at >= marks)
    }

    /// Waits until somebody [asks](Self::ask) for what could not be done.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Asks that what could not be done is tried again.
    pub fn ask(&self) {
        self.asked.notify_waiters();
    }

    /// The unsettled SKUs.
    pub fn all(&self) -> Vec<SkuNo> {
        self.skus.lock().marks.keys().copied().collect()
    }

    /// The engine ends: nothing more is looked at.
    pub fn close(&self) {
        self.skus.lock().is_closed = true;
        self.marked.notify_one();
        self.closed.notify_waiters();
    }

    /// Whether the engine ends.
    pub fn is_closed(&self) -> bool {
        self.skus.lock().is_closed
    }

    /// Waits until the engine ends.
    pub async fn closed(&self) {
        let closed = self.closed.notified();
        if !self.is_closed() {
            closed.await;
        }
    }
}
