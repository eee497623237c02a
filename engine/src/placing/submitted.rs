//! An order that is on its way to the disk.

use std::sync::Arc;

use super::Placing;
use super::judge::LineShortage;
use crate::model::{Lsn, Order};
use crate::transaction::admission::Permit;
use crate::transaction::error::EngineError;

/// An order that was planned and claimed, and whose event is being written.
/// Nothing of it may be told to the caller before it is acknowledged.
pub struct Submitted {
    permit: Permit,
    placing: Placing,
}

/// The answer to an order, placed or sold out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderAnswer {
    /// The version that includes the order, or that refused it.
    pub version: Lsn,
    /// What it came to.
    pub outcome: PlaceOutcome,
}

/// The outcome of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceOutcome {
    /// It is placed, and this is how it was placed. A repeated request finds the order
    /// as it stands now; what was allocated at placing does not change in it.
    Placed(Arc<Order>),
    /// There was not enough, and it is not to wait. Nothing was changed.
    SoldOut(Vec<LineShortage>),
}

impl Submitted {
    /// An order that came so far.
    pub const fn new(permit: Permit, placing: Placing) -> Self {
        Self { permit, placing }
    }

    /// Whether the same order was placed before: nothing new is written.
    pub const fn is_repeat(&self) -> bool {
        matches!(self.placing, Placing::Known(_))
    }

    /// Waits until the order's event is durable and applied, or never will be, and then
    /// gives its place among the commands in flight to another command. After that,
    /// [`Self::acknowledged`] tells the outcome at once. So an answer that cannot be sent
    /// to its caller yet keeps no other command out.
    pub async fn until_ended(&mut self) {
        if let Placing::Written(ticket, _) = &self.placing {
            // An error is told again.
            let _ = self.permit.kernel().acknowledged(*ticket).await;
        }
        self.permit.give_back();
    }

    /// Waits until the order's event is durable and applied.
    pub async fn acknowledged(self) -> Result<OrderAnswer, EngineError> {
        let Self { permit, placing } = self;
        let kernel = permit.kernel();
        let answer = match placing {
            Placing::Written(ticket, order) => {
                let version = kernel.acknowledged(ticket).await?;
                OrderAnswer { version, outcome: PlaceOutcome::Placed(order) }
            }
            Placing::Known(order) => {
                OrderAnswer { version: order.placed_lsn, outcome: PlaceOutcome::Placed(order) }
            }
            Placing::SoldOut(shortages) => {
                OrderAnswer { version: kernel.shown(), outcome: PlaceOutcome::SoldOut(shortages) }
            }
        };
        drop(permit);
        Ok(answer)
    }
}
