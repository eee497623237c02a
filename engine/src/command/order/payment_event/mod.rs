//! What payment providers tell of an order that is not known yet, or not at all.
//!
//! ```text
//!   told --of an order and a payment that are there--> told of the order, as ever
//!      \--of neither--> kept --the order comes to be known--> attached, by time or by a person
//!                          \--a person--> let go, with a reason
//! ```
//! What is kept counts for nothing, and is bounded. A command takes all of it in hand before any order.

pub mod keep;
pub mod resolve;

use crate::model::{Claim, Order, OrderId, PaymentId, ProviderEvent};
use crate::state::orders::Found;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// Takes what is kept in hand, once no other command has it.
pub(super) async fn take(kernel: &Kernel, claims: &mut Claims<'_>) -> Result<(), EngineError> {
    loop {
        let seen = kernel.look_at_names();
        if kernel.state.documents.take_provider_events() {
            break;
        }
        kernel.progress(seen).await?;
    }
    claims.hold(Claim::ProviderEvents);
    Ok(())
}

/// The order and the payment that something is of which a provider told; none if it is not known, or could be
/// of several.
///
/// # Errors
/// What stopped the engine.
pub async fn whose(
    kernel: &Kernel,
    event: &ProviderEvent,
) -> Result<Option<(OrderId, PaymentId)>, EngineError> {
    let numbers = match &event.order {
        None => kernel.state.references.of(&event.reference),
        Some(id) => match kernel.state.orders.by_id(id) {
            Found::There(no, _) => smallvec::smallvec![no],
            Found::Unknown | Found::InFlight => return Ok(None),
        },
    };
    let mut found = None;
    for no in numbers {
        let Some(order) = read_order(kernel, no).await? else { continue };
        let Some(payment) = payment_of(&order, event) else { continue };
        if found.replace((order.header.id, payment)).is_some() {
            return Ok(None);
        }
    }
    Ok(found)
}

/// The payment of an order that something is of. An order without prices that is named with a payment is told, and
/// refuses: nothing that comes later gives it any.
fn payment_of(order: &Order, event: &ProviderEvent) -> Option<PaymentId> {
    match order.money {
        None => event.payment.clone().filter(|_| event.order.is_some()),
        Some(_) => event.payment_of(order),
    }
}
