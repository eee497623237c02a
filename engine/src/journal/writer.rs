//! The writer's side of group commit: one thread, one write and one sync a batch.
//!
//! ```text
//!           room found              batch durable: Commit::Durable
//!     +---------------------+          +------+
//!     v                     |          v      |
//!   Full <------------------+-------- Open ---+
//!     no room: Commit::Rejected        |
//!     for all that waits,              | write or sync failed: Commit::Failed
//!     LSNs rewound, epoch ended        v for all that waits
//!                                    Halted
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::error::LogError;
use super::limits::{GATHER_IN_FLIGHT_MIN, GATHER_MS_MAX, ROOM_RETRY_MS_MAX, ROOM_RETRY_MS_MIN};
use super::log::Log;
use super::lsn::Lsn;
use super::meter::Synced;
use super::queue::{Shared, State};

/// What became of records, in LSN order. The sink may take the items by draining
/// or by swapping the vector; what it leaves is dropped.
#[derive(Debug)]
pub enum Commit<'a, T> {
    /// They are durable.
    Durable {
        /// The LSN of the first; the others follow without a gap.
        first: Lsn,
        /// What was appended with them.
        items: &'a mut Vec<T>,
    },
    /// The disk is full and they are not in the log. Their epoch is over.
    Rejected {
        /// The last record of that epoch that is durable. The items had the LSNs
        /// after it.
        last_good: Lsn,
        /// What was appended with them.
        items: &'a mut Vec<T>,
    },
    /// The disk failed. Whether the first of them are in the log is unknown until
    /// it is opened again. Their callers may be told only that.
    Failed {
        /// What happened.
        error: LogError,
        /// What was appended with them.
        items: &'a mut Vec<T>,
    },
}

/// What one turn of the writer did.
#[derive(Clone, Debug)]
pub enum Pumped {
    /// A batch of this many records became durable.
    Committed(u64),
    /// This many records were rejected for want of room.
    Rejected(usize),
    /// The disk was full, and records are taken again.
    RoomAgain,
    /// The disk is still full; try again later.
    StillFull,
    /// There was nothing to do.
    Idle,
    /// There is nothing to do and there will be nothing.
    Closed,
    /// The journal has failed, now or before.
    Halted(LogError),
}

/// Writes what a [`GroupCommit`](super::GroupCommit) takes. When it is dropped
/// without having been closed, the journal is halted.
pub struct Writer<T> {
    shared: Arc<Shared<T>>,
    log: Box<dyn Log>,
    /// The batch that is written, and what belongs to it. They change places
    /// with the batch that fills, so that in steady state nothing is allocated.
    batch: Batch,
    items: Vec<T>,
}

/// What there is to do.
enum Work {
    Batch,
    Room,
    Nothing(Pumped),
}

impl<T> Writer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, log: Box<dyn Log>, first: Lsn) -> Self {
        Self { shared, log, batch: Batch::starting_at(first), items: Vec::new() }
    }

    /// Writes batch after batch until the journal is closed, then seals the log.
    ///
    /// `in_flight` tells how many commands there are that have appended a record or may
    /// yet. While there are many, the next batch is written when half of them are in it,
    /// or after [`GATHER_MS_MAX`]: neither the first of them nor the disk waits for the
    /// last, and the processor is not spent on syncs of a few records each.
    ///
    /// # Errors
    /// What halted the journal.
    pub fn run(
        mut self,
        in_flight: impl Fn() -> usize,
        mut sink: impl FnMut(Commit<'_, T>),
    ) -> Result<(), LogError> {
        let mut pause_ms = ROOM_RETRY_MS_MIN;
        loop {
            let began = Instant::now();
            match self.pump(&mut sink) {
                Pumped::Committed(_) => {
                    let in_flight = in_flight();
                    if in_flight >= GATHER_IN_FLIGHT_MIN {
                        let until = began + Duration::from_millis(GATHER_MS_MAX);
                        self.shared.gather(in_flight / 2, until);
                    }
                }
                Pumped::Rejected(_) => {}
                Pumped::RoomAgain => pause_ms = ROOM_RETRY_MS_MIN,
                Pumped::Idle => self.shared.sleep(),
                Pumped::StillFull => {
                    self.shared.pause(Duration::from_millis(pause_ms));
                    pause_ms = (pause_ms * 2).min(ROOM_RETRY_MS_MAX);
                }
                Pumped::Closed => return self.log.seal(),
                Pumped::Halted(error) => return Err(error),
            }
        }
    }

    /// Does one thing and returns: for a simulation on one thread.
    pub fn pump(&mut self, mut sink: impl FnMut(Commit<'_, T>)) -> Pumped {
        let done = match self.take_work() {
            Work::Batch => self.write(&mut sink),
            Work::Room => self.look_for_room(&mut sink),
            Work::Nothing(why) => return why,
        };
        self.items.clear();
        done
    }

    fn take_work(&mut self) -> Work {
        let mut queue = self.shared.queue.lock();
        if let State::Halted(error) = &queue.state {
            return Work::Nothing(Pumped::Halted(error.clone()));
        }
        if !queue.batch.is_empty() {
            std::mem::swap(&mut queue.batch, &mut self.batch);
            std::mem::swap(&mut queue.items, &mut self.items);
            queue.batch.restart_at(self.batch.next());
            queue.room_wanted = false;
            return Work::Batch;
        }
        if queue.closing {
            return Work::Nothing(Pumped::Closed);
        }
        if std::mem::take(&mut queue.room_wanted) && matches!(queue.state, State::Full) {
            return Work::Room;
        }
        Work::Nothing(Pumped::Idle)
    }

    fn write(&mut self, sink: &mut impl FnMut(Commit<'_, T>)) -> Pumped {
        let began = Instant::now();
        match self.log.append(&self.batch) {
            Ok(_) => {
                let bytes = self.batch.bytes().len() as u64;
                self.shared.meter.note(Synced { bytes, took: began.elapsed() });
                sink(Commit::Durable { first: self.batch.first(), items: &mut self.items });
                Pumped::Committed(self.batch.records())
            }
            Err(LogError::Full { .. }) => self.reject(sink),
            Err(error) => self.fail(error, sink),
        }
    }

    /// Gives up all that waits, and its LSNs with it.
    fn reject(&mut self, sink: &mut impl FnMut(Commit<'_, T>)) -> Pumped {
        let first = self.batch.first();
        let mut queue = self.shared.queue.lock();
        queue.state = State::Full;
        queue.epoch = queue.epoch.next();
        queue.give_up_waiting(&mut self.items, first);
        drop(queue);
        let rejected = self.items.len();
        sink(Commit::Rejected { last_good: first.previous(), items: &mut self.items });
        Pumped::Rejected(rejected)
    }

    fn fail(&mut self, error: LogError, sink: &mut impl FnMut(Commit<'_, T>)) -> Pumped {
        let mut queue = self.shared.queue.lock();
        queue.state = State::Halted(error.clone());
        let next = self.batch.next();
        queue.give_up_waiting(&mut self.items, next);
        drop(queue);
        sink(Commit::Failed { error: error.clone(), items: &mut self.items });
        Pumped::Halted(error)
    }

    /// Tries to find room for the batch that was rejected.
    fn look_for_room(&mut self, sink: &mut impl FnMut(Commit<'_, T>)) -> Pumped {
        match self.log.reserve(self.batch.bytes().len()) {
            Ok(()) => {
                self.shared.queue.lock().state = State::Open;
                Pumped::RoomAgain
            }
            Err(LogError::Full { .. }) => Pumped::StillFull,
            Err(error) => self.fail(error, sink),
        }
    }
}

impl<T> Drop for Writer<T> {
    /// There is no writer any more, so no record may be taken any more.
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock();
        let closed = queue.closing && queue.batch.is_empty();
        if !closed && !matches!(queue.state, State::Halted(_)) {
            queue.state = State::Halted(LogError::WriterGone);
        }
    }
}
