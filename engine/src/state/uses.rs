//! How often promotions were used that may be used only so often: an escrow with two counts for each,
//! everybody's and the customer's own.
//!
//! ```text
//!   order to be placed --claims--> one use more than is counted and claimed, if the limit leaves it
//!   order placed -----> the use is counted, and the claim ends
//!   all its units cancelled --> the use is given back, in the event that cancels the last of them
//! ```
//! A count tells the last event that changed it, as all parts of durable state do: a snapshot may have it
//! newer than the order. One that went back to zero stays, because an audit that runs may have yet to
//! read it; so there are as many as were ever used.

use dashmap::DashMap;

use crate::model::digest::{Part, hash_encoded};
use crate::model::{Lsn, StateHash, UsesOf};

/// How often promotions were used.
#[derive(Default)]
pub struct PromotionUses {
    by_key: DashMap<UsesOf, Uses, foldhash::fast::RandomState>,
}

/// How often one was used, and what is claimed beyond it.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    counted: Counted,
    claimed: u32,
}

/// How often one was used, as of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// How often.
    pub times: u32,
    /// The event that changed it last.
    pub lsn: Lsn,
}

/// Whether a use may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is one more.
    Free,
    /// The limit is reached.
    UsedUp,
    /// Others claim what is left: some of them may give it back.
    InFlight,
}

impl Uses {
    /// Where none may be counted, all are used up.
    const fn standing(self, most: u32) -> Standing {
        if self.counted.times >= most {
            Standing::UsedUp
        } else if self.counted.times.saturating_add(self.claimed) >= most {
            Standing::InFlight
        } else {
            Standing::Free
        }
    }
}

impl PromotionUses {
    /// Whether one of at most so many uses may be claimed now.
    pub fn standing(&self, of: &UsesOf, most: u32) -> Standing {
        self.by_key.get(of).map_or(Uses::default(), |uses| *uses).standing(most)
    }

    /// Claims a use, of at most so many; whether it could.
    pub fn claim(&self, of: &UsesOf, most: u32) -> bool {
        let mut uses = self.by_key.entry(of.clone()).or_default();
        let is_free = uses.standing(most) == Standing::Free;
        uses.claimed += u32::from(is_free);
        is_free
    }

    /// A claim ends without an event.
    pub fn end(&self, of: &UsesOf) {
        if let Some(mut uses) = self.by_key.get_mut(of) {
            uses.claimed = uses.claimed.saturating_sub(1);
        }
    }

    /// How often one was used.
    pub fn counted(&self, of: &UsesOf) -> Counted {
        self.by_key.get(of).map_or(Counted::default(), |uses| uses.counted)
    }

    /// The event at `lsn` uses one so often more, or gives uses back where `more` is below zero, and ends
    /// the claim of a use where there is one. Answers what it moves of the state's hash: nothing where the
    /// count is as of that event already.
    pub fn count(&self, of: &UsesOf, more: i32, (lsn, ends_claim): (Lsn, bool)) -> StateHash {
        let mut uses = self.by_key.entry(of.clone()).or_default();
        if ends_claim && more > 0 {
            uses.claimed = uses.claimed.saturating_sub(1);
        }
        let before = uses.counted;
        if before.lsn >= lsn {
            return StateHash::default();
        }
        uses.counted = Counted { times: before.times.saturating_add_signed(more), lsn };
        let after = hash_of(of, uses.counted);
        StateHash::from_value(after.value().wrapping_sub(hash_of(of, before).value()))
    }

    /// Puts a count back, into a state without it. Answers its hash; none where it is there already.
    pub fn restore(&self, of: UsesOf, counted: Counted) -> Option<StateHash> {
        let hash = hash_of(&of, counted);
        let before = self.by_key.insert(of, Uses { counted, claimed: 0 });
        before.is_none().then_some(hash)
    }

    /// All that were ever used, in no order. No lock is held between two of them for long.
    pub fn all(&self) -> Vec<(UsesOf, Counted)> {
        let all = self.by_key.iter().map(|uses| (uses.key().clone(), uses.counted));
        all.filter(|(_, counted)| counted.lsn > Lsn::NONE).collect()
    }
}

/// The hash of a count. One that no event changed is no part of the state.
pub fn hash_of(of: &UsesOf, counted: Counted) -> StateHash {
    let mut hash = StateHash::default();
    if counted.lsn > Lsn::NONE {
        let Counted { times, lsn } = counted;
        hash.add(hash_encoded(Part::PromotionUses, &(of, times, lsn)));
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PromotionNo;

    fn of(promotion: u32) -> UsesOf {
        UsesOf { promotion: PromotionNo(promotion), customer: None }
    }

    #[test]
    fn no_more_uses_are_granted_than_there_are_and_what_is_claimed_may_come_back() {
        let uses = PromotionUses::default();
        let claim = || (uses.standing(&of(1), 2), uses.claim(&of(1), 2));
        let (free, in_flight) = ((Standing::Free, true), (Standing::InFlight, false));
        assert_eq!([claim(), claim(), claim()], [free, free, in_flight]);
        uses.end(&of(1));
        assert_eq!(claim(), free, "one came back");
        let _ = uses.count(&of(1), 1, (Lsn::new(5), true));
        assert_eq!(claim(), in_flight, "one is counted, the other is claimed");
        let _ = uses.count(&of(1), 1, (Lsn::new(6), true));
        assert_eq!(claim(), (Standing::UsedUp, false));
        let _ = uses.count(&of(1), -1, (Lsn::new(7), true));
        assert_eq!((claim(), claim()), (free, in_flight));
        assert!(uses.claim(&of(2), 1), "another promotion");
        assert_eq!(uses.counted(&of(1)), Counted { times: 1, lsn: Lsn::new(7) });
    }

    #[test]
    fn an_event_counts_once_and_the_hash_is_that_of_all_counts() {
        let uses = PromotionUses::default();
        let mut hash = StateHash::default();
        for (promotion, more, lsn) in [(1, 1, 3), (1, 1, 3), (2, 1, 4), (1, -1, 5), (1, 1, 2)] {
            hash.merge(uses.count(&of(promotion), more, (Lsn::new(lsn), false)));
        }
        let mut all = uses.all();
        all.sort();
        let counted = |times, lsn| Counted { times, lsn: Lsn::new(lsn) };
        assert_eq!(all, [(of(1), counted(0, 5)), (of(2), counted(1, 4))]);
        let (mut anew, again) = (StateHash::default(), PromotionUses::default());
        for (of, counted) in all {
            anew.merge(again.restore(of.clone(), counted).expect("it was not there"));
            assert_eq!(again.restore(of, counted), None);
        }
        assert_eq!(hash, anew);
    }
}
