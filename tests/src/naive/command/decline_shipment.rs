//! A node's answer that it does not ship what it was given.

use std::collections::BTreeMap;

use backstock_engine::model::{AnswerKind, DeclineReason, Lsn, NodeKind, Supply};

use super::{Fact, by_pair};
use crate::naive::Naive;
use crate::naive::pair::same;

/// A shipment was declined.
#[derive(Clone, Debug)]
pub struct ShipmentDeclined {
    /// The order.
    pub order: String,
    /// Counted from 1.
    pub shipment: u16,
    /// Why.
    pub reason: DeclineReason,
    /// What the units rested on, by line, item and node, as the engine says.
    pub off: BTreeMap<(u16, String, String), Vec<(Supply, u32)>>,
}

impl Fact for ShipmentDeclined {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        let (no, open) = (order.no, by_pair(&order.in_shipment(self.shipment)));
        order.answer(self.shipment, AnswerKind::Declined(self.reason))?;
        order.declined.extend(open.keys().map(|(_, _, node)| node.clone()));
        let units = |off: &Vec<(Supply, u32)>| off.iter().map(|(_, units)| units).sum();
        let off = self.off.iter().map(|(at, off)| (at.clone(), units(off))).collect();
        same("units of the shipment that wait", &off, &open)?;
        // What the node says of an item, it says once, whichever lines are of it.
        let mut pairs = BTreeMap::<_, Vec<_>>::new();
        for ((line, sku, node), off) in &self.off {
            let of_line = off.iter().map(|(supply, units)| (*line, *supply, *units));
            pairs.entry((sku, node)).or_default().extend(of_line);
        }
        for ((sku, node), off) in pairs {
            let at_supplier = naive.nodes[node].kind == NodeKind::Supplier;
            naive.pair(sku, node).decline(no, &off, (self.reason, at_supplier))?;
        }
        Ok(())
    }
}
