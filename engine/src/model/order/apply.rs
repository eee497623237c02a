//! What an event does to an order.

use super::packed::PackedOrder;
use super::{
    Allocation, AllocationUnits, Decision, IntentsMinted, LineRepegged, Move, Order, OrderChange,
    OrderHold, OrderMoney, PaymentTold, Returning, Shipment, Told, count,
};
use crate::model::answer::{Answer, AnswerKind};
use crate::model::fulfilment::{Act, Content, Dispatch, Package, Progress, Work, WorkClaim};
use crate::model::hold::{Hold, HoldState};
use crate::model::ids::OrderHoldId;
use crate::model::lsn::Lsn;
use crate::model::priority::Priority;
use crate::model::reservations::Supply;
use crate::model::time::Timestamp;

/// What an event does to one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEffect {
    /// Units were cancelled.
    Cancel(Vec<AllocationUnits>),
    /// A shipment left.
    Ship {
        /// Which one, from 0.
        shipment: u16,
        /// How.
        dispatch: Dispatch,
    },
    /// A shipment took a step.
    Progress(Box<Progress>),
    /// Units were cancelled of which some were picked.
    CancelPicked(Box<PickedCancelled>),
    /// Packages of a shipment went back to the shelf: nobody collected them in time.
    Expire(Box<Expiry>),
    /// Units of a shipment, which its node does not ship, are a shipment by themselves, or some of
    /// them were picked.
    DeclinePart(Box<PartDeclined>),
    /// The node answered to a shipment.
    Answer {
        /// Which one, from 0.
        shipment: u16,
        /// What.
        answer: Answer,
    },
    /// Somebody works on a shipment from now on; nobody if none is named.
    ClaimWork {
        /// Which one, from 0.
        shipment: u16,
        /// Who, and until when.
        claim: Option<Box<WorkClaim>>,
    },
    /// Units of a line rest on other supply from now on.
    Repeg(Box<LineRepegged>),
    /// Bundles rest on other supply from now on: the lines of their components.
    MoveBundle(Box<[LineRepegged]>),
    /// The order comes to be, in place of a hold: the next hold of its owner, or what it became
    /// after it lapsed.
    Place(PackedOrder),
    /// The order is this from now on: a hold that is confirmed.
    Replace(PackedOrder),
    /// A hold has its units for longer.
    Extend {
        /// Until when.
        until: Timestamp,
        /// Whether it is the grace for a payment.
        for_payment: bool,
    },
    /// A hold in line waits until then.
    Prolong(Timestamp),
    /// It is served before others, or after them, from now on.
    Prioritise(Priority),
    /// A hold gives up its units.
    EndHold(HoldState),
    /// No node is to work on it.
    Hold(Box<OrderHold>),
    /// A hold on it ended.
    ReleaseHold {
        /// Which one.
        hold: OrderHoldId,
        /// The days of shipments that were to leave meanwhile.
        told: Vec<Told>,
    },
    /// The customer is asked no more what becomes of a shipment, from 0: it is sourced anew.
    ResolveDecline(u16),
    /// It is on hold for so long that its units wait from now on.
    GiveUpStock(Box<StockGivenUp>),
    /// The order was changed.
    Change(Box<OrderChange>),
    /// Something of its money was told.
    Pay(Box<PaymentTold>),
    /// Units come back, or are to.
    Return(Box<Returning>),
    /// Another effect, and what it has the order ask of payment providers.
    Mint(Box<(Self, IntentsMinted)>),
    /// Nothing: the command that has it in hand lets go of it. It may have left memory.
    LetGo,
}

/// Units of an order on hold that wait from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockGivenUp {
    /// When: holds that keep the units until then, or until before, keep them no more.
    pub at: Timestamp,
    /// What rests on nothing from now on, by line.
    pub lines: Box<[LineRepegged]>,
}

/// Units that were cancelled, of which some were picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickedCancelled {
    /// Those that go back to the shelf first.
    pub put_back: Vec<AllocationUnits>,
    /// All of them.
    pub cancelled: Vec<AllocationUnits>,
    /// The packages that they were in, by shipment, as they are from now on.
    pub packages: Vec<(u16, Package)>,
}

/// Packages of a shipment that nobody collected in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The shipment, from 0.
    pub shipment: u16,
    /// When they went back to the shelf.
    pub at: Timestamp,
    /// Their units, which are cancelled.
    pub units: Vec<AllocationUnits>,
    /// The packages, empty.
    pub packages: Vec<Package>,
}

/// Units of a shipment that its node does not ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartDeclined {
    /// The shipment, from 0.
    pub shipment: u16,
    /// Those of them that were picked.
    pub put_back: Vec<AllocationUnits>,
    /// All of them, if they are a shipment by themselves from now on; none if they are all that it
    /// has.
    pub units: Option<Vec<AllocationUnits>>,
    /// Why, and when.
    pub answer: Answer,
    /// Whether the customer is asked what becomes of them.
    pub asks: bool,
}

impl OrderEffect {
    /// Whether the order may ask payment providers for something by it.
    pub fn may_mint(&self) -> bool {
        match self {
            Self::Mint(_) => true,
            Self::Place(packed) | Self::Replace(packed) => packed.is_priced(),
            _ => false,
        }
    }

    /// Whether an authorisation of the order may be due by it, or end at another time.
    pub fn may_authorise(&self) -> bool {
        match self {
            Self::Mint(minting) => minting.1.expired.is_some() || minting.0.may_authorise(),
            Self::Place(packed) | Self::Replace(packed) => packed.is_authorised(),
            Self::Pay(_) => true,
            _ => false,
        }
    }

    /// The effect without what it has the order ask of payment providers.
    pub fn plain(&self) -> &Self {
        match self {
            Self::Mint(minting) => &minting.0,
            other => other,
        }
    }
}

impl Order {
    /// Applies what the event at `lsn` does here; one that this state has
    /// already is skipped.
    ///
    /// # Panics
    /// When a named invariant would break; deciding has made sure that none does.
    pub fn apply(&mut self, lsn: Lsn, effect: &OrderEffect) {
        if lsn <= self.last_lsn {
            return;
        }
        self.last_lsn = lsn;
        self.carry_out(lsn, effect);
        self.cancel_priced();
    }

    fn carry_out(&mut self, lsn: Lsn, effect: &OrderEffect) {
        match effect {
            OrderEffect::Pay(told) => self.pay(told),
            OrderEffect::Return(returning) => self.take_back_units(returning),
            OrderEffect::Mint(minting) => {
                self.carry_out(lsn, &minting.0);
                self.mint(&minting.1);
            }
            OrderEffect::Cancel(units) => self.cancel(units),
            OrderEffect::Ship { shipment, dispatch } => self.ship(*shipment, dispatch),
            OrderEffect::Progress(progress) => self.progress(progress),
            OrderEffect::CancelPicked(all) => {
                self.put_back(&all.put_back);
                self.cancel(&all.cancelled);
                for (shipment, package) in &all.packages {
                    self.work_mut(*shipment).put(package);
                }
            }
            OrderEffect::Expire(expiry) => self.expire(expiry),
            OrderEffect::DeclinePart(part) => self.decline_part(part),
            OrderEffect::Answer { shipment, answer } => self.answer(*shipment, *answer),
            OrderEffect::ClaimWork { shipment, claim } => {
                self.work_mut(*shipment).claim.clone_from(claim);
                self.forget_no_work(*shipment);
            }
            OrderEffect::Repeg(repegged) => {
                self.repeg(repegged);
                self.keep_decision(lsn, repegged);
            }
            OrderEffect::MoveBundle(lines) => {
                for line in lines {
                    self.repeg(line);
                    self.keep_decision(lsn, line);
                }
            }
            OrderEffect::Place(packed) | OrderEffect::Replace(packed) => {
                let order = packed.unpack().expect("REPLAY_EQUAL: what was packed unpacks");
                *self = Self { placed_lsn: lsn, last_lsn: lsn, ..order };
            }
            OrderEffect::Extend { until, for_payment } => {
                let hold = self.hold_mut();
                hold.until = *until;
                hold.extended += u8::from(!for_payment);
                hold.is_paying |= for_payment;
            }
            OrderEffect::Prolong(until) => self.hold_mut().until = *until,
            OrderEffect::Prioritise(priority) => self.header.priority = *priority,
            OrderEffect::EndHold(state) => self.end_hold(*state),
            OrderEffect::Hold(hold) => self.put_on_hold(hold),
            OrderEffect::ReleaseHold { hold, told } => {
                self.end_order_hold(hold);
                self.tell(told);
            }
            OrderEffect::ResolveDecline(shipment) => {
                self.shipments[usize::from(*shipment)].asks = false;
            }
            OrderEffect::GiveUpStock(given_up) => {
                given_up.lines.iter().for_each(|line| self.repeg(line));
                self.note_let_go(given_up.at);
            }
            OrderEffect::Change(change) => self.change(change),
            OrderEffect::LetGo => {}
        }
    }

    pub(super) fn money_mut(&mut self) -> &mut OrderMoney {
        let money = self.money.as_deref_mut();
        money.expect("REPLAY_EQUAL: only an order with prices is paid")
    }

    fn hold_mut(&mut self) -> &mut Hold {
        let hold = self.header.hold.as_deref_mut();
        hold.expect("REPLAY_EQUAL: only an order that began as a hold changes like one")
    }

    /// Its units are not its own any more.
    fn end_hold(&mut self, state: HoldState) {
        for allocation in &mut self.allocations {
            let open = allocation.open();
            allocation.cancelled += open;
            self.lines[usize::from(allocation.line)].cancelled += open;
        }
        self.hold_mut().state = state;
    }

    /// The order as it is once a line of it rests on other supply.
    #[must_use]
    pub fn repegged(&self, repegged: &LineRepegged) -> Self {
        let mut after = self.clone();
        after.repeg(repegged);
        after
    }

    fn repeg(&mut self, repegged: &LineRepegged) {
        let LineRepegged { line, opened, moves, told, offered_until, .. } = repegged;
        if !opened.is_empty() {
            let opened = opened.iter().map(|node| Shipment::waiting(*node));
            let all = std::mem::take(&mut self.shipments).into_vec().into_iter().chain(opened);
            self.shipments = all.collect();
            self.added.shipments += count(repegged.opened.len());
        }
        for moved in moves.iter().filter(|moved| moved.shipment != moved.to_shipment) {
            self.take_out((*line, moved.shipment), moved.units);
            self.put_in((*line, moved.to_shipment), moved);
        }
        self.tell(told);
        if let Some(until) = offered_until {
            let hold = self.hold_mut();
            (hold.state, hold.until) = (HoldState::Live, *until);
        }
    }

    /// Shipments leave, and arrive, on these days from now on.
    pub fn tell(&mut self, told: &[Told]) {
        for Told { shipment, days, units_there, .. } in told {
            let shipment = &mut self.shipments[usize::from(*shipment)];
            (shipment.ship_by, shipment.deliver_by) = (days.map(|d| d.0), days.map(|d| d.1));
            shipment.told_of_units_there = Some(*units_there);
        }
    }

    /// Keeps a decision, if it says why.
    fn keep_decision(&mut self, lsn: Lsn, line: &LineRepegged) {
        if line.why.is_some() {
            self.decisions.keep(&Decision { lsn, line: line.clone() });
        }
    }

    /// Takes units of a line out of a shipment, from its last allocations.
    fn take_out(&mut self, (line, shipment): (u16, u16), units: u32) {
        let mut left = units;
        let of_it = |a: &&mut Allocation| (a.line, a.shipment) == (line, shipment);
        for allocation in self.allocations.iter_mut().rev().filter(of_it) {
            let moved = allocation.loose().min(left);
            allocation.moved += moved;
            left -= moved;
        }
        assert_eq!(left, 0, "CONSERVATION: only units that a shipment has leave it");
    }

    /// Puts units of a line into a shipment, as an allocation that was added or is.
    fn put_in(&mut self, of: (u16, u16), moved: &Move) {
        self.put(of, moved.to.1, moved.units);
    }

    pub(super) fn put(&mut self, (line, shipment): (u16, u16), supply: Supply, units: u32) {
        let placed = self.placed_allocations().len();
        let same = |a: &&mut Allocation| (a.line, a.shipment, a.supply) == (line, shipment, supply);
        if let Some(there) = self.allocations[placed..].iter_mut().find(same) {
            there.units += units;
            return;
        }
        let added = Allocation::new((line, shipment), supply, units);
        let all = std::mem::take(&mut self.allocations).into_vec().into_iter();
        self.allocations = all.chain([added]).collect();
        self.added.allocations += 1;
    }

    pub(super) fn cancel(&mut self, cancelled: &[AllocationUnits]) {
        for part in cancelled {
            let allocation = &mut self.allocations[usize::from(part.allocation)];
            assert!(part.units <= allocation.loose(), "CONSERVATION: only loose units cancel");
            allocation.cancelled += part.units;
            self.lines[usize::from(allocation.line)].cancelled += part.units;
        }
    }

    fn answer(&mut self, shipment: u16, answer: Answer) {
        let shipment = &mut self.shipments[usize::from(shipment)];
        let node = shipment.node;
        shipment.answer = Some(answer);
        if matches!(answer.kind, AnswerKind::Declined(_)) && !self.declined.contains(&node) {
            let declined = std::mem::take(&mut self.declined).into_vec().into_iter();
            self.declined = declined.chain([node]).collect();
        }
    }

    pub(super) fn work_mut(&mut self, shipment: u16) -> &mut Work {
        self.shipments[usize::from(shipment)].work.get_or_insert_default()
    }

    pub(super) fn put_back(&mut self, units: &[AllocationUnits]) {
        for part in units {
            let picked = &mut self.allocations[usize::from(part.allocation)].picked;
            *picked = picked.checked_sub(part.units).expect("CONSERVATION: picked units go back");
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let Progress { shipment, at, act, put_back, picked, left, packages, recall } = progress;
        self.put_back(put_back);
        for part in picked {
            let allocation = &mut self.allocations[usize::from(part.allocation)];
            assert!(part.units <= allocation.loose(), "CONSERVATION: loose units are picked");
            allocation.picked += part.units;
        }
        for part in left {
            let allocation = &mut self.allocations[usize::from(part.allocation)];
            let picked = allocation.picked.checked_sub(part.units);
            allocation.picked = picked.expect("CONSERVATION: picked units leave");
            allocation.shipped += part.units;
        }
        // A package that left in an event of an older version is one of them from now on.
        let known = Content::of(self, *shipment).packages();
        let work = self.work_mut(*shipment);
        work.packages = known;
        for package in packages {
            work.put(package);
        }
        work.recall = *recall;
        match act {
            Act::Recall if recall.is_none() => self.take_back(*shipment),
            Act::Recall | Act::Unpick | Act::RefuseRecall => {}
            _ => work.released = work.released.or(Some(*at)),
        }
    }

    /// Its node has not accepted the shipment any more, and was not told to work on it.
    fn take_back(&mut self, at: u16) {
        let shipment = &mut self.shipments[usize::from(at)];
        shipment.answer = None;
        if let Some(work) = &mut shipment.work {
            work.released = None;
            work.claim = None;
        }
        self.forget_no_work(at);
    }

    /// Nothing was done of a shipment, if so it is.
    fn forget_no_work(&mut self, shipment: u16) {
        let shipment = &mut self.shipments[usize::from(shipment)];
        shipment.work.take_if(|work| **work == Work::default());
    }

    fn expire(&mut self, Expiry { shipment, at, units, packages }: &Expiry) {
        self.put_back(units);
        self.cancel(units);
        let work = self.work_mut(*shipment);
        for package in packages {
            work.put(package);
        }
        work.expired = Some(*at);
    }

    /// The units become a shipment by themselves, which was declined.
    fn decline_part(&mut self, part: &PartDeclined) {
        let PartDeclined { shipment, put_back, units, answer, asks } = part;
        self.put_back(put_back);
        let Some(units) = units else {
            self.shipments[usize::from(*shipment)].asks = *asks;
            return self.answer(*shipment, *answer);
        };
        let apart =
            Shipment { work: None, asks: *asks, ..self.shipments[usize::from(*shipment)].clone() };
        let to = count(self.shipments.len());
        let all = std::mem::take(&mut self.shipments).into_vec().into_iter();
        self.shipments = all.chain([apart]).collect();
        self.added.shipments += 1;
        for part in units {
            let allocation = &mut self.allocations[usize::from(part.allocation)];
            assert!(part.units <= allocation.loose(), "CONSERVATION: loose units are declined");
            allocation.moved += part.units;
            let supply = allocation.supply;
            self.put((part.line, to), supply, part.units);
        }
        self.answer(to, *answer);
    }

    fn ship(&mut self, shipment: u16, dispatch: &Dispatch) {
        for allocation in self.allocations.iter_mut().filter(|a| a.shipment == shipment) {
            allocation.shipped += allocation.open();
        }
        self.shipments[usize::from(shipment)].shipped = Some(Box::new(dispatch.clone()));
    }
}
