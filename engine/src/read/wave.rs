//! What a wave could release: of what nodes have to do, what is all there and was not released.

use std::collections::BTreeSet;

use super::work::seen::SeenWork;
use super::work::{ShipmentWork, node_work};
use crate::command::{Wave, WaveAt, WaveFilter, WaveFound};
use crate::model::{NodeId, UnitState};
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
    let mut found = Vec::new();
    for node in &nodes {
        let work = node_work(kernel, seen, node)?;
        found.extend(work.shipments.into_iter().filter(|of| can_be_of(of, &filter)));
    }
    found.sort_by_key(|of| (of.cut_off.is_none(), of.cut_off, of.key()));
    let all = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let mut orders = BTreeSet::new();
    let first_of_order = found.into_iter().filter(|of| orders.insert(of.no));
    let most = usize::try_from(wave.shipments_max).unwrap_or(usize::MAX);
    let shipments = first_of_order.take(most).map(|of| (of.no, of.shipment)).collect();
    Ok(WaveFound { shipments, all })
}

/// Whether a wave could release a shipment.
fn can_be_of(of: &ShipmentWork, filter: &WaveFilter<'_>) -> bool {
    let can_be = of.state == UnitState::Allocated && of.waiting == 0 && !of.is_on_hold;
    can_be && of.recall.is_none() && filter.takes(of.ship_by, of.priority, of.service)
}
