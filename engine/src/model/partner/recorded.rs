//! What a partner's total comes to beside what others recorded of the same thing: a clerk who takes goods in by
//! hand, and a partner who tells of them, count the same units.
//!
//! ```text
//!   recorded = all that is on record, less the totals of the partner's other facts about it
//!   more: up to what is recorded, nothing; beyond that, what is beyond
//!   less: the difference, if nobody recorded another number
//! ```

use std::collections::BTreeMap;

use super::arrival::Arrival;
use super::fact::{Fact, Move};
use super::message::Measure;
use crate::model::ids::Sku;

/// A partner takes back what somebody else counted otherwise: nobody knows who is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The item.
    pub sku: Sku,
    /// The total that the partner told before.
    pub before: i64,
    /// The total that it tells now.
    pub now: i64,
    /// What is recorded of it.
    pub recorded: i64,
}

impl Contradiction {
    /// What is wrong, for a person.
    pub fn told(&self) -> String {
        let Self { sku, before, now, recorded } = self;
        format!("{sku}: {now} after {before}, but {recorded} are on record")
    }
}

/// By how much what is recorded changes when a total moves; none where nobody knows.
fn change(recorded: i64, from: i64, to: i64) -> Option<i64> {
    if from == to || recorded == to {
        return Some(0);
    }
    let is_more = to > from;
    match is_more {
        true if recorded >= from => Some((to - recorded).max(0)),
        false if recorded == from => Some(to - from),
        _ => None,
    }
}

/// The moves of a message, those of one measure by what they change beside what others recorded. `recorded`
/// is what is on record of an item in all, `others` what the partner's other facts about it state. The first
/// word of a fact contradicts nothing.
///
/// # Errors
/// The first item of which nobody knows what is right.
pub fn beside(
    moves: &[Move],
    measure: &Measure,
    others: &BTreeMap<Sku, i64>,
    recorded: impl Fn(&Sku) -> i64,
) -> Result<Vec<Move>, Contradiction> {
    let beside = |of: &Move| {
        if of.measure != *measure {
            return Ok(of.clone());
        }
        let (before, now) = (of.from, of.to);
        let others = others.get(&of.sku).copied().unwrap_or(0);
        let recorded = recorded(&of.sku).saturating_sub(others).max(0);
        let by = change(recorded, before, now);
        let sku = of.sku.clone();
        let by = by.ok_or(Contradiction { sku, before, now, recorded })?;
        Ok(Move { from: now - by, ..of.clone() })
    };
    moves.iter().map(beside).collect()
}

/// The same moves, without units that were let go before anybody knew whose they are; none if fewer came than
/// were let go.
pub fn without_gone(moves: &[Move], arrival: Option<&Arrival>) -> Option<Vec<Move>> {
    let without = |of: &Move| {
        let gone = arrival.map_or(0, |arrival| arrival.gone_of(&of.sku));
        let gone = if of.measure == Measure::Received { i64::from(gone) } else { 0 };
        let (from, to) = (of.from - gone, of.to - gone);
        (to >= 0).then(|| Move { from, to, ..of.clone() })
    };
    moves.iter().map(without).collect()
}

/// What facts state of one measure together, by item. Units that were let go are in none.
pub fn stated<'a>(
    facts: impl IntoIterator<Item = &'a Fact>,
    measure: &Measure,
) -> BTreeMap<Sku, i64> {
    let mut sums = BTreeMap::new();
    let lines = facts.into_iter().flat_map(|fact| fact.lines.iter().map(move |line| (fact, line)));
    for (fact, line) in lines {
        let of = line.counts.iter().filter(|(it, _)| it == measure);
        let units: i64 = of.map(|(_, units)| *units).sum();
        let units = units - gone(fact, measure, &line.sku);
        if units != 0 {
            *sums.entry(line.sku.clone()).or_default() += units;
        }
    }
    sums
}

fn gone(fact: &Fact, measure: &Measure, sku: &Sku) -> i64 {
    let arrival = fact.arrival.as_ref().filter(|_| *measure == Measure::Received);
    arrival.map_or(0, |arrival| arrival.gone_of(sku).into())
}
