//! Waiting until the backlog of SKUs is settled: what came free is offered to older orders
//! first.

use super::attempts::Ear;
use super::bells::{Awaited, Listening};
use super::error::EngineError;
use super::kernel::Kernel;
use crate::model::SkuNo;
use crate::state::catalogue::Entry;

impl Kernel {
    /// Whether the backlog of a SKU is settled; the bell to wait for while it is not.
    ///
    /// # Errors
    /// [`EngineError::DiskFull`] while there is no room for the event that settles it, and
    /// [`EngineError::Closing`] once nobody settles it any more.
    pub fn settled(
        &self,
        sku: SkuNo,
        entry: &Entry,
    ) -> Result<Result<(), Listening<'_>>, EngineError> {
        let mut ear = Ear::at(self, Awaited::Backlog(sku));
        while entry.is_unsettled() {
            self.decides()?;
            if self.journal.look_for_room() {
                return Err(EngineError::DiskFull);
            }
            self.state.unsettled.ask();
            if let Some(bell) = ear.refused() {
                return Ok(Err(bell));
            }
        }
        Ok(Ok(()))
    }

    /// Waits until the backlogs of SKUs were looked at after all that was marked so far: a
    /// caller that is told of an event may then read what it came to. Without room on the disk,
    /// or once the engine ends, it waits no longer: the event is durable all the same.
    pub async fn wait_settled(&self, skus: &[SkuNo]) {
        for sku in skus {
            let (entry, marks) =
                (self.state.catalogue.entry(*sku), self.state.unsettled.marks(*sku));
            while marks > 0
                && !self.state.unsettled.was_looked_at(*sku, marks)
                && let Ok(Err(bell)) = self.settled(*sku, entry)
            {
                tokio::select! {
                    biased;
                    () = bell.rung() => {}
                    stopped = self.stopping() => if stopped.is_err() { return },
                }
            }
        }
    }
}
