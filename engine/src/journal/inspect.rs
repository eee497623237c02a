//! Looks at a journal without locking or changing it.

use std::path::{Path, PathBuf};

use super::error::LogError;
use super::known::Known;
use super::lsn::Lsn;
use super::segment;
use super::segment_log::segments_if_any;
use super::survey::{Survey, TornTail, survey};
use crate::disk::Disk;

/// One segment, read through.
#[derive(Clone, Debug)]
pub struct SegmentReport {
    /// The segment's path.
    pub file: PathBuf,
    /// The first record that belongs here.
    pub first: Lsn,
    /// What is in it.
    pub state: SegmentState,
}

/// What is in a segment.
#[derive(Clone, Debug)]
pub enum SegmentState {
    /// Whole, as far as it was written.
    Sound(SegmentContent),
    /// The last segment, whose end was torn by a crash and will be cut at the
    /// next start. In a journal that is in use, a batch may be under way.
    Torn(SegmentContent, TornTail),
    /// Damaged, or not followed by the segment that should follow: all that is wrong
    /// with it, in order, and what there is all the same.
    Damaged(SegmentContent, Vec<LogError>),
    /// It cannot be read, or a newer program wrote it.
    Unreadable(LogError),
}

/// What is in a segment, as far as it is not damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentContent {
    /// The last record; the one before the segment's first if it has none.
    pub last: Lsn,
    /// Bytes from the start of the file to the end of the last frame.
    pub bytes_used: u64,
    /// The file's length, in bytes.
    pub bytes: u64,
    /// Whether a seal ends it: the journal was closed in order.
    pub sealed: bool,
}

/// A journal, read through.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its segments, ascending.
    pub segments: Vec<SegmentReport>,
    /// What was acknowledged and is missing at its end, if anything is.
    pub missing: Option<LogError>,
}

/// Reads all segments in `dir` through, checking every byte. A directory that is not
/// there has none.
///
/// # Errors
/// When the directory cannot be listed. What is wrong with a segment is in its
/// report.
pub fn inspect(disk: &dyn Disk, dir: &Path, known: Known) -> Result<Inspected, LogError> {
    let firsts = segments_if_any(disk, dir)?;
    let following = firsts.iter().skip(1).map(|first| Some(*first)).chain([None]);
    let reports = firsts.iter().zip(following).map(|(first, following)| SegmentReport {
        file: segment::path_of(dir, *first),
        first: *first,
        state: state_of(survey(disk, dir, *first, following, known)),
    });
    let segments: Vec<_> = reports.collect();
    let last = match segments.last().map(|report| &report.state) {
        None => Some(known.covered),
        Some(SegmentState::Unreadable(_)) => None,
        Some(
            SegmentState::Sound(content)
            | SegmentState::Torn(content, _)
            | SegmentState::Damaged(content, _),
        ) => Some(content.last),
    };
    let missing = last.and_then(|last| known.refuse_end_at(last, dir).err());
    Ok(Inspected { segments, missing })
}

fn state_of(found: Result<Survey, LogError>) -> SegmentState {
    let found = match found {
        Ok(found) => found,
        Err(error) => return SegmentState::Unreadable(error),
    };
    let content = SegmentContent {
        last: found.last,
        bytes_used: found.end,
        bytes: found.file_bytes,
        sealed: found.sealed,
    };
    if !found.damage.is_empty() {
        let damage = found.damage.into_iter().map(|damage| damage.error);
        return SegmentState::Damaged(content, damage.collect());
    }
    match found.torn {
        Some(torn) => SegmentState::Torn(content, torn),
        None => SegmentState::Sound(content),
    }
}
