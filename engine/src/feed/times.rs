//! When the versions of the feed came about, roughly: to tell how late consumers are.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::limits::FEED_TIMES_MAX;
use crate::model::{Lsn, Timestamp};

/// Instants of some versions.
#[derive(Default)]
pub(super) struct Times(Mutex<BTreeMap<Lsn, Timestamp>>);

impl Times {
    /// That a version came about then, or will a little later. Where too many are known, every other one goes.
    pub(super) fn note(&self, version: Lsn, at: Timestamp) {
        let mut times = self.0.lock();
        if times.len() >= FEED_TIMES_MAX {
            let mut is_kept = false;
            times.retain(|_, _| {
                is_kept = !is_kept;
                is_kept
            });
        }
        times.insert(version, at);
    }

    /// An instant at which a version came about, or that is a little before.
    pub(super) fn of(&self, version: Lsn) -> Option<Timestamp> {
        self.0.lock().range(..=version).next_back().map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_that_of_the_version_or_of_one_before() {
        let times = Times::default();
        assert_eq!(times.of(Lsn::new(5)), None);
        let at = |micros| Some(Timestamp::from_micros(micros));
        times.note(Lsn::new(3), Timestamp::from_micros(30));
        times.note(Lsn::new(7), Timestamp::from_micros(70));
        let of = |version| times.of(Lsn::new(version));
        assert_eq!([of(2), of(3), of(6), of(7), of(9)], [None, at(30), at(30), at(70), at(70)]);
    }

    #[test]
    fn no_more_instants_are_kept_than_may_be() {
        let times = Times::default();
        for version in 0..10 * FEED_TIMES_MAX as u64 {
            times.note(Lsn::new(version), Timestamp::from_micros(0));
        }
        assert!(times.0.lock().len() <= FEED_TIMES_MAX);
        assert!(times.of(Lsn::new(0)).is_some());
    }
}
