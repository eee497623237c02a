use super::*;
use crate::disk::{Access, Disk};

/// The last batch of an unsealed log, as offsets in the last segment.
fn last_batch(disk: &SimulatedDisk) -> (PathBuf, usize, usize) {
    let reports = inspect(disk, Path::new(DIR), Known::default()).unwrap().segments;
    let report = reports.last().unwrap();
    let SegmentState::Sound(content) = &report.state else { panic!("{report:?}") };
    let end = usize::try_from(content.bytes_used).unwrap();
    let bytes = batch_after(Lsn::new(15), 3).bytes().len();
    (report.file.clone(), end - bytes, end)
}

#[test]
fn a_damaged_journal_is_read_up_to_its_damage() {
    let disk = disk_with(20, true);
    for segment in segments(&disk) {
        let disk = disk.restart();
        disk.flip_bit(&segment, 45 * 8);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let history = open_damaged(shared, Path::new(DIR)).unwrap().history();
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
                Ok(log) => {
                    let refused = read_all(&*log.history());
                    assert!(refused.is_err(), "bit {bit} of {} was served", file.display());
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
        assert!(recover(&damaged).is_err(), "bit {bit}");
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
    assert!(matches!(reports[0].state, SegmentState::Damaged(LogError::Gap { .. })));
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
fn a_shortened_segment_is_refused_at_every_length() {
    let disk = disk_with(6, false);
    for file in segments(&disk) {
        for bytes in 0..512 {
            let damaged = disk.crash(0);
            damaged.truncate(&file, bytes);
            assert!(recover(&damaged).is_err(), "{bytes} bytes of {}", file.display());
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
