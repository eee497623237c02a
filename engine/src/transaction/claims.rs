//! Claims of a transaction: given back when it ends before its event is written.

use std::sync::Arc;

use smallvec::SmallVec;
use thin_vec::ThinVec;

use super::asked::Asked;
use super::attempts::Ear;
use super::bells::{Awaited, Listening};
use super::error::EngineError;
use super::kernel::Kernel;
use super::written::{Reserve, Room, parts};
use crate::actor::Ask;
use crate::model::effect::{Claim, FirstOff, StockClaim};
use crate::model::{
    KeptOrder, Order, OrderNo, Pair, Proposal, Repeg, RoomAsked, ShipmentLine, Timestamp, UsesOf,
};
use crate::state::stock::{
    Asks, Coming, Edit, Grant, Standing, StockActor, StockMessage, StockReply,
};

/// What a transaction has claimed. Dropping it gives all of it back.
pub struct Claims<'k> {
    kernel: &'k Kernel,
    held: SmallVec<[Claim; 4]>,
    /// Orders in hand that have prices, as they were taken: their events are settled.
    priced: ThinVec<Order>,
}

impl<'k> Claims<'k> {
    /// No claim yet.
    pub fn new(kernel: &'k Kernel) -> Self {
        Self { kernel, held: SmallVec::new(), priced: ThinVec::new() }
    }

    /// What all transactions share.
    pub const fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// Holds a claim that was granted outside of this type.
    pub fn hold(&mut self, claim: Claim) {
        self.held.push(claim);
    }

    /// Holds all claims of `other` as well.
    pub fn take(&mut self, mut other: Self) {
        self.held.append(&mut other.held);
        self.priced.append(&mut other.priced);
    }

    /// Notes an order that is in hand, if it has prices.
    pub(super) fn note_priced(&mut self, kept: &KeptOrder) {
        if kept.packed.is_priced() {
            self.priced.push(kept.order());
        }
    }

    /// The orders in hand that have prices.
    pub fn priced(&self) -> &[Order] {
        &self.priced
    }

    /// Claims what an order reserves at one pair; the pair's bell when other commands
    /// have it in hand. `asks` says who asks, where a pair of the order says who may have its
    /// units.
    pub async fn units(
        &mut self,
        reserves: &[Reserve],
        asks: Option<&Arc<Asks>>,
    ) -> Result<Result<Grant, Listening<'k>>, EngineError> {
        let (kernel, reserve) = (self.kernel, reserves[0]);
        let claim = StockClaim::Units(parts(reserves));
        let ask =
            || reserve.ask(&kernel.state, StockMessage::Claim(parts(reserves), asks.cloned()));
        self.claim(reserve.pair, claim, ask).await
    }

    /// Claims the leaving of units of an order's lines from one pair; the pair's bell when others
    /// have it in hand.
    pub async fn leaving(
        &mut self,
        pair: Pair,
        order: OrderNo,
        lines: SmallVec<[ShipmentLine; 1]>,
    ) -> Result<Result<Grant, Listening<'k>>, EngineError> {
        let cell = self.kernel.state.cell(pair);
        let units = lines.iter().map(|of| of.units).sum();
        let ask = || cell.ask(StockMessage::ClaimLeaving { order, lines: lines.clone() });
        self.claim(pair, StockClaim::Leaving(units), ask).await
    }

    async fn claim(
        &mut self,
        pair: Pair,
        claim: StockClaim,
        ask: impl Fn() -> Ask<StockActor>,
    ) -> Result<Result<Grant, Listening<'k>>, EngineError> {
        let kernel = self.kernel;
        let claim = Claim::Stock(pair, claim);
        let undo = |reply| {
            if grant_of(reply) == Grant::Granted {
                kernel.give_back(claim.clone());
            }
        };
        let mut ear = Ear::at(kernel, Awaited::Pair(pair));
        loop {
            match grant_of(Asked::new(kernel, ask(), undo).await?) {
                Grant::InFlight => {
                    if let Some(bell) = ear.refused() {
                        return Ok(Err(bell));
                    }
                }
                Grant::Granted => {
                    self.held.push(claim);
                    return Ok(Ok(Grant::Granted));
                }
                refused => return Ok(Ok(refused)),
            }
        }
    }

    /// Claims what was decided on the backlog at one pair, whose supply on its way was expected
    /// so; the pair's bell when others have it in hand. `asks` says who asks, as for units.
    pub async fn repeg(
        &mut self,
        pair: Pair,
        repeg: &Arc<Repeg>,
        comings: Box<[Coming]>,
        asks: Option<&Arc<Asks>>,
    ) -> Result<Result<Grant, Listening<'k>>, EngineError> {
        let cell = self.kernel.state.cell(pair);
        let ask = || {
            let (repeg, comings) = (Arc::clone(repeg), comings.clone());
            cell.ask(StockMessage::ClaimRepeg(repeg, comings, asks.cloned()))
        };
        let claim = StockClaim::Repegging(repeg.takes.clone(), FirstOff::of(&repeg.off));
        self.claim(pair, claim, ask).await
    }

    /// Decides a change of one pair's supply, and holds the pair for it; the pair's bell
    /// while other commands have it in hand. Asked again, it keeps the place in line that
    /// it had.
    pub async fn edit(
        &mut self,
        pair: Pair,
        proposal: &Proposal,
    ) -> Result<Result<Edit, Listening<'k>>, EngineError> {
        let mut ear = Ear::at(self.kernel, Awaited::Pair(pair));
        loop {
            let edit = self.edit_once(pair, proposal.clone()).await?;
            if !matches!(edit, Edit::InFlight | Edit::InLine) {
                return Ok(Ok(edit));
            }
            if let Some(bell) = ear.refused() {
                return Ok(Err(bell));
            }
        }
    }

    async fn edit_once(&mut self, pair: Pair, proposal: Proposal) -> Result<Edit, EngineError> {
        let kernel = self.kernel;
        // The turn takes the place, whatever it answers.
        let line = Claim::Stock(pair, StockClaim::InLine);
        let in_line = self.held.iter().position(|held| *held == line);
        let in_line = in_line.map(|at| self.held.swap_remove(at)).is_some();
        let claimed = |edit: &Edit| match edit {
            Edit::Granted(_) => Some(Claim::Stock(pair, StockClaim::Editing)),
            Edit::InLine => Some(Claim::Stock(pair, StockClaim::InLine)),
            Edit::Refused(_) | Edit::InFlight => None,
        };
        let left_line = || {
            // A command that left the line with nothing in hand wakes those behind it.
            if in_line {
                kernel.bells.ring(Awaited::Pair(pair));
            }
        };
        let undo = |reply| match claimed(&edit_of(reply)) {
            Some(claim) => kernel.give_back(claim),
            None => left_line(),
        };
        let asked = kernel.state.cell(pair).ask(StockMessage::Edit { proposal, in_line });
        let edit = edit_of(Asked::new(kernel, asked, undo).await?);
        match claimed(&edit) {
            Some(claim) => self.held.push(claim),
            None => left_line(),
        }
        Ok(edit)
    }

    /// Claims room on the days of nodes that have a capacity, for one order after the other; false
    /// when a day has none. Days that are too far ahead to be held to it have room. Never sleeps.
    ///
    /// # Errors
    /// What stopped the engine.
    pub fn room(&mut self, wanted: &[RoomAsked], now: Timestamp) -> Result<bool, EngineError> {
        let kernel = self.kernel;
        let network = kernel.state.network.load();
        for &asked in wanted.iter().filter(|asked| network.is_bounded(asked.at.node)) {
            let granted = kernel.state.loads.claim(asked, network.capacity_on(asked.at, now));
            if !granted.map_err(|panicked| kernel.panicked(panicked))? {
                return Ok(false);
            }
            self.held.push(Claim::Room(asked.at, asked.more));
        }
        Ok(true)
    }

    /// Claims a use of a promotion, of at most so many; whether it could. Never sleeps.
    pub fn a_use(&mut self, of: &UsesOf, most: u32) -> bool {
        let is_granted = self.kernel.state.uses.claim(of, most);
        self.held.extend(is_granted.then(|| Claim::Use(Box::new(of.clone()))));
        is_granted
    }

    /// The room on days that was claimed.
    pub fn room_claimed(&self) -> Room {
        if !self.kernel.state.loads.is_used() {
            return None;
        }
        let room = self.held.iter().filter_map(|claim| match claim {
            Claim::Room(at, load) => Some((*at, *load)),
            _ => None,
        });
        let room: Box<[_]> = room.collect();
        (!room.is_empty()).then_some(room)
    }

    /// Gives back all claims but those to keep.
    pub fn give_up(&mut self, keep: impl Fn(&Claim) -> bool) {
        for claim in std::mem::take(&mut self.held) {
            if keep(&claim) {
                self.held.push(claim);
            } else {
                self.kernel.give_back(claim);
            }
        }
        // Another command may change them now: taken in hand again, they are noted as they are then.
        let Self { held, priced, .. } = self;
        priced.retain(|order| held.contains(&Claim::InHand(order.no)));
    }

    /// The event is in the journal: applying it settles the claims.
    pub fn hand_over(mut self) {
        self.held.clear();
    }
}

impl Drop for Claims<'_> {
    fn drop(&mut self) {
        for claim in self.held.drain(..) {
            self.kernel.give_back(claim);
        }
    }
}

fn edit_of(reply: StockReply) -> Edit {
    match reply {
        StockReply::Edit(edit) => edit,
        other => unreachable!("an edit is answered with an edit, not {other:?}"),
    }
}

/// What a pair answers when it is asked how it stands.
pub fn standing_of(reply: StockReply) -> Standing {
    match reply {
        StockReply::Standing(standing) => standing,
        other => unreachable!("a pair says how it stands, and not {other:?}"),
    }
}

fn grant_of(reply: StockReply) -> Grant {
    match reply {
        StockReply::Grant(grant) => grant,
        other => unreachable!("a claim is answered with a grant, not {other:?}"),
    }
}
