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
