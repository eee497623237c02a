//! Deciding that a transfer leaves one pair for another.

use super::bounds::not_more;
use super::{Stock, StockChange, TransferAnnounced};
use crate::model::ids::{InboundId, NodeNo};
use crate::model::refusal::Refusal;
use crate::model::time::Timestamp;

impl Stock {
    /// Units leave here for another node: only such as are free, for what is allocated was
    /// promised from here.
    pub(super) fn transfer_leaves(&self, quantity: u32) -> Result<StockChange, Refusal> {
        not_more("free", quantity, u32::try_from(self.free().max(0)).unwrap_or(u32::MAX))?;
        Ok(StockChange::TransferLeft { quantity })
    }

    /// They are on their way here.
    pub(super) fn transfer_comes(
        &self,
        id: &InboundId,
        quantity: u32,
        eta: Timestamp,
        from: NodeNo,
    ) -> Result<StockChange, Refusal> {
        self.refuse_known(id)?;
        let (no, id) = (self.next_inbound(quantity)?, id.clone());
        let announced = TransferAnnounced { no, id, quantity, eta, from };
        Ok(StockChange::TransferAnnounced(Box::new(announced)))
    }
}
