//! The embedded log: a directory of segment files.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::Batch;
use super::error::LogError;
use super::frame;
use super::known::Known;
use super::limits::{
    FRAME_HEADER_BYTES, READ_CHUNK_BYTES, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX,
};
use super::log::{History, Log};
use super::lsn::Lsn;
use super::mark::Mark;
use super::segment::{self, SEGMENT_HEADER_BYTES};
use super::segments::{Extent, SegmentHistory, Segments};
use super::spare::{Spares, is_spare};
use super::survey::{Survey, TornTail, survey};
use crate::disk::{Access, Disk, DiskFile, DiskLock, is_full};

/// The file whose lock says that a journal is in use.
const LOCK_FILE: &str = "LOCK";

/// How a [`SegmentLog`] is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Length of a new segment, in bytes; at most
    /// [`SEGMENT_BYTES_MAX`](super::limits::SEGMENT_BYTES_MAX). A batch that
    /// does not fit gets a segment as long as it needs.
    pub segment_bytes: u64,
    /// What is known of the journal from elsewhere.
    pub known: Known,
    /// Whether the next segment is made beforehand, on a thread of its own.
    pub spares: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES_DEFAULT, known: Known::default(), spares: false }
    }
}

/// A log in a directory of its own, open for appending.
///
/// **Invariant, last batch.** Everything before the last batch is durable,
/// because a batch is written only after the one before it was synced.
///
/// **Invariant, zeros.** Behind the last frame a segment holds only zeros.
pub struct SegmentLog {
    segments: Arc<Segments>,
    segment_bytes: u64,
    active: Option<Active>,
    last: Lsn,
    sealed: bool,
    poison: Option<LogError>,
    torn: Option<TornTail>,
    spares: Option<Spares>,
    mark: Option<Mark>,
    _lock: DiskLock,
}

/// The segment that is appended to.
struct Active {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    /// Offset of the next frame, in bytes.
    end: u64,
    /// The file's length, in bytes.
    file_bytes: u64,
}

impl SegmentLog {
    /// Opens the journal in `dir`, making it where there is none. A torn tail is
    /// cut; [`SegmentLog::torn_tail`] tells of it. Only the last segment is read
    /// through: older ones are checked as they are read. Damage that takes no record
    /// which is needed is told of and passed over.
    ///
    /// # Errors
    /// [`LogError::InUse`]; [`LogError::ReadOnly`]; what is damaged, missing or
    /// newer in the last segment.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<Self, LogError> {
        disk.create_dir_all(dir).map_err(LogError::opening(dir))?;
        let lock = disk.lock(&dir.join(LOCK_FILE)).map_err(LogError::opening(dir))?;
        remove_unfinished(&*disk, dir)?;
        let firsts = segments_in(&*disk, dir)?;
        let known = options.known;
        let mut log = Self {
            segments: empty_segments(disk, dir, known.covered, true),
            segment_bytes: options.segment_bytes.min(SEGMENT_BYTES_MAX),
            active: None,
            last: known.covered,
            sealed: false,
            poison: None,
            torn: None,
            spares: None,
            mark: None,
            _lock: lock,
        };
        if options.spares {
            log.spares = Spares::new(log.segments.shared_disk(), dir);
        }
        match firsts.back().copied() {
            Some(first) => log.take_up(first, firsts, known)?,
            None => known.refuse_gone(dir)?,
        }
        Ok(log)
    }

    /// What was cut from the end when the log was opened.
    pub const fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Lets a mark follow what becomes durable.
    #[must_use]
    pub fn marking(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }

    /// Goes on with the segments that are there, the last of which begins at
    /// `first`.
    fn take_up(&mut self, first: Lsn, firsts: VecDeque<Lsn>, known: Known) -> Result<(), LogError> {
        let (disk, dir) = (self.segments.disk(), self.segments.dir());
        let found = survey(disk, dir, first, None, known)?;
        self.last = found.end_of_log(known)?;
        known.refuse_end_at(self.last, dir)?;
        self.segments.begin_with(Extent { firsts, last: self.last, end: found.end });
        found.passed(known).for_each(|passed| self.segments.tell(passed));
        if !found.goes_on_behind(self.last) {
            // It is left as it was found, and the next batch begins a segment.
            return Ok(());
        }
        let path = segment::path_of(dir, first);
        let file = disk.open(&path, Access::Write).map_err(LogError::opening(&path))?;
        mend(&*file, &found).map_err(LogError::io("mend the end of", &path))?;
        disk.sync_dir(dir).map_err(LogError::io("sync", dir))?;
        self.sealed = found.sealed;
        self.torn = found.torn;
        self.active = Some(Active { file, path, end: found.end, file_bytes: found.file_bytes });
        Ok(())
    }

    /// Remembers a final error; nothing is appended after it.
    fn poison(&mut self, error: LogError) -> LogError {
        if !matches!(error, LogError::Full { .. }) {
            self.poison = Some(error.clone());
        }
        error
    }

    fn check_poison(&self) -> Result<(), LogError> {
        self.poison.clone().map_or(Ok(()), Err)
    }

    /// Whether the active segment takes `bytes` bytes of frames.
    fn has_room(&self, bytes: usize) -> bool {
        self.active.as_ref().is_some_and(|active| active.end + bytes as u64 <= active.file_bytes)
    }

    /// Begins a segment that takes `bytes` bytes of frames.
    fn rotate(&mut self, bytes: usize) -> Result<(), LogError> {
        let first = self.last.next();
        let header_bytes = SEGMENT_HEADER_BYTES as u64;
        let file_bytes = self.segment_bytes.max(header_bytes + bytes as u64);
        let (disk, dir) = (self.segments.disk(), self.segments.dir());
        let spare = self.spares.as_ref().and_then(|spares| spares.take(file_bytes));
        let file = match spare {
            Some((file, unfinished)) => {
                segment::name(disk, dir, first, (&*file, unfinished, file_bytes))?;
                file
            }
            None => match segment::create(disk, dir, first, file_bytes) {
                Err(LogError::Full { .. }) if self.spares.as_ref().is_some_and(Spares::give_up) => {
                    segment::create(disk, dir, first, file_bytes)?
                }
                created => created?,
            },
        };
        let path = segment::path_of(dir, first);
        self.active = Some(Active { file, path, end: header_bytes, file_bytes });
        self.segments.add(first, header_bytes);
        if let Some(mark) = &mut self.mark {
            mark.sync();
        }
        Ok(())
    }

    /// Has the mark say no more that the log ends here.
    fn reopen_mark(&mut self) -> Result<(), LogError> {
        let Some(mark) = &mut self.mark else { return Ok(()) };
        match mark.reopen(self.last) {
            Err(error) if is_full(&error) => {
                Err(LogError::Full { dir: self.segments.dir().to_owned() })
            }
            reopened => reopened.map_err(LogError::io("write", mark.path())),
        }
    }

    /// Writes `bytes` behind the last frame and syncs them.
    fn write(&mut self, bytes: &[u8]) -> Result<u64, LogError> {
        let active = self.active.as_mut().expect("room was reserved");
        active.file.write_at(bytes, active.end).map_err(LogError::io("write", &active.path))?;
        active.file.sync_data().map_err(LogError::io("sync", &active.path))?;
        active.end += bytes.len() as u64;
        // A log that hardly anything is written to needs no second segment soon.
        if active.end > active.file_bytes / 8
            && let Some(spares) = &self.spares
        {
            spares.want(self.segment_bytes);
        }
        Ok(active.end)
    }
}

impl Log for SegmentLog {
    fn append(&mut self, batch: &Batch) -> Result<Lsn, LogError> {
        let expected = self.last.next();
        if batch.first() != expected {
            return Err(LogError::OutOfOrder { expected, found: batch.first() });
        }
        if batch.is_empty() {
            return self.check_poison().map(|()| self.last);
        }
        self.reserve(batch.bytes().len())?;
        self.reopen_mark().map_err(|error| self.poison(error))?;
        let end = self.write(batch.bytes()).map_err(|error| self.poison(error))?;
        self.last = batch.last();
        self.sealed = false;
        // Before readers are shown these records.
        if let Some(mark) = &mut self.mark {
            mark.set(self.last);
        }
        self.segments.publish(self.last, end);
        Ok(self.last)
    }

    fn reserve(&mut self, bytes: usize) -> Result<(), LogError> {
        self.check_poison()?;
        // Room for a seal is always kept behind the last batch.
        let bytes = bytes + FRAME_HEADER_BYTES;
        if self.has_room(bytes) {
            return Ok(());
        }
        self.rotate(bytes).map_err(|error| self.poison(error))
    }

    /// A log without a segment has nothing to seal.
    fn seal(&mut self) -> Result<(), LogError> {
        self.check_poison()?;
        if let Some(mark) = &mut self.mark {
            mark.close(self.last);
        }
        if self.sealed || !self.has_room(FRAME_HEADER_BYTES) {
            return Ok(());
        }
        let end = self.write(&frame::seal(self.last)).map_err(|error| self.poison(error))?;
        self.sealed = true;
        self.segments.publish(self.last, end);
        Ok(())
    }

    fn history(&self) -> Arc<dyn History> {
        Arc::new(SegmentHistory(Arc::clone(&self.segments)))
    }
}

/// The log of the journal in `dir`, without locking or changing anything: it can
/// be read and takes nothing. It ends where the journal ended when it was opened,
/// without a torn tail. `known` is as in [`Options`].
///
/// # Errors
/// What is damaged, missing or newer in the last segment.
pub fn open_read_only(
    disk: Arc<dyn Disk>,
    dir: &Path,
    known: Known,
) -> Result<ReadOnlyLog, LogError> {
    let log = open_damaged(disk, dir, known)?;
    let missing = log.missing_after(log.segments.last());
    log.damage.clone().or(missing).map_or(Ok(log), Err)
}

/// As [`open_read_only`], for a reader that can do without some of the records: a journal
/// that is damaged, or ends before what was acknowledged, is opened all the same. It ends
/// with the last record that is whole, and reading comes upon damage before that as an
/// error.
///
/// # Errors
/// When the file system refuses, and what is newer in the last segment.
pub fn open_damaged(
    disk: Arc<dyn Disk>,
    dir: &Path,
    known: Known,
) -> Result<ReadOnlyLog, LogError> {
    let firsts = segments_if_any(&*disk, dir)?;
    let Some(first) = firsts.back().copied() else {
        let (segments, unended) =
            (empty_segments(disk, dir, known.covered, false), known.refuse_gone(dir).err());
        return Ok(ReadOnlyLog { segments, known, damage: None, unended });
    };
    let found = survey(&*disk, dir, first, None, known)?;
    if let Some(torn) = &found.torn {
        tracing::warn!(bytes = torn.bytes, after = %found.last, "the journal ends in a torn tail");
    }
    let (last, damage) = match found.end_of_log(known) {
        Ok(last) => (last, None),
        Err(damage) => (found.last, Some(damage)),
    };
    let extent = Extent { firsts, last, end: found.end };
    let segments = Arc::new(Segments::new(disk, dir, extent, false));
    found.passed(known).for_each(|passed| segments.tell(passed));
    Ok(ReadOnlyLog { segments, known, damage, unended: found.unended(known).cloned() })
}

/// A log that takes nothing; see [`open_read_only`].
pub struct ReadOnlyLog {
    segments: Arc<Segments>,
    known: Known,
    /// As [`ReadOnlyLog::damage`].
    damage: Option<LogError>,
    /// Why it is not known where the log ended, if it is not.
    unended: Option<LogError>,
}

impl ReadOnlyLog {
    /// The first damage of the last segment that takes a record which is needed, as far
    /// as is known of the journal, or behind which such a record may have been. Older
    /// segments are checked as they are read.
    pub const fn damage(&self) -> Option<&LogError> {
        self.damage.as_ref()
    }

    /// The error that records behind `last` are missing, or may be: `last` is the
    /// last record here or in a snapshot.
    pub fn missing_after(&self, last: Lsn) -> Option<LogError> {
        let ends_early = || self.known.refuse_end_at(last, self.segments.dir()).err();
        self.unended.clone().or_else(ends_early)
    }

    /// The last record that there is, or that is known to have been.
    pub fn last_known(&self) -> Lsn {
        self.segments.last().max(self.known.acknowledged())
    }

    fn refusal(&self) -> LogError {
        LogError::ReadOnly { dir: self.segments.dir().to_owned() }
    }
}

impl Log for ReadOnlyLog {
    fn append(&mut self, _: &Batch) -> Result<Lsn, LogError> {
        Err(self.refusal())
    }

    fn reserve(&mut self, _: usize) -> Result<(), LogError> {
        Err(self.refusal())
    }

    fn seal(&mut self) -> Result<(), LogError> {
        Err(self.refusal())
    }

    fn history(&self) -> Arc<dyn History> {
        Arc::new(SegmentHistory(Arc::clone(&self.segments)))
    }
}

/// As [`segments_in`]; a directory that is not there has none.
pub(crate) fn segments_if_any(disk: &dyn Disk, dir: &Path) -> Result<VecDeque<Lsn>, LogError> {
    if disk.is_dir(dir) { segments_in(disk, dir) } else { Ok(VecDeque::new()) }
}

/// Where each segment in `dir` begins, ascending.
fn segments_in(disk: &dyn Disk, dir: &Path) -> Result<VecDeque<Lsn>, LogError> {
    let names = disk.list(dir).map_err(LogError::io("list", dir))?;
    Ok(names.iter().filter_map(|name| segment::first_lsn_of(name)).collect())
}

fn empty_segments(disk: Arc<dyn Disk>, dir: &Path, last: Lsn, may_drop: bool) -> Arc<Segments> {
    let extent = Extent { firsts: VecDeque::new(), last, end: 0 };
    Arc::new(Segments::new(disk, dir, extent, may_drop))
}

/// Removes segments that a crash kept from being finished.
fn remove_unfinished(disk: &dyn Disk, dir: &Path) -> Result<(), LogError> {
    let names = disk.list(dir).map_err(LogError::io("list", dir))?;
    let unfinished = |name: &&String| segment::is_unfinished(name) || is_spare(name);
    for name in names.iter().filter(unfinished) {
        let path = dir.join(name);
        disk.remove(&path).map_err(LogError::io("remove", &path))?;
    }
    Ok(())
}

/// Makes durable what `found` says is in the last segment, and nothing more.
///
/// The last batch is written again, because it may be no more than a page in the
/// kernel's cache whose sync failed, and syncing that again would do nothing.
fn mend(file: &dyn DiskFile, found: &Survey) -> io::Result<()> {
    let bytes = usize::try_from(found.end - found.last_batch_at).unwrap_or(usize::MAX);
    let mut last_batch = vec![0; bytes];
    file.read_at(&mut last_batch, found.last_batch_at)?;
    file.write_at(&last_batch, found.last_batch_at)?;
    if let Some(torn) = &found.torn {
        write_zeros(file, torn.offset, torn.bytes)?;
    }
    file.sync_data()
}

fn write_zeros(file: &dyn DiskFile, at: u64, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; READ_CHUNK_BYTES];
    let mut done = 0;
    while done < bytes {
        let piece = (bytes - done).min(zeros.len() as u64);
        file.write_at(&zeros[..usize::try_from(piece).unwrap_or(zeros.len())], at + done)?;
        done += piece;
    }
    Ok(())
}
