//! Changes of several pairs' supply that one command makes together.

use smallvec::SmallVec;

use super::attempts::Attempt;
use super::claims::Claims;
use super::error::EngineError;
use crate::model::{Claim, Pair, Proposal, Refusal, RefusalKind, Refused, StockChange, StockClaim};
use crate::state::stock::Edit;

/// What each pair decided, in the order of the proposals; none when it knows no supply of that
/// id.
pub type Decided = SmallVec<[Option<StockChange>; 2]>;

/// Has pairs decide, and holds them. Pairs are asked in ascending order, as by every command
/// that asks several. A command that has to wait for one of them lets go of the others, and
/// keeps its place in that one's line. Over many busy pairs it may lose often, and end as contended.
///
/// # Errors
/// Of the refusals, the first in the table; and what stopped the engine.
pub async fn edit_all<'k>(
    claims: &mut Claims<'k>,
    proposals: &[(Pair, Proposal)],
) -> Result<Attempt<'k, Decided>, EngineError> {
    let mut decided: Decided = proposals.iter().map(|_| None).collect();
    let mut refused = None;
    let mut order: SmallVec<[usize; 2]> = (0..proposals.len()).collect();
    order.sort_by_key(|at| proposals[*at].0);
    for at in order {
        let (pair, proposal) = &proposals[at];
        match claims.edit(*pair, proposal).await? {
            Ok(Edit::Granted(change)) => decided[at] = Some(change),
            Ok(Edit::Refused(Refused::UnknownInbound)) => {}
            Ok(Edit::Refused(Refused::Refused(refusal))) => {
                refused = Some(match refused {
                    None => refusal,
                    Some(other) => first(other, refusal),
                });
            }
            Ok(Edit::Refused(Refused::OutdatedFeed { .. })) => {
                unreachable!("a feed is of one pair")
            }
            Ok(Edit::InFlight | Edit::InLine) => unreachable!("they come with a bell"),
            Err(bell) => {
                let is_place = |claim: &Claim| matches!(claim, Claim::Stock(_, StockClaim::InLine));
                let is_of_pair = |claim: &Claim| matches!(claim, Claim::Stock(..));
                claims.give_up(|claim| is_place(claim) || !is_of_pair(claim));
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
mod tests {
    use super::*;
    use crate::command::fixture::first as first_of;

    #[test]
    fn of_two_refusals_the_first_of_the_list_is_answered() {
        let few = || Refusal::StockBelowZero { what: "free", wanted: 7, available: 6 };
        let exists = || Refusal::InboundExists { inbound_id: "TR".into() };
        let kinds = [few().kind(), exists().kind()];
        for told in [first(few(), exists()), first(exists(), few())] {
            assert_eq!(told.kind(), first_of(&kinds));
        }
    }
}
