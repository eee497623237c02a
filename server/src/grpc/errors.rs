//! From the engine's errors to statuses: one exhaustive map.

use std::collections::HashMap;
use std::time::Duration;

use backstock_engine::engine::EngineError;
use backstock_engine::model::Refusal;
use backstock_engine::model::refusal::Category;
use backstock_engine::model::returns::Objections;
use backstock_engine::service::SnapshotFailed;
use tonic::Status;
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt};

use super::fields::FieldNames;
use crate::observability::names;
use crate::status::{DOMAIN, Reason, Violations, failure, precondition, transient};

/// When to try again while other commands settle: a few group commits.
const RETRY_SOON: Duration = Duration::from_millis(10);

/// When to try again while the disk is full: an operator has to make room.
const RETRY_WHEN_ROOM: Duration = Duration::from_secs(5);

/// When to try again while the server shuts down: another one, or this one after
/// its restart.
const RETRY_AFTER_RESTART: Duration = Duration::from_secs(1);

/// When to try again while other callers are being sent snapshots.
const RETRY_WHEN_SENT: Duration = Duration::from_secs(10);

/// The status of an engine's error; `names` are the paths of the request's
/// fields.
pub(super) fn status(error: EngineError, names: &FieldNames) -> Status {
    match error {
        EngineError::Invalid(broken) => {
            let mut found = Violations::default();
            found.rules(Err(broken), names);
            found.into_status()
        }
        EngineError::Refused(refusal) => refused(&refusal),
        EngineError::Overloaded { retry_after, .. } => overloaded(&error.to_string(), retry_after),
        EngineError::DiskFull => {
            let message = error.to_string();
            transient(Reason::DiskFull, &message, RETRY_WHEN_ROOM)
        }
        EngineError::VersionAhead { newest, .. } => with_metadata(
            Reason::VersionAhead,
            &error.to_string(),
            [("newest_version", newest.get().to_string())],
        ),
        EngineError::VersionDropped { first, .. } => with_metadata(
            Reason::VersionDropped,
            &error.to_string(),
            [("first_version", first.get().to_string())],
        ),
        EngineError::ConsumersUnwritable(_) => {
            transient(Reason::ConsumersUnwritable, &error.to_string(), RETRY_WHEN_ROOM)
        }
        EngineError::JournalUnreadable(_) => failure(Reason::JournalUnreadable, error.to_string()),
        EngineError::ArchiveUnreadable(_) => failure(Reason::ArchiveUnreadable, error.to_string()),
        EngineError::Closing => draining(&error.to_string()),
        EngineError::JournalFailed(_) => failure(Reason::JournalHalted, error.to_string()),
        EngineError::Halted(_) => failure(Reason::EngineHalted, error.to_string()),
    }
}

/// The status of a snapshot that was not taken, read or sent.
pub(super) fn snapshot(failed: &SnapshotFailed) -> Status {
    let message = failed.to_string();
    match failed {
        SnapshotFailed::Running => precondition(Reason::SnapshotRunning, "snapshot", &message),
        SnapshotFailed::Closing => draining(&message),
        SnapshotFailed::Unknown(generation) => with_metadata(
            Reason::SnapshotNotFound,
            &message,
            [("generation", generation.to_string())],
        ),
        SnapshotFailed::DiskFull(_) => transient(Reason::DiskFull, &message, RETRY_WHEN_ROOM),
        SnapshotFailed::Ended | SnapshotFailed::Other(_) => internal(message),
    }
}

/// No snapshot was ever taken.
pub(super) fn no_snapshot() -> Status {
    failure(Reason::SnapshotNotFound, "there is no snapshot")
}

/// As many snapshots as may be are being sent.
pub(super) fn too_many_exports() -> Status {
    overloaded("as many snapshots as may be are being sent", RETRY_WHEN_SENT)
}

/// As many watches as may be are open.
pub(super) fn too_many_watches() -> Status {
    overloaded("as many watches as may be are open", RETRY_WHEN_SENT)
}

/// As many readers of the feed as may be are there.
pub(super) fn too_many_feeds() -> Status {
    overloaded("as many readers of the feed as may be are there", RETRY_WHEN_SENT)
}

/// As many tests of endpoints as may be are running.
pub(super) fn too_many_tests() -> Status {
    overloaded("as many endpoints as may be are being tested", RETRY_WHEN_SENT)
}

/// The end of the feed when the server drains.
pub(super) fn feed_drained() -> Status {
    draining("the server is shutting down; go on behind the last version that was told")
}

/// The end of a watch when the server drains.
pub(super) fn watch_drained() -> Status {
    draining("the server is shutting down; nothing more is told")
}

/// A fault of the program.
pub(super) fn internal(message: impl Into<String>) -> Status {
    failure(Reason::Internal, message)
}

/// Counted here, where all that is refused for it passes: also orders of a stream
/// and rows of a feed.
fn overloaded(message: &str, retry_after: Duration) -> Status {
    metrics::counter!(names::OVERLOADED).increment(1);
    transient(Reason::Overloaded, message, retry_after)
}

/// The server reads its data.
pub(super) fn opening() -> Status {
    let message = "the server is opening: it reads its data";
    transient(Reason::Opening, message, RETRY_AFTER_RESTART)
}

/// The server was told to end before it was open.
pub(super) fn closed_before_open() -> Status {
    draining("the server is shutting down")
}

/// The end of a stream of which a server that drains takes no more.
pub(super) fn stream_drained() -> Status {
    draining("the server is shutting down; what has no answer was not taken")
}

/// A request that waited for room for its answer, as others of its connection did.
pub(super) fn answers_unread() -> Status {
    overloaded(
        "answers on this connection are not read; the request was not taken",
        RETRY_WHEN_SENT,
    )
}

/// A request that was not worked on when the server had drained for a while.
pub(super) fn request_drained() -> Status {
    draining("the server is shutting down; the request was not taken")
}

/// A request that took too long to arrive.
pub(super) fn request_stalled(after: Duration) -> Status {
    let message = format!("the request had not arrived after {after:?} and was not taken");
    failure(Reason::RequestStalled, message)
}

/// What an operator asked for, and the server did not finish before it drained.
pub(super) fn unfinished() -> Status {
    draining("the server is shutting down; this was not finished")
}

/// A quote that was not made before the server drained.
pub(super) fn quote_drained() -> Status {
    draining("the server is shutting down; no quote was made")
}

/// The end of a snapshot whose reader stood still.
pub(super) fn reader_stalled(stall: Duration) -> Status {
    let message = format!("nothing was read for {stall:?}; what was sent is not the whole file");
    failure(Reason::ReaderStalled, message)
}

fn draining(message: &str) -> Status {
    transient(Reason::Draining, message, RETRY_AFTER_RESTART)
}

/// What a policy says against lines of a return, each by its name, as `line/0`.
fn objected(reason: Reason, message: &str, objections: &Objections) -> Status {
    let each = objections.iter().take(OBJECTIONS_TOLD_MAX).map(|(line, objection)| {
        let told = objection.to_string();
        PreconditionViolation::new(objection.name(), format!("line/{line}"), told)
    });
    let mut details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, HashMap::new());
    details.set_precondition_failure(each.collect::<Vec<_>>());
    Status::with_error_details(reason.code(), message, details)
}

/// Objections of which a status tells: it travels in headers, of which clients take 8 KiB.
const OBJECTIONS_TOLD_MAX: usize = 16;

/// The code is the one of the refusal's category, as of every reason; this adds the
/// details that go with it.
fn refused(refusal: &Refusal) -> Status {
    let reason = Reason::Refused(refusal.kind());
    let message = refusal.to_string();
    match refusal.kind().category() {
        Category::NotFound | Category::AlreadyExists | Category::IdReused => {
            with_metadata(reason, &message, refusal.subject().fields)
        }
        Category::Precondition | Category::LimitReached => {
            if let Refusal::NotInReturnPolicy { objections, .. } = refusal {
                return objected(reason, &message, objections);
            }
            precondition(reason, &refusal.subject().path(), &message)
        }
        Category::TooLarge => failure(reason, message),
        Category::Contention => transient(reason, &message, RETRY_SOON),
    }
}

fn with_metadata(
    reason: Reason,
    message: &str,
    metadata: impl IntoIterator<Item = (&'static str, String)>,
) -> Status {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, metadata);
    Status::with_error_details(reason.code(), message, details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{ClientError, Concern, Refused};
    use backstock_engine::model::{Lsn, OrderId};
    use tonic::Code;

    fn code_and_reason(error: EngineError) -> (Code, String) {
        let status = status(error, &FieldNames::PLAIN);
        let details = status.get_error_details();
        (status.code(), details.error_info().expect("a reason").reason.clone())
    }

    #[test]
    fn what_passes_says_when_to_try_again() {
        let overloaded =
            EngineError::Overloaded { in_flight: 9, limit: 8, retry_after: RETRY_SOON };
        for error in [overloaded, EngineError::DiskFull, Refusal::Contended.into()] {
            let status = status(error, &FieldNames::PLAIN);
            assert!(status.get_error_details().retry_info().is_some(), "{status:?}");
        }
    }

    /// An import decides by this whether it goes on behind a row, sends it again or ends.
    #[test]
    fn a_caller_can_tell_what_a_refusal_is_about() {
        let overloaded =
            EngineError::Overloaded { in_flight: 9, limit: 8, retry_after: RETRY_SOON };
        let sku = backstock_engine::model::Sku::new("sku", "A").expect("a SKU");
        let cases = [
            (overloaded, Concern::Moment),
            (Refusal::Contended.into(), Concern::Moment),
            (Refusal::ItemNotFound { sku }.into(), Concern::Content),
            (Refusal::CommandTooLarge { why: "17 MiB".into() }.into(), Concern::Content),
            (EngineError::DiskFull, Concern::Server),
            (EngineError::Closing, Concern::Server),
            (EngineError::Halted(String::new()), Concern::Server),
        ];
        let halted = failure(Reason::JournalHalted, "");
        let of_engine = cases.map(|(error, about)| (status(error, &FieldNames::PLAIN), about));
        for (status, about) in of_engine.into_iter().chain([(halted, Concern::Server)]) {
            let told = status.to_string();
            assert_eq!(Refused::from(crate::status::fault(&status)).concern(), about, "{told}");
            let ClientError::Refused(refused) = status.into() else { panic!("{told}") };
            assert_eq!(refused.concern(), about, "{told}");
        }
    }

    /// What no caller can provoke at will; all else is provoked over a connection.
    #[test]
    fn what_cannot_be_provoked_at_will_has_its_reason() {
        let contended = code_and_reason(Refusal::Contended.into());
        assert_eq!(contended, (Code::Aborted, "CONTENDED".into()));
        let too_long = code_and_reason(Refusal::CommandTooLarge { why: "17 MiB".into() }.into());
        assert_eq!(too_long, (Code::InvalidArgument, "COMMAND_TOO_LARGE".into()));
    }

    /// Also of orders in a stream and of rows in a feed: all pass here.
    #[test]
    fn each_refusal_for_overload_is_counted() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let overloaded =
                EngineError::Overloaded { in_flight: 9, limit: 8, retry_after: RETRY_SOON };
            for error in [overloaded.clone(), EngineError::DiskFull, overloaded] {
                status(error, &FieldNames::PLAIN);
            }
        });
        let text = recorder.handle().render();
        assert!(text.contains("backstock_overloaded_total 2"), "{text}");
    }

    #[test]
    fn a_snapshot_that_fails_says_what_a_caller_can_do() {
        let cases = [
            (SnapshotFailed::Running, Code::FailedPrecondition, "SNAPSHOT_RUNNING"),
            (SnapshotFailed::Closing, Code::Unavailable, "DRAINING"),
            (SnapshotFailed::Unknown(7), Code::NotFound, "SNAPSHOT_NOT_FOUND"),
            (SnapshotFailed::DiskFull(String::new()), Code::Unavailable, "DISK_FULL"),
            (SnapshotFailed::Ended, Code::Internal, "INTERNAL"),
            (SnapshotFailed::Other(String::new()), Code::Internal, "INTERNAL"),
        ];
        for (failed, code, reason) in cases {
            let status = snapshot(&failed);
            let details = status.get_error_details();
            let told = details.error_info().expect("a reason").reason.as_str();
            assert_eq!((status.code(), told), (code, reason), "{failed:?}");
        }
    }

    #[test]
    fn a_version_that_is_not_there_yet_is_out_of_range() {
        let error = EngineError::VersionAhead { wanted: Lsn::new(9), newest: Lsn::new(4) };
        assert_eq!(code_and_reason(error), (Code::OutOfRange, "VERSION_AHEAD".into()));
    }

    #[test]
    fn lines_are_counted_from_zero_outside() {
        let order_id = OrderId::new("order_id", "A").expect("an id");
        let refusal = Refusal::LineNotFound { order_id, line_index: 2 };
        let status = status(refusal.into(), &FieldNames::PLAIN);
        assert_eq!(status.message(), "order A has no line of index 2");
    }
}
