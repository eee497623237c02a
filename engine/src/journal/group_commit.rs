//! The appenders' side of group commit: many threads fill one batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use thiserror::Error;

use super::batch::Batch;
use super::error::LogError;
use super::frame::{Payload, TooLong};
use super::limits::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX};
use super::log::Log;
use super::lsn::Lsn;
use super::meter::{Listener, Meter};
use super::ticket::{Epoch, Ticket};
use super::writer::Writer;

/// Why a record was not taken. Nothing of it is in the log.
#[derive(Clone, Debug, Error)]
pub enum AppendError {
    /// The payload is too long; it never will be taken.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// More waits to be written than the journal holds. Transient; admission
    /// above should keep it from happening.
    #[error("the journal cannot keep up")]
    Overloaded,
    /// The disk is full. Transient: it passes when there is room.
    #[error("no room on the disk for the journal")]
    Full,
    /// The journal has failed, for good.
    #[error("the journal has failed: {0}")]
    Halted(LogError),
    /// The journal is being closed.
    #[error("the journal is closed")]
    Closed,
}

/// How much may wait while the batch before it is written.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Bytes of frames; a single longer record still fits an empty batch.
    pub bytes: usize,
    /// Records.
    pub records: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { bytes: BATCH_BYTES_MAX, records: BATCH_RECORDS_MAX }
    }
}

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

    /// Has the writer look for room, if there was none, as a record that wants to be
    /// appended has; and says whether there was none.
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

/// What appenders and the writer share.
pub(super) struct Shared<T> {
    pub(super) queue: Mutex<Queue<T>>,
    /// Signalled when there is work and the writer sleeps, and on closing.
    wake: Condvar,
    limits: BatchLimits,
    pub(super) meter: Meter,
}

/// The batch that fills. **Invariant:** `items[i]` belongs to the `i`-th record
/// of `batch`.
pub(super) struct Queue<T> {
    pub(super) batch: Batch,
    pub(super) items: Vec<T>,
    pub(super) epoch: Epoch,
    pub(super) state: State,
    pub(super) closing: bool,
    /// Someone wanted to append while the disk, or the batch, was full.
    pub(super) room_wanted: bool,
    /// The records that the sleeping writer waits for.
    sleeps_until: Option<usize>,
}

/// Whether records are taken.
pub(super) enum State {
    Open,
    Full,
    Halted(LogError),
}

impl<T> Queue<T> {
    /// Frames the payload, if records are taken and there is room for it.
    fn admit(&mut self, payload: Payload<'_>, limits: BatchLimits) -> Result<Ticket, AppendError> {
        match &self.state {
            State::Halted(error) => return Err(AppendError::Halted(error.clone())),
            _ if self.closing => return Err(AppendError::Closed),
            State::Full => {
                self.room_wanted = true;
                return Err(AppendError::Full);
            }
            State::Open => {}
        }
        let bytes = self.batch.bytes().len() + payload.framed_bytes();
        let fits = bytes <= limits.bytes && self.items.len() < limits.records;
        if !fits && !self.batch.is_empty() {
            // Whoever gathers more for this batch waits for nothing.
            self.room_wanted = true;
            return Err(AppendError::Overloaded);
        }
        Ok(Ticket { lsn: self.batch.push(payload), epoch: self.epoch })
    }

    /// Whether the writer has something to do that waits for `records`.
    fn has_work(&self, records: usize) -> bool {
        self.items.len() >= records || self.closing || self.room_wanted
    }

    /// Whether the writer is to be woken; once for each time that it sleeps.
    fn wakes_writer(&mut self) -> bool {
        let wakes = self.sleeps_until.is_some_and(|records| self.has_work(records));
        if wakes {
            self.sleeps_until = None;
        }
        wakes
    }

    /// Takes all that waits, behind what is in `items`, and starts over at
    /// `next`.
    pub(super) fn give_up_waiting(&mut self, items: &mut Vec<T>, next: Lsn) {
        items.append(&mut self.items);
        self.batch.restart_at(next);
    }
}

impl<T> Shared<T> {
    /// Sleeps until there is work.
    pub(super) fn sleep(&self) {
        let mut queue = self.queue.lock();
        while !queue.has_work(1) {
            queue.sleeps_until = Some(1);
            self.wake.wait(&mut queue);
        }
        queue.sleeps_until = None;
    }

    /// Sleeps until so many records wait, or as many as may, an instant, or closing.
    pub(super) fn gather(&self, records: usize, until: Instant) {
        let records = records.min(self.limits.records);
        let mut queue = self.queue.lock();
        while !queue.has_work(records) {
            queue.sleeps_until = Some(records);
            if self.wake.wait_until(&mut queue, until).timed_out() {
                break;
            }
        }
        queue.sleeps_until = None;
    }

    /// Sleeps for `pause`, or until closed.
    pub(super) fn pause(&self, pause: Duration) {
        let mut queue = self.queue.lock();
        if !queue.closing {
            self.wake.wait_for(&mut queue, pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread;

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
