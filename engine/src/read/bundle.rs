//! What can be promised of a bundle: at each node, what its components allow together.

use super::available::{Availability, NodeAvailability, Whom, of_item};
use crate::model::{BundlePart, Sku, SkuNo, Timestamp};
use crate::planning::together::together;
use crate::state::network::Network;
use crate::state::stock::InboundGlance;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Reads what can be promised of a bundle. A node has as many as the component allows that it
/// lacks most, by each day; all nodes together have the sum of that. Suppliers with a minimum give
/// no bundles.
pub(super) async fn of_bundle(
    kernel: &Kernel,
    (sku, no): (&Sku, SkuNo),
    at: Timestamp,
    whom: Whom<'_>,
) -> Result<Availability, EngineError> {
    let parts = kernel.state.catalogue.parts(no);
    let (mut all, mut version) = (Vec::with_capacity(parts.len()), kernel.watermark.applied());
    for part in &*parts {
        let sku = kernel.state.catalogue.entry(part.sku).sku();
        let there = of_item(kernel, (sku, part.sku), at, whom).await?;
        version = version.min(there.version);
        all.push(there);
    }
    let off_sale = all.iter().any(|there| there.off_sale);
    let (network, now) = (kernel.state.network.load(), kernel.state.now());
    let mut nodes = Vec::new();
    for first in all[0].nodes.iter().filter(|_| !off_sale) {
        if network.terms(network.named(&first.node)?).units_min > 1 {
            continue;
        }
        let same = |of: &'_ Availability| of.nodes.iter().position(|n| n.node == first.node);
        let there: Option<Vec<&NodeAvailability>> =
            all.iter().map(|of| same(of).map(|place| &of.nodes[place])).collect();
        if let Some(there) = there {
            nodes.push(at_node(&network, (&parts, &there), now)?);
        }
    }
    let atp = nodes.iter().map(|node| node.atp).sum();
    Ok(Availability { sku: sku.clone(), version, at, atp, off_sale, nodes })
}

/// What one node has of a bundle whose components it has so.
fn at_node(
    network: &Network,
    (parts, there): (&[BundlePart], &[&NodeAvailability]),
    now: Timestamp,
) -> Result<NodeAvailability, EngineError> {
    let first = there[0];
    let calendar = &network.node(network.named(&first.node)?).calendar;
    let each: Vec<u32> = parts.iter().map(|part| part.each).collect();
    let units = there.iter().map(|node| u64::try_from(node.free).unwrap_or(0));
    let units: Vec<u64> = units.collect();
    let coming = there.iter().enumerate().flat_map(|(part, node)| {
        let supply = move |of: &InboundGlance| {
            let when = (calendar.expected_at(now, of.eta), of.eta);
            (when, part, of.no, u64::from(of.free))
        };
        node.supplies.iter().map(supply)
    });
    let (free, steps) = together(&each, &units, coming.collect());
    let supply = |(when, no, units): (_, _, u64)| {
        let (_, eta): (Timestamp, Timestamp) = when;
        let free = u32::try_from(units).unwrap_or(u32::MAX);
        InboundGlance { no, eta, free, in_flight: false, own: 0 }
    };
    let supplies: Vec<InboundGlance> = steps.into_iter().map(supply).collect();
    let mut seen = NodeAvailability {
        node: first.node.clone(),
        kind: first.kind,
        enabled: there.iter().all(|node| node.enabled),
        free: i64::try_from(free).unwrap_or(i64::MAX),
        inbound: supplies.iter().map(|supply| u64::from(supply.free)).sum(),
        supplies,
        unlimited: there.iter().all(|node| node.unlimited),
        atp: 0,
        returns: None,
    };
    seen.sum_up();
    Ok(seen)
}
