//! What the policy says of units of an order that somebody wants to return.

use minicbor::Encode;

use crate::model::returns::{
    Condition, Fees, LabelPayer, Objections, ReturnFacts, ReturnMode, ReturnPolicy, ReturnReason,
    ReturnTerms, ReturnWay, judge,
};
use crate::model::{Day, LineUnits, Minor, Order, Refusal, SkuNo, Text, Timestamp};

/// What is said of a return that a policy judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode)]
pub struct Said {
    /// The customer's tier, 0 being the best; that of the order if nothing is said.
    #[n(0)]
    pub tier: Option<u8>,
    /// In what condition units are said to be; faulty where the reason says so, opened otherwise.
    #[n(1)]
    pub condition: Option<Condition>,
    /// How they come back; by mail if nothing is said, or not at all where the customer keeps them.
    #[n(2)]
    pub way: Option<ReturnWay>,
}

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    /// Units by line of the order, from 0.
    pub(super) lines: &'a LineUnits,
    /// What comes first.
    pub(super) mode: ReturnMode,
    /// Why they come back.
    pub(super) reason: ReturnReason,
    /// What else is said.
    pub(super) said: Said,
    /// When it is asked for.
    pub(super) at: Timestamp,
}

/// The terms that the policy grants. Each line is judged by the worth of the whole return, so that a dear one
/// is not made of cheap ones. `category` is that of an item.
///
/// # Errors
/// All that speaks against any line; or lines that the policy charges for differently, as a return has one fee.
pub(super) fn terms(
    order: &Order,
    (asked, policy): (Judged<'_>, &ReturnPolicy),
    category: impl Fn(SkuNo) -> Option<Text>,
) -> Result<ReturnTerms, Refusal> {
    let value = asked.lines.iter().map(|(line, units)| order.worth_of(*line, *units)).sum();
    let judged = asked.lines.iter().map(|(line, _)| {
        let category = category(order.lines[usize::from(*line)].sku);
        (*line, judge(policy, &facts(order, asked, (*line, category.as_ref(), value))))
    });
    let mut objections = Objections::default();
    let mut granted: Option<ReturnTerms> = None;
    let mut differs = None;
    for (line, judged) in judged {
        match (judged, granted) {
            (Err(found), _) => objections.add(line, found),
            (Ok(terms), None) => granted = Some(terms),
            (Ok(terms), Some(known)) => match together(known, terms) {
                Some(both) => granted = Some(both),
                None => differs = differs.or(Some(line)),
            },
        }
    }
    let order_id = order.header.id.clone();
    if !objections.is_empty() {
        return Err(Refusal::NotInReturnPolicy { order_id, objections });
    }
    if let Some(line) = differs {
        return Err(Refusal::ReturnTermsDiffer { order_id, line_index: line.into() });
    }
    Ok(granted.expect("a return has a line"))
}

fn facts<'a>(
    order: &'a Order,
    asked: Judged<'_>,
    (line, category, value): (u16, Option<&'a Text>, Minor),
) -> ReturnFacts<'a> {
    let Said { tier, condition, way } = asked.said;
    let today = Day::of(asked.at);
    ReturnFacts {
        category: category.map(Text::as_str),
        channel: order.header.channel.as_ref().map(Text::as_str),
        tier: tier.unwrap_or_else(|| order.header.priority.tier()),
        condition: condition.unwrap_or_else(|| condition_of(asked.reason)),
        reason: asked.reason,
        way: way.unwrap_or_else(|| way_of(asked.mode)),
        mode: asked.mode,
        bought: Day::of(order.header.ordered_at),
        delivered: order.had_on(line).unwrap_or(today),
        today,
        value,
        is_final_sale: false,
    }
}

/// In what condition units are of which nobody says it.
const fn condition_of(reason: ReturnReason) -> Condition {
    match reason {
        ReturnReason::Damaged | ReturnReason::Defective => Condition::Faulty,
        _ => Condition::Opened,
    }
}

/// How units come back of which nobody says it.
const fn way_of(mode: ReturnMode) -> ReturnWay {
    match mode {
        ReturnMode::KeepIt => ReturnWay::KeepIt,
        _ => ReturnWay::Mail,
    }
}

/// Terms that are both: the stricter ones, but for what changes the amount of each unit. A label is paid
/// once, at the higher fee.
fn together(one: ReturnTerms, other: ReturnTerms) -> Option<ReturnTerms> {
    let label = one.fees.label.max(other.fees.label);
    let (a, b) = (one.fees, other.fees);
    let is_same = (a.restocking_basis_points, a.restocking_max, one.shipping)
        == (b.restocking_basis_points, b.restocking_max, other.shipping);
    let pays = |of: &ReturnTerms| of.label_payer == LabelPayer::Customer;
    let payer = if pays(&one) || pays(&other) { LabelPayer::Customer } else { LabelPayer::Seller };
    is_same.then_some(ReturnTerms {
        until: one.until.min(other.until),
        fees: Fees { label, ..a },
        label_payer: payer,
        shipping: one.shipping,
        covers_loss: one.covers_loss && other.covers_loss,
        needs_review: one.needs_review || other.needs_review,
    })
}
