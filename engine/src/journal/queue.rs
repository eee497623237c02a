//! The queue between the appenders and the writer: the batch that fills.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use thiserror::Error;

use super::batch::Batch;
use super::error::LogError;
use super::frame::{Payload, TooLong};
use super::limits::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX};
use super::lsn::Lsn;
use super::meter::Meter;
use super::ticket::{Epoch, Ticket};

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

/// What appenders and the writer share.
pub(super) struct Shared<T> {
    pub(super) queue: Mutex<Queue<T>>,
    /// Signalled when there is work and the writer sleeps, and on closing.
    pub(super) wake: Condvar,
    pub(super) limits: BatchLimits,
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
    /// A record was refused because the disk, or the batch, was full.
    pub(super) room_wanted: bool,
    /// The records that the sleeping writer waits for.
    pub(super) sleeps_until: Option<usize>,
}

/// Whether records are taken.
pub(super) enum State {
    Open,
    Full,
    Halted(LogError),
}

impl<T> Queue<T> {
    /// Frames the payload, if records are taken and there is room for it.
    pub(super) fn admit(
        &mut self,
        payload: Payload<'_>,
        limits: BatchLimits,
    ) -> Result<Ticket, AppendError> {
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
            // The writer must not wait for more records of this batch: none fits.
            self.room_wanted = true;
            return Err(AppendError::Overloaded);
        }
        Ok(Ticket { lsn: self.batch.push(payload), epoch: self.epoch })
    }

    /// Whether the writer has something to do that waits for `records`.
    pub(super) fn has_work(&self, records: usize) -> bool {
        self.items.len() >= records || self.closing || self.room_wanted
    }

    /// Whether the writer is to be woken; once for each time that it sleeps.
    pub(super) fn wakes_writer(&mut self) -> bool {
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
