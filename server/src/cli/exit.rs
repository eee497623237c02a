//! The exit codes of every command.

use std::io;
use std::process::ExitCode;

use backstock_engine::engine::OpenError;
use backstock_engine::feed::KeptError;
use backstock_engine::journal::LogError;
use backstock_engine::snapshot::{ExportError, SnapshotError, StoreError};

/// How a command ended. The numbers are part of the interface: scripts read
/// them, so none is ever given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Success = 0,
    /// A check found something: an audit, a verification, bad rows.
    CheckFailed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// The configuration is not valid.
    Configuration = 3,
    /// Another process has the data directory.
    DataInUse = 4,
    /// The data directory holds what cannot be read.
    CorruptData = 5,
    /// A write or sync failed: the journal halted, nothing more was
    /// acknowledged.
    DiskFailure = 6,
    /// Another process has the port.
    PortInUse = 7,
    /// The server cannot be reached.
    ServerUnreachable = 8,
    /// The answer is no: there is no such order or snapshot, or not now.
    Refused = 9,
    /// A shutdown was not drained in time, or a second signal cut it short.
    DrainCut = 10,
    /// A newer program wrote the data directory.
    NewerFormat = 11,
    /// The data directory cannot be written.
    ReadOnly = 12,
    /// Orders of an import were rejected: they lack units. All else went in.
    Rejected = 13,
    /// The time that `--timeout` gives has passed.
    TimedOut = 14,
    /// Anything else: a fault of the program or of its surroundings.
    Failure = 70,
    /// An import was interrupted. Shells give this number to what an interrupt ends.
    Interrupted = 130,
}

impl Exit {
    /// Every way a command can end, in order of its code.
    pub const ALL: [Self; 17] = [
        Self::Success,
        Self::CheckFailed,
        Self::Usage,
        Self::Configuration,
        Self::DataInUse,
        Self::CorruptData,
        Self::DiskFailure,
        Self::PortInUse,
        Self::ServerUnreachable,
        Self::Refused,
        Self::DrainCut,
        Self::NewerFormat,
        Self::ReadOnly,
        Self::Rejected,
        Self::TimedOut,
        Self::Failure,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The exit codes as `--help` shows them.
pub(super) const HELP: &str = "\
Exit codes:
   0  done
   1  a check failed: an audit, a verification, bad rows of an import
   2  wrong arguments
   3  the configuration is not valid
   4  another process uses the data directory
   5  the data directory holds corrupt data
   6  the disk failed: the journal halted
   7  another process uses the port
   8  the server cannot be reached
   9  the answer is no: no such order or snapshot, or not now
  10  a shutdown was cut short before it had drained
  11  a newer version wrote the data directory
  12  the data directory cannot be written
  13  orders of an import were rejected; all else went in
  14  the time that --timeout gives has passed
  70  anything else
 130  an import was interrupted";

/// The exit code that tells of a data directory that cannot be opened.
pub(crate) fn exit_of_open(error: &OpenError) -> Exit {
    match error {
        OpenError::Journal(error) => exit_of_log(error),
        OpenError::Snapshot(error) => exit_of_snapshot(error),
        OpenError::Kept(KeptError::File { source, .. }) => exit_of_io(source.kind()),
        OpenError::Kept(KeptError::Newer { .. }) | OpenError::UnknownEvent { .. } => {
            Exit::NewerFormat
        }
        OpenError::Missing { .. }
        | OpenError::EndsEarly { .. }
        | OpenError::HalfMade(_)
        | OpenError::HalfExchanged(_)
        | OpenError::RestoreUnfinished { .. }
        | OpenError::Gone { .. }
        | OpenError::Panicked { .. } => Exit::CorruptData,
        // The path is an argument.
        OpenError::NoData(_) | OpenError::IsData(_) | OpenError::Foreign { .. } => Exit::Usage,
        OpenError::Service(_) => Exit::Failure,
    }
}

/// The exit code that tells of a fault of the journal.
pub(crate) fn exit_of_log(error: &LogError) -> Exit {
    match error {
        LogError::InUse { .. } => Exit::DataInUse,
        LogError::NewerFormat { .. } => Exit::NewerFormat,
        unreadable if unreadable.is_unreadable() => Exit::DiskFailure,
        LogError::Corrupt { .. }
        | LogError::Gap { .. }
        | LogError::Lost { .. }
        | LogError::Gone { .. }
        | LogError::Dropped { .. } => Exit::CorruptData,
        LogError::ReadOnly { .. } => Exit::ReadOnly,
        // The path is an argument.
        LogError::NotADirectory { .. } => Exit::Usage,
        LogError::Io { source, .. } => exit_of_io(source.kind()),
        LogError::Full { .. } => Exit::DiskFailure,
        LogError::OutOfOrder { .. } | LogError::WriterGone => Exit::Failure,
    }
}

/// The exit code that tells of a fault of the snapshots.
pub(crate) fn exit_of_snapshot(error: &SnapshotError) -> Exit {
    match error {
        SnapshotError::Store(StoreError::InUse { .. }) => Exit::DataInUse,
        error if error.is_newer() => Exit::NewerFormat,
        SnapshotError::Store(StoreError::NoThread(_)) => Exit::Failure,
        SnapshotError::Store(error) => error.io_kind().map_or(Exit::CorruptData, exit_of_io),
        SnapshotError::Closing | SnapshotError::Panicked(_) | SnapshotError::Unwritable(_) => {
            Exit::Failure
        }
        SnapshotError::Chunk { .. }
        | SnapshotError::Manifest { .. }
        | SnapshotError::Ahead { .. }
        | SnapshotError::NotArchived(_)
        | SnapshotError::StateHash { .. } => Exit::CorruptData,
    }
}

/// The exit code that tells of an export or an import that failed.
pub(crate) fn exit_of_export(error: &ExportError) -> Exit {
    match error {
        ExportError::Snapshot(error) => exit_of_snapshot(error),
        ExportError::Journal(error) => exit_of_log(error),
        // The file, or its directory, is an argument.
        ExportError::File { source, .. } if is_of_argument(source.kind()) => Exit::Usage,
        ExportError::File { source, .. } => exit_of_io(source.kind()),
        ExportError::Content { fault, .. } if fault.is_newer() => Exit::NewerFormat,
        ExportError::Content { .. } | ExportError::RecordsMissing { .. } => Exit::CorruptData,
        ExportError::NotEmpty(_) => Exit::Usage,
    }
}

/// Whether a path that was given names nothing, or not what it should.
pub(crate) fn is_of_argument(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(kind, NotFound | IsADirectory | NotADirectory)
}

/// The exit code that tells of what the operating system refused.
pub(crate) fn exit_of_io(kind: io::ErrorKind) -> Exit {
    match kind {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Exit::ReadOnly,
        // The pipe that a snapshot went through has no reader any more.
        io::ErrorKind::BrokenPipe => Exit::Failure,
        _ => Exit::DiskFailure,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;

    fn log_error(kind: io::ErrorKind) -> OpenError {
        let source = Arc::new(io::Error::from(kind));
        LogError::Io { doing: "open", path: PathBuf::new(), source }.into()
    }

    fn store_error(kind: io::ErrorKind) -> OpenError {
        SnapshotError::from(StoreError::File { path: PathBuf::new(), source: kind.into() }).into()
    }

    #[test]
    fn what_the_system_refuses_is_told_alike_for_journal_and_snapshots() {
        for (kind, exit) in [
            (io::ErrorKind::ReadOnlyFilesystem, Exit::ReadOnly),
            (io::ErrorKind::PermissionDenied, Exit::ReadOnly),
            (io::ErrorKind::StorageFull, Exit::DiskFailure),
            (io::ErrorKind::QuotaExceeded, Exit::DiskFailure),
            (io::ErrorKind::Other, Exit::DiskFailure),
        ] {
            assert_eq!(exit_of_open(&log_error(kind)), exit, "{kind}");
            assert_eq!(exit_of_open(&store_error(kind)), exit, "{kind}");
        }
    }

    #[test]
    fn a_store_in_use_is_no_corrupt_store() {
        let directory = PathBuf::new();
        let in_use = SnapshotError::from(StoreError::InUse { directory: directory.clone() });
        assert_eq!(exit_of_snapshot(&in_use), Exit::DataInUse);
        let corrupt = StoreError::Corrupt { directory, cause: String::new() };
        assert_eq!(exit_of_snapshot(&corrupt.into()), Exit::CorruptData);
    }

    #[test]
    fn every_code_is_in_the_help_once() {
        let codes: Vec<u8> = HELP
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(codes, Exit::ALL.map(Exit::code));
    }
}
