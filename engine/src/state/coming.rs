//! Units that are to come back, by the pair that they go to: announced, and not there. Derived from the
//! orders beside the lists of open returns, in the same turn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use crate::model::returns::{Return, ReturnLine, ReturnStage};
use crate::model::{NodeNo, Order, OrderNo, Pair, Timestamp};

/// Units of a line of a return that are to come to a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coming {
    /// The pair.
    pub pair: Pair,
    /// Whether the carrier said when they arrive.
    pub is_told: bool,
    /// When that is, or when they were asked for.
    pub at: Timestamp,
    /// The order.
    pub order: OrderNo,
    /// Which return of the order, and which line of it, from 0.
    pub line: (u16, u16),
    /// How many.
    pub units: u32,
}

/// What is to come to a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComingAt {
    /// How many units.
    pub units: u64,
    /// When the first and the last of them arrive, of those of which a carrier said it.
    pub told: Option<(Timestamp, Timestamp)>,
    /// When the first and the last of the others were asked for.
    pub asked: Option<(Timestamp, Timestamp)>,
}

/// What is to come, by pair.
#[derive(Default)]
pub struct ComingReturns {
    all: RwLock<BTreeMap<Pair, AtPair>>,
    /// How many pairs there are: mostly none, and then no reader takes the lock.
    pairs: AtomicUsize,
}

#[derive(Default)]
struct AtPair {
    units: u64,
    entries: BTreeSet<Coming>,
}

impl AtPair {
    /// The first and the last instant of the entries of a kind, which are side by side.
    fn span(&self, is_told: bool) -> Option<(Timestamp, Timestamp)> {
        // False comes before true.
        let split = self.entries.iter().next().map(|first| Coming {
            is_told: true,
            at: Timestamp::from_micros(i64::MIN),
            order: OrderNo(0),
            line: (0, 0),
            units: 0,
            ..*first
        })?;
        let mut of_kind =
            if is_told { self.entries.range(split..) } else { self.entries.range(..split) };
        let first = of_kind.next()?.at;
        Some((first, of_kind.next_back().map_or(first, |last| last.at)))
    }
}

/// What of an order is to come back: units that somebody granted, and that are not there.
pub fn coming(order: &Order) -> Vec<Coming> {
    let returns = (0u16..).zip(&order.returns);
    let lines = returns.filter_map(|(no, of)| Some((no, of, of.node?)));
    lines.flat_map(|(no, of, node)| of_return(order, (no, of, node))).collect()
}

fn of_return<'a>(
    order: &'a Order,
    (no, of, node): (u16, &'a Return, NodeNo),
) -> impl Iterator<Item = Coming> + 'a {
    let eta = of.sent.as_deref().and_then(|sent| sent.eta);
    (0u16..).zip(&of.lines).flat_map(move |(at, line)| {
        let pair = Pair { sku: order.lines[usize::from(line.line)].sku, node };
        let (sent, kept) = units_of(line);
        let (told, asked) = if eta.is_some() { (sent, kept) } else { (0, sent + kept) };
        let (order, line) = (order.no, (no, at));
        let told =
            Coming { pair, is_told: true, at: eta.unwrap_or_default(), order, line, units: told };
        let asked = Coming { is_told: false, at: of.requested_at, units: asked, ..told };
        [told, asked].into_iter().filter(|of| of.units > 0)
    })
}

/// Units that are on their way, and units that the customer has and may send.
fn units_of(line: &ReturnLine) -> (u32, u32) {
    let granted = |stage: ReturnStage| {
        line.sum(|status| stage.has(status) && !ReturnStage::Requested.has(status))
    };
    (granted(ReturnStage::InTransit), granted(ReturnStage::Expected))
}

impl ComingReturns {
    /// These come instead of those.
    pub fn exchange(&self, before: &[Coming], after: &[Coming]) {
        if before == after {
            return;
        }
        let mut all = self.all.write();
        for of in before {
            if let Some(at) = all.get_mut(&of.pair)
                && at.entries.remove(of)
            {
                at.units -= u64::from(of.units);
                if at.entries.is_empty() {
                    all.remove(&of.pair);
                }
            }
        }
        for of in after {
            let at = all.entry(of.pair).or_default();
            at.units += u64::from(of.units);
            at.entries.insert(*of);
        }
        self.pairs.store(all.len(), Ordering::Release);
    }

    /// Whether nothing is to come anywhere.
    pub fn is_empty(&self) -> bool {
        self.pairs.load(Ordering::Acquire) == 0
    }

    /// What is to come to a pair; none where nothing is.
    pub fn at(&self, pair: Pair) -> Option<ComingAt> {
        let all = self.all.read();
        let at = all.get(&pair)?;
        Some(ComingAt { units: at.units, told: at.span(true), asked: at.span(false) })
    }

    /// All of it, to be compared with what should be.
    pub fn all(&self) -> Vec<Coming> {
        self.all.read().values().flat_map(|at| at.entries.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SkuNo;

    #[test]
    fn a_pair_tells_how_many_come_and_when_the_first_and_the_last_do() {
        let pair = Pair { sku: SkuNo(1), node: NodeNo(2) };
        let of = |is_told, at, units| Coming {
            pair,
            is_told,
            at: Timestamp::from_micros(at),
            order: OrderNo(7),
            line: (0, 0),
            units,
        };
        let (coming, span) = (ComingReturns::default(), |of: Option<(Timestamp, Timestamp)>| {
            of.map(|(first, last)| (first.as_micros(), last.as_micros()))
        });
        assert!(coming.is_empty() && coming.at(pair).is_none());
        let all = [of(false, 5, 1), of(true, 9, 2), of(false, 3, 4), of(true, 20, 8)];
        coming.exchange(&[], &all);
        let at = coming.at(pair).expect("some come");
        assert_eq!((at.units, span(at.told), span(at.asked)), (15, Some((9, 20)), Some((3, 5))));
        coming.exchange(&all[1..], &all[3..]);
        let at = coming.at(pair).expect("some come");
        assert_eq!((at.units, span(at.told), span(at.asked)), (9, Some((20, 20)), Some((5, 5))));
        coming.exchange(&[all[0], all[3]], &[]);
        assert!(coming.is_empty() && coming.at(pair).is_none());
    }
}
