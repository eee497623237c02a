//! What events do to supplies on their way.

use super::Book;
use crate::model::ids::{InboundId, InboundNo};
use crate::model::reservations::Supply;
use crate::model::stock::{ClosedInbound, Confidence, Inbound, Serves, SupplySource};
use crate::model::time::Timestamp;

impl Book<'_> {
    pub(super) fn announce(
        &mut self,
        no: InboundNo,
        id: &InboundId,
        quantity: u32,
        eta: Timestamp,
    ) {
        let extras = self.extras();
        extras.inbound_next = no.0 + 1;
        let at = extras.inbound.partition_point(|i| i.no < no);
        let inbound = Inbound {
            no,
            id: id.clone(),
            quantity,
            pegged: 0,
            eta,
            received: 0,
            from: None,
            untold: false,
            confidence: Confidence::WHOLE,
            source: SupplySource::default(),
        };
        extras.inbound.insert(at, inbound);
    }

    /// Does that to a supply, if it is open: with nothing more to come, a change closed it.
    pub(super) fn with_open(&mut self, no: InboundNo, happens: impl FnOnce(&mut Inbound)) {
        let mut open = self.extras().inbound.iter_mut();
        if let Some(inbound) = open.find(|inbound| inbound.no == no) {
            happens(inbound);
        }
    }

    pub(super) fn change_inbound(&mut self, no: InboundNo, quantity: u32, eta: Timestamp) {
        let inbound = self.inbound_mut(no);
        inbound.eta = eta;
        let displaced = inbound.pegged.saturating_sub(quantity);
        inbound.quantity = quantity.max(inbound.pegged);
        self.move_last(Supply::Inbound(no), Supply::Backorder, displaced);
        self.inbound_mut(no).quantity = quantity;
    }

    /// The same, and orders that rest on it are to be told.
    pub(super) fn move_inbound(&mut self, no: InboundNo, quantity: u32, eta: Timestamp) {
        let (before, waiting) = (self.inbound_mut(no).eta, self.stock.waiting);
        self.change_inbound(no, quantity, eta);
        let inbound = self.inbound_mut(no);
        inbound.untold |= inbound.pegged > 0 && eta != before;
        let received = inbound.received;
        self.note_lost(self.stock.waiting > waiting);
        // No more was ordered than has arrived.
        if quantity == 0 {
            self.close_inbound(no, received);
        }
    }

    /// Units of an announced supply arrive, and are counted; with the last of them it closes.
    pub(super) fn arrive(&mut self, no: InboundNo, quantity: u32, closes: bool) {
        let (ordered, waiting) = (self.inbound_mut(no).ordered(), self.stock.waiting);
        let left = self.take_in(no, quantity, Serves::Backlog);
        // Mostly the goods are there for the units that wait for them now.
        self.note_lost(i64::from(self.stock.waiting - waiting) > self.stock.free().max(0));
        let inbound = self.inbound_mut(no);
        inbound.received = inbound.received.saturating_add(quantity);
        if closes || left == 0 {
            self.close_inbound(no, ordered);
        }
    }

    /// Units of an announced supply arrive, of which more may come than was announced;
    /// answers how many are still to come.
    /// Units that were promised from it, and for which what is still to come is too little,
    /// wait for the backlog to give them the goods. Older versions allocated the goods to
    /// these units at once.
    pub(super) fn take_in(&mut self, no: InboundNo, quantity: u32, serves: Serves) -> u32 {
        self.receive(quantity);
        let pegged = self.inbound_mut(no).pegged;
        let left = self.inbound_mut(no).quantity.saturating_sub(quantity);
        match serves {
            Serves::Pair => {
                let room = self.stock.free().clamp(0, i64::from(quantity));
                let room = u32::try_from(room).expect("clamped to a u32");
                self.move_first(Supply::Inbound(no), Supply::OnHand, pegged.min(room));
                let displaced = self.inbound_mut(no).pegged.saturating_sub(left);
                self.move_last(Supply::Inbound(no), Supply::Backorder, displaced);
            }
            // Those who are served first are the first that the backlog gives the goods to.
            Serves::Backlog => {
                let displaced = pegged.saturating_sub(left);
                self.move_first(Supply::Inbound(no), Supply::Backorder, displaced);
            }
        }
        self.inbound_mut(no).quantity = left;
        left
    }

    /// Units of a supply did not come after all: they are still to come, if it is open.
    pub(super) fn take_back(&mut self, id: &InboundId, quantity: u32) {
        self.stock.received = self.stock.received.wrapping_sub(quantity);
        self.stock.on_hand = self.stock.on_hand.saturating_sub(quantity);
        let extras = self.extras();
        match extras.inbound.iter_mut().find(|inbound| inbound.id == *id) {
            Some(open) => {
                open.received = open.received.saturating_sub(quantity);
                open.quantity = open.quantity.saturating_add(quantity);
            }
            None => extras.closed.take_back(id, quantity),
        }
    }

    /// The rest of a supply will not come: those promised from it wait. Answers what it was.
    pub(super) fn remove_inbound(&mut self, no: InboundNo) -> Inbound {
        let Inbound { pegged, .. } = *self.inbound_mut(no);
        self.move_last(Supply::Inbound(no), Supply::Backorder, pegged);
        let inbound = &mut self.extras().inbound;
        let at = inbound.binary_search_by_key(&no, |i| i.no).expect("it was just found");
        Inbound { pegged, ..inbound.remove(at) }
    }

    /// The same, and the supply is remembered, of which so many units were ordered.
    pub(super) fn close_inbound(&mut self, no: InboundNo, ordered: u32) {
        let Inbound { id, received, from, pegged, .. } = self.remove_inbound(no);
        self.extras().closed.push(ClosedInbound { id, ordered, received, from });
        self.note_lost(pegged > 0);
    }

    pub(super) fn note_lost(&mut self, is_lost: bool) {
        let extras = self.extras();
        extras.lost = extras.lost.saturating_add(u32::from(is_lost));
    }

    /// As older versions did.
    pub(super) fn serve_waiting_inbound(&mut self, no: InboundNo, freed: u32, serves: Serves) {
        if serves == Serves::Backlog {
            return;
        }
        let units = self.stock.waiting.min(freed).min(self.inbound_mut(no).free());
        self.move_first(Supply::Backorder, Supply::Inbound(no), units);
    }
}
