//! Bundles that would be passed by a newer one, because that one keeps a component where the others
//! came.
//!
//! ```text
//!   the older one waits in the east   an A is free in the west: the newer one, which waits there,
//!                                     keeps it
//!   a B comes in the west ----------> the newer one gives the A up, and the older one is whole there
//! ```
//! What bundles that wait keep is theirs against newer orders of single components, and not against
//! who is served before them.

use super::bundle::{Kept, Moved, Waiting};
use crate::model::{NodeNo, Order, OrderedBundle, SkuNo, Supply};
use crate::transaction::error::EngineError;

/// That bundles give up what they keep where they are about to be given something, if with that one
/// of those which stayed would be given the same. Of its event, nothing is given to these yet.
///
/// # Errors
/// When an actor panicked.
pub fn given_up(
    newer: &Waiting<'_>,
    moved: &Moved,
    stayed: &[(Order, OrderedBundle)],
) -> Result<Option<Moved>, EngineError> {
    let gained = gained(moved);
    let needs = |(older, of): &&(Order, OrderedBundle)| {
        let mut skus = of.lines().map(|line| older.lines[usize::from(line)].sku);
        older.no != newer.order.no && skus.any(|sku| gained.iter().any(|gain| gain.0 == sku))
    };
    let older: Vec<_> = stayed.iter().filter(needs).collect();
    if older.is_empty() {
        return Ok(None);
    }
    let mut kept = newer.kept()?;
    kept.retain(|kept| gained.iter().any(|gain| gain.1 == kept.node));
    let mut pools = newer.pools.clone();
    for Kept { sku, node, supply, units, .. } in &kept {
        pools.add_free(*sku, (*node, *supply), *units);
    }
    for (order, bundle) in older.into_iter().filter(|_| !kept.is_empty()) {
        let would = Waiting { pools: &pools, order, bundle, ..*newer }.moved()?;
        if would.is_some_and(|would| self::gained(&would).iter().any(|gain| gained.contains(gain)))
        {
            return newer.given_up(&kept).map(Some);
        }
    }
    Ok(None)
}

/// What of it waited is given, and where.
fn gained(moved: &Moved) -> Vec<(SkuNo, NodeNo)> {
    let lines = moved.event.lines.iter();
    let moves = lines.flat_map(|(sku, line)| line.moves.iter().map(move |moved| (*sku, moved)));
    let waited = moves.filter(|(_, moved)| moved.from.1 == Supply::Backorder);
    waited.map(|(sku, moved)| (sku, moved.to.0)).collect()
}
