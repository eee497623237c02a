//! A node's answer that it does not ship what it was given.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstock_engine::model::{AnswerKind, DeclineReason, Lsn, NodeKind, Supply, Timestamp};

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
    /// What is there of an item at a node from now on, where the node says that.
    pub found: BTreeMap<(String, String), u32>,
    /// Of those, units by part that were picked.
    pub put_back: Vec<(u16, u32)>,
    /// Units by part, if they are a shipment by themselves from now on.
    pub apart: Option<Vec<(u16, u32)>>,
    /// Whether the customer is asked.
    pub asks: bool,
    /// Until when its node takes no new work, if it says so.
    pub paused_until: Option<Timestamp>,
}

impl Fact for ShipmentDeclined {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let version = naive.version().next();
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
        order.changes.push(version);
        order.put_back(&self.put_back)?;
        let declined = match &self.apart {
            None => self.shipment,
            Some(parts) => order.part_with(self.shipment - 1, parts)? + 1,
        };
        let (no, open) = (order.no, by_pair(&order.in_shipment(declined)));
        order.answer(declined, AnswerKind::Declined(self.reason))?;
        order.check_packages()?;
        if self.asks {
            order.asked.insert(declined - 1);
        }
        let here = open.keys().next().map(|(_, _, node)| node.as_str());
        let pickup = order.whom.pickup.as_ref().map(|pickup| pickup.node.as_str());
        same("asks the customer", &self.asks, &(pickup.is_some() && pickup == here))?;
        naive.not_shipped.insert((no, declined - 1));
        let order = naive.orders.get_mut(&self.order).ok_or("no such order")?;
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
            let at = (sku.clone(), node.clone());
            let said = (self.found.get(&at).copied(), naive.had_by_others(&at, no, asked));
            naive.pair(sku, node).decline(no, &off, (self.reason, at_supplier), &said)?;
        }
        if let (Some(until), Some((_, _, node))) = (self.paused_until, open.keys().next()) {
            let node = Arc::make_mut(&mut naive.nodes).get_mut(node).ok_or("no such node")?;
            node.paused_until = node.paused_until.max(Some(until));
        }
        Ok(())
    }
}
