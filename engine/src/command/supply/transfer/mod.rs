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

use crate::model::{
    Claim, NodeId, Pair, Proposal, Refusal, RefusalKind, Rule, Sku, StockChange, StockClaim,
    Violation,
};
use crate::state::State;
use crate::state::network::is_supplier;
use crate::state::stock::Edit;
use crate::transaction::attempts::Attempt;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;

/// The item's pairs at two nodes that hold stock.
fn pairs(state: &State, sku: &Sku, nodes: [&NodeId; 2]) -> Result<[Pair; 2], Refusal> {
    let sku = state.catalogue.named(sku)?;
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

/// What a pair decided; none when it knows no supply of that id.
type Decided = Option<StockChange>;

/// Has two pairs decide, and holds them. Pairs are asked in ascending order, as by every
/// command that asks several. A command that has to wait for one of them lets go of the other,
/// and keeps its place in line.
async fn both<'k>(
    claims: &mut Claims<'k>,
    proposals: &[(Pair, Proposal); 2],
) -> Result<Attempt<'k, [Decided; 2]>, EngineError> {
    let mut decided = [const { None }; 2];
    let mut refused = None;
    let mut order = [0, 1];
    order.sort_by_key(|at| proposals[*at].0);
    for at in order {
        let (pair, proposal) = &proposals[at];
        match claims.edit(*pair, proposal).await? {
            Ok(Edit::Granted(change)) => decided[at] = Some(change),
            Ok(Edit::UnknownInbound) => {}
            Ok(Edit::Refused(refusal)) => {
                refused = Some(match refused {
                    None => refusal,
                    Some(other) => first(other, refusal),
                });
            }
            Ok(Edit::InFlight | Edit::InLine) => unreachable!("they come with a bell"),
            Err(bell) => {
                claims.give_up(|claim| matches!(claim, Claim::Stock(_, StockClaim::InLine)));
                return Ok(Attempt::InTheWay(bell));
            }
        }
    }
    refused.map_or(Ok(Attempt::Done(decided)), |refusal| Err(refusal.into()))
}

/// The refusal that is answered when both apply.
fn first(one: Refusal, other: Refusal) -> Refusal {
    let place = |refusal: &Refusal| RefusalKind::ALL.iter().position(|k| *k == refusal.kind());
    if place(&other) < place(&one) { other } else { one }
}

#[cfg(test)]
pub(crate) mod tests;
