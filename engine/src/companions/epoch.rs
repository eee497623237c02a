//! Spans of four weeks, by which what was learnt gets old.

use crate::model::Timestamp;

/// Microseconds of an epoch: four weeks, so that each has as many of all weekdays.
const MICROS: i64 = 28 * 24 * 60 * 60 * 1_000_000;

/// The number of a span of four weeks since 1970. What was counted halves with each one that begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u16);

impl Epoch {
    /// The epoch of an instant: the first one for what is before it, the last one for what is beyond it.
    pub fn of(at: Timestamp) -> Self {
        Self(u16::try_from(at.as_micros().max(0) / MICROS).unwrap_or(u16::MAX))
    }

    /// A count of an earlier epoch, as it counts now: halved for each one since. One of a later epoch
    /// stays as it is.
    #[inline]
    pub fn decayed(self, count: u64, since: Self) -> u64 {
        count.checked_shr(u32::from(self.0.saturating_sub(since.0))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_halves_with_each_epoch_and_nothing_is_older_than_its_time() {
        assert_eq!(Epoch::of(Timestamp::from_micros(MICROS - 1)), Epoch(0));
        assert_eq!(Epoch::of(Timestamp::from_micros(MICROS)), Epoch(1));
        assert_eq!(Epoch::of(Timestamp::from_micros(-1)), Epoch(0));
        assert_eq!(Epoch::of(Timestamp::from_micros(i64::MAX)), Epoch(u16::MAX));
        assert_eq!(Epoch(7).decayed(100, Epoch(7)), 100);
        assert_eq!(Epoch(9).decayed(100, Epoch(7)), 25);
        assert_eq!(Epoch(100).decayed(u64::MAX, Epoch(0)), 0);
        assert_eq!(Epoch(7).decayed(100, Epoch(9)), 100);
    }
}
