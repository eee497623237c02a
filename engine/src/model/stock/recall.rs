//! Deciding that a transfer turns back.

use super::decide::Refused;
use super::{Stock, StockChange};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::ids::{InboundId, NodeNo};
use crate::model::refusal::Refusal;

impl Stock {
    /// Units that had left for another node come back: no more than there is room for.
    pub(super) const fn transfer_returns(&self) -> StockChange {
        let quantity = STOCK_UNITS_MAX.saturating_sub(self.on_hand);
        StockChange::TransferReturned { quantity }
    }

    /// What is still on its way here from that node turns back.
    pub(super) fn transfer_turns_back(
        &self,
        id: &InboundId,
        from: NodeNo,
    ) -> Result<StockChange, Refused> {
        let is_from = |left: Option<NodeNo>| {
            let other = Refusal::InboundNoTransfer { inbound_id: id.to_string() };
            if left == Some(from) { Ok(()) } else { Err(other) }
        };
        if let Some(open) = self.open(id) {
            is_from(open.from)?;
            return Ok(StockChange::TransferTurnedBack { no: open.no, quantity: open.quantity });
        }
        let closed = self.closed(id).ok_or(Refused::UnknownInbound)?;
        is_from(closed.from)?;
        Err(Refusal::InboundClosed { inbound_id: id.to_string() }.into())
    }
}
