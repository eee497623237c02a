//! Cancelling units of an order.

use std::collections::BTreeMap;

use backstock_engine::command::LineCancellation;
use backstock_engine::model::Lsn;

use super::{Fact, by_pair};
use crate::naive::order::Parcel;
use crate::naive::{Allotted, Naive};

/// Units of an order were cancelled.
#[derive(Clone, Debug)]
pub struct OrderCancelled {
    /// The order.
    pub order: String,
    /// Units of single lines; everything that is open when empty.
    pub lines: Vec<LineCancellation>,
    /// The shipment, from 1, of which they are, if that was said.
    pub shipment: Option<u16>,
    /// The parts that the engine cancelled, with their units.
    pub parts: Vec<(u16, u32)>,
    /// Of those, units that were picked.
    pub put_back: Vec<(u16, u32)>,
    /// The packages that they were in, by shipment from 0 and id.
    pub packages: Vec<(u16, String, Parcel)>,
}

impl Fact for OrderCancelled {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        let no = order.no;
        let shelved = order.put_back(&self.put_back)?;
        let back = order.cancel((&self.lines, self.shipment), &self.parts)?;
        for (shipment, id, parcel) in &self.packages {
            order.pack(*shipment, id, parcel.clone());
        }
        order.check_packages()?;
        for Allotted { line, sku, node, units, .. } in shelved {
            (0..units).try_for_each(|_| naive.pair(&sku, &node).put_back(no, line))?;
        }
        let mut kept_least = BTreeMap::new();
        for ((line, sku, node), units) in by_pair(&back) {
            let least_ready = naive.pair(&sku, &node).release(no, line, units)?;
            let known = kept_least.entry((line, sku)).or_insert(least_ready);
            *known = (*known).min(least_ready);
        }
        // Bundles are chosen by the last of their components.
        kept_least.retain(|(line, _), _| naive.orders[&self.order].bundle_of(*line).is_none());
        // No unit is given back while the line has one that can be counted on later.
        for ((line, sku), given) in kept_least {
            let kept = naive.readiness(&sku, no, line);
            // Units at another pair may have lost their supply since it was decided.
            let lost_since =
                kept == Some((true, None)) && naive.waits_only_since((no, line), asked);
            if self.shipment.is_none() && !lost_since && kept.is_some_and(|kept| kept > given) {
                return Err(format!("a unit of line {line} is kept that comes later: {kept:?}"));
            }
        }
        Ok(())
    }
}
