//! Claims on a pair that says who may have its units.
//!
//! What an order may have is decided in the pair's turn, as all that it has. Whoever has a
//! claim in flight is granted what he may have in whatever order the claims become events: so
//! a claim that would leave another one in flight with less than it was granted waits.

use super::sharing;
use super::{Asks, Grant, RareClaims, StockActor};
use crate::model::{
    Audience, OrderNo, PairTerms, Parts, Repeg, Reservation, Shares, Stock, StockEffect, Text,
    Timestamp,
};
use crate::sourcing::Verdict;

/// Units on hand that an order is about to have.
#[derive(Clone, Copy)]
struct Taken {
    audience: Audience,
    units: u32,
    /// Units of its own that are free to it, and whose they count as.
    own: (Audience, u32),
}

impl StockActor {
    /// Whether who may have its units stands against a claim of an order, if so.
    #[cold]
    pub(super) fn refuse_by_terms(&self, parts: &Parts, asks: Option<&Asks>) -> Option<Grant> {
        let terms = self.stock.terms()?;
        // Who asks did not know of the terms, and is to plan anew.
        let Some(asks) = asks else { return Some(Grant::Short(1)) };
        if terms.off_sourcing {
            return Some(Grant::Short(1));
        }
        let (audience, own) = (terms.audience(asks.channel(None)), (Audience::default(), 0));
        let units = units_there(parts);
        let taken = (units > 0).then_some(Taken { audience, units, own });
        self.refuse_taken(terms, taken.as_slice(), asks.at)
    }

    /// Whether it stands against units that come to rest here, if so.
    #[cold]
    pub(super) fn refuse_repeg_by_terms(
        &self,
        repeg: &Repeg,
        asks: Option<&Asks>,
    ) -> Option<Grant> {
        let terms = self.stock.terms()?;
        let brings_more = |no| units_of(&repeg.on, no) > units_of(&repeg.off, no);
        if terms.off_sourcing && orders(&repeg.on).into_iter().any(brings_more) {
            return Some(Grant::Short(1));
        }
        match asks {
            Some(asks) => self.refuse_taken(terms, &self.taken(terms, repeg, asks), asks.at),
            // Who asks did not know of the terms, and is to plan anew.
            None if repeg.on.iter().any(|peg| peg.supply.is_there()) => Some(Grant::Short(1)),
            None => None,
        }
    }

    /// Units that come to an order here beyond those that are claimed: of the order itself, in
    /// another channel, or of an order that leaves them in the same event.
    pub(super) fn moving(&self, repeg: &Repeg, asks: Option<&Asks>) -> u32 {
        let (Some(terms), Some(asks)) = (self.stock.terms(), asks) else { return 0 };
        if !sharing::has_segments(terms) {
            return 0;
        }
        let taken: u32 = self.taken(terms, repeg, asks).iter().map(|taken| taken.units).sum();
        taken.saturating_sub(units_there(&repeg.takes))
    }

    /// Whether not all of these may have what they are to have, one after the other.
    fn refuse_taken(&self, terms: &PairTerms, taken: &[Taken], at: Timestamp) -> Option<Grant> {
        let rare = self.rare.as_deref();
        let in_flight = self.may_be_taken();
        let (mut left, mut shares) = (self.stock.free(), self.shares());
        let mut waits = false;
        for &Taken { audience, units, own: (owner, own) } in taken {
            left += i64::from(own);
            shares.give_back(owner, own);
            let may = terms.may_have(audience, (left, &shares), at);
            if i64::from(units) > may {
                let short = i64::from(units) - may.max(0);
                return Some(Grant::Short(u64::try_from(short).unwrap_or(1)));
            }
            waits |= i64::from(units) > may - in_flight;
            left -= i64::from(units);
            shares.take(audience, units);
        }
        let granted = rare.map_or(&[][..], |rare| &rare.audiences);
        let too_few = |of: &Audience| terms.may_have(*of, (left, &shares), at) < in_flight;
        waits |= !taken.is_empty() && granted.iter().any(too_few);
        waits.then_some(Grant::InFlight)
    }

    /// Units that commands in flight may take from what an audience may have. What leaves may be
    /// of another segment, which then keeps as many more.
    fn may_be_taken(&self) -> i64 {
        let rare = self.rare.as_deref();
        let leaves = |rare: &RareClaims| if self.has_segments() { rare.leaving } else { 0 };
        let more =
            |rare: &RareClaims| i64::from(rare.withheld) + i64::from(leaves(rare)) + rare.moving();
        i64::from(self.claimed) + rare.map_or(0, more)
    }

    /// What the orders that units come to have of them on hand, beyond what they had here.
    fn taken(&self, terms: &PairTerms, repeg: &Repeg, asks: &Asks) -> Vec<Taken> {
        let mut taken = Vec::new();
        for no in orders(repeg.on.iter().filter(|peg| peg.supply.is_there())) {
            let audience = terms.audience(asks.channel(Some(no)));
            let there = |pegs: &[Reservation]| -> u32 {
                let of_it = pegs.iter().filter(|peg| peg.order == no && peg.supply.is_there());
                of_it.map(|peg| peg.units).sum()
            };
            let (on, off) = (there(&repeg.on), there(&repeg.off));
            if asks.is_known(no) {
                // What it has under the same terms stays its own.
                let (units, own) = (on.saturating_sub(off), (audience, 0));
                taken.extend((units > 0).then_some(Taken { audience, units, own }));
            } else if on > 0 {
                let own = (self.owner(terms, no), off);
                taken.push(Taken { audience, units: on, own });
            }
        }
        taken
    }

    /// What the segments are shares of, and what of them is used.
    pub(super) fn shares(&self) -> Shares {
        let good = self.stock.shared();
        let sharing = self.rare.as_deref().and_then(|rare| rare.sharing.as_deref());
        sharing.map_or(Shares { good, ..Shares::default() }, |sharing| sharing.shares(good))
    }

    pub(super) fn has_segments(&self) -> bool {
        self.stock.terms().is_some_and(sharing::has_segments)
    }

    /// Whose the units of an order here count as.
    fn owner(&self, terms: &PairTerms, no: OrderNo) -> Audience {
        let sharing = self.rare.as_deref().and_then(|rare| rare.sharing.as_deref());
        terms.audience(sharing.and_then(|sharing| sharing.channel(no)))
    }

    /// What who asks may have of units that are free, net of claims. Of units that the asker has
    /// here already, those are free to him as well.
    pub(super) fn may_have(&self, free: i64, asks: &Asks) -> i64 {
        let Some(asker) = asks.who.first() else { return free };
        let own = self.own(asks);
        let free = free + i64::from(own);
        let Some(terms) = self.stock.terms() else { return free };
        let mut shares = self.shares();
        if let Some(no) = asker.order {
            shares.give_back(self.owner(terms, no), own);
        }
        let audience = terms.audience(asks.channel(asker.order));
        let may = terms.may_have(audience, (free, &shares), asks.at);
        // What he has stays his own, whatever the terms say of what is free.
        let kept = if asker.is_known { i64::from(own).min(free) } else { i64::MIN };
        let of_others = if terms.off_sourcing { may.min(own.into()) } else { may };
        of_others.max(kept)
    }

    /// Units that who asks has here already.
    pub(super) fn own(&self, asks: &Asks) -> u32 {
        let order = asks.who.first().and_then(|asker| asker.order);
        order.map_or(0, |no| self.stock.there_of(no))
    }

    /// Whether units that commands in flight claim or withhold may come back to who asks. Where he
    /// may have no more of all that is there than of what is free, they come back to others: these
    /// may go on claiming for ever.
    pub(super) fn hides_from(&self, asks: &Asks) -> bool {
        let is_changed =
            |r: &RareClaims| r.withheld > 0 || r.editing || r.is_closed() || !r.inbound.is_empty();
        let may_come_back =
            || self.may_have(self.stock.free(), asks) > self.may_have(self.free(), asks);
        self.rare.as_deref().is_some_and(is_changed) || (self.claimed > 0 && may_come_back())
    }

    /// Why who asks may not have all that is free, if some of it is kept from him.
    pub(super) fn limit(&self, is_kept: bool) -> Option<Verdict> {
        if self.stock.is_off_sourcing() {
            return Some(Verdict::PairOffSourcing);
        }
        is_kept.then_some(Verdict::KeptForOthers)
    }

    /// Whether a change that leaves so many units free, or a shipment of so many units, may take
    /// units that a claim in flight was granted.
    pub(super) fn takes_granted(&self, left: i64, leaving: u32) -> bool {
        let (rare, terms) = (self.rare.as_deref(), self.stock.terms());
        let (Some(rare), Some(terms)) = (rare, terms) else { return false };
        let (shares, granted) = (self.shares(), self.may_be_taken() + i64::from(leaving));
        // A segment that was released by then keeps nothing from them.
        let too_few = |of: &Audience| terms.may_have(*of, (left, &shares), rare.asked_at) < granted;
        (self.claimed > 0 || !rare.moving.is_empty()) && rare.audiences.iter().any(too_few)
    }

    /// What orders have of segments follows what an event does.
    pub(super) fn apply_shared(&mut self, apply: impl FnOnce(&mut Stock), effect: &StockEffect) {
        let sharing = self.rare.as_deref_mut().and_then(|rare| rare.sharing.take());
        let Some(mut sharing) = sharing else { return apply(&mut self.stock) };
        if let Some(orders) = sharing::touched(effect) {
            sharing.uncount(&self.stock, &orders);
            apply(&mut self.stock);
            sharing.recount(&self.stock, &orders);
        } else {
            apply(&mut self.stock);
            sharing.count_all(&self.stock);
        }
        if self.has_segments() {
            self.rare().sharing = Some(sharing);
        }
        self.drop_rare_if_empty();
    }

    /// The channels of orders that have units here, or are about to.
    pub(super) fn introduce(&mut self, orders: Box<[(OrderNo, Option<Text>)]>) {
        let mut sharing = self.rare().sharing.take().unwrap_or_default();
        for (no, channel) in orders {
            sharing.introduce(&self.stock, no, channel);
        }
        self.rare().sharing = Some(sharing);
    }

    /// Notes whose claims are in flight: of the orders that units come to, or of one without a
    /// number yet.
    pub(super) fn note_audiences(&mut self, asks: Option<&Asks>, repeg: Option<&Repeg>) {
        let (Some(asks), Some(terms)) = (asks, self.stock.terms()) else { return };
        let of = |no: Option<OrderNo>| terms.audience(asks.channel(no));
        let there = |repeg: &Repeg| orders(repeg.on.iter().filter(|peg| peg.supply.is_there()));
        let orders = repeg.map(there);
        let audiences: Vec<Audience> = match orders {
            Some(orders) => orders.into_iter().map(|no| of(Some(no))).collect(),
            None => vec![of(None)],
        };
        let (rare, at) = (self.rare(), asks.at);
        for audience in audiences {
            rare.asked_at = rare.asked_at.max(at);
            if !rare.audiences.contains(&audience) {
                rare.audiences.push(audience);
            }
        }
    }
}

/// Units of parts that are there.
fn units_there(parts: &Parts) -> u32 {
    parts.iter().filter(|(supply, _)| supply.is_there()).map(|(_, units)| units).sum()
}

/// Units of one order among these.
fn units_of(pegs: &[Reservation], no: OrderNo) -> u32 {
    pegs.iter().filter(|peg| peg.order == no).map(|peg| peg.units).sum()
}

/// The orders of reservations, in their order.
fn orders<'a>(pegs: impl IntoIterator<Item = &'a Reservation>) -> Vec<OrderNo> {
    let mut orders: Vec<OrderNo> = Vec::new();
    for peg in pegs {
        if !orders.contains(&peg.order) {
            orders.push(peg.order);
        }
    }
    orders
}
