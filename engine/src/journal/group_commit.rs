//! The appenders' side of group commit: many threads fill one batch.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::batch::Batch;
use super::error::LogError;
use super::frame::Payload;
use super::log::Log;
use super::lsn::Lsn;
use super::meter::{Listener, Meter};
use super::queue::{AppendError, BatchLimits, Queue, Shared, State};
use super::ticket::{Epoch, Ticket};
use super::writer::Writer;

/// Takes records from any thread and gives each the next LSN. What a record
/// stands for, `T`, travels beside it and comes out of the [`Writer`] in order.
///
/// Its one lock is held for a copy of the payload and a checksum of a header.
pub struct GroupCommit<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for GroupCommit<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> GroupCommit<T> {
    /// A group commit in front of `log`, and the writer that some thread runs.
    pub fn new(log: Box<dyn Log>, limits: BatchLimits) -> (Self, Writer<T>) {
        let first = log.history().last().next();
        let queue = Queue {
            batch: Batch::starting_at(first),
            items: Vec::new(),
            epoch: Epoch::FIRST,
            state: State::Open,
            closing: false,
            room_wanted: false,
            sleeps_until: None,
        };
        let (queue, wake) = (Mutex::new(queue), Condvar::new());
        let shared = Arc::new(Shared { queue, wake, limits, meter: Meter::default() });
        (Self { shared: Arc::clone(&shared) }, Writer::new(shared, log, first))
    }

    /// Appends a record. It is not durable when this returns: wait for the
    /// ticket.
    ///
    /// # Errors
    /// See [`AppendError`]; `item` is dropped then, after the lock is released.
    pub fn append(&self, payload: &[u8], item: T) -> Result<Ticket, AppendError> {
        let payload = Payload::new(payload)?;
        let mut queue = self.shared.queue.lock();
        let admitted = queue.admit(payload, self.shared.limits);
        if admitted.is_ok() {
            queue.items.push(item);
        }
        let wake = queue.wakes_writer();
        drop(queue);
        if wake {
            self.shared.wake.notify_one();
        }
        admitted
    }

    /// The last LSN that was given out; records up to it are on their way.
    pub fn tail(&self) -> Lsn {
        self.shared.queue.lock().batch.next().previous()
    }

    /// What the journal failed with, once it has.
    pub fn failure(&self) -> Option<LogError> {
        match &self.shared.queue.lock().state {
            State::Halted(error) => Some(error.clone()),
            State::Open | State::Full => None,
        }
    }

    /// Whether the disk had no room when the writer last looked.
    pub fn is_full(&self) -> bool {
        matches!(self.shared.queue.lock().state, State::Full)
    }

    /// Says whether the disk had no room when the writer last looked. If so, has the
    /// writer look again, as a refused record does.
    pub fn look_for_room(&self) -> bool {
        let mut queue = self.shared.queue.lock();
        let is_full = matches!(queue.state, State::Full);
        queue.room_wanted |= is_full;
        let wake = queue.wakes_writer();
        drop(queue);
        if wake {
            self.shared.wake.notify_one();
        }
        is_full
    }

    /// Lets `listener` know of every batch that becomes durable from now on; the
    /// first listener stays.
    pub fn listen(&self, listener: Listener) {
        self.shared.meter.listen(listener);
    }

    /// Bytes that became durable since the journal was opened.
    pub fn bytes_written(&self) -> u64 {
        self.shared.meter.bytes()
    }

    /// Refuses further records and lets the writer end once it has written those
    /// that it has.
    pub fn close(&self) {
        self.shared.queue.lock().closing = true;
        self.shared.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::disk::SimulatedDisk;
    use crate::journal::{Options, SegmentLog};

    const LONG: Duration = Duration::from_mins(1);

    /// With a writer, which is the journal's end when it goes.
    fn group(records: usize) -> (GroupCommit<u64>, Writer<u64>) {
        let disk = Arc::new(SimulatedDisk::new());
        let log = SegmentLog::open(disk, Path::new("journal"), Options::default()).unwrap();
        let limits = BatchLimits { records, ..BatchLimits::default() };
        GroupCommit::new(Box::new(log), limits)
    }

    /// Gathers while records are appended; answers with how many waited at its end.
    fn gathered(
        (group, _): &(GroupCommit<u64>, Writer<u64>),
        records: usize,
        appended: u64,
        until: Instant,
    ) -> usize {
        thread::scope(|scope| {
            let gathering = scope.spawn(|| {
                group.shared.gather(records, until);
                group.shared.queue.lock().items.len()
            });
            for item in 0..appended {
                group.append(b"payload", item).unwrap();
            }
            gathering.join().unwrap()
        })
    }

    #[test]
    fn the_record_that_completes_a_batch_wakes_who_gathers_it() {
        let began = Instant::now();
        assert_eq!(gathered(&group(100), 8, 8, began + LONG), 8);
        assert_eq!(gathered(&group(8), 1_000, 8, began + LONG), 8, "no more would be taken");
        assert!(began.elapsed() < LONG / 2);
    }

    #[test]
    fn nobody_gathers_for_a_batch_that_refused_a_record_for_its_bytes() {
        let limits = BatchLimits { bytes: 100, ..BatchLimits::default() };
        let disk = Arc::new(SimulatedDisk::new());
        let log = SegmentLog::open(disk, Path::new("journal"), Options::default()).unwrap();
        let (group, mut writer) = GroupCommit::new(Box::new(log), limits);
        for _ in 0..2 {
            group.append(&[0; 90], 1).unwrap();
            let refused = group.append(&[0; 90], 2);
            assert!(matches!(refused, Err(AppendError::Overloaded)), "{refused:?}");
            let began = Instant::now();
            group.shared.gather(8, began + LONG);
            assert!(began.elapsed() < LONG / 2);
            writer.pump(|_| ());
            // The next batch is gathered for as the first one was.
            assert!(!group.shared.queue.lock().has_work(1));
        }
    }

    #[test]
    fn who_gathers_goes_on_with_fewer_at_the_instant_and_when_closed() {
        let until = Instant::now() + Duration::from_millis(5);
        assert_eq!(gathered(&group(100), 8, 7, until), 7);
        assert!(Instant::now() >= until);
        let (group, began) = (group(100), Instant::now());
        group.0.close();
        assert_eq!(gathered(&group, 8, 0, began + LONG), 0);
        assert!(began.elapsed() < LONG / 2);
    }
}
