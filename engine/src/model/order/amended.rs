//! What is said of an order beside its lines, since it was changed.

use minicbor::{Decode, Encode};

use crate::model::destination::Destination;
use crate::model::ids::{HoldId, ServiceNo, Text};
use crate::model::money::Currency;
use crate::model::order::planned::ChangePlanned;

/// Amounts of lines, from 0, in minor units of one currency, each line once, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Amounts {
    /// The currency.
    #[n(0)]
    pub currency: Currency,
    /// By line.
    #[n(1)]
    pub lines: Vec<LineAmount>,
}

/// What a line costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LineAmount {
    /// The line, from 0.
    #[n(0)]
    pub line: u16,
    /// Minor units.
    #[n(1)]
    pub amount: i64,
    /// How many units it is for: what becomes of fewer costs less. None where the amount stays,
    /// whatever becomes of the units.
    #[n(2)]
    pub units: Option<u32>,
}

impl LineAmount {
    /// What so many units of it cost. Unit `i` of `n` has `floor(amount (i + 1) / n) -
    /// floor(amount i / n)`: whatever leaves, and in how many steps, what left and what stays are the
    /// amount.
    pub fn of(&self, units: u32) -> i64 {
        match self.units {
            Some(all) if all > units => {
                let share = i128::from(self.amount) * i128::from(units);
                i64::try_from(share.div_euclid(all.into())).expect("it is a part of the amount")
            }
            _ => self.amount,
        }
    }
}

impl Amounts {
    /// What is said of a line, from 0.
    pub fn of(&self, line: u16) -> Option<&LineAmount> {
        self.lines.iter().find(|of| of.line == line)
    }

    /// These, but for lines of which `newer` says something else.
    pub(super) fn with(mut self, newer: &Self) -> Self {
        self.currency = newer.currency;
        for of in &newer.lines {
            match self.lines.iter_mut().find(|known| known.line == of.line) {
                Some(known) => *known = *of,
                None => self.lines.push(*of),
            }
        }
        self.lines.sort_unstable_by_key(|of| of.line);
        self
    }
}

/// What is said of an order beside its lines, since it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Amended {
    /// For people.
    #[n(0)]
    pub note: Option<Text>,
    /// What the caller says that lines cost.
    #[n(1)]
    pub amounts: Option<Amounts>,
    /// The id of the last quote that was committed: it is not committed again.
    #[n(2)]
    pub quote: Option<HoldId>,
    /// Shipments that left before the order was to go elsewhere, or otherwise.
    #[cbor(n(3), default)]
    pub went: Vec<Went>,
    /// Why units that changes added come from where they do; none of changes by older versions.
    #[n(8)]
    pub plans: Option<Vec<ChangePlanned>>,
}

/// Where a shipment, from 0, went, and how.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Went {
    /// The shipment.
    #[n(0)]
    pub shipment: u16,
    /// Where it went.
    #[n(1)]
    pub destination: Destination,
    /// How.
    #[n(2)]
    pub service: ServiceNo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_units_leaves_with_them_and_nothing_is_lost_on_the_way() {
        for (amount, all) in
            [(1_000, 3), (-1_000, 7), (1, 5), (0, 4), (1_000_000_000_000_000, 499_999)]
        {
            let of = LineAmount { line: 0, amount, units: Some(all) };
            assert_eq!((of.of(all), of.of(0)), (amount, 0));
            let steps = (0..all.min(1_000)).map(|at| of.of(at + 1) - of.of(at));
            assert_eq!(steps.sum::<i64>(), of.of(all.min(1_000)));
        }
        // It is said to stay.
        let fixed = LineAmount { line: 0, amount: 500, units: None };
        assert_eq!((fixed.of(3), fixed.of(0)), (500, 500));
    }

    #[test]
    fn an_amount_that_says_no_units_is_read_as_it_was_written_before() {
        let before = minicbor::to_vec((7_u16, -250_i64)).unwrap();
        let read: LineAmount = minicbor::decode(&before).unwrap();
        assert_eq!(read, LineAmount { line: 7, amount: -250, units: None });
        assert_eq!(minicbor::to_vec(read).unwrap(), before);
    }
}
