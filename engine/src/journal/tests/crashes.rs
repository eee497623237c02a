use super::*;

/// A run that opens, appends over several segments, drops and closes. Answers
/// the last record that was acknowledged.
fn run(disk: &SimulatedDisk) -> Lsn {
    let mut acknowledged = Lsn::NONE;
    let Ok(mut log) = open(disk) else { return acknowledged };
    for round in 1..=8 {
        let Ok(last) = append(&mut log, round % 4 + 1) else { return acknowledged };
        acknowledged = last;
        if round == 6 && log.history().drop_before(Lsn::new(9)).is_err() {
            return acknowledged;
        }
    }
    // Whether the seal is there changes nothing that was acknowledged.
    drop(log.seal());
    acknowledged
}

/// Recovers after a crash and checks what must be there; then goes on.
fn check(disk: &SimulatedDisk, acknowledged: Lsn, what: &str) {
    let mut log = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
    let last = read_all(&*log.history()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(last >= acknowledged, "{what}: {acknowledged} was acknowledged, {last} is there");
    assert!(log.history().first() <= Lsn::new(9), "{what}: too much was dropped");
    append(&mut log, 2).unwrap();
    drop(log);
    assert_eq!(recover(&disk.crash(7)).unwrap(), last.plus(2), "{what}");
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash_at_any_operation() {
    let whole = SimulatedDisk::new();
    assert_eq!(run(&whole), Lsn::new(20));
    for operation in 1..=whole.operations() {
        for seed in 0..24 {
            let disk = SimulatedDisk::new();
            disk.crash_at(operation);
            let acknowledged = run(&disk);
            check(&disk.crash(seed), acknowledged, &format!("operation {operation}, seed {seed}"));
        }
    }
}

/// Making the next segment beforehand takes its own turns at the disk, and changes
/// nothing of what a crash leaves.
#[test]
fn what_was_acknowledged_is_there_when_segments_are_made_beforehand() {
    let run = |disk: &SimulatedDisk| {
        let mut acknowledged = Lsn::NONE;
        let options = Options { spares: true, ..OPTIONS };
        let opened = SegmentLog::open(Arc::new(disk.clone()), Path::new(DIR), options);
        let Ok(mut log) = opened else { return acknowledged };
        for round in 1..=12 {
            let Ok(last) = append(&mut log, round % 4 + 1) else { return acknowledged };
            acknowledged = last;
            // Now and then there is time for a spare, and now and then there is none.
            if round % 3 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(4));
            }
        }
        acknowledged
    };
    let whole = SimulatedDisk::new();
    assert_eq!(run(&whole), Lsn::new(30));
    for operation in 1..=whole.operations() {
        let disk = SimulatedDisk::new();
        disk.crash_at(operation);
        let acknowledged = run(&disk);
        check(&disk.crash(operation), acknowledged, &format!("operation {operation}"));
    }
}

#[test]
fn a_crash_while_a_torn_tail_is_mended_is_mended_too() {
    let whole = SimulatedDisk::new();
    run(&whole);
    let mut torn_tails = 0;
    for (operation, seed) in
        (1..=whole.operations()).flat_map(|at| (0..16).map(move |seed| (at, seed)))
    {
        let disk = SimulatedDisk::new();
        disk.crash_at(operation);
        let acknowledged = run(&disk);
        if open(&disk.crash(seed)).is_ok_and(|log| log.torn_tail().is_none()) {
            continue;
        }
        torn_tails += 1;
        for mending_operation in 1..=4 {
            let mending = disk.crash(seed);
            mending.crash_at(mending_operation);
            drop(open(&mending));
            let what = format!("operations {operation} and {mending_operation}, seed {seed}");
            check(&mending.crash(seed + 1_000), acknowledged, &what);
        }
    }
    assert!(torn_tails > 10, "only {torn_tails} runs ended in a torn tail");
}

#[test]
fn one_run_is_one_sequence_of_bytes() {
    let bytes = |_| {
        let disk = SimulatedDisk::new();
        run(&disk);
        let files = segments(&disk);
        files.iter().map(|file| disk.contents(file)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(0), bytes(1));
}
