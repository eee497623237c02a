//! What may come back, until when and for what fee: rules as data, of which the first that fits decides.

use minicbor::{Decode, Encode};

use super::destination::Destination;
use super::reason::{Condition, LabelPayer, ReturnReason, ReturnWay, ShippingRefund};
use super::terms::Fees;
use crate::limits::{
    AMOUNT_MAX, RETURN_DAYS_MAX, RETURN_DESTINATIONS_MAX, RETURN_HOLIDAYS_MAX, RETURN_RULES_MAX,
    TIER_MAX,
};
use crate::model::check::{finish, in_range, length};
use crate::model::ids::Text;
use crate::model::money::Minor;
use crate::model::time::Day;
use crate::model::violation::{Rule, Violation};

/// What may come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ReturnPolicy {
    /// Rules, of which the first that fits decides. What none fits does not come back.
    #[n(0)]
    pub rules: Vec<ReturnRule>,
    /// What is bought on some days may come back for longer.
    #[n(1)]
    pub holidays: Vec<Holiday>,
    /// The nodes that returns go to whose callers do not say where; none where nobody is to choose.
    #[n(2)]
    pub destinations: Option<Vec<Destination>>,
}

/// For what a rule is, and what it grants.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnRule {
    /// For what it is.
    #[n(0)]
    pub applies: Applies,
    /// What it grants.
    #[n(1)]
    pub grants: Grants,
}

/// For what a rule is. What is not said fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Applies {
    /// Items of that category.
    #[n(0)]
    pub category: Option<Text>,
    /// Orders that came in there.
    #[n(1)]
    pub channel: Option<Text>,
    /// Customers of that tier or a better one: 0 is the best.
    #[n(2)]
    pub tier: Option<u8>,
    /// Units in one of these conditions; none for any.
    #[n(3)]
    pub conditions: Vec<Condition>,
}

/// What a rule grants.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Grants {
    /// How many days after the goods came they may be returned, that day not counted; none for a final
    /// sale.
    #[n(0)]
    pub days: Option<u16>,
    /// For which reasons; none for any.
    #[n(1)]
    pub reasons: Vec<ReturnReason>,
    /// In which ways; none for any but keep-it.
    #[n(2)]
    pub ways: Vec<ReturnWay>,
    /// Up to which value a customer may be told to keep it.
    #[n(3)]
    pub keep_it_up_to: Option<Minor>,
    /// Up to which value he may be credited before the goods come.
    #[n(4)]
    pub advance_up_to: Option<Minor>,
    /// Up to which value he is credited for what the carrier loses.
    #[n(5)]
    pub lost_up_to: Option<Minor>,
    /// From which value on a person has to grant it.
    #[n(6)]
    pub review_from: Option<Minor>,
    /// What the customer pays, unless the seller is to blame.
    #[n(7)]
    pub fees: Fees,
    /// Who pays the label, unless the seller is to blame.
    #[n(8)]
    pub label_payer: LabelPayer,
    /// What of the shipping he is credited.
    #[n(9)]
    pub shipping: ShippingRefund,
    /// How many days they may be returned where the seller is to blame, a final sale too; never fewer than
    /// `days`. None for as many as `days`.
    #[n(10)]
    pub fault_days: Option<u16>,
}

/// What is bought from one day to another, both included, may come back until a third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Holiday {
    /// From that day.
    #[n(0)]
    pub from: Day,
    /// To that day.
    #[n(1)]
    pub to: Day,
    /// Until that day.
    #[n(2)]
    pub until: Day,
}

impl ReturnPolicy {
    /// Checks what it says. `field` is what stands before the names of violations, such as `return_policy`.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self, field: &str) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        for (name, length, max) in [
            ("rules", self.rules.len(), RETURN_RULES_MAX),
            ("holidays", self.holidays.len(), RETURN_HOLIDAYS_MAX),
            ("destinations", self.destinations().len(), RETURN_DESTINATIONS_MAX),
        ] {
            if length > max {
                let rule = Rule::TooMany { max };
                found.push(Violation::new(format!("{field}.{name}"), length, rule));
            }
        }
        for (at, rule) in self.rules.iter().take(RETURN_RULES_MAX).enumerate() {
            rule.check(&mut found, &format!("{field}.rules[{at}]"));
        }
        for (at, holiday) in self.holidays.iter().take(RETURN_HOLIDAYS_MAX).enumerate() {
            holiday.check(&mut found, &format!("{field}.holidays[{at}]"));
        }
        let destinations = self.destinations();
        for (at, of) in destinations.iter().take(RETURN_DESTINATIONS_MAX).enumerate() {
            let field = format!("{field}.destinations[{at}]");
            of.check(&mut found, &field);
            if destinations[..at].iter().any(|other| other.node == of.node) {
                found.push(Violation::new(format!("{field}.node_id"), &of.node, Rule::Duplicate));
            }
        }
        finish(found)
    }

    /// The nodes that returns go to whose callers do not say where.
    pub fn destinations(&self) -> &[Destination] {
        self.destinations.as_deref().unwrap_or_default()
    }
}

impl ReturnRule {
    fn check(&self, found: &mut Vec<Violation>, field: &str) {
        let Self { applies, grants } = self;
        let tier = applies.tier.unwrap_or(0);
        in_range(found, format!("{field}.tier"), tier.into(), 0, TIER_MAX.into());
        for (name, days) in [("days", grants.days), ("fault_days", grants.fault_days)] {
            let days = days.unwrap_or(0);
            in_range(found, format!("{field}.{name}"), days.into(), 0, RETURN_DAYS_MAX.into());
        }
        let restocking = grants.fees.restocking_basis_points;
        in_range(found, format!("{field}.restocking_basis_points"), restocking.into(), 0, 10_000);
        for (name, amount) in grants.amounts() {
            in_range(found, format!("{field}.{name}"), amount.0, 0, AMOUNT_MAX);
        }
        for (name, given, all) in [
            ("conditions", length(&applies.conditions), length(Condition::ALL)),
            ("reasons", length(&grants.reasons), length(ReturnReason::ALL)),
            ("ways", length(&grants.ways), length(ReturnWay::ALL)),
        ] {
            in_range(found, format!("{field}.{name}"), given, 0, all);
        }
    }
}

impl Grants {
    /// The amounts that it says, by name.
    fn amounts(&self) -> impl Iterator<Item = (&'static str, Minor)> {
        let all = [
            ("keep_it_up_to", self.keep_it_up_to),
            ("advance_up_to", self.advance_up_to),
            ("lost_up_to", self.lost_up_to),
            ("review_from", self.review_from),
            ("restocking_max", self.fees.restocking_max),
            ("label", Some(self.fees.label)),
        ];
        all.into_iter().filter_map(|(name, amount)| Some((name, amount?)))
    }
}

impl Holiday {
    fn check(&self, found: &mut Vec<Violation>, field: &str) {
        if self.from > self.to || self.to > self.until {
            let rule = Rule::Malformed("ends before it begins".into());
            found.push(Violation::new(field, self.until, rule));
        }
    }
}
