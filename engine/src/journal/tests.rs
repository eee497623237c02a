//! Properties of the whole journal, on a simulated disk.

mod crashes;
mod damage;
mod group;
mod log;
mod mark;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::disk::SimulatedDisk;

const DIR: &str = "/data/journal";

/// Small, so that a short run has several segments.
const OPTIONS: Options = Options {
    segment_bytes: 512,
    known: Known { covered: Lsn::NONE, marked: Marked::Not },
    spares: false,
};

/// Where the mark is in those tests that have one.
const MARK: &str = "/data/MARK";

fn open(disk: &SimulatedDisk) -> Result<SegmentLog, LogError> {
    SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), OPTIONS)
}

/// A journal whose records up to `lsn` are in a snapshot.
const fn covered(lsn: u64) -> Known {
    Known { covered: Lsn::new(lsn), marked: Marked::Not }
}

/// As the engine does: with a mark, and with what is known by it.
fn open_marked(disk: &SimulatedDisk, covered: u64) -> Result<SegmentLog, LogError> {
    let mark = Mark::open(Arc::new(disk.clone()), Path::new(MARK))?;
    let known = Known { covered: Lsn::new(covered), marked: mark.found() };
    let options = Options { known, ..OPTIONS };
    let log = SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options)?;
    Ok(log.marking(mark))
}

/// The payload of the record `lsn` in all of these tests: 20 to 35 bytes, some
/// of them zero, as in a real record.
fn payload(lsn: Lsn) -> Vec<u8> {
    let mut bytes = format!("record {lsn:05}\0\0\0\0\0\0\0\0").into_bytes();
    bytes.resize(20 + usize::try_from(lsn.get() % 16).unwrap(), 0);
    bytes
}

/// The next `records` records of a log that ends at `last`.
fn batch_after(last: Lsn, records: u64) -> Batch {
    let mut batch = Batch::starting_at(last.next());
    for _ in 0..records {
        let bytes = payload(batch.next());
        batch.push(Payload::new(&bytes).unwrap());
    }
    batch
}

fn append(log: &mut SegmentLog, records: u64) -> Result<Lsn, LogError> {
    let last = log.history().last();
    log.append(&batch_after(last, records))
}

/// Appends `batches` batches of 3 records.
fn append_batches(log: &mut SegmentLog, batches: u64) {
    for _ in 0..batches {
        append(log, 3).unwrap();
    }
}

/// Reads all records, checks each, and answers the last.
fn read_all(history: &dyn History) -> Result<Lsn, LogError> {
    let mut cursor = history.cursor(history.first());
    let mut expected = history.first();
    cursor.read(&mut |lsn, bytes| {
        assert_eq!(lsn, expected, "records come without a gap");
        assert_eq!(bytes, payload(lsn), "a damaged record is never served");
        expected = expected.next();
        ControlFlow::Continue(())
    })?;
    assert_eq!(expected, history.last().next(), "nothing is left out");
    Ok(history.last())
}

/// Opens the journal and reads all of it.
fn recover(disk: &SimulatedDisk) -> Result<Lsn, LogError> {
    read_all(&*open(disk)?.history())
}

fn segments(disk: &SimulatedDisk) -> Vec<PathBuf> {
    let reports = inspect(disk, Path::new(DIR), Known::default()).unwrap().segments;
    reports.into_iter().map(|report| report.file).collect()
}

/// A disk with a log of `batches` batches of 3 records, closed in order or not.
fn disk_with(batches: u64, sealed: bool) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let mut log = open(&disk).unwrap();
    append_batches(&mut log, batches);
    if sealed {
        log.seal().unwrap();
    }
    disk.restart()
}

/// The last batch of an unsealed log, as offsets in the last segment.
fn last_batch(disk: &SimulatedDisk) -> (PathBuf, usize, usize) {
    let reports = inspect(disk, Path::new(DIR), Known::default()).unwrap().segments;
    let report = reports.last().unwrap();
    let SegmentState::Sound(content) = &report.state else { panic!("{report:?}") };
    let end = usize::try_from(content.bytes_used).unwrap();
    let bytes = batch_after(Lsn::new(15), 3).bytes().len();
    (report.file.clone(), end - bytes, end)
}
