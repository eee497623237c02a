//! Lives: an engine, its orders and its clock, over days and crashes, against the naive model.
//!
//! ```text
//!   some commands --> a crash in the middle, and what was not answered is sent again
//!                 \-> or some hours pass
//!                 \-> or nothing --> at rest: all that the model predicts, nobody is passed
//! ```
//! `BACKSTOCK_COMMANDS` says how many commands are sent in all, in lives of [`OF_A_LIFE`] commands each,
//! or of as many as `BACKSTOCK_OF_A_LIFE` says: one engine has more orders then. Each life is one seed.

use backstock_engine::disk::SimulatedDisk;
use backstock_tests::naive::Naive;
use backstock_tests::seed::{Random, number, seeds};
use backstock_tests::single::Single;
use backstock_tests::workload::{naive, run};

use super::{Run, check};

/// Commands of a life, where nobody says how many.
const OF_A_LIFE: u64 = 1_000;

/// Commands in all, where nobody says how many.
const COMMANDS: u64 = 4_000;

/// Operations of the disk after which it crashes, at most: some commands are answered before.
const OPERATIONS_MAX: u32 = 80;

/// One engine, from its first command to its last.
struct Life {
    run: Run,
    disk: SimulatedDisk,
    random: Random,
    /// The model, as of the last time at rest.
    naive: Naive,
    crashes: u32,
    what: String,
}

impl Life {
    fn begin(seed: u64) -> Self {
        let disk = SimulatedDisk::new();
        let mut run = Run::new(&disk, seed);
        run.commands = run.commands.all_keyed();
        let (naive, what) = (naive(run.start), format!("seed {seed}"));
        Self { run, disk, random: Random::new(!seed), naive, crashes: 0, what }
    }

    /// Sends so many commands.
    fn live(&mut self, commands: u64) {
        let mut left = commands;
        while left > 0 {
            let some = u64::from(self.random.within(10..90)).min(left);
            left -= some;
            let some = usize::try_from(some).expect("few");
            match self.random.within(0..4) {
                0 => self.crash(some),
                1 => self.pass(),
                _ => {}
            }
            self.run.send(some);
            self.run.settle();
            self.check();
        }
    }

    /// Some hours pass, at rest: what was decided before was decided on the day before.
    fn pass(&mut self) {
        let hours = *self.random.pick(&[1, 12, 12, 24, 36, 24 * 8]);
        let now = self.run.commands.pass(hours);
        self.run.history.note_time(self.run.engine().status().applied, now);
        self.run.engine().tell_time(now);
        self.run.settle();
    }

    /// The power goes while some commands are in flight. After it, their callers send them again.
    fn crash(&mut self, commands: usize) {
        let after = u64::from(self.random.within(1..OPERATIONS_MAX));
        self.disk.crash_at(self.disk.operations() + after);
        self.run.send(commands);
        self.run.settle();
        let applied = self.run.engine().status().applied;
        self.disk = self.disk.crash(u64::from(self.random.within(0..u32::MAX)));
        let single = Single::open(&self.disk);
        self.run.single = single.unwrap_or_else(|error| panic!("{}: {error}", self.what));
        let last = self.run.single.recovered.last;
        assert!(last >= applied, "{}: {applied} was shown, {last} is there", self.what);
        assert!(last >= self.run.acknowledged, "{}: it was acknowledged", self.what);
        (self.run.halted, self.crashes) = (None, self.crashes + 1);
        self.run.follower.go_on(&mut self.run.single);
        self.run.engine().tell_time(self.run.history.now());
        for (from, command) in std::mem::take(&mut self.run.unanswered) {
            let engine = self.run.engine().clone();
            let outcome = self.run.single.run(run(&engine, command.clone()));
            self.run.note(from, &command, outcome);
        }
    }

    /// Checks all that happened since the last time at rest, version by version, and what it came to.
    fn check(&mut self) {
        let Self { run, naive, what, .. } = self;
        // What time alone does to orders goes on behind the last answer.
        run.single.drain();
        run.note_unanswered();
        *naive = run.history.replay(naive.clone(), run.engine().status().applied);
        assert_eq!(naive.version(), run.engine().status().applied, "{what}: all was answered");
        let lapsed = |()| naive.check_lapsed(run.history.now());
        let at_rest = naive.check_backlog().and_then(lapsed);
        let at_rest = at_rest.and_then(|()| naive.check_released(run.history.now()));
        at_rest.unwrap_or_else(|error| panic!("{what}: {error}"));
        check(&mut run.single, naive);
    }
}

/// Units are conserved at every version, nobody is passed, promises follow what they rest on, and what
/// was acknowledged is there after each crash.
#[test]
fn lives_over_days_and_crashes_are_as_the_naive_model_has_them() {
    let commands = number("BACKSTOCK_COMMANDS").unwrap_or(COMMANDS);
    let life = number("BACKSTOCK_OF_A_LIFE").unwrap_or(OF_A_LIFE);
    let (mut orders, mut crashes, mut left) = (0, 0, commands);
    for seed in seeds("lives_over_days_and_crashes", commands.div_ceil(life)) {
        let of_it = left.min(life);
        let mut lived = Life::begin(seed);
        lived.live(of_it);
        left = left.saturating_sub(of_it).max(1);
        lived.run.history.check_sold_out(&lived.naive);
        let status = lived.run.engine().status();
        (orders, crashes) = (orders + status.orders, crashes + lived.crashes);
        let done = (status.applied, status.orders, lived.crashes);
        eprintln!(
            "seed {seed}: versions, orders, crashes {done:?}, {}",
            lived.run.commands.mixture()
        );
    }
    eprintln!("{commands} commands, {orders} orders, {crashes} crashes");
}
