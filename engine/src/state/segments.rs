//! Segments of pairs in all: whether there are any, and when the next ones are released.
//!
//! A segment that is released frees units without an event: time alone does it. So the backlog of
//! its SKU is marked as soon as a command brings that time, before the command plans anything.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::Mutex;

use crate::model::{PairTerms, SkuNo, Timestamp};

/// What is known of all segments. Derived: a start finds it anew.
pub struct AllSegments {
    is_used: AtomicBool,
    /// When the next segment is released, in microseconds since the Unix epoch.
    first_us: AtomicI64,
    /// When segments are released, with their SKU. Some may be stated otherwise since: a look at
    /// the backlog finds nothing then.
    releases: Mutex<BTreeSet<(Timestamp, SkuNo)>>,
}

impl Default for AllSegments {
    fn default() -> Self {
        let (is_used, first_us) = (AtomicBool::new(false), AtomicI64::new(i64::MAX));
        Self { is_used, first_us, releases: Mutex::default() }
    }
}

impl AllSegments {
    /// Whether a pair has segments, or had some since the start.
    #[inline]
    pub fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// A pair of a SKU has these terms from now on.
    pub fn note(&self, sku: SkuNo, terms: &PairTerms) {
        let until = terms.segments.0.iter().filter_map(|segment| segment.until);
        let mut releases = self.releases.lock();
        releases.extend(until.map(|until| (until, sku)));
        self.note_first(&releases);
        self.is_used.store(true, Ordering::Release);
    }

    /// Whether a segment is released by that time.
    #[inline]
    pub(super) fn is_due(&self, time_us: i64) -> bool {
        self.first_us.load(Ordering::Acquire) <= time_us
    }

    /// It is that time: shows the SKU of each segment that is released by then. Who asks
    /// [whether one is](Self::is_due) meanwhile waits until all are shown.
    pub(super) fn pass_to(&self, time: Timestamp, mut show: impl FnMut(SkuNo)) {
        let mut releases = self.releases.lock();
        while let Some(first) = releases.first().copied().filter(|(until, _)| *until <= time) {
            show(first.1);
            releases.remove(&first);
        }
        self.note_first(&releases);
    }

    fn note_first(&self, releases: &BTreeSet<(Timestamp, SkuNo)>) {
        let first = releases.first().map_or(i64::MAX, |(until, _)| until.as_micros());
        self.first_us.store(first, Ordering::Release);
    }
}
