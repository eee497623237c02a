//! The reasons that callers are told: the engine's refusals, by the names that they have
//! there, and what else can keep a request from being done.

#[cfg(test)]
mod documentation;

use std::fmt;

use backstock_engine::model::RefusalKind;
use backstock_engine::model::refusal::Category;
use tonic::Code;

/// The code of every refusal of that category.
const fn code_of(category: Category) -> Code {
    match category {
        Category::NotFound => Code::NotFound,
        Category::AlreadyExists | Category::IdReused => Code::AlreadyExists,
        Category::Precondition | Category::LimitReached => Code::FailedPrecondition,
        Category::TooLarge => Code::InvalidArgument,
        Category::Contention => Code::Aborted,
    }
}

/// Makes the type of all reasons. A row is a reason of the server's own: its documentation
/// for callers, its name here and outside, and its code.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $code:ident;)+) => {
        /// Why a request was not done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            /// The engine refuses.
            Refused(RefusalKind),
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason: the engine's refusals in their order, then the server's own.
            pub fn all() -> impl Iterator<Item = Self> {
                let refused = RefusalKind::ALL.iter().map(|kind| Self::Refused(*kind));
                refused.chain([$(Self::$variant),+])
            }

            /// The name that callers see, in `UPPER_SNAKE_CASE`. It never changes and is
            /// never given another meaning.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Refused(kind) => kind.name(),
                    $(Self::$variant => $name,)+
                }
            }

            /// The code that it always comes with.
            pub const fn code(self) -> Code {
                match self {
                    Self::Refused(kind) => code_of(kind.category()),
                    $(Self::$variant => Code::$code,)+
                }
            }

            /// What it means, for callers: sentences that begin with a capital letter.
            pub const fn documentation(self) -> &'static str {
                match self {
                    Self::Refused(kind) => kind.documentation(),
                    $(Self::$variant => concat!($($doc),+).trim_ascii_start(),)+
                }
            }
        }
    };
}

reasons! {
    /// Fields are not as the .proto files say. Each is named.
    InvalidRequest = "INVALID_REQUEST", InvalidArgument;
    /// No snapshot has that generation.
    SnapshotNotFound = "SNAPSHOT_NOT_FOUND", NotFound;
    /// A snapshot is being taken.
    SnapshotRunning = "SNAPSHOT_RUNNING", FailedPrecondition;
    /// No version is that new yet. `newest_version` in the metadata of `ErrorInfo` is the
    /// newest.
    VersionAhead = "VERSION_AHEAD", OutOfRange;
    /// The journal was cut, and does not have that event any more. `first_version` in the
    /// metadata of `ErrorInfo` is the first that it has.
    VersionDropped = "VERSION_DROPPED", OutOfRange;
    /// Nobody read a snapshot that was being sent.
    ReaderStalled = "READER_STALLED", Aborted;
    /// The request did not arrive within a minute.
    RequestStalled = "REQUEST_STALLED", Aborted;
    /// Too many commands are in flight, too many snapshots are being sent, too many watches are
    /// open, too many read the feed, or answers on the connection were not read for a minute.
    Overloaded = "OVERLOADED", ResourceExhausted;
    /// The server has started and reads its data.
    Opening = "OPENING", Unavailable;
    /// The server is shutting down.
    Draining = "DRAINING", Unavailable;
    /// The disk of the journal or the snapshots is full.
    DiskFull = "DISK_FULL", Unavailable;
    /// How far a consumer of the feed has come could not be written.
    ConsumersUnwritable = "CONSUMERS_UNWRITABLE", Unavailable;
    /// The journal could not be written. Whether the change was made is not known before the
    /// server is there again: send it again then.
    JournalHalted = "JOURNAL_HALTED", Unavailable;
    /// A fault of the program stopped the engine. The same.
    EngineHalted = "ENGINE_HALTED", Unavailable;
    /// The order left memory, and no snapshot that has it can be read.
    ArchiveUnreadable = "ARCHIVE_UNREADABLE", DataLoss;
    /// The journal is damaged, or the disk does not give it back.
    JournalUnreadable = "JOURNAL_UNREADABLE", DataLoss;
    /// A fault of the program.
    Internal = "INTERNAL", Internal;
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
