//! What can be asked of a pair, and what it answers.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::model::effect::StockClaim;
use crate::model::{
    Inbound, InboundId, InboundNo, Lsn, OrderNo, Pair, PairTerms, Parts, Priority, Proposal,
    Refused, Repeg, Shares, ShipmentLine, StateHash, Stock, StockChange, StockEffect, Supply, Text,
    Timestamp, ToldAt,
};
use crate::sourcing::Verdict;

/// What can be asked of a pair.
#[derive(Debug)]
pub enum StockMessage {
    /// Claim units for an order in flight; of a pair that says who may have its units, with who
    /// asks.
    Claim(Parts, Option<Arc<Asks>>),
    /// Take back a claim: its command wrote no event.
    GiveBack(StockClaim),
    /// Decide a change of supply and hold the pair for it.
    Edit {
        /// What is to change.
        proposal: Proposal,
        /// Whether the asker is in line for this.
        in_line: bool,
    },
    /// Claim that units which lines of an order have here leave the shelf, or the node.
    ClaimLeaving {
        /// The order.
        order: OrderNo,
        /// What leaves.
        lines: SmallVec<[ShipmentLine; 1]>,
    },
    /// Claim that units rest on other supply, as was decided on the backlog while what is on
    /// its way was expected so; with who asks, as in a claim.
    ClaimRepeg(Arc<Repeg>, Box<[Coming]>, Option<Arc<Asks>>),
    /// Apply what a durable event does here.
    Apply {
        /// This pair.
        pair: Pair,
        /// The event.
        lsn: Lsn,
        /// What it does.
        effect: StockEffect,
        /// Whether the event settles a claim of this process.
        settles: bool,
    },
    /// The channels of orders that have units here, or are about to: told before they are given
    /// some, of a pair with segments.
    Introduce(Box<[(OrderNo, Option<Text>)]>),
    /// Read the durable state.
    Read,
    /// Read what could be promised, where a glance cannot show it: to who asks, or to whoever may
    /// have most.
    ReadPromise(Option<Arc<Asks>>),
    /// Read the reservations of one order line.
    ReadLine(OrderNo, u16),
    /// Read the pair's part of the backlog, and what could serve it.
    ReadBacklog {
        /// Whether the answer has the lines. There may be a hundred thousand.
        lines: bool,
    },
    /// Read what inbound supplies could promise.
    ReadInbound,
    /// Read what callers call an inbound supply.
    ReadInboundId(InboundNo),
    /// Read how the pair stands.
    ReadStanding,
    /// Take the durable state from a snapshot; the pair is new.
    Restore(Box<Stock>),
}

/// What a pair answers, one variant for each kind of question.
#[derive(Debug)]
pub enum StockReply {
    /// To a claim, and to the claim of a shipment.
    Grant(Grant),
    /// To an edit.
    Edit(Edit),
    /// To an apply: by how much the state hash moves.
    Applied(StateHash),
    /// The same, of a pair that does not publish all that it could promise.
    AppliedUnseen(StateHash),
    /// To a read.
    State(Box<Stock>),
    /// To a read of what could be promised.
    Promise(Promise),
    /// To a read of one line.
    Line(Box<LineSupply>),
    /// To a read of the backlog.
    Backlog(Box<BacklogAt>),
    /// To a read of inbound supplies, ascending by number.
    Inbound(Vec<InboundGlance>),
    /// To a read of an inbound supply's id; none when it is not open.
    InboundId(Option<InboundId>),
    /// To a read of how the pair stands.
    Standing(Standing),
    /// To what needs no answer.
    Done,
}

/// When a supply on its way is expected, as it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// Its number at the pair.
    pub no: InboundNo,
    /// When.
    pub eta: Timestamp,
}

/// Who asks for units of a pair that says who may have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// When: a segment counts no more from an instant on.
    pub at: Timestamp,
    /// The orders, or the one that has no number yet.
    pub who: Vec<Asker>,
}

/// An order that asks for units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// The order; none if it has no number yet.
    pub order: Option<OrderNo>,
    /// Its channel.
    pub channel: Option<Text>,
    /// Whether that was its channel when it was given the units that it has.
    pub is_known: bool,
}

impl Asks {
    /// That an order asks which has no number yet.
    pub fn new_order(channel: Option<&Text>, at: Timestamp) -> Self {
        Self { at, who: vec![Asker { channel: channel.cloned(), ..Asker::default() }] }
    }

    fn of(&self, order: Option<OrderNo>) -> Option<&Asker> {
        self.who.iter().find(|asker| asker.order == order)
    }

    /// The channel of an order.
    pub fn channel(&self, order: Option<OrderNo>) -> Option<&str> {
        self.of(order)?.channel.as_ref().map(Text::as_str)
    }

    /// Whether an order had its units in that channel.
    pub fn is_known(&self, order: OrderNo) -> bool {
        self.of(Some(order)).is_some_and(|asker| asker.is_known)
    }
}

/// What a pair could promise, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Free now, net of claims, as far as who asks may have it; below zero after a short count.
    pub free: i64,
    /// Of these, units that who asks has here already, whichever of his lines has them.
    pub own: u32,
    /// Why who asks may not have all that others may have, if so.
    pub limit: Option<Verdict>,
    /// Whether units are claimed or withheld in flight: they may come back.
    pub in_flight: bool,
    /// Whether a supplier promises any quantity.
    pub is_unlimited: bool,
    /// What is on its way, ascending by number.
    pub inbound: Vec<InboundGlance>,
}

/// What an order line has at a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSupply {
    /// Its units, those that can be counted on first before others.
    pub rests: SmallVec<[Rest; 2]>,
    /// The last event that changed the pair.
    pub last_lsn: Lsn,
}

/// Units of an order line, and what they rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// The supply.
    pub supply: Supply,
    /// How many.
    pub units: u32,
    /// When they are expected, if they are on their way.
    pub eta: Option<Timestamp>,
}

/// When units can be counted on, in an order: those that are there come first, those without
/// supply last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ready {
    /// They are there.
    Now,
    /// They are expected then.
    At(Timestamp),
    /// They have no supply.
    Never,
}

impl Rest {
    /// When they can be counted on.
    pub const fn ready(&self) -> Ready {
        match (self.supply, self.eta) {
            (Supply::Picked | Supply::OnHand | Supply::Supplier, _) => Ready::Now,
            (Supply::Inbound(_), Some(eta)) => Ready::At(eta),
            (Supply::Inbound(_) | Supply::Backorder, _) => Ready::Never,
        }
    }
}

/// A pair's part of the backlog, and what could serve it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BacklogAt {
    /// Order lines of which units wait, or rest on what is on its way.
    pub lines: Vec<BacklogLine>,
    /// Free now, net of claims.
    pub free: i64,
    /// What is on its way, ascending by number.
    pub inbound: Vec<InboundGlance>,
    /// What else is on its way, and is overdue for longer than is counted on it. The pair does not
    /// know what counts, and leaves it empty.
    pub uncounted: Vec<InboundGlance>,
    /// Whether commands in flight claim or withhold units, or are about to add to the backlog.
    pub in_flight: bool,
    /// The last event that changed the pair.
    pub last_lsn: Lsn,
    /// Which orders are to be told of days that follow from it.
    pub untold: ToldAt,
    /// Who may have its units, if it says that, with what segments have.
    pub terms: Option<Box<(PairTerms, Shares)>>,
}

impl BacklogAt {
    /// Whether nothing here could serve anybody sooner, and nobody is to be told of other days.
    pub fn changes_nothing(&self) -> bool {
        let is_free = self.free > 0 || self.inbound.iter().any(|inbound| inbound.free > 0);
        !is_free && self.untold.is_empty()
    }
}

/// An order line of which units wait at a pair, or rest on what is on its way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacklogLine {
    /// The order.
    pub order: OrderNo,
    /// Its line, from 0.
    pub line: u16,
    /// Before whom the order is served.
    pub priority: Priority,
    /// Whether it is a hold that nobody confirmed.
    pub held: bool,
    /// All units of the line at the pair.
    pub parts: Parts,
}

/// How a pair stands: what a look at several pairs rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The last event that changed it.
    pub last_lsn: Lsn,
    /// Whether supply is claimed or withheld in flight: it may come back.
    pub in_flight: bool,
    /// Units that may still wait here.
    pub room_to_wait: u32,
    /// Units that wait here.
    pub waiting: u32,
    /// Units that commands in flight are about to let wait here.
    pub about_to_wait: u32,
}

/// What an inbound supply could promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundGlance {
    /// Its number at the pair.
    pub no: InboundNo,
    /// When it is expected.
    pub eta: Timestamp,
    /// Units not promised yet, net of claims.
    pub free: u32,
    /// Whether units are claimed or withheld in flight: they may come back.
    pub in_flight: bool,
    /// Of the free units, those that are the order's own for which it is planned anew, or that it
    /// is given however late they come.
    pub own: u32,
}

impl InboundGlance {
    pub(super) fn of(inbound: &Inbound, claimed: i64) -> Self {
        let free = u32::try_from(i64::from(inbound.free()) - claimed).unwrap_or(0);
        Self { no: inbound.no, eta: inbound.eta, free, in_flight: claimed > 0, own: 0 }
    }
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The units are held for the claimant.
    Granted,
    /// Durable state refuses: so many units have no such supply.
    Short(u64),
    /// Durable state refuses a shipment: the units are allocated, and a count or damage
    /// left so many good ones too few.
    Missing(u64),
    /// More units would wait here than a pair counts.
    NoRoomToWait,
    /// Only other commands in flight stand in the way.
    InFlight,
}

/// The outcome of deciding a change of supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// What will have happened; the pair is held until it is applied.
    Granted(StockChange),
    /// Durable state refuses.
    Refused(Refused),
    /// Another change is in flight.
    InFlight,
    /// Claims in flight stand in the way; the asker is in line now.
    InLine,
}
