//! The set of segments that make up a log, as its readers see it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::error::{Defect, LogError};
use super::frame::Kind;
use super::log::{Cursor, History, Visit};
use super::lsn::Lsn;
use super::scanner::{Scanner, Step, behind_end};
use super::segment;
use crate::disk::{Access, Disk, is_unreadable};

/// The segments of one log.
pub(crate) struct Segments {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    extent: Mutex<Extent>,
    may_drop: bool,
    /// Where damage was passed over that is told of: a file and an offset.
    told: Mutex<BTreeSet<(PathBuf, u64)>>,
}

/// How far the log reaches.
pub(crate) struct Extent {
    /// Where each segment begins, ascending.
    pub(crate) firsts: VecDeque<Lsn>,
    /// The last durable record.
    pub(crate) last: Lsn,
    /// Offset of the durable end in the last segment, in bytes.
    pub(crate) end: u64,
}

/// The part of one segment that may be read.
struct Stretch {
    first: Lsn,
    /// Offset of its end, in bytes; `None` is the end of the file.
    limit: Option<u64>,
    /// The record that comes after it.
    following: Lsn,
}

impl Segments {
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path, extent: Extent, may_drop: bool) -> Self {
        let (extent, told) = (Mutex::new(extent), Mutex::default());
        Self { disk, dir: dir.to_owned(), extent, may_drop, told }
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn shared_disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.disk)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The last durable record.
    pub(crate) fn last(&self) -> Lsn {
        self.extent.lock().last
    }

    /// Shows readers what was found when the log was opened.
    pub(crate) fn begin_with(&self, extent: Extent) {
        *self.extent.lock() = extent;
    }

    /// Lets readers see the log up to `last`, which ends at byte `end` of the
    /// last segment.
    pub(crate) fn publish(&self, last: Lsn, end: u64) {
        let mut extent = self.extent.lock();
        extent.last = last;
        extent.end = end;
    }

    /// Adds a segment at the end, written up to byte `end`. It may take the place of one
    /// that no record is in.
    pub(crate) fn add(&self, first: Lsn, end: u64) {
        let mut extent = self.extent.lock();
        if extent.firsts.back() != Some(&first) {
            extent.firsts.push_back(first);
        }
        extent.end = end;
    }

    /// Tells of damage that is passed over, once for each place. Whether another reader
    /// needs its records is not known here.
    pub(crate) fn tell(&self, damage: &LogError) {
        let place = match damage {
            LogError::Corrupt { file, offset, .. } | LogError::Gap { file, offset, .. } => {
                (file.clone(), *offset)
            }
            _ => (self.dir.clone(), 0),
        };
        if self.told.lock().insert(place) {
            tracing::warn!(%damage, "damage of the journal is passed over");
        }
    }

    /// Where to read the record `next`; `None` when it is not there yet.
    fn stretch(&self, next: Lsn) -> Result<Option<Stretch>, LogError> {
        let extent = self.extent.lock();
        let after = extent.firsts.partition_point(|first| *first <= next);
        if after == 0 && next < extent.first() {
            return Err(LogError::Dropped { asked: next, first: extent.first() });
        }
        if next > extent.last {
            return Ok(None);
        }
        let (following, limit) = match extent.firsts.get(after) {
            Some(following) => (*following, None),
            None => (extent.last.next(), Some(extent.end)),
        };
        Ok(Some(Stretch { first: extent.firsts[after - 1], limit, following }))
    }

    fn open(&self, stretch: &Stretch, next: Lsn) -> Result<Scanner, LogError> {
        let path = segment::path_of(&self.dir, stretch.first);
        let file = match self.disk.open(&path, Access::Read) {
            // Dropped in the meantime: the second look finds that.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.stretch(next)?;
                return Err(LogError::io("open", &path)(error));
            }
            Err(error) if is_unreadable(&error) => {
                return Err(LogError::refusing(&path, 0, stretch.first, Defect::Unreadable));
            }
            other => other.map_err(LogError::io("open", &path))?,
        };
        let file_bytes = match segment::check(&*file, &path, stretch.first) {
            // Whether records are missing is told where the segment ends.
            Err(damage) if segment::may_be_passed(&damage, true) => {
                self.tell(&damage);
                file.len().map_err(LogError::io("read the length of", &path))?
            }
            checked => checked?,
        };
        Ok(Scanner::new(file, stretch.first, stretch.limit.unwrap_or(file_bytes)))
    }

    /// The length of the segment that begins with a record; none of one that was dropped.
    fn bytes_of(&self, first: Lsn) -> Result<u64, LogError> {
        let path = segment::path_of(&self.dir, first);
        match self.disk.open(&path, Access::Read).and_then(|file| file.len()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            length => length.map_err(LogError::io("read the length of", &path)),
        }
    }

    /// Takes the segments that lie wholly before `lsn` out of the readers' view,
    /// oldest first.
    fn forget_before(&self, lsn: Lsn) -> Vec<Lsn> {
        let mut extent = self.extent.lock();
        let mut forgotten = Vec::new();
        while extent.firsts.get(1).is_some_and(|following| *following <= lsn) {
            forgotten.extend(extent.firsts.pop_front());
        }
        forgotten
    }
}

impl Extent {
    fn first(&self) -> Lsn {
        self.firsts.front().copied().unwrap_or(self.last.next())
    }
}

/// The [`History`] of a log in segments.
#[derive(Clone)]
pub(crate) struct SegmentHistory(pub(crate) Arc<Segments>);

impl History for SegmentHistory {
    fn first(&self) -> Lsn {
        self.0.extent.lock().first()
    }

    fn last(&self) -> Lsn {
        self.0.last()
    }

    fn cursor(&self, from: Lsn) -> Box<dyn Cursor> {
        Box::new(SegmentCursor { segments: Arc::clone(&self.0), next: from, open: None })
    }

    fn within(&self, end: Lsn, bytes: u64) -> Result<Lsn, LogError> {
        let firsts = self.0.extent.lock().firsts.clone();
        // The segment that `end` is in stays in any case.
        let before = firsts.partition_point(|first| *first <= end).saturating_sub(1);
        let (mut first, mut room) =
            (firsts.get(before).map_or(end, |first| (*first).min(end)), bytes);
        for begins in firsts.iter().take(before).rev() {
            match room.checked_sub(self.0.bytes_of(*begins)?) {
                Some(left) => (first, room) = (*begins, left),
                None => break,
            }
        }
        Ok(first)
    }

    fn drop_before(&self, lsn: Lsn) -> Result<(), LogError> {
        let segments = &self.0;
        if !segments.may_drop {
            return Err(LogError::ReadOnly { dir: segments.dir.clone() });
        }
        for first in segments.forget_before(lsn) {
            let path = segment::path_of(&segments.dir, first);
            segments.disk.remove(&path).map_err(LogError::io("remove", &path))?;
            // One at a time: otherwise a crash could bring an older segment back
            // and not the one after it, which is a gap.
            segments.disk.sync_dir(&segments.dir).map_err(LogError::io("sync", &segments.dir))?;
        }
        Ok(())
    }
}

struct SegmentCursor {
    segments: Arc<Segments>,
    next: Lsn,
    open: Option<Reading>,
}

/// The segment that a cursor is in.
struct Reading {
    first: Lsn,
    path: PathBuf,
    scanner: Scanner,
}

/// How far damage was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    /// To the next whole frame.
    ToAFrame,
    /// To the end of the segment, no record being lost.
    ToTheEnd,
}

impl Cursor for SegmentCursor {
    fn next(&self) -> Lsn {
        self.next
    }

    fn read(&mut self, visit: &mut Visit<'_>) -> Result<(), LogError> {
        while let Some(stretch) = self.segments.stretch(self.next)? {
            let mut reading = self.enter(&stretch)?;
            // On an error the segment stays closed, so that the next attempt
            // begins it anew and finds the same.
            let flow = reading.walk((&self.segments, &stretch), &mut self.next, visit)?;
            self.open = Some(reading);
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl SegmentCursor {
    /// The segment of `stretch`, where this cursor left it if it is there.
    fn enter(&mut self, stretch: &Stretch) -> Result<Reading, LogError> {
        let path = segment::path_of(&self.segments.dir, stretch.first);
        if let Some(mut reading) = self.open.take().filter(|open| open.first == stretch.first) {
            let file_bytes = reading.scanner.file().len().map_err(LogError::io("read", &path))?;
            reading.scanner.extend(stretch.limit.unwrap_or(file_bytes));
            return Ok(reading);
        }
        let scanner = self.segments.open(stretch, self.next)?;
        Ok(Reading { first: stretch.first, path, scanner })
    }
}

impl Reading {
    fn walk(
        &mut self,
        (segments, stretch): (&Segments, &Stretch),
        next: &mut Lsn,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, LogError> {
        loop {
            let bad = match self.scanner.step().map_err(LogError::io("read", &self.path))? {
                Step::Frame(frame) if frame.kind == Kind::Seal || frame.lsn < *next => continue,
                Step::Frame(frame) => {
                    *next = frame.lsn.next();
                    if visit(frame.lsn, self.scanner.payload()).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    continue;
                }
                Step::Bad(defect) => defect,
                Step::End => match self.behind_end(stretch)? {
                    None => return Ok(ControlFlow::Continue(())),
                    Some(defect) => defect,
                },
            };
            let damage = self.refusing(bad);
            let passed = self.pass_over(&damage, stretch, *next)?;
            segments.tell(&damage);
            if passed == Passed::ToTheEnd {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// Goes on behind damage, when it holds neither record `next` nor a later one:
    /// the reader asked for no record before `next`.
    fn pass_over(
        &mut self,
        damage: &LogError,
        stretch: &Stretch,
        next: Lsn,
    ) -> Result<Passed, LogError> {
        if let LogError::NewerFormat { .. } = damage {
            return Err(damage.clone());
        }
        let lost_from = self.scanner.expected();
        match self.scanner.resume().map_err(LogError::io("read", &self.path))? {
            Some(whole) if whole == lost_from || whole <= next => Ok(Passed::ToAFrame),
            // In the room behind the last frame of a segment that another one follows.
            None if stretch.limit.is_none() && stretch.following == lost_from => {
                Ok(Passed::ToTheEnd)
            }
            _ => Err(damage.clone()),
        }
    }

    /// What is wrong where the written part ends, if anything. A segment that another
    /// one follows ends in zeros; the last one ends where its durable part does. Both end
    /// right before the record that follows.
    fn behind_end(&self, stretch: &Stretch) -> Result<Option<Defect>, LogError> {
        let at = self.scanner.at();
        let file = self.scanner.file();
        let limit = match stretch.limit {
            Some(limit) => limit,
            None => file.len().map_err(LogError::io("read", &self.path))?,
        };
        let behind = behind_end(file, at, limit).map_err(LogError::io("read", &self.path))?;
        if behind.is_some() {
            return Ok(behind);
        }
        let found = stretch.following;
        match stretch.limit {
            // Zeros where there was a durable record.
            Some(limit) if at < limit => Err(self.refusing(Defect::Length { found: 0 })),
            _ if found != self.scanner.expected() => Err(self.refusing(Defect::Order { found })),
            _ => Ok(None),
        }
    }

    fn refusing(&self, defect: Defect) -> LogError {
        LogError::refusing(&self.path, self.scanner.at(), self.scanner.expected(), defect)
    }
}
