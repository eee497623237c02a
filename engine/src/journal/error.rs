//! What can go wrong with a log, as facts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::lsn::Lsn;
use crate::disk::HeldBy;

/// Why bytes are not the frame or header that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Defect {
    /// The length is impossible, or reaches past the end of the file.
    #[error("a frame of impossible length {found}")]
    Length {
        /// The length field.
        found: u32,
    },
    /// The checksum does not match.
    #[error("a checksum of {stored:08x} where the bytes give {computed:08x}")]
    Checksum {
        /// As stored in the file.
        stored: u32,
        /// As computed from the bytes.
        computed: u32,
    },
    /// Bytes follow where nothing should have been written.
    #[error("bytes at {at} after the end of the written part")]
    AfterEnd {
        /// Offset in the file of the first of them.
        at: u64,
    },
    /// A whole frame of another LSN than is next in order.
    #[error("a whole frame with LSN {found}")]
    Order {
        /// The LSN found.
        found: Lsn,
    },
    /// A whole frame or header of a format version that this code cannot read.
    #[error("format version {found}, while this program reads up to {known}")]
    Version {
        /// The version found.
        found: u32,
        /// The newest that this code knows.
        known: u32,
    },
    /// A whole frame of a kind that its format version does not have.
    #[error("a frame of unknown kind {found}")]
    Kind {
        /// The kind found.
        found: u8,
    },
    /// The disk does not give them back.
    #[error("what the disk cannot read")]
    Unreadable,
    /// The file does not begin as a segment does.
    #[error("no journal segment, by its first bytes")]
    Magic,
    /// The file's name and its header disagree on the first LSN.
    #[error("a header that says first LSN {found}")]
    Name {
        /// The first LSN by the header.
        found: Lsn,
    },
    /// The file is shorter or longer than it was made.
    #[error("a file of {found} bytes that was made with {made}")]
    FileLength {
        /// The file's length, in bytes.
        found: u64,
        /// The length by its header, in bytes.
        made: u64,
    },
}

/// A fault of a log. Cheap to clone: a poisoned log answers the same again.
#[derive(Clone, Debug, Error)]
pub enum LogError {
    /// There is no room for another segment. Nothing was written; appending
    /// again succeeds once there is room.
    #[error("no room on the disk for the journal in {}", .dir.display())]
    Full {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// Something durable was damaged.
    #[error(
        "{} is damaged at byte {offset}, where LSN {expected} should be: found {defect}; \
         `backstock journal verify` lists all damage, \
         `backstock restore --salvage` rebuilds what comes before it", .file.display()
    )]
    Corrupt {
        /// The segment.
        file: PathBuf,
        /// Offset in the file, in bytes.
        offset: u64,
        /// The record that should be there.
        expected: Lsn,
        /// What is there instead.
        defect: Defect,
    },
    /// Records are missing.
    #[error(
        "{} has LSN {found} at byte {offset}, where LSN {expected} should be: \
         records are missing; `backstock journal verify` lists all damage, \
         `backstock restore --salvage` rebuilds what comes before it", .file.display()
    )]
    Gap {
        /// The segment.
        file: PathBuf,
        /// Offset in the file, in bytes.
        offset: u64,
        /// The record that should be there.
        expected: Lsn,
        /// The record that is there.
        found: Lsn,
    },
    /// Records that were acknowledged are missing at the end.
    #[error(
        "the journal in {} ends before LSN {from}, and LSN {to} was acknowledged: the records from \
         one to the other are missing; `backstock restore --salvage` goes on without them",
        .dir.display()
    )]
    Lost {
        /// The journal's directory.
        dir: PathBuf,
        /// The first record that is missing.
        from: Lsn,
        /// The last one that is known to be.
        to: Lsn,
    },
    /// There is no segment, and nothing tells what was in them.
    #[error(
        "the journal in {} is gone, and nothing tells what came after LSN {after}: \
         `backstock restore --salvage` goes on without it", .dir.display()
    )]
    Gone {
        /// The journal's directory.
        dir: PathBuf,
        /// The last record that a snapshot has.
        after: Lsn,
    },
    /// A newer program wrote this.
    #[error(
        "{} has format version {found} at byte {offset}, and this program reads up to {known}: \
         use the program that wrote it, or a newer one", .file.display()
    )]
    NewerFormat {
        /// The segment.
        file: PathBuf,
        /// Offset in the file, in bytes.
        offset: u64,
        /// The version found.
        found: u32,
        /// The newest version that this code knows.
        known: u32,
    },
    /// The disk failed. After a failed write or sync this is final.
    #[error("could not {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried, as in "could not ...".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: Arc<io::Error>,
    },
    /// Another process has the journal open.
    #[error(
        "{} is in use by {}", .dir.display(),
        .by.map_or("another process".into(), |HeldBy(pid)| format!("process {pid}"))
    )]
    InUse {
        /// The directory, or the file in it that cannot be had.
        dir: PathBuf,
        /// Which process has it, where that is known.
        by: Option<HeldBy>,
    },
    /// There is a file where a directory should be.
    #[error("{} is a file, or lies below one, where a directory should be", .path.display())]
    NotADirectory {
        /// The path of the directory.
        path: PathBuf,
    },
    /// The log may only be read.
    #[error("{} cannot be written, only read", .dir.display())]
    ReadOnly {
        /// The directory, or the file in it that cannot be written.
        dir: PathBuf,
    },
    /// Records were asked for that the log has dropped.
    #[error("LSN {asked} was dropped from the journal, which begins at {first}")]
    Dropped {
        /// The first record that was asked for.
        asked: Lsn,
        /// The first record that the log has.
        first: Lsn,
    },
    /// A batch was appended that does not follow the log's last record.
    #[error("a batch begins at LSN {found}, and the log goes on at {expected}")]
    OutOfOrder {
        /// The next LSN of the log.
        expected: Lsn,
        /// The batch's first LSN.
        found: Lsn,
    },
    /// The thread that writes the journal ended without having been asked to.
    #[error("the journal's writer is gone")]
    WriterGone,
}

impl LogError {
    /// For `map_err`: the disk failed while `doing` something to `path`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source: Arc::new(source) }
    }

    /// For `map_err`: `path` cannot be opened for writing.
    pub(crate) fn opening(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                Self::InUse { dir: path.to_owned(), by: HeldBy::of(&error) }
            }
            io::ErrorKind::NotADirectory => Self::NotADirectory { path: path.to_owned() },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { dir: path.to_owned() }
            }
            _ => Self::io("open", path)(error),
        }
    }

    /// Whether the disk does not give back what was written.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Corrupt { defect: Defect::Unreadable, .. })
    }

    /// The error for a `defect` that no torn write explains.
    pub(crate) fn refusing(file: &Path, offset: u64, expected: Lsn, defect: Defect) -> Self {
        let file = file.to_owned();
        match defect {
            Defect::Order { found } => Self::Gap { file, offset, expected, found },
            Defect::Version { found, known } => Self::NewerFormat { file, offset, found, known },
            defect => Self::Corrupt { file, offset, expected, defect },
        }
    }
}

impl Defect {
    /// Whether a write that was under way when the machine stopped can leave
    /// this. A whole frame in the wrong place never comes from that.
    pub(crate) const fn may_be_torn(self) -> bool {
        matches!(self, Self::Length { .. } | Self::Checksum { .. } | Self::AfterEnd { .. })
    }
}
