use super::*;
use crate::disk::simulated::Operation;
use crate::disk::{Access, Disk, DiskFile};

/// A disk with a marked log of `batches` batches of 3 records, as a kill leaves it.
fn killed(batches: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    append_batches(&mut open_marked(&disk, 0).unwrap(), batches);
    disk.restart()
}

/// Opens a marked journal and reads all of it.
fn recover_marked(disk: &SimulatedDisk, covered: u64) -> Result<Lsn, LogError> {
    read_all(&*open_marked(disk, covered)?.history())
}

#[test]
fn a_flipped_bit_in_the_last_batch_is_damage_and_no_torn_tail() {
    let disk = killed(6);
    let (file, from, end) = last_batch(&disk);
    for bit in from * 8..end * 8 {
        let damaged = disk.restart();
        damaged.flip_bit(&file, bit as u64);
        let refused = open_marked(&damaged, 0).err();
        let Some(LogError::Corrupt { expected, .. }) = refused else {
            panic!("bit {bit}: {refused:?}")
        };
        assert!((16..=18).contains(&expected.get()), "bit {bit}: {expected}");
        // Nothing was changed: what comes before it can be salvaged.
        assert!(open_marked(&damaged, 0).is_err(), "bit {bit}");
        assert_eq!(recover(&damaged).unwrap(), expected.previous(), "bit {bit}, unmarked");
    }
}

#[test]
fn a_segment_that_is_missing_at_the_end_is_told_with_what_was_in_it() {
    let files = segments(&killed(20));
    assert!(files.len() > 3);
    for kept in 0..files.len() {
        let disk = killed(20);
        for file in &files[kept..] {
            disk.remove(file).unwrap();
        }
        let refused = open_marked(&disk, 0).err();
        let Some(LogError::Lost { from, to, .. }) = refused else { panic!("{kept}: {refused:?}") };
        let name = files[kept].file_stem().unwrap().to_str().unwrap();
        assert_eq!((from.get(), to), (name.parse().unwrap(), Lsn::new(60)));
        let known = Known { marked: Marked::At(Lsn::new(60)), ..Known::default() };
        let inspected = inspect(&disk, Path::new(DIR), known).unwrap();
        assert!(matches!(inspected.missing, Some(LogError::Lost { .. })), "{kept}");
        // Without the mark the loss would not be noticed.
        assert_eq!(recover(&disk).unwrap(), from.previous());
    }
}

#[test]
fn a_journal_that_is_gone_goes_on_behind_the_snapshot_that_has_it_all() {
    let disk = killed(20);
    open_marked(&disk, 0).unwrap().seal().unwrap();
    for file in segments(&disk) {
        disk.remove(&file).unwrap();
    }
    assert!(matches!(open_marked(&disk, 59).err(), Some(LogError::Lost { .. })));
    // A snapshot that begins with more than the mark names: the mark is of an earlier end.
    assert!(matches!(open_marked(&disk, 61).err(), Some(LogError::Gone { .. })));
    let mut log = open_marked(&disk, 60).unwrap();
    assert_eq!(append(&mut log, 2).unwrap(), Lsn::new(62));
    drop(log);
    assert_eq!(recover_marked(&disk.restart(), 60).unwrap(), Lsn::new(62));
}

/// A power cut may leave the mark at any batch before the last one.
#[test]
fn a_journal_that_is_gone_and_was_not_closed_is_refused_wherever_its_mark_is() {
    let disk = killed(20);
    for file in segments(&disk) {
        disk.remove(&file).unwrap();
    }
    for covered in [60, 61, 90] {
        let refused = open_marked(&disk, covered).err();
        assert!(matches!(refused, Some(LogError::Gone { .. })), "{covered}: {refused:?}");
    }
}

/// As the unmarked log does it, with every crash a power cut: a mark that was ahead of
/// what is durable would make the journal refuse to open.
#[test]
fn what_was_acknowledged_is_there_and_the_mark_never_ahead_after_a_crash_at_any_operation() {
    let run = |disk: &SimulatedDisk| {
        let mut acknowledged = Lsn::NONE;
        for rounds in [1..=5, 6..=8] {
            let Ok(mut log) = open_marked(disk, 0) else { return acknowledged };
            for round in rounds {
                let Ok(last) = append(&mut log, round % 4 + 1) else { return acknowledged };
                // A process that died while it wrote the mark acknowledges nothing.
                if disk.list(Path::new(DIR)).is_err() {
                    return acknowledged;
                }
                acknowledged = last;
            }
            drop(log.seal());
        }
        acknowledged
    };
    let whole = SimulatedDisk::new();
    assert_eq!(run(&whole), Lsn::new(20));
    for operation in 1..=whole.operations() {
        for seed in 0..24 {
            let what = format!("operation {operation}, seed {seed}");
            let disk = SimulatedDisk::new();
            disk.crash_at(operation);
            let acknowledged = run(&disk);
            let found = disk.crash(seed);
            let marked = Mark::read(&found, Path::new(MARK)).unwrap();
            let mut log = open_marked(&found, 0).unwrap_or_else(|e| panic!("{what}: {e}"));
            let last = read_all(&*log.history()).unwrap();
            if let Marked::Closed(end) = marked {
                assert_eq!(end, last, "{what}: more was written behind a closed end");
            }
            assert!(last >= acknowledged, "{what}: {acknowledged} was acknowledged, {last}");
            append(&mut log, 2).unwrap();
            drop(log);
            assert_eq!(recover_marked(&found.crash(7), 0).unwrap(), last.plus(2), "{what}");
        }
    }
}

/// A full disk has room for the mark, which was taken when it was made; where it has
/// none, the journal goes on without it.
#[test]
fn a_mark_that_there_is_no_room_for_keeps_nobody() {
    let disk = SimulatedDisk::new();
    let mut log = open_marked(&disk, 0).unwrap();
    log.reserve(100).unwrap();
    disk.set_capacity(Some(disk.used()));
    append(&mut log, 1).unwrap();
    assert_eq!(Mark::read(&disk, Path::new(MARK)).unwrap(), Marked::Not);
    disk.set_capacity(None);
    append_batches(&mut log, 6);
    assert_eq!(Mark::read(&disk, Path::new(MARK)).unwrap(), Marked::At(Lsn::new(19)));
}

/// Else the segment that the next run begins, damaged, would be taken for one that nothing
/// was ever written to.
#[test]
fn a_log_takes_nothing_while_its_mark_says_that_it_was_closed() {
    for (what, failures) in [
        ("the mark is written anew", vec![Operation::Write]),
        ("it cannot be written", vec![Operation::Write, Operation::Create]),
    ] {
        let disk = killed(1);
        open_marked(&disk, 0).unwrap().seal().unwrap();
        let disk = disk.restart();
        let mut log = open_marked(&disk, 0).unwrap();
        log.reserve(100).unwrap();
        let is_refused = failures.len() > 1;
        for operation in failures {
            disk.fail(operation, 1);
        }
        let last = append(&mut log, 1);
        let marked = Mark::read(&disk, Path::new(MARK)).unwrap();
        if is_refused {
            assert!(matches!(last, Err(LogError::Io { .. })), "{what}: {last:?}");
            assert_eq!((marked, log.history().last()), (Marked::Closed(Lsn::new(3)), Lsn::new(3)));
            assert_eq!(recover(&disk.restart()).unwrap(), Lsn::new(3), "{what}: nor is it there");
            assert!(append(&mut log, 1).is_err() && log.seal().is_err(), "{what}: that is final");
            continue;
        }
        assert_eq!((last.unwrap(), marked), (Lsn::new(4), Marked::At(Lsn::new(4))), "{what}");
        append_batches(&mut log, 5);
        let disk = disk.restart();
        let file = segments(&disk).pop().unwrap();
        disk.make_unreadable(&file, 0..512);
        assert!(open_marked(&disk, 3).is_err(), "{what}");
    }
}

/// The last records that were synced are there, and a power cut may still take the
/// write that was under way.
#[test]
fn a_batch_torn_beyond_the_mark_is_cut() {
    let disk = killed(6);
    let (file, _, end) = last_batch(&disk);
    let torn: Box<dyn DiskFile> = disk.open(&file, Access::Write).unwrap();
    let batch = batch_after(Lsn::new(18), 2);
    torn.write_at(&batch.bytes()[..batch.bytes().len() - 20], end as u64).unwrap();
    let log = open_marked(&disk, 0).unwrap();
    assert_eq!(log.torn_tail().unwrap().expected, Lsn::new(20));
    assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(19));
}
