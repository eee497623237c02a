//! What is long-lived and few: service actors under one supervisor.
//!
//! ```text
//!   Supervisor
//!     +-- ThreadService "journal writer"   its end, unasked, stops the engine
//!     +-- ThreadService "applier"          its end, unasked, stops the engine
//!     +-- ThreadService "re-pegger"        its end, unasked, stops the engine
//!     +-- Snapshotter                      restarts
//! ```
//!
//! | what ends | what follows |
//! |---|---|
//! | the journal writer, by a disk error, a panic or a kill | the engine halts: nothing more is acknowledged, and callers that wait are told |
//! | the applier, by a panic (of a turn, too) or a kill | the same |
//! | the re-pegger, by a panic or a kill | the same: new orders would take what older ones wait for |
//! | the snapshotter, by a panic or a kill | it is started anew; the caller that asked for the snapshot is told; the snapshots before are there, and the one that it was taking is there whole or not at all |
//! | the supervisor | the engine halts |

mod snapshotter;
mod supervisor;
#[cfg(test)]
mod tests;
mod thread;

pub use snapshotter::{SnapshotFailed, SnapshotRequest, Snapshotting};
pub use supervisor::{Services, Start, Supervised};
pub use thread::Work;
