//! Bundles that would be passed by a newer one, because that one keeps a component where the others
//! came.
//!
//! ```text
//!   the older one waits in the east   an A is free in the west: the newer one, which waits there,
//!                                     keeps it
//!   a B comes in the west ----------> the newer one gives the A up, and the older one is whole there
//! ```
//! What bundles that wait keep is theirs against newer orders of single components, and not against
//! who is served before them: not the unit that the older one lacks alone, and not one with which
//! it leaves on an earlier day than it has.

use std::collections::BTreeMap;

use super::bundle::{Kept, Moved, Waiting};
use crate::model::{LineRepegged, Move, NodeNo, Order, OrderedBundle, SkuNo, Supply, Text};
use crate::state::stock::Ready;
use crate::transaction::error::EngineError;
use crate::transaction::rests::Resting;

/// That bundles give up what they keep where they are about to be given something, if with that one
/// of those which stayed could be counted on sooner: on what these keep, or on what they are about
/// to be given. Of their event, nothing is given to them yet.
///
/// # Errors
/// When an actor panicked.
pub fn given_up<'o>(
    newer: &Waiting<'_>,
    moved: &Moved,
    stayed: impl Iterator<Item = &'o (Order, OrderedBundle)>,
) -> Result<Option<Moved>, EngineError> {
    let mut stayed = stayed.peekable();
    if stayed.peek().is_none() {
        return Ok(None);
    }
    let mut wanted = gained(moved);
    let mut kept = newer.kept()?;
    kept.retain(|kept| wanted.iter().any(|gain| gain.1 == kept.node));
    wanted.extend(kept.iter().map(|kept| (kept.sku, kept.node)));
    let needs = |(older, of): &&(Order, OrderedBundle)| {
        let mut skus = of.lines().map(|line| older.lines[usize::from(line)].sku);
        older.no != newer.order.no && skus.any(|sku| wanted.iter().any(|gain| gain.0 == sku))
    };
    let older: Vec<_> = stayed.filter(|_| !kept.is_empty()).filter(needs).collect();
    if older.is_empty() {
        return Ok(None);
    }
    let mut pools = newer.pools.clone();
    let channel = newer.order.header.channel.as_ref().map(Text::as_str);
    for Kept { sku, node, supply, units, .. } in &kept {
        pools.add_free(*sku, (*node, *supply), *units, channel);
    }
    for (order, bundle) in older {
        let older = Waiting { pools: &pools, order, bundle, ..*newer };
        let Some(would) = older.moved()? else { continue };
        let takes = gained(&would).iter().any(|gain| wanted.contains(gain));
        if takes && older.is_sooner(&would)? {
            return newer.given_up(&kept).map(Some);
        }
    }
    Ok(None)
}

/// Units of a line by node and when they can be counted on.
type AtNodes = BTreeMap<(NodeNo, Ready), i64>;

impl Waiting<'_> {
    /// Whether bundles can be counted on sooner with what they are given: more of them by some date.
    ///
    /// # Errors
    /// When an actor panicked.
    fn is_sooner(&self, moved: &Moved) -> Result<bool, EngineError> {
        let resting = Resting::read(self.kernel, self.order)?;
        let before = self.lines().map(|line| self.at_nodes(&resting, line));
        let before: Vec<AtNodes> = before.collect();
        let mut after = before.clone();
        for (_, LineRepegged { line, moves, .. }) in &moved.event.lines {
            let pool = self.pool(*line);
            let at_nodes = &mut after[usize::from(line - self.bundle.line)];
            for Move { units, from, to, .. } in moves {
                let units = i64::from(*units);
                *at_nodes.entry((from.0, pool.ready(*from))).or_default() -= units;
                *at_nodes.entry((to.0, pool.ready(*to))).or_default() += units;
            }
        }
        let mut dates: Vec<Ready> =
            after.iter().flat_map(BTreeMap::keys).map(|(_, ready)| *ready).collect();
        dates.retain(|ready| *ready < Ready::Never);
        let is_more = |date| self.whole_by(&after, date) > self.whole_by(&before, date);
        Ok(dates.into_iter().any(is_more))
    }

    /// The open units of a line, by node and when they can be counted on.
    fn at_nodes(&self, resting: &Resting, line: u16) -> AtNodes {
        let (pool, mut at_nodes) = (self.pool(line), AtNodes::new());
        let all = self.order.allocations.iter().zip(&resting.rests);
        for (a, rests) in all.filter(|(a, _)| a.line == line) {
            let node = self.order.shipments[usize::from(a.shipment)].node;
            for rest in rests {
                let ready = pool.ready((node, rest.supply));
                *at_nodes.entry((node, ready)).or_default() += i64::from(rest.units);
            }
        }
        at_nodes
    }

    /// How many bundles are whole by a date, each at one node.
    fn whole_by(&self, lines: &[AtNodes], date: Ready) -> i64 {
        let mut nodes: Vec<NodeNo> = lines[0].keys().map(|(node, _)| *node).collect();
        nodes.dedup();
        let whole_at = |node: NodeNo| {
            let each = self.lines().map(|line| i64::from(self.each(line)));
            let there = lines.iter().zip(each).map(|(line, each)| {
                let of_it = line.iter().filter(|((at, ready), _)| *at == node && *ready <= date);
                of_it.map(|(_, units)| units).sum::<i64>() / each
            });
            there.min().unwrap_or(0)
        };
        nodes.into_iter().map(whole_at).sum()
    }
}

/// What it is given, and where.
fn gained(moved: &Moved) -> Vec<(SkuNo, NodeNo)> {
    let lines = moved.event.lines.iter();
    let moves = lines.flat_map(|(sku, line)| line.moves.iter().map(move |moved| (*sku, moved)));
    let given = moves.filter(|(_, moved)| moved.to.1 != Supply::Backorder);
    given.map(|(sku, moved)| (sku, moved.to.0)).collect()
}
