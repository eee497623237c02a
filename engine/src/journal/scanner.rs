//! Reads the frames of one segment in order, in large pieces.

use std::io;

use super::error::Defect;
use super::frame::{self, Frame, Kind};
use super::limits::{FRAME_HEADER_BYTES, READ_CHUNK_BYTES, READ_PAGE_BYTES};
use super::lsn::Lsn;
use super::segment::SEGMENT_HEADER_BYTES;
use crate::disk::{DiskFile, is_unreadable};

/// What is at the scanner's place in the file.
pub(crate) enum Step {
    /// A whole frame, in order; its payload is [`Scanner::payload`].
    Frame(Frame),
    /// The end of the written part, or of what may be read.
    End,
    /// Something else. The scanner stays where it is.
    Bad(Defect),
}

/// A whole frame somewhere in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its offset in the file, in bytes.
    pub(crate) at: u64,
    pub(crate) frame: Frame,
}

impl Found {
    /// The record that is next where this frame begins.
    fn next(&self) -> Lsn {
        match self.frame.kind {
            Kind::Record => self.frame.lsn,
            Kind::Seal => self.frame.lsn.next(),
        }
    }
}

/// A place in a segment, and a buffer of what lies there.
///
/// **Invariant, window.** `buffer[start..]` holds the file's bytes from `at`
/// on, and never a byte at or past `limit`: there a writer may be at work.
pub(crate) struct Scanner {
    file: Box<dyn DiskFile>,
    buffer: Vec<u8>,
    start: usize,
    /// Offset in the file of the next frame.
    at: u64,
    limit: u64,
    expected: Lsn,
    payload: (usize, usize),
}

impl Scanner {
    /// A scanner at the first frame of `file`, whose first record is `first`,
    /// that reads up to byte `limit` of the file.
    pub(crate) fn new(file: Box<dyn DiskFile>, first: Lsn, limit: u64) -> Self {
        let at = SEGMENT_HEADER_BYTES as u64;
        let (buffer, limit) = (Vec::new(), limit.max(at));
        Self { file, buffer, start: 0, at, limit, expected: first, payload: (0, 0) }
    }

    /// Lets the scanner read up to byte `limit` of the file; never less than
    /// before.
    pub(crate) fn extend(&mut self, limit: u64) {
        self.limit = self.limit.max(limit);
    }

    /// Offset in the file of what the next step looks at.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// The record that is next in order.
    pub(crate) const fn expected(&self) -> Lsn {
        self.expected
    }

    /// The payload of the frame that the last step found.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.buffer[self.payload.0..self.payload.1]
    }

    /// The file that is read.
    pub(crate) fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

    /// Looks at the next frame and, if it is whole and in order, passes it.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        let room = self.limit - self.at;
        if room == 0 {
            return Ok(Step::End);
        }
        if let Some(defect) = self.hold(FRAME_HEADER_BYTES)? {
            return Ok(Step::Bad(defect));
        }
        let length = match frame::claimed_length(&self.buffer[self.start..], room) {
            Ok(Some(length)) => length,
            Ok(None) => return Ok(Step::End),
            Err(defect) => return Ok(Step::Bad(defect)),
        };
        if let Some(defect) = self.hold(length)? {
            return Ok(Step::Bad(defect));
        }
        let end = self.start + length;
        let Some(bytes) = self.buffer.get(self.start..end) else {
            // The file became shorter than it was when its length was taken.
            return Ok(Step::Bad(Defect::FileLength { found: self.at, made: self.limit }));
        };
        match frame::decode(bytes).and_then(|frame| self.in_order(frame)) {
            Ok(frame) => Ok(self.pass(frame)),
            Err(defect) => Ok(Step::Bad(defect)),
        }
    }

    /// Goes on at the next whole frame behind what the last step found bad, and answers
    /// the record that is next there. Without one the scanner stays where it is.
    pub(crate) fn resume(&mut self) -> io::Result<Option<Lsn>> {
        let Some(found) = find_frame(&*self.file, self.at, self.limit, self.expected, |_| true)?
        else {
            return Ok(None);
        };
        self.go_to(found.at, found.next());
        Ok(Some(self.expected))
    }

    /// Whether a whole frame in order is here. The scanner stays.
    pub(crate) fn is_at_frame(&mut self) -> io::Result<bool> {
        let (at, expected) = (self.at, self.expected);
        let is_frame = matches!(self.step()?, Step::Frame(_));
        self.go_to(at, expected);
        Ok(is_frame)
    }

    fn go_to(&mut self, at: u64, expected: Lsn) {
        self.buffer.clear();
        self.start = 0;
        (self.at, self.expected) = (at, expected);
    }

    fn in_order(&self, frame: Frame) -> Result<Frame, Defect> {
        let wanted = match frame.kind {
            Kind::Record => self.expected,
            Kind::Seal => self.expected.previous(),
        };
        if frame.lsn == wanted { Ok(frame) } else { Err(Defect::Order { found: frame.lsn }) }
    }

    fn pass(&mut self, frame: Frame) -> Step {
        self.payload = (self.start + FRAME_HEADER_BYTES, self.start + frame.bytes);
        self.start += frame.bytes;
        self.at += frame.bytes as u64;
        if frame.kind == Kind::Record {
            self.expected = self.expected.next();
        }
        Step::Frame(frame)
    }

    /// Has at least `wanted` bytes in the window, or all there are; answers what is wrong
    /// when they cannot be read.
    fn hold(&mut self, wanted: usize) -> io::Result<Option<Defect>> {
        let readable = usize::try_from(self.limit - self.at).unwrap_or(usize::MAX);
        loop {
            let held = self.buffer.len() - self.start;
            if held >= wanted.min(readable) {
                return Ok(None);
            }
            self.buffer.copy_within(self.start.., 0);
            let size = readable.min(wanted.max(READ_CHUNK_BYTES)).max(held);
            self.buffer.resize(size, 0);
            self.start = 0;
            let read = read_some(&*self.file, &mut self.buffer[held..], self.at + held as u64)?;
            self.buffer.truncate(held + read.unwrap_or(0));
            match read {
                None => return Ok(Some(Defect::Unreadable)),
                Some(0) => return Ok(None),
                Some(_) => {}
            }
        }
    }
}

/// Reads from `at` on what the disk gives back, up to the first page that it does not;
/// none when that is the first one.
fn read_some(file: &dyn DiskFile, buffer: &mut [u8], at: u64) -> io::Result<Option<usize>> {
    match file.read_at(buffer, at) {
        Err(error) if is_unreadable(&error) => {}
        read => return read.map(Some),
    }
    let mut done = 0;
    while done < buffer.len() {
        let from = at + done as u64;
        let in_page = usize::try_from(next_page(from) - from).unwrap_or(usize::MAX);
        let piece = in_page.min(buffer.len() - done);
        match file.read_at(&mut buffer[done..done + piece], from) {
            Err(error) if is_unreadable(&error) => break,
            Ok(read) if read == piece => done += read,
            read => return Ok(Some(done + read?)),
        }
    }
    Ok(Some(done).filter(|done| *done > 0))
}

/// Where the page behind the one of byte `at` begins.
const fn next_page(at: u64) -> u64 {
    (at / READ_PAGE_BYTES + 1) * READ_PAGE_BYTES
}

/// What is wrong with the bytes from `at` up to `limit`, if they are not all zero.
pub(crate) fn behind_end(file: &dyn DiskFile, at: u64, limit: u64) -> io::Result<Option<Defect>> {
    let mut buffer = vec![0; READ_CHUNK_BYTES];
    let mut at = at;
    while at < limit {
        let left = usize::try_from(limit - at).unwrap_or(usize::MAX);
        let wanted = left.min(READ_CHUNK_BYTES);
        let Some(read) = read_some(file, &mut buffer[..wanted], at)? else {
            return Ok(Some(Defect::Unreadable));
        };
        if let Some(found) = buffer[..read].iter().position(|byte| *byte != 0) {
            return Ok(Some(Defect::AfterEnd { at: at + found as u64 }));
        }
        if read == 0 {
            break;
        }
        at += read as u64;
    }
    Ok(None)
}

/// The first whole frame behind byte `bad`, up to byte `limit`, that `accept` takes.
/// `expected` is the record that should be at `bad`: a frame that cannot follow it is
/// chance.
pub(crate) fn find_frame(
    file: &dyn DiskFile,
    bad: u64,
    limit: u64,
    expected: Lsn,
    accept: impl Fn(Found) -> bool,
) -> io::Result<Option<Found>> {
    let mut window = vec![0; READ_CHUNK_BYTES];
    let mut from = bad + 1;
    while from < limit {
        let left = usize::try_from(limit - from).unwrap_or(usize::MAX);
        let wanted = left.min(READ_CHUNK_BYTES);
        let Some(read) = read_some(file, &mut window[..wanted], from)? else {
            from = next_page(from);
            continue;
        };
        let written = window[..read].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for offset in 0..written {
            let at = from + offset as u64;
            let Some(header) = window[offset..read].first_chunk() else { break };
            if let Some(frame) = frame_at(file, at, header, (expected, limit))?
                && accept(Found { at, frame })
            {
                return Ok(Some(Found { at, frame }));
            }
        }
        if read == 0 {
            break;
        }
        // A header that the window cuts through is whole in the next one.
        from += (read + 1).saturating_sub(FRAME_HEADER_BYTES).max(1) as u64;
    }
    Ok(None)
}

/// The frame at byte `at` whose header is that, if it is whole and may come after the
/// record before `expected`.
fn frame_at(
    file: &dyn DiskFile,
    at: u64,
    header: &[u8; FRAME_HEADER_BYTES],
    (expected, limit): (Lsn, u64),
) -> io::Result<Option<Frame>> {
    let room = limit - at;
    // No more records than this fit.
    let plausible = expected.previous()..=expected.plus(limit / FRAME_HEADER_BYTES as u64);
    if !plausible.contains(&frame::lsn_of(header)) {
        return Ok(None);
    }
    let Ok(Some(length)) = frame::claimed_length(header, room) else { return Ok(None) };
    let mut bytes = vec![0; length];
    if read_some(file, &mut bytes, at)?.is_none_or(|read| read < length) {
        return Ok(None);
    }
    let is_behind = |frame: &Frame| frame.kind == Kind::Seal || frame.lsn >= expected;
    Ok(frame::decode(&bytes).ok().filter(is_behind))
}

/// Where only zeros follow from, up to `limit`, and `at` at least; none when not all from
/// `at` on can be read.
pub(crate) fn written_end(file: &dyn DiskFile, at: u64, limit: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; READ_CHUNK_BYTES];
    let (mut at, mut end) = (at, at);
    while at < limit {
        let left = usize::try_from(limit - at).unwrap_or(usize::MAX);
        let wanted = left.min(READ_CHUNK_BYTES);
        let Some(read) = read_some(file, &mut buffer[..wanted], at)? else { return Ok(None) };
        if let Some(found) = buffer[..read].iter().rposition(|byte| *byte != 0) {
            end = at + found as u64 + 1;
        }
        if read == 0 {
            break;
        }
        at += read as u64;
    }
    Ok(Some(end))
}
