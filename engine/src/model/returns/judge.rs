//! What a policy says of units that somebody wants to return.

use std::fmt;

use super::policy::{Applies, Grants, ReturnPolicy};
use super::reason::{Condition, LabelPayer, ReturnMode, ReturnReason, ReturnWay};
use super::terms::{Fees, ReturnTerms};
use crate::model::ids::Text;
use crate::model::money::Minor;
use crate::model::time::Day;

/// What is known of units that somebody wants to return.
#[derive(Clone, Copy, Debug)]
pub struct ReturnFacts<'a> {
    /// The item's category.
    pub category: Option<&'a str>,
    /// Where the order came in.
    pub channel: Option<&'a str>,
    /// The customer's tier: 0 is the best.
    pub tier: u8,
    /// In what condition they are said to be.
    pub condition: Condition,
    /// Why they come back.
    pub reason: ReturnReason,
    /// How.
    pub way: ReturnWay,
    /// What comes first.
    pub mode: ReturnMode,
    /// The day on which they were bought.
    pub bought: Day,
    /// The day on which the customer had them.
    pub delivered: Day,
    /// The day on which he asks.
    pub today: Day,
    /// What they are worth.
    pub value: Minor,
    /// Whether they were sold as not to come back.
    pub is_final_sale: bool,
}

/// Why a policy does not take units back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// No rule is for them.
    #[error("no rule of the policy is for these units")]
    NoRule,
    /// They were sold as not to come back, and the seller is not to blame.
    #[error("the sale was final")]
    FinalSale,
    /// The last day was before.
    #[error("they could be returned until {until}")]
    WindowPassed {
        /// The last day.
        until: Day,
    },
    /// The reason is none of the rule's.
    #[error("reason {} is not one that is accepted", .reason.as_str())]
    ReasonNotAccepted {
        /// The reason.
        reason: ReturnReason,
    },
    /// The way is none of the rule's.
    #[error("way {} is not offered", .way.as_str())]
    WayNotOffered {
        /// The way.
        way: ReturnWay,
    },
    /// They are worth too much to be kept.
    #[error(
        "units worth {value} minor units are not left with the customer, those up to {most} are"
    )]
    TooDearToKeep {
        /// What they are worth.
        value: Minor,
        /// The most.
        most: Minor,
    },
    /// They are worth too much to be credited before they come.
    #[error("units worth {value} minor units are not credited in advance, those up to {most} are")]
    TooDearToAdvance {
        /// What they are worth.
        value: Minor,
        /// The most.
        most: Minor,
    },
}

impl Objection {
    /// The name that callers see, in `UPPER_SNAKE_CASE`. It never changes and is never given another
    /// meaning.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRule => "NO_RETURN_RULE",
            Self::FinalSale => "FINAL_SALE",
            Self::WindowPassed { .. } => "RETURN_WINDOW_PASSED",
            Self::ReasonNotAccepted { .. } => "RETURN_REASON_NOT_ACCEPTED",
            Self::WayNotOffered { .. } => "RETURN_WAY_NOT_OFFERED",
            Self::TooDearToKeep { .. } => "TOO_DEAR_TO_KEEP",
            Self::TooDearToAdvance { .. } => "TOO_DEAR_TO_ADVANCE",
        }
    }
}

/// All that speaks against taking lines of an order back, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objections {
    /// Each with its line, from 0.
    all: Vec<(u16, Objection)>,
}

impl Objections {
    /// Of a line, from 0.
    pub fn add(&mut self, line: u16, found: Vec<Objection>) {
        self.all.extend(found.into_iter().map(|objection| (line, objection)));
    }

    /// Whether nothing speaks against it.
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each with its line, from 0.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Objection)> {
        self.all.iter().copied()
    }
}

impl fmt::Display for Objections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (line, objection)) in self.all.iter().take(OBJECTIONS_TOLD_MAX).enumerate() {
            let joint = if at == 0 { "" } else { "; " };
            write!(f, "{joint}line {line}: {objection}")?;
        }
        match self.all.len().saturating_sub(OBJECTIONS_TOLD_MAX) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Objections that a message tells; the others are counted.
const OBJECTIONS_TOLD_MAX: usize = 8;

/// What a policy says of units that somebody wants to return.
///
/// # Errors
/// All that speaks against it.
pub fn judge(
    policy: &ReturnPolicy,
    facts: &ReturnFacts<'_>,
) -> Result<ReturnTerms, Vec<Objection>> {
    let rule = policy.rules.iter().find(|rule| rule.applies.fits(facts));
    let grants = &rule.ok_or_else(|| vec![Objection::NoRule])?.grants;
    let until = last_day(policy, grants, facts);
    let window = match until {
        None => Some(Objection::FinalSale),
        Some(until) if facts.today > until => Some(Objection::WindowPassed { until }),
        Some(_) => None,
    };
    let all = [window, reason(grants, facts), way(grants, facts), keep_it(grants, facts)];
    let found: Vec<_> = all.into_iter().chain([advance(grants, facts)]).flatten().collect();
    match until {
        Some(until) if found.is_empty() => Ok(terms(until, grants, facts)),
        _ => Err(found),
    }
}

impl Applies {
    fn fits(&self, facts: &ReturnFacts<'_>) -> bool {
        let is = |wanted: Option<&str>, given| wanted.is_none_or(|wanted| given == Some(wanted));
        is(self.category.as_ref().map(Text::as_str), facts.category)
            && is(self.channel.as_ref().map(Text::as_str), facts.channel)
            && self.tier.is_none_or(|tier| facts.tier <= tier)
            && (self.conditions.is_empty() || self.conditions.contains(&facts.condition))
    }
}

/// The last day; none of a final sale. What the seller is to blame for has days of its own.
fn last_day(policy: &ReturnPolicy, grants: &Grants, facts: &ReturnFacts<'_>) -> Option<Day> {
    let is_fault = facts.reason.is_sellers_fault();
    let chosen = grants.days.filter(|_| !facts.is_final_sale);
    let days = if is_fault { chosen.max(grants.fault_days) } else { chosen }?;
    let is_bought_then = |from, to| (from..=to).contains(&facts.bought);
    let extended = policy.holidays.iter().filter(|h| is_bought_then(h.from, h.to));
    let ends = extended.map(|holiday| holiday.until);
    Some(ends.fold(facts.delivered.plus(days), Day::max))
}

fn reason(grants: &Grants, facts: &ReturnFacts<'_>) -> Option<Objection> {
    let is_accepted = grants.reasons.is_empty() || grants.reasons.contains(&facts.reason);
    (!is_accepted).then_some(Objection::ReasonNotAccepted { reason: facts.reason })
}

fn way(grants: &Grants, facts: &ReturnFacts<'_>) -> Option<Objection> {
    let is_offered = match facts.way {
        ReturnWay::KeepIt => grants.keep_it_up_to.is_some(),
        way => grants.ways.is_empty() || grants.ways.contains(&way),
    };
    (!is_offered).then_some(Objection::WayNotOffered { way: facts.way })
}

fn keep_it(grants: &Grants, facts: &ReturnFacts<'_>) -> Option<Objection> {
    let most = grants.keep_it_up_to.filter(|_| facts.way == ReturnWay::KeepIt)?;
    let value = facts.value;
    (value > most).then_some(Objection::TooDearToKeep { value, most })
}

fn advance(grants: &Grants, facts: &ReturnFacts<'_>) -> Option<Objection> {
    let most = grants.advance_up_to.unwrap_or(Minor::ZERO);
    let value = facts.value;
    let is_too_dear = facts.mode == ReturnMode::Advance && value > most;
    is_too_dear.then_some(Objection::TooDearToAdvance { value, most })
}

/// The terms of a return that nothing speaks against: who pays is the seller where he is to blame.
fn terms(until: Day, grants: &Grants, facts: &ReturnFacts<'_>) -> ReturnTerms {
    let is_fault = facts.reason.is_sellers_fault();
    let comes_by_label = matches!(facts.way, ReturnWay::Mail | ReturnWay::DropOff);
    let label_payer = if is_fault { LabelPayer::Seller } else { grants.label_payer };
    let pays_label = comes_by_label && label_payer == LabelPayer::Customer;
    let label = if pays_label { grants.fees.label } else { Minor::ZERO };
    let fees = if is_fault { Fees::default() } else { Fees { label, ..grants.fees } };
    let within = |most: Option<Minor>| most.is_some_and(|most| facts.value <= most);
    ReturnTerms {
        until,
        fees,
        label_payer,
        shipping: grants.shipping,
        covers_loss: within(grants.lost_up_to),
        needs_review: grants.review_from.is_some_and(|from| facts.value >= from),
    }
}
