//! What a customer gets for units that come back.
//!
//! ```text
//!   units that come back: --each is credited--> redeemed: what he gets costs its price, and may go out
//!                         \--one of them never will be--> it falls through: what he would get is cancelled
//! ```
//! Credit and price come in one event, so that nothing but the difference is ever asked for.

use minicbor::{Decode, Encode};

use super::reason::ExchangeMode;
use crate::model::money::Minor;
use crate::model::order::PricedUnits;

/// What a customer gets for a return.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Exchange {
    /// When he may have it.
    #[n(0)]
    pub mode: ExchangeMode,
    /// The first line of the order, from 0, of what he gets.
    #[n(1)]
    pub first_line: u16,
    /// How many lines that is.
    #[n(2)]
    pub lines: u16,
    /// What they cost, of an order with prices, until it is redeemed: the order has it from then on, and
    /// that of what left whatever becomes of the return.
    #[n(3)]
    pub prices: Vec<PricedUnits>,
}

impl Exchange {
    /// Whether a line of the order, from 0, is of what he gets.
    pub const fn has(&self, line: u16) -> bool {
        self.first_line <= line && line - self.first_line < self.lines
    }

    /// The lines of the order, from 0, of what he gets.
    pub fn all_lines(&self) -> impl Iterator<Item = u16> + use<> {
        self.first_line..self.first_line + self.lines
    }

    /// Whether he may have what he gets before the units that come back are there.
    pub const fn goes_first(&self) -> bool {
        matches!(self.mode, ExchangeMode::OnScan | ExchangeMode::Advance)
    }

    /// What he gets is worth, as long as the order does not have its price.
    pub fn pending(&self) -> Minor {
        self.prices.iter().map(PricedUnits::value).sum()
    }
}
