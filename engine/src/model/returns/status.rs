//! Where one unit of a return is in all three machines, and what a deed makes of that.

use minicbor::{Decode, Encode};

use super::decision::Decision;
use super::deed::Deed;
use super::goods::{Disposition, Goods, Grade};
use super::state::{Credit, DecisionState, GoodsState};
use super::table::{self, Act, Obstacle, Rule};

/// Where a unit is in the three machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Status {
    /// Where the goods are.
    #[n(0)]
    pub goods: Goods,
    /// What was decided.
    #[n(1)]
    pub decision: Decision,
    /// Whether the customer has his credit.
    #[n(2)]
    pub credit: Credit,
}

impl Status {
    /// Of a unit that somebody asks to return.
    pub const REQUESTED: Self =
        Self { goods: Goods::Expected, decision: Decision::Requested, credit: Credit::None };

    /// What a deed makes of it; itself where it was done before.
    ///
    /// # Errors
    /// One of the machines refuses it. Of several, goods speak first.
    pub fn after(self, deed: Deed) -> Result<Self, Obstacle> {
        let act = deed.act();
        let goods = self.goods_after(act, deed)?;
        let decision = self.decision_after(act, deed)?;
        let credit = match table::credit(act, self.credit) {
            Rule::Becomes(credit) => credit,
            Rule::Stays => self.credit,
            Rule::Refused(obstacle) => return Err(obstacle),
        };
        Ok(Self { goods, decision, credit })
    }

    fn goods_after(self, act: Act, deed: Deed) -> Result<Goods, Obstacle> {
        match table::goods(act, self.goods.state()) {
            Rule::Becomes(_) if self.is_unsellable(deed) => Err(Obstacle::NotSellable),
            Rule::Becomes(state) => Ok(goods_in(state, self.goods, deed)),
            Rule::Refused(obstacle) => Err(obstacle),
            Rule::Stays => self.goods_stay(deed),
        }
    }

    fn is_unsellable(self, deed: Deed) -> bool {
        let is_damaged = self.goods.grade() == Some(Grade::Damaged);
        is_damaged && deed == Deed::Dispose(Disposition::Restock)
    }

    /// What was done before stays, and something else is not made of it.
    fn goods_stay(self, deed: Deed) -> Result<Goods, Obstacle> {
        match (deed, self.goods) {
            (Deed::Dispose(how), Goods::Disposed { how: done, .. }) if how != done => {
                Err(Obstacle::Disposed)
            }
            (Deed::Inspect(grade), goods) if goods.grade() != Some(grade) => {
                Err(Obstacle::Inspected)
            }
            (_, goods) => Ok(goods),
        }
    }

    fn decision_after(self, act: Act, deed: Deed) -> Result<Decision, Obstacle> {
        match table::decision(act, self.decision.state()) {
            Rule::Becomes(state) => Ok(decision_in(state, self.decision, deed)),
            Rule::Refused(obstacle) => Err(obstacle),
            Rule::Stays => match (deed, self.decision) {
                (Deed::Reduce(by), Decision::Reduced(done)) if by != done => Err(Obstacle::Decided),
                (_, decision) => Ok(decision),
            },
        }
    }

    /// Whether it may be in a return of a policy that credits keep-it, advances and lost goods as it is
    /// said: otherwise who is credited sent the goods, and the goods were looked at. Goods that are sold
    /// again are the seller's.
    pub fn is_sound(self, exempt: Exempt) -> bool {
        let is_seen = matches!(self.goods.state(), GoodsState::Inspected | GoodsState::Disposed);
        let is_kept = exempt.keep_it && self.goods == Goods::NotRequired;
        let may_be_owed = is_seen || is_kept || exempt.lost;
        let is_owed = matches!(self.decision, Decision::Approved | Decision::Reduced(_));
        let credit = match self.credit {
            Credit::None => true,
            Credit::Given => is_owed,
            Credit::Earned => is_owed && exempt.advance,
            Credit::Advanced => !self.decision.is_final() && exempt.advance,
            Credit::ChargedBack => exempt.advance,
        };
        (may_be_owed || !is_owed) && credit && self.owner_is_one(is_owed)
    }

    fn owner_is_one(self, is_owed: bool) -> bool {
        let is_final = self.decision.is_final();
        match self.goods.disposition() {
            None => true,
            Some(Disposition::SendBack | Disposition::Missing) => !is_owed && is_final,
            Some(Disposition::Scrap) => is_final,
            Some(_) => is_owed,
        }
    }
}

/// For what units of a return customers are credited that did not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exempt {
    /// For what they keep.
    pub keep_it: bool,
    /// For what is still to come.
    pub advance: bool,
    /// For what the carrier lost.
    pub lost: bool,
}

/// Goods in a state, with what the deed says of them.
fn goods_in(state: GoodsState, now: Goods, deed: Deed) -> Goods {
    match (state, deed) {
        (GoodsState::Expected, _) => Goods::Expected,
        (GoodsState::InTransit, _) => Goods::InTransit,
        (GoodsState::Received, _) => Goods::Received,
        (GoodsState::Inspected, Deed::Inspect(grade)) => Goods::Inspected(grade),
        (GoodsState::Disposed, Deed::Dispose(how)) => Goods::Disposed { grade: now.grade(), how },
        (GoodsState::Lost, _) => Goods::Lost,
        (GoodsState::Expired, _) => Goods::Expired,
        (GoodsState::NotRequired, _) => Goods::NotRequired,
        // No row of the table does it: a test goes through them.
        (GoodsState::Inspected | GoodsState::Disposed, _) => now,
    }
}

/// A decision of a state, with what the deed says of it.
fn decision_in(state: DecisionState, now: Decision, deed: Deed) -> Decision {
    match (state, deed) {
        (DecisionState::Requested, _) => Decision::Requested,
        (DecisionState::Authorised, _) => Decision::Authorised,
        (DecisionState::Refused, _) => Decision::Refused,
        (DecisionState::Approved, _) => Decision::Approved,
        (DecisionState::Reduced, Deed::Reduce(by)) => Decision::Reduced(by),
        (DecisionState::Rejected, _) => Decision::Rejected,
        (DecisionState::Cancelled, _) => Decision::Cancelled,
        // No row of the table does it: a test goes through them.
        (DecisionState::Reduced, _) => now,
    }
}
