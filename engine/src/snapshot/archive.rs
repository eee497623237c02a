//! The archive: closed orders leave memory, and come back when they are asked for.
//!
//! ```text
//!   placed --> open --> closed --kept for a while, and in both generations--> archived
//!                          ^                                                     |
//!                          +---------------- a command takes it in hand ---------+
//! ```
//! Nothing is written for it: generations have every order anyway, and no two of them
//! have it in the same chunk. What stays in memory is the order's place, its id, and the
//! hash and LSN to know it again by. Reading an archived order reads its chunk, and
//! leaves it where it is.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::limits::{ARCHIVE_MARKS_MAX, ARCHIVE_READS_MAX};
use crate::model::{ArchivedOrder, KeptOrder, Lsn, OrderNo, Timestamp};
use crate::snapshot::snapshots::Snapshots;
use crate::snapshot::{
    ArchivedIn, Manifest, Pace, SnapshotError, SnapshotStore, StoreError, chunk_of, recall,
};
use crate::state::State;

/// Where closed orders go, and when.
pub struct Archive {
    snapshots: Arc<Snapshots>,
    /// How long a closed order stays in memory; none: for ever.
    after: Option<Duration>,
    marks: Mutex<Marks>,
    /// Chunks that may be read at once: each is some hundred kilobytes.
    reads: Arc<Semaphore>,
}

impl Archive {
    /// An archive in these snapshots.
    pub fn new(snapshots: Arc<Snapshots>, after: Option<Duration>) -> Self {
        let reads = Arc::new(Semaphore::new(ARCHIVE_READS_MAX));
        Self { snapshots, after, marks: Mutex::default(), reads }
    }

    /// Reads an order that left memory.
    ///
    /// # Errors
    /// When no snapshot that has it can be read.
    pub async fn read(
        &self,
        no: OrderNo,
        archived: ArchivedOrder,
    ) -> Result<KeptOrder, SnapshotError> {
        let reading = Arc::clone(&self.reads).acquire_owned().await;
        let snapshots = Arc::clone(&self.snapshots);
        let read = move || {
            let _reading = reading;
            read_one(&snapshots, no, archived)
        };
        match Handle::try_current() {
            // Only a runtime that ends cancels it.
            Ok(runtime) => {
                let read = runtime.spawn_blocking(read).await;
                read.unwrap_or_else(|_| Err(self.snapshots.closed().into()))
            }
            // An engine that one thread runs.
            Err(_) => read(),
        }
    }

    /// Reads an order that left memory, on this thread.
    ///
    /// # Errors
    /// When no snapshot that has it can be read.
    pub fn read_now(
        &self,
        no: OrderNo,
        archived: ArchivedOrder,
    ) -> Result<KeptOrder, SnapshotError> {
        read_one(&self.snapshots, no, archived)
    }

    /// Lets closed orders leave memory that were closed for long enough, and that all
    /// generations have whose starts are from `held_from` on; while too few are kept,
    /// that is none. Answers with how many left. The newest generation was read back
    /// whole.
    ///
    /// # Errors
    /// When an actor panicked, or the engine is shutting down.
    pub fn archive(
        &self,
        state: &State,
        generation: &Manifest,
        held_from: Option<Lsn>,
        now: Timestamp,
        pace: &mut Pace<'_>,
    ) -> Result<u64, SnapshotError> {
        let Some(after) = self.after else { return Ok(0) };
        // Noted in any case: the time of a closed order runs before it may leave.
        let old = self.marks.lock().pass(now, generation.start, after);
        let closed_by = old.min(held_from.unwrap_or(Lsn::NONE));
        let mut left = 0;
        if closed_by > Lsn::NONE {
            for no in (1..=generation.order_last).map(OrderNo) {
                let noted = state.intents.noted(no);
                let is_gone = state.orders.archive(no, closed_by)?;
                left += u64::from(is_gone);
                if is_gone {
                    state.rmas.forget(no);
                    state.open_returns.forget(no);
                }
                // Nothing of it is open, unless it came back since, and asked for something.
                if let Some(noted) = noted.filter(|_| is_gone) {
                    state.intents.forget(no, noted);
                }
                if chunk_of(no) == no.0 {
                    pace.rest()?;
                }
            }
        }
        Ok(left)
    }
}

impl ArchivedIn for Archive {
    fn store(&self) -> Result<Arc<dyn SnapshotStore>, StoreError> {
        Ok(self.snapshots.store()?)
    }

    fn leaves_out_closed(&self) -> bool {
        self.after.is_some()
    }
}

fn read_one(
    snapshots: &Snapshots,
    no: OrderNo,
    archived: ArchivedOrder,
) -> Result<KeptOrder, SnapshotError> {
    let found = recall(&*snapshots.store()?, &[(no, archived)])?;
    let (_, order) = found.into_iter().next().expect("what is wanted is found, or an error");
    Ok(order)
}

/// When the state was at which event: an order that no event changed since the event of
/// a mark has stood as it is for as long as the mark is old.
#[derive(Debug, Default)]
struct Marks {
    /// Ascending in both.
    marks: Vec<(Timestamp, Lsn)>,
}

impl Marks {
    /// Notes where the state is now; answers with the newest event that is at least
    /// `after` old, or none.
    fn pass(&mut self, now: Timestamp, lsn: Lsn, after: Duration) -> Lsn {
        // A clock that was ahead would keep all later marks out until it is that late.
        // Nothing leaves early for a mark that goes.
        self.marks.retain(|(at, _)| *at <= now);
        // Marks nearer to each other than this tell little apart.
        let apart = after / ARCHIVE_MARKS_MAX;
        if self.marks.last().is_none_or(|(at, _)| now.since(*at) >= apart) {
            self.marks.push((now, lsn));
        }
        let old = self.marks.partition_point(|(at, _)| now.since(*at) >= after);
        // Of those that are old enough, only the newest is asked for again.
        self.marks.drain(..old.saturating_sub(1));
        if old == 0 { Lsn::NONE } else { self.marks[0].1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(minute * 60_000_000)
    }

    #[test]
    fn an_event_is_old_when_a_mark_at_or_after_it_is() {
        let mut marks = Marks::default();
        assert_eq!(marks.pass(at(0), Lsn::new(10), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(30), Lsn::new(20), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(59), Lsn::new(30), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(60), Lsn::new(40), HOUR), Lsn::new(10));
        assert_eq!(marks.pass(at(95), Lsn::new(50), HOUR), Lsn::new(20));
        assert_eq!(marks.pass(at(300), Lsn::new(60), HOUR), Lsn::new(50));
    }

    #[test]
    fn without_a_time_what_the_generation_has_is_old_enough() {
        let mut marks = Marks::default();
        for lsn in 1..10 {
            assert_eq!(
                marks.pass(at(lsn), Lsn::new(lsn.unsigned_abs()), Duration::ZERO).get(),
                lsn.unsigned_abs()
            );
        }
    }

    #[test]
    fn marks_are_bounded_however_often_they_are_passed() {
        let mut marks = Marks::default();
        let mut old = Lsn::NONE;
        for second in 0..20_000_u64 {
            let now = Timestamp::from_micros(i64::try_from(second).unwrap() * 1_000_000);
            let found = marks.pass(now, Lsn::new(second + 1), HOUR);
            assert!(found >= old && found.get() <= second.saturating_sub(3_599));
            // At most one mark's distance late.
            let late = 3_600 / u64::from(ARCHIVE_MARKS_MAX) + 1;
            assert!(second < 3_600 + late || found.get() >= second - 3_600 - late);
            old = found;
            assert!(marks.marks.len() <= ARCHIVE_MARKS_MAX as usize + 2);
        }
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nothing_in_memory() {
        let mut marks = Marks::default();
        assert_eq!(marks.pass(at(10_000), Lsn::new(10), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(10), Lsn::new(20), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(69), Lsn::new(30), HOUR), Lsn::NONE);
        assert_eq!(marks.pass(at(70), Lsn::new(40), HOUR), Lsn::new(20));
    }
}
