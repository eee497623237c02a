//! The durable state of an order actor.

mod amended;
mod apply;
mod bundles;
mod change;
mod decision;
mod due;
mod happened;
mod hold;
mod money;
mod on_hold;
mod packed;
mod planned;
mod priced;
mod redirect;
mod refund_due;
mod returned;
mod rights;
mod timeline;
pub mod trace;
mod version_1;

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use super::answer::Answer;
use super::bundle::OrderedBundle;
use super::catalog::{Shortage, Split};
use super::destination::Destination;
use super::fulfilment::{Dispatch, Work};
use super::hold::Hold;
use super::ids::{CustomerId, NodeNo, OrderId, OrderNo, Pair, ServiceNo, SkuNo, Text};
use super::lsn::Lsn;
use super::priority::Priority;
use super::reservations::Supply;
use super::returns::Return;
use super::stock::LineUnits;
use super::time::{Day, Timestamp};
pub use amended::{Amended, Amounts, LineAmount, Went};
pub use apply::{Expiry, OrderEffect, PartDeclined, PickedCancelled, StockGivenUp};
pub use change::{LineAdded, OrderChange, Retold, ShipmentAdded};
pub use decision::{Cause, Decision, Decisions, LineRepegged, Move, Told, Why};
pub use due::{Due, units_in};
pub use hold::{OrderHold, OrderHoldKind};
pub use money::{
    Allowance, AllowedOf, CaptureAt, Captures, ComponentKind, Ending, ExpiryStep, Fee, Intent,
    IntentKind, IntentState, IntentsMinted, LedgerEntry, LedgerKind, LinePrice, Minted, OnExpiry,
    OrderMinted, OrderMoney, Payment, PaymentAsked, PaymentOutcome, PaymentTold, PriceComponent,
    PricedFor, PricedUnits, PricesAdded, PricesAsked, Repriced, ReturnFee, ShippingPrice, Sums,
    Taken, TaxAmount, TaxAsked, Telling, Told as ResultTold, Totals, check_payments,
    describe_minted, told, value_of,
};
pub use packed::{ArchivedOrder, KeptOrder, PackedOrder, decode_checked};
pub use planned::{Allocated, ChangePlanned, LinesPlanned};
pub use redirect::Redirect;
pub use refund_due::{RefundDue, is_credited};
pub use returned::{Exchanged, Returning};
pub use timeline::{DateMoved, Entry, Happened, Said, Timeline};

/// What was ordered, and how; fixed when the order is placed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderHeader {
    /// The caller's id.
    #[n(0)]
    pub id: OrderId,
    /// Tells the same order sent again from another one under the same id.
    #[n(1)]
    pub fingerprint: u64,
    /// When the customer ordered.
    #[n(2)]
    pub ordered_at: Timestamp,
    /// The customer that ordered.
    #[n(3)]
    pub customer: Option<CustomerId>,
    /// Where the order came in, such as `web`.
    #[n(4)]
    pub channel: Option<Text>,
    /// Where it goes.
    #[n(5)]
    pub destination: Destination,
    /// How it is shipped.
    #[n(6)]
    pub service: ServiceNo,
    /// The day by which delivery was wanted or is promised by the service.
    #[n(7)]
    pub promise_by: Day,
    /// What happens to units without supply.
    #[n(8)]
    pub shortage: Shortage,
    /// Whether a line may be split.
    #[n(9)]
    pub split: Split,
    /// When it was taken and sourced, where that was not when the customer ordered. None
    /// in orders that an older version took, too.
    #[n(10)]
    pub decided_at: Option<Timestamp>,
    /// The hold that it began as, if it did.
    #[cbor(skip)]
    pub hold: Option<Box<Hold>>,
    /// Before whom it is served.
    #[cbor(skip)]
    pub priority: Priority,
}

/// One line: a SKU and how many units of it. Lines of one SKU are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderLine {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// Units ordered.
    #[n(1)]
    pub ordered: u32,
    /// Units cancelled, those that were short at placing included.
    #[n(2)]
    pub cancelled: u32,
}

impl OrderLine {
    /// Units that are wanted, those that left among them.
    pub const fn wanted(&self) -> u32 {
        self.ordered - self.cancelled
    }
}

/// The part of an order that one node ships in one go.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Shipment {
    /// The node that ships.
    #[n(0)]
    pub node: NodeNo,
    /// The node's local day on which it ships; none while units wait for supply.
    #[n(1)]
    pub ship_by: Option<Day>,
    /// The day by which it arrives.
    #[n(2)]
    pub deliver_by: Option<Day>,
    /// How it left, where it left whole in an event of an older version. Since then its
    /// [packages](Work::packages) leave.
    #[n(3)]
    pub shipped: Option<Box<Dispatch>>,
    /// Whether its days were told of units that were there. None until they are told anew:
    /// then it is by what its allocations were placed on.
    #[cbor(skip)]
    pub told_of_units_there: Option<bool>,
    /// What the node answered to it last.
    #[cbor(skip)]
    pub answer: Option<Answer>,
    /// What the node did of it.
    #[cbor(skip)]
    pub work: Option<Box<Work>>,
    /// Its node declined it, and the customer is asked what becomes of its units: nobody gives them
    /// supply by itself.
    #[cbor(skip)]
    pub asks: bool,
}

/// Units of one line that one shipment takes from one supply.
///
/// `units` and `supply` are as placed and never change, so that the answer to
/// the order can be given again. What the units rest on now is in the stock
/// actor's reservations: there is no second copy of that truth. Units that come to be
/// shipped from elsewhere move to another allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Allocation {
    /// The line, from 0.
    #[n(0)]
    pub line: u16,
    /// The shipment, from 0.
    #[n(1)]
    pub shipment: u16,
    /// What they were pegged to when the order was placed.
    #[n(2)]
    pub supply: Supply,
    /// Units at placing.
    #[n(3)]
    pub units: u32,
    /// Of those, units that left.
    #[n(4)]
    pub shipped: u32,
    /// Of those, units cancelled.
    #[n(5)]
    pub cancelled: u32,
    /// Of those, units that moved to another allocation.
    #[cbor(skip)]
    pub moved: u32,
    /// Of those that are open, units that are off the shelf: picked, or packed.
    #[cbor(skip)]
    pub picked: u32,
}

impl Allocation {
    /// Units of a line that a shipment takes, both counted from 0.
    pub const fn new((line, shipment): (u16, u16), supply: Supply, units: u32) -> Self {
        Self { line, shipment, supply, units, shipped: 0, cancelled: 0, moved: 0, picked: 0 }
    }

    /// Units that are neither shipped nor cancelled nor moved: the stock actor has
    /// reservations for exactly these.
    pub const fn open(&self) -> u32 {
        self.units - self.shipped - self.cancelled - self.moved
    }

    /// Open units that are not picked: they may come to rest on other supply, at other nodes.
    pub const fn loose(&self) -> u32 {
        self.open() - self.picked
    }

    /// Whether it fits an order of so many lines and shipments, and no more units are
    /// gone than there were.
    const fn fits(&self, lines: usize, shipments: usize) -> bool {
        let gone = self.shipped as u64 + self.cancelled as u64 + self.moved as u64;
        let gone = gone + self.picked as u64;
        (self.line as usize) < lines
            && (self.shipment as usize) < shipments
            && gone <= self.units as u64
    }
}

/// The durable state of an order: a fold over the journal and nothing else. The event
/// that places it carries all of it except the event's own number. It is kept as a
/// [`KeptOrder`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    /// Its number.
    #[n(0)]
    pub no: OrderNo,
    /// What was ordered, and how.
    #[n(1)]
    pub header: OrderHeader,
    /// Its lines; units that were short at placing are cancelled in them.
    #[n(2)]
    pub lines: Box<[OrderLine]>,
    /// Its shipments; [those that it was placed with](Self::placed_shipments) come first.
    #[n(3)]
    pub shipments: Box<[Shipment]>,
    /// Its allocations. [Those that it was placed with](Self::placed_allocations) come first,
    /// ascending by line, then node, then shipment.
    #[n(4)]
    pub allocations: Box<[Allocation]>,
    /// Why it was sourced so; see [`crate::sourcing`].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub trace: Box<[u8]>,
    /// How many more lines, shipments and allocations it has than it was placed with.
    #[cbor(skip)]
    pub added: Added,
    /// The nodes that declined a shipment of it: no unit of it comes to rest there again.
    #[cbor(skip)]
    pub declined: Box<[NodeNo]>,
    /// The newest decisions on it after the first one, the oldest of them first. None of those
    /// that older versions took.
    #[cbor(skip)]
    pub decisions: Decisions,
    /// The bundles among what was ordered, ascending by line: each stands for lines that belong
    /// together.
    #[cbor(skip)]
    pub bundles: Box<[OrderedBundle]>,
    /// What happened to it after it was placed. None of what older versions did.
    #[cbor(skip)]
    pub timeline: Timeline,
    /// Why no node is to work on it; empty if nodes may.
    #[cbor(skip)]
    pub order_holds: Box<[OrderHold]>,
    /// What is said of it beside its lines, if it was changed so.
    #[cbor(skip)]
    pub amended: Option<Box<Amended>>,
    /// Its prices, and what was paid; none of an order without prices.
    #[cbor(skip)]
    pub money: Option<Box<OrderMoney>>,
    /// What of it comes back, in the order in which that was asked for.
    #[cbor(skip)]
    pub returns: Box<[Return]>,
    /// The event that placed it; set when that is applied.
    #[cbor(skip)]
    pub placed_lsn: Lsn,
    /// The last event applied.
    #[cbor(skip)]
    pub last_lsn: Lsn,
}

/// What came to an order after it was placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Shipments.
    pub shipments: u16,
    /// Allocations.
    pub allocations: u16,
    /// Lines.
    pub lines: u16,
}

/// Units of one allocation: those that are cancelled, or that leave with a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AllocationUnits {
    /// The allocation's place in the order.
    #[n(0)]
    pub allocation: u16,
    /// The stock that they are reserved at.
    #[n(1)]
    pub pair: Pair,
    /// The order's line, from 0.
    #[n(2)]
    pub line: u16,
    /// How many units.
    #[n(3)]
    pub units: u32,
}

/// Where an order stands; derived from its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Units are still to be shipped.
    Open,
    /// All units left, or were cancelled after some had left.
    Closed,
    /// All units were cancelled.
    Cancelled,
}

impl Order {
    /// Where the order stands.
    pub fn state(&self) -> OrderState {
        if self.allocations.iter().any(|a| a.open() > 0) {
            OrderState::Open
        } else if self.allocations.iter().any(|a| a.shipped > 0) {
            OrderState::Closed
        } else {
            OrderState::Cancelled
        }
    }

    /// The stock that an allocation rests on.
    pub fn pair_of(&self, allocation: &Allocation) -> Pair {
        Pair {
            sku: self.lines[usize::from(allocation.line)].sku,
            node: self.shipments[usize::from(allocation.shipment)].node,
        }
    }

    /// So many units of the allocation at a place.
    ///
    /// # Panics
    /// When the order has no such allocation.
    pub fn units_of(&self, at: usize, units: u32) -> AllocationUnits {
        let allocation = &self.allocations[at];
        AllocationUnits {
            allocation: u16::try_from(at).expect("fewer allocations than a u16 holds"),
            pair: self.pair_of(allocation),
            line: allocation.line,
            units,
        }
    }

    /// The allocations of one shipment.
    pub fn allocations_of(&self, shipment: u16) -> impl Iterator<Item = &Allocation> {
        self.allocations.iter().filter(move |a| a.shipment == shipment)
    }

    /// The hold, while it has units or waits for them, and is no order yet.
    pub fn open_hold(&self) -> Option<&Hold> {
        self.header.hold.as_deref().filter(|hold| hold.is_open())
    }

    /// The order as it is known under an id: as a hold, it was placed when it was created.
    #[must_use]
    pub fn as_under(mut self, id: &OrderId) -> Self {
        let hold = self.header.hold.as_deref().filter(|hold| OrderId::of_hold(&hold.id) == *id);
        if let Some(created) = hold.map(|hold| hold.created).filter(|lsn| *lsn != Lsn::NONE) {
            self.placed_lsn = created;
        }
        self
    }

    /// The fingerprint of what came under an id: of the order, or of the hold that it began as.
    pub fn fingerprint_under(&self, id: &OrderId) -> u64 {
        let hold = self.header.hold.as_deref().filter(|hold| OrderId::of_hold(&hold.id) == *id);
        hold.map_or(self.header.fingerprint, |hold| hold.fingerprint)
    }

    /// Whether it is found under an id: its own, or that of the hold that it began as.
    pub fn is_named(&self, id: &OrderId) -> bool {
        let of_hold = |hold: &Hold| OrderId::of_hold(&hold.id) == *id;
        self.header.id == *id || self.header.hold.as_deref().is_some_and(of_hold)
    }

    /// The shipments that it was placed with.
    pub fn placed_shipments(&self) -> &[Shipment] {
        &self.shipments[..self.shipments.len() - usize::from(self.added.shipments)]
    }

    /// The allocations that it was placed with.
    pub fn placed_allocations(&self) -> &[Allocation] {
        &self.allocations[..self.allocations.len() - usize::from(self.added.allocations)]
    }

    /// The items that were bought when it was placed, each once, ascending: nothing that was short then, and bundles in
    /// place of what they are made of.
    pub fn bought(&self) -> Vec<SkuNo> {
        let mut skus: Vec<SkuNo> = self
            .placed_allocations()
            .iter()
            .map(|of| {
                let bundle = self.bundle_of(of.line);
                bundle.map_or(self.lines[usize::from(of.line)].sku, |bundle| bundle.sku)
            })
            .collect();
        skus.sort_unstable();
        skus.dedup();
        skus
    }

    /// Whether all that was not cancelled of a shipment, from 0, left its node, and something did.
    pub fn has_left(&self, shipment: u16) -> bool {
        let mut of_it = self.allocations_of(shipment);
        let any_left = self.allocations_of(shipment).any(|a| a.shipped > 0);
        any_left && of_it.all(|a| a.open() == 0)
    }

    /// Whether a shipment, from 0, was declined by its node.
    pub fn was_declined(&self, shipment: u16) -> bool {
        let answer = self.shipments[usize::from(shipment)].answer;
        answer.is_some_and(|answer| answer.kind.declined().is_some())
    }

    /// Whether the customer is asked what becomes of units of a shipment, from 0.
    pub fn asks(&self, shipment: u16) -> bool {
        let asks = self.shipments[usize::from(shipment)].asks;
        asks && self.allocations_of(shipment).any(|a| a.open() > 0)
    }

    /// Whether allocations name lines and shipments that are there, and hold no more
    /// shipped and cancelled units than they have.
    ///
    /// # Errors
    /// The first allocation that does not.
    pub fn check(&self) -> Result<(), Allocation> {
        let sound = |a: &&Allocation| a.fits(self.lines.len(), self.shipments.len());
        self.allocations.iter().find(|a| !sound(a)).map_or(Ok(()), |a| Err(*a))
    }
}

impl OrderHeader {
    /// When it was decided where the order ships from.
    pub fn decided_at(&self) -> Timestamp {
        self.decided_at.unwrap_or(self.ordered_at)
    }
}

impl Shipment {
    /// Whether units may join it at an instant: it has not left, its node neither answered nor began, and
    /// nobody has claimed it for longer.
    pub fn may_be_joined(&self, now: Timestamp) -> bool {
        let is_begun = self.work.as_deref().is_some_and(|work| !work.is_nothing_by(now));
        self.shipped.is_none() && self.answer.is_none() && !is_begun
    }

    /// Whether it is still to leave its node, which did not decline it.
    pub fn is_to_leave(&self) -> bool {
        let is_declined = self.answer.is_some_and(|answer| answer.kind.declined().is_some());
        self.shipped.is_none() && !is_declined
    }

    /// Whether its node said that it ships it.
    pub fn is_accepted(&self) -> bool {
        self.answer.is_some_and(|answer| answer.kind.declined().is_none())
    }

    /// A shipment of units that no day was told of.
    pub const fn waiting(node: NodeNo) -> Self {
        Self {
            node,
            ship_by: None,
            deliver_by: None,
            shipped: None,
            told_of_units_there: None,
            answer: None,
            work: None,
            asks: false,
        }
    }
}

/// Sums units by pair and line, pairs ascending: one event does one thing to one actor, in
/// one turn.
pub fn by_pair(units: &[AllocationUnits]) -> SmallVec<[(Pair, LineUnits); 4]> {
    let mut parts: SmallVec<[(Pair, u16, u32); 4]> =
        units.iter().map(|part| (part.pair, part.line, part.units)).collect();
    parts.sort_unstable();
    let mut sums = SmallVec::<[(Pair, LineUnits); 4]>::new();
    for (pair, line, units) in parts {
        if sums.last().is_none_or(|(of, _)| *of != pair) {
            sums.push((pair, LineUnits::new()));
        }
        let lines = &mut sums.last_mut().expect("it is there").1;
        match lines.last_mut().filter(|(of, _)| *of == line) {
            Some((_, sum)) => *sum += units,
            None => lines.push((line, units)),
        }
    }
    sums
}

fn count(parts: usize) -> u16 {
    u16::try_from(parts).expect("fewer parts of an order than a u16 holds")
}
