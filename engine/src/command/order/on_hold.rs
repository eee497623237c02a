//! What is not done while an order is on hold.

use crate::model::{Order, Refusal};

/// Refuses what is not begun of a shipment, from 0, before units came back for which its customer gets it.
pub(super) fn refuse_waiting(order: &Order, shipment: u16) -> Result<(), Refusal> {
    let Some(of) = order.waits_for_return(shipment) else { return Ok(()) };
    Err(Refusal::WaitsForReturn { shipment_number: shipment + 1, return_id: of.id.clone() })
}

/// Refuses what is not begun while the order is on hold.
pub(super) fn refuse_on_hold(order: &Order) -> Result<(), Refusal> {
    if order.is_on_hold() {
        let (order_id, holds) = (order.header.id.clone(), order.hold_ids());
        return Err(Refusal::OrderOnHold { order_id, holds });
    }
    Ok(())
}
