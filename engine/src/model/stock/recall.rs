//! Deciding that a transfer turns back.

use super::decide::Refused;
use super::{Stock, StockChange};
use crate::model::ids::{InboundId, NodeNo};
use crate::model::refusal::Refusal;

impl Stock {
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
