//! The conditions that the offers of an order are under.

use std::ops::Range;

use crate::sourcing::{Conditions, Minimum, Part, Shared};

/// The conditions that the offers of an order are under, in memory that is kept.
#[derive(Default)]
pub(super) struct OfferConditions {
    /// Of suppliers' offers, to whom nothing is on its way.
    minimums: Vec<Minimum>,
    shared: Vec<Shared>,
    parts: Vec<Part>,
}

impl OfferConditions {
    pub fn clear(&mut self) {
        self.minimums.clear();
        self.shared.clear();
        self.parts.clear();
    }

    pub fn as_asked(&self) -> Conditions<'_> {
        let Self { minimums, shared, parts } = self;
        Conditions { minimums, shared, parts }
    }

    /// Of an offer, a line takes so many units at least, or none.
    #[cold]
    pub fn note_minimum(&mut self, units: u32, offer: usize) {
        if units > 1 {
            self.minimums.push(Minimum { offer: index(offer), units });
        }
    }

    /// The same units, of which there are fewer than a line wants, may leave on several days.
    #[cold]
    pub fn share_days(&mut self, offers: Range<usize>, (free, wanted): (u32, u32)) {
        if offers.len() > 1 && free < wanted {
            self.share(offers.map(|offer| Part { offer: index(offer), each: 1 }), free);
        }
    }

    /// Offers share so many units.
    #[cold]
    pub fn share(&mut self, parts: impl Iterator<Item = Part>, units: u32) {
        let first = index(self.parts.len());
        self.parts.extend(parts);
        self.shared.push(Shared { parts: first..index(self.parts.len()), units });
    }
}

/// An index of the solver.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).expect("ORDER_LINES_MAX x NODES_MAX fits 32 bits")
}
