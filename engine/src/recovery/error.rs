//! Why a data directory cannot be opened.

use std::path::PathBuf;

use crate::feed::KeptError;
use crate::journal::LogError;
use crate::model::Lsn;
use crate::paths::mark_file;
use crate::snapshot::SnapshotError;

/// Why an engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] LogError),
    /// The snapshots.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The consumers of the feed, or the endpoints that it is sent to.
    #[error("the consumers of the feed, or its endpoints")]
    Kept(#[from] KeptError),
    /// A record of the journal is not an event of this version.
    #[error("the journal's record {lsn} is not an event that this version knows: {detail}")]
    UnknownEvent {
        /// The record.
        lsn: Lsn,
        /// What is wrong with it.
        detail: String,
    },
    /// The journal begins after what the snapshot holds.
    #[error("the journal begins at {first}, and the newest usable snapshot ends before {needed}")]
    Missing {
        /// The first record that is there.
        first: Lsn,
        /// The first record that is needed.
        needed: Lsn,
    },
    /// The journal ends before the snapshot does.
    #[error("the journal ends at {last}, and the snapshot needs it up to {needed}")]
    EndsEarly {
        /// The last record that is there.
        last: Lsn,
        /// The last record that is needed.
        needed: Lsn,
    },
    /// A restore was stopped before this directory was whole.
    #[error(
        "{} was left half made by a restore that was stopped: remove it, and restore again",
        .0.display()
    )]
    HalfMade(PathBuf),
    /// There is no data directory, but the one that was to get its name.
    #[error(
        "{} is not there, and {} is: a restore was stopped before it gave that one, which is \
         whole, the name", .data.display(), .fresh.display()
    )]
    RestoreUnfinished {
        /// The data directory that is not there.
        data: PathBuf,
        /// What the restore left.
        fresh: PathBuf,
    },
    /// A restore was stopped while it exchanged what lies in this directory.
    #[error(
        "a restore was stopped while it exchanged what is in {}: `backstock serve` or \
         `backstock restore` on it goes on with that", .0.display()
    )]
    HalfExchanged(PathBuf),
    /// There is no data, and none is to be begun.
    #[error(
        "{} holds no data, and `create` is off: is the path right, and the volume mounted? \
         `backstock init` begins a data directory", .0.display()
    )]
    NoData(PathBuf),
    /// There is data, and a new directory was to be begun.
    #[error("{} is a data directory already", .0.display())]
    IsData(PathBuf),
    /// There is no data, and the mark says that there was.
    #[error(
        "{} has lost its state: {} was acknowledged, and there is neither a journal nor a \
         snapshot any more. Bring them back, or restore an exported snapshot into a new \
         directory; when {} is removed, a new state can be begun here",
        .directory.display(), named(*.acknowledged), mark_file(.directory).display()
    )]
    Gone {
        /// The directory.
        directory: PathBuf,
        /// The last event that is known to have been there; none where the mark is damaged.
        acknowledged: Lsn,
    },
    /// There is no data, and something else.
    #[error(
        "{} is not a data directory: it holds {entry:?} and no journal; \
         a new one is begun only where nothing is", .directory.display()
    )]
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// The name of something that is in it.
        entry: String,
    },
    /// Applying panicked.
    #[error("the record {lsn} cannot be applied: an actor panicked")]
    Panicked {
        /// The record.
        lsn: Lsn,
    },
    /// A service could not be started.
    #[error("a service could not be started: {0}")]
    Service(String),
}

fn named(lsn: Lsn) -> String {
    if lsn == Lsn::NONE { "something".into() } else { format!("LSN {lsn}") }
}
