use super::*;
use crate::disk::{Access, Disk};

#[test]
fn a_damaged_journal_is_read_up_to_its_damage() {
    let disk = disk_with(20, true);
    for segment in segments(&disk) {
        let disk = disk.restart();
        disk.flip_bit(&segment, 45 * 8);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let history = open_damaged(shared, Path::new(DIR), Known::default()).unwrap().history();
        let mut last = Lsn::NONE;
        let read = history.cursor(Lsn::FIRST).read(&mut |lsn, bytes| {
            assert_eq!(bytes, payload(lsn));
            last = lsn;
            ControlFlow::Continue(())
        });
        assert!(matches!(read, Err(LogError::Corrupt { .. })), "{read:?}");
        let name = segment.file_stem().unwrap().to_str().unwrap();
        assert_eq!(last.next().get(), name.parse::<u64>().unwrap(), "{segment:?}");
    }
}

/// Puts `content` in place of what is stored in `file`.
fn with_content(disk: &SimulatedDisk, file: &Path, content: &[u8]) -> SimulatedDisk {
    let changed = disk.crash(0);
    changed.put(file, content);
    changed
}

#[test]
fn a_batch_torn_at_any_byte_is_cut_and_nothing_before_it() {
    let disk = disk_with(6, false);
    let (file, from, end) = last_batch(&disk);
    let whole = disk.contents(&file).unwrap();
    let ends: Vec<usize> =
        (1..=3).map(|records| from + batch_after(Lsn::new(15), records).bytes().len()).collect();
    for cut in from..end {
        let mut torn = whole.clone();
        torn[cut..].fill(0);
        // A record that lost only zeros is whole.
        let intact = ends.iter().take_while(|end| torn[..**end] == whole[..**end]).count();
        let intact_end = intact.checked_sub(1).map_or(from, |last| ends[last]);
        let something_left = torn[intact_end..].iter().any(|byte| *byte != 0);
        let disk = with_content(&disk, &file, &torn);
        let log = open(&disk).unwrap();
        let last = read_all(&*log.history()).unwrap();
        assert_eq!(last, Lsn::new(15 + intact as u64), "cut at {cut}");
        assert_eq!(log.torn_tail().is_some(), something_left, "cut at {cut}");
        drop(log);
        assert!(open(&disk).unwrap().torn_tail().is_none(), "a tail is cut once");
        assert_eq!(recover(&disk.crash(1)).unwrap(), last);
    }
}

#[test]
fn a_batch_that_lost_its_beginning_is_a_torn_tail() {
    let disk = disk_with(6, false);
    let (file, from, end) = last_batch(&disk);
    let whole = disk.contents(&file).unwrap();
    for hole_end in from + 1..end {
        let mut torn = whole.clone();
        torn[from..hole_end].fill(0);
        let disk = with_content(&disk, &file, &torn);
        let log = open(&disk).unwrap();
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(15));
        if let Some(tail) = log.torn_tail() {
            assert_eq!((tail.expected, tail.offset), (Lsn::new(16), from as u64));
        } else {
            assert!(torn[from..].iter().all(|byte| *byte == 0), "hole to {hole_end}");
        }
        let content = disk.contents(&file).unwrap();
        assert!(content[from..].iter().all(|byte| *byte == 0), "only zeros follow the end");
    }
}

#[test]
fn every_flipped_bit_of_a_closed_log_is_found() {
    let disk = disk_with(6, true);
    for file in segments(&disk) {
        let bits = disk.contents(&file).unwrap().len() * 8;
        for bit in 0..bits as u64 {
            let damaged = disk.crash(0);
            damaged.flip_bit(&file, bit);
            let reported = inspect(&damaged, Path::new(DIR), Known::default()).unwrap().segments;
            let all_sound =
                reported.iter().all(|report| matches!(report.state, SegmentState::Sound(_)));
            assert!(!all_sound, "bit {bit} of {} is not found", file.display());
            // What follows the last record, the seal included, may be cut; no
            // record may.
            if let Ok(last) = recover(&damaged) {
                assert_eq!(last, Lsn::new(18), "bit {bit} of {}", file.display());
            }
        }
    }
}

#[test]
fn a_flipped_bit_costs_an_open_log_at_most_its_last_batch() {
    let disk = disk_with(6, false);
    let (last_file, from, _) = last_batch(&disk);
    for file in segments(&disk) {
        let bits = disk.contents(&file).unwrap().len() * 8;
        for bit in 0..bits as u64 {
            let damaged = disk.crash(0);
            damaged.flip_bit(&file, bit);
            let durable_middle = file != last_file || bit < from as u64 * 8;
            match open(&damaged) {
                Ok(log) if log.torn_tail().is_some() => {
                    assert!(!durable_middle, "bit {bit} of {} was cut", file.display());
                    assert!(read_all(&*log.history()).unwrap() >= Lsn::new(15));
                }
                // In a header, or in room that is not used: no record is lost.
                Ok(log) => {
                    if let Ok(last) = read_all(&*log.history()) {
                        assert_eq!(last, Lsn::new(18), "bit {bit} of {}", file.display());
                    }
                }
                Err(error) => assert!(
                    error.to_string().contains("backstock")
                        || matches!(error, LogError::NewerFormat { .. })
                ),
            }
        }
    }
}

/// A seal is in the durable middle once something follows it.
#[test]
fn a_damaged_seal_in_the_middle_never_costs_a_record() {
    let disk = disk_with(1, true);
    let mut log = open(&disk).unwrap();
    append(&mut log, 3).unwrap();
    drop(log);
    let file = segments(&disk).remove(0);
    let seal_at = 32 + batch_after(Lsn::NONE, 3).bytes().len();
    for bit in seal_at * 8..(seal_at + 24) * 8 {
        let damaged = disk.restart().crash(0);
        damaged.flip_bit(&file, bit as u64);
        assert_eq!(recover(&damaged).unwrap(), Lsn::new(6), "bit {bit}");
        let reports = inspect(&damaged, Path::new(DIR), Known::default()).unwrap().segments;
        assert!(matches!(reports[0].state, SegmentState::Damaged(..)), "bit {bit}");
    }
}

#[test]
fn an_error_says_where_what_and_which_command() {
    let disk = disk_with(6, true);
    let file = segments(&disk).remove(0);
    disk.flip_bit(&file, 70 * 8);
    let error = recover(&disk).unwrap_err();
    let LogError::Corrupt { offset: 32, expected: Lsn::FIRST, .. } = error else {
        panic!("{error}")
    };
    let message = error.to_string();
    for part in
        ["00000000000000000001.journal", "byte 32", "LSN 1", "checksum", "backstock restore"]
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_missing_segment_is_a_gap() {
    let disk = disk_with(20, true);
    let files = segments(&disk);
    disk.remove(&files[1]).unwrap();
    assert!(matches!(recover(&disk).unwrap_err(), LogError::Gap { .. }));
    let reports = inspect(&disk, Path::new(DIR), Known::default()).unwrap().segments;
    let SegmentState::Damaged(_, damage) = &reports[0].state else { panic!("{reports:?}") };
    assert!(matches!(damage[..], [LogError::Gap { .. }]), "{damage:?}");
}

#[test]
fn a_gap_within_a_segment_is_refused() {
    let disk = disk_with(1, false);
    let file = segments(&disk).remove(0);
    let at = 32 + batch_after(Lsn::NONE, 3).bytes().len();
    let beyond = batch_after(Lsn::new(4), 1);
    let handle = disk.open(&file, Access::Write).unwrap();
    handle.write_at(beyond.bytes(), at as u64).unwrap();
    let error = recover(&disk).unwrap_err();
    let LogError::Gap { expected, found, .. } = error else { panic!("{error}") };
    assert_eq!((expected, found), (Lsn::new(4), Lsn::new(5)));
}

#[test]
fn a_shortened_segment_is_refused_at_every_length_that_may_have_cost_a_record() {
    let disk = disk_with(6, false);
    let last_file = segments(&disk).pop().unwrap();
    for file in segments(&disk) {
        for bytes in 0..512 {
            let damaged = disk.crash(0);
            damaged.truncate(&file, bytes);
            let what = format!("{bytes} bytes of {}", file.display());
            match recover(&damaged) {
                // Only room that is not used is gone, as the next segment proves.
                Ok(last) => assert!(last == Lsn::new(18) && file != last_file, "{what}: {last}"),
                Err(error) => assert!(error.to_string().contains("backstock"), "{what}"),
            }
        }
    }
}

#[test]
fn foreign_files_are_left_alone_unless_they_pose_as_segments() {
    let disk = disk_with(6, true);
    let dir = Path::new(DIR);
    disk.put(&dir.join("notes.txt"), b"mine");
    assert_eq!(recover(&disk).unwrap(), Lsn::new(18));
    assert_eq!(disk.contents(&dir.join("notes.txt")).unwrap(), b"mine");
    disk.put(&dir.join("00000000000000000019.journal"), &[7; 512]);
    let error = recover(&disk).unwrap_err();
    assert!(matches!(error, LogError::Corrupt { defect: Defect::Magic, .. }), "{error}");
}

#[test]
fn a_frame_of_a_newer_format_is_no_damage() {
    let disk = disk_with(1, false);
    let file = segments(&disk).remove(0);
    let mut content = disk.contents(&file).unwrap();
    content[32 + 20] = 2;
    let bytes = 24 + payload(Lsn::FIRST).len();
    let frame = &mut content[32..32 + bytes];
    frame[4..8].fill(0);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[24..]);
    hasher.update(&frame[..24]);
    let checksum = hasher.finalize().to_le_bytes();
    frame[4..8].copy_from_slice(&checksum);
    let error = recover(&with_content(&disk, &file, &content)).unwrap_err();
    assert!(matches!(error, LogError::NewerFormat { found: 2, known: 1, .. }), "{error}");
}

/// The record that a byte of a segment belongs to; none for what no record is in.
fn record_at(content: &[u8], byte: usize) -> Option<u64> {
    let mut at = 32;
    while let Some(header) = content.get(at..at + 24).filter(|header| header[0] != 0) {
        let length = u32::from_le_bytes(header[..4].try_into().unwrap()) as usize;
        if (at..at + length).contains(&byte) {
            let is_record = header[21] == 1;
            return is_record.then(|| u64::from_le_bytes(header[8..16].try_into().unwrap()));
        }
        at += length;
    }
    None
}

/// Reads what is there from `from` on.
fn read_from(log: &SegmentLog, from: u64) -> Result<Lsn, LogError> {
    let mut next = Lsn::new(from);
    log.history().cursor(next).read(&mut |lsn, bytes| {
        assert_eq!((lsn, bytes), (next, &payload(lsn)[..]));
        next = next.next();
        ControlFlow::Continue(())
    })?;
    Ok(next.previous())
}

/// Wherever it is: in a record, a header, a seal, or room that is not used; in the last
/// segment or an older one.
#[test]
fn damage_costs_nobody_who_needs_only_what_comes_after_it() {
    let disk = disk_with(20, true);
    let (mut passed, mut refused) = (0, 0);
    for file in segments(&disk) {
        let content = disk.contents(&file).unwrap();
        for (byte, from) in (0..512).step_by(5).flat_map(|byte| [1, 29, 60, 61].map(|f| (byte, f)))
        {
            let what = format!("byte {byte} of {}, from {from}", file.display());
            let damaged = disk.crash(0);
            damaged.flip_bit(&file, (byte * 8 + byte % 8) as u64);
            let known = Known { covered: Lsn::new(from - 1), marked: Marked::Closed(Lsn::new(60)) };
            let options = Options { known, ..OPTIONS };
            let open = |disk: &SimulatedDisk| {
                SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options)
            };
            let read = open(&damaged).and_then(|log| read_from(&log, from));
            if record_at(&content, byte).is_some_and(|lsn| lsn >= from) {
                assert!(matches!(read, Err(LogError::Corrupt { .. })), "{what}: {read:?}");
                refused += 1;
                continue;
            }
            assert_eq!(read.unwrap_or_else(|e| panic!("{what}: {e}")), Lsn::new(60), "{what}");
            let mut log = open(&damaged).unwrap();
            append(&mut log, 2).unwrap();
            drop(log);
            let log = open(&damaged.crash(3)).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(read_from(&log, from).unwrap(), Lsn::new(62), "{what}");
            passed += 1;
        }
    }
    assert!(passed > 100 && refused > 100, "{passed} passed, {refused} refused");
}

/// What a snapshot covers may be gone from the last segment, or with it.
#[test]
fn a_log_whose_end_is_damaged_goes_on_behind_the_snapshot_that_covers_it() {
    let disk = disk_with(20, false);
    let file = segments(&disk).pop().unwrap();
    let written = disk.contents(&file).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
    for damage in ["flipped", "truncated", "removed"] {
        let at = |lsn| Marked::At(Lsn::new(lsn));
        let closed = Marked::Closed(Lsn::new(60));
        for (covered, marked) in
            [(60, closed), (59, closed), (60, at(60)), (60, at(30)), (60, Marked::Not)]
        {
            let disk = disk.crash(0);
            match damage {
                "flipped" => {
                    for byte in 40..written {
                        disk.flip_bit(&file, byte as u64 * 8);
                    }
                }
                "truncated" => disk.truncate(&file, 100),
                _ => disk.remove(&file).unwrap(),
            }
            let known = Known { covered: Lsn::new(covered), marked };
            let options = Options { known, ..OPTIONS };
            let open = || SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options);
            if (covered, marked) != (60, closed) {
                let ends = open().map(|log| log.history().last());
                // Without a mark, or with one that a power cut may have left behind, the
                // recovery that loads the snapshot finds that the log ends before it.
                let is_told = ends.as_ref().map_or(true, |last| *last < Lsn::new(covered));
                assert!(is_told, "{damage}, {covered}, {marked:?}: {ends:?}");
                continue;
            }
            let mut log = open().unwrap_or_else(|error| panic!("{damage}: {error}"));
            append(&mut log, 2).unwrap();
            drop(log);
            let log = open().unwrap_or_else(|error| panic!("{damage}: {error}"));
            assert_eq!(read_from(&log, 61).unwrap(), Lsn::new(62), "{damage}");
            let behind = read_from(&log, 60);
            assert!(behind.is_err(), "{damage}: {behind:?}");
        }
    }
}

/// After a power cut the mark may be of any batch before the last one: records may be
/// gone that it does not name.
#[test]
fn a_mark_that_is_behind_does_not_tell_where_a_damaged_log_ended() {
    let disk = disk_with(20, false);
    let file = segments(&disk).pop().unwrap();
    let content = disk.contents(&file).unwrap();
    let first = segment::first_lsn_of(file.file_name().unwrap().to_str().unwrap()).unwrap();
    let second_ends = 32 + batch_after(first.previous(), 2).bytes().len();
    for (what, kept, before, covered) in [
        ("zeroed", vec![0; content.len()], first, Lsn::NONE),
        ("empty", Vec::new(), first, Lsn::NONE),
        ("zeroed", vec![0; content.len()], first, first),
        ("cut short behind a frame", content[..second_ends].to_vec(), first.next(), first),
    ] {
        let damaged = disk.crash(0);
        damaged.put(&file, &kept);
        let known = Known { covered, marked: Marked::At(before.previous()) };
        let opened =
            SegmentLog::open(Arc::new(damaged), Path::new(DIR), Options { known, ..OPTIONS });
        let ends = opened.map(|log| log.history().last());
        assert!(matches!(ends, Err(LogError::Corrupt { .. })), "{what}, {covered}: {ends:?}");
    }
}

#[test]
fn all_damage_is_listed_with_the_record_that_should_be_there() {
    let disk = disk_with(20, true);
    let mut expected = Vec::new();
    for file in segments(&disk) {
        let content = disk.contents(&file).unwrap();
        // Further apart than two records are long: one between them is whole.
        for byte in (32..512).step_by(130) {
            if let Some(lsn) = record_at(&content, byte) {
                disk.flip_bit(&file, byte as u64 * 8);
                expected.push(lsn);
            }
        }
    }
    let mut listed = Vec::new();
    for report in inspect(&disk, Path::new(DIR), Known::default()).unwrap().segments {
        let SegmentState::Damaged(_, damage) = report.state else { continue };
        for error in damage {
            let LogError::Corrupt { expected, .. } = error else { panic!("{error}") };
            listed.push(expected.get());
        }
    }
    assert!(expected.len() > 10);
    assert_eq!(listed, expected);
}

/// Cutting goes by the names of segments and reads none of them.
#[test]
fn a_damaged_segment_is_dropped_like_any_other() {
    let disk = disk_with(20, true);
    let damaged = segments(&disk).remove(1);
    disk.flip_bit(&damaged, 45 * 8);
    let log = open(&disk).unwrap();
    assert!(read_all(&*log.history()).is_err());
    log.history().drop_before(Lsn::new(30)).unwrap();
    assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(60));
}

/// Pages of segments that a disk does not give back, each by itself: headers, records, and
/// room that is not used.
#[test]
fn what_cannot_be_read_costs_nobody_who_needs_only_what_comes_after_it() {
    let disk = SimulatedDisk::new();
    let options = Options { segment_bytes: 16 << 10, ..OPTIONS };
    let open = |disk: &SimulatedDisk, known| {
        let options = Options { known, ..options };
        SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options)
    };
    let mut log = open(&disk, Known::default()).unwrap();
    append_batches(&mut log, 200);
    let (last, marked) = (600, Marked::Closed(Lsn::new(600)));
    log.seal().unwrap();
    drop(log);
    let disk = disk.restart();
    let (mut passed, mut refused) = (0, 0);
    for file in segments(&disk) {
        let content = disk.contents(&file).unwrap();
        for page in (0..content.len()).step_by(4096) {
            let bytes = page..page + 4096;
            let lost = bytes.clone().filter_map(|byte| record_at(&content, byte)).max();
            let damaged = disk.restart();
            damaged.make_unreadable(&file, bytes);
            let what = format!("page {page} of {}", file.display());
            for covered in [0, lost.unwrap_or(0).saturating_sub(1), lost.unwrap_or(0)] {
                let known = Known { covered: Lsn::new(covered), marked };
                let read = open(&damaged, known).and_then(|log| read_from(&log, covered + 1));
                if lost.is_some_and(|lost| lost > covered) {
                    let is_told = |error: &LogError| {
                        error.is_unreadable() || matches!(error, LogError::Lost { .. })
                    };
                    let is_told = read.as_ref().is_err_and(is_told);
                    assert!(is_told, "{what}, {covered}: {read:?}");
                    refused += 1;
                    continue;
                }
                assert_eq!(read.unwrap_or_else(|e| panic!("{what}: {e}")), Lsn::new(last));
                passed += 1;
            }
            let known = Known { covered: Lsn::new(lost.unwrap_or(0)), marked };
            let mut log = open(&damaged, known).unwrap();
            append(&mut log, 2).unwrap();
            drop(log);
            let marked = Marked::Closed(Lsn::new(last + 2));
            let log = open(&damaged.restart(), Known { marked, ..known }).unwrap();
            assert_eq!(read_from(&log, known.covered.next().get()).unwrap(), Lsn::new(last + 2));
        }
    }
    assert!(passed > 5 && refused > 5, "{passed} passed, {refused} refused");
}

/// Wherever it is, the whole records before it are there.
#[test]
fn a_segment_that_cannot_be_opened_is_damage_to_who_reads_it() {
    let disk = disk_with(20, true);
    for file in segments(&disk) {
        let disk = disk.restart();
        disk.make_unopenable(&file);
        let shared: Arc<dyn Disk> = Arc::new(disk);
        let log = open_damaged(shared, Path::new(DIR), Known::default()).unwrap();
        let mut last = Lsn::NONE;
        let read = log.history().cursor(Lsn::FIRST).read(&mut |lsn, _| {
            last = lsn;
            ControlFlow::Continue(())
        });
        let damage = read.err().or_else(|| log.damage().cloned());
        assert!(damage.as_ref().is_some_and(LogError::is_unreadable), "{file:?}: {damage:?}");
        assert_eq!(segment::path_of(Path::new(DIR), last.next()), file);
    }
}

/// What would prove that the tail was synced may be in the page that cannot be read.
#[test]
fn a_torn_tail_that_is_not_known_to_be_the_end_is_damage_and_can_be_salvaged() {
    let disk = SimulatedDisk::new();
    let options = Options { segment_bytes: 16 << 10, ..OPTIONS };
    let open = || SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options);
    append_batches(&mut open().unwrap(), 6);
    let (file, from, _) = last_batch(&disk);
    disk.flip_bit(&file, from as u64 * 8 + 320);
    let disk = disk.restart();
    for (page, is_torn) in [(8 << 10, false), (12 << 10, false), (16 << 10, true)] {
        let disk = disk.restart();
        disk.make_unreadable(&file, page..page + 4096);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let damaged = open_damaged(shared, Path::new(DIR), Known::default()).unwrap();
        let (last, damage) = (damaged.history().last(), damaged.damage().cloned());
        let opened = SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options);
        if is_torn {
            assert!(opened.unwrap().torn_tail().is_some() && damage.is_none());
            continue;
        }
        for refused in [opened.err(), damage] {
            assert!(matches!(refused, Some(LogError::Corrupt { .. })), "{page}: {refused:?}");
        }
        let mut whole = Lsn::NONE;
        let read = damaged.history().cursor(Lsn::FIRST).read(&mut |lsn, _| {
            whole = lsn;
            ControlFlow::Continue(())
        });
        assert!(read.is_err(), "{page}");
        assert_eq!(whole, Lsn::new(15), "{page}: {last}");
    }
}
