//! Reporting that a shipment left its node.

use backstock_engine::model::Lsn;

use super::{Fact, by_pair};
use crate::naive::Naive;

/// A shipment left.
#[derive(Clone, Debug)]
pub struct ShipmentShipped {
    /// The order.
    pub order: String,
    /// Counted from 1.
    pub shipment: u16,
}

impl Fact for ShipmentShipped {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        let (no, left) = (order.no, order.ship(self.shipment));
        if left.is_empty() {
            return Err("the shipment was empty".into());
        }
        for ((line, sku, node), units) in by_pair(&left) {
            naive.pair(&sku, &node).ship(no, line, units)?;
        }
        Ok(())
    }
}
