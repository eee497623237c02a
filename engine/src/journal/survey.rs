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
//! - If some of the bytes behind the bad frame cannot be read, such a frame may be there:
//!   it is damage.
//! - In any other segment, a bad frame is damage: a segment is begun only after
//!   all before it was synced.
//!
//! Damage is passed over where it takes no record that is needed: in records that a
//! snapshot covers, and in bytes that hold no record, such as a header or a seal. What
//! snapshots and the mark say of the journal decides this, see [`Known`].
//!
//! What these bytes cannot tell apart is damage to the very last batch before a crash,
//! because nothing was written after it that would prove its sync. The mark can: what it
//! names was synced, so a bad frame up to there is damage. A log that was closed ends in
//! a seal, so there damage to any record is found without a mark, too.

use std::io;
use std::path::{Path, PathBuf};

use super::error::{Defect, LogError};
use super::frame::{Frame, Kind};
use super::known::Known;
use super::lsn::Lsn;
use super::scanner::{Found, Scanner, Step, behind_end, find_frame, written_end};
use super::segment::{self, SEGMENT_HEADER_BYTES};
use crate::disk::{Access, Disk, is_unreadable};

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

/// A stretch of a segment that is not what was written there.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    pub(crate) error: LogError,
    /// The first record that may be lost with it.
    from: Lsn,
    /// The record that is whole again behind it; none when nothing whole follows.
    next: Option<Lsn>,
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
    /// What is damaged, in order.
    pub(crate) damage: Vec<Damage>,
}

/// Reads the whole segment that begins at `first`. `following` is where the
/// next segment begins, if there is one. What is damaged is in the answer.
///
/// # Errors
/// When the file system refuses, and what is of a newer format.
pub(crate) fn survey(
    disk: &dyn Disk,
    dir: &Path,
    first: Lsn,
    following: Option<Lsn>,
    known: Known,
) -> Result<Survey, LogError> {
    let path = segment::path_of(dir, first);
    let io = |error| LogError::io("read", &path)(error);
    let file = match disk.open(&path, Access::Read) {
        Err(error) if is_unreadable(&error) => return Survey::unreadable(&path, first),
        opened => opened.map_err(LogError::io("open", &path))?,
    };
    let file_bytes = file.len().map_err(io)?;
    let header = segment::check(&*file, &path, first).err();
    let mut scanner = Scanner::new(file, first, file_bytes);
    let mut found = Survey::beginning_at(first, file_bytes);
    let begins_well = header.is_none();
    // Behind a header that cannot be read is a record that cannot be read either.
    if let Some(error) = header.filter(|error| !error.is_unreadable()) {
        let next = found.next_behind_header(&error, &mut scanner, following, known).map_err(io)?;
        found.note_damage(error, next)?;
    }
    while let Some(defect) = found.pass_whole_frames(&mut scanner, &path)? {
        let may_be_torn = following.is_none()
            && defect.may_be_torn()
            && (begins_well || found.end > SEGMENT_HEADER_BYTES as u64)
            && found.last >= known.acknowledged().max(known.covered);
        if may_be_torn
            && !found.is_proved_durable(&scanner).map_err(io)?
            && let Some(torn) = found.torn_tail(&scanner, &path, defect).map_err(io)?
        {
            found.torn = Some(torn);
            return Ok(found);
        }
        let error = LogError::refusing(&path, found.end, found.last.next(), defect);
        let next = scanner.resume().map_err(io)?;
        found.note_damage(error, next)?;
        let Some(next) = next else { return Ok(found) };
        (found.last, found.end, found.last_batch_at) =
            (next.previous(), scanner.at(), scanner.at());
    }
    if let Some(following) = following.filter(|following| *following != found.last.next()) {
        let defect = Defect::Order { found: following };
        let error = LogError::refusing(&path, found.end, found.last.next(), defect);
        found.note_damage(error, Some(following))?;
    }
    Ok(found)
}

impl Damage {
    /// Whether the damage takes no record that is needed. If no whole frame follows,
    /// any number of records may have followed, or none. Then only a mark tells where
    /// the log ended, and only the mark of a log that was closed behind all that is
    /// known to be `written`.
    fn is_passed(&self, known: Known, written: Lsn) -> bool {
        if let Some(next) = self.next {
            return next == self.from || next <= known.covered.next();
        }
        let is_needed = self.from > known.covered && self.from <= known.acknowledged();
        known.tells_of(written) && !is_needed
    }
}

impl Survey {
    /// Of a segment of which nothing is read yet.
    const fn beginning_at(first: Lsn, file_bytes: u64) -> Self {
        let end = SEGMENT_HEADER_BYTES as u64;
        Self {
            last: first.previous(),
            end,
            last_batch_at: end,
            sealed: false,
            file_bytes,
            torn: None,
            damage: Vec::new(),
        }
    }

    /// Of a segment of which nothing can be read.
    fn unreadable(path: &Path, first: Lsn) -> Result<Self, LogError> {
        let mut found = Self::beginning_at(first, 0);
        let error = LogError::refusing(path, 0, first, Defect::Unreadable);
        found.note_damage(error, None).map(|()| found)
    }

    /// The last record of a log that this segment is the last one of. More may have been
    /// acknowledged.
    ///
    /// # Errors
    /// When a record is damaged that is needed.
    pub(crate) fn end_of_log(&self, known: Known) -> Result<Lsn, LogError> {
        let written = self.written(known);
        if let Some(damage) = self.damage.iter().find(|damage| !damage.is_passed(known, written)) {
            return Err(damage.error.clone());
        }
        Ok(if known.tells_of(written) { written } else { self.last })
    }

    /// The damage that takes no record which is needed.
    pub(crate) fn passed(&self, known: Known) -> impl Iterator<Item = &LogError> {
        let is_passed = move |damage: &&Damage| damage.is_passed(known, self.written(known));
        self.damage.iter().filter(is_passed).map(|damage| &damage.error)
    }

    /// Damage behind which there may have been records that neither a snapshot nor the mark
    /// knows.
    pub(crate) fn unended(&self, known: Known) -> Option<&LogError> {
        let is_unended = |damage: &&Damage| {
            damage.next.is_none() && !damage.is_passed(known, self.written(known))
        };
        self.damage.iter().find(is_unended).map(|damage| &damage.error)
    }

    /// The last record that is known to have been written, here or by a snapshot.
    fn written(&self, known: Known) -> Lsn {
        self.last.max(known.covered)
    }

    /// Whether a log that ends with `last` can be appended to right here.
    pub(crate) fn goes_on_behind(&self, last: Lsn) -> bool {
        let is_blank = self.end == SEGMENT_HEADER_BYTES as u64;
        let is_known = self.damage.iter().all(|damage| damage.next.is_some());
        last == self.last && is_known && (self.damage.is_empty() || !is_blank)
    }

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
        let after = behind_end(scanner.file(), self.end, self.file_bytes);
        after.map_err(LogError::io("read", path))
    }

    fn note(&mut self, frame: Frame, end: u64) {
        if frame.place == 0 {
            self.last_batch_at = self.end;
        }
        self.last = frame.lsn;
        self.sealed = frame.kind == Kind::Seal;
        self.end = end;
    }

    /// Remembers damage where the whole frames end. A newer format is none.
    fn note_damage(&mut self, error: LogError, next: Option<Lsn>) -> Result<(), LogError> {
        if let LogError::NewerFormat { .. } = error {
            return Err(error);
        }
        self.damage.push(Damage { error, from: self.last.next(), next });
        Ok(())
    }

    /// The record that is next behind a damaged header: the first one, when its frame is
    /// there. A segment of zeros counts as one without records when no more than one byte
    /// of its header is wrong, and a mark says which records there should be.
    fn next_behind_header(
        &self,
        error: &LogError,
        scanner: &mut Scanner,
        following: Option<Lsn>,
        known: Known,
    ) -> io::Result<Option<Lsn>> {
        let first = self.last.next();
        if !segment::may_be_passed(error, following.is_some()) {
            return Ok(None);
        }
        if behind_end(scanner.file(), self.end, self.file_bytes)?.is_none() {
            // Zeros from the first byte on may stand in the place of anything.
            let is_blank = segment::is_nearly_whole(scanner.file(), first, self.file_bytes)?;
            return Ok((is_blank && known.acknowledged() > Lsn::NONE).then_some(first));
        }
        Ok(scanner.is_at_frame()?.then_some(first))
    }

    /// Whether a whole frame proves that what is bad here was synced.
    fn is_proved_durable(&self, scanner: &Scanner) -> io::Result<bool> {
        let (bad, expected) = (self.end, self.last.next());
        let began_behind = |found: Found| found.at - bad > u64::from(found.frame.place);
        Ok(find_frame(scanner.file(), bad, self.file_bytes, expected, began_behind)?.is_some())
    }

    /// None when some bytes behind it cannot be read: a frame that would prove it synced
    /// may be there.
    fn torn_tail(
        &self,
        scanner: &Scanner,
        path: &Path,
        defect: Defect,
    ) -> io::Result<Option<TornTail>> {
        let written_end = written_end(scanner.file(), self.end, self.file_bytes)?;
        Ok(written_end.map(|end| TornTail {
            file: path.to_owned(),
            offset: self.end,
            bytes: end - self.end,
            expected: self.last.next(),
            defect,
        }))
    }
}
