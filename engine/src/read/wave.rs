//! What a wave could release: of what nodes have to do, what is all there and was not released.

use std::collections::BTreeSet;

use super::work::seen::SeenWork;
use super::work::{ShipmentWork, WorkKey, node_work};
use crate::command::{Wave, WaveAt, WaveFilter, WaveFound};
use crate::model::{NodeId, Timestamp, UnitState};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Finds what a wave could release, what has the earliest cut-off first. Blocks its thread.
///
/// # Errors
/// What is wrong with the wave, an unknown node, and what stopped the engine.
pub fn find_wave(kernel: &Kernel, seen: &SeenWork, wave: &Wave) -> Result<WaveFound, EngineError> {
    let network = kernel.state.network.load();
    wave.validate(&network)?;
    let nodes: Vec<NodeId> = match &wave.at {
        WaveAt::Node(id) => vec![id.clone()],
        WaveAt::Kind(kind) => {
            let of_kind = network.nodes.iter().filter(|of| of.node.kind == *kind);
            of_kind.map(|of| of.node.id.clone()).collect()
        }
    };
    let filter = wave.filter(&network);
    let most = usize::try_from(wave.shipments_max).unwrap_or(usize::MAX);
    let (mut first, mut all) = (Vec::new(), 0u32);
    for node in &nodes {
        let work = node_work(kernel, seen, node)?;
        for of in work.shipments.iter().filter(|of| can_be_of(of, &filter)) {
            first.push((of.cut_off.is_none(), of.cut_off, of.key()));
            all = all.saturating_add(1);
        }
        keep_first(&mut first, most);
    }
    let shipments = first.into_iter().map(|(.., key)| (key.no, key.shipment)).collect();
    Ok(WaveFound { shipments, all })
}

/// Which shipment of nodes comes first: whether it has no cut-off, when that is, and where it is in the
/// work of its node.
type First = (bool, Option<Timestamp>, WorkKey);

/// Keeps those that come first, so many at most and one of an order. What is not kept has as many orders
/// before it, whatever other nodes add.
fn keep_first(found: &mut Vec<First>, most: usize) {
    found.sort_unstable();
    let mut orders = BTreeSet::new();
    found.retain(|(.., key)| orders.len() < most && orders.insert(key.no));
}

/// Whether a wave could release a shipment.
fn can_be_of(of: &ShipmentWork, filter: &WaveFilter<'_>) -> bool {
    let can_be = of.state == UnitState::Allocated && of.waiting == 0 && !of.is_on_hold;
    can_be && of.recall.is_none() && filter.takes(of.ship_by, of.priority, of.service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Day, OrderNo, Priority};

    /// Of an order, with its first shipment and a cut-off.
    fn of(no: u64, cut_off: i64) -> First {
        let key = WorkKey {
            is_ready: false,
            ship_by: Day::from_epoch_days(0),
            priority: Priority::DEFAULT,
            no: OrderNo(no),
            shipment: 0,
        };
        (false, Some(Timestamp::from_micros(cut_off)), key)
    }

    /// Each node knows some shipments of ten orders, one order on several nodes among them.
    #[test]
    fn node_by_node_a_wave_is_of_the_same_shipments_as_of_all_at_once() {
        let cut_off = |at: u64, node: u64| i64::try_from((at * 7 + node * 11) % 23).expect("small");
        let nodes: Vec<Vec<_>> = (0..6u64)
            .map(|node| (0..8u64).map(|at| of((at + node * 3) % 10, cut_off(at, node))).collect())
            .collect();
        for most in 0..12 {
            let mut at_once = nodes.concat();
            keep_first(&mut at_once, usize::MAX);
            at_once.truncate(most);
            let mut by_node = Vec::new();
            for node in &nodes {
                by_node.extend(node);
                keep_first(&mut by_node, most);
                assert!(by_node.len() <= most);
            }
            assert_eq!(by_node, at_once);
        }
    }
}
