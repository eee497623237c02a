//! Finding an order, in memory or in a snapshot.

use super::error::EngineError;
use super::kernel::Kernel;
use crate::model::{Order, OrderId, OrderNo, Refusal};
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::Found;

/// Finds and reads the order that a caller names.
///
/// # Errors
/// [`Refusal::OrderNotFound`], also while the order is being placed.
pub async fn find_order(kernel: &Kernel, id: &OrderId) -> Result<Order, EngineError> {
    let order = match kernel.state.orders.by_id(id) {
        Found::There(no, _) => read_named(kernel, no, id).await?,
        Found::Unknown | Found::InFlight => None,
    };
    order.ok_or_else(|| not_found(id))
}

/// That there is no order of that id.
pub fn not_found(id: &OrderId) -> EngineError {
    Refusal::OrderNotFound { order_id: id.clone() }.into()
}

/// Reads an order that was found under `id`; none while it is being placed. The
/// number of an order that the journal refused may go to a later one, so the ids
/// are compared.
pub async fn read_named(
    kernel: &Kernel,
    no: OrderNo,
    id: &OrderId,
) -> Result<Option<Order>, EngineError> {
    let order = read_order(kernel, no).await?;
    Ok(order.filter(|order| order.is_named(id)))
}

/// Reads an order, from a snapshot when it left memory; none while it is being placed.
pub async fn read_order(kernel: &Kernel, no: OrderNo) -> Result<Option<Order>, EngineError> {
    let Some(cell) = kernel.state.orders.by_no(no) else { return Ok(None) };
    let kept = match cell.ask(OrderMessage::Read).await {
        Ok(OrderReply::Vacant) => return Ok(None),
        Ok(OrderReply::Resident(kept)) => kept,
        Ok(OrderReply::Archived(archived)) => kernel.archive.read(no, archived).await?,
        Ok(other) => unreachable!("a read is answered with a state, not {other:?}"),
        Err(panicked) => return Err(kernel.panicked(panicked)),
    };
    // Unpacked here and not in the actor's turn.
    Ok(Some(kept.order()))
}
