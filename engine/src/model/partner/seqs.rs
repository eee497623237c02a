//! The numbers of a partner's messages: which are missing, and since when. A missing one delays nothing.

use minicbor::{Decode, Encode};

use crate::limits::{PARTNER_GAP_ALARM_MICROS, PARTNER_GAPS_MAX};
use crate::model::time::Timestamp;

/// Numbers that are missing: `from..=to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Gap {
    /// The first one.
    #[n(0)]
    pub from: u64,
    /// The last one.
    #[n(1)]
    pub to: u64,
    /// When a later one came.
    #[n(2)]
    pub since: Timestamp,
}

/// Which numbers came. Invariant: gaps ascend, none touches the next, and all lie below `next`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Seqs {
    /// The number after the highest that came.
    #[n(0)]
    next: u64,
    /// What is missing below it; at most [`PARTNER_GAPS_MAX`], the oldest given up first.
    #[n(1)]
    gaps: Vec<Gap>,
    /// Numbers that were given up, and never came as far as is known.
    #[n(2)]
    given_up: u64,
}

impl Default for Seqs {
    fn default() -> Self {
        Self { next: 1, gaps: Vec::new(), given_up: 0 }
    }
}

impl Seqs {
    /// The lowest number that is missing: the next one, if none is.
    pub fn expected(&self) -> u64 {
        self.gaps.first().map_or(self.next, |gap| gap.from)
    }

    /// What is missing, ascending.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How many numbers were given up because too much was missing.
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Whether numbers below this one are missing.
    pub fn is_gap_before(&self, seq: u64) -> bool {
        self.expected() < seq
    }

    /// Gaps that are open for so long that somebody has to look.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &Gap> {
        let is_overdue =
            move |gap: &&Gap| now >= gap.since.saturating_add_micros(PARTNER_GAP_ALARM_MICROS);
        self.gaps.iter().filter(is_overdue)
    }

    /// A message of that number came. One that came before changes nothing.
    pub fn came(&mut self, seq: u64, now: Timestamp) {
        if seq < self.next {
            return self.fill(seq);
        }
        if seq > self.next {
            self.gaps.push(Gap { from: self.next, to: seq - 1, since: now });
        }
        self.next = seq.saturating_add(1);
        if self.gaps.len() > PARTNER_GAPS_MAX {
            self.give_up();
        }
    }

    /// Takes a number out of the gap that it lies in.
    fn fill(&mut self, seq: u64) {
        let Some(at) = self.gaps.iter().position(|gap| (gap.from..=gap.to).contains(&seq)) else {
            return;
        };
        let Gap { from, to, since } = self.gaps.remove(at);
        if seq < to {
            self.gaps.insert(at, Gap { from: seq + 1, to, since });
        }
        if from < seq {
            self.gaps.insert(at, Gap { from, to: seq - 1, since });
        }
        if self.gaps.len() > PARTNER_GAPS_MAX {
            self.give_up();
        }
    }

    /// Forgets the oldest gap.
    fn give_up(&mut self) {
        let gap = self.gaps.remove(0);
        let missing = (gap.to - gap.from).saturating_add(1);
        self.given_up = self.given_up.saturating_add(missing);
    }
}
