//! What the solver is asked: lines, offers, candidate shipments, policy.

use std::ops::Range;

use thiserror::Error;

use super::limits::{
    BALANCE_MAX, COMPONENT_MAX, LATE_MAX, LINE_OFFERS_MAX, LINES_MAX, ORDER_UNITS_MAX,
    SHIPMENTS_MAX,
};

/// One order line. Lines of a problem have distinct SKUs, so that no two of
/// them draw on the same supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Units wanted, at least 1.
    pub quantity: u32,
    /// The line's offers, as a range of [`Problem::offers`]. Ranges of
    /// different lines do not overlap.
    pub offers: Range<u32>,
}

/// Units of a line's SKU that one candidate shipment can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Free units. Zero is allowed, and explained as [`super::Verdict::NoStock`].
    pub quantity: u32,
    /// The candidate shipment, as an index of [`Problem::shipments`].
    pub shipment: u16,
    /// What the promise counts a unit for, at most [`LATE_MAX`]: the days between the promise
    /// date and the day of delivery, 0 if it is kept; or, finer, what else is to count right after
    /// them.
    pub late_days: u32,
    /// Cost of one unit in minor units, not negative.
    pub unit_cost: i64,
    /// Penalty of one unit, at most [`BALANCE_MAX`]: what drawing on this
    /// supply does to the balance of stock.
    pub balance: u32,
}

/// Of an offer, a line takes so many units at least, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minimum {
    /// Index of the offer in [`Problem::offers`].
    pub offer: u32,
    /// Units, at least 2.
    pub units: u32,
}

/// Units that several offers draw on: what all of them give is no more than there is. Such are the
/// room of a day at a node, and stock that may leave on either of two days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The offers, as a range of [`Conditions::parts`].
    pub parts: Range<u32>,
    /// Units.
    pub units: u32,
}

/// An offer that draws on shared units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the offer in [`Problem::offers`].
    pub offer: u32,
    /// Shared units that each of its units draws on, at least 1.
    pub each: u32,
}

/// Conditions that offers are under, beside what each of them has: mostly there are none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'a> {
    /// The offers that have a minimum, ascending and each once.
    pub minimums: &'a [Minimum],
    /// Units that offers share.
    pub shared: &'a [Shared],
    /// The offers that share units: those of one [`Shared`] ascend, each once.
    pub parts: &'a [Part],
}

impl<'a> Conditions<'a> {
    /// Whether there are none.
    #[inline]
    pub const fn are_none(&self) -> bool {
        self.minimums.is_empty() && self.shared.is_empty()
    }

    /// The offers that share units.
    pub(super) fn parts_of(&self, shared: &Shared) -> &'a [Part] {
        &self.parts[shared.parts.start as usize..shared.parts.end as usize]
    }
}

/// A candidate shipment: what one node ships on one date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Cost of opening it, once, in minor units, not negative.
    pub fixed_cost: i64,
    /// The node. The solver only carries it for the caller.
    pub node: u16,
}

/// Whether the units of one line may come from several offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// All units of a line come from one offer, or none is filled.
    WholeLine,
    /// Units of a line may come from several offers.
    #[default]
    Units,
}

/// What a plan is judged by. Less is better in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Objective {
    /// Units times what each is late.
    Promise = 1,
    /// Number of shipments.
    Shipments = 2,
    /// Cost of shipments and units, in minor units.
    Cost = 3,
    /// Units times balance penalty.
    Balance = 4,
}

/// The four objectives, most important first. Unfilled units come before all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectiveOrder([Objective; 4]);

/// An order of objectives named one twice and another one not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("objective order {0:?} is not a permutation")]
pub struct NotAPermutation(pub [Objective; 4]);

impl ObjectiveOrder {
    /// Promise, shipments, cost, balance.
    pub const DEFAULT: Self =
        Self([Objective::Promise, Objective::Shipments, Objective::Cost, Objective::Balance]);

    /// Refuses what is not a permutation of the four objectives.
    pub fn new(objectives: [Objective; 4]) -> Result<Self, NotAPermutation> {
        let named = objectives.iter().fold(0u8, |seen, objective| seen | 1 << (*objective as u8));
        if named == 0b1_1110 { Ok(Self(objectives)) } else { Err(NotAPermutation(objectives)) }
    }

    /// The objectives, most important first.
    pub const fn objectives(&self) -> [Objective; 4] {
        self.0
    }
}

impl Default for ObjectiveOrder {
    /// [`Self::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How plans are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether lines may be split.
    pub split: Split,
    /// What counts most.
    pub objectives: ObjectiveOrder,
}

/// One order to be sourced. The slices are the caller's, and are only read.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The lines, at most [`LINES_MAX`].
    pub lines: &'a [Line],
    /// The offers of all lines.
    pub offers: &'a [Offer],
    /// Conditions that they are under.
    pub conditions: Conditions<'a>,
    /// The candidate shipments, at most [`SHIPMENTS_MAX`].
    pub shipments: &'a [Shipment],
    /// How plans are chosen.
    pub policy: Policy,
}

/// Why a problem is outside of what the solver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// More than [`LINES_MAX`] lines.
    #[error("{0} lines")]
    TooManyLines(usize),
    /// More than [`SHIPMENTS_MAX`] candidate shipments.
    #[error("{0} candidate shipments")]
    TooManyShipments(usize),
    /// A line wants no unit.
    #[error("line {0} wants no unit")]
    EmptyLine(usize),
    /// A line's offers are out of range, too many, or overlap an earlier line's.
    #[error("the offers of line {0} are out of range")]
    OfferRange(usize),
    /// An offer names no shipment, or a cost, lateness or balance out of range.
    #[error("an offer of line {0} is out of range")]
    Offer(usize),
    /// A minimum names no offer of a line, is less than 2 units, or is not behind the one before.
    #[error("minimum {0} is out of range or out of order")]
    Minimum(usize),
    /// Shared units name no offers, no offer of a line, one that is not behind the one before, or
    /// one of which a unit draws on none.
    #[error("the parts of shared units {0} are out of range or out of order")]
    Shared(usize),
    /// A shipment's cost is negative.
    #[error("shipment {0} has a negative cost")]
    ShipmentCost(usize),
    /// More units than [`ORDER_UNITS_MAX`].
    #[error("{0} units")]
    TooManyUnits(u64),
    /// The order could cost more than [`COMPONENT_MAX`].
    #[error("the order could cost too much")]
    CostTooHigh,
}

impl Problem<'_> {
    /// Whether the solver takes this problem. [`super::solve`] relies on it and
    /// checks it in debug builds only.
    ///
    /// # Errors
    /// The first limit that is broken.
    pub fn check(&self) -> Result<(), Malformed> {
        if self.lines.len() > LINES_MAX {
            return Err(Malformed::TooManyLines(self.lines.len()));
        }
        if self.shipments.len() > SHIPMENTS_MAX {
            return Err(Malformed::TooManyShipments(self.shipments.len()));
        }
        let mut cost = self.check_shipments()?;
        let mut units = 0;
        let mut end = 0;
        for (number, line) in self.lines.iter().enumerate() {
            if line.offers.start < end {
                return Err(Malformed::OfferRange(number));
            }
            end = line.offers.end;
            units += u64::from(line.quantity);
            cost = cost.saturating_add(self.check_line(number, line)?);
        }
        self.check_minimums()?;
        self.check_shared()?;
        if units > ORDER_UNITS_MAX {
            return Err(Malformed::TooManyUnits(units));
        }
        if cost > COMPONENT_MAX { Err(Malformed::CostTooHigh) } else { Ok(()) }
    }

    fn check_minimums(&self) -> Result<(), Malformed> {
        let mut next = 0;
        for (number, minimum) in self.conditions.minimums.iter().enumerate() {
            if minimum.offer < next || minimum.units < 2 || !self.is_of_line(minimum.offer) {
                return Err(Malformed::Minimum(number));
            }
            next = minimum.offer + 1;
        }
        Ok(())
    }

    fn check_shared(&self) -> Result<(), Malformed> {
        for (number, Shared { parts, .. }) in self.conditions.shared.iter().enumerate() {
            let parts = self.conditions.parts.get(parts.start as usize..parts.end as usize);
            let parts = parts.ok_or(Malformed::Shared(number))?;
            let is_one = |part: &Part| part.each > 0 && self.is_of_line(part.offer);
            let ascend = parts.is_sorted_by(|one, other| one.offer < other.offer);
            if !ascend || !parts.iter().all(is_one) {
                return Err(Malformed::Shared(number));
            }
        }
        Ok(())
    }

    fn is_of_line(&self, offer: u32) -> bool {
        self.lines.iter().any(|line| line.offers.contains(&offer))
    }

    /// The cost of opening every shipment.
    fn check_shipments(&self) -> Result<u64, Malformed> {
        let mut cost = 0u64;
        for (number, shipment) in self.shipments.iter().enumerate() {
            let fixed =
                u64::try_from(shipment.fixed_cost).map_err(|_| Malformed::ShipmentCost(number))?;
            cost = cost.saturating_add(fixed);
        }
        Ok(cost)
    }

    /// The cost of the line at its dearest offer.
    fn check_line(&self, number: usize, line: &Line) -> Result<u64, Malformed> {
        if line.quantity == 0 {
            return Err(Malformed::EmptyLine(number));
        }
        let range = line.offers.start as usize..line.offers.end as usize;
        let offers = self.offers.get(range).ok_or(Malformed::OfferRange(number))?;
        if offers.len() > LINE_OFFERS_MAX {
            return Err(Malformed::OfferRange(number));
        }
        let mut dearest = 0;
        for offer in offers {
            let cost = u64::try_from(offer.unit_cost).map_err(|_| Malformed::Offer(number))?;
            let is_heavy = offer.balance > BALANCE_MAX || offer.late_days > LATE_MAX;
            if usize::from(offer.shipment) >= self.shipments.len() || is_heavy {
                return Err(Malformed::Offer(number));
            }
            dearest = dearest.max(cost);
        }
        Ok(dearest.saturating_mul(u64::from(line.quantity)))
    }

    /// The units below which an offer is of no use to the line.
    #[inline]
    pub(super) fn units_min(&self, line: &Line) -> u32 {
        match self.policy.split {
            Split::WholeLine => line.quantity,
            Split::Units => 1,
        }
    }

    /// The offers of `line` with their indices.
    #[inline]
    pub(super) fn offers_of(&self, line: &Line) -> impl Iterator<Item = (u32, &Offer)> {
        line.offers.clone().zip(&self.offers[line.offers.start as usize..line.offers.end as usize])
    }
}
