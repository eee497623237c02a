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
    let kept = match ask(kernel, no).await? {
        OrderReply::Resident(kept) => kept,
        OrderReply::Archived(archived) => kernel.archive.read(no, archived).await?,
        _ => return Ok(None),
    };
    // Unpacked here and not in the actor's turn.
    Ok(Some(kept.order()))
}

/// Reads an order that is in memory; none while it is being placed, and once it left.
pub async fn read_resident(kernel: &Kernel, no: OrderNo) -> Result<Option<Order>, EngineError> {
    Ok(match ask(kernel, no).await? {
        OrderReply::Resident(kept) => Some(kept.order()),
        _ => None,
    })
}

/// An order's state, or where it is.
async fn ask(kernel: &Kernel, no: OrderNo) -> Result<OrderReply, EngineError> {
    let Some(cell) = kernel.state.orders.by_no(no) else { return Ok(OrderReply::Vacant) };
    match cell.ask(OrderMessage::Read).await {
        Ok(reply @ (OrderReply::Vacant | OrderReply::Resident(_) | OrderReply::Archived(_))) => {
            Ok(reply)
        }
        Ok(other) => unreachable!("a read is answered with a state, not {other:?}"),
        Err(panicked) => Err(kernel.panicked(panicked)),
    }
}
