//! The stock actor: one SKU at one node, its durable state and the claims on it.
//!
//! ```text
//!   claim ------> granted, withheld from the published free quantity
//!     |  \------> short: durable state refuses
//!     |   \-----> in flight: only other claims stand in the way; wait, plan anew
//!     v
//!   event durable --> apply: the claim becomes a reservation
//!   event refused --> given back
//! ```

mod message;
mod published;
mod sharing;
mod terms;

use smallvec::SmallVec;

use crate::actor::{Actor, Mailbox, Row, prefetch_to_write};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::effect::{FirstOff, StockClaim};
use crate::model::invariants::{check, good_units, missing_good};
use crate::model::{
    Audience, Inbound, InboundNo, Lsn, OrderNo, Pair, Parts, Proposal, Repeg, Reservation,
    ShipmentLine, StateHash, Stock, StockChange, StockEffect, Supply, Timestamp,
};

use sharing::Sharing;

pub use message::{
    Asker, Asks, BacklogAt, BacklogLine, Coming, Edit, Grant, InboundGlance, LineSupply, Promise,
    Ready, Rest, Standing, StockMessage, StockReply,
};
pub use published::{AtAny, Glance, Published};

/// The durable state of a pair, and what transactions in flight claim of it.
#[derive(Debug, Default)]
pub struct StockActor {
    stock: Stock,
    /// Units on hand or at the supplier, claimed by orders in flight.
    claimed: u32,
    rare: Option<Box<RareClaims>>,
}

/// Claims that few pairs have at a time.
#[derive(Debug, Default, PartialEq, Eq)]
struct RareClaims {
    /// Units claimed of inbound supplies.
    inbound: Vec<(InboundNo, u32)>,
    /// Units that orders in flight are to wait for.
    waiting: u32,
    /// Units that shipments in flight take away.
    leaving: u32,
    /// Events of the backlog in flight: what rests on what is not changed otherwise.
    repegging: u32,
    /// Units that may count as somebody else's once one of these events is applied, beyond those
    /// that are claimed: of a pair with segments, by the first order whose units come off.
    moving: Vec<(FirstOff, u32)>,
    /// A change of supply is in flight; it excludes others, shipments, and the backlog.
    editing: bool,
    /// Units that the change in flight takes from what is free.
    withheld: u32,
    /// Changes that wait for the claims there are. No further claim is let in
    /// before them: a shelf counted empty is not sold from for ever.
    in_line: u32,
    /// The change in flight moves what who may have of the units: no claim is let in.
    shut: bool,
    /// Whose claims on hand are in flight, of a pair that says who may have its units.
    audiences: Vec<Audience>,
    /// When the last of these was granted.
    asked_at: Timestamp,
    /// Who has what, of a pair with segments.
    sharing: Option<Box<Sharing>>,
}

impl RareClaims {
    /// Whether no claim is let in for now.
    const fn is_closed(&self) -> bool {
        self.in_line > 0 || self.shut
    }

    fn moving(&self) -> i64 {
        self.moving.iter().map(|(_, units)| i64::from(*units)).sum()
    }

    /// Whether orders in flight are to wait, or to rest on what is on its way.
    const fn adds_to_backlog(&self) -> bool {
        self.waiting > 0 || !self.inbound.is_empty()
    }
}

impl Actor for StockActor {
    type Message = StockMessage;
    type Reply = StockReply;
    type Shared = Published;

    fn turn(&mut self, published: &Published, message: StockMessage) -> StockReply {
        let reply = match message {
            StockMessage::Claim(parts, asks) => {
                StockReply::Grant(self.claim(&parts, asks.as_deref()))
            }
            StockMessage::GiveBack(claim) => self.done(|it| it.give_back(claim.as_ref())),
            StockMessage::Edit { proposal, in_line } => {
                StockReply::Edit(self.edit(&proposal, in_line))
            }
            StockMessage::ClaimLeaving { order, lines } => {
                StockReply::Grant(self.claim_leaving(order, &lines))
            }
            StockMessage::ClaimRepeg(repeg, comings, asks) => {
                StockReply::Grant(self.claim_repeg(&repeg, &comings, asks.as_deref()))
            }
            StockMessage::Apply { pair, lsn, effect, settles } => {
                let moved = self.apply(pair, lsn, &effect, settles);
                let glance = self.glance();
                published.publish(glance);
                return if glance.shows_all() {
                    StockReply::Applied(moved)
                } else {
                    StockReply::AppliedUnseen(moved)
                };
            }
            StockMessage::Read => return StockReply::State(Box::new(self.stock.clone())),
            StockMessage::Introduce(orders) => self.done(|it| it.introduce(orders)),
            StockMessage::ReadPromise(asks) => {
                return StockReply::Promise(self.promise(asks.as_deref()));
            }
            StockMessage::ReadLine(order, line) => {
                return StockReply::Line(Box::new(self.line(order, line)));
            }
            StockMessage::ReadBacklog { lines } => {
                return StockReply::Backlog(Box::new(self.backlog(lines)));
            }
            StockMessage::ReadInbound => return StockReply::Inbound(self.glance_inbound()),
            StockMessage::ReadInboundId(no) => {
                let inbound = self.stock.inbound_no(no);
                return StockReply::InboundId(inbound.map(|inbound| inbound.id.clone()));
            }
            StockMessage::ReadStanding => return StockReply::Standing(self.standing()),
            StockMessage::Restore(stock) => self.done(|it| it.stock = *stock),
        };
        published.publish(self.glance());
        reply
    }
}

impl StockActor {
    fn done(&mut self, work: impl FnOnce(&mut Self)) -> StockReply {
        work(self);
        StockReply::Done
    }

    /// Prefetches, for writing, the beginning of the reservation list, which lies outside
    /// of the actor: the next event changes it. For most pairs that is the whole list; the
    /// end of a long one was in the cache a moment ago.
    #[inline]
    pub fn prefetch_kept(&self) {
        prefetch_to_write(self.stock.reservations.address());
    }

    /// The last event that changed the pair.
    pub const fn last_lsn(&self) -> Lsn {
        self.stock.last_lsn
    }

    /// Free now, net of claims.
    fn free(&self) -> i64 {
        let withheld = self.rare.as_deref().map_or(0, |r| i64::from(r.withheld));
        self.stock.free() - i64::from(self.claimed) - withheld
    }

    fn glance(&self) -> Glance {
        let rare = self.rare.as_deref();
        Glance {
            free: 0,
            has_inbound: !self.stock.inbound().is_empty(),
            in_flight: self.claimed > 0
                || rare.is_some_and(|r| r.withheld > 0 || r.is_closed() || !r.inbound.is_empty())
                // What is on its way is hidden by any change in flight.
                || (rare.is_some_and(|r| r.editing) && !self.stock.inbound().is_empty()),
            has_backlog: self.stock.has_backlog() || rare.is_some_and(RareClaims::adds_to_backlog),
            has_terms: self.stock.terms().is_some(),
        }
        .with_free(self.free())
    }

    /// Whether commands in flight claim or withhold units, or are about to add to the backlog.
    fn is_in_flight(&self) -> bool {
        self.claimed > 0 || self.rare.as_deref().is_some_and(|r| r.editing || r.adds_to_backlog())
    }

    /// The promise of what is durable. A change in flight hides inbound supply from plans,
    /// which wait for the change. A read does not wait, and until the change is applied the
    /// units are there.
    fn promise(&self, asks: Option<&Asks>) -> Promise {
        let (there, is_unlimited) = (self.free(), self.stock.is_unlimited());
        let free = asks.map_or(there, |asks| self.may_have(there, asks));
        let own = asks.map_or(0, |asks| self.own(asks));
        let inbound = self.stock.inbound().iter();
        let inbound =
            inbound.map(|supply| InboundGlance::of(supply, self.claimed_inbound(supply.no)));
        Promise {
            free,
            own,
            limit: self.limit(free < there),
            in_flight: asks.map_or(self.glance().in_flight, |asks| self.hides_from(asks)),
            is_unlimited,
            inbound: inbound.collect(),
        }
    }

    fn standing(&self) -> Standing {
        let rare = self.rare.as_deref();
        Standing {
            last_lsn: self.stock.last_lsn,
            in_flight: self.glance().in_flight,
            room_to_wait: STOCK_UNITS_MAX.saturating_sub(self.stock.waiting),
            waiting: self.stock.waiting,
            about_to_wait: rare.map_or(0, |r| r.waiting),
        }
    }

    fn glance_inbound(&self) -> Vec<InboundGlance> {
        let net = |inbound: &Inbound| {
            let (_, claimed) = self.available(Supply::Inbound(inbound.no));
            InboundGlance::of(inbound, claimed)
        };
        self.stock.inbound().iter().map(net).collect()
    }

    fn line(&self, order: OrderNo, line: u16) -> LineSupply {
        let held = self.stock.reservations.of_line(order, line);
        let rest = |r: Reservation| {
            let eta = self.stock.eta_of(r.supply);
            Rest { supply: r.supply, units: r.units, eta }
        };
        let mut rests: SmallVec<[Rest; 2]> = held.map(rest).collect();
        rests.sort_by_key(Rest::ready);
        LineSupply { rests, last_lsn: self.stock.last_lsn }
    }

    fn backlog(&self, with_lines: bool) -> BacklogAt {
        let mut lines = Vec::new();
        if with_lines && self.stock.has_backlog() {
            let all: Vec<Reservation> = self.stock.reservations.iter().collect();
            let of_lines = all.chunk_by(|a, b| (a.order, a.line) == (b.order, b.line));
            // The least firm units of a line come last.
            let waits = |line: &&[Reservation]| line.last().is_some_and(|r| !r.supply.is_there());
            lines.extend(of_lines.filter(waits).map(|line| {
                // What is picked stays where it is.
                let loose = line.iter().filter(|r| r.supply != Supply::Picked);
                let parts = loose.map(|r| (r.supply, r.units)).collect();
                let Reservation { order, line, priority, held, .. } = line[0];
                BacklogLine { order, line, priority, held, parts }
            }));
        }
        let (free, inbound, last_lsn) = (self.free(), self.glance_inbound(), self.stock.last_lsn);
        let (in_flight, untold) = (self.is_in_flight(), self.stock.untold());
        let terms = self.stock.terms().cloned();
        let terms = terms.map(|terms| Box::new((terms, self.shares())));
        let uncounted = Vec::new();
        BacklogAt { lines, free, inbound, uncounted, in_flight, last_lsn, untold, terms }
    }

    /// Grants all parts or none.
    fn claim(&mut self, parts: &Parts, asks: Option<&Asks>) -> Grant {
        if self.rare.as_deref().is_some_and(RareClaims::is_closed) {
            return Grant::InFlight;
        }
        if self.stock.terms().is_some() {
            if let Some(refused) = self.refuse_by_terms(parts, asks) {
                return refused;
            }
            let granted = self.claim_parts(parts);
            if granted == Grant::Granted {
                self.note_audiences(asks, None);
            }
            return granted;
        }
        self.claim_parts(parts)
    }

    /// The same, as far as there are such units, whoever may have them.
    fn claim_parts(&mut self, parts: &Parts) -> Grant {
        let mut missing = 0;
        for &(supply, units) in parts {
            let (durable, claimed) = self.available(supply);
            let wanted = i64::from(units);
            if wanted > durable && supply == Supply::Backorder {
                return Grant::NoRoomToWait;
            }
            if wanted > durable {
                missing += u64::try_from(wanted - durable.max(0)).unwrap_or(0);
            } else if wanted > durable - claimed {
                return Grant::InFlight;
            }
        }
        if missing > 0 {
            return Grant::Short(missing);
        }
        for &(supply, units) in parts {
            self.hold(supply, units);
        }
        Grant::Granted
    }

    /// Grants what was decided on the backlog, if the pair is still as it was read: units come
    /// off what they rest on, the supplies that they come to have as many, and both come when they
    /// were to: one that they leave may have been moved nearer.
    fn claim_repeg(&mut self, repeg: &Repeg, comings: &[Coming], asks: Option<&Asks>) -> Grant {
        if self.rare.as_deref().is_some_and(|r| r.editing || r.is_closed()) {
            return Grant::InFlight;
        }
        let comes = |coming: &Coming| {
            self.stock.inbound_no(coming.no).is_some_and(|open| open.eta == coming.eta)
        };
        if !comings.iter().all(comes) || !self.has_all(&repeg.off) {
            return Grant::Short(0);
        }
        if let Some(refused) = self.refuse_repeg_by_terms(repeg, asks) {
            return refused;
        }
        let granted = self.claim_parts(&repeg.takes);
        if granted == Grant::Granted {
            self.rare().repegging += 1;
            if self.stock.terms().is_some() {
                let moving = self.moving(repeg, asks);
                if moving > 0 {
                    self.rare().moving.push((FirstOff::of(&repeg.off), moving));
                }
                self.note_audiences(asks, Some(repeg));
            }
        }
        granted
    }

    /// Whether all these units are reserved. Those of one line on one supply may be listed in
    /// parts.
    fn has_all(&self, pegs: &[Reservation]) -> bool {
        pegs.iter().enumerate().all(|(at, peg)| {
            let key = |peg: &Reservation| (peg.order, peg.line, peg.supply, peg.held);
            let same = pegs[at..].iter().take_while(|other| other.order == peg.order);
            let units: u32 = same.filter(|other| key(other) == key(peg)).map(|peg| peg.units).sum();
            self.stock.reservations.units_like(peg) >= units
        })
    }

    /// Units that durable state could promise, and how many of them are claimed.
    fn available(&self, supply: Supply) -> (i64, i64) {
        let rare = self.rare.as_deref();
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => {
                let withheld = rare.map_or(0, |r| i64::from(r.withheld));
                (self.stock.free(), i64::from(self.claimed) + withheld)
            }
            Supply::Inbound(no) => {
                let free = self.stock.inbound_no(no).map_or(0, |i| i64::from(i.free()));
                // A change in flight may take any of it: wait for it.
                let blocked = rare.is_some_and(|r| r.editing);
                (free, if blocked { free } else { self.claimed_inbound(no) })
            }
            Supply::Backorder => {
                let room = i64::from(STOCK_UNITS_MAX) - i64::from(self.stock.waiting);
                (room, rare.map_or(0, |r| i64::from(r.waiting)))
            }
        }
    }

    fn claimed_inbound(&self, no: InboundNo) -> i64 {
        let claims = self.rare.as_deref().map_or(&[][..], |r| &r.inbound);
        claims.iter().find(|(of, _)| *of == no).map_or(0, |(_, units)| i64::from(*units))
    }

    fn hold(&mut self, supply: Supply, units: u32) {
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => self.claimed += units,
            Supply::Backorder => self.rare().waiting += units,
            Supply::Inbound(no) => {
                let claims = &mut self.rare().inbound;
                match claims.iter_mut().find(|(of, _)| *of == no) {
                    Some((_, claimed)) => *claimed += units,
                    None => claims.push((no, units)),
                }
            }
        }
    }

    /// Frees what was claimed: its event is being applied, or its command wrote none.
    fn give_back(&mut self, claim: StockClaim<&Parts>) {
        match claim {
            StockClaim::Units(parts) => parts.iter().for_each(|part| self.unclaim(*part)),
            StockClaim::Leaving(units) => self.rare().leaving -= units,
            StockClaim::Repegging(parts, first) => {
                let rare = self.rare();
                rare.repegging -= 1;
                rare.moving.retain(|(of, _)| *of != first);
                parts.iter().for_each(|part| self.unclaim(*part));
            }
            StockClaim::InLine => self.rare().in_line -= 1,
            StockClaim::Editing => {
                let rare = self.rare();
                (rare.editing, rare.withheld, rare.shut) = (false, 0, false);
            }
        }
        self.drop_rare_if_empty();
    }

    fn unclaim(&mut self, (supply, units): (Supply, u32)) {
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => self.claimed -= units,
            Supply::Backorder => self.rare().waiting -= units,
            Supply::Inbound(no) => {
                let claims = &mut self.rare().inbound;
                for (_, claimed) in claims.iter_mut().filter(|(of, _)| *of == no) {
                    *claimed -= units;
                }
                claims.retain(|(_, claimed)| *claimed > 0);
            }
        }
    }

    fn rare(&mut self) -> &mut RareClaims {
        self.rare.get_or_insert_default()
    }

    fn drop_rare_if_empty(&mut self) {
        if let (0, Some(rare)) = (self.claimed, &mut self.rare)
            && rare.moving.is_empty()
        {
            rare.audiences.clear();
            rare.asked_at = Timestamp::default();
        }
        if self.rare.as_deref() == Some(&RareClaims::default()) {
            self.rare = None;
        }
    }

    /// Decides a change on durable state. One change at a time, and none beside
    /// a shipment: both count what is on hand. A change that takes away more
    /// than is free waits for the orders in flight, so that no event grants
    /// units that an earlier event took.
    fn edit(&mut self, proposal: &Proposal, in_line: bool) -> Edit {
        if in_line {
            self.give_back(StockClaim::InLine);
        }
        let edit = self.decide(proposal);
        match &edit {
            Edit::InLine => self.rare().in_line += 1,
            Edit::Granted(change) => {
                let taken = self.stock.free() - self.stock.free_after(change);
                let shuts = matches!(change, StockChange::Termed(_)) || self.has_segments();
                let rare = self.rare();
                rare.editing = true;
                rare.withheld = u32::try_from(taken.max(0)).unwrap_or(u32::MAX);
                rare.shut = shuts;
            }
            Edit::Refused(_) | Edit::InFlight => {}
        }
        edit
    }

    fn decide(&self, proposal: &Proposal) -> Edit {
        let rare = self.rare.as_deref();
        if rare.is_some_and(|r| r.editing) {
            return Edit::InFlight;
        }
        if rare.is_some_and(|r| r.leaving > 0 || r.repegging > 0 || !r.inbound.is_empty()) {
            return Edit::InLine;
        }
        let change = match self.stock.decide(proposal) {
            Ok(change) => change,
            Err(refused) => return Edit::Refused(refused),
        };
        let left = self.stock.free_after(&change);
        let taken = self.stock.free() - left;
        let takes_claimed =
            taken > self.stock.free() - i64::from(self.claimed) || self.takes_granted(left, 0);
        if self.claimed > 0 && takes_claimed {
            return Edit::InLine;
        }
        // A change moves what is kept for segments, whose units it may be about.
        if self.claimed > 0 && self.has_segments() {
            return Edit::InLine;
        }
        // What is claimed was granted by the terms that are to change.
        let is_claimed = self.claimed > 0 || rare.is_some_and(|r| r.waiting > 0);
        if matches!(change, StockChange::Termed(_)) && is_claimed {
            return Edit::InLine;
        }
        Edit::Granted(change)
    }

    fn claim_leaving(&mut self, order: OrderNo, lines: &[ShipmentLine]) -> Grant {
        if self.rare.as_deref().is_some_and(|r| r.editing || r.in_line > 0) {
            return Grant::InFlight;
        }
        let book = &self.stock.reservations;
        let (mut units, mut picked, mut at_supplier, mut allocated) = (0, 0, 0, 0);
        for of in lines {
            let there = book.units(order, of.line, Supply::Supplier);
            let firm = u64::from(book.units(order, of.line, Supply::OnHand)) + u64::from(there);
            let loose = of.units - of.picked;
            allocated += firm.saturating_sub(of.ahead.into()).min(loose.into());
            (units, picked) = (units + of.units, picked + of.picked);
            at_supplier += there;
        }
        let wanted = u64::from(units - picked);
        // What was damaged stays, and so does what was picked for others.
        let good = self.stock.good();
        let on_shelf = good.saturating_sub(self.stock.picked());
        // The feed of a supplier, not a count, says what is there: nothing can be missing.
        let missing =
            allocated.saturating_sub(on_shelf.into()).max(picked.saturating_sub(good).into());
        if at_supplier == 0 && missing > 0 {
            return Grant::Missing(missing);
        }
        if allocated < wanted {
            return Grant::Short(wanted - allocated);
        }
        // What leaves is a part of what segments are shares of.
        if self.has_segments() && self.takes_granted(self.stock.free(), units) {
            return Grant::InFlight;
        }
        if at_supplier > 0 {
            // No change may be decided on what has not left yet.
            self.rare().leaving += units;
            return Grant::Granted;
        }
        let leaving = self.rare.as_deref().map_or(0, |r| r.leaving);
        if units - picked > on_shelf.saturating_sub(leaving) || units > good.saturating_sub(leaving)
        {
            return Grant::InFlight;
        }
        self.rare().leaving += units;
        Grant::Granted
    }

    fn apply(&mut self, pair: Pair, lsn: Lsn, effect: &StockEffect, settles: bool) -> StateHash {
        if let (true, Some(claim)) = (settles, effect.claim()) {
            self.give_back(claim);
        }
        let mut hash = StateHash::default();
        let missing_good = missing_good(&self.stock);
        let mut apply = |stock: &mut Stock| stock.apply(pair, lsn, effect, &mut hash);
        if self.rare.is_none() {
            apply(&mut self.stock);
        } else {
            self.apply_shared(apply, effect);
        }
        // Only what is decided now: an older version's events are applied as they are.
        if settles {
            check(|| good_units(missing_good, &self.stock));
        }
        hash
    }
}

/// The actor and its mailbox.
const _: () = assert!(size_of::<StockActor>() == 72 && size_of::<Mailbox<StockActor>>() == 80);
// Both are moved from thread to thread by value, several of them for each order.
const _: () = assert!(size_of::<StockMessage>() == 72 && size_of::<StockReply>() == 72);
/// A row of actors that publish one word of four bytes: what planning reads of it fills
/// whole cache lines.
const _: () = {
    let layout = Row::<StockActor>::LAYOUT;
    assert!(layout.row == 104 && layout.before_cells == 64);
    assert!(matches!(layout.chunks, [128, 248, 512]));
};
#[cfg(test)]
mod tests;
