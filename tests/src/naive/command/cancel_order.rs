//! Cancelling units of an order.

use backstock_engine::command::LineCancellation;
use backstock_engine::model::Lsn;

use super::{Fact, by_pair};
use crate::naive::Naive;

/// Units of an order were cancelled.
#[derive(Clone, Debug)]
pub struct OrderCancelled {
    /// The order.
    pub order: String,
    /// Units of single lines; everything that is open when empty.
    pub lines: Vec<LineCancellation>,
}

impl Fact for OrderCancelled {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        let (no, back) = (order.no, order.cancel(&self.lines)?);
        for ((line, sku, node), units) in by_pair(&back) {
            naive.pair(&sku, &node).release(no, line, units)?;
        }
        Ok(())
    }
}
