use std::thread;

use super::*;
use crate::disk::simulated::Operation;

type Group = (GroupCommit<u64>, Writer<u64>);

fn group(disk: &SimulatedDisk, limits: BatchLimits) -> Group {
    GroupCommit::new(Box::new(open(disk).unwrap()), limits)
}

/// What the sink saw: a letter for the kind, the LSN, the items.
type Seen = Vec<(char, u64, Vec<u64>)>;

fn pump(writer: &mut Writer<u64>) -> (Pumped, Seen) {
    let mut seen = Seen::new();
    let pumped = writer.pump(|commit| {
        seen.push(match commit {
            Commit::Durable { first, items } => ('d', first.get(), std::mem::take(items)),
            Commit::Rejected { last_good, items } => ('r', last_good.get(), items.clone()),
            Commit::Failed { items, .. } => ('f', 0, items.clone()),
        });
    });
    (pumped, seen)
}

#[test]
fn a_batch_holds_what_came_while_nobody_wrote() {
    let disk = SimulatedDisk::new();
    let (group, mut writer) = group(&disk, BatchLimits::default());
    for lsn in 1..=5 {
        let ticket = group.append(&payload(Lsn::new(lsn)), lsn * 10).unwrap();
        assert_eq!(ticket, Ticket { lsn: Lsn::new(lsn), epoch: Epoch::FIRST });
    }
    let before = disk.syncs();
    let (pumped, seen) = pump(&mut writer);
    assert!(matches!(pumped, Pumped::Committed(5)));
    assert_eq!(seen, [('d', 1, vec![10, 20, 30, 40, 50])]);
    assert_eq!(disk.syncs() - before, 3, "a new segment, its name, and one sync for the batch");
    assert!(matches!(pump(&mut writer).0, Pumped::Idle));
    group.close();
    assert!(matches!(group.append(b"late", 0), Err(AppendError::Closed)));
    assert!(matches!(pump(&mut writer).0, Pumped::Closed));
    drop(writer);
    assert_eq!(recover(&disk).unwrap(), Lsn::new(5));
}

#[test]
fn more_than_a_batch_holds_is_refused_until_it_is_written() {
    for limits in [BatchLimits { bytes: 100, records: 9 }, BatchLimits { bytes: 9_999, records: 2 }]
    {
        let (group, mut writer) = group(&SimulatedDisk::new(), limits);
        group.append(&[1; 20], 0).unwrap();
        group.append(&[1; 20], 0).unwrap();
        assert!(matches!(group.append(&[1; 20], 0), Err(AppendError::Overloaded)));
        assert!(matches!(pump(&mut writer).0, Pumped::Committed(2)));
        assert_eq!(group.append(&[1; 200], 0).unwrap().lsn, Lsn::new(3));
    }
}

#[test]
fn a_full_disk_rejects_all_that_waits_and_gives_its_lsns_out_again() {
    let disk = SimulatedDisk::new();
    let (group, mut writer) = group(&disk, BatchLimits::default());
    disk.set_capacity(Some(0));
    group.append(&payload(Lsn::new(1)), 1).unwrap();
    group.append(&payload(Lsn::new(2)), 2).unwrap();
    let (pumped, seen) = pump(&mut writer);
    assert!(matches!(pumped, Pumped::Rejected(2)));
    assert_eq!(seen, [('r', 0, vec![1, 2])]);
    assert!(matches!(pump(&mut writer).0, Pumped::Idle), "nobody wanted room yet");
    assert!(matches!(group.append(b"", 3), Err(AppendError::Full)));
    assert!(matches!(pump(&mut writer).0, Pumped::StillFull));
    disk.set_capacity(None);
    assert!(matches!(group.append(b"", 3), Err(AppendError::Full)));
    assert!(matches!(pump(&mut writer).0, Pumped::RoomAgain));
    let again = group.append(&payload(Lsn::new(1)), 4).unwrap();
    assert_eq!(again, Ticket { lsn: Lsn::new(1), epoch: Epoch::new(1) });
    assert_eq!(pump(&mut writer).1, [('d', 1, vec![4])]);
    assert_eq!(recover(&disk.restart()).unwrap(), Lsn::new(1));
}

#[test]
fn a_failed_sync_halts_for_good() {
    let disk = SimulatedDisk::new();
    let (group, mut writer) = group(&disk, BatchLimits::default());
    group.append(b"a", 1).unwrap();
    pump(&mut writer);
    disk.fail(Operation::Sync, 1);
    group.append(b"b", 2).unwrap();
    let (pumped, seen) = pump(&mut writer);
    assert!(matches!(pumped, Pumped::Halted(LogError::Io { .. })));
    assert_eq!(seen, [('f', 0, vec![2])]);
    assert!(matches!(group.append(b"c", 3), Err(AppendError::Halted(LogError::Io { .. }))));
    assert!(matches!(pump(&mut writer), (Pumped::Halted(_), seen) if seen.is_empty()));
}

#[test]
fn a_writer_that_is_gone_takes_nothing_more() {
    let (group, writer) = group(&SimulatedDisk::new(), BatchLimits::default());
    drop(writer);
    assert!(matches!(group.append(b"", 1), Err(AppendError::Halted(LogError::WriterGone))));
}

#[test]
fn many_threads_append_and_each_is_acknowledged_in_order() {
    const EACH: u64 = 3_000;
    let disk = SimulatedDisk::new();
    let (group, writer) = group(&disk, BatchLimits::default());
    let watermark = Watermark::new(Lsn::NONE);
    let delivered = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut delivered = Vec::new();
            let ended = writer.run(
                || 0,
                |commit| {
                    let Commit::Durable { first, items } = commit else { panic!("{commit:?}") };
                    assert_eq!(first, Lsn::new(delivered.len() as u64 + 1));
                    delivered.append(items);
                    watermark.advance(Lsn::new(delivered.len() as u64));
                },
            );
            ended.unwrap();
            delivered
        });
        let appenders: Vec<_> = (0..3)
            .map(|thread| {
                let (group, watermark) = (&group, &watermark);
                scope.spawn(move || {
                    for item in 0..EACH {
                        let ticket = group.append(b"payload", thread * EACH + item).unwrap();
                        if item % 7 == 0 {
                            watermark.wait(ticket).block().unwrap();
                        }
                    }
                })
            })
            .collect();
        for appender in appenders {
            appender.join().unwrap();
        }
        group.close();
        writing.join().unwrap()
    });
    let own = |thread| delivered.iter().copied().filter(move |item| item / EACH == thread);
    for thread in 0..3 {
        assert!(own(thread).eq(thread * EACH..(thread + 1) * EACH), "in the order of appending");
    }
    let reports = inspect(&disk, Path::new(DIR), Known::default()).unwrap().segments;
    assert!(reports.iter().all(|report| matches!(report.state, SegmentState::Sound(_))));
}
