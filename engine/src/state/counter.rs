//! Counters: the escrow of what many want at once and nobody keeps on a shelf, as the units that
//! may leave a node on one day. One counts several things at once, each with a bound of its own.
//!
//! ```text
//!   claim ------> granted, and counted from here on
//!     |  \------> refused: one of the bounds would be passed, and others have some of it
//!     v
//!   event applied --> what the event counts is added, and the claim ends
//!   event refused --> given back
//! ```
//! The bound comes with the claim: it belongs to whoever the counter counts for, and may change
//! at any moment. A bound that is below what is counted takes nothing away, and none keeps the only
//! one who asks from having what he asks for.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;

use crate::actor::{Actor, ActorCell, ActorPanicked};

/// What durable state counts, and what transactions in flight claim beyond it.
#[derive(Debug)]
pub struct CounterActor<const N: usize> {
    counted: [u64; N],
    claimed: [u64; N],
}

/// What is counted and claimed: readable at any time without a turn.
#[derive(Debug)]
pub struct Sums<const N: usize>([AtomicU64; N]);

/// What can be asked of a counter.
#[derive(Debug)]
pub enum CounterMessage<const N: usize> {
    /// Claim so much, if no bound is passed by it, or nobody else has any.
    Claim {
        /// How much.
        amounts: [u64; N],
        /// What the asker has already.
        own: [u64; N],
        /// The bounds, inclusive.
        most: [u64; N],
    },
    /// A claim ends without an event.
    End([u64; N]),
    /// Events were applied that count more, or less, and their claims end.
    Apply {
        /// How much more.
        more: [u64; N],
        /// How much less.
        less: [u64; N],
        /// How much of what was claimed ends.
        ends: [u64; N],
    },
    /// Nothing is counted. Claims stay.
    Clear,
    /// How it stands.
    Read,
}

/// What a counter answers: whether a claim is granted, and how it stands after the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterReply<const N: usize> {
    /// Whether a claim was granted.
    pub is_granted: bool,
    /// What durable state counts.
    pub counted: [u64; N],
    /// What is claimed beyond it.
    pub claimed: [u64; N],
}

impl<const N: usize> Default for CounterActor<N> {
    fn default() -> Self {
        Self { counted: [0; N], claimed: [0; N] }
    }
}

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl<const N: usize> Sums<N> {
    fn read(&self) -> [u64; N] {
        // The reading is a hint to plan on; the claim decides.
        std::array::from_fn(|at| self.0[at].load(Ordering::Relaxed))
    }
}

impl<const N: usize> Actor for CounterActor<N> {
    type Message = CounterMessage<N>;
    type Reply = CounterReply<N>;
    type Shared = Sums<N>;

    fn turn(&mut self, sums: &Sums<N>, message: CounterMessage<N>) -> CounterReply<N> {
        let mut is_granted = false;
        match message {
            CounterMessage::Claim { amounts, own, most } => {
                let sums = plus(self.counted, self.claimed);
                is_granted = is_of_one(sums, own) || has_room(sums, amounts, most);
                if is_granted {
                    self.claimed = plus(self.claimed, amounts);
                }
            }
            CounterMessage::End(amounts) => self.claimed = minus(self.claimed, amounts),
            CounterMessage::Apply { more, less, ends } => {
                self.counted = minus(plus(self.counted, more), less);
                self.claimed = minus(self.claimed, ends);
            }
            CounterMessage::Clear => self.counted = [0; N],
            CounterMessage::Read => {}
        }
        for (shown, sum) in sums.0.iter().zip(plus(self.counted, self.claimed)) {
            shown.store(sum, Ordering::Relaxed);
        }
        CounterReply { is_granted, counted: self.counted, claimed: self.claimed }
    }
}

/// Whether nobody but the asker, who has so much, has anything.
fn is_of_one<const N: usize>(sums: [u64; N], own: [u64; N]) -> bool {
    minus(sums, own) == [0; N]
}

/// Whether so much more passes no bound. Nothing more of a thing passes no bound of it.
pub fn has_room<const N: usize>(sums: [u64; N], more: [u64; N], most: [u64; N]) -> bool {
    let fits = |at: usize| more[at] == 0 || sums[at].saturating_add(more[at]) <= most[at];
    (0..N).all(fits)
}

fn plus<const N: usize>(one: [u64; N], other: [u64; N]) -> [u64; N] {
    std::array::from_fn(|at| one[at].saturating_add(other[at]))
}

fn minus<const N: usize>(one: [u64; N], other: [u64; N]) -> [u64; N] {
    std::array::from_fn(|at| one[at].saturating_sub(other[at]))
}

/// Counters by what they count for. One that never counted anything is not there.
pub struct Counters<K: Eq + Hash, const N: usize> {
    by_key: DashMap<K, Arc<ActorCell<CounterActor<N>>>, foldhash::fast::RandomState>,
}

impl<K: Eq + Hash, const N: usize> Default for Counters<K, N> {
    fn default() -> Self {
        Self { by_key: DashMap::default() }
    }
}

impl<K: Eq + Hash + Copy, const N: usize> Counters<K, N> {
    /// What is counted and claimed. Takes no turn.
    pub fn sums(&self, of: K) -> [u64; N] {
        self.by_key.get(&of).map_or([0; N], |counter| counter.shared().read())
    }

    /// Sends a message to a counter, made when there is none, and waits for the answer, as long
    /// as a few turns take.
    ///
    /// # Errors
    /// When a turn of it panicked.
    pub fn ask(&self, of: K, message: CounterMessage<N>) -> Result<CounterReply<N>, ActorPanicked> {
        // No lock is held while the actor takes its turn.
        let known = self.by_key.get(&of).map(|counter| Arc::clone(&counter));
        let counter = known.unwrap_or_else(|| Arc::clone(&self.by_key.entry(of).or_default()));
        counter.ask(message).wait()
    }

    /// What durable state counts, of each that counts anything.
    ///
    /// # Errors
    /// When a turn panicked.
    pub fn counted(&self) -> Result<Vec<(K, [u64; N])>, ActorPanicked> {
        let mut all = Vec::new();
        for of in self.keys() {
            let counted = self.ask(of, CounterMessage::Read)?.counted;
            if counted != [0; N] {
                all.push((of, counted));
            }
        }
        Ok(all)
    }

    /// What there is a counter of.
    pub fn keys(&self) -> Vec<K> {
        self.by_key.iter().map(|entry| *entry.key()).collect()
    }

    /// Forgets those that count nothing, of which nothing is claimed, and that are done with.
    pub fn forget(&self, is_done: impl Fn(&K) -> bool) {
        self.by_key.retain(|of, counter| !is_done(of) || counter.shared().read() != [0; N]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: [u64; 2] = [10, 2];

    fn claim(amounts: [u64; 2]) -> CounterMessage<2> {
        claim_beside([0; 2], amounts)
    }

    fn claim_beside(own: [u64; 2], amounts: [u64; 2]) -> CounterMessage<2> {
        CounterMessage::Claim { amounts, own, most: MOST }
    }

    #[test]
    fn a_claim_is_granted_while_no_bound_is_passed() {
        let counters = Counters::<u8, 2>::default();
        let rows = [
            (claim([9, 1]), true, [0, 0], [9, 1]),
            (claim([2, 1]), false, [0, 0], [9, 1]),
            (claim([1, 1]), true, [0, 0], [10, 2]),
            // Nothing more of what is full.
            (claim([0, 1]), false, [0, 0], [10, 2]),
            (CounterMessage::End([9, 1]), false, [0, 0], [1, 1]),
            (
                CounterMessage::Apply { more: [12, 1], less: [0, 0], ends: [0, 0] },
                false,
                [12, 1],
                [1, 1],
            ),
            // The bound is passed already, of the one thing.
            (claim([0, 0]), true, [12, 1], [1, 1]),
            (claim([1, 0]), false, [12, 1], [1, 1]),
            (
                CounterMessage::Apply { more: [0, 0], less: [12, 1], ends: [0, 0] },
                false,
                [0, 0],
                [1, 1],
            ),
            (CounterMessage::End([1, 1]), false, [0, 0], [0, 0]),
            // The only one has what he asks for, and more of it; nobody else has any then.
            (claim([11, 1]), true, [0, 0], [11, 1]),
            (claim([1, 1]), false, [0, 0], [11, 1]),
            (claim_beside([11, 1], [9, 2]), true, [0, 0], [20, 3]),
            (claim_beside([19, 3], [1, 1]), false, [0, 0], [20, 3]),
        ];
        for (at, (message, is_granted, counted, claimed)) in rows.into_iter().enumerate() {
            let reply = counters.ask(7, message).expect("no turn panics");
            assert_eq!(reply, CounterReply { is_granted, counted, claimed }, "row {at}");
            let sums = std::array::from_fn(|at| counted[at] + claimed[at]);
            assert_eq!(counters.sums(7), sums, "row {at}");
        }
        assert_eq!(counters.sums(8), [0, 0], "one that nobody asked is not there");
    }

    #[test]
    fn what_counts_nothing_is_forgotten_once_it_is_done_with() {
        let counters = Counters::<u8, 2>::default();
        let apply = |more| CounterMessage::Apply { more, less: [0, 0], ends: [0, 0] };
        counters.ask(1, apply([5, 1])).expect("no turn panics");
        counters.ask(2, claim([1, 1])).expect("no turn panics");
        counters.ask(3, CounterMessage::Read).expect("no turn panics");
        counters.ask(4, CounterMessage::Read).expect("no turn panics");
        counters.forget(|of| *of < 4);
        let mut left = counters.keys();
        left.sort_unstable();
        assert_eq!(left, [1, 2, 4]);
        assert_eq!(counters.counted().expect("no turn panics"), [(1, [5, 1])]);
    }
}
