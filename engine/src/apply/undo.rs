//! Undoing the claims of a record that the disk had no room for.

use crate::model::effect::StockClaim;
use crate::model::{Claim, Effect, Parts};
use crate::state::stock::StockMessage;
use crate::transaction::bells::Awaited;
use crate::transaction::give_back::give_back;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{Placement, Recorded, Written};

/// Undoes the claims of a record: the disk had no room for it.
pub fn reject(kernel: &Kernel, written: Written) {
    let Recorded { request, effects, .. } = match written {
        Written::Placed(placed) => return reject_order(kernel, &placed),
        Written::Other(recorded) => *recorded,
    };
    let claims = effects.iter().filter_map(Effect::claim);
    claims.for_each(|claim| kernel.give_back(claim));
    if let Some(request) = request {
        kernel.state.requests.abandon(&request.id);
    }
}

fn reject_order(kernel: &Kernel, placed: &Placement) {
    for reserve in &placed.reserves {
        let claim = StockClaim::Units(Parts::from_iter([(reserve.supply, reserve.units)]));
        kernel.state.comes_free(reserve.pair.sku);
        let given = reserve.ask(&kernel.state, StockMessage::GiveBack(claim));
        give_back(kernel, Awaited::Pair(reserve.pair), given);
        kernel.state.comes_free(reserve.pair.sku);
    }
    for (at, load) in placed.room.iter().flatten() {
        kernel.give_back(Claim::Room(*at, *load));
    }
    for of in placed.uses.iter().flatten() {
        kernel.give_back(Claim::Use(Box::new(of.clone())));
    }
    kernel.state.orders.abandon(&placed.packed.id());
    if let Some(owner) = placed.packed.hold().and_then(|hold| hold.owner) {
        kernel.state.holds.abandon(&owner);
    }
    if let Some(request) = &placed.request {
        kernel.state.requests.abandon(&request.id);
    }
}
