//! The whole engine on one thread and a simulated disk: one seed is one run.

mod lives;

use std::path::Path;
use std::pin::Pin;
use std::task::Poll;

use backstock_engine::disk::simulated::Operation;
use backstock_engine::disk::{Disk as _, SimulatedDisk};
use backstock_engine::engine::{Engine, EngineError, Feed, Filter, Told, mark_file};
use backstock_engine::model::{Lsn, StateHash};
use backstock_tests::fixture::assert_clean;
use backstock_tests::naive::Naive;
use backstock_tests::seed::{Random, seeds};
use backstock_tests::single::{DIRECTORY, Single, poll, segments};
use backstock_tests::workload::{Command, Generator, History, Outcome, define, naive, run};

/// Commands in flight at a time.
const IN_FLIGHT_MAX: usize = 6;

type Answer = Pin<Box<dyn Future<Output = Outcome>>>;

/// A run: an engine, a generator, and what is in flight.
struct Run {
    single: Single,
    random: Random,
    commands: Generator,
    in_flight: Vec<(Lsn, Command, Answer)>,
    history: History,
    outcomes: Vec<Outcome>,
    /// The newest version that a caller was told of.
    acknowledged: Lsn,
    start: Lsn,
    halted: Option<String>,
    follower: Follower,
    /// What a crash left without an answer.
    unanswered: Vec<(Lsn, Command)>,
}

/// Who follows the feed.
struct Follower {
    feed: Feed,
    /// All that it was told.
    told: Vec<Told>,
}

impl Follower {
    /// One that begins with the first event.
    fn new(single: &mut Single) -> Self {
        let engine = single.engine.clone();
        let feed = single.run(async move { engine.feed(Lsn::FIRST).await });
        Self { feed: feed.expect("the first event is kept"), told: Vec::new() }
    }

    /// The same, who goes on after a restart with what comes after all that it was told.
    fn go_on(&mut self, single: &mut Single) {
        let next = self.told.last().map_or(Lsn::FIRST, |last| last.version.next());
        let engine = single.engine.clone();
        self.feed = single.run(async move { engine.feed(next).await }).expect("it is kept");
    }

    /// Reads what there is. Nothing is told that is not applied, and no event is left out or told
    /// twice. A disk that crashed is read no more.
    fn read(&mut self, engine: &Engine) {
        loop {
            let Ok(told) = self.feed.read(&Filter::default()) else { return };
            if told.is_empty() {
                return;
            }
            for event in told {
                let next = self.told.last().map_or(Lsn::FIRST, |last| last.version.next());
                assert_eq!(event.version, next, "in order, each once");
                assert!(event.version <= engine.version(), "told before it was applied");
                self.told.push(event);
            }
        }
    }
}

impl Run {
    fn new(disk: &SimulatedDisk, seed: u64) -> Self {
        let mut single = Single::open(disk).expect("the engine opens");
        let engine = single.engine.clone();
        let start = single.run(define(&engine));
        let follower = Follower::new(&mut single);
        Self {
            single,
            follower,
            random: Random::new(seed),
            commands: Generator::new(seed, "s"),
            in_flight: Vec::new(),
            history: History::after(start),
            outcomes: Vec::new(),
            acknowledged: start,
            start,
            halted: None,
            unanswered: Vec::new(),
        }
    }

    fn engine(&self) -> &Engine {
        &self.single.engine
    }

    /// Sends so many commands, and writes and applies now and then.
    fn send(&mut self, commands: usize) {
        let mut left = commands;
        while left > 0 && self.halted.is_none() {
            if self.in_flight.len() < IN_FLIGHT_MAX && self.random.percent(60) {
                let command = self.commands.next();
                self.history.note_sent(self.engine().status().applied, &command);
                let (engine, sent) = (self.engine().clone(), command.clone());
                let answer = Box::pin(async move { run(&engine, sent).await });
                self.in_flight.push((self.engine().status().applied, command, answer));
                left -= 1;
            } else {
                self.pump();
            }
            self.poll();
        }
    }

    /// Lets all that is in flight come to its end.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            self.pump();
            self.poll();
            if self.in_flight.is_empty() {
                // As a health check does.
                self.engine().look_for_room();
            }
            if self.in_flight.is_empty() && (self.is_at_rest() || self.is_stuck()) {
                return;
            }
        }
        panic!("{} commands hang", self.in_flight.len());
    }

    /// Whether all is done that no command asks for.
    fn is_at_rest(&self) -> bool {
        self.engine().unsettled_skus() == 0 && self.engine().overdue_holds() == 0
    }

    /// Whether the engine has halted, or has no room to write.
    fn is_stuck(&self) -> bool {
        self.halted.is_some() || self.engine().status().is_journal_full
    }

    fn pump(&mut self) {
        if let Err(cause) = self.single.pump.pump() {
            self.halted.get_or_insert(cause);
        }
        self.follower.read(&self.single.engine);
    }

    fn poll(&mut self) {
        let mut at = 0;
        while at < self.in_flight.len() {
            match poll(self.in_flight[at].2.as_mut()) {
                Poll::Pending => at += 1,
                Poll::Ready(outcome) => {
                    let (from, command, _) = self.in_flight.remove(at);
                    self.note(from, &command, outcome);
                }
            }
        }
    }

    fn note(&mut self, from: Lsn, command: &Command, outcome: Outcome) {
        match outcome {
            Outcome::Failed(EngineError::JournalFailed(_)) => {
                self.unanswered.push((from, command.clone()));
            }
            Outcome::Failed(EngineError::DiskFull) => {}
            _ => self.history.note(&self.single.engine, from, command, &outcome),
        }
        self.acknowledged = self.acknowledged.max(outcome.version().unwrap_or(Lsn::NONE));
        self.outcomes.push(outcome);
    }

    /// Learns what no answer tells: the journal does.
    fn note_unanswered(&mut self) {
        self.history.note_unanswered(&self.single.engine);
    }

    fn state_hash(&self) -> StateHash {
        self.engine().status().state_hash
    }

    /// The state of the naive model at a version.
    fn naive_at(&self, version: Lsn) -> Naive {
        self.history.replay(naive(self.start), version)
    }

    /// Checks the engine as it stands.
    fn check(&mut self) {
        self.note_unanswered();
        let naive = self.naive_at(Lsn::new(u64::MAX));
        assert_eq!(naive.version(), self.engine().status().applied, "every event was answered");
        self.history.check_sold_out(&naive);
        if !self.is_stuck() {
            let lapsed = |()| naive.check_lapsed(self.history.now());
            naive.check_backlog().and_then(lapsed).unwrap_or_else(|error| panic!("{error}"));
        }
        check(&mut self.single, &naive);
    }
}

/// Checks an engine in which nothing is in flight against a model.
fn check(single: &mut Single, naive: &Naive) {
    assert_clean(&single.engine);
    let engine = single.engine.clone();
    single.run(naive.compare(&engine)).unwrap_or_else(|error| panic!("{error}"));
}

/// A whole run without faults.
fn whole_run(seed: u64, commands: usize) -> Run {
    let mut run = Run::new(&SimulatedDisk::new(), seed);
    run.send(commands);
    run.settle();
    run.note_unanswered();
    run
}

#[test]
fn one_seed_replays_a_run_exactly() {
    for seed in seeds("one_seed_replays", 40) {
        let mut first = whole_run(seed, 300);
        let second = whole_run(seed, 300);
        assert_eq!(first.outcomes, second.outcomes, "seed {seed}");
        assert_eq!(first.state_hash(), second.state_hash(), "seed {seed}");
        first.check();
        eprintln!("seed {seed}: {}", first.commands.mixture());
    }
}

/// Opens what a crash left, and checks it against the run that did not crash.
fn check_recovery(found: &SimulatedDisk, whole: &Run, acknowledged: Lsn, what: &str) {
    let mut single = Single::open(found).unwrap_or_else(|error| panic!("{what}: {error}"));
    let last = single.recovered.last;
    assert!(last >= acknowledged, "{what}: {acknowledged} was acknowledged, {last} is there");
    check(&mut single, &whole.naive_at(last));
    let again = Single::open(&found.restart()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(again.recovered.state_hash, single.recovered.state_hash, "{what}");
}

/// What a follower was told before a crash is there after it, each event as it was told.
fn check_told(found: &SimulatedDisk, told: &[Told], what: &str) {
    let mut single = Single::open(found).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut after = Follower::new(&mut single);
    after.read(&single.engine);
    assert!(after.told.starts_with(told), "{what}: something was told that is not durable");
}

#[test]
fn a_crash_at_any_operation_loses_nothing_acknowledged() {
    for seed in seeds("a_crash_at_any_operation", 4) {
        let disk = SimulatedDisk::new();
        let mut whole = Run::new(&disk, seed);
        let first = disk.operations() + 1;
        whole.send(150);
        whole.settle();
        whole.note_unanswered();
        for operation in first..=disk.operations() {
            let disk = SimulatedDisk::new();
            let mut run = Run::new(&disk, seed);
            disk.crash_at(operation);
            run.send(150);
            run.settle();
            let what = format!("seed {seed}, operation {operation}");
            // An engine whose disk crashes after the last batch's sync and before its mark
            // does not halt.
            assert!(disk.list(Path::new(DIRECTORY)).is_err(), "{what}: nothing crashed");
            let found = disk.crash(operation);
            check_recovery(&found, &whole, run.acknowledged, &what);
            check_told(&found.restart(), &run.follower.told, &what);
        }
        eprintln!("seed {seed}: operations {first} to {}", disk.operations());
    }
}

#[test]
fn a_last_write_torn_at_any_length_is_cut_and_nothing_else_is() {
    let disk = SimulatedDisk::new();
    let mut run = Run::new(&disk, 7);
    run.send(100);
    run.settle();
    let acknowledged = run.acknowledged;
    let mark = mark_file(Path::new(DIRECTORY));
    let marked = disk.contents(&mark).expect("a mark");
    let (path, before) = segments(&disk).pop().expect("a segment");
    // Some come to nothing.
    let is_written = || segments(&disk).pop().expect("a segment").1 != before;
    while !is_written() {
        run.send(12);
        run.settle();
    }
    run.note_unanswered();
    let (same, after) = segments(&disk).pop().expect("a segment");
    assert_eq!(path, same, "the last write is in the same segment");
    let differs = |at: &usize| before.get(*at) != after.get(*at);
    let start = (0..after.len()).find(differs).expect("something was written");
    let end = (0..after.len()).rfind(differs).expect("something was written") + 1;
    for cut in start..=end {
        let torn = disk.restart();
        let mut content = after.clone();
        content[cut..].fill(0);
        torn.put(&path, &content);
        // A torn write was not synced, and its mark was not written.
        torn.put(&mark, &marked);
        check_recovery(&torn, &run, acknowledged, &format!("cut at {cut} of {start} to {end}"));
    }
}

#[test]
fn a_failed_sync_or_write_halts_and_nothing_more_is_acknowledged() {
    for (seed, operation) in [(1, Operation::Sync), (2, Operation::Write), (3, Operation::Sync)] {
        let disk = SimulatedDisk::new();
        let mut run = Run::new(&disk, seed);
        run.send(60);
        run.settle();
        run.note_unanswered();
        let acknowledged = run.acknowledged;
        disk.fail(operation, 1);
        run.send(60);
        run.settle();
        assert!(run.halted.is_some(), "{operation:?}: the engine halts");
        assert_eq!(run.acknowledged, acknowledged, "{operation:?}: nothing more is acknowledged");
        let (engine, command) = (run.engine().clone(), run.commands.next());
        let refused = run.single.run(backstock_tests::workload::run(&engine, command));
        assert!(matches!(refused, Outcome::Failed(EngineError::JournalFailed(_))), "{refused:?}");
        // A failed sync makes nothing durable, and a failed write writes nothing.
        check_recovery(&disk.crash(seed), &run, acknowledged, &format!("{operation:?}"));
    }
}

#[test]
fn a_full_disk_refuses_loses_nothing_and_goes_on() {
    for seed in seeds("a_full_disk", 20) {
        let disk = SimulatedDisk::new();
        let mut run = Run::new(&disk, seed);
        run.send(60);
        run.settle();
        disk.set_capacity(Some(disk.used()));
        let full = Outcome::Failed(EngineError::DiskFull);
        // There is room left in the segment, and some mixtures write little.
        for round in 0..200 {
            if round >= 20 && run.outcomes.contains(&full) {
                break;
            }
            run.send(60);
            run.settle();
        }
        assert!(run.outcomes.contains(&full), "seed {seed}: the disk was full");
        assert!(run.halted.is_none(), "seed {seed}: {:?}", run.halted);
        run.check();
        disk.set_capacity(None);
        let before = run.acknowledged;
        // The first that wants room has it looked for.
        while run.acknowledged == before {
            run.send(1);
            run.settle();
        }
        let refused = run.outcomes.len();
        run.send(60);
        run.settle();
        assert!(!run.outcomes[refused..].contains(&full), "seed {seed}: there is room again");
        run.check();
        check_recovery(&disk.restart(), &run, run.acknowledged, &format!("seed {seed}"));
    }
}

#[test]
fn a_flipped_bit_never_costs_an_acknowledged_event() {
    let disk = SimulatedDisk::new();
    let mut run = Run::new(&disk, 11);
    run.send(100);
    run.settle();
    run.note_unanswered();
    // What happened to backlogs is acknowledged to nobody.
    let applied = run.engine().status().applied;
    let mut refused = 0;
    for (path, content) in segments(&disk) {
        let written = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for byte in 0..written {
            let rotten = disk.restart();
            rotten.flip_bit(&path, (byte * 8 + byte % 8) as u64);
            let Ok(mut single) = Single::open(&rotten) else {
                refused += 1;
                continue;
            };
            let last = single.recovered.last;
            assert_eq!(last, applied, "byte {byte} of {path:?}");
            check(&mut single, &run.naive_at(last));
        }
    }
    assert!(refused > 0, "a flipped bit of an event is refused");
}
