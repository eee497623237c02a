//! Shipments that nodes were told to work on, together or by their rule.

use backstock_engine::command;
use backstock_engine::model::{Act, Lsn, Timestamp};

use super::Fact;
use crate::naive::Naive;

/// Nodes may work on shipments.
#[derive(Clone, Debug)]
pub struct ShipmentsReleased {
    at: Timestamp,
    shipments: Vec<(String, u16)>,
    by_rule: bool,
}

impl From<command::ShipmentsReleased> for ShipmentsReleased {
    fn from(event: command::ShipmentsReleased) -> Self {
        let one = |of: &command::Released| (of.id.to_string(), of.shipment);
        let shipments = event.shipments.iter().map(one).collect();
        Self { at: event.at, shipments, by_rule: event.left.is_none() }
    }
}

impl Fact for ShipmentsReleased {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        for (id, shipment) in &self.shipments {
            if self.by_rule && !naive.is_due_by((id, *shipment), self.at) {
                return Err(format!("{shipment} of {id} is released, and is not due"));
            }
            let order = naive.orders.get_mut(id).ok_or("no such order")?;
            if order.changes.last() == Some(&version) {
                return Err(format!("two shipments of {id} are released in one event"));
            }
            order.changes.push(version);
            if !order.may_be_released(*shipment, (self.at, self.by_rule)) {
                return Err(format!("{shipment} is released of {order:?}"));
            }
            order.work((*shipment, Act::Release), false)?;
        }
        Ok(())
    }
}
