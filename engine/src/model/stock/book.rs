//! Moving units: a stock while an event is applied to it.

mod inbound;

use smallvec::SmallVec;

use super::{
    Declined, Extras, Found, Handled, Inbound, LineHandled, Repeg, Serves, Stock, StockChange,
    TransferAnnounced,
};
use crate::model::digest::{Part, PartHash, StateHash, hash_words};
use crate::model::ids::{InboundNo, OrderNo, Pair};
use crate::model::invariants::{check, no_oversell};
use crate::model::priority::Priority;
use crate::model::reservations::{Reservation, Supply};

/// A stock while an event is applied to it: every move of units goes through
/// here, so that counters, reservations and hash cannot part.
pub(super) struct Book<'a> {
    stock: &'a mut Stock,
    pair: Pair,
    hash: &'a mut StateHash,
}

impl<'a> Book<'a> {
    /// Opens the book of a pair.
    pub(super) fn open(stock: &'a mut Stock, pair: Pair, hash: &'a mut StateHash) -> Self {
        Self { stock, pair, hash }
    }

    /// Changes the supply. As in older versions, what that frees may serve the units that
    /// wait here.
    pub(super) fn change(&mut self, change: &StockChange, serves: Serves) {
        let (free_before, waiting_before) = (self.stock.free(), self.stock.waiting);
        match *change {
            StockChange::Set { on_hand, unavailable, safety } => {
                self.correct_to(on_hand);
                self.stock.unavailable = unavailable;
                self.stock.safety = safety;
            }
            StockChange::SupplierFeed { quantity } => self.feed(quantity),
            StockChange::SupplierStated { quantity, as_of } => {
                self.feed(quantity);
                self.extras().feed_as_of = Some(as_of);
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
            StockChange::Counted { on_hand, unavailable: None } => self.correct_to(on_hand),
            StockChange::Counted { on_hand, unavailable: Some(unavailable) }
            | StockChange::CountedBelow { on_hand, unavailable } => {
                self.correct_to(on_hand);
                self.stock.unavailable = unavailable;
            }
            StockChange::InboundAnnounced { no, ref id, quantity, eta } => {
                self.announce(no, id, quantity, eta);
                self.serve_waiting_inbound(no, quantity, serves);
            }
            StockChange::InboundChanged { no, quantity, eta } => {
                let before = self.inbound_mut(no).quantity;
                self.change_inbound(no, quantity, eta);
                self.serve_waiting_inbound(no, quantity.saturating_sub(before), serves);
            }
            StockChange::InboundReceived { no, quantity, closes } => {
                let left = self.take_in(no, quantity, serves);
                if closes || left == 0 {
                    self.remove_inbound(no);
                }
            }
            StockChange::InboundCancelled { no } => {
                self.remove_inbound(no);
            }
            StockChange::InboundArrived { no, quantity, closes } => {
                self.arrive(no, quantity, closes);
            }
            StockChange::InboundMoved { no, quantity, eta } => {
                self.move_inbound(no, quantity, eta);
            }
            StockChange::InboundClosed { no } => {
                let ordered = self.inbound_mut(no).ordered();
                self.close_inbound(no, ordered);
            }
            StockChange::InboundReopened { no, ref id, quantity, eta } => {
                let closed = self.extras().closed.take(id);
                self.announce(no, id, quantity, eta);
                self.inbound_mut(no).received = closed.map_or(0, |closed| closed.received);
            }
            StockChange::InboundLate { ref id, quantity } => {
                self.receive(quantity);
                self.extras().closed.count_late(id, quantity);
            }
            StockChange::Unchanged => {}
            StockChange::TransferLeft { quantity } => self.leave(quantity),
            StockChange::TransferAnnounced(ref announced) => {
                let TransferAnnounced { no, id, quantity, eta, from } = &**announced;
                self.announce(*no, id, *quantity, *eta);
                self.inbound_mut(*no).from = Some(*from);
            }
            StockChange::TransferTurnedBack { no, .. } => {
                let arrived = self.inbound_mut(no).received;
                self.close_inbound(no, arrived);
            }
            StockChange::Declined(ref declined) => self.decline(declined),
            StockChange::InboundWeighed(ref weighed) => {
                self.change(&weighed.change, serves);
                self.with_open(weighed.no, |inbound| inbound.confidence = weighed.confidence);
            }
            StockChange::InboundSourced(ref sourced) => {
                self.change(&sourced.change, serves);
                self.with_open(sourced.no, |inbound| inbound.source = sourced.source);
            }
            StockChange::Termed(ref terms) => {
                self.extras().terms = Some(terms.clone()).filter(|terms| !terms.is_none());
            }
            StockChange::Reported(ref changes) => self.change_all(changes, serves),
            StockChange::ReceiptTakenBack { ref id, quantity } => self.take_back(id, quantity),
            StockChange::TransferReturned { quantity } => {
                self.stock.shipped = self.stock.shipped.wrapping_sub(quantity);
                self.stock.on_hand = self.stock.on_hand.saturating_add(quantity);
            }
        }
        // Older versions kept claims off a pair whose units were to lose their supply.
        let displaced = self.stock.waiting > waiting_before;
        self.serve_waiting_on_hand(if displaced { 0 } else { free_before }, serves);
        self.forget_untold();
    }

    /// Several changes, one after the other.
    fn change_all(&mut self, changes: &[StockChange], serves: Serves) {
        for change in changes {
            self.change(change, serves);
        }
    }

    /// A supplier has so many units, or any number.
    fn feed(&mut self, quantity: Option<u32>) {
        self.correct_to(quantity.unwrap_or(0));
        if quantity.is_none() || self.stock.extras.is_some() {
            self.extras().unlimited = quantity.is_none();
        }
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

    /// As older versions did: gives units that came free to the units that wait here, the
    /// oldest order first. What was free before may be claimed by a transaction in flight,
    /// and is not given away.
    fn serve_waiting_on_hand(&mut self, free_before: i64, serves: Serves) {
        if serves == Serves::Backlog {
            return;
        }
        let free = self.stock.free();
        let freed = (free - free_before).min(free);
        if freed > 0 && self.stock.waiting > 0 {
            // No unit waits at a supplier, so what came free is on hand.
            let freed = u32::try_from(freed).unwrap_or(u32::MAX);
            self.move_first(Supply::Backorder, Supply::OnHand, freed);
        }
    }

    /// Reserves units for an order line.
    pub(super) fn reserve(&mut self, peg: Reservation) {
        let free_before = self.stock.free();
        self.peg(peg);
        let firm = if peg.supply.is_there() { peg.units } else { 0 };
        check(|| no_oversell(free_before, firm, self.stock.free()));
    }

    fn peg(&mut self, peg: Reservation) {
        let (before, after) = self.stock.reservations.put(&peg);
        self.rehash(peg, before, after);
        self.count(peg.supply, i64::from(peg.units));
    }

    /// Answers before whom the order is served.
    fn unpeg(&mut self, peg: Reservation) -> Priority {
        let (before, after) = self.stock.reservations.take(&peg);
        self.rehash(before, before.units, after);
        self.count(peg.supply, -i64::from(peg.units));
        before.priority
    }

    /// An order is served before others, or after them, from now on.
    pub(super) fn prioritise(&mut self, order: OrderNo, priority: Priority) {
        let (pair, hash) = (self.pair, &mut *self.hash);
        self.stock.reservations.prioritise(order, priority, |was, is| {
            hash.remove(hash_reservation(pair, &was));
            hash.add(hash_reservation(pair, &is));
        });
    }

    fn rehash(&mut self, peg: Reservation, before: u32, after: u32) {
        if before > 0 {
            let was = Reservation { units: before, ..peg };
            self.hash.remove(hash_reservation(self.pair, &was));
        }
        if after > 0 {
            let is = Reservation { units: after, ..peg };
            self.hash.add(hash_reservation(self.pair, &is));
        }
    }

    fn count(&mut self, supply: Supply, delta: i64) {
        if supply == Supply::Picked {
            add(&mut self.extras().picked, delta);
        }
        let counter = match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => &mut self.stock.allocated,
            Supply::Backorder => &mut self.stock.waiting,
            Supply::Inbound(no) => &mut self.inbound_mut(no).pegged,
        };
        add(counter, delta);
    }

    /// No order is to be told of what no unit rests on any more.
    fn forget_untold(&mut self) {
        let waiting = self.stock.waiting;
        if let Some(extras) = &mut self.stock.extras {
            extras.inbound.iter_mut().for_each(|inbound| inbound.untold &= inbound.pegged > 0);
            if waiting == 0 {
                extras.lost = 0;
            }
        }
    }

    /// Takes units back from an order line, the least firm first. As in older versions, they
    /// may serve the units that wait here.
    pub(super) fn release(&mut self, order: OrderNo, line: u16, units: u32, serves: Serves) {
        let free_before = self.stock.free();
        let mut left = units;
        let mut held: SmallVec<[Reservation; 4]> =
            self.stock.reservations.of_line(order, line).collect();
        if serves == Serves::Backlog {
            // Of supplies on their way, the last to come; older versions took the last number.
            let firmness = |supply| (supply != Supply::Picked, self.stock.eta_of(supply));
            held.sort_by_key(|r| (r.supply == Supply::Backorder, firmness(r.supply)));
        }
        for r in held.iter().rev() {
            let taken = r.units.min(left);
            if taken > 0 {
                self.unpeg(Reservation { units: taken, ..*r });
                left -= taken;
                if let Supply::Inbound(no) = r.supply {
                    self.serve_waiting_inbound(no, taken, serves);
                }
            }
        }
        assert_eq!(left, 0, "CONSERVATION: the line had the units that it gives back");
        self.serve_waiting_on_hand(free_before, serves);
        self.forget_untold();
    }

    /// Units rest on other supply from now on.
    pub(super) fn repeg(&mut self, repeg: &Repeg) {
        let free_before = self.stock.free();
        for peg in &repeg.off {
            self.unpeg(*peg);
        }
        for peg in &repeg.on {
            self.peg(*peg);
        }
        // Units that stay take nothing, also where a count found fewer than are allocated.
        let taken = u32::try_from(free_before - self.stock.free()).unwrap_or(0);
        check(|| no_oversell(free_before, taken, self.stock.free()));
        if let Some(extras) = &mut self.stock.extras {
            for (no, eta) in &repeg.told.supplies {
                // Another day may be expected since.
                let told = extras.inbound.iter_mut().filter(|i| (i.no, i.eta) == (*no, *eta));
                told.for_each(|inbound| inbound.untold = false);
            }
            extras.lost = extras.lost.saturating_sub(repeg.told.lost);
        }
        self.forget_untold();
        if repeg.off.iter().any(|peg| peg.supply == Supply::Picked) {
            self.forget_extras();
        }
    }

    /// Units of an order wait, and the node tells what is there. Units on hand that are not
    /// there wait as well, those of orders that are served last before others.
    fn decline(&mut self, declined: &Declined) {
        let Declined { order, found, .. } = *declined;
        for (line, supply, units) in declined.all_off() {
            let priority = Priority::DEFAULT;
            let peg = Reservation { order, line, supply, units, held: false, priority };
            self.rest(peg, Supply::Backorder);
        }
        if let Some(Found { on_hand, unavailable }) = found {
            self.correct_to(on_hand);
            self.stock.unavailable = unavailable;
            if let Some(extras) = &mut self.stock.extras {
                extras.unlimited = false;
            }
            let uncovered = self.stock.allocated.saturating_sub(self.stock.good());
            self.move_last(Supply::OnHand, Supply::Backorder, uncovered);
        }
        self.note_lost(true);
    }

    /// The node worked on units of an order.
    pub(super) fn handle(&mut self, handled: &Handled) {
        let order = handled.order;
        for LineHandled { line, put_back, picked, left, released, expired } in &handled.lines {
            let of = |supply, units| Reservation {
                order,
                line: *line,
                supply,
                units,
                held: false,
                priority: Priority::DEFAULT,
            };
            self.rest(of(Supply::Picked, *put_back), Supply::OnHand);
            if *expired > 0 {
                self.unpeg(of(Supply::OnHand, *expired));
            }
            let at_supplier =
                self.stock.reservations.units(order, *line, Supply::Supplier) >= (*picked).max(1);
            let shelf = if at_supplier { Supply::Supplier } else { Supply::OnHand };
            self.rest(of(shelf, *picked), Supply::Picked);
            if *left > 0 {
                self.unpeg(of(Supply::Picked, *left));
                if at_supplier {
                    // A feed may be unlimited, or may leave out by now what is ours.
                    self.receive(left.saturating_sub(self.stock.on_hand));
                }
                self.leave(*left);
            }
            if *released > 0 {
                self.release(order, *line, *released, Serves::Backlog);
            }
        }
        self.forget_extras();
    }

    /// Few pairs have them for long.
    fn forget_extras(&mut self) {
        if self.stock.extras.as_deref() == Some(&Extras::default()) {
            self.stock.extras = None;
        }
    }

    /// Units rest on another supply of the pair.
    fn rest(&mut self, peg: Reservation, on: Supply) {
        if peg.units > 0 {
            let priority = self.unpeg(peg);
            self.peg(Reservation { supply: on, priority, ..peg });
        }
    }

    /// Units of an order line leave the node, as older versions had it.
    pub(super) fn ship(&mut self, order: OrderNo, line: u16, units: u32) {
        let supplier = self.stock.reservations.units(order, line, Supply::Supplier) >= units;
        let supply = if supplier { Supply::Supplier } else { Supply::OnHand };
        let priority = Priority::DEFAULT;
        self.unpeg(Reservation { order, line, supply, units, held: false, priority });
        if supplier {
            // A feed may be unlimited, or may leave out by now what is ours.
            self.receive(units.saturating_sub(self.stock.on_hand));
        }
        self.leave(units);
    }

    /// Units leave the node.
    fn leave(&mut self, units: u32) {
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

    /// Moves units of those who are served first.
    fn move_first(&mut self, from: Supply, to: Supply, units: u32) {
        if units > 0 {
            let pegs = self.by_priority(from);
            self.move_units(pegs.into_iter(), to, units);
        }
    }

    /// Moves units of those who are served last.
    fn move_last(&mut self, from: Supply, to: Supply, units: u32) {
        if units > 0 {
            let pegs = self.by_priority(from);
            self.move_units(pegs.into_iter().rev(), to, units);
        }
    }

    /// What rests on a supply, by priority, and of one priority the oldest order first.
    fn by_priority(&self, supply: Supply) -> Vec<Reservation> {
        let mut pegs: Vec<Reservation> = self.stock.reservations.on(supply).collect();
        pegs.sort_by_key(|peg| peg.priority);
        pegs
    }

    fn move_units(&mut self, pegs: impl Iterator<Item = Reservation>, to: Supply, units: u32) {
        let mut left = units;
        for peg in pegs {
            let moved = peg.units.min(left);
            if moved == 0 {
                break;
            }
            self.unpeg(Reservation { units: moved, ..peg });
            self.peg(Reservation { units: moved, supply: to, ..peg });
            left -= moved;
        }
    }
}

fn add(counter: &mut u32, delta: i64) {
    *counter = u32::try_from(i64::from(*counter) + delta)
        .expect("CONSERVATION: a counter is the sum of its reservations");
}

/// The hash of one reservation.
pub(super) fn hash_reservation(pair: Pair, r: &Reservation) -> PartHash {
    hash_words(
        Part::Reservation,
        [
            (u64::from(pair.sku.0) << 16) | u64::from(pair.node.0),
            r.order.0,
            // No line has the highest seven bits.
            (u64::from(r.held) << 63)
                | (u64::from(r.priority.code()) << 57)
                | (u64::from(r.line) << 48)
                | (u64::from(r.supply.code()) << 32)
                | u64::from(r.units),
        ],
    )
}
