//! On what terms units come back, and what a customer is credited for them.

use minicbor::{Decode, Encode};

use super::decision::Reduction;
use super::reason::{LabelPayer, ShippingRefund};
use crate::model::money::{Minor, of_basis_points};
use crate::model::time::Day;

/// What a customer pays for a return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Fees {
    /// For what it takes to sell it again: basis points of its value, up to 10,000.
    #[n(0)]
    pub restocking_basis_points: u16,
    /// And no more than so much for a line of the return.
    #[n(1)]
    pub restocking_max: Option<Minor>,
    /// For the label, once for a return.
    #[n(2)]
    pub label: Minor,
}

/// On what terms a return was granted. They stay as they were granted, whatever becomes of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnTerms {
    /// The last day on which it may be asked for.
    #[n(0)]
    pub until: Day,
    /// What the customer pays.
    #[n(1)]
    pub fees: Fees,
    /// Who pays the label.
    #[n(2)]
    pub label_payer: LabelPayer,
    /// What of the shipping he is credited.
    #[n(3)]
    pub shipping: ShippingRefund,
    /// Whether he is credited for what the carrier loses.
    #[n(4)]
    pub covers_loss: bool,
    /// Whether a person has to grant it.
    #[n(5)]
    pub needs_review: bool,
}

/// What units of a line are worth that are credited: what all units of the line were worth that were
/// credited before, and with these. Each is the cumulative function of the order's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Of those before.
    pub before: Minor,
    /// With these.
    pub with: Minor,
}

/// Into what the value of units falls. The parts are the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credited {
    /// What the customer is credited; never below zero.
    pub credit: Minor,
    /// What is taken off because of their condition.
    pub reduced: Minor,
    /// The fee for selling them again.
    pub restocking: Minor,
    /// What of the label is paid of it.
    pub label: Minor,
}

impl Worth {
    /// What the customer is credited for units. `label_due` is what he still pays for the label: what is
    /// not taken of these units is left for the next ones.
    ///
    /// The fee for selling them again is a difference of one cumulative function, so that the steps in
    /// which units are credited change nothing. No fee takes more than there is: a customer never pays
    /// for having sent something.
    pub fn credited(self, reduction: Option<Reduction>, fees: &Fees, label_due: Minor) -> Credited {
        let value = (self.with - self.before).or_zero();
        let basis_points = reduction.map_or(0, |by| by.basis_points().into());
        let reduced = of_basis_points(value, basis_points).min(value);
        let left = value - reduced;
        let restocking = (fees.restocking(self.with) - fees.restocking(self.before)).or_zero();
        let restocking = restocking.min(left);
        let label = label_due.or_zero().min(left - restocking);
        Credited { credit: left - restocking - label, reduced, restocking, label }
    }
}

impl Fees {
    /// What it costs to return goods of that value, without the label.
    fn restocking(&self, value: Minor) -> Minor {
        let fee = of_basis_points(value.or_zero(), self.restocking_basis_points.into());
        self.restocking_max.map_or(fee, |max| fee.min(max))
    }
}
