//! What is read of a SKU's pairs: who waits there, and what is free.

use crate::model::{NodeNo, Pair, SkuNo, Timestamp};
use crate::state::network::Network;
use crate::state::stock::{BacklogAt, InboundGlance, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::attempts::{Attempt, Ear};
use crate::transaction::bells::Awaited;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Sets supply apart that is overdue for longer than is counted on it: who rests on it keeps his
/// units there, and is served before it as one who waits.
pub fn leave_out_overdue(network: &Network, now: Timestamp, looked: &mut [(NodeNo, BacklogAt)]) {
    let known = |no: NodeNo| network.known_terms(no).is_some();
    for (no, at) in looked.iter_mut().filter(|(no, _)| known(*no)) {
        let counts = |inbound: &InboundGlance| network.counts_on(*no, now, inbound.eta);
        at.uncounted.extend(at.inbound.extract_if(.., |inbound| !counts(inbound)));
    }
}

/// The bell of a pair on which commands in flight have claims.
///
/// # Errors
/// What stopped the engine.
pub async fn wait_for<T>(kernel: &Kernel, pair: Pair) -> Result<Attempt<'_, T>, EngineError> {
    let mut ear = Ear::at(kernel, Awaited::Pair(pair));
    while backlog_at(kernel, pair, false).await?.in_flight {
        if let Some(bell) = ear.refused() {
            return Ok(Attempt::InTheWay(bell));
        }
    }
    Ok(Attempt::Again)
}

/// What is free at a node, and its part of the backlog.
type AtNode = (NodeNo, BacklogAt);

/// Reads the backlog, and what is free, at all nodes that ever had the SKU. Where nothing is free,
/// nobody can be served, and no line is read: so it is at the end of each look for a scarce item,
/// for which a hundred thousand may wait.
///
/// # Errors
/// What stopped the engine.
pub async fn read_backlog(kernel: &Kernel, sku: SkuNo) -> Result<Vec<AtNode>, EngineError> {
    let supply = look_at_all(kernel, sku, false).await?;
    if supply.iter().all(|(_, at)| at.changes_nothing()) {
        return Ok(supply);
    }
    look_at_all(kernel, sku, true).await
}

/// Reads all of the backlog, whatever is free.
///
/// # Errors
/// What stopped the engine.
pub async fn read_lines(kernel: &Kernel, sku: SkuNo) -> Result<Vec<AtNode>, EngineError> {
    look_at_all(kernel, sku, true).await
}

async fn look_at_all(kernel: &Kernel, sku: SkuNo, lines: bool) -> Result<Vec<AtNode>, EngineError> {
    let row = &kernel.state.catalogue.entry(sku).row;
    let mut pairs = Vec::with_capacity(row.len());
    for slot in row {
        pairs.push((slot.node, backlog_at(kernel, Pair { sku, node: slot.node }, lines).await?));
    }
    Ok(pairs)
}

async fn backlog_at(kernel: &Kernel, pair: Pair, lines: bool) -> Result<BacklogAt, EngineError> {
    match ask(kernel, kernel.state.cell(pair), StockMessage::ReadBacklog { lines }).await? {
        StockReply::Backlog(at) => Ok(*at),
        other => unreachable!("a read of the backlog is answered with it, not {other:?}"),
    }
}
