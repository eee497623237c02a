//! The durable state of a stock actor: one SKU at one node.
//!
//! ```text
//!   operation --> decide --> change --> apply (book) --> state
//!                 may refuse  durable   cannot fail
//! ```

mod apply;
mod book;
mod bounds;
mod change;
mod confidence;
mod decide;
pub mod decline;
mod declined;
mod dispatch;
mod inbound;
mod named;
mod operation;
mod proposal;
mod recall;
mod reported;
mod returned;
mod segments;
mod source;
mod terms;
mod told;

use std::sync::Arc;

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use super::ids::{InboundNo, OrderNo};
use super::lsn::Lsn;
use super::priority::Priority;
use super::reservations::{Reservation, Reservations, Supply};
use super::time::Timestamp;
use crate::limits::STOCK_UNITS_MAX;
pub use change::{InboundSourced, InboundWeighed, StockChange, TransferAnnounced};
pub use confidence::Confidence;
pub use decide::Refused;
pub use declined::{Decline, Declined, Found, LineDeclined, ShipmentLine};
pub use inbound::{ClosedInbound, ClosedInbounds, Inbound};
pub use operation::StockOperation;
pub use proposal::{Proposal, Reported};
pub use segments::{Kept, Segment, Segments};
pub use source::SupplySource;
pub use terms::{Audience, ChannelSafety, PairTerms, Shares};
pub use told::joined;

/// What few pairs have, kept apart from what all have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Open inbound supplies, ascending by number.
    pub inbound: Vec<Inbound>,
    /// The number that the next inbound supply gets.
    pub inbound_next: u16,
    /// Inbound supplies of which nothing more is to come.
    pub closed: ClosedInbounds,
    /// How many events took units' supply here, which wait since, and their orders were not
    /// told.
    pub lost: u32,
    /// Whether a supplier promises any quantity.
    pub unlimited: bool,
    /// Who may have what; none where nothing is said of that.
    pub terms: Option<Box<PairTerms>>,
    /// As of when the newest feed of a supplier is that said so; none if none did.
    pub feed_as_of: Option<Timestamp>,
    /// Units that are picked, of those that are allocated.
    pub picked: u32,
}

/// The durable state of one pair: a fold over the journal and nothing else.
///
/// Named invariants: `CONSERVATION` and `NO_OVERSELL` in
/// [`super::invariants`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Units physically there; at a supplier, units that its feed reports.
    pub on_hand: u32,
    /// Damaged, quarantined or in inspection, out of `on_hand`. No event makes it more
    /// than that; older versions did.
    pub unavailable: u32,
    /// Withheld from promising.
    pub safety: u32,
    /// Units reserved on hand or at the supplier.
    pub allocated: u32,
    /// Units reserved that no supply is there for yet.
    pub waiting: u32,
    /// Units ever received, those of transfers among them, modulo 2^32.
    pub received: u32,
    /// Units ever shipped, to customers and to other nodes, modulo 2^32.
    pub shipped: u32,
    /// Sum of all corrections, modulo 2^32.
    pub adjusted: u32,
    /// The last event applied.
    pub last_lsn: Lsn,
    /// What was promised to which order.
    pub reservations: Reservations,
    /// Inbound supplies and supplier terms.
    pub extras: Option<Box<Extras>>,
}

/// Who gets the units that an event frees at a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Serves {
    /// The units that wait at the pair, in the same event. Older versions did so; read
    /// still, and written no more.
    #[default]
    #[n(0)]
    Pair,
    /// The backlog of the SKU, over all nodes, in an event of its own.
    #[n(1)]
    Backlog,
}

/// Units by supply, as one order has them at one pair.
pub type Parts = SmallVec<[(Supply, u32); 1]>;

/// Units of lines of an order, from 0, at one pair, each line once: mostly of one. An order with
/// bundles may have several lines of an item.
pub type LineUnits = SmallVec<[(u16, u32); 1]>;

/// What an event does to one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockEffect {
    /// The pair's supply changed.
    Change {
        /// How.
        change: StockChange,
        /// Who gets what that frees.
        serves: Serves,
    },
    /// An order line was given units.
    Reserve {
        /// The order.
        order: OrderNo,
        /// Its line, from 0.
        line: u16,
        /// Units by supply.
        parts: Parts,
        /// Whether the order is a hold.
        held: bool,
        /// Before whom the order is served.
        priority: Priority,
    },
    /// Several lines of an order were given units.
    ReserveLines(Box<LinesReserved>),
    /// An order is served before others, or after them, from now on.
    Prioritise {
        /// The order.
        order: OrderNo,
        /// Before whom.
        priority: Priority,
    },
    /// Lines of an order gave units back, of each the least firm first.
    Release {
        /// The order.
        order: OrderNo,
        /// How many units of which lines.
        lines: LineUnits,
        /// Who gets them.
        serves: Serves,
    },
    /// Units of order lines rest on other supply from now on.
    Repeg(Arc<Repeg>),
    /// Units of lines of an order left the node, as older versions had it.
    Ship {
        /// The order.
        order: OrderNo,
        /// How many units of which lines.
        lines: LineUnits,
    },
    /// The node worked on units of an order.
    Handle(Box<Handled>),
}

/// What a node did with units of an order at one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The order.
    pub order: OrderNo,
    /// By line, each once, ascending.
    pub lines: SmallVec<[LineHandled; 2]>,
    /// Whether what waits of a line that must not be split may go elsewhere from now on.
    pub parts: bool,
}

/// What a node did with units of a line, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineHandled {
    /// The line, from 0.
    pub line: u16,
    /// Units that went back to the shelf.
    pub put_back: u32,
    /// Units that were picked.
    pub picked: u32,
    /// Units that left the node, of those that were picked.
    pub left: u32,
    /// Units that the order gave back, the least firm first.
    pub released: u32,
    /// Units that went back to the shelf and were given back there.
    pub expired: u32,
}

impl Handled {
    /// Units that leave the shelf, or the node: they have to be there.
    pub fn leaving(&self) -> u32 {
        self.lines.iter().map(|of| of.picked.max(of.left)).sum()
    }
}

/// Units that several lines of an order were given at one pair. What one event does to a pair is
/// one effect, and one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinesReserved {
    /// The order.
    pub order: OrderNo,
    /// Of each line, from 0, units by supply.
    pub lines: SmallVec<[(u16, Parts); 2]>,
    /// Units by supply, of all lines.
    pub takes: Parts,
    /// Whether the order is a hold.
    pub held: bool,
    /// Before whom the order is served.
    pub priority: Priority,
}

impl StockEffect {
    /// Whether it may free units, or bring supply nearer.
    pub fn frees(&self) -> bool {
        match self {
            Self::Change {
                change: StockChange::Unchanged | StockChange::TransferLeft { .. },
                ..
            }
            | Self::Reserve { .. }
            | Self::ReserveLines(_)
            | Self::Ship { .. } => false,
            Self::Handle(handled) => {
                handled.parts || handled.lines.iter().any(|of| of.released + of.expired > 0)
            }
            Self::Repeg(repeg) => repeg.frees(),
            Self::Change { .. } | Self::Release { .. } | Self::Prioritise { .. } => true,
        }
    }
}

/// Units that come off supplies of a pair, and units that come onto them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeg {
    /// What comes off.
    pub off: Vec<Reservation>,
    /// What comes on, once the other units are off.
    pub on: Vec<Reservation>,
    /// Units that come onto each supply.
    pub takes: Parts,
    /// Whose orders were told the days that follow from this pair.
    pub told: ToldAt,
}

/// Which orders were told of days that follow from one pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ToldAt {
    /// Those that rest on these inbound supplies, told when they are expected.
    #[n(0)]
    pub supplies: Vec<(InboundNo, Timestamp)>,
    /// Those whose units lost their supply by so many events, and wait.
    #[n(1)]
    pub lost: u32,
}

impl ToldAt {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.supplies.is_empty() && self.lost == 0
    }
}

impl Repeg {
    /// Whether units are free afterwards that were not, or may be: not where all stay where
    /// they are, as those of a hold that is confirmed do.
    fn frees(&self) -> bool {
        let at = |peg: &Reservation| (peg.supply, peg.units);
        !self.off.iter().map(at).eq(self.on.iter().map(at))
    }

    /// Units come onto a supply.
    pub fn put_on(&mut self, peg: Reservation) {
        match self.takes.iter_mut().find(|(supply, _)| *supply == peg.supply) {
            Some((_, units)) => *units += peg.units,
            None => self.takes.push((peg.supply, peg.units)),
        }
        self.on.push(peg);
    }
}

impl Stock {
    /// Free now (ATP now) by durable state alone. Below zero after a count or a
    /// feed that found less than was promised. An unlimited supplier is taken to
    /// have [`STOCK_UNITS_MAX`].
    pub fn free(&self) -> i64 {
        if self.is_unlimited() {
            return i64::from(STOCK_UNITS_MAX) - i64::from(self.safety) - i64::from(self.allocated);
        }
        i64::from(self.on_hand)
            - i64::from(self.unavailable)
            - i64::from(self.safety)
            - i64::from(self.allocated)
    }

    /// Whether units of orders wait here, or rest on what is on its way.
    pub fn has_backlog(&self) -> bool {
        self.waiting > 0 || self.inbound().iter().any(|inbound| inbound.pegged > 0)
    }

    /// Whether a supplier promises any quantity.
    pub fn is_unlimited(&self) -> bool {
        self.extras.as_ref().is_some_and(|e| e.unlimited)
    }

    /// As of when the newest feed of a supplier is that said so.
    pub fn feed_as_of(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.feed_as_of
    }

    /// Who may have its units, if anything is said of that.
    #[inline]
    pub fn terms(&self) -> Option<&PairTerms> {
        self.extras.as_deref()?.terms.as_deref()
    }

    /// Whether sourcing may not choose it.
    pub fn is_off_sourcing(&self) -> bool {
        self.terms().is_some_and(|terms| terms.off_sourcing)
    }

    /// Units on hand, or at the supplier, that an order has here.
    pub fn there_of(&self, order: OrderNo) -> u32 {
        let of_it = self.reservations.of_order(order);
        of_it.filter(|r| r.supply.is_there()).map(|r| r.units).sum()
    }

    /// Units of which segments are shares: those that are there and can be sold. An unlimited
    /// supplier is taken to have [`STOCK_UNITS_MAX`].
    pub fn shared(&self) -> u32 {
        if self.is_unlimited() { STOCK_UNITS_MAX } else { self.good() }
    }

    /// Units that are off the shelf for orders, and have not left.
    pub fn picked(&self) -> u32 {
        self.extras.as_ref().map_or(0, |extras| extras.picked)
    }

    /// Units that may leave: what is on hand and can be sold.
    pub const fn good(&self) -> u32 {
        self.on_hand.saturating_sub(self.unavailable)
    }

    /// Open inbound supplies, ascending by number.
    pub fn inbound(&self) -> &[Inbound] {
        self.extras.as_ref().map_or(&[], |e| e.inbound.as_slice())
    }

    /// The open inbound supply of that number.
    pub fn inbound_no(&self, no: InboundNo) -> Option<&Inbound> {
        let inbound = self.inbound();
        inbound.binary_search_by_key(&no, |i| i.no).ok().map(|at| &inbound[at])
    }

    /// Inbound supplies of which nothing more is to come, those that closed first before
    /// others. Only the last ones are remembered.
    pub fn closed_inbound(&self) -> &[ClosedInbound] {
        self.extras.as_ref().map_or(&[], |e| e.closed.list())
    }

    /// Which orders are to be told of days that follow from this pair.
    pub fn untold(&self) -> ToldAt {
        let supplies = self.inbound().iter().filter(|inbound| inbound.untold);
        ToldAt {
            supplies: supplies.map(|inbound| (inbound.no, inbound.eta)).collect(),
            lost: self.extras.as_ref().map_or(0, |extras| extras.lost),
        }
    }

    /// When units that rest on that supply are expected; none when they are there, or have
    /// none.
    pub fn eta_of(&self, supply: Supply) -> Option<Timestamp> {
        match supply {
            Supply::Inbound(no) => self.inbound_no(no).map(|inbound| inbound.eta),
            Supply::Picked | Supply::OnHand | Supply::Supplier | Supply::Backorder => None,
        }
    }

    /// The number that the next announced inbound supply gets.
    pub fn inbound_next(&self) -> InboundNo {
        InboundNo(self.extras.as_ref().map_or(0, |e| e.inbound_next))
    }
}

#[cfg(test)]
pub(crate) mod tests;
