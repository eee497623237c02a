//! Waiting until a record is durable and applied.
//!
//! The caller of record `n` waits for one number, the last applied LSN, to reach
//! `n`, rather than for a message of its own.
//!
//! **Invariant, epochs.** The applier calls [`Watermark::end_epoch`] before it
//! advances over an LSN that was given out anew. So a waiter that sees the advance
//! sees the new epoch as well, and never takes another record for its own.

mod waiters;

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use thiserror::Error;

use self::waiters::{Key, Waiters};
use super::lsn::Lsn;
use super::ticket::{Epoch, Ticket};
use crate::blocking::block_on;

/// What halted the engine; shared by all waiters.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// A record will not be acknowledged.
#[derive(Clone, Debug, Error)]
pub enum Unacknowledged {
    /// The disk was full: the record is not in the log. Transient.
    #[error("the record was rejected for want of room on the disk")]
    Rejected,
    /// The engine has halted. Whether the record is in the log is unknown until
    /// the next start.
    #[error("halted before the record was acknowledged: {0}")]
    Halted(#[source] Cause),
}

/// The last applied LSN, and the waiters for it to rise.
pub struct Watermark {
    applied: AtomicU64,
    epoch: AtomicU64,
    /// The lowest LSN that is waited for; `u64::MAX` without a waiter. The applier
    /// reads it after it stored `applied`, a waiter the other way round, both
    /// sequentially consistent: one of them sees the other.
    lowest_awaited: AtomicU64,
    state: Mutex<State>,
}

struct State {
    waiters: Waiters,
    /// The last good LSN of each epoch that ended, by epoch. It grows by 8 bytes
    /// each time that the disk fills up.
    ended: Vec<Lsn>,
    halted: Option<Cause>,
}

impl Watermark {
    /// A watermark over everything up to `applied`.
    pub fn new(applied: Lsn) -> Self {
        let state = State { waiters: Waiters::default(), ended: Vec::new(), halted: None };
        Self {
            applied: AtomicU64::new(applied.get()),
            epoch: AtomicU64::new(Epoch::FIRST.get()),
            lowest_awaited: AtomicU64::new(u64::MAX),
            state: Mutex::new(state),
        }
    }

    /// The last applied record.
    pub fn applied(&self) -> Lsn {
        Lsn::new(self.applied.load(Ordering::Acquire))
    }

    /// Everything up to `lsn` is durable and applied. Only the applier calls
    /// this, and never with a lower LSN.
    pub fn advance(&self, lsn: Lsn) {
        debug_assert!(lsn >= self.applied(), "the watermark never falls");
        self.applied.store(lsn.get(), Ordering::SeqCst);
        while self.lowest_awaited.load(Ordering::SeqCst) <= lsn.get() {
            let mut state = self.state.lock();
            let reached = state.waiters.take_reached(lsn);
            self.note_lowest(&state);
            drop(state);
            reached.into_iter().for_each(Waker::wake);
        }
    }

    /// The present epoch is over, and of its records those after `last_good` are
    /// not in the log.
    pub fn end_epoch(&self, last_good: Lsn) {
        let mut state = self.state.lock();
        state.ended.push(last_good);
        self.epoch.store(state.ended.len() as u64, Ordering::SeqCst);
        let waiters = state.waiters.take_all();
        self.note_lowest(&state);
        drop(state);
        waiters.into_iter().for_each(Waker::wake);
    }

    /// Nothing more will be applied. The first cause is the one that is told.
    pub fn halt(&self, cause: Cause) {
        let mut state = self.state.lock();
        state.halted.get_or_insert(cause);
        let waiters = state.waiters.take_all();
        self.note_lowest(&state);
        drop(state);
        waiters.into_iter().for_each(Waker::wake);
    }

    /// Waits until the ticket's record is durable and applied. For one that is,
    /// this is two atomic loads; tickets in LSN order are waited for cheaply by
    /// waiting for each in turn.
    ///
    /// # Errors
    /// See [`Unacknowledged`]. What was applied is acknowledged even after a halt.
    pub fn wait(&self, ticket: Ticket) -> Wait<'_> {
        Wait { watermark: self, goal: ticket, key: None }
    }

    /// Waits until the record after `lsn` is applied, or will not be in this
    /// epoch.
    ///
    /// # Errors
    /// As [`Watermark::wait`].
    pub fn wait_past(&self, lsn: Lsn) -> Wait<'_> {
        let epoch = Epoch::new(self.epoch.load(Ordering::SeqCst));
        self.wait(Ticket { lsn: lsn.next(), epoch })
    }

    /// The lock-free answer, where there is one.
    fn is_reached(&self, goal: Ticket) -> bool {
        // The epoch is loaded second: if it is still the ticket's own, then
        // `applied` was not raised in a later one.
        self.applied() >= goal.lsn && self.epoch.load(Ordering::Acquire) == goal.epoch.get()
    }

    fn answer(&self, goal: Ticket, state: &State) -> Poll<Result<Lsn, Unacknowledged>> {
        let applied = Lsn::new(self.applied.load(Ordering::SeqCst));
        if state.has_rejected(goal) {
            return Poll::Ready(Err(Unacknowledged::Rejected));
        }
        if applied >= goal.lsn {
            return Poll::Ready(Ok(applied));
        }
        match &state.halted {
            Some(cause) => Poll::Ready(Err(Unacknowledged::Halted(Arc::clone(cause)))),
            None => Poll::Pending,
        }
    }

    fn note_lowest(&self, state: &State) {
        let lowest = state.waiters.lowest().map_or(u64::MAX, Lsn::get);
        self.lowest_awaited.store(lowest, Ordering::SeqCst);
    }
}

impl State {
    fn has_rejected(&self, goal: Ticket) -> bool {
        let epoch = usize::try_from(goal.epoch.get()).unwrap_or(usize::MAX);
        self.ended.get(epoch).is_some_and(|last_good| goal.lsn > *last_good)
    }
}

/// Waits for a [`Watermark`]; resolves to the last applied LSN. It may be dropped
/// at any time.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Wait<'a> {
    watermark: &'a Watermark,
    goal: Ticket,
    /// Where this waits, once it does.
    key: Option<Key>,
}

impl Wait<'_> {
    /// Waits on this thread, blocking it.
    ///
    /// # Errors
    /// As when awaited.
    pub fn block(self) -> Result<Lsn, Unacknowledged> {
        block_on(self)
    }
}

impl Future for Wait<'_> {
    type Output = Result<Lsn, Unacknowledged>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let watermark = self.watermark;
        if watermark.is_reached(self.goal) {
            return Poll::Ready(Ok(watermark.applied()));
        }
        let mut state = watermark.state.lock();
        let key = state.waiters.wait(self.key, self.goal.lsn, context.waker());
        self.key = Some(key);
        watermark.note_lowest(&state);
        // Only now, after the waiter is seen: see `lowest_awaited`.
        let answer = watermark.answer(self.goal, &state);
        if answer.is_ready() {
            state.waiters.leave(key);
            watermark.note_lowest(&state);
            self.key = None;
        }
        answer
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let mut state = self.watermark.state.lock();
            state.waiters.leave(key);
            self.watermark.note_lowest(&state);
        }
    }
}

#[cfg(test)]
mod tests;
