//! Reads: availability, pairs, orders. They never show claims as promises, and
//! never anything that is not durable.

pub mod as_of;
pub mod audit;
pub mod curve;
pub mod node_load;
pub mod stamp;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::actor::Slot;
use crate::limits::READS_MAX;
use crate::model::order::trace::Trace;
use crate::model::{
    Item, Lsn, Node, NodeId, NodeKind, Order, OrderId, OrderState, Pair, Parts, ServiceNo, Sku,
    Stock, Supply, Text, Timestamp,
};
use crate::sourcing::Verdict;
use crate::state::network::is_supplier;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::Found;
use crate::state::stock::{
    Asks, Glance, InboundGlance, Rest, StockActor, StockMessage, StockReply,
};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::find::find_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

/// What can be promised of one SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// The item.
    pub sku: Sku,
    /// The oldest version that all of it is from.
    pub version: Lsn,
    /// The instant up to which inbound supply counts.
    pub at: Timestamp,
    /// Units that can be promised by then, over all enabled nodes.
    pub atp: u64,
    /// Whether it is off sale: nothing of it is available then, at no node.
    pub off_sale: bool,
    /// By node, in the order in which they first had it.
    pub nodes: Vec<NodeAvailability>,
}

/// What can be promised of one SKU at one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAvailability {
    /// The node.
    pub node: NodeId,
    /// Its kind.
    pub kind: NodeKind,
    /// Whether sourcing may choose it, for this SKU.
    pub enabled: bool,
    /// Free now (ATP now), net of claims, as far as they may have it; below zero after a short
    /// count.
    pub free: i64,
    /// Free inbound units that arrive by the instant asked for.
    pub inbound: u64,
    /// The supplies that have them, ascending by number, as of the same moment.
    pub supplies: Vec<InboundGlance>,
    /// Whether a supplier promises any quantity.
    pub unlimited: bool,
    /// Units that can be promised by then.
    pub atp: u64,
}

/// One pair, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockView {
    /// Its durable state.
    pub stock: Stock,
    /// A version that includes it.
    pub version: Lsn,
}

/// An order with what its open units rest on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Its durable state, with the days that follow from what its units rest on now.
    pub order: Arc<Order>,
    /// For each allocation, its open units by supply, the firmest first.
    pub supplies: Vec<Parts>,
    /// A version that includes it.
    pub version: Lsn,
}

/// For whom something is to be available.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whom<'a> {
    /// Orders of this channel; all, if it is not said.
    pub channel: Option<&'a str>,
    /// Orders that go by this service; all, if it is not said.
    pub service: Option<ServiceNo>,
}

/// Reads what can be promised of a SKU, up to an instant, at the nodes that serve them.
pub async fn availability(
    kernel: &Kernel,
    sku: &Sku,
    at: Timestamp,
    whom: Whom<'_>,
) -> Result<Availability, EngineError> {
    let version = kernel.watermark.applied();
    let no = kernel.state.catalogue.named(sku)?;
    let entry = kernel.state.catalogue.entry(no);
    if entry.is_off_sale() {
        let (sku, nodes) = (sku.clone(), Vec::new());
        return Ok(Availability { sku, version, at, atp: 0, off_sale: true, nodes });
    }
    let row = &entry.row;
    let mut nodes = Vec::with_capacity(row.len());
    // Most pairs have published all that is asked for. The actors of the other pairs
    // are asked once all pairs are looked at.
    let mut unsure = Vec::new();
    {
        let network = kernel.state.network.load();
        let barred = network.served.barred_as_far_as_said(whom.channel, whom.service);
        for slot in row {
            // A node that was defined since has nothing durable here.
            let Some(known) = network.nodes.get(usize::from(slot.node.0)) else { continue };
            let picks_up = |service| {
                let pickup = network.pickups()[network.carriage(service).pickups];
                known.calendar.working_days().meets(pickup)
            };
            if barred.bars(slot.node) || !whom.service.is_none_or(picks_up) {
                continue;
            }
            let glance = slot.shared().glance();
            let is_unsure = glance.has_inbound || glance.is_clamped() || glance.has_terms;
            if is_unsure || is_supplier(known.node.kind) {
                unsure.push((nodes.len(), slot));
            }
            nodes.push(NodeAvailability::at_a_glance(&known.node, glance));
        }
    }
    let channel = whom.channel.and_then(|channel| Text::new("channel", channel).ok());
    let asks = channel.map(|channel| Arc::new(Asks::new_order(Some(&channel), kernel.state.now())));
    for (place, slot) in unsure {
        look_closer(kernel, slot, (at, asks.as_ref()), &mut nodes[place]).await?;
    }
    let atp = nodes.iter().map(|n| n.atp).sum();
    Ok(Availability { sku: sku.clone(), version, at, atp, off_sale: false, nodes })
}

impl NodeAvailability {
    fn at_a_glance(node: &Node, glance: Glance) -> Self {
        let mut seen = Self {
            node: node.id.clone(),
            kind: node.kind,
            enabled: node.enabled,
            free: i64::from(glance.free),
            inbound: 0,
            supplies: Vec::new(),
            unlimited: false,
            atp: 0,
        };
        seen.sum_up();
        seen
    }

    fn sum_up(&mut self) {
        let now = u64::try_from(self.free).unwrap_or(0);
        self.atp = if self.enabled { now + self.inbound } else { 0 };
    }
}

/// Asks the actor for what a glance cannot show: for all of it at once, because what
/// arrives is on its way in one moment and free in the next.
async fn look_closer(
    kernel: &Kernel,
    slot: Slot<'_, StockActor>,
    (at, asks): (Timestamp, Option<&Arc<Asks>>),
    seen: &mut NodeAvailability,
) -> Result<(), EngineError> {
    let no = slot.node;
    let promise = match ask(kernel, slot, StockMessage::ReadPromise(asks.cloned())).await? {
        StockReply::Promise(promise) => promise,
        other => unreachable!("a read of what could be promised is answered so, not {other:?}"),
    };
    seen.supplies = promise.inbound;
    let (network, now) = (kernel.state.network.load(), kernel.state.now());
    let counts = |eta| network.known_terms(no).is_none() || network.counts_on(no, now, eta);
    seen.supplies.retain(|supply| supply.free > 0 && supply.eta <= at && counts(supply.eta));
    seen.inbound = seen.supplies.iter().map(|supply| u64::from(supply.free)).sum();
    seen.free = promise.free;
    seen.unlimited = promise.is_unlimited;
    seen.enabled &= promise.limit != Some(Verdict::PairOffSourcing);
    seen.sum_up();
    Ok(())
}

/// Reads one pair; one that never had anything is empty.
pub async fn stock(kernel: &Kernel, sku: &Sku, node: &NodeId) -> Result<StockView, EngineError> {
    let no = kernel.state.catalogue.named(sku)?;
    let network = kernel.state.network.load();
    let node_no = network.named(node)?;
    let version = kernel.watermark.applied();
    if kernel.state.catalogue.entry(no).row.find(node_no).is_none() {
        return Ok(StockView { stock: Stock::default(), version });
    }
    let stock = *read_stock(kernel, Pair { sku: no, node: node_no }).await?;
    // An event is applied a moment before the version rises over it.
    let version = version.max(stock.last_lsn);
    Ok(StockView { stock, version })
}

/// Reads what a pair holds.
pub async fn read_stock(kernel: &Kernel, pair: Pair) -> Result<Box<Stock>, EngineError> {
    match ask(kernel, kernel.state.cell(pair), StockMessage::Read).await? {
        StockReply::State(stock) => Ok(stock),
        other => unreachable!("a read is answered with a state, not {other:?}"),
    }
}

/// Reads an order and what its open units rest on, all of it at one version.
pub async fn order(kernel: &Kernel, id: &OrderId) -> Result<OrderView, EngineError> {
    loop {
        for _ in 0..READS_MAX {
            let (next, version) = (kernel.next_step(), kernel.watermark.applied());
            let order = find_order(kernel, id).await?;
            let view = OrderView::read(kernel, order)?;
            // Actors that no event after `version` had changed when they were asked are as
            // that version has them. A closed order rests on no supply and does not change.
            if view.version <= version || view.order.state() != OrderState::Open {
                return Ok(OrderView { version: version.max(view.version), ..view });
            }
            kernel.stepped(next).await?;
        }
        if let Some(view) = order_at_rest(kernel, id).await? {
            return Ok(view);
        }
    }
}

/// Reads an order while nothing is applied: its pairs are so busy that each usual read
/// meets an event at one of them. The order is unpacked before, because the applier
/// waits meanwhile. None if the order changed since or is not in memory any more: then
/// it has to be read as usual.
async fn order_at_rest(kernel: &Kernel, id: &OrderId) -> Result<Option<OrderView>, EngineError> {
    let order = find_order(kernel, id).await?;
    let gate = kernel.state.gate.lock();
    let Found::There(_, cell) = kernel.state.orders.by_id(id) else { return Ok(None) };
    match cell.ask(OrderMessage::Read).wait() {
        Ok(OrderReply::Resident(kept)) if kept.last_lsn == order.last_lsn => {
            let view = OrderView::read(kernel, order)?;
            Ok(Some(OrderView { version: gate.lsn, ..view }))
        }
        Ok(_) => Ok(None),
        Err(panicked) => Err(kernel.panicked(panicked)),
    }
}

impl OrderView {
    /// What an order rests on now, and its days; the version is that of the newest event that
    /// changed the order or one of its pairs.
    fn read(kernel: &Kernel, mut order: Order) -> Result<Self, EngineError> {
        let (mut supplies, mut version) =
            (vec![Parts::new(); order.allocations.len()], order.last_lsn);
        if order.state() == OrderState::Open {
            let resting = Resting::read(kernel, &order)?;
            kernel.bring_days_up_to_date(&mut order, &resting);
            let parts = |rests: &SmallVec<[Rest; 2]>| {
                rests.iter().map(|rest| (rest.supply, rest.units)).collect()
            };
            supplies = resting.rests.iter().map(parts).collect();
            version = version.max(resting.newest);
        }
        Ok(Self { order: Arc::new(order), supplies, version })
    }
}

/// Reads the decision trace of an order.
pub async fn explain(kernel: &Kernel, id: &OrderId) -> Result<(Arc<Order>, Trace), EngineError> {
    let order = find_order(kernel, id).await?;
    let trace = Trace::read(&order.trace).unwrap_or(Trace { bounded: false, lines: Vec::new() });
    Ok((Arc::new(order), trace))
}

/// One item by SKU.
pub fn item(kernel: &Kernel, sku: &Sku) -> Result<Arc<Item>, EngineError> {
    let no = kernel.state.catalogue.named(sku)?;
    Ok(kernel.state.catalogue.entry(no).definition().item)
}

/// One node by id.
pub fn node(kernel: &Kernel, id: &NodeId) -> Result<Arc<Node>, EngineError> {
    let network = kernel.state.network.load();
    Ok(Arc::clone(&network.node(network.named(id)?).node))
}

/// The name of a supply as its pair knows it: the inbound's id.
pub async fn inbound_id(
    kernel: &Kernel,
    pair: Pair,
    supply: Supply,
) -> Result<Option<crate::model::InboundId>, EngineError> {
    let Supply::Inbound(no) = supply else {
        return Ok(None);
    };
    match ask(kernel, kernel.state.cell(pair), StockMessage::ReadInboundId(no)).await? {
        StockReply::InboundId(id) => Ok(id),
        other => {
            unreachable!("a read of an inbound supply's id is answered with it, not {other:?}")
        }
    }
}

#[cfg(test)]
mod tests;
