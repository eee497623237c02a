use std::path::Path;

use super::*;
use crate::disk::SimulatedDisk;
use crate::disk::simulated::Operation;
use crate::model::RefusalKind;

const DATA: &str = "data";

fn id(name: &str) -> ConsumerId {
    ConsumerId::new("consumer_id", name).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn disk() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    disk.create_dir_all(Path::new(DATA)).unwrap();
    disk
}

fn open(disk: &SimulatedDisk) -> Consumers {
    Consumers::open(Arc::new(disk.clone()), Path::new(DATA)).unwrap()
}

fn version(consumers: &Consumers, name: &str) -> u64 {
    consumers.get(&id(name)).unwrap().acknowledged.get()
}

#[test]
fn acknowledging_moves_forward_and_only_a_seek_moves_back() {
    let consumers = open(&disk());
    consumers.seek(&id("erp"), (Lsn::new(5), true), at(1)).unwrap();
    let moved = consumers.acknowledge(&id("erp"), Lsn::new(9), at(2)).unwrap();
    assert_eq!((moved.acknowledged.get(), moved.created_at, moved.moved_at), (9, at(1), at(2)));
    let again = consumers.acknowledge(&id("erp"), Lsn::new(7), at(3)).unwrap();
    assert_eq!(again, moved);
    consumers.seek(&id("erp"), (Lsn::new(3), false), at(4)).unwrap();
    assert_eq!(version(&consumers, "erp"), 3);
}

#[test]
fn who_is_not_named_is_refused() {
    let consumers = open(&disk());
    let refused = |answer: Result<Position, EngineError>| match answer {
        Err(EngineError::Refused(refusal)) => refusal.kind(),
        other => panic!("{other:?}"),
    };
    let unknown = consumers.acknowledge(&id("erp"), Lsn::new(1), at(1));
    assert_eq!(refused(unknown), RefusalKind::ConsumerNotFound);
    let unknown = consumers.seek(&id("erp"), (Lsn::new(1), false), at(1));
    assert_eq!(refused(unknown), RefusalKind::ConsumerNotFound);
    assert!(consumers.delete(&id("erp")).is_err());
    for at_most in 0..CONSUMERS_MAX {
        consumers.seek(&id(&format!("c{at_most}")), (Lsn::NONE, true), at(1)).unwrap();
    }
    let one_more = consumers.seek(&id("erp"), (Lsn::NONE, true), at(1));
    assert_eq!(refused(one_more), RefusalKind::ListFull);
    consumers.delete(&id("c1")).unwrap();
    consumers.seek(&id("erp"), (Lsn::NONE, true), at(1)).unwrap();
}

#[test]
fn what_was_acknowledged_is_there_after_a_power_cut() {
    let mut disk = disk();
    open(&disk).seek(&id("erp"), (Lsn::new(1), true), at(1)).unwrap();
    for acknowledged in 2..20 {
        open(&disk).acknowledge(&id("erp"), Lsn::new(acknowledged), at(1)).unwrap();
        disk = disk.crash(acknowledged);
        assert_eq!(version(&open(&disk), "erp"), acknowledged);
    }
}

#[test]
fn an_acknowledgement_that_failed_is_not_shown_and_can_be_made_again() {
    let disk = disk();
    let consumers = open(&disk);
    consumers.seek(&id("erp"), (Lsn::new(1), true), at(1)).unwrap();
    for operation in [Operation::Create, Operation::Write, Operation::Sync, Operation::Rename] {
        disk.fail(operation, 1);
        let failed = consumers.acknowledge(&id("erp"), Lsn::new(2), at(1));
        assert!(matches!(failed, Err(EngineError::ConsumersUnwritable(_))), "{failed:?}");
        assert_eq!(version(&consumers, "erp"), 1);
    }
    consumers.acknowledge(&id("erp"), Lsn::new(2), at(1)).unwrap();
    assert_eq!(version(&open(&disk), "erp"), 2);
}

#[test]
fn a_damaged_file_is_set_aside_and_does_not_keep_the_engine_from_opening() {
    let disk = disk();
    open(&disk).seek(&id("erp"), (Lsn::new(1), true), at(1)).unwrap();
    let path = Path::new(DATA).join("CONSUMERS");
    disk.open(&path, crate::disk::Access::Write).unwrap().write_at(b"x", 20).unwrap();
    assert!(open(&disk).all().is_empty());
    assert_eq!(disk.list(Path::new(DATA)).unwrap(), ["CONSUMERS.damaged"]);
}
