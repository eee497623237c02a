//! The durable state of a stock actor: one SKU at one node.

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use super::digest::{Part, PartHash, StateHash, hash_bytes, hash_words};
use super::ids::{InboundId, InboundNo, OrderNo, Pair, Text};
use super::invariants::{CHECKED, conservation, no_oversell};
use super::lsn::Lsn;
use super::reservations::{Reservation, Reservations, Supply};
use super::time::Timestamp;
use crate::limits::STOCK_UNITS_MAX;

/// Units on their way to a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Inbound {
    /// Its number at this pair.
    #[n(0)]
    pub no: InboundNo,
    /// The caller's id.
    #[n(1)]
    pub id: InboundId,
    /// Units still expected.
    #[n(2)]
    pub quantity: u32,
    /// Units promised from it; never more than `quantity`.
    #[n(3)]
    pub pegged: u32,
    /// When they are expected.
    #[n(4)]
    pub eta: Timestamp,
}

impl Inbound {
    /// Units that can still be promised.
    pub const fn free(&self) -> u32 {
        self.quantity - self.pegged
    }
}

/// What few pairs have, kept apart from what all have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Open inbound supplies, ascending by number.
    pub inbound: Vec<Inbound>,
    /// The number that the next inbound supply gets.
    pub inbound_next: u16,
    /// Whether a supplier promises any quantity.
    pub unlimited: bool,
}

/// The durable state of one pair: a fold over the journal and nothing else.
///
/// Named invariants: `CONSERVATION` and `NO_OVERSELL` in
/// [`super::invariants`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Units physically there; at a supplier, units that its feed reports.
    pub on_hand: u32,
    /// Damaged, quarantined or in inspection, out of `on_hand`.
    pub unavailable: u32,
    /// Withheld from promising.
    pub safety: u32,
    /// Units reserved on hand or at the supplier.
    pub allocated: u32,
    /// Units reserved that no supply is there for yet.
    pub waiting: u32,
    /// Units ever received, modulo 2^32.
    pub received: u32,
    /// Units ever shipped, modulo 2^32.
    pub shipped: u32,
    /// Sum of all corrections, modulo 2^32.
    pub adjusted: u32,
    /// The last event applied.
    pub last_lsn: Lsn,
    /// Who was promised what.
    pub reservations: Reservations,
    /// Inbound supplies and supplier terms.
    pub extras: Option<Box<Extras>>,
}

/// A change to one pair's supply.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StockChange {
    /// What is there, as an upstream system states it.
    #[n(1)]
    Set {
        /// Units physically there.
        #[n(0)]
        on_hand: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
        /// Units withheld from promising.
        #[n(2)]
        safety: u32,
    },
    /// What a supplier's feed states; without a quantity, any number.
    #[n(2)]
    SupplierFeed {
        /// Units that the supplier has.
        #[n(0)]
        quantity: Option<u32>,
    },
    /// Goods arrived that nobody announced.
    #[n(3)]
    Received {
        /// Units that arrived.
        #[n(0)]
        quantity: u32,
        /// Of those, units that cannot be sold.
        #[n(1)]
        unavailable: u32,
    },
    /// A correction by so many units.
    #[n(4)]
    Adjusted {
        /// Units on hand more, or less when below zero.
        #[n(0)]
        on_hand_delta: i32,
        /// Units more that cannot be sold, or less when below zero.
        #[n(1)]
        unavailable_delta: i32,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// A physical count.
    #[n(5)]
    Counted {
        /// Units found.
        #[n(0)]
        on_hand: u32,
    },
    /// A supply on its way became known.
    #[n(6)]
    InboundAnnounced {
        /// Its number at this pair.
        #[n(0)]
        no: InboundNo,
        /// The caller's id.
        #[n(1)]
        id: InboundId,
        /// Units expected.
        #[n(2)]
        quantity: u32,
        /// When.
        #[n(3)]
        eta: Timestamp,
    },
    /// A supply on its way changed in quantity or time.
    #[n(7)]
    InboundChanged {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units now expected.
        #[n(1)]
        quantity: u32,
        /// When.
        #[n(2)]
        eta: Timestamp,
    },
    /// Units of an announced supply arrived.
    #[n(8)]
    InboundReceived {
        /// Which one.
        #[n(0)]
        no: InboundNo,
        /// Units that arrived.
        #[n(1)]
        quantity: u32,
        /// Whether nothing more will come.
        #[n(2)]
        closes: bool,
    },
    /// A supply will not come.
    #[n(9)]
    InboundCancelled {
        /// Which one.
        #[n(0)]
        no: InboundNo,
    },
}

/// Units by supply, as one order line has them at one pair.
pub type Parts = SmallVec<[(Supply, u32); 1]>;

/// What an event does to one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockEffect {
    /// The pair's supply changed.
    Change(StockChange),
    /// An order line was given units.
    Reserve {
        /// The order.
        order: OrderNo,
        /// Its line, from 0.
        line: u16,
        /// Units by supply.
        parts: Parts,
    },
    /// An order line gave units back, the least firm first.
    Release {
        /// The order.
        order: OrderNo,
        /// Its line, from 0.
        line: u16,
        /// How many units.
        units: u32,
    },
    /// Units of an order line left the node.
    Ship {
        /// The order.
        order: OrderNo,
        /// Its line, from 0.
        line: u16,
        /// How many units.
        units: u32,
    },
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

    /// What [`Self::free`] would be after `change`, before anybody who waits is
    /// served. Lets an actor withhold units that a change in flight takes away.
    pub fn free_after(&self, change: &StockChange) -> i64 {
        let free = self.free();
        let (on_hand, allocated) = (i64::from(self.on_hand), i64::from(self.allocated));
        match *change {
            StockChange::Set { on_hand, unavailable, safety } => {
                let base = if self.is_unlimited() { STOCK_UNITS_MAX } else { on_hand };
                i64::from(base) - i64::from(unavailable) - i64::from(safety) - allocated
            }
            StockChange::SupplierFeed { quantity: None } => {
                i64::from(STOCK_UNITS_MAX) - i64::from(self.safety) - allocated
            }
            StockChange::SupplierFeed { quantity: Some(quantity) } => {
                i64::from(quantity) - i64::from(self.safety) - allocated
            }
            StockChange::Adjusted { on_hand_delta, unavailable_delta, .. } => {
                free + i64::from(on_hand_delta) - i64::from(unavailable_delta)
            }
            StockChange::Counted { on_hand: found } => free + i64::from(found) - on_hand,
            StockChange::Received { quantity, unavailable } => {
                free + i64::from(quantity) - i64::from(unavailable)
            }
            StockChange::InboundReceived { quantity, .. } => free + i64::from(quantity),
            StockChange::InboundAnnounced { .. }
            | StockChange::InboundChanged { .. }
            | StockChange::InboundCancelled { .. } => free,
        }
    }

    /// Whether a supplier promises any quantity.
    pub fn is_unlimited(&self) -> bool {
        self.extras.as_ref().is_some_and(|e| e.unlimited)
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

    /// The number that the next announced inbound supply gets.
    pub fn inbound_next(&self) -> InboundNo {
        InboundNo(self.extras.as_ref().map_or(0, |e| e.inbound_next))
    }

    /// Applies what the event at `lsn` does here, and keeps `hash` true to it.
    ///
    /// An event that this state has already is skipped: recovery replays from
    /// before the moment at which a pair's image was taken.
    ///
    /// # Panics
    /// When a named invariant would break; deciding has made sure that none does.
    pub fn apply(&mut self, pair: Pair, lsn: Lsn, effect: &StockEffect, hash: &mut StateHash) {
        if lsn <= self.last_lsn {
            return;
        }
        // A pair comes to be with its first event; before it, it has no hash.
        if self.last_lsn != Lsn::NONE {
            hash.remove(self.hash_quantities(pair));
        }
        self.last_lsn = lsn;
        let mut book = Book { stock: self, pair, hash };
        match effect {
            StockEffect::Change(change) => book.change(change),
            StockEffect::Reserve { order, line, parts } => {
                for &(supply, units) in parts {
                    book.grant(*order, *line, supply, units);
                }
            }
            StockEffect::Release { order, line, units } => book.release(*order, *line, *units),
            StockEffect::Ship { order, line, units } => book.ship(*order, *line, *units),
        }
        hash.add(self.hash_quantities(pair));
        if CHECKED {
            assert_eq!(conservation(self), Ok(()));
        }
    }

    /// The hash of all that this pair holds, from scratch.
    pub fn hash(&self, pair: Pair) -> StateHash {
        let mut hash = StateHash::default();
        if self.last_lsn != Lsn::NONE {
            hash.add(self.hash_quantities(pair));
        }
        for reservation in self.reservations.iter() {
            hash.add(hash_reservation(pair, reservation));
        }
        hash
    }

    fn hash_quantities(&self, pair: Pair) -> PartHash {
        let two = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
        let extras = self.extras.as_ref().map_or(0, |e| e.hash());
        hash_words(
            Part::Quantities,
            [
                two(pair.sku.0, u32::from(pair.node.0)),
                two(self.on_hand, self.unavailable),
                two(self.safety, self.allocated),
                two(self.waiting, self.received),
                two(self.shipped, self.adjusted),
                self.last_lsn.get(),
                extras,
            ],
        )
    }
}

impl Extras {
    fn hash(&self) -> u64 {
        let mut hash = StateHash::default();
        let head = u64::from(self.inbound_next) << 1 | u64::from(self.unlimited);
        hash.add(hash_words(Part::Inbound, [head]));
        for inbound in &self.inbound {
            let mut bytes = SmallVec::<[u8; 128]>::new();
            bytes.extend_from_slice(&inbound.no.0.to_le_bytes());
            bytes.extend_from_slice(&inbound.quantity.to_le_bytes());
            bytes.extend_from_slice(&inbound.pegged.to_le_bytes());
            bytes.extend_from_slice(&inbound.eta.as_micros().to_le_bytes());
            bytes.extend_from_slice(inbound.id.as_str().as_bytes());
            hash.add(hash_bytes(Part::Inbound, &bytes));
        }
        hash.value()
    }
}

fn hash_reservation(pair: Pair, r: &Reservation) -> PartHash {
    hash_words(
        Part::Reservation,
        [
            (u64::from(pair.sku.0) << 16) | u64::from(pair.node.0),
            r.order.0,
            (u64::from(r.line) << 48) | (u64::from(r.supply.code()) << 32) | u64::from(r.units),
        ],
    )
}

/// A stock while an event is applied to it: every move of units goes through
/// here, so that counters, reservations and hash cannot part.
struct Book<'a> {
    stock: &'a mut Stock,
    pair: Pair,
    hash: &'a mut StateHash,
}

impl Book<'_> {
    fn change(&mut self, change: &StockChange) {
        let free_before = self.stock.free();
        match *change {
            StockChange::Set { on_hand, unavailable, safety } => {
                self.correct_to(on_hand);
                self.stock.unavailable = unavailable;
                self.stock.safety = safety;
            }
            StockChange::SupplierFeed { quantity } => {
                self.correct_to(quantity.unwrap_or(0));
                if quantity.is_none() || self.stock.extras.is_some() {
                    self.extras().unlimited = quantity.is_none();
                }
            }
            StockChange::Received { quantity, unavailable } => {
                self.receive(quantity);
                self.stock.unavailable = self.stock.unavailable.saturating_add(unavailable);
            }
            StockChange::Adjusted { on_hand_delta, unavailable_delta, .. } => {
                self.correct_to(self.stock.on_hand.saturating_add_signed(on_hand_delta));
                let unavailable = self.stock.unavailable;
                self.stock.unavailable = unavailable.saturating_add_signed(unavailable_delta);
            }
            StockChange::Counted { on_hand } => self.correct_to(on_hand),
            StockChange::InboundAnnounced { no, ref id, quantity, eta } => {
                self.announce(no, id, quantity, eta);
            }
            StockChange::InboundChanged { no, quantity, eta } => {
                self.change_inbound(no, quantity, eta);
            }
            StockChange::InboundReceived { no, quantity, closes } => {
                self.receive_inbound(no, quantity);
                if closes {
                    self.close_inbound(no);
                }
            }
            StockChange::InboundCancelled { no } => self.close_inbound(no),
        }
        self.serve_waiting_on_hand(free_before);
    }

    fn correct_to(&mut self, on_hand: u32) {
        let delta = on_hand.wrapping_sub(self.stock.on_hand);
        self.stock.adjusted = self.stock.adjusted.wrapping_add(delta);
        self.stock.on_hand = on_hand;
    }

    fn receive(&mut self, quantity: u32) {
        self.stock.received = self.stock.received.wrapping_add(quantity);
        self.stock.on_hand = self.stock.on_hand.saturating_add(quantity);
    }

    /// Gives units that came free to those who wait here, the oldest order
    /// first. Only what this event freed is given away: what was free before
    /// may be claimed by a transaction in flight.
    fn serve_waiting_on_hand(&mut self, free_before: i64) {
        let free = self.stock.free();
        let freed = (free - free_before).min(free);
        if freed > 0 && self.stock.waiting > 0 {
            // Nobody waits at a supplier, so what came free is on hand.
            let freed = u32::try_from(freed).unwrap_or(u32::MAX);
            self.move_oldest(Supply::Backorder, Supply::OnHand, freed);
        }
    }

    /// Grants units to an order line.
    fn grant(&mut self, order: OrderNo, line: u16, supply: Supply, units: u32) {
        let free_before = self.stock.free();
        self.reserve(order, line, supply, units);
        let granted = if matches!(supply, Supply::OnHand | Supply::Supplier) { units } else { 0 };
        if CHECKED {
            assert_eq!(no_oversell(free_before, granted, self.stock.free()), Ok(()));
        }
    }

    fn reserve(&mut self, order: OrderNo, line: u16, supply: Supply, units: u32) {
        let (before, after) = self.stock.reservations.put(order, line, supply, units);
        self.rehash(order, line, supply, before, after);
        self.count(supply, i64::from(units));
    }

    fn unreserve(&mut self, order: OrderNo, line: u16, supply: Supply, units: u32) {
        let (before, after) = self.stock.reservations.take(order, line, supply, units);
        self.rehash(order, line, supply, before, after);
        self.count(supply, -i64::from(units));
    }

    fn rehash(&mut self, order: OrderNo, line: u16, supply: Supply, before: u32, after: u32) {
        if before > 0 {
            let was = Reservation { order, line, supply, units: before };
            self.hash.remove(hash_reservation(self.pair, &was));
        }
        if after > 0 {
            let is = Reservation { order, line, supply, units: after };
            self.hash.add(hash_reservation(self.pair, &is));
        }
    }

    fn count(&mut self, supply: Supply, delta: i64) {
        let counter = match supply {
            Supply::OnHand | Supply::Supplier => &mut self.stock.allocated,
            Supply::Backorder => &mut self.stock.waiting,
            Supply::Inbound(no) => &mut self.inbound_mut(no).pegged,
        };
        *counter = u32::try_from(i64::from(*counter) + delta)
            .expect("CONSERVATION: a counter is the sum of its reservations");
    }

    fn release(&mut self, order: OrderNo, line: u16, units: u32) {
        let free_before = self.stock.free();
        let mut left = units;
        let held: SmallVec<[Reservation; 4]> =
            self.stock.reservations.of_line(order, line).collect();
        for r in held.iter().rev() {
            let taken = r.units.min(left);
            if taken > 0 {
                self.unreserve(order, line, r.supply, taken);
                left -= taken;
                if let Supply::Inbound(no) = r.supply {
                    self.serve_waiting_inbound(no, taken);
                }
            }
        }
        assert_eq!(left, 0, "CONSERVATION: the line had the units that it gives back");
        self.serve_waiting_on_hand(free_before);
    }

    fn ship(&mut self, order: OrderNo, line: u16, units: u32) {
        let supplier = self.stock.reservations.units(order, line, Supply::Supplier) >= units;
        let supply = if supplier { Supply::Supplier } else { Supply::OnHand };
        self.unreserve(order, line, supply, units);
        if supplier {
            // A feed may be unlimited, or may leave out by now what is ours.
            self.receive(units.saturating_sub(self.stock.on_hand));
        }
        self.stock.shipped = self.stock.shipped.wrapping_add(units);
        self.stock.on_hand = self
            .stock
            .on_hand
            .checked_sub(units)
            .expect("NON_NEGATIVE: deciding made sure that the units are on hand");
    }

    fn extras(&mut self) -> &mut Extras {
        self.stock.extras.get_or_insert_default()
    }

    fn inbound_mut(&mut self, no: InboundNo) -> &mut Inbound {
        let inbound = &mut self.extras().inbound;
        let at = inbound
            .binary_search_by_key(&no, |i| i.no)
            .expect("CONSERVATION: a peg names an open inbound supply");
        &mut inbound[at]
    }

    fn announce(&mut self, no: InboundNo, id: &InboundId, quantity: u32, eta: Timestamp) {
        let extras = self.extras();
        extras.inbound_next = no.0 + 1;
        extras.inbound.push(Inbound { no, id: id.clone(), quantity, pegged: 0, eta });
        self.serve_waiting_inbound(no, quantity);
    }

    fn change_inbound(&mut self, no: InboundNo, quantity: u32, eta: Timestamp) {
        let inbound = self.inbound_mut(no);
        let before = inbound.quantity;
        inbound.eta = eta;
        let displaced = inbound.pegged.saturating_sub(quantity);
        inbound.quantity = quantity.max(inbound.pegged);
        self.move_newest(Supply::Inbound(no), Supply::Backorder, displaced);
        self.inbound_mut(no).quantity = quantity;
        self.serve_waiting_inbound(no, quantity.saturating_sub(before));
    }

    /// Units of an announced supply arrive. Those that were promised from it
    /// are allocated on hand, the oldest order first; the rest is free. More
    /// may arrive than was announced.
    fn receive_inbound(&mut self, no: InboundNo, quantity: u32) {
        self.receive(quantity);
        let pegged = self.inbound_mut(no).pegged;
        let room = self.stock.free().clamp(0, i64::from(quantity));
        let room = u32::try_from(room).expect("clamped to a u32");
        self.move_oldest(Supply::Inbound(no), Supply::OnHand, pegged.min(room));
        let inbound = self.inbound_mut(no);
        let left = inbound.quantity.saturating_sub(quantity);
        let displaced = inbound.pegged.saturating_sub(left);
        self.move_newest(Supply::Inbound(no), Supply::Backorder, displaced);
        let inbound = self.inbound_mut(no);
        inbound.quantity = left;
        if left == 0 {
            self.extras().inbound.retain(|i| i.no != no);
        }
    }

    /// The rest of a supply will not come: those promised from it wait.
    fn close_inbound(&mut self, no: InboundNo) {
        if let Some(inbound) = self.stock.inbound_no(no) {
            let pegged = inbound.pegged;
            self.move_newest(Supply::Inbound(no), Supply::Backorder, pegged);
            self.extras().inbound.retain(|i| i.no != no);
        }
    }

    fn serve_waiting_inbound(&mut self, no: InboundNo, freed: u32) {
        let units = self.stock.waiting.min(freed).min(self.inbound_mut(no).free());
        self.move_oldest(Supply::Backorder, Supply::Inbound(no), units);
    }

    fn move_oldest(&mut self, from: Supply, to: Supply, units: u32) {
        if units > 0 {
            let pegs: Vec<Reservation> = self.stock.reservations.on(from).collect();
            self.move_units(pegs.into_iter(), to, units);
        }
    }

    fn move_newest(&mut self, from: Supply, to: Supply, units: u32) {
        if units > 0 {
            let pegs: Vec<Reservation> = self.stock.reservations.on(from).collect();
            self.move_units(pegs.into_iter().rev(), to, units);
        }
    }

    fn move_units(&mut self, pegs: impl Iterator<Item = Reservation>, to: Supply, units: u32) {
        let mut left = units;
        for peg in pegs {
            let moved = peg.units.min(left);
            if moved == 0 {
                break;
            }
            self.unreserve(peg.order, peg.line, peg.supply, moved);
            self.reserve(peg.order, peg.line, to, moved);
            left -= moved;
        }
    }
}

#[cfg(test)]
mod tests;
