//! Commands on holds, and how holds lapse.
//!
//! ```text
//!   create --> live --+--> confirm ------> an order
//!               ^  |  +--> release, lapse > its units are free
//!   extend, change+--+  +--> the owner's next hold: has its units
//! ```

pub mod change;
pub mod confirm;
pub mod create;
pub mod ended;
pub mod extend;
pub mod lapse;
pub mod prolonged;
pub mod release;
pub mod replaced;
#[cfg(test)]
pub(crate) mod tests;

use serde_json::{Value, json};

use crate::model::{HoldId, Order, OrderId, OwnerId, Pegged, Refusal, RefusalKind};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;

/// Takes a hold in hand, whatever became of it.
async fn in_hand(claims: &mut Claims<'_>, hold: &HoldId) -> Result<Order, EngineError> {
    let order = claims.in_hand(&OrderId::of_hold(hold)).await;
    let order = order.map_err(|error| as_hold(error, hold))?;
    let owner = order.header.hold.as_ref().and_then(|hold| hold.owner.as_ref());
    // Units that an order is about to get are its own business.
    if owner.is_some_and(OwnerId::is_order) {
        claims.give_up(|_| false);
        return Err(Refusal::HoldNotFound { hold_id: hold.clone() }.into());
    }
    Ok(order)
}

/// The same error, about a hold: it was looked for as an order.
pub fn as_hold(error: EngineError, hold: &HoldId) -> EngineError {
    match error {
        EngineError::Refused(refusal) if refusal.kind() == RefusalKind::OrderNotFound => {
            Refusal::HoldNotFound { hold_id: hold.clone() }.into()
        }
        other => other,
    }
}

/// That a hold has no units any more, or is an order.
fn ended(order: &Order) -> Refusal {
    let hold = order.header.hold.as_deref().expect("it is found as a hold");
    Refusal::HoldEnded { hold_id: hold.id.clone(), state: hold.state }
}

/// Units, for a person or a script.
fn units(units: &[Pegged]) -> Value {
    let part = |peg: &Pegged| {
        json!({
            "line": peg.line, "sku_no": peg.pair.sku.0,
            "node_no": peg.pair.node.0, "units": peg.units,
        })
    };
    units.iter().map(part).collect()
}
