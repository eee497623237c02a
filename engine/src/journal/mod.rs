//! The journal: the ordered, durable record of everything that happened.
//!
//! ```text
//!  any thread        one thread                      one thread     any thread
//!  GroupCommit ----> Writer ----> Log (SegmentLog)
//!   append: LSN,       | one write, one fdatasync
//!   frame, checksum    +--------> sink: Commit ----> applies -----> Watermark
//!                                                    in order        wait
//! ```
//!
//! It carries opaque bytes and knows nothing of events.
//!
//! - **Invariant, contiguous.** LSNs count from 1 without a gap, in a log and in
//!   what the sink is handed.
//! - **Invariant, durable first.** What the sink is handed as committed is on
//!   stable storage.
//! - **Invariant, final.** After a failed write or sync nothing more is appended.
//! - **Invariant, told apart.** The [`Mark`] says how far the log was durable, so that
//!   what is missing at its end is no torn write and no log that ends there.
//! - A full disk is no failure: what was waiting is rejected whole, its LSNs are
//!   given out again in a new epoch, and appending goes on once there is room.

mod batch;
mod error;
mod frame;
mod group_commit;
mod inspect;
mod known;
pub mod limits;
mod log;
mod lsn;
mod mark;
mod meter;
mod queue;
mod scanner;
mod segment;
mod segment_log;
mod segments;
mod spare;
mod survey;
mod ticket;
mod watermark;
mod writer;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use error::{Defect, LogError};
pub use frame::{Payload, TooLong};
pub use group_commit::GroupCommit;
pub use inspect::{Inspected, SegmentContent, SegmentReport, SegmentState, inspect};
pub use known::Known;
pub use log::{Cursor, History, Log, Visit};
pub use lsn::Lsn;
pub use mark::{Mark, Marked};
pub use meter::{Listener, Synced};
pub use queue::{AppendError, BatchLimits};
pub use segment_log::{Options, ReadOnlyLog, SegmentLog, open_damaged, open_read_only};
pub use survey::TornTail;
pub use ticket::{Epoch, Ticket};
pub use watermark::{Cause, Unacknowledged, Wait, Watermark};
pub use writer::{Commit, Pumped, Writer};
