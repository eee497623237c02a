//! Until when supplies on their way count, found of all pairs.

use crate::actor::ActorPanicked;
use crate::model::{NodeNo, Pair};
use crate::state::State;
use crate::state::stock::{StockMessage, StockReply};

/// Finds until when the supplies of all pairs at some nodes count. Where the policy lets them count
/// for ever, nothing is read. Nothing is applied meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn expect_all(state: &State, at: impl Fn(NodeNo) -> bool) -> Result<(), ActorPanicked> {
    if state.network.load().policy.overdue_days.is_none() {
        return Ok(());
    }
    for (sku, entry) in state.catalogue.iter() {
        let expects = entry.row.iter().filter(|slot| slot.shared().glance().has_inbound);
        for slot in expects.filter(|slot| at(slot.node)) {
            let StockReply::Inbound(all) = slot.ask(StockMessage::ReadInbound).wait()? else {
                unreachable!("a read of inbound supplies is answered with them");
            };
            let pair = Pair { sku, node: slot.node };
            for inbound in &all {
                state.note_expected(pair, inbound.eta);
            }
        }
    }
    Ok(())
}
