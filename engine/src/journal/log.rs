//! The log, as much of it as the engine knows.
//!
//! ```text
//!   dropped |  first ............... last  |  next batch
//!  ---------+------------------------------+------------->  LSN
//!           ^ drop_before           append ^
//!                    cursors read in here
//! ```
//!
//! Nothing above these traits may assume a file: a replicated log comes later.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::batch::Batch;
use super::error::LogError;
use super::lsn::Lsn;

/// The writer's half of a log. It has one owner.
pub trait Log: Send {
    /// Appends a batch, and returns its last LSN once it is on stable storage.
    ///
    /// # Errors
    /// [`LogError::Full`] when there is no room: nothing was written, and the
    /// same batch may be tried again. After any other error that came from the
    /// disk the log is poisoned: whether the batch is there is unknown until the
    /// log is opened again, and every later append answers the same error.
    fn append(&mut self, batch: &Batch) -> Result<Lsn, LogError>;

    /// Makes sure that a batch of `bytes` bytes does not fail for want of room.
    ///
    /// # Errors
    /// As [`Log::append`].
    fn reserve(&mut self, bytes: usize) -> Result<(), LogError>;

    /// Ends a clean run: leaves a mark that all records up to here were synced,
    /// so that damage to the last of them is found later.
    ///
    /// # Errors
    /// As [`Log::append`].
    fn seal(&mut self) -> Result<(), LogError>;

    /// The readers' half.
    fn history(&self) -> Arc<dyn History>;
}

/// The readers' half of a log, shared by all threads. It shows what is durable
/// and nothing else.
pub trait History: Send + Sync {
    /// The first record there is, or that will be if there is none.
    fn first(&self) -> Lsn;

    /// The last durable record; the one before [`History::first`] if there is
    /// none.
    fn last(&self) -> Lsn;

    /// A reader that stands before the record `from`.
    fn cursor(&self, from: Lsn) -> Box<dyn Cursor>;

    /// The first record from which on those before `end` take no more than `bytes` bytes, as far
    /// as records can be dropped; [`History::first`] if all there are do.
    ///
    /// # Errors
    /// When the file system refuses.
    fn within(&self, end: Lsn, bytes: u64) -> Result<Lsn, LogError>;

    /// Drops records before `lsn`: not necessarily all of them, never any other
    /// and never the last one. What was dropped does not come back after a crash
    /// unless all after it does, too.
    fn drop_before(&self, lsn: Lsn) -> Result<(), LogError>;
}

/// What a cursor hands each record to: its LSN and its payload.
pub type Visit<'a> = dyn FnMut(Lsn, &[u8]) -> ControlFlow<()> + 'a;

/// A place in a log, from which records are read in order.
pub trait Cursor: Send {
    /// The record that is read next.
    fn next(&self) -> Lsn;

    /// Hands all records from here to the last durable one to `visit`, without a
    /// gap, until it breaks. Reading again goes on behind the last one that
    /// `visit` saw.
    ///
    /// # Errors
    /// [`LogError::Dropped`] when the next record is no longer there, and what
    /// is damaged or missing: no record behind that is handed on.
    fn read(&mut self, visit: &mut Visit<'_>) -> Result<(), LogError>;
}
