//! An order in hand: one command at a time changes it.

use super::asked::Asked;
use super::attempts::{Attempt, Attempts, Ear};
use super::bells::Awaited;
use super::claims::Claims;
use super::error::EngineError;
use super::find::not_found;
use super::kernel::Kernel;
use crate::model::effect::Claim;
use crate::model::{KeptOrder, Lsn, Order, OrderId, OrderNo};
use crate::state::order::{InHand, OrderMessage, OrderReply};
use crate::state::orders::{Found, OrderCell};

impl Claims<'_> {
    /// Takes an order in hand; waits while another command has it, and while it is being
    /// placed.
    pub async fn in_hand(&mut self, id: &OrderId) -> Result<Order, EngineError> {
        let kernel = self.kernel();
        let mut attempts = Attempts::begin(kernel);
        loop {
            let seen = kernel.look_at_names();
            let met = match kernel.state.orders.by_id(id) {
                Found::Unknown => return Err(not_found(id)),
                Found::InFlight => None,
                Found::There(no, cell) => take(kernel, (no, cell), id).await?,
            };
            let Some(attempt) = met else {
                // Its event, or the end of its id, comes soon, whatever other commands do.
                kernel.progress(seen).await?;
                continue;
            };
            if let Some((claims, kept)) = attempts.end(attempt).await? {
                self.take(claims);
                return Ok(kept.order());
            }
        }
    }
}

impl<'k> Claims<'k> {
    /// Takes an order in hand that was read, if that event changed it last and no other
    /// command has it in hand. Never sleeps.
    pub async fn in_hand_as_of(
        &mut self,
        no: OrderNo,
        last_lsn: Lsn,
    ) -> Result<Attempt<'k, ()>, EngineError> {
        let kernel = self.kernel();
        let Some(cell) = kernel.state.orders.by_no(no) else { return Ok(Attempt::Overtaken) };
        let undo = give_back_if_granted(kernel, no);
        let mut ear = Ear::at(kernel, Awaited::Order(no));
        loop {
            match Asked::new(kernel, cell.ask(OrderMessage::ClaimInHand), undo).await? {
                OrderReply::InHand(InHand::Granted(kept)) => {
                    self.hold(Claim::InHand(no));
                    self.note_priced(&kept);
                    let is_same = kept.last_lsn == last_lsn;
                    return Ok(if is_same { Attempt::Done(()) } else { Attempt::Overtaken });
                }
                OrderReply::InHand(InHand::InFlight) => {
                    if let Some(bell) = ear.refused() {
                        return Ok(Attempt::InTheWay(bell));
                    }
                }
                OrderReply::InHand(InHand::Vacant | InHand::Archived(_)) => {
                    return Ok(Attempt::Overtaken);
                }
                other => {
                    unreachable!("a claim to have an order in hand is answered so, not {other:?}")
                }
            }
        }
    }
}

/// Undoes a claim to have an order in hand, whose caller went away before it was answered.
fn give_back_if_granted(kernel: &Kernel, no: OrderNo) -> impl FnMut(OrderReply) + Copy + '_ {
    move |reply| {
        if matches!(reply, OrderReply::InHand(InHand::Granted(_))) {
            kernel.give_back(Claim::InHand(no));
        }
    }
}

/// Takes the order of that id in hand, if no other command has it; none while it is not
/// placed. An order that left memory comes back first.
async fn take<'k>(
    kernel: &'k Kernel,
    (no, cell): (OrderNo, &'k OrderCell),
    id: &OrderId,
) -> Result<Option<Attempt<'k, (Claims<'k>, KeptOrder)>>, EngineError> {
    let undo = give_back_if_granted(kernel, no);
    let mut ear = Ear::at(kernel, Awaited::Order(no));
    // Orders leave memory at the end of a snapshot: the actor is asked once more
    // for each snapshot that ends meanwhile.
    loop {
        match Asked::new(kernel, cell.ask(OrderMessage::ClaimInHand), undo).await? {
            OrderReply::InHand(InHand::Granted(kept)) => {
                let mut claims = Claims::new(kernel);
                claims.hold(Claim::InHand(no));
                claims.note_priced(&kept);
                // The number of an order that the journal refused may be another order's by
                // now.
                let is_it = kept.packed.is_named(id);
                return Ok(is_it.then_some(Attempt::Done((claims, kept))));
            }
            OrderReply::InHand(InHand::Vacant) => return Ok(None),
            OrderReply::InHand(InHand::InFlight) => {
                if let Some(bell) = ear.refused() {
                    return Ok(Some(Attempt::InTheWay(bell)));
                }
            }
            OrderReply::InHand(InHand::Archived(archived)) => {
                let order = kernel.archive.read(no, archived).await?;
                let recalled = kernel.state.orders.recall(no, order);
                recalled.map_err(|panicked| kernel.panicked(panicked))?;
            }
            other => unreachable!("a claim to have an order in hand is answered so, not {other:?}"),
        }
    }
}
