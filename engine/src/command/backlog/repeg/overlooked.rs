//! What should not be found: a backlog that could be served, of a SKU that nobody is to look at.

use super::look::{Look, Repegging};
use super::pool::At;
use crate::model::{LineRepegged, NodeNo, OrderId, SkuNo, Supply};
use crate::state::stock::Ready;
use crate::transaction::attempts::Attempt;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What is wrong with the backlog of a settled SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlooked {
    /// Units of this order wait for supply, and others at this node are free for them.
    Waits(OrderId, NodeNo),
    /// Orders were not told of days that follow from this node.
    Untold(NodeNo),
}

/// Looks at a backlog as the re-pegger does, and changes nothing. None if there is nothing to be
/// done, if commands in flight are in the way, or if something came free of the SKU meanwhile.
///
/// # Errors
/// What stopped the engine.
pub async fn overlooked(kernel: &Kernel, sku: SkuNo) -> Result<Option<Overlooked>, EngineError> {
    let moment = kernel.state.moment();
    let is_settled = || {
        let entry = kernel.state.catalogue.entry(sku);
        !entry.is_unsettled() && !kernel.state.freed_after(sku, moment)
    };
    if !is_settled() {
        return Ok(None);
    }
    let found = find(kernel, sku).await?;
    Ok(found.filter(|_| is_settled()))
}

async fn find(kernel: &Kernel, sku: SkuNo) -> Result<Option<Overlooked>, EngineError> {
    let mut look = Look::at(kernel, sku).await?;
    loop {
        let planned = match look.plan(kernel).await? {
            Attempt::Done(Some(planned)) => planned,
            Attempt::Done(None) => return Ok(look.untold().map(Overlooked::Untold)),
            _ => return Ok(None),
        };
        // What rests on supply may have been planned so that it leaves with other lines.
        if let Some(waits) = waits(kernel, sku, &look, planned.event) {
            return Ok(Some(waits));
        }
    }
}

/// Who waits, of an event. What a look for a bundle finds of other SKUs is found where these are
/// looked at; bundles may wait for a SKU that is about to be served.
fn waits(kernel: &Kernel, sku: SkuNo, look: &Look, event: Repegging) -> Option<Overlooked> {
    let waits = |sku: SkuNo, line: &LineRepegged| {
        let mut moves = line.moves.iter();
        // On supply that counts no more, one waits as without any.
        let waits = |at: At| at.1 == Supply::Backorder || look.ready(sku, at) == Ready::Never;
        moves.find(|moved| waits(moved.from)).map(|moved| moved.to.0)
    };
    match event {
        Repegging::Backlog(event) => {
            let mut own = event.lines.into_iter().filter(|_| event.sku == sku);
            own.find_map(|of| Some(Overlooked::Waits(of.id, waits(sku, &of.line)?)))
        }
        Repegging::Bundle(event) => {
            let is_settled = |sku: SkuNo| !kernel.state.catalogue.entry(sku).is_unsettled();
            let all_are = event.lines.iter().all(|(sku, _)| is_settled(*sku));
            let node = event.lines.iter().find_map(|(sku, line)| waits(*sku, line));
            Some(Overlooked::Waits(event.id, node.filter(|_| all_are)?))
        }
    }
}
