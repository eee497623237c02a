//! What an event does to a pair, and the hash of what the pair holds.

use smallvec::SmallVec;

use super::book::{Book, hash_reservation};
use super::{Confidence, Extras, LinesReserved, Stock, StockEffect, SupplySource};
use crate::model::digest::{Part, PartHash, StateHash, hash_bytes, hash_encoded, hash_words};
use crate::model::ids::Pair;
use crate::model::invariants::{check, conservation};
use crate::model::lsn::Lsn;
use crate::model::reservations::Reservation;

impl Stock {
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
        let mut book = Book::open(self, pair, hash);
        match effect {
            StockEffect::Change { change, serves } => book.change(change, *serves),
            StockEffect::Reserve { order, line, parts, held, priority } => {
                for &(supply, units) in parts {
                    let (order, line, held, priority) = (*order, *line, *held, *priority);
                    book.reserve(Reservation { order, line, supply, units, held, priority });
                }
            }
            StockEffect::ReserveLines(reserved) => {
                let LinesReserved { order, ref lines, held, priority, .. } = **reserved;
                for (line, parts) in lines {
                    for &(supply, units) in parts {
                        let line = *line;
                        book.reserve(Reservation { order, line, supply, units, held, priority });
                    }
                }
            }
            StockEffect::Prioritise { order, priority } => book.prioritise(*order, *priority),
            StockEffect::Release { order, lines, serves } => {
                for &(line, units) in lines {
                    book.release(*order, line, units, *serves);
                }
            }
            StockEffect::Repeg(repeg) => book.repeg(repeg),
            StockEffect::Ship { order, lines } => {
                for &(line, units) in lines {
                    book.ship(*order, line, units);
                }
            }
            StockEffect::Handle(handled) => book.handle(handled),
        }
        hash.add(self.hash_quantities(pair));
        check(|| conservation(self));
    }

    /// The hash of all that this pair holds, from scratch.
    pub fn hash(&self, pair: Pair) -> StateHash {
        let mut hash = StateHash::default();
        if self.last_lsn != Lsn::NONE {
            hash.add(self.hash_quantities(pair));
        }
        for reservation in self.reservations.iter() {
            hash.add(hash_reservation(pair, &reservation));
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
        let flags = u64::from(self.lost) << 32 | u64::from(self.unlimited);
        let head = u64::from(self.inbound_next) << 1 | flags;
        hash.add(hash_words(Part::Inbound, [head]));
        for inbound in &self.inbound {
            let mut bytes = SmallVec::<[u8; 128]>::new();
            bytes.extend_from_slice(&inbound.no.0.to_le_bytes());
            bytes.extend_from_slice(&inbound.quantity.to_le_bytes());
            bytes.extend_from_slice(&inbound.pegged.to_le_bytes());
            bytes.extend_from_slice(&inbound.eta.as_micros().to_le_bytes());
            bytes.extend_from_slice(inbound.id.as_str().as_bytes());
            // Behind the id, each after a byte that no id has: a supply of which older versions
            // knew nothing more keeps its hash.
            if inbound.received > 0 {
                bytes.push(0);
                bytes.extend_from_slice(&inbound.received.to_le_bytes());
            }
            if let Some(from) = inbound.from {
                bytes.push(1);
                bytes.extend_from_slice(&from.0.to_le_bytes());
            }
            if inbound.untold {
                bytes.push(2);
            }
            if inbound.confidence != Confidence::WHOLE {
                bytes.push(3);
                bytes.extend_from_slice(&inbound.confidence.basis_points().to_le_bytes());
            }
            if inbound.source == SupplySource::Return {
                bytes.push(4);
            }
            hash.add(hash_bytes(Part::Inbound, &bytes));
        }
        if let Some(terms) = &self.terms {
            hash.add(hash_encoded(Part::Terms, terms));
        }
        // A pair without it keeps the hash that it had in older versions.
        if let Some(as_of) = self.feed_as_of {
            hash.add(hash_words(Part::Feed, [as_of.as_micros().cast_unsigned()]));
        }
        if self.picked > 0 {
            hash.add(hash_words(Part::Picked, [self.picked.into()]));
        }
        hash.value().wrapping_add(self.closed.hash())
    }
}
