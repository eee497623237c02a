//! What is known of a journal from elsewhere.

use std::path::Path;

use super::error::LogError;
use super::lsn::Lsn;

/// What is known of a journal beside its segments. Nothing is known by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// All records up to here are in a snapshot: nobody needs them. Damage of them is
    /// passed over, and a journal that ends before them goes on behind them.
    pub covered: Lsn,
    /// All records up to here were durable and may have been acknowledged, by the
    /// [`Mark`](super::Mark): one that is missing was lost.
    pub acknowledged: Lsn,
}

impl Known {
    /// Whether there is a mark.
    pub(crate) fn has_mark(self) -> bool {
        self.acknowledged > Lsn::NONE
    }

    /// Whether the mark may tell where the log ended, when all up to `written` was
    /// written. A power cut may leave it behind, because no batch waits for it to be
    /// synced: what is behind any record tells nothing of how many there were.
    pub(crate) fn tells_of(self, written: Lsn) -> bool {
        self.acknowledged >= written
    }

    /// Refuses a journal in `dir` whose last record is `last`, when more was acknowledged.
    pub(crate) fn refuse_end_at(self, last: Lsn, dir: &Path) -> Result<(), LogError> {
        if last >= self.acknowledged {
            return Ok(());
        }
        Err(LogError::Lost { dir: dir.to_owned(), from: last.next(), to: self.acknowledged })
    }
}
