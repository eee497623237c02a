//! Placing an order, one at a time or in a stream: its command, and the answer to it.

use backstock_engine::command::{Meta, PlaceOrder};
use backstock_engine::engine::{EngineError, Submitted};
use backstock_engine::model::Text;
use tonic::Status;

use super::answer;
use super::request::{NAMES, read};
use super::text::OrderText;
use crate::grpc::caller::origin;
use crate::grpc::transport::meters::OrderTally;
use crate::grpc::{Api, errors, plain};

impl Api {
    /// The command of an order that is placed now.
    pub(super) fn placing(&self, request: &OrderText<'_>) -> Result<PlaceOrder, Status> {
        let (order, placed_at) = read(request)?;
        let clock = &self.0.clock;
        let at = placed_at.map_or_else(|| clock.now(), |placed_at| clock.taken(placed_at));
        let origin = origin(Text::default());
        Ok(PlaceOrder { meta: Meta { at, origin, ..Meta::default() }, placed_at, order })
    }

    /// Writes the answer that placing the order now would give. On an error, nothing
    /// is written.
    pub(super) async fn quote(
        &self,
        request: &OrderText<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Status> {
        let command = self.placing(request)?;
        let version = self.version();
        let quoted = self.engine().quote_order(&command).await.map_err(refused)?;
        let written = answer::quoted(self.engine(), request, quoted, version, out);
        written.await.map_err(refused)
    }

    /// Writes the answer to an order, once it is durable, and counts it. On an error,
    /// nothing is written.
    pub(super) async fn acknowledge(
        &self,
        request: &[u8],
        submitted: Submitted,
        out: &mut Vec<u8>,
        tally: &mut OrderTally,
    ) -> Result<(), Status> {
        let is_repeat = submitted.is_repeat();
        let placed = submitted.acknowledged().await.map_err(refused)?;
        if is_repeat {
            // Units that were promised before are not promised again.
            return answer::repeated(self.engine(), placed, out).await.map_err(plain);
        }
        let told = answer::placed(self.engine(), request, placed, out).await;
        tally.add(told.map_err(plain)?);
        Ok(())
    }
}

/// The status of an order, or of a hold, that is refused.
pub(in crate::grpc) fn refused(error: EngineError) -> Status {
    errors::status(error, &NAMES)
}
