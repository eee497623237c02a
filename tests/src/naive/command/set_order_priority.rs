//! Giving an order another priority.

use backstock_engine::model::{Lsn, Priority};

use super::Fact;
use crate::naive::Naive;

/// An order is served before others, or after them, from now on.
#[derive(Clone, Debug)]
pub struct OrderPrioritised {
    /// The order.
    pub order: String,
    /// Before whom it is served.
    pub priority: Priority,
}

impl Fact for OrderPrioritised {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        if order.open_in_all() == 0 || order.priority == self.priority {
            return Err(format!("it changes nothing: {order:?}"));
        }
        order.priority = self.priority;
        let no = order.no;
        naive.prioritise(no, self.priority);
        Ok(())
    }
}
