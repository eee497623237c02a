//! Taking units back that are on their way.

use backstock_engine::command::RecallTransfer;
use backstock_engine::model::Lsn;

use super::Fact;
use crate::naive::Naive;

/// Units on their way between two nodes are back at the first.
#[derive(Clone, Debug)]
pub struct TransferRecalled(pub RecallTransfer);

impl Fact for TransferRecalled {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let RecallTransfer { id, sku, from, to, .. } = &self.0;
        naive.conserving(sku.as_str(), |naive| {
            let turned = naive.pair(sku.as_str(), to.as_str());
            let units = turned.transfer_turns_back(id.as_str(), from.as_str())?;
            naive.pair(sku.as_str(), from.as_str()).transfer_returns(units);
            Ok(())
        })
    }
}
