//! What is known of a fact: its highest revision, and the totals that it stated.

use minicbor::{Decode, Encode};

use super::arrival::Arrival;
use super::message::{Detail, FactLine, Measure, PartnerMessage};
use crate::model::ids::{MessageId, NodeId, Sku};

/// The highest revision of a fact that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fact {
    /// The revision.
    #[n(0)]
    pub revision: u32,
    /// The message that stated it.
    #[n(1)]
    pub message: MessageId,
    /// Tells its content from another one.
    #[n(2)]
    pub content: u64,
    /// Totals: lines ascend by SKU. Those of a count are of all its revisions, the newest of each.
    #[n(3)]
    pub lines: Vec<FactLine>,
    /// What else it said.
    #[n(4)]
    pub detail: Detail,
    /// Where the goods belong, of what came back.
    #[n(5)]
    pub arrival: Option<Arrival>,
    /// The node that it is about.
    #[n(6)]
    pub node: Option<NodeId>,
}

/// What a message moves: a total of a SKU, from the revision before to its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Move {
    /// The SKU.
    #[n(0)]
    pub sku: Sku,
    /// What is counted.
    #[n(1)]
    pub measure: Measure,
    /// The total before; 0 if none was stated.
    #[n(2)]
    pub from: i64,
    /// The total now.
    #[n(3)]
    pub to: i64,
}

impl Move {
    /// By how much the total moves, up or down.
    pub const fn by(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

impl Fact {
    /// Units of each item that came, less those that were let go: ascending by item.
    pub fn left(&self) -> Vec<(Sku, u32)> {
        let came = self.lines.iter().filter_map(|line| {
            let of = line.counts.iter().find(|(measure, _)| *measure == Measure::Received)?;
            let gone = self.arrival.as_ref().map_or(0, |arrival| arrival.gone_of(&line.sku));
            let left = u32::try_from(of.1 - i64::from(gone)).ok()?;
            (left > 0).then(|| (line.sku.clone(), left))
        });
        came.collect()
    }

    /// The fact as a message states it, after what was known.
    pub fn stated(known: Option<&Self>, message: &PartnerMessage) -> Self {
        let before = known.map_or(&[][..], |fact| &fact.lines);
        let lines = if message.subject.is_count() {
            counted(before, &message.lines)
        } else {
            message.lines.clone()
        };
        Self {
            revision: message.revision,
            message: message.id.clone(),
            content: message.content(),
            lines,
            detail: message.detail.after(known.map(|fact| &fact.detail)),
            arrival: known.and_then(|fact| fact.arrival.clone()),
            node: message.node.clone(),
        }
    }

    /// What a message moves, after what was known. In a count, what is not listed does not move; what
    /// is listed was counted, and is told though it is the same.
    pub fn moves(known: Option<&Self>, message: &PartnerMessage) -> Vec<Move> {
        let before = known.map_or(&[][..], |fact| &fact.lines);
        let mut moves = Vec::new();
        for (old, new) in side_by_side(before, &message.lines) {
            let Some(sku) = new.or(old).map(|line| &line.sku) else { continue };
            if message.subject.is_count() && new.is_none() {
                continue;
            }
            line_moves(&mut moves, sku, counts(old), counts(new), message.subject.is_count());
        }
        moves
    }
}

fn counts(line: Option<&FactLine>) -> &[(Measure, i64)] {
    line.map_or(&[], |line| &line.counts)
}

fn line_moves(
    moves: &mut Vec<Move>,
    sku: &Sku,
    old: &[(Measure, i64)],
    new: &[(Measure, i64)],
    tells_same: bool,
) {
    let of = |counts: &[(Measure, i64)], measure: &Measure| {
        counts.iter().find(|(it, _)| it == measure).map_or(0, |(_, units)| *units)
    };
    let gone = old.iter().filter(|(measure, _)| new.iter().all(|(it, _)| it != measure));
    for (measure, _) in new.iter().chain(gone) {
        let (from, to) = (of(old, measure), of(new, measure));
        if from != to || tells_same {
            moves.push(Move { sku: sku.clone(), measure: measure.clone(), from, to });
        }
    }
}

/// Both lists, which ascend by SKU, line by line: what stands in one alone is beside none.
fn side_by_side<'a>(
    old: &'a [FactLine],
    new: &'a [FactLine],
) -> Vec<(Option<&'a FactLine>, Option<&'a FactLine>)> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.sku.cmp(&other.sku),
        };
        pairs.push(match order {
            std::cmp::Ordering::Less => (old.next(), None),
            std::cmp::Ordering::Greater => (None, new.next()),
            std::cmp::Ordering::Equal => (old.next(), new.next()),
        });
    }
}

/// What was counted, and what is counted now in its place.
fn counted(before: &[FactLine], now: &[FactLine]) -> Vec<FactLine> {
    let pairs = side_by_side(before, now).into_iter();
    pairs.filter_map(|(old, new)| new.or(old).cloned()).collect()
}
