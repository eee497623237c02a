//! Changing the supply of a pair. What an operation does is in [`Pair::change`].
//!
//! [`Pair::change`]: crate::naive::pair::Pair::change

use backstock_engine::command::StockOperation;
use backstock_engine::model::Lsn;

use super::Fact;
use crate::naive::Naive;

/// The supply of a pair changed.
#[derive(Clone, Debug)]
pub struct StockChanged {
    /// The item.
    pub sku: String,
    /// The node.
    pub node: String,
    /// How.
    pub operation: StockOperation,
}

impl Fact for StockChanged {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let Self { sku, node, operation } = self;
        if !naive.items.contains_key(sku) || !naive.nodes.contains_key(node) {
            return Err("the item or the node is not defined".into());
        }
        let is_of_supplier = match operation {
            StockOperation::SupplierFeed { .. } => true,
            StockOperation::Set { on_hand: None, unavailable: None, .. }
            | StockOperation::SetTerms(_) => naive.is_supplier(node),
            _ => false,
        };
        if is_of_supplier != naive.is_supplier(node) {
            return Err("the node is of another kind".into());
        }
        naive.pair(sku, node).change(operation)
    }
}
