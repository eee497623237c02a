//! Instants at which time alone does something for who waits.
//!
//! A segment that is released frees units without an event, and who rests on a supply that counts
//! no more waits from then on. So the backlog of their SKU is marked as soon as a command brings
//! that time, before the command plans anything.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;

use crate::model::{SkuNo, Timestamp};

/// The instants that are to come, with their SKU. Derived: a start finds them anew. Some may be
/// over by what happens before: a look at the backlog finds nothing then.
pub struct Turns {
    /// The first one, in microseconds since the Unix epoch.
    first_us: AtomicI64,
    all: Mutex<BTreeSet<(Timestamp, SkuNo)>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { first_us: AtomicI64::new(i64::MAX), all: Mutex::default() }
    }
}

impl Turns {
    /// The backlog of a SKU is to be looked at from these instants on.
    pub fn note(&self, sku: SkuNo, at: impl IntoIterator<Item = Timestamp>) {
        let mut all = self.all.lock();
        all.extend(at.into_iter().map(|at| (at, sku)));
        self.note_first(&all);
    }

    /// Whether one of them is there by that time.
    #[inline]
    pub(super) fn is_due(&self, time_us: i64) -> bool {
        self.first_us.load(Ordering::Acquire) <= time_us
    }

    /// It is that time: shows the SKU of each that is there by then. Who asks
    /// [whether one is](Self::is_due) meanwhile waits until all are shown.
    pub(super) fn pass_to(&self, time: Timestamp, mut show: impl FnMut(SkuNo)) {
        let mut all = self.all.lock();
        while let Some(first) = all.first().copied().filter(|(at, _)| *at <= time) {
            show(first.1);
            all.remove(&first);
        }
        self.note_first(&all);
    }

    fn note_first(&self, all: &BTreeSet<(Timestamp, SkuNo)>) {
        let first = all.first().map_or(i64::MAX, |(at, _)| at.as_micros());
        self.first_us.store(first, Ordering::Release);
    }
}
