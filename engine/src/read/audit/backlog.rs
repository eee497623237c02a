//! `NOBODY_PASSED` and `PROMISES_CURRENT`, of the engine as it runs: of each SKU that nobody is
//! to look at, nothing is free that an order waits for, and every day that moved was told.
//!
//! Whether a SKU is to be looked at is no durable state. So this is not as of one event: what is
//! in flight, or came free meanwhile, is left to the next audit.

use crate::blocking::block_on;
use crate::command::backlog::repeg::overlooked::{Overlooked, overlooked};
use crate::model::SkuNo;
use crate::model::invariants::Breach;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What does not hold of one SKU.
///
/// # Errors
/// What stopped the engine.
pub(super) fn breach(kernel: &Kernel, sku: SkuNo) -> Result<Option<Breach>, EngineError> {
    if !kernel.state.catalogue.entry(sku).row.has_backlog() {
        return Ok(None);
    }
    let node = |no| kernel.state.network.load().node(no).node.id.clone();
    Ok(block_on(overlooked(kernel, sku))?.map(|found| match found {
        Overlooked::Waits(order, at) => {
            let detail = format!("order {order} waits for SKU {}, free at {}", sku.0, node(at));
            Breach::new("NOBODY_PASSED", detail)
        }
        Overlooked::Untold(at) => {
            let detail = format!("days of SKU {} that moved at {} were not told", sku.0, node(at));
            Breach::new("PROMISES_CURRENT", detail)
        }
    }))
}
