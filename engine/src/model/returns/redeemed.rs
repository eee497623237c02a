//! When a return brings its customer what he gets for it.

use super::goods::Goods;
use super::line::ReturnLine;
use super::reason::{ExchangeMode, ReturnMode};
use super::return_::Return;
use super::status::Status;
use crate::model::order::PricedUnits;
use crate::model::time::Timestamp;

impl Return {
    /// Whether a unit is credited at an instant, before somebody looked at it. After the deadline only what
    /// has arrived is: the others would be charged back at once.
    pub(super) fn advances(&self, status: Status, at: Timestamp) -> bool {
        let is_in_time = self.advance_until.is_none_or(|until| at < until);
        let is_far_enough = match self.exchange.as_deref().map(|exchange| exchange.mode) {
            None | Some(ExchangeMode::Advance) => true,
            Some(ExchangeMode::OnScan) => {
                status.goods == Goods::InTransit || status.goods.has_arrived()
            }
            Some(ExchangeMode::Reserve) => status.goods.has_arrived(),
        };
        let may_be = is_in_time || status.goods.has_arrived();
        self.mode == ReturnMode::Advance && is_far_enough && may_be
    }

    /// Whether what its customer gets can be of an order of so many lines.
    pub fn fits(&self, lines: usize) -> bool {
        self.exchange.as_deref().is_none_or(|of| {
            let end = usize::from(of.first_line) + usize::from(of.lines);
            let is_priced = |priced: &PricedUnits| {
                of.has(priced.line) && priced.cancelled <= priced.units && priced.credited == 0
            };
            of.lines > 0 && end <= lines && of.prices.iter().all(is_priced)
        })
    }

    /// Whether each of its units is credited.
    pub fn is_redeemed(&self) -> bool {
        self.lines.iter().all(|line| line.credited() == line.units())
    }

    /// Whether what the customer is to get waits for units that come back.
    pub fn keeps_waiting(&self) -> bool {
        self.exchange.is_some() && !self.is_redeemed()
    }

    /// Whether the customer will not get what he was to get: a unit will not be credited any more, as far
    /// as anybody knows.
    pub fn falls_through(&self) -> bool {
        let is_lost = |of: Status| !of.credit.is_had() && !may_be_credited(of);
        self.keeps_waiting() && self.lines.iter().any(|line: &ReturnLine| line.sum(is_lost) > 0)
    }
}

/// Whether a unit that is not credited is still to come, or to be looked at.
const fn may_be_credited(of: Status) -> bool {
    let comes = matches!(
        of.goods,
        Goods::Expected | Goods::InTransit | Goods::Received | Goods::Inspected(_)
    );
    comes && !of.decision.is_final()
}
