//! What is not begun before an order is paid for.

use crate::model::{Order, Refusal};

/// Refuses that a node begins with an order whose payment is not secured.
pub(super) fn refuse_unsecured(order: &Order) -> Result<(), Refusal> {
    if let Some(money) = order.money.as_deref().filter(|_| !order.is_secured()) {
        let order_id = order.header.id.clone();
        let (total, secured) = (money.total().0, money.secured().0);
        return Err(Refusal::PaymentNotSecured { order_id, total, secured });
    }
    Ok(())
}

/// Refuses that a node begins with a shipment, from 0, that goes out for goods that did not come, where what
/// is set aside does not cover them any more.
pub(super) fn refuse_uncovered(order: &Order, shipment: u16) -> Result<(), Refusal> {
    order.lacks_for_release(shipment).map_or(Ok(()), |(needed, open)| {
        let order_id = order.header.id.clone();
        Err(Refusal::ExchangeNotSecured { order_id, needed: needed.0, open: open.0 })
    })
}
