//! Units of one order line that come back, by where they are.

use minicbor::{Decode, Encode};

use super::decision::Reduction;
use super::deed::Deed;
use super::goods::{Disposition, Goods};
use super::state::{Credit, DecisionState};
use super::status::{Exempt, Status};
use super::table::Obstacle;
use crate::limits::{LINE_UNITS_MAX, RETURN_BUCKETS_MAX};

/// Units that are at one place in all three machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bucket {
    /// Where they are.
    #[n(0)]
    pub status: Status,
    /// How many; never 0.
    #[n(1)]
    pub units: u32,
}

/// Units of a line that go from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Moved {
    /// The return's line, from 0.
    #[n(0)]
    pub line: u16,
    /// From where.
    #[n(1)]
    pub from: Status,
    /// Where to.
    #[n(2)]
    pub to: Status,
    /// How many.
    #[n(3)]
    pub units: u32,
}

/// Units of one line of the order that come back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnLine {
    /// The order's line, from 0.
    #[n(0)]
    pub line: u16,
    /// Where its units are, ascending, each place once. The sum is what was requested.
    #[n(1)]
    pub buckets: Box<[Bucket]>,
    /// Units that came beyond those that were requested: they are at the node, nobody's yet.
    #[n(2)]
    pub surplus: u32,
}

/// What becomes of a unit, itself where that was done before, or why not.
pub(super) type Change<'a> = &'a dyn Fn(Status) -> Result<Status, Obstacle>;

/// Units to which their customer has a right to be credited, and is not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// How many.
    pub units: u32,
    /// By how much their value is reduced.
    pub reduced: Option<Reduction>,
}

impl ReturnLine {
    /// So many units of a line of the order, as somebody asks for it.
    pub fn requested(line: u16, units: u32) -> Self {
        let buckets = Box::new([Bucket { status: Status::REQUESTED, units }]);
        Self { line, buckets, surplus: 0 }
    }

    /// Units requested.
    pub fn units(&self) -> u32 {
        self.sum(|_| true)
    }

    /// Units whose status is as asked for.
    pub fn sum(&self, is_it: impl Fn(Status) -> bool) -> u32 {
        let them = self.buckets.iter().filter(|bucket| is_it(bucket.status));
        them.map(|bucket| bucket.units).sum()
    }

    /// Units that arrived, of those that were requested.
    pub fn arrived(&self) -> u32 {
        self.sum(|status| status.goods.has_arrived())
    }

    /// Units that were sent: they are on their way, or further.
    pub fn sent(&self) -> u32 {
        self.sum(|status| status.goods == Goods::InTransit || status.goods.has_arrived())
    }

    /// Units that the customer may still send.
    pub fn sendable(&self) -> u32 {
        self.movable(&|status| status.after(Deed::Send))
    }

    /// Units that may come yet.
    pub fn awaited(&self) -> u32 {
        self.movable(&|status| status.after(Deed::Receive))
    }

    /// Units that the customer was credited for.
    pub fn credited(&self) -> u32 {
        self.sum(|status| status.credit.is_had())
    }

    /// What of it the customer is to be credited for now.
    pub fn entitled(&self) -> impl Iterator<Item = Entitled> + '_ {
        let is_owed = |status: Status| status.after(Deed::Credit).is_ok_and(|to| to != status);
        let owed = self.buckets.iter().filter(move |of| is_owed(of.status));
        owed.map(|of| Entitled { units: of.units, reduced: of.status.decision.reduction() })
    }

    /// Units that the customer cannot ask to return again: all but those that he kept, or got back,
    /// without a credit.
    pub fn taken(&self) -> u32 {
        let is_given_up = |status: Status| {
            let decision = status.decision.state();
            let gave_up = matches!(decision, DecisionState::Cancelled | DecisionState::Refused);
            let has_them = status.goods == Goods::NotRequired;
            (gave_up && has_them) || status.goods.disposition() == Some(Disposition::SendBack)
        };
        self.sum(|status| !is_given_up(status))
    }

    /// Units that a change may be made of that was not made yet.
    pub(super) fn movable(&self, change: Change<'_>) -> u32 {
        self.sum(|status| change(status).is_ok_and(|to| to != status))
    }

    /// Units that a change was made of, or that are further on.
    pub(super) fn done(&self, change: Change<'_>) -> u32 {
        self.sum(|status| change(status) == Ok(status))
    }

    /// Why a change cannot be made of some of its units; none where it can be of all.
    pub(super) fn obstacle(&self, change: Change<'_>) -> Option<Obstacle> {
        self.buckets.iter().find_map(|bucket| change(bucket.status).err())
    }

    /// Makes a change of as many units as it may be made of, at most so many, and notes what moved. `at`
    /// is the line's place in the return.
    pub(super) fn make(
        &mut self,
        at: u16,
        (change, units): (Change<'_>, u32),
        moves: &mut Vec<Moved>,
    ) {
        let mut there: Vec<Bucket> = self.buckets.to_vec();
        there.sort_by_key(|bucket| (rank(bucket.status.goods), bucket.status));
        let mut left = units;
        for Bucket { status: from, units } in there {
            let to = change(from).unwrap_or(from);
            let units = units.min(left);
            if to != from && units > 0 {
                let moved = Moved { line: at, from, to, units };
                self.apply(&moved);
                moves.push(moved);
                left -= units;
            }
        }
    }

    /// Moves units, at most as many as are there.
    pub(super) fn apply(&mut self, moved: &Moved) {
        let mut all = std::mem::take(&mut self.buckets).into_vec();
        let from = all.iter_mut().find(|bucket| bucket.status == moved.from);
        let units = from.map_or(0, |bucket| {
            let units = bucket.units.min(moved.units);
            bucket.units -= units;
            units
        });
        debug_assert_eq!(units, moved.units, "CONSERVATION: units that move were there");
        match all.binary_search_by_key(&moved.to, |bucket| bucket.status) {
            Ok(at) => all[at].units += units,
            Err(at) => all.insert(at, Bucket { status: moved.to, units }),
        }
        all.retain(|bucket| bucket.units > 0);
        self.buckets = all.into_boxed_slice();
    }

    /// Whether it can be so.
    pub(super) fn is_sound(&self, exempt: Exempt) -> bool {
        let units: u64 = self.buckets.iter().map(|bucket| u64::from(bucket.units)).sum();
        let ascends = self.buckets.is_sorted_by(|a, b| a.status < b.status);
        let each = |bucket: &Bucket| bucket.units > 0 && bucket.status.is_sound(exempt);
        (1..=u64::from(LINE_UNITS_MAX)).contains(&units)
            && self.surplus <= LINE_UNITS_MAX
            && self.buckets.len() <= RETURN_BUCKETS_MAX
            && ascends
            && self.buckets.iter().all(each)
    }

    /// Units that the customer was credited for and that did not come, nor need not.
    pub fn credited_unseen(&self) -> u32 {
        let is_it = |status: Status| status.credit.is_had() && !status.goods.has_arrived();
        self.sum(is_it)
    }

    /// Units of credit that came before anybody looked at the goods.
    pub fn advanced(&self) -> u32 {
        self.sum(|status| status.credit == Credit::Advanced)
    }

    /// Of those, units that did not come yet.
    pub fn advanced_unseen(&self) -> u32 {
        self.sum(|status| status.credit == Credit::Advanced && !status.goods.has_arrived())
    }
}

/// Which units are meant first where all are alike to who speaks of them: those that are on their way
/// arrive before those that nobody sent.
const fn rank(goods: Goods) -> u8 {
    match goods {
        Goods::InTransit => 0,
        Goods::Expected => 1,
        _ => 2,
    }
}
