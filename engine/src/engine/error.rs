//! Why a command or a read did not succeed.

use std::time::Duration;

use crate::model::{Lsn, Refusal, Violation};

/// Everything that the engine's public face answers besides success. A command
/// that got one of these changed nothing, unless the variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Fields of the command cannot be taken as they stand; all of them are named.
    #[error("{}", list(.0))]
    Invalid(Vec<Violation>),
    /// Durable state refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many commands are in flight.
    #[error("{in_flight} commands in flight, the limit is {limit}; try again in {retry_after:?}")]
    Overloaded {
        /// How many there are.
        in_flight: usize,
        /// How many there may be.
        limit: usize,
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk has no room for the journal. Reads go on; commands are taken
    /// again when there is room.
    #[error("the disk that holds the journal is full")]
    DiskFull,
    /// The read demands a version that the engine has not reached.
    #[error("version {wanted} is not there yet; the newest is {newest}")]
    VersionAhead {
        /// The version asked for.
        wanted: Lsn,
        /// The newest durable version.
        newest: Lsn,
    },
    /// The engine stopped for good. The outcome of a command in flight is not
    /// known: it is answered again, under the same key, after a restart.
    #[error("the engine has stopped: {0}")]
    Halted(String),
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<Violation> for EngineError {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<Vec<Violation>> for EngineError {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}
