//! Tells the log how far something long has come.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often it is logged: an operator who watches a start of minutes sees that it moves.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Something long that is made of steps, on any number of threads.
pub(crate) struct Progress {
    doing: &'static str,
    steps: u64,
    /// The clock is looked at once in so many steps.
    stride: u64,
    done: AtomicU64,
    began: Instant,
    /// How often it was told.
    told: AtomicU64,
}

impl Progress {
    /// Nothing of so many steps is done yet.
    pub(crate) fn new(doing: &'static str, steps: u64, stride: u64) -> Self {
        let (done, told) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { doing, steps, stride, done, began: Instant::now(), told }
    }

    /// One more step is done.
    pub(crate) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(self.stride) && self.is_to_be_told(self.began.elapsed()) {
            let Self { doing, steps, .. } = self;
            tracing::info!(done, of = steps, "{doing}");
        }
    }

    /// Whether it is to be told after so long, once for each interval that is over.
    fn is_to_be_told(&self, elapsed: Duration) -> bool {
        let due = elapsed.as_secs() / TOLD_EVERY.as_secs();
        self.told.fetch_max(due, Ordering::Relaxed) < due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_once_an_interval() {
        let progress = Progress::new("testing", 10, 1);
        let told = [1, 4, 5, 6, 9, 10, 31, 32].map(Duration::from_secs);
        let told = told.map(|elapsed| progress.is_to_be_told(elapsed));
        assert_eq!(told, [false, false, true, false, false, true, true, false]);
    }
}
