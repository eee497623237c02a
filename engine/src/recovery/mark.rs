//! Where a journal ends, said beside it: the mark, and the segment of a restored directory.

use std::path::Path;
use std::sync::Arc;

use crate::disk::Disk;
use crate::journal::{Known, Log as _, LogError, Mark, Marked, Options, SegmentLog};
use crate::model::Lsn;
use crate::paths::journal_directory;
use crate::paths::mark_file;

/// Tells once of a directory whose mark says nothing although there is something to say.
pub(super) fn tell_of_mark(mark: Marked, last: Lsn) {
    match mark {
        Marked::Not if last > Lsn::NONE => tracing::info!(
            "there is no mark of the last acknowledged event, as an older version left none: \
             events missing at the journal's end would not be noticed this time"
        ),
        Marked::Damaged => tracing::warn!(
            "the mark of the last acknowledged event is damaged: events missing at the \
             journal's end would not be noticed this time"
        ),
        Marked::Not | Marked::At(_) | Marked::Closed(_) => {}
    }
}

/// Gives a directory whose snapshot is of one moment, or whose journal is whole up to
/// `last`, what makes a later loss noticed: a segment for the events after `last`, and a
/// mark.
pub(super) fn begin_journal(disk: &Arc<dyn Disk>, data: &Path, last: Lsn) -> Result<(), LogError> {
    let known = Known { covered: last, marked: Marked::Not };
    let options = Options { known, ..Options::default() };
    let mut log = SegmentLog::open(Arc::clone(disk), &journal_directory(data), options)?;
    log.reserve(0)?;
    Mark::create(&**disk, &mark_file(data), last)
}
