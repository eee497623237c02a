//! Why there is no figure.

use std::path::PathBuf;
use std::time::Duration;

use backstock::serve::ServeError;
use backstock_engine::engine::{EngineError, OpenError};
use backstock_engine::service::SnapshotFailed;

/// Why a run was refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Flags that do not go together.
    #[error("{flag} does not go with {with}: {allowed}")]
    Unsupported {
        /// The flag as it was given.
        flag: String,
        /// What it does not go with.
        with: String,
        /// What would be taken.
        allowed: &'static str,
    },
    /// The data directory is in use, or not this program's.
    #[error("--data {}: holds data already; name a directory that is empty or not there", .0.display())]
    DataInUse(PathBuf),
    /// A file or directory.
    #[error("{}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The engine cannot be opened.
    #[error("cannot open the engine")]
    Open(#[from] OpenError),
    /// The server cannot be started, or ended before its time.
    #[error("the server")]
    Serve(#[from] ServeError),
    /// The snapshot of the run was not taken.
    #[error("no snapshot was taken")]
    Snapshot(#[from] SnapshotFailed),
    /// The client cannot be connected.
    #[error("cannot connect")]
    Connect(#[from] tonic::transport::Error),
    /// The engine answered with an error, which no workload provokes.
    #[error("the engine answered with an error")]
    Engine(#[from] EngineError),
    /// So did the server.
    #[error("the server answered with an error")]
    Server(#[from] Box<tonic::Status>),
    /// The server answered an order with a fault.
    #[error("an order was answered with {reason}: {message}")]
    Fault {
        /// The reason in capitals.
        reason: String,
        /// The rest of it.
        message: String,
    },
    /// A change of an order was not to be had.
    #[error("a change of an order was not to be had: {0}")]
    NoChange(String),
    /// A stream ended while answers were owed.
    #[error("a stream ended before all of its orders were answered")]
    StreamEnded,
    /// Orders came due faster than they could be sent.
    #[error("a caller cannot keep up with {rate} orders a second: one was sent {late:?} late")]
    Behind {
        /// The rate asked for, of one caller.
        rate: f64,
        /// How late.
        late: Duration,
    },
    /// Nothing was answered in the time that was measured.
    #[error("no order was answered in the time that was measured; give it more --seconds")]
    Nothing,
    /// The audit found that an invariant does not hold.
    #[error("the audit found {count} breaches, the first one: {first}; there is no figure")]
    Audit {
        /// All breaches.
        count: u64,
        /// The first one.
        first: String,
    },
    /// The numbers do not add up.
    #[error("{what}: {found} where {expected} was expected; there is no figure")]
    Mismatch {
        /// Which numbers.
        what: &'static str,
        /// What was found.
        found: u64,
        /// What should have been.
        expected: u64,
    },
}

impl From<tonic::Status> for LoadError {
    fn from(status: tonic::Status) -> Self {
        Self::Server(Box::new(status))
    }
}
