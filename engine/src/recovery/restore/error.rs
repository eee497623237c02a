//! Why a restore did not happen.

use std::io;
use std::path::{Path, PathBuf};

use super::point::Point;
use crate::journal::LogError;
use crate::model::Lsn;
use crate::read::audit::AuditReport;
use crate::recovery::error::OpenError;
use crate::snapshot::{ExportError, SnapshotError, StoreError};
use crate::transaction::error::EngineError;

/// Why a restore did not happen. The data directory is then as it was, except where
/// the new name could not be brought to stable storage, and with
/// [`HalfExchanged`](Self::HalfExchanged).
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// What is there cannot be recovered.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file to restore from is not good.
    #[error(transparent)]
    Import(#[from] ExportError),
    /// The snapshots cannot be read, or the restored state not be written as one.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The restored state does not hold its invariants.
    #[error("the restored state has {} breaches, the first: {}", .0.breach_count, .0.breaches[0])]
    Unsound(Box<AuditReport>),
    /// An actor panicked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The point to restore to is not there yet.
    #[error("there is no event {wanted}; the newest is {newest}")]
    Beyond {
        /// The event asked for.
        wanted: Lsn,
        /// The newest there is.
        newest: Lsn,
    },
    /// The point to restore to is not there any more, or never was.
    #[error(
        "that is too far back: {}",
        .0.map_or("there is no event".into(), |earliest| format!(
            "the earliest point that can be restored to is {earliest}"
        ))
    )]
    TooFarBack(Option<Point>),
    /// There is no journal and no snapshot.
    #[error("{} is not a data directory", .0.display())]
    NoData(PathBuf),
    /// The path has no name, so that no directory can be put beside it.
    #[error("{} cannot be given another name, which restoring needs to do", .0.display())]
    NoName(PathBuf),
    /// Something cannot be given another name, which exchanging it needs. Nothing was
    /// built yet.
    #[error("{} cannot be given another name, which restoring needs to do: {source}", .path.display())]
    Immovable {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What lies where the new state would be made is not known to be of no use.
    #[error("{} is in the way, and may be needed: move it away and try again", .path.display())]
    Unknown {
        /// Where.
        path: PathBuf,
    },
    /// The exchange stopped half way.
    #[error(
        "the exchange of what is in {} stopped half way: {source}; \
         `backstock serve` or `backstock restore` on it goes on", .path.display()
    )]
    HalfExchanged {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file to restore from, and a data directory that has something already.
    #[error("{} is not empty; restoring from a file needs a new data directory", .0.display())]
    NotEmpty(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<LogError> for RestoreError {
    fn from(error: LogError) -> Self {
        OpenError::from(error).into()
    }
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        SnapshotError::from(error).into()
    }
}

/// A refusal of the file system at a path.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> RestoreError + '_ {
    |source| RestoreError::File { path: path.to_owned(), source }
}
