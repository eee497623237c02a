//! That what the customer was asked about is sourced anew.

use backstock_engine::model::Lsn;

use super::Fact;
use crate::naive::Naive;

/// Units that the customer was asked about are sourced anew.
#[derive(Clone, Debug)]
pub struct DeclineResolved {
    /// The order.
    pub order: String,
    /// Counted from 1.
    pub shipment: u16,
}

impl Fact for DeclineResolved {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        let was_asked = order.asked.remove(&(self.shipment - 1));
        if !was_asked || order.in_shipment(self.shipment).is_empty() {
            return Err(format!("nobody is asked: {order:?}"));
        }
        Ok(())
    }
}
