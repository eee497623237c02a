//! Why a command or a read did not succeed.

use std::time::Duration;

use crate::journal::LogError;
use crate::model::{Lsn, Refusal, Violation};
use crate::snapshot::SnapshotError;
use crate::snapshot::StoreError;

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
    /// A reader of the feed asks for an event that the journal does not have any more.
    #[error("version {wanted} is not kept any more; the first that is kept is {first}")]
    VersionDropped {
        /// The first version asked for.
        wanted: Lsn,
        /// The first version that is kept.
        first: Lsn,
    },
    /// A reader of the feed comes upon events that cannot be read.
    #[error("the journal cannot be read: {0}")]
    JournalUnreadable(String),
    /// How far a consumer of the feed has come could not be written. It is as it was, or as it
    /// was to be; saying it again makes it sure.
    #[error("the positions of consumers could not be written: {0}")]
    ConsumersUnwritable(String),
    /// A closed order left memory, and the snapshot that has it cannot be read.
    #[error("the order is archived and cannot be read: {0}")]
    ArchiveUnreadable(String),
    /// The engine is shutting down: what is in flight is finished, nothing new
    /// is taken.
    #[error("the engine is shutting down")]
    Closing,
    /// A write or sync of the journal failed, which stopped the engine for good.
    /// The outcome of a command in flight is not known: it is answered again,
    /// under the same key, after a restart.
    #[error("the engine has stopped: {0}")]
    JournalFailed(String),
    /// A fault of the program stopped the engine for good: a turn that panicked,
    /// a service that ended. Of commands in flight the same holds.
    #[error("the engine has stopped: {0}")]
    Halted(String),
}

/// Why the engine stopped for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// A write or sync of the journal failed.
    #[error("{0}")]
    Disk(String),
    /// A fault of the program.
    #[error("{0}")]
    Program(String),
}

impl Halt {
    /// The halt that follows from `cause`, given how the journal failed, if it
    /// did.
    pub(super) fn new(cause: String, journal: Option<&LogError>) -> Self {
        match journal {
            None | Some(LogError::OutOfOrder { .. } | LogError::WriterGone) => Self::Program(cause),
            Some(_) => Self::Disk(cause),
        }
    }
}

impl From<Halt> for EngineError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Disk(cause) => Self::JournalFailed(cause),
            Halt::Program(cause) => Self::Halted(cause),
        }
    }
}

/// What left memory could not be read.
impl From<SnapshotError> for EngineError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Store(StoreError::Closed { .. }) => Self::Closing,
            error => Self::ArchiveUnreadable(error.to_string()),
        }
    }
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
