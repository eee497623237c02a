//! Reads: availability, pairs, orders. They never show claims as promises, and
//! never anything that is not durable.

pub mod as_of;
pub mod audit;
pub mod available;
mod bundle;
pub mod curve;
pub mod node_load;
pub mod open_returns;
pub mod partner;
pub mod partner_issues;
pub mod partner_short;
pub mod stamp;
pub mod suggest;
pub mod wave;
pub mod work;

use std::sync::Arc;

use smallvec::SmallVec;

pub use self::available::{Availability, NodeAvailability, ReturnsExpected, Whom};
use crate::limits::READS_MAX;
use crate::model::order::trace::Trace;
use crate::model::{
    Item, Lsn, Node, NodeId, Order, OrderId, OrderState, Pair, Parts, Sku, Stock, Supply, Timestamp,
};
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::Found;
use crate::state::stock::{Rest, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::find::find_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

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

/// Reads what can be promised of a SKU, up to an instant, at the nodes that serve them.
pub async fn availability(
    kernel: &Kernel,
    sku: &Sku,
    at: Timestamp,
    whom: Whom<'_>,
) -> Result<Availability, EngineError> {
    let no = kernel.state.catalogue.named(sku)?;
    let entry = kernel.state.catalogue.entry(no);
    if entry.is_bundle() && !entry.is_off_sale() {
        return Box::pin(bundle::of_bundle(kernel, (sku, no), at, whom)).await;
    }
    available::of_item(kernel, (sku, no), at, whom).await
}

/// Reads one pair; one that never had anything is empty.
pub async fn stock(kernel: &Kernel, sku: &Sku, node: &NodeId) -> Result<StockView, EngineError> {
    let no = kernel.state.catalogue.with_stock(sku)?;
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
    pub fn read(kernel: &Kernel, mut order: Order) -> Result<Self, EngineError> {
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
