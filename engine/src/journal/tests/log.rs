use super::*;
use crate::disk::simulated::Operation;

#[test]
fn a_log_reads_back_over_many_segments_and_openings() {
    let mut disk = SimulatedDisk::new();
    for round in 0..5 {
        let mut log = open(&disk).unwrap();
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(round * 12));
        append_batches(&mut log, 4);
        log.seal().unwrap();
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new((round + 1) * 12));
        disk = disk.restart();
    }
    assert!(segments(&disk).len() > 3);
}

#[test]
fn a_cursor_goes_on_where_it_stopped() {
    let disk = SimulatedDisk::new();
    let mut log = open(&disk).unwrap();
    let mut cursor = log.history().cursor(Lsn::new(2));
    let mut seen = Vec::new();
    for _ in 0..20 {
        append(&mut log, 3).unwrap();
        for _ in 0..2 {
            cursor
                .read(&mut |lsn, bytes| {
                    assert_eq!(bytes, payload(lsn));
                    seen.push(lsn.get());
                    if lsn.get() % 3 == 0 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .unwrap();
        }
    }
    assert_eq!(seen, (2..=60).collect::<Vec<_>>());
    assert_eq!(cursor.next(), Lsn::new(61));
}

#[test]
fn a_batch_longer_than_a_segment_gets_one_of_its_own() {
    let disk = SimulatedDisk::new();
    let mut log = open(&disk).unwrap();
    append(&mut log, 100).unwrap();
    log.seal().unwrap();
    append(&mut log, 1).unwrap();
    log.seal().unwrap();
    append(&mut log, 100).unwrap();
    assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(201));
    assert_eq!(recover(&disk.restart()).unwrap(), Lsn::new(201));
}

#[test]
fn a_batch_out_of_order_is_refused() {
    let mut log = open(&SimulatedDisk::new()).unwrap();
    let refused = log.append(&batch_after(Lsn::new(3), 1)).unwrap_err();
    assert!(matches!(refused, LogError::OutOfOrder { expected: Lsn::FIRST, .. }));
    append(&mut log, 1).unwrap();
}

#[test]
fn an_empty_journal_goes_on_from_its_origin() {
    let disk = SimulatedDisk::new();
    let options = Options { known: covered(41), ..OPTIONS };
    let opened = SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options);
    let mut log = opened.unwrap();
    assert_eq!(append(&mut log, 2).unwrap(), Lsn::new(43));
    assert_eq!(log.history().first(), Lsn::new(42));
    assert_eq!(recover(&disk.restart()).unwrap(), Lsn::new(43));
}

#[test]
fn what_is_dropped_is_gone_after_reopening_and_nothing_else() {
    let disk = disk_with(20, false);
    let log = open(&disk).unwrap();
    let history = log.history();
    history.drop_before(Lsn::new(30)).unwrap();
    let first = history.first();
    assert!(first > Lsn::FIRST && first <= Lsn::new(30));
    assert_eq!(read_all(&*history).unwrap(), Lsn::new(60));
    let asked = history.cursor(Lsn::FIRST).read(&mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(asked, Err(LogError::Dropped { asked: Lsn::FIRST, .. })));
    history.drop_before(Lsn::new(1_000)).unwrap();
    for seed in 0..20 {
        let log = open(&disk.crash(seed)).unwrap();
        assert!(log.history().first() > first);
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(60));
    }
}

#[test]
fn what_lies_within_so_many_bytes_begins_with_a_segment() {
    let log = open(&disk_with(20, false)).unwrap();
    let history = log.history();
    let within = |end: u64, bytes| history.within(Lsn::new(end), bytes).unwrap();
    assert_eq!(within(60, u64::MAX), Lsn::FIRST);
    // The segment that the end is in counts for nothing, and stays.
    let begins = within(60, 0);
    assert!(begins > Lsn::FIRST && begins <= Lsn::new(60));
    let one_more = within(60, OPTIONS.segment_bytes);
    assert!(one_more < begins && one_more > Lsn::FIRST);
    assert_eq!(within(60, OPTIONS.segment_bytes - 1), begins);
    assert_eq!(within(1, 0), Lsn::FIRST);
}

#[test]
fn a_journal_is_open_once() {
    let disk = SimulatedDisk::new();
    let log = open(&disk).unwrap();
    assert!(matches!(open(&disk).err(), Some(LogError::InUse { .. })));
    drop(log);
    open(&disk).unwrap();
}

#[test]
fn a_failed_write_or_sync_poisons_the_log() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = SimulatedDisk::new();
        let mut log = open(&disk).unwrap();
        append(&mut log, 3).unwrap();
        disk.fail(operation, 1);
        let first = append(&mut log, 1).unwrap_err();
        assert!(matches!(first, LogError::Io { .. }));
        let second = append(&mut log, 1).unwrap_err();
        assert_eq!(first.to_string(), second.to_string());
        assert!(log.seal().is_err() && log.reserve(1).is_err());
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(3));
    }
}

/// The kernel throws dirty pages away after a failed sync and goes on showing
/// them; the process that starts next must not take them for durable.
#[test]
fn what_a_failed_sync_left_is_made_durable_before_it_is_served() {
    let disk = SimulatedDisk::new();
    let mut log = open(&disk).unwrap();
    append(&mut log, 3).unwrap();
    disk.fail(Operation::Sync, 1);
    append(&mut log, 2).unwrap_err();
    let restarted = disk.restart();
    assert_eq!(recover(&restarted).unwrap(), Lsn::new(5));
    for seed in 0..20 {
        assert_eq!(recover(&restarted.crash(seed)).unwrap(), Lsn::new(5), "seed {seed}");
    }
}

#[test]
fn a_full_disk_refuses_and_takes_the_same_batch_once_there_is_room() {
    let disk = SimulatedDisk::new();
    disk.set_capacity(Some(1_100));
    let mut log = open(&disk).unwrap();
    let full = loop {
        if let Err(error) = append(&mut log, 3) {
            break error;
        }
    };
    assert!(matches!(full, LogError::Full { .. }));
    assert_eq!(disk.used(), 1024, "nothing is left of the segment that had no room");
    let last = log.history().last();
    assert!(append(&mut log, 3).is_err());
    disk.set_capacity(None);
    append(&mut log, 3).unwrap();
    assert_eq!(recover(&disk.restart()).unwrap(), last.plus(3));
}

#[test]
fn a_history_that_is_only_read_changes_nothing() {
    let disk = disk_with(20, true);
    let before = disk.operations();
    let history =
        open_read_only(Arc::new(disk.clone()), Path::new(DIR), Known::default()).unwrap().history();
    assert_eq!(read_all(&*history).unwrap(), Lsn::new(60));
    assert!(matches!(history.drop_before(Lsn::new(50)), Err(LogError::ReadOnly { .. })));
    assert_eq!(disk.operations(), before);
}

#[test]
fn a_report_tells_of_each_segment() {
    let reports = inspect(&disk_with(20, true), Path::new(DIR), Known::default());
    let reports = reports.unwrap().segments;
    let mut expected = Lsn::FIRST;
    for report in &reports {
        let SegmentState::Sound(content) = &report.state else { panic!("{report:?}") };
        assert_eq!(report.first, expected);
        assert_eq!(content.bytes, 512);
        assert_eq!(content.sealed, report.first == reports.last().unwrap().first);
        expected = content.last.next();
    }
    assert_eq!(expected, Lsn::new(61));
}

/// The same on the operating system's disk.
#[test]
fn the_real_disk_keeps_the_same_contract() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("journal");
    let disk: Arc<dyn crate::disk::Disk> = Arc::new(crate::disk::RealDisk);
    for round in 0..3 {
        let mut log = SegmentLog::open(Arc::clone(&disk), &dir, OPTIONS).unwrap();
        assert!(matches!(
            SegmentLog::open(Arc::clone(&disk), &dir, OPTIONS).err(),
            Some(LogError::InUse { .. })
        ));
        assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(round * 30));
        append_batches(&mut log, 10);
        log.seal().unwrap();
    }
    let log = SegmentLog::open(disk, &dir, OPTIONS).unwrap();
    log.history().drop_before(Lsn::new(40)).unwrap();
    assert_eq!(read_all(&*log.history()).unwrap(), Lsn::new(90));
}
