//! What becomes of an order's money when units of it come back.
//!
//! Units of a line are credited from the first one on, as they left, so that the value of those that are
//! credited is one cumulative function: whatever the steps, and of whatever returns, they sum to what was
//! paid. What is taken off a credit is a fee of the order, so that it is told by itself.

use super::return_fee::ReturnFee;
use super::{Allowance, AllowedOf, Fee, OrderMoney, PricedUnits, value_of};
use crate::model::ids::{RefundId, ReturnId, Text};
use crate::model::money::{Minor, of_basis_points, share};
use crate::model::returns::{Credited, Fees, Reduction, Return, ReturnLine, ShippingRefund, Worth};

/// How the ids begin of what returns give back.
const OF_RETURN: &str = "return/";

/// Units of one line of an order, from 0, in its return of a number, from 0.
#[derive(Clone, Copy, Debug)]
pub(in crate::model::order) struct UnitsBack {
    pub of: u16,
    pub line: u16,
    pub units: u32,
}

impl OrderMoney {
    /// Units of a line, from 0, that are credited.
    pub fn credited_of(&self, line: u16) -> u32 {
        self.of_line(line).map(|of| of.credited).sum()
    }

    /// Units of all lines: those that are credited, and those that were not cancelled.
    pub(in crate::model::order) fn credited_in_all(&self) -> (u32, u32) {
        let sum = |of: fn(&PricedUnits) -> u32| self.units.iter().map(of).sum();
        (sum(|of| of.credited), sum(PricedUnits::kept))
    }

    /// Units are credited. What is taken off for their condition, for selling them again, and for the label, is charged.
    pub(in crate::model::order) fn credit(
        &mut self,
        back: UnitsBack,
        (reduction, fees): (Option<Reduction>, &Fees),
    ) {
        let credited = self.credited_of(back.line);
        let label_due = fees.label - self.charged(back.of, ReturnFee::Label);
        let worth = self.worth(back.line, (credited, credited.saturating_add(back.units)));
        let Credited { reduced, restocking, label, .. } =
            worth.credited(reduction, fees, label_due);
        self.credit_first(back.line, credited.saturating_add(back.units));
        self.charge(back.of, ReturnFee::Reduction, reduced);
        self.charge(back.of, ReturnFee::Restocking, restocking);
        self.charge(back.of, ReturnFee::Label, label);
    }

    /// The credit of units of a return is taken back, with what was charged for it: nothing is charged
    /// beyond what is credited yet.
    pub(in crate::model::order) fn uncredit(&mut self, back: UnitsBack, of: &Return) {
        let credited = self.credited_of(back.line);
        let left = credited.saturating_sub(back.units);
        let worth = self.worth(back.line, (left, credited));
        let Credited { restocking, .. } = worth.credited(None, &of.terms.fees, Minor::ZERO);
        self.credit_first(back.line, left);
        self.charge(back.of, ReturnFee::Restocking, -restocking);
        let first = |line: &ReturnLine| self.worth(line.line, (0, line.credited())).with;
        let mut left: Minor = of.lines.iter().map(first).sum();
        for what in [ReturnFee::Reduction, ReturnFee::Restocking, ReturnFee::Label] {
            let charged = self.charged(back.of, what);
            let most = charged.min(left);
            self.charge(back.of, what, most - charged);
            left -= most;
        }
    }

    /// Units that were credited before they came turn out to be worth less. So many of the line's credited
    /// units have not come yet, these among them.
    pub(in crate::model::order) fn reduce(
        &mut self,
        back: UnitsBack,
        (reduction, fees, advanced): (Reduction, &Fees, u32),
    ) {
        let first = self.credited_of(back.line).saturating_sub(advanced);
        let worth = self.worth(back.line, (first, first + back.units));
        // What was taken off when they were credited is not there any more.
        let label = self.charged(back.of, ReturnFee::Label);
        let left = worth.credited(None, fees, label).credit;
        let value = worth.with - worth.before;
        let reduced = of_basis_points(value, reduction.basis_points().into()).min(left);
        self.charge(back.of, ReturnFee::Reduction, reduced);
    }

    /// Gives back what the terms of a return say of shipping, once so many units of the order are credited
    /// instead of so many before. What is credited no more has its share of shipping charged again. `is_none`
    /// says whether the return has no credit: then it gives nothing back.
    pub(in crate::model::order) fn refund_shipping(
        &mut self,
        (of, id): (u16, &ReturnId),
        (policy, is_none): (ShippingRefund, bool),
        before: u32,
    ) {
        let (credited, kept) = self.credited_in_all();
        let (all, known) = (value_of(&self.shipping), self.shipping_of(of));
        let upto = |units: u32| share(all, units.min(kept), kept.max(1));
        let more = match policy {
            ShippingRefund::Proportional => upto(credited) - upto(before),
            ShippingRefund::LastUnit if credited < before => -known,
            ShippingRefund::LastUnit if credited > before && credited >= kept => all,
            ShippingRefund::None | ShippingRefund::LastUnit => Minor::ZERO,
        };
        // What was given back of it otherwise is not given back again.
        let given = known + more.min(self.allowable(AllowedOf::Shipping).or_zero());
        if is_none {
            self.allow_shipping((of, id), Minor::ZERO);
            self.shift_shipping(given);
        } else {
            self.allow_shipping((of, id), given.or_zero());
        }
    }

    /// What is left over where shares were taken in another order than they are given back is another
    /// return's: all of them sum to the share of all.
    fn shift_shipping(&mut self, left: Minor) {
        let is_of_return = |of: &&mut Allowance| of.id.as_str().starts_with(OF_RETURN);
        if let Some(other) = self.allowances.iter_mut().rev().find(is_of_return) {
            other.amount = (other.amount + left).or_zero();
        }
        self.allowances.retain(|all| all.amount > Minor::ZERO);
    }

    /// What a return gives back of shipping.
    fn shipping_of(&self, of: u16) -> Minor {
        let id = shipping_id(of);
        let known = self.allowances.iter().find(|all| all.id == id);
        known.map_or(Minor::ZERO, |known| known.amount)
    }

    fn allow_shipping(&mut self, (of, id): (u16, &ReturnId), amount: Minor) {
        let allowed = shipping_id(of);
        self.allowances.retain(|all| all.id != allowed);
        if amount > Minor::ZERO {
            let reason = text(format!("shipping of return {id}"));
            let of = AllowedOf::Shipping;
            self.allowances.push(Allowance { id: allowed, amount, of, reason });
        }
    }

    /// What the last so many credited units of a line, from 0, are worth.
    pub(in crate::model::order) fn last_credited(&self, line: u16, units: u32) -> Minor {
        let credited = self.credited_of(line);
        let Worth { before, with } = self.worth(line, (credited.saturating_sub(units), credited));
        with - before
    }

    /// What the first so many credited units of a line are worth, and the first so many.
    fn worth(&self, line: u16, (before, with): (u32, u32)) -> Worth {
        let first = |units: u32| {
            let mut left = units;
            let each = self.of_line(line).map(|of| {
                let here = left.min(of.kept());
                left -= here;
                of.upto(here)
            });
            each.sum()
        };
        Worth { before: first(before), with: first(with) }
    }

    /// So many units of a line are credited, the first ones.
    fn credit_first(&mut self, line: u16, units: u32) {
        let mut left = units;
        for of in self.units.iter_mut().filter(|of| of.line == line) {
            of.credited = left.min(of.kept());
            left -= of.credited;
        }
    }

    /// What a return is charged for something.
    fn charged(&self, of: u16, what: ReturnFee) -> Minor {
        let known = self.fees.iter().filter(|fee| fee.of_return == Some((of, what)));
        known.map(|fee| fee.amount).sum()
    }

    /// Charges a return more, or less.
    fn charge(&mut self, of: u16, what: ReturnFee, more: Minor) {
        let of_return = Some((of, what));
        if let Some(fee) = self.fees.iter_mut().find(|fee| fee.of_return == of_return) {
            fee.amount = (fee.amount + more).or_zero();
        } else {
            let (what, amount) = (text(what.as_str().into()), more.or_zero());
            self.fees.push(Fee { what, amount, of_return });
        }
        self.fees.retain(|fee| fee.amount > Minor::ZERO);
    }
}

/// Under which id a return gives shipping back.
fn shipping_id(of: u16) -> RefundId {
    let id = format!("{OF_RETURN}{}/shipping", u32::from(of) + 1);
    RefundId::new("refund_id", id).expect("it is short, and ASCII")
}

fn text(text: String) -> Text {
    Text::new("text", text).expect("an id fits, and has no control characters")
}
