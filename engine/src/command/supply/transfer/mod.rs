//! Transfers: units leave one node and arrive at another. On the way they are an inbound supply
//! of the second, received like any other.
//!
//! ```text
//!   dispatch: free at the first --> on their way --+--> received at the second
//!                                                  +--> recall: back at the first
//! ```
//! Both pairs change in one event: no unit is at both nodes, or at none.

pub mod dispatch;
pub mod recall;

use crate::model::{NodeId, Pair, Proposal, Refusal, Rule, Sku, StockChange, Violation};
use crate::state::State;
use crate::state::network::is_supplier;
use crate::transaction::attempts::Attempt;
use crate::transaction::claims::Claims;
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;

/// The item's pairs at two nodes that hold stock.
fn pairs(state: &State, sku: &Sku, nodes: [&NodeId; 2]) -> Result<[Pair; 2], Refusal> {
    let sku = state.catalogue.with_stock(sku)?;
    let network = state.network.load();
    let [from, to] = nodes.map(|node| network.named(node));
    let numbers = [from?, to?];
    for (no, node_id) in numbers.into_iter().zip(nodes) {
        if is_supplier(network.node(no).node.kind) {
            return Err(Refusal::NodeIsSupplier { node_id: node_id.clone() });
        }
    }
    Ok(numbers.map(|node| Pair { sku, node }))
}

/// That units are to go to the node that they leave, if so.
fn goes_nowhere(from: &NodeId, to: &NodeId) -> Option<Violation> {
    let rule = || Rule::Malformed("is the node that the units leave".into());
    (from == to).then(|| Violation::new("to", to, rule()))
}

/// Has the two pairs decide, and holds them.
async fn both<'k>(
    claims: &mut Claims<'k>,
    proposals: &[(Pair, Proposal); 2],
) -> Result<Attempt<'k, [Option<StockChange>; 2]>, EngineError> {
    let attempt = edit_all(claims, proposals).await?;
    Ok(attempt.map(|decided| decided.into_inner().expect("two pairs decided")))
}

#[cfg(test)]
pub(crate) mod tests;
