//! What is planned to leave nodes, by local day: a counter for each day of a node that has a
//! capacity. Derived from the orders: kept by the applier, made anew at the start, and in no
//! snapshot.
//!
//! ```text
//!   order that is planned --claims--> counter of its node's day <--moves-- applier
//!   plans read what is counted and claimed
//! ```

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::counter::{CounterMessage, Counters};
use crate::actor::ActorPanicked;
use crate::limits::LOAD_DAYS_KEPT;
use crate::model::{Capacity, Day, Load, NodeDay, NodeNo, RoomAsked, Timestamp};

/// The days of all nodes that have a capacity.
pub struct NodeLoads {
    counters: Counters<NodeDay, 2>,
    /// Whether a node has a capacity, or had one in this process.
    is_used: AtomicBool,
    /// The day, in UTC, on which days that passed were forgotten.
    swept: AtomicI32,
}

/// What events do to a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What they put on it.
    pub more: Load,
    /// What they take off it.
    pub less: Load,
    /// What their commands claimed of it.
    pub ends: Load,
}

impl Default for NodeLoads {
    fn default() -> Self {
        let (counters, is_used) = (Counters::default(), AtomicBool::new(false));
        Self { counters, is_used, swept: AtomicI32::new(0) }
    }
}

impl NodeLoads {
    /// Whether anything is counted: mostly nothing is, and all else that commands do here is
    /// behind this.
    #[inline]
    pub fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Loads are counted from here on.
    pub fn begin(&self) {
        self.is_used.store(true, Ordering::Relaxed);
    }

    /// What is planned to leave on a day and claimed of it, beside what the asker has on it
    /// already: units, shipments. It may be older than what a claim finds.
    pub fn beside(&self, at: NodeDay, own: Load) -> [u64; 2] {
        let (sums, own) = (self.counters.sums(at), own.counts());
        std::array::from_fn(|of| sums[of].saturating_sub(own[of]))
    }

    /// Claims room on a day; whether there is: the day keeps to its capacity, or no other order
    /// has anything on it.
    ///
    /// # Errors
    /// When a turn of the counter panicked.
    pub fn claim(&self, asked: RoomAsked, capacity: Capacity) -> Result<bool, ActorPanicked> {
        let (amounts, own, most) = (asked.more.counts(), asked.own.counts(), capacity.most());
        Ok(self.counters.ask(asked.at, CounterMessage::Claim { amounts, own, most })?.is_granted)
    }

    /// A claim ends without an event.
    ///
    /// # Errors
    /// When a turn of the counter panicked.
    pub fn end(&self, at: NodeDay, load: Load) -> Result<(), ActorPanicked> {
        self.counters.ask(at, CounterMessage::End(load.counts())).map(drop)
    }

    /// Counts what events put on a day and take off it, and ends their claims, in one turn.
    ///
    /// # Errors
    /// When a turn of the counter panicked.
    pub fn step(&self, at: NodeDay, step: Step) -> Result<(), ActorPanicked> {
        let Step { more, less, ends } = step;
        let (more, less, ends) = (more.counts(), less.counts(), ends.counts());
        self.counters.ask(at, CounterMessage::Apply { more, less, ends }).map(drop)
    }

    /// Nothing is counted of a node: it is counted anew.
    ///
    /// # Errors
    /// When a turn of a counter panicked.
    pub fn clear(&self, node: NodeNo) -> Result<(), ActorPanicked> {
        for at in self.counters.keys().into_iter().filter(|at| at.node == node) {
            self.counters.ask(at, CounterMessage::Clear)?;
        }
        Ok(())
    }

    /// What is planned to leave a node on a day: units, shipments.
    ///
    /// # Errors
    /// When a turn of the counter panicked.
    pub fn planned(&self, at: NodeDay) -> Result<[u64; 2], ActorPanicked> {
        if self.counters.sums(at) == [0; 2] {
            return Ok([0; 2]);
        }
        Ok(self.counters.ask(at, CounterMessage::Read)?.counted)
    }

    /// All that is planned, as it is counted.
    ///
    /// # Errors
    /// When a turn of a counter panicked.
    pub fn counted(&self) -> Result<Vec<(NodeDay, [u64; 2])>, ActorPanicked> {
        self.counters.counted()
    }

    /// Forgets days that have passed, once a day.
    pub fn sweep(&self, now: Timestamp) {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        let today = i32::try_from(now.as_micros().div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
        if self.swept.swap(today, Ordering::Relaxed) < today {
            let first = Day::from_epoch_days(today).minus(LOAD_DAYS_KEPT);
            self.counters.forget(|at| at.day < first);
        }
    }
}
