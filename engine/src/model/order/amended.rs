//! What is said of an order beside its lines, since it was changed.

use minicbor::{Decode, Encode};

use crate::model::ids::{HoldId, Text};
use crate::model::money::Currency;

/// Amounts of lines, from 0, in minor units of one currency, each line once, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Amounts {
    /// The currency.
    #[n(0)]
    pub currency: Currency,
    /// By line.
    #[n(1)]
    pub lines: Vec<(u16, i64)>,
}

impl Amounts {
    /// The amount of a line, from 0; 0 where nothing is said of it.
    pub fn of(&self, line: u16) -> i64 {
        self.lines.iter().find(|(of, _)| *of == line).map_or(0, |(_, amount)| *amount)
    }

    /// The amounts of all lines, summed.
    pub fn sum(&self) -> i64 {
        self.lines.iter().map(|(_, amount)| amount).sum()
    }

    /// These, but for lines of which `newer` says something else.
    pub(super) fn with(mut self, newer: &Self) -> Self {
        self.currency = newer.currency;
        for (line, amount) in &newer.lines {
            match self.lines.iter_mut().find(|(of, _)| of == line) {
                Some((_, known)) => *known = *amount,
                None => self.lines.push((*line, *amount)),
            }
        }
        self.lines.sort_unstable();
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
}
