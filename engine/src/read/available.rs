//! What can be promised of an item.

use std::sync::Arc;

use crate::actor::Slot;
use crate::model::returns::ReturnsLearnt;
use crate::model::{
    Confidence, Document, DocumentKey, Lsn, Node, NodeId, NodeKind, NodeNo, Pair, ServiceNo, Sku,
    SkuNo, Text, Timestamp,
};
use crate::sourcing::Verdict;
use crate::state::coming::ComingAt;
use crate::state::network::is_supplier;
use crate::state::stock::{Asks, Glance, InboundGlance, StockActor, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

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
    /// What customers are to send back to it; in none of the other numbers.
    pub returns: Option<ReturnsExpected>,
}

/// Units of an item that customers are to send back to a node: announced, and not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnsExpected {
    /// How many.
    pub units: u64,
    /// When the first of them is expected, by its carrier, or by how long returns to the node take.
    pub first: Timestamp,
    /// When the last of them is.
    pub last: Timestamp,
    /// How many of them are sold again, as far as is known of the node.
    pub confidence: Confidence,
}

/// For whom something is to be available.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whom<'a> {
    /// Orders of this channel; all, if it is not said.
    pub channel: Option<&'a str>,
    /// Orders that go by this service; all, if it is not said.
    pub service: Option<ServiceNo>,
}

/// Reads what can be promised of an item that is no bundle, or is off sale.
pub(super) async fn of_item(
    kernel: &Kernel,
    (sku, no): (&Sku, SkuNo),
    at: Timestamp,
    whom: Whom<'_>,
) -> Result<Availability, EngineError> {
    let version = kernel.watermark.applied();
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
    let coming = kernel.state.open_returns.coming();
    if !coming.is_empty() {
        let network = kernel.state.network.load();
        for of in &mut nodes {
            let node = network.named(&of.node)?;
            let at = coming.at(Pair { sku: no, node });
            of.returns = at.map(|at| ReturnsExpected::of(at, learnt(kernel, node)));
        }
    }
    let atp = nodes.iter().map(|n| n.atp).sum();
    Ok(Availability { sku: sku.clone(), version, at, atp, off_sale: false, nodes })
}

/// What is known of the returns of a node.
fn learnt(kernel: &Kernel, node: NodeNo) -> ReturnsLearnt {
    let read = kernel.state.documents.read(&DocumentKey::ReturnsAt(node));
    read.as_ref().and_then(Document::returns_learnt).unwrap_or_default()
}

impl ReturnsExpected {
    /// What is to come, by what is known of the node.
    fn of(at: ComingAt, learnt: ReturnsLearnt) -> Self {
        let asked = at.asked.map(|(first, last)| (learnt.eta(first), learnt.eta(last)));
        let spans = || at.told.into_iter().chain(asked);
        Self {
            units: at.units,
            first: spans().map(|(first, _)| first).min().unwrap_or_default(),
            last: spans().map(|(_, last)| last).max().unwrap_or_default(),
            confidence: learnt.confidence(),
        }
    }
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
            returns: None,
        };
        seen.sum_up();
        seen
    }

    pub(super) fn sum_up(&mut self) {
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
