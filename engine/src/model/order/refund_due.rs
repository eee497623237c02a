//! What a customer is to get back for a return, and has not got.

use super::Order;
use super::money::{Intent, IntentKind, IntentState};
use crate::model::money::Minor;
use crate::model::returns::{Return, ReturnLine};
use crate::model::time::Timestamp;

/// What a customer is to get back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundDue {
    /// Since when: since the first refund that is open was asked for. Where none is, since the first one
    /// that failed, or since the last return that was credited came in.
    pub since: Timestamp,
    /// What is paid beyond what the order comes to; above zero.
    pub amount: Minor,
    /// What of it payment providers are asked for, and have not answered.
    pub asked: Minor,
}

impl Order {
    /// What the customer is to get back; none of an order without a return that was credited.
    pub fn refund_due(&self) -> Option<RefundDue> {
        let money = self.money.as_deref()?;
        let credited = self.returns.iter().filter(|of| is_credited(of));
        let last = credited.map(|of| of.came_at.unwrap_or(of.requested_at)).max()?;
        let sums = money.sums();
        let amount = sums.balance() - money.total();
        if amount <= Minor::ZERO {
            return None;
        }
        let first = |is_it: fn(&Intent) -> bool| {
            let refunds = money.intents.iter().filter(|of| of.kind == IntentKind::Refund);
            refunds.filter(|of| is_it(of)).map(|of| of.at).min()
        };
        let failed = || first(|of| of.state == IntentState::Failed);
        let since = first(Intent::is_in_flight).or_else(failed).unwrap_or(last);
        Some(RefundDue { since, amount, asked: sums.refunding })
    }
}

/// Whether the customer was credited for any unit of a return.
pub fn is_credited(of: &Return) -> bool {
    of.lines.iter().map(ReturnLine::credited).any(|units| units > 0)
}
