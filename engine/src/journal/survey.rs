//! What a segment holds, and whether its end is torn or damaged.
//!
//! A batch is one write and one sync, and the next batch is written only after
//! that sync. So when the machine stops, at most one batch is torn, it is the
//! last one, and any of its bytes may be there or not, in any order. From a bad
//! frame in the last segment, where record `n` should be:
//!
//! - If a whole frame follows whose batch began behind the bad frame, then the
//!   bad frame had been synced: it is **damage**, and refused.
//! - Whole frames that follow and belong to the bad frame's own batch prove
//!   nothing: the write was under way. It is a **torn tail**, and cut at `n`.
//! - In any other segment, a bad frame is damage: a segment is begun only after
//!   all before it was synced.
//!
//! What these bytes cannot tell apart is damage to the very last batch before a crash,
//! because nothing was written after it that would prove its sync. The mark can: what it
//! names was synced, so a bad frame up to there is damage. A log that was closed ends in
//! a seal, so there damage to any record is found without a mark, too.

use std::path::{Path, PathBuf};

use super::error::{Defect, LogError};
use super::frame::{self, Frame, HEADER_BYTES, Kind};
use super::known::Known;
use super::lsn::Lsn;
use super::scanner::{Scanner, Step, first_nonzero};
use super::segment;
use crate::disk::{Access, Disk, DiskFile};

/// The end of the last segment was torn, and is no part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: PathBuf,
    /// Offset in the file where the whole frames end, in bytes.
    pub offset: u64,
    /// Bytes from there to the last one that is not zero.
    pub bytes: u64,
    /// The record that should be there.
    pub expected: Lsn,
    /// What is there instead.
    pub defect: Defect,
}

/// What a segment holds.
pub(crate) struct Survey {
    /// The last record, or the one before the segment's first.
    pub(crate) last: Lsn,
    /// Offset of the end of the whole frames, in bytes.
    pub(crate) end: u64,
    /// Offset of the last batch, which alone may not be synced yet.
    pub(crate) last_batch_at: u64,
    /// Whether the last frame is a seal.
    pub(crate) sealed: bool,
    /// The file's length, in bytes.
    pub(crate) file_bytes: u64,
    pub(crate) torn: Option<TornTail>,
}

/// Reads the whole segment that begins at `first`. `following` is where the
/// next segment begins, if there is one.
///
/// # Errors
/// What is damaged, missing or of a newer format; see the module.
pub(crate) fn survey(
    disk: &dyn Disk,
    dir: &Path,
    first: Lsn,
    following: Option<Lsn>,
    known: Known,
) -> Result<Survey, LogError> {
    let path = segment::path_of(dir, first);
    let file = disk.open(&path, Access::Read).map_err(LogError::io("open", &path))?;
    let file_bytes = segment::check(&*file, &path, first)?;
    let mut scanner = Scanner::new(file, first, file_bytes);
    let mut found = Survey {
        last: first.previous(),
        end: scanner.at(),
        last_batch_at: scanner.at(),
        sealed: false,
        file_bytes,
        torn: None,
    };
    let defect = found.pass_whole_frames(&mut scanner, &path)?;
    match (defect, following) {
        (Some(defect), None) => found.judge(scanner.file(), path, defect, known)?,
        (Some(defect), Some(_)) => return Err(found.refusing(&path, defect)),
        (None, Some(following)) => found.meets(&path, following)?,
        (None, None) => {}
    }
    Ok(found)
}

impl Survey {
    /// Takes in all whole frames; answers what is wrong behind them, if any.
    fn pass_whole_frames(
        &mut self,
        scanner: &mut Scanner,
        path: &Path,
    ) -> Result<Option<Defect>, LogError> {
        loop {
            match scanner.step().map_err(LogError::io("read", path))? {
                Step::Frame(frame) => self.note(frame, scanner.at()),
                Step::Bad(defect) => return Ok(Some(defect)),
                Step::End => break,
            }
        }
        let after = first_nonzero(scanner.file(), self.end, self.file_bytes);
        let after = after.map_err(LogError::io("read", path))?;
        Ok(after.map(|at| Defect::AfterEnd { at }))
    }

    fn note(&mut self, frame: Frame, end: u64) {
        if frame.place == 0 {
            self.last_batch_at = self.end;
        }
        self.last = frame.lsn;
        self.sealed = frame.kind == Kind::Seal;
        self.end = end;
    }

    fn refusing(&self, path: &Path, defect: Defect) -> LogError {
        LogError::refusing(path, self.end, self.last.next(), defect)
    }

    fn meets(&self, path: &Path, following: Lsn) -> Result<(), LogError> {
        if self.last.next() == following {
            return Ok(());
        }
        Err(self.refusing(path, Defect::Order { found: following }))
    }

    /// Decides what `defect` at the end of the last segment is.
    fn judge(
        &mut self,
        file: &dyn DiskFile,
        path: PathBuf,
        defect: Defect,
        known: Known,
    ) -> Result<(), LogError> {
        if !defect.may_be_torn() || known.acknowledged > self.last {
            return Err(self.refusing(&path, defect));
        }
        let rest = self.rest(file).map_err(LogError::io("read", &path))?;
        if proves_durable(&rest, self.last) {
            return Err(self.refusing(&path, defect));
        }
        let written = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.torn = Some(TornTail {
            file: path,
            offset: self.end,
            bytes: written as u64,
            expected: self.last.next(),
            defect,
        });
        Ok(())
    }

    /// What follows the whole frames.
    fn rest(&self, file: &dyn DiskFile) -> std::io::Result<Vec<u8>> {
        let bytes = usize::try_from(self.file_bytes - self.end).unwrap_or(usize::MAX);
        let mut rest = vec![0; bytes];
        let read = file.read_at(&mut rest, self.end)?;
        rest.truncate(read);
        Ok(rest)
    }
}

/// Whether a whole frame somewhere in `rest` proves that what `rest` begins
/// with was synced. `last` is the record before.
fn proves_durable(rest: &[u8], last: Lsn) -> bool {
    // No more records than this fit, so that a greater LSN is chance.
    let plausible = last..=last.plus((rest.len() / HEADER_BYTES) as u64);
    (1..rest.len()).any(|at| {
        let tail = &rest[at..];
        let Some(header) = tail.first_chunk::<HEADER_BYTES>() else { return false };
        if !plausible.contains(&frame::lsn_of(header)) {
            return false;
        }
        let Ok(Some(length)) = frame::claimed_length(tail, tail.len() as u64) else { return false };
        frame::decode(&tail[..length]).is_ok_and(|frame| at > frame.place as usize)
    })
}
