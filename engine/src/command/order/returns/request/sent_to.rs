//! Where a return goes whose caller does not say it: to the node that wants it most.

use std::collections::BTreeMap;

use crate::model::returns::{Considered, Destination, ReturnWay, Standing, choose};
use crate::model::{LineUnits, Minor, NodeNo, Order, SkuNo};
use crate::planning::Way;
use crate::state::network::{Network, is_supplier};
use crate::state::stock::{StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Where a return goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::command::order) struct SentTo {
    /// The node, if it is known.
    pub node: Option<NodeNo>,
    /// The nodes that were considered, the chosen one first; none where the caller says where it goes.
    pub considered: Vec<Considered>,
}

impl From<Option<NodeNo>> for SentTo {
    fn from(node: Option<NodeNo>) -> Self {
        Self { node, considered: Vec::new() }
    }
}

/// What comes back, and how.
pub(super) struct Parcel<'a> {
    order: &'a Order,
    way: ReturnWay,
    units: BTreeMap<SkuNo, u32>,
}

impl<'a> Parcel<'a> {
    /// Units of lines of an order. A line that it does not have is refused later.
    pub(super) fn new(order: &'a Order, lines: &LineUnits, way: ReturnWay) -> Self {
        let mut units = BTreeMap::new();
        for (line, more) in lines {
            if let Some(line) = order.lines.get(usize::from(*line)) {
                let known: &mut u32 = units.entry(line.sku).or_default();
                *known = known.saturating_add(*more);
            }
        }
        Self { order, way, units }
    }

    fn count(&self) -> i64 {
        self.units.values().map(|units| i64::from(*units)).sum()
    }
}

/// The node that wants a parcel most, of those that take it by the policy; none where no node does. What pairs
/// show is as of now: nothing of it is claimed, because a return takes nothing away.
///
/// # Errors
/// What stopped the engine.
pub(super) async fn wanted_most(
    kernel: &Kernel,
    parcel: Parcel<'_>,
) -> Result<SentTo, EngineError> {
    let (network, rules) =
        (kernel.state.network.load_full(), kernel.state.return_rules.load_full());
    let destinations = rules.policy().map_or(&[][..], |policy| policy.destinations());
    let pricing = kernel.state.pricing.load_full();
    let category = |sku: &SkuNo| pricing.book().categories().of(*sku).cloned();
    let mut standings = Vec::new();
    for of in destinations {
        let takes = of.takes(parcel.way, parcel.units.keys().map(category));
        let Some(node) = may_take(&network, of).filter(|_| takes) else { continue };
        let worked = of.unit_cost.0.saturating_mul(parcel.count());
        let cost = Minor(carried(kernel, &network, (&parcel, node)).saturating_add(worked));
        let (waiting, free) = wanted(kernel, (&parcel, node)).await?;
        standings.push(Standing { node, waiting, cost, free });
    }
    let considered = choose(network.policy.objectives, standings);
    Ok(SentTo { node: considered.first().map(|of| of.node), considered })
}

/// The node of a destination, if goods that come there can be sold.
fn may_take(network: &Network, of: &Destination) -> Option<NodeNo> {
    let node = network.node_no(&of.node)?;
    let known = &network.node(node).node;
    (known.enabled && !is_supplier(known.kind)).then_some(node)
}

/// What it costs to carry a parcel from the customer to a node: what it costs the other way, by distance. Who
/// brings it to a store pays no carrier.
fn carried(kernel: &Kernel, network: &Network, (parcel, node): (&Parcel<'_>, NodeNo)) -> i64 {
    let from = Way::of(network, &*kernel.postal, &parcel.order.header);
    let Some(from) = from.filter(|_| parcel.way != ReturnWay::Store) else { return 0 };
    let lanes = network.lanes(from.place.index, from.place.location);
    let band = &network.policy.bands[usize::from(lanes[usize::from(node.0)])];
    band.shipment_cost.saturating_add(band.unit_cost.saturating_mul(parcel.count()))
}

/// How many of the units are waited for at a node, and how many of their items are free there.
async fn wanted(
    kernel: &Kernel,
    (parcel, node): (&Parcel<'_>, NodeNo),
) -> Result<(u32, i64), EngineError> {
    let (mut waiting, mut free) = (0_u32, 0);
    for (sku, units) in &parcel.units {
        let Some(slot) = kernel.state.catalogue.entry(*sku).row.find(node) else { continue };
        let glance = slot.shared().glance();
        free += i64::from(glance.free);
        if !glance.has_backlog {
            continue;
        }
        match ask(kernel, slot, StockMessage::ReadStanding).await? {
            StockReply::Standing(of) => waiting = waiting.saturating_add(of.waiting.min(*units)),
            other => unreachable!("a read of how a pair stands is answered so, not {other:?}"),
        }
    }
    Ok((waiting, free))
}
