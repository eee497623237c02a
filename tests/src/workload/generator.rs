//! Draws commands, in a mixture of its own for each seed.
//!
//! Swarm testing (Groce, Zhang, Eide, Chen and Regehr, 2012): a run that leaves commands
//! out, or is full of one, meets states that an even mixture hardly reaches. With sixty
//! commands, each one is still common in some of the runs.

use std::fmt;

use backstock_engine::model::Timestamp;

use super::command::{Command, Entry};
use super::world::World;
use crate::fixture::{DAY, keyed};
use crate::seed::Random;

/// Of so many commands, one is drawn evenly from all: no mixture runs dry for want of what
/// its commands are about.
const EVEN_ONE_IN: u32 = 40;

/// Sets what draws a mixture apart from what draws commands under the same seed.
const OF_MIXTURE: u64 = 0x6d69_7874_7572_6500;

/// How often each command is drawn in one run.
#[derive(Clone, Debug)]
pub struct Mixture {
    /// By command of the list, up to 32.
    weights: Vec<u32>,
    /// Commands of a hundred that have an idempotency key.
    keyed_percent: u32,
    /// Commands of a hundred that were sent before.
    again_percent: u32,
}

impl Mixture {
    /// The mixture of a seed. A third of all commands are left out of it, or have their
    /// least weight.
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed ^ OF_MIXTURE);
        let weight = |entry: &Entry| {
            let drawn = match random.within(0..9) {
                0..3 => 0,
                exponent => 1 << (exponent - 3),
            };
            entry.weight_min.max(drawn)
        };
        let weights = Command::LIST.iter().map(weight).collect();
        let (keyed_percent, again_percent) = (random.within(10..60), random.within(4..25));
        Self { weights, keyed_percent, again_percent }
    }

    /// The weight of a command among so many in all.
    pub fn share(&self, command: &str) -> (u32, u32) {
        let place = Command::LIST.iter().position(|entry| entry.name == command);
        let weight = place.map_or(0, |place| self.weights[place]);
        (weight, self.weights.iter().sum())
    }

    /// Draws a command of the list.
    fn pick(&self, random: &mut Random) -> &'static Entry {
        let total: u32 = self.weights.iter().sum();
        if total == 0 || random.within(0..EVEN_ONE_IN) == 0 {
            return random.pick(Command::LIST);
        }
        let mut at = random.within(0..total);
        for (entry, weight) in Command::LIST.iter().zip(&self.weights) {
            match at.checked_sub(*weight) {
                None => return entry,
                Some(rest) => at = rest,
            }
        }
        unreachable!("the number is less than the sum of all weights")
    }
}

impl fmt::Display for Mixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (entry, weight) in Command::LIST.iter().zip(&self.weights) {
            write!(f, "{} {weight}, ", entry.name)?;
        }
        write!(f, "{}% keyed, {}% again", self.keyed_percent, self.again_percent)
    }
}

/// Makes commands, one seed the same ones.
pub struct Generator {
    mixture: Mixture,
    world: World,
    /// Commands that have a key.
    keyed: Vec<Command>,
    /// The last of those that have none.
    unkeyed: Option<Command>,
}

impl Generator {
    /// A generator of a seed; `name` begins all ids that it makes up. Generators of one
    /// seed and different names draw different commands in the same mixture.
    pub fn new(seed: u64, name: &str) -> Self {
        let add = |stream: u64, byte: u8| stream.wrapping_mul(257).wrapping_add(byte.into());
        let stream = name.bytes().fold(seed, add);
        Self {
            mixture: Mixture::of(seed),
            world: World::new(Random::new(stream), name),
            keyed: Vec::new(),
            unkeyed: None,
        }
    }

    /// The same, of callers who send each command under a key: what is not answered is sent again.
    #[must_use]
    pub fn all_keyed(mut self) -> Self {
        self.mixture.keyed_percent = 100;
        self
    }

    /// So many hours pass; what time it is then.
    pub fn pass(&mut self, hours: u32) -> Timestamp {
        let passed = i64::from(hours) * DAY / 24;
        self.world.now = self.world.now.saturating_add_micros(passed);
        self.world.now
    }

    /// How often it draws each command.
    pub fn mixture(&self) -> &Mixture {
        &self.mixture
    }

    /// The next command.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Command {
        self.world.go_on();
        let mut command = self.new_or_again();
        command.meta().at = self.world.now;
        command
    }

    fn new_or_again(&mut self) -> Command {
        if self.world.random.percent(self.mixture.again_percent)
            && let Some(command) = self.again()
        {
            return command;
        }
        let mut command = self.draw();
        if self.world.random.percent(self.mixture.keyed_percent) {
            *command.meta() = keyed(&self.key());
            self.keyed.push(command.clone());
        } else {
            self.unkeyed = Some(command.clone());
        }
        command
    }

    /// A command that was sent before: mostly one that has a key.
    fn again(&mut self) -> Option<Command> {
        if self.keyed.is_empty() || self.world.random.percent(20) {
            return self.unkeyed.clone();
        }
        Some(self.world.random.pick(&self.keyed).clone())
    }

    /// A key: a new one, or seldom that of an earlier command with other content.
    fn key(&mut self) -> String {
        if self.world.random.percent(10) && !self.keyed.is_empty() {
            let mut command = self.world.random.pick(&self.keyed).clone();
            let known = command.meta().request_id.clone();
            return known.expect("it has a key").to_string();
        }
        self.world.id("key-")
    }

    /// Draws until the command drawn has something to be about.
    fn draw(&mut self) -> Command {
        for _ in 0..1_000 {
            let entry = self.mixture.pick(&mut self.world.random);
            if let Some(command) = (entry.draw)(&mut self.world) {
                return command;
            }
        }
        panic!("no command of this mixture has anything to be about: {}", self.mixture)
    }
}
