//! Latency and throughput, by the time at which an order was answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// The longest latency that is told apart: a minute.
const LATENCY_US_MAX: u64 = 60_000_000;
/// Slots of a run's time at most.
const SLOTS: u32 = 100;
/// The shortest slot.
const SLOT_MIN: Duration = Duration::from_millis(100);

/// Latencies in microseconds, up to a minute, told apart by so many digits.
pub fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, digits).expect("the bounds are constant")
}

/// What all callers of a phase recorded.
#[derive(Debug)]
pub struct Record {
    /// When the phase began.
    pub began: Instant,
    /// How long each slot is.
    pub slot: Duration,
    /// Latency of all orders, in microseconds.
    pub total: Histogram<u64>,
    /// The same by slot; the last one may be a part.
    pub slots: Vec<Histogram<u64>>,
    /// Since the last look.
    recent: Histogram<u64>,
}

impl Record {
    /// An empty record of a phase that begins now and lasts about so long.
    pub fn new(began: Instant, lasts: Duration) -> Shared {
        let slot = (lasts / SLOTS).max(SLOT_MIN);
        let (total, recent) = (histogram(3), histogram(3));
        Arc::new(Mutex::new(Self { began, slot, total, slots: Vec::new(), recent }))
    }

    fn add(&mut self, at: usize, latencies: &Histogram<u64>) {
        if at >= self.slots.len() {
            // Two digits are enough for a plot, and a tenth of the memory.
            self.slots.resize_with(at + 1, || histogram(2));
        }
        let all = [&mut self.total, &mut self.recent, &mut self.slots[at]];
        for into in all {
            into.add(latencies).expect("the bounds are the same");
        }
    }

    /// Orders answered and their 99th percentile since the last call.
    pub fn take_recent(&mut self) -> (u64, u64) {
        let seen = (self.recent.len(), self.recent.value_at_quantile(0.99));
        self.recent.reset();
        seen
    }
}

/// A record that callers add to.
pub type Shared = Arc<Mutex<Record>>;

/// One caller's part: what was answered in the current slot.
#[derive(Debug)]
pub struct Recorder {
    shared: Shared,
    current: Histogram<u64>,
    slot_ends: Instant,
}

impl Recorder {
    /// A caller that adds to `shared`.
    pub fn new(shared: &Shared) -> Self {
        let record = shared.lock();
        let slot_ends = record.began + record.slot;
        Self { shared: Arc::clone(shared), current: histogram(3), slot_ends }
    }

    /// An order that was due then is answered now.
    pub fn answered(&mut self, due: Instant, now: Instant) {
        if now >= self.slot_ends {
            self.flush();
            let record = self.shared.lock();
            while self.slot_ends <= now {
                self.slot_ends += record.slot;
            }
        }
        let micros = u64::try_from((now - due).as_micros()).unwrap_or(u64::MAX);
        self.current.saturating_record(micros);
    }

    fn flush(&mut self) {
        let mut record = self.shared.lock();
        let ends = (self.slot_ends - record.began).as_nanos() / record.slot.as_nanos();
        let slot = usize::try_from(ends).expect("slots fit memory").saturating_sub(1);
        record.add(slot, &self.current);
        self.current.reset();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_in_the_slot_in_which_it_came() {
        let began = Instant::now();
        let shared = Record::new(began, Duration::from_secs(1));
        let mut recorder = Recorder::new(&shared);
        for ms in [10, 99, 101, 350] {
            recorder.answered(began, began + Duration::from_millis(ms));
        }
        drop(recorder);
        let mut record = shared.lock();
        let counts: Vec<_> = record.slots.iter().map(Histogram::len).collect();
        assert_eq!(counts, [2, 1, 0, 1]);
        assert_eq!((record.total.len(), record.take_recent().0, record.take_recent().0), (4, 4, 0));
        assert!((349_000..351_000).contains(&record.total.max()));
    }
}
