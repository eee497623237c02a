//! Live holds: when each lapses, and whose it is. Derived from the orders that began as holds:
//! kept by the applier, made anew at the start, and in no snapshot.
//!
//! ```text
//!   applier --placed, extended, ended--> by time --due--> who lets them lapse
//!                                        by owner ------> who takes one over
//! ```

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::model::{Hold, OrderNo, OwnerId, Timestamp};

/// All live holds.
pub struct Holds {
    live: Mutex<Live>,
    /// When the first of them lapses, in microseconds since the Unix epoch.
    first_us: AtomicI64,
    /// Rung when one may be due, and when the engine ends.
    due: Notify,
}

#[derive(Default)]
struct Live {
    /// By the instant at which it lapses.
    by_time: BTreeSet<(Timestamp, OrderNo)>,
    holds: HashMap<OrderNo, (Timestamp, Option<OwnerId>)>,
    by_owner: HashMap<OwnerId, Owner>,
}

/// An owner, and the hold that he has.
#[derive(Default)]
struct Owner {
    live: Option<OrderNo>,
    /// Whether a command is about to give him another one.
    is_in_flight: bool,
}

/// What is known of an owner who is about to get a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// He has this one, or none. No other command gives him one until this one ends.
    Has(Option<OrderNo>),
    /// Another command is about to give him one.
    InFlight,
}

impl Default for Holds {
    fn default() -> Self {
        let (live, due) = (Mutex::default(), Notify::new());
        Self { live, first_us: AtomicI64::new(i64::MAX), due }
    }
}

impl Holds {
    /// A hold is live from now on.
    pub fn placed(&self, no: OrderNo, hold: &Hold) {
        let mut live = self.live.lock();
        live.by_time.insert((hold.until, no));
        // A replay meets holds that a snapshot had already.
        let known = live.holds.insert(no, (hold.until, hold.owner.clone()));
        if let Some((until, _)) = known.filter(|(until, _)| *until != hold.until) {
            live.by_time.remove(&(until, no));
        }
        if let Some(owner) = &hold.owner {
            let owner = live.by_owner.entry(owner.clone()).or_default();
            (owner.live, owner.is_in_flight) = (Some(no), false);
        }
        self.note_first(&live);
    }

    /// A hold lapses at another instant.
    pub fn extended(&self, no: OrderNo, until: Timestamp) {
        let mut live = self.live.lock();
        let Some((known, _)) = live.holds.get_mut(&no) else { return };
        let before = std::mem::replace(known, until);
        live.by_time.remove(&(before, no));
        live.by_time.insert((until, no));
        self.note_first(&live);
    }

    /// A hold is live no more.
    pub fn ended(&self, no: OrderNo) {
        let mut live = self.live.lock();
        let Some((until, owner)) = live.holds.remove(&no) else { return };
        live.by_time.remove(&(until, no));
        if let Some(owner) = owner
            && let Entry::Occupied(mut known) = live.by_owner.entry(owner)
            && known.get().live == Some(no)
        {
            known.get_mut().live = None;
            if !known.get().is_in_flight {
                known.remove();
            }
        }
        self.note_first(&live);
    }

    fn note_first(&self, live: &Live) {
        let first = live.by_time.first().map_or(i64::MAX, |(until, _)| until.as_micros());
        self.first_us.store(first, Ordering::Relaxed);
    }

    /// Keeps other commands from giving an owner a hold; tells which one he has.
    pub fn begin(&self, owner: &OwnerId) -> Owned {
        let mut live = self.live.lock();
        let known = live.by_owner.entry(owner.clone()).or_default();
        if std::mem::replace(&mut known.is_in_flight, true) {
            return Owned::InFlight;
        }
        Owned::Has(known.live)
    }

    /// The command that was about to give an owner a hold gave him none.
    pub fn abandon(&self, owner: &OwnerId) {
        let mut live = self.live.lock();
        if let Some(known) = live.by_owner.get_mut(owner) {
            known.is_in_flight = false;
            if known.live.is_none() {
                live.by_owner.remove(owner);
            }
        }
    }

    /// It is that time now.
    #[inline]
    pub(super) fn pass_to(&self, now_us: i64) {
        if now_us >= self.first_us.load(Ordering::Relaxed) {
            self.ring();
        }
    }

    /// Has due holds looked for.
    pub fn ring(&self) {
        self.due.notify_one();
    }

    /// Waits until a hold may be due. There is one who waits.
    pub async fn wait(&self) {
        self.due.notified().await;
    }

    /// The first holds that have lapsed by then, at most so many.
    pub fn due(&self, now: Timestamp, most: usize) -> Vec<OrderNo> {
        let live = self.live.lock();
        let due = live.by_time.iter().take_while(|(until, _)| *until <= now);
        due.take(most).map(|(_, no)| *no).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.live.lock().holds.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HoldId, HoldState};

    fn owner(name: &str) -> OwnerId {
        OwnerId::new("owner", name).expect("an owner")
    }

    fn hold(until: i64, name: &str) -> Hold {
        let id = HoldId::new("hold", "H").expect("an id");
        let (until, owner) = (Timestamp::from_micros(until), Some(owner(name)));
        Hold {
            id,
            fingerprint: 0,
            owner,
            until,
            seconds: 60,
            extended: 0,
            is_paying: false,
            state: HoldState::Live,
        }
    }

    #[test]
    fn holds_are_due_by_the_instant_at_which_they_lapse_now() {
        let holds = Holds::default();
        for (no, until) in [(1, 30), (2, 10), (3, 20)] {
            holds.placed(OrderNo(no), &hold(until, "X"));
        }
        holds.extended(OrderNo(2), Timestamp::from_micros(40));
        let due = |now, most| holds.due(Timestamp::from_micros(now), most);
        assert_eq!(due(19, 9), []);
        assert_eq!(due(40, 9), [3, 1, 2].map(OrderNo));
        assert_eq!(due(40, 1), [OrderNo(3)]);
        holds.ended(OrderNo(3));
        assert_eq!((due(40, 9), holds.len()), ([1, 2].map(OrderNo).to_vec(), 2));
        holds.ended(OrderNo(3));
        assert_eq!(holds.len(), 2, "an end is counted once");
    }

    #[test]
    fn an_owner_is_given_one_hold_at_a_time() {
        let holds = Holds::default();
        assert_eq!(holds.begin(&owner("X")), Owned::Has(None));
        assert_eq!(holds.begin(&owner("X")), Owned::InFlight);
        holds.abandon(&owner("X"));
        assert_eq!(holds.begin(&owner("X")), Owned::Has(None));
        holds.placed(OrderNo(1), &hold(10, "X"));
        assert_eq!(holds.begin(&owner("X")), Owned::Has(Some(OrderNo(1))));
        // The one that he had ends by the event that gives him the next one.
        holds.ended(OrderNo(1));
        holds.placed(OrderNo(2), &hold(10, "X"));
        assert_eq!(holds.begin(&owner("X")), Owned::Has(Some(OrderNo(2))));
        holds.abandon(&owner("X"));
        holds.ended(OrderNo(2));
        assert!(holds.live.lock().by_owner.is_empty(), "nothing is kept of who has none");
    }
}
