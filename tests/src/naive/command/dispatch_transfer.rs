//! Sending units from one node to another.

use backstock_engine::command::DispatchTransfer;
use backstock_engine::model::{Lsn, NodeId};

use super::Fact;
use crate::naive::Naive;

/// Units left one node for another.
#[derive(Clone, Debug)]
pub struct TransferDispatched(pub DispatchTransfer);

impl Fact for TransferDispatched {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let DispatchTransfer { id, sku, from, to, quantity, eta, .. } = &self.0;
        let [from, to] = [from, to].map(NodeId::as_str);
        if from == to || naive.is_supplier(from) || naive.is_supplier(to) {
            return Err("units go from one node that holds stock to another".into());
        }
        naive.conserving(sku.as_str(), |naive| {
            naive.pair(sku.as_str(), from).transfer_leaves(*quantity)?;
            naive.pair(sku.as_str(), to).transfer_comes(id.as_str(), *quantity, *eta, from)
        })
    }
}
