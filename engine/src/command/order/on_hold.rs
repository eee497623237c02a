//! What is not done while an order is on hold.

use crate::model::{Order, Refusal};

/// Refuses what is not begun while the order is on hold.
pub(super) fn refuse_on_hold(order: &Order) -> Result<(), Refusal> {
    if order.is_on_hold() {
        let (order_id, holds) = (order.header.id.clone(), order.hold_ids());
        return Err(Refusal::OrderOnHold { order_id, holds });
    }
    Ok(())
}
