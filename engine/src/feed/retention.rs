//! How much of the journal is kept for those who read it.
//!
//! ```text
//!   gone |   kept for consumers   | needed by snapshots | newest
//!        ^ no more bytes than      ^ cut                              --> LSN
//!          are kept
//! ```
//! - **Invariant, nobody waits.** The journal is kept for the slowest consumer, up to a bound.
//!   Over it, the consumer is parked: the events that it would read next are gone, and it has to
//!   begin anew, from an export.
//!
//! That a consumer is parked is not written anywhere: it follows from where the journal begins.

use std::sync::Arc;

use parking_lot::Mutex;

use super::consumers::Consumers;
use super::position::Positions;
use crate::journal::{History, LogError};
use crate::model::Lsn;

/// Cuts the journal, and keeps what consumers have yet to read.
pub struct Retention {
    history: Arc<dyn History>,
    consumers: Arc<Consumers>,
    /// Bytes that are kept for consumers.
    bytes_max: u64,
    /// The first event that snapshots need, as far as that is known; one cut at a time.
    needed: Mutex<Option<Lsn>>,
}

impl Retention {
    /// Keeps so many bytes for consumers.
    pub fn new(history: Arc<dyn History>, consumers: Arc<Consumers>, bytes_max: u64) -> Self {
        Self { history, consumers, bytes_max, needed: Mutex::default() }
    }

    /// Says what the snapshots need that are there.
    pub fn needs_from(&self, needed: Option<Lsn>) {
        *self.needed.lock() = needed;
    }

    /// Cuts the journal before the first event that snapshots need, as far as consumers, within
    /// the bound, do not need it either. Blocks its thread.
    ///
    /// # Errors
    /// What the disk answers; some may be cut by then.
    pub fn cut(&self, needed: Lsn) -> Result<(), LogError> {
        let mut last = self.needed.lock();
        *last = Some(needed);
        let furthest = self.history.within(needed, self.bytes_max)?;
        self.drop_before(needed, furthest)
    }

    /// Gives up what is kept for consumers alone: the disk is full. Whether there was any.
    /// Blocks its thread.
    ///
    /// # Errors
    /// As [`cut`](Self::cut).
    pub fn give_up(&self) -> Result<bool, LogError> {
        let needed = self.needed.lock();
        let Some(needed) = *needed else { return Ok(false) };
        let before = self.history.first();
        self.drop_before(needed, needed)?;
        Ok(self.history.first() > before)
    }

    /// Drops what neither snapshots need nor a consumer who stands at `furthest` or later.
    fn drop_before(&self, needed: Lsn, furthest: Lsn) -> Result<(), LogError> {
        let (positions, first) = (self.consumers.all(), self.history.first());
        let keep =
            first_needed(&positions, first, furthest).map_or(needed, |keep| keep.min(needed));
        self.history.drop_before(keep)?;
        let now = self.history.first();
        for (id, position) in &*positions {
            if position.is_parked(now) && !position.is_parked(first) {
                let (consumer, acknowledged) = (id.as_str(), position.acknowledged.get());
                tracing::warn!(consumer, acknowledged, first = %now, "a consumer of the feed is \
                    parked: the events that it would read next are not kept any more");
            }
        }
        Ok(())
    }
}

/// The first event that any consumer reads next who is not parked, nor will be if the journal
/// begins at `furthest`.
fn first_needed(positions: &Positions, first: Lsn, furthest: Lsn) -> Option<Lsn> {
    let begins = first.max(furthest);
    let live = positions.values().filter(|position| !position.is_parked(begins));
    live.map(|position| position.acknowledged.next()).min()
}

#[cfg(test)]
mod tests {
    use super::super::position::Position;
    use super::*;
    use crate::model::{ConsumerId, Timestamp};

    fn positions(acknowledged: &[u64]) -> Positions {
        let at = Timestamp::from_micros(0);
        let position = |version: &u64| {
            let id = ConsumerId::new("consumer_id", version.to_string()).unwrap();
            let acknowledged = Lsn::new(*version);
            (id, Position { acknowledged, created_at: at, moved_at: at })
        };
        acknowledged.iter().map(position).collect()
    }

    #[test]
    fn the_slowest_consumer_within_the_bound_is_kept_for() {
        let needed = |acknowledged: &[u64], first, furthest| {
            let positions = positions(acknowledged);
            first_needed(&positions, Lsn::new(first), Lsn::new(furthest)).map(Lsn::get)
        };
        assert_eq!(needed(&[], 1, 50), None);
        assert_eq!(needed(&[70, 90], 1, 50), Some(71));
        assert_eq!(needed(&[10, 90], 1, 50), Some(91), "one is over the bound");
        assert_eq!(needed(&[10, 90], 60, 5), Some(91), "one is parked");
        assert_eq!(needed(&[49], 1, 50), Some(50), "it stands at the first that is kept");
        assert_eq!(needed(&[48], 1, 50), None);
    }
}
