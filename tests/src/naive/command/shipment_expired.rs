//! Packages that nobody collected in time.

use backstock_engine::command;
use backstock_engine::model::{Lsn, Supply, Timestamp};

use super::Fact;
use crate::naive::{Allotted, Naive};

/// Packages of a shipment went back to the shelf.
#[derive(Clone, Debug)]
pub struct ShipmentExpired {
    order: String,
    shipment: u16,
    at: Timestamp,
    packages: Vec<String>,
    parts: Vec<(u16, u32)>,
}

impl From<command::ShipmentExpired> for ShipmentExpired {
    fn from(event: command::ShipmentExpired) -> Self {
        Self {
            order: event.id.to_string(),
            shipment: event.shipment,
            at: event.at,
            packages: event.packages.iter().map(ToString::to_string).collect(),
            parts: event.units.iter().map(|of| (of.allocation, of.units)).collect(),
        }
    }
}

impl Fact for ShipmentExpired {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let (version, now) = (naive.version().next(), naive.now);
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        if self.at > now || self.packages.is_empty() {
            return Err(format!("it is {now}, and it expires: {self:?}"));
        }
        let no = order.no;
        let back = order.expire((self.shipment, self.at), &self.packages, &self.parts)?;
        order.check_packages()?;
        for Allotted { line, sku, node, units, .. } in back {
            let pair = naive.pair(&sku, &node);
            for _ in 0..units {
                pair.put_back(no, line)?;
                pair.unpeg((no, false), line, Supply::OnHand)?;
            }
        }
        Ok(())
    }
}
