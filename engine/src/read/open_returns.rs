//! Returns that somebody waits for, and refunds that are due, the oldest first.

use crate::model::returns::ReturnStage;
use crate::model::{Lsn, NodeId, Order, OrderNo, RefundDue, Timestamp};
use crate::state::open_returns::{Ageing, ReturnList, ReturnPlace};
use crate::transaction::error::EngineError;
use crate::transaction::find::read_resident;
use crate::transaction::kernel::Kernel;

/// A page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T, P> {
    /// What is on it. What changed while it was read may be missing.
    pub entries: Vec<T>,
    /// The place behind which the next page begins; none where nothing more was listed.
    pub next: Option<P>,
    /// A version that it is at least as new as.
    pub version: Lsn,
}

/// A return that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReturn {
    /// Where it is in the list.
    pub place: ReturnPlace,
    /// Its order.
    pub order: Order,
}

/// An order whose customer is to get something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRefund {
    /// How much, and since when.
    pub due: RefundDue,
    /// The order.
    pub order: Order,
}

/// Where an order is in the list of refunds that are due.
pub type RefundPlace = (Timestamp, OrderNo);

/// How many returns are open and refunds due, and since when the oldest of them are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnsAgeing {
    /// By stage.
    pub stages: Vec<(ReturnStage, Ageing)>,
    /// Orders of which a refund is due.
    pub refunds: Ageing,
}

/// Returns of which units are at a stage, or any open ones, of a node or of all, behind a place.
///
/// # Errors
/// An unknown node, and what stopped the engine.
pub async fn open_returns(
    kernel: &Kernel,
    (stage, node): (Option<ReturnStage>, Option<&NodeId>),
    (after, most): (Option<ReturnPlace>, usize),
) -> Result<Listing<OpenReturn, ReturnPlace>, EngineError> {
    let node = node.map(|id| kernel.state.network.load().named(id)).transpose()?;
    let version = kernel.watermark.applied();
    let places = kernel.state.open_returns.list(ReturnList { stage, node }, after, most);
    let mut entries = Vec::new();
    for place in &places {
        let order = read_resident(kernel, place.order).await?;
        entries.extend(order.map(|order| OpenReturn { place: *place, order }));
    }
    entries.retain(|of| is_at(of.order.returns.get(usize::from(of.place.no)), stage));
    let next = places.last().copied().filter(|_| places.len() == most);
    Ok(Listing { entries, next, version })
}

fn is_at(of: Option<&crate::model::returns::Return>, stage: Option<ReturnStage>) -> bool {
    of.is_some_and(|of| stage.map_or_else(|| of.is_open(), |stage| of.units_at(stage) > 0))
}

/// Orders with returns whose customers are to get something back, behind a place.
///
/// # Errors
/// What stopped the engine.
pub async fn refunds_due(
    kernel: &Kernel,
    (after, most): (Option<RefundPlace>, usize),
) -> Result<Listing<OpenRefund, RefundPlace>, EngineError> {
    let version = kernel.watermark.applied();
    let places = kernel.state.open_returns.refunds(after, most);
    let mut entries = Vec::new();
    for (_, no) in &places {
        let Some(order) = read_resident(kernel, *no).await? else { continue };
        entries.extend(order.refund_due().map(|due| OpenRefund { due, order }));
    }
    let next = places.last().copied().filter(|_| places.len() == most);
    Ok(Listing { entries, next, version })
}

/// How many there are, and since when.
pub fn ageing(kernel: &Kernel) -> ReturnsAgeing {
    let open = &kernel.state.open_returns;
    let stages = ReturnStage::ALL.map(|stage| (stage, open.ageing(Some(stage))));
    ReturnsAgeing { stages: stages.into(), refunds: open.refunds_ageing() }
}

#[cfg(test)]
mod tests;
