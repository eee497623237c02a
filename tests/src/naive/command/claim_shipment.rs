//! Somebody works on a shipment, or does no more.

use backstock_engine::model::{Lsn, Timestamp};

use super::Fact;
use crate::naive::Naive;

/// A shipment was claimed, or given up.
#[derive(Clone, Debug)]
pub struct ShipmentClaimed {
    /// The order.
    pub order: String,
    /// Counted from 1.
    pub shipment: u16,
    /// When it was said.
    pub at: Timestamp,
    /// Who.
    pub owner: String,
    /// Until when; none if he gave it up.
    pub until: Option<Timestamp>,
}

impl Fact for ShipmentClaimed {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        let Self { at, owner, .. } = self;
        let known = order.claims.get(&(self.shipment - 1));
        if known.is_some_and(|(other, until)| other != owner && until > at) {
            return Err(format!("{known:?} works on it, and not {owner}"));
        }
        match self.until {
            Some(until) => order.claims.insert(self.shipment - 1, (owner.clone(), until)),
            None => order.claims.remove(&(self.shipment - 1)),
        };
        Ok(())
    }
}
