//! A line while promotions are gone through.

use smallvec::SmallVec;

use super::basket::BasketLine;
use super::promotion::Promotion;
use crate::model::money::share;
use crate::model::{Minor, PriceListNo, UnitPrice};

/// The lines in their order: the dearest unit first, then by item, then by number.
pub(super) type Lines<'a> = SmallVec<[Line<'a>; 4]>;

/// A line while promotions are gone through. Units of a promotion that has them for itself leave
/// it; the others are free, and what is left of their price is spread evenly over them.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Its place in the basket.
    pub(super) at: usize,
    /// What was asked.
    pub(super) of: BasketLine<'a>,
    pub(super) unit_price: UnitPrice,
    pub(super) list: PriceListNo,
    /// What all units cost without a discount.
    pub(super) gross: Minor,
    /// What all units cost after the lanes before.
    pub(super) net: Minor,
    /// Units that no promotion has for itself.
    free: u32,
    /// What these cost after the lanes before.
    base: Minor,
    /// What this lane took off these so far.
    taken: Minor,
    /// What this lane took off all units so far.
    off: Minor,
    /// Of the free units, those with a discount.
    discounted: u32,
    /// Of the free units, those that are in a set.
    in_sets: u32,
}

impl<'a> Line<'a> {
    pub(super) const fn new(
        at: usize,
        of: BasketLine<'a>,
        (list, unit_price, gross): (PriceListNo, UnitPrice, Minor),
    ) -> Self {
        let (net, base, free) = (gross, gross, of.units);
        let (taken, off) = (Minor::ZERO, Minor::ZERO);
        Self {
            at,
            of,
            unit_price,
            list,
            gross,
            net,
            free,
            base,
            taken,
            off,
            discounted: 0,
            in_sets: 0,
        }
    }

    /// Units that a promotion may take something off.
    pub(super) fn units_for(&self, promotion: &Promotion) -> u32 {
        self.free - if promotion.exclusive { self.discounted } else { 0 }
    }

    /// Units that a promotion may put into sets.
    pub(super) fn set_units_for(&self, promotion: &Promotion) -> u32 {
        self.free - if promotion.exclusive { self.discounted } else { self.in_sets }
    }

    /// What so many free units cost after the lanes before.
    pub(super) fn base_of(&self, units: u32) -> Minor {
        if units == self.free { self.base } else { share(self.base, units, self.free) }
    }

    /// What this lane has left of the free units' price.
    pub(super) fn left(&self) -> Minor {
        self.base - self.taken
    }

    /// Whether others keep a promotion from some of the units.
    pub(super) fn keeps_from(&self, promotion: &Promotion) -> bool {
        self.units_for(promotion) < self.of.units
    }

    /// Takes an amount off some units: no more than what is left of their price.
    pub(super) fn take(&mut self, promotion: &Promotion, units: u32, amount: Minor) {
        self.off += amount;
        if promotion.exclusive {
            self.base -= self.base_of(units);
            self.free -= units;
        } else {
            self.taken += amount;
            self.discounted = self.free.min(self.discounted + units);
        }
    }

    /// Notes free units that a promotion put into sets. Those that it has for itself are free no
    /// more.
    pub(super) fn put_into_sets(&mut self, promotion: &Promotion, units: u32) {
        if !promotion.exclusive {
            self.in_sets += units;
        }
    }

    /// Ends a lane: what it left is what the next one counts from.
    pub(super) fn end_lane(&mut self) {
        self.net -= self.off;
        self.base -= self.taken;
        (self.off, self.taken) = (Minor::ZERO, Minor::ZERO);
    }
}
