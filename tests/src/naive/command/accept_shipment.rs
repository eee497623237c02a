//! A node's answer that it ships what it was given.

use backstock_engine::model::{AnswerKind, Lsn};

use super::Fact;
use crate::naive::Naive;

/// A shipment was accepted.
#[derive(Clone, Debug)]
pub struct ShipmentAccepted {
    /// The order.
    pub order: String,
    /// Counted from 1.
    pub shipment: u16,
}

impl Fact for ShipmentAccepted {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        if !order.holds.is_empty() {
            return Err(format!("it is on hold: {order:?}"));
        }
        order.answer(self.shipment, AnswerKind::Accepted)
    }
}
