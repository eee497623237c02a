//! Items that several lines of an order need: as a component of one bundle and of another, or of a
//! bundle and by themselves. Each unit of them counts once.
//!
//! ```text
//!   of each such line and node: now, and with each supply that comes, all that it could have
//!   of each item and node:      by each instant, no more units are drawn on than are there by then
//!                               what leaves with a supply takes some of it
//! ```
//! The lines are planned together, on the same units. Each may leave on any day on which all its
//! components are there, whichever of them another line takes before. What is drawn on by each
//! instant is there by then, so it can be dealt out line by line: what leaves first takes first.
//! What could leave before is not kept for what comes later, so as to leave with it.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::made::Bundled;
use super::together::{Coming, When, least};

use crate::model::{InboundNo, NodeNo, SkuNo, Split};

/// What lines that need the same items draw on.
#[derive(Debug, Default)]
pub struct Common {
    /// The lines, ascending: what comes to a node is shown to them with all that is there by then.
    pub lines: SmallVec<[usize; 2]>,
    /// Units that their offers draw on.
    pub drawn: Vec<Drawn>,
}

/// Units of an item that are at a node by some instant, or that come at one.
#[derive(Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Where.
    pub node: NodeNo,
    /// How many.
    pub units: u32,
    /// Whether what is there now is drawn on as well.
    pub now: bool,
    /// Who draws on them, ascending by line.
    pub by: SmallVec<[DrawnBy; 2]>,
}

/// A line that draws on units of an item.
#[derive(Debug, PartialEq, Eq)]
pub struct DrawnBy {
    /// The line.
    pub line: usize,
    /// Units of the item for each of its units, from 1.
    pub each: u32,
    /// Of the supplies that are shown to it, those with which it does.
    pub supplies: SmallVec<[InboundNo; 2]>,
}

/// What a line could have at a node from some instant on.
pub type Step = (When, InboundNo, u64);

/// What lines could have at nodes, by line and node, as it is shown to them.
pub type Steps = BTreeMap<(usize, NodeNo), Vec<(InboundNo, When)>>;

/// Units of an item at a node: now, and what comes.
pub type AtNode = (u64, Vec<(When, u64)>);

/// The lines that need an item which another line needs as well, ascending.
pub fn lines(bundled: &Bundled<'_>) -> SmallVec<[usize; 2]> {
    let (mut seen, mut common) = (BTreeSet::new(), BTreeSet::new());
    for part in bundled.0.iter().flat_map(|made| &made.parts) {
        if !seen.insert(part.sku) {
            common.insert(part.sku);
        }
    }
    let needs = |line: &usize| bundled.0[*line].parts.iter().any(|of| common.contains(&of.sku));
    (0..bundled.0.len()).filter(|line| !common.is_empty() && needs(line)).collect()
}

/// How many units there are of a line now, of whose components each unit takes so many, there are
/// so many and so many come; and by each instant at which there are more of a component. No number
/// is less than the one before.
pub fn by_then(each: &[u32], now: &[u64], mut coming: Vec<Coming>) -> (u64, Vec<Step>) {
    coming.sort_unstable();
    let (mut units, mut steps) = (SmallVec::<[u64; 4]>::from_slice(now), Vec::<Step>::new());
    let first = least(&units, each);
    for (when, part, no, more) in coming.into_iter().filter(|(.., more)| *more > 0) {
        units[part] = units[part].saturating_add(more);
        let all = least(&units, each);
        match steps.last_mut().filter(|(of, ..)| *of == when) {
            Some((_, last, known)) => (*last, *known) = (no, all),
            None => steps.push((when, no, all)),
        }
    }
    steps.retain(|(.., units)| *units > 0);
    (first, steps)
}

/// The units that lines draw on at a node, of each item and by each instant at which there are more
/// of it. Those of which there are as many as the lines could ever draw on are left out. Of a line
/// that may be split, what leaves with a supply takes at least a unit of it.
pub fn drawn(
    (bundled, quantities, split): (&Bundled<'_>, impl Fn(usize) -> u32, Split),
    (lines, node): (&[usize], NodeNo),
    (steps, there): (&Steps, impl Fn(SkuNo) -> AtNode),
) -> Vec<Drawn> {
    let comes = |sku: SkuNo, when: When| there(sku).1.iter().any(|(of, _)| *of == when);
    // Nothing else of the line comes then.
    let comes_alone = |line: usize, sku: SkuNo, when: When| {
        let mut others = bundled.0[line].parts.iter().filter(|part| part.sku != sku);
        !others.any(|part| comes(part.sku, when))
    };
    let shown = |line: usize| steps.get(&(line, node)).map_or(&[][..], Vec::as_slice);
    let mut needs = BTreeMap::<SkuNo, SmallVec<[(usize, u32); 2]>>::new();
    for line in lines {
        for part in &bundled.0[*line].parts {
            needs.entry(part.sku).or_default().push((*line, part.each));
        }
    }
    let draws = |units: u64, now: bool, by: SmallVec<[DrawnBy; 2]>| {
        let most = by.iter().map(|by| u64::from(quantities(by.line)) * u64::from(by.each));
        let units_there = u32::try_from(units).unwrap_or(u32::MAX);
        (most.sum::<u64>() > units).then_some(Drawn { node, units: units_there, now, by })
    };
    let mut drawn = Vec::new();
    for (sku, by) in needs {
        let (mut units, coming) = there(sku);
        let coming = by_instant(coming);
        for at in 0..=coming.len() {
            let next = coming.get(at).copied();
            let before = |when: When| next.is_none_or(|(next, _)| when < next);
            let all = by.iter().map(|&(line, each)| {
                let by_then = shown(line).iter().filter(|(_, when)| before(*when));
                DrawnBy { line, each, supplies: by_then.map(|(no, _)| *no).collect() }
            });
            drawn.extend(draws(units, true, all.collect()));
            let Some((then, more)) = next else { break };
            units = units.saturating_add(more);
            let with_it = by.iter().filter(|(line, _)| comes_alone(*line, sku, then));
            let with_it = with_it.map(|&(line, _)| {
                let supplies = shown(line).iter().filter(|(_, when)| *when == then);
                DrawnBy { line, each: 1, supplies: supplies.map(|(no, _)| *no).collect() }
            });
            if split == Split::Units {
                drawn.extend(draws(more, false, with_it.collect()));
            }
        }
    }
    drawn
}

/// Units that come, those of one instant together, the first to come first.
fn by_instant(mut coming: Vec<(When, u64)>) -> Vec<(When, u64)> {
    coming.sort_unstable();
    coming.dedup_by(|next, sum| {
        let is_same = next.0 == sum.0;
        sum.1 = if is_same { sum.1.saturating_add(next.1) } else { sum.1 };
        is_same
    });
    coming
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn day(no: i64) -> When {
        (Timestamp::from_micros(no), Timestamp::from_micros(no))
    }

    #[test]
    fn a_line_may_leave_with_each_supply_of_its_components() {
        let come = |no: u16, part, units| (day(no.into()), part, InboundNo(no), units);
        let steps = |each: &[u32], now: &[u64], coming: Vec<Coming>| {
            let (first, steps) = by_then(each, now, coming);
            let steps =
                steps.into_iter().map(|(when, no, units)| (when.0.as_micros(), no.0, units));
            (first, steps.collect::<Vec<_>>())
        };
        assert_eq!(steps(&[1, 2], &[5, 5], vec![]), (2, vec![]));
        // Another line may take the one that is there.
        assert_eq!(steps(&[1, 1], &[1, 1], vec![come(3, 0, 1)]), (1, vec![(3, 3, 1)]));
        // Nothing of it is there before the last component.
        let coming = vec![come(5, 1, 4), come(3, 0, 2), come(7, 0, 0)];
        assert_eq!(steps(&[1, 2], &[0, 1], coming), (0, vec![(5, 5, 2)]));
        // Two supplies of a day are one.
        let coming = vec![(day(4), 0, InboundNo(1), 1), (day(4), 1, InboundNo(2), 1)];
        assert_eq!(steps(&[1, 1], &[0, 0], coming), (0, vec![(4, 2, 1)]));
    }
}
