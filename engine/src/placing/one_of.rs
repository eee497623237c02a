//! What an order would get of one item, in place of what it names.

use super::places::Places;
use super::request::{LineRequest, Lines, OrderRequest};
use super::{Quoted, estimate};
use crate::model::{Day, Meta, Refusal, Shortage, Sku, Timestamp, Violation};
use crate::planning::Draft;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// An order of one item, in all else as another one.
struct OneOf<'a, C> {
    command: &'a C,
    order: OrderRequest,
}

/// Decides on so many units of an item as placing an order of them would that is in all else as another one, and changes
/// nothing. None where they are not to be had: nothing waits for supply.
///
/// # Errors
/// What is wrong with the rest of the order, and what stopped the engine.
pub async fn plan_one_of<C: Places>(
    kernel: &Kernel,
    command: &C,
    (sku, quantity): (Sku, u32),
) -> Result<Option<Box<Draft>>, EngineError> {
    let lines = Lines([LineRequest { sku, quantity }].into_iter().collect());
    let shortage = Some(Shortage::Reject);
    let order = OrderRequest { lines, shortage, prices: None, ..command.order().clone() };
    match estimate(kernel, &OneOf { command, order }).await? {
        Ok(Quoted::Plan(draft)) => Ok(Some(draft)),
        Ok(Quoted::Known(_) | Quoted::SoldOut(_)) | Err(_) => Ok(None),
    }
}

impl<C: Places> Places for OneOf<'_, C> {
    type Event = C::Event;

    fn meta(&self) -> &Meta {
        self.command.meta()
    }

    fn order(&self) -> &OrderRequest {
        &self.order
    }

    fn placed_at(&self) -> Option<Timestamp> {
        self.command.placed_at()
    }

    fn fingerprint(&self) -> u64 {
        self.command.fingerprint()
    }

    /// The lines are those of a caller no more.
    fn validate(&self, _: Option<Day>) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn reused(&self) -> Refusal {
        self.command.reused()
    }
}
