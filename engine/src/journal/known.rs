//! What snapshots and the mark tell of a journal.

use std::path::Path;

use super::error::LogError;
use super::lsn::Lsn;
use super::mark::Marked;

/// What is known of a journal besides its segments. By default nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// All records up to here are in a snapshot: they are not needed. Damage of them
    /// is passed over where a whole record follows. Where none does, or the journal
    /// ends before them, it goes on behind them only if it was closed in order.
    pub covered: Lsn,
    /// What the mark says: all records up to the one that it names were durable and may
    /// have been acknowledged, so that one that is missing was lost.
    pub marked: Marked,
}

impl Known {
    /// The last record that is known to have been durable.
    pub(crate) fn acknowledged(self) -> Lsn {
        self.marked.lsn()
    }

    /// Whether the mark tells where the log ended, when all up to `written` was written.
    /// Only the mark of a closed log does: a power cut may leave any other mark behind,
    /// because no batch waits for the mark's sync.
    pub(crate) fn tells_of(self, written: Lsn) -> bool {
        matches!(self.marked, Marked::Closed(last) if last >= written)
    }

    /// Refuses a journal in `dir` whose last record is `last`, when more was acknowledged.
    pub(crate) fn refuse_end_at(self, last: Lsn, dir: &Path) -> Result<(), LogError> {
        let acknowledged = self.acknowledged();
        if last >= acknowledged {
            return Ok(());
        }
        Err(LogError::Lost { dir: dir.to_owned(), from: last.next(), to: acknowledged })
    }

    /// Refuses a journal in `dir` without a segment, when the mark says that there were
    /// segments, and they may have held more than the snapshots do. Without a mark it is
    /// not refused: older versions left restored directories without segments.
    pub(crate) fn refuse_gone(self, dir: &Path) -> Result<(), LogError> {
        self.refuse_end_at(self.covered, dir)?;
        match self.marked {
            Marked::Not => Ok(()),
            Marked::Closed(_) if self.tells_of(self.covered) => Ok(()),
            Marked::At(_) | Marked::Closed(_) | Marked::Damaged => {
                Err(LogError::Gone { dir: dir.to_owned(), after: self.covered })
            }
        }
    }
}
