//! What should not be found: a backlog that could be served, of a SKU that nobody is to look at.

use super::look::Look;
use crate::model::{NodeNo, OrderId, SkuNo, Supply};
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
        for of in planned.event.lines {
            let mut moves = of.line.moves.iter();
            if let Some(moved) = moves.find(|moved| moved.from.1 == Supply::Backorder) {
                return Ok(Some(Overlooked::Waits(of.id, moved.to.0)));
            }
        }
    }
}
