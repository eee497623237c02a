//! How a snapshot makes way for commands.
//!
//! ```text
//!   copy a chunk | rest              | copy a chunk | rest              |  commands come
//!   copy a chunk | copy a chunk | copy a chunk | copy a chunk |            none came
//! ```
//! Between two chunks the snapshotter lets the processor go for a multiple of the time
//! that the chunk took, whenever events were applied meanwhile. It is not given a lower
//! priority instead: in the middle of a turn it would keep the actor, and with it the
//! applier, for as long as others keep it off its core.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::SnapshotError;
use crate::journal::Watermark;
use crate::limits::{
    SNAPSHOT_REST_MAX, SNAPSHOT_REST_SLICE, SNAPSHOT_REST_TIMES, SNAPSHOT_RESTS_MAX,
};
use crate::model::Lsn;

/// When the work of a snapshot goes on, and whether it does.
pub struct Pace<'a> {
    /// None where no command is served.
    beside: Option<Beside<'a>>,
    /// The last event applied when the work went on.
    seen: Lsn,
    /// When that was.
    since: Instant,
    /// How many times as long as it worked it rests.
    times: u32,
    /// Rests taken, over the whole snapshot.
    rested: Duration,
}

/// The engine that serves commands meanwhile.
#[derive(Clone, Copy)]
struct Beside<'a> {
    applied: &'a Watermark,
    closing: &'a AtomicBool,
}

impl<'a> Pace<'a> {
    /// Without a rest: no command waits for the processor.
    pub fn unhurried() -> Self {
        Self::new(None)
    }

    /// The same, resting so many times as long as it works: of other work than a snapshot.
    #[must_use]
    pub(crate) fn resting(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Rests while `applied` moves; ends when it is `closing`.
    pub(crate) fn beside(applied: &'a Watermark, closing: &'a AtomicBool) -> Self {
        Self::new(Some(Beside { applied, closing }))
    }

    fn new(beside: Option<Beside<'a>>) -> Self {
        let seen = beside.map_or(Lsn::NONE, |beside| beside.applied.applied());
        let (times, rested) = (SNAPSHOT_REST_TIMES, Duration::ZERO);
        Self { beside, seen, since: Instant::now(), times, rested }
    }

    /// How long it has made way so far.
    pub(super) fn rested(&self) -> Duration {
        self.rested
    }

    /// A bounded piece of work is done: makes way for commands, if there are any.
    ///
    /// # Errors
    /// When the engine is shutting down: what was begun is not finished.
    pub(crate) fn rest(&mut self) -> Result<(), SnapshotError> {
        let Some(beside) = self.beside else { return Ok(()) };
        let is_busy = beside.applied.applied() != self.seen;
        let worked = self.since.elapsed();
        if is_busy {
            self.sleep(beside, rest_after(worked, self.times, self.rested));
        }
        if beside.closing.load(Ordering::Acquire) {
            return Err(SnapshotError::Closing);
        }
        (self.seen, self.since) = (beside.applied.applied(), Instant::now());
        Ok(())
    }

    /// Sleeps for so long, less when the engine closes.
    fn sleep(&mut self, beside: Beside<'_>, rest: Duration) {
        let mut slept = Duration::ZERO;
        while slept < rest && !beside.closing.load(Ordering::Acquire) {
            let slice = rest.saturating_sub(slept).min(SNAPSHOT_REST_SLICE);
            sleep(slice);
            slept += slice;
        }
        self.rested += slept;
    }
}

/// The rest that follows work of that length, when so much rest was taken before.
fn rest_after(worked: Duration, times: u32, rested: Duration) -> Duration {
    let wanted = worked.saturating_mul(times).min(SNAPSHOT_REST_MAX);
    wanted.min(SNAPSHOT_RESTS_MAX.saturating_sub(rested))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_are_a_multiple_of_the_work_and_bounded_each_and_together() {
        let ms = Duration::from_millis;
        let none = Duration::ZERO;
        assert_eq!(rest_after(ms(2), 9, none), ms(18));
        assert_eq!(rest_after(Duration::MAX, 9, none), SNAPSHOT_REST_MAX);
        assert_eq!(rest_after(ms(2), 9, SNAPSHOT_RESTS_MAX.saturating_sub(ms(1))), ms(1));
        assert_eq!(rest_after(ms(2), 9, SNAPSHOT_RESTS_MAX + ms(1)), none);
    }
}
