//! What may come back, there and back.

use backstock_engine::limits::{RETURN_DAYS_MAX, TIER_MAX};
use backstock_engine::model::returns::{
    Applies, Condition, Destination, Fees, Grants, Holiday, LabelPayer, ReturnPolicy, ReturnRule,
    ReturnWay,
};
use backstock_engine::model::{Day, Minor, NodeId, Text};
use backstock_proto::v1;

use super::{terms, view};
use crate::grpc::enums::unknown;
use crate::grpc::fields::FieldNames;
use crate::grpc::times;
use crate::status::Violations;

/// How the engine calls the fields of a policy.
pub(super) const NAMES: FieldNames = FieldNames::new(
    "",
    &[
        ("restocking_basis_points", "restocking_bp"),
        ("restocking_max", "restocking_max_minor"),
        ("keep_it_up_to", "keep_it_up_to_minor"),
        ("advance_up_to", "advance_up_to_minor"),
        ("lost_up_to", "lost_up_to_minor"),
        ("review_from", "review_from_minor"),
        ("label", "label_fee_minor"),
        ("unit_cost", "unit_cost_minor"),
    ],
);

/// A policy. What cannot be read is noted, and something stands for it.
pub(super) fn read(found: &mut Violations, given: &v1::ReturnPolicy) -> ReturnPolicy {
    let rules = given.rules.iter().enumerate();
    let rules = rules.map(|(at, of)| rule(found, &format!("policy.rules[{at}]"), of)).collect();
    let holidays = given.holidays.iter().enumerate();
    let holidays =
        holidays.map(|(at, of)| holiday(found, &format!("policy.holidays[{at}]"), of)).collect();
    let destinations = given.destinations.iter().enumerate();
    let destinations = destinations
        .map(|(at, of)| destination(found, &format!("policy.destinations[{at}]"), of))
        .collect::<Vec<_>>();
    let destinations = (!destinations.is_empty()).then_some(destinations);
    ReturnPolicy { rules, holidays, destinations }
}

fn destination(found: &mut Violations, path: &str, of: &v1::ReturnDestination) -> Destination {
    let categories = of.categories.iter().enumerate();
    let categories = categories.filter_map(|(at, name)| {
        found.taken(format!("{path}.categories[{at}]"), Text::new("categories", name))
    });
    let categories = categories.collect();
    Destination {
        node: found.id(&format!("{path}.node_id"), &of.node_id, NodeId::new),
        ways: all(found, &format!("{path}.ways"), &of.ways, way),
        categories,
        unit_cost: Minor(of.unit_cost_minor),
    }
}

fn rule(found: &mut Violations, path: &str, of: &v1::ReturnRule) -> ReturnRule {
    let applies = Applies {
        category: text(found, &format!("{path}.category"), &of.category),
        channel: text(found, &format!("{path}.channel"), &of.channel),
        tier: of
            .tier
            .map(|tier| found.fits(&format!("{path}.tier"), tier.into(), 0, TIER_MAX.into())),
        conditions: all(found, &format!("{path}.conditions"), &of.conditions, condition),
    };
    ReturnRule { applies, grants: grants(found, path, of) }
}

fn grants(found: &mut Violations, path: &str, of: &v1::ReturnRule) -> Grants {
    let label_payer =
        if of.customer_pays_label { LabelPayer::Customer } else { LabelPayer::Seller };
    let shipping = terms::shipping(found, &format!("{path}.shipping"), of.shipping);
    let restocking = format!("{path}.restocking_bp");
    let fees = Fees {
        restocking_basis_points: found.fits(&restocking, of.restocking_bp.into(), 0, 10_000),
        restocking_max: of.restocking_max_minor.map(Minor),
        label: Minor(of.label_fee_minor),
    };
    Grants {
        days: days(found, &format!("{path}.days"), of.days),
        fault_days: days(found, &format!("{path}.fault_days"), of.fault_days),
        reasons: all(found, &format!("{path}.reasons"), &of.reasons, terms::named_reason),
        ways: all(found, &format!("{path}.ways"), &of.ways, way),
        keep_it_up_to: of.keep_it_up_to_minor.map(Minor),
        advance_up_to: of.advance_up_to_minor.map(Minor),
        lost_up_to: of.lost_up_to_minor.map(Minor),
        review_from: of.review_from_minor.map(Minor),
        fees,
        label_payer,
        shipping: shipping.unwrap_or_default(),
    }
}

fn text(found: &mut Violations, path: &str, text: &str) -> Option<Text> {
    found.optional(path, text, Text::new).flatten()
}

fn days(found: &mut Violations, path: &str, days: Option<u32>) -> Option<u16> {
    days.map(|days| found.fits(path, days.into(), 0, RETURN_DAYS_MAX.into()))
}

/// Each of the words that numbers stand for; what is none is noted.
fn all<T>(
    found: &mut Violations,
    path: &str,
    numbers: &[i32],
    word: impl Fn(i32) -> Option<T>,
) -> Vec<T> {
    let read = numbers.iter().enumerate().filter_map(|(at, number)| {
        word(*number).or_else(|| unknown(found, &format!("{path}[{at}]"), *number))
    });
    read.collect()
}

/// The condition that a number stands for.
pub(super) fn condition(number: i32) -> Option<Condition> {
    let known = v1::ReturnCondition::try_from(number).ok()?;
    Condition::ALL.iter().copied().find(|of| condition_message(*of) == known)
}

/// The way that a number stands for.
pub(super) fn way(number: i32) -> Option<ReturnWay> {
    let known = v1::ReturnWay::try_from(number).ok()?;
    ReturnWay::ALL.iter().copied().find(|of| way_message(*of) == known)
}

const fn condition_message(of: Condition) -> v1::ReturnCondition {
    match of {
        Condition::Unopened => v1::ReturnCondition::Unopened,
        Condition::Opened => v1::ReturnCondition::Opened,
        Condition::Used => v1::ReturnCondition::Used,
        Condition::Faulty => v1::ReturnCondition::Faulty,
    }
}

const fn way_message(of: ReturnWay) -> v1::ReturnWay {
    match of {
        ReturnWay::Store => v1::ReturnWay::Store,
        ReturnWay::Mail => v1::ReturnWay::Mail,
        ReturnWay::DropOff => v1::ReturnWay::DropOff,
        ReturnWay::KeepIt => v1::ReturnWay::KeepIt,
    }
}

fn holiday(found: &mut Violations, path: &str, of: &v1::ReturnHoliday) -> Holiday {
    let mut day = |name: &str, date: Option<&v1::Date>| {
        let path = format!("{path}.{name}");
        let date = found.required(&path, date);
        date.and_then(|date| times::day(found, &path, date))
    };
    let (from, to) = (day("from", of.from.as_ref()), day("to", of.to.as_ref()));
    let until = day("until", of.until.as_ref());
    // Of days that could not be read, which is noted, nothing else is said.
    let (Some(from), Some(to), Some(until)) = (from, to, until) else {
        let none = Day::from_epoch_days(0);
        return Holiday { from: none, to: none, until: none };
    };
    Holiday { from, to, until }
}

/// A policy as callers see it.
pub(super) fn message(of: &ReturnPolicy) -> v1::ReturnPolicy {
    let day = |day| times::date(day);
    let holiday = |of: &Holiday| v1::ReturnHoliday {
        from: day(of.from),
        to: day(of.to),
        until: day(of.until),
    };
    v1::ReturnPolicy {
        rules: of.rules.iter().map(rule_message).collect(),
        holidays: of.holidays.iter().map(holiday).collect(),
        destinations: of.destinations().iter().map(destination_message).collect(),
    }
}

fn destination_message(of: &Destination) -> v1::ReturnDestination {
    v1::ReturnDestination {
        node_id: of.node.to_string(),
        ways: of.ways.iter().map(|of| way_message(*of).into()).collect(),
        categories: of.categories.iter().map(|name| name.as_str().to_owned()).collect(),
        unit_cost_minor: of.unit_cost.0,
    }
}

fn rule_message(ReturnRule { applies, grants }: &ReturnRule) -> v1::ReturnRule {
    let words = |text: Option<&Text>| text.map_or("", Text::as_str).to_owned();
    let minor = |amount: Option<Minor>| amount.map(|amount| amount.0);
    v1::ReturnRule {
        category: words(applies.category.as_ref()),
        channel: words(applies.channel.as_ref()),
        tier: applies.tier.map(Into::into),
        conditions: applies.conditions.iter().map(|of| condition_message(*of).into()).collect(),
        days: grants.days.map(Into::into),
        fault_days: grants.fault_days.map(Into::into),
        reasons: grants.reasons.iter().map(|of| view::reason(*of).into()).collect(),
        ways: grants.ways.iter().map(|of| way_message(*of).into()).collect(),
        keep_it_up_to_minor: minor(grants.keep_it_up_to),
        advance_up_to_minor: minor(grants.advance_up_to),
        lost_up_to_minor: minor(grants.lost_up_to),
        review_from_minor: minor(grants.review_from),
        restocking_bp: grants.fees.restocking_basis_points.into(),
        restocking_max_minor: minor(grants.fees.restocking_max),
        label_fee_minor: grants.fees.label.0,
        customer_pays_label: grants.label_payer == LabelPayer::Customer,
        shipping: view::shipping(grants.shipping).into(),
    }
}
