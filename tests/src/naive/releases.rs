//! Shipments that nodes release by themselves. Nodes are in UTC here.

use backstock_engine::command::NodeDefinition;
use backstock_engine::model::{Day, Lsn, ReleaseRule, Timestamp};

use super::Naive;
use crate::fixture::DAY;

/// Versions before a release in which its node may have had the rule.
const IN_FLIGHT: u64 = 64;

/// When a node releases a shipment that leaves on a day; none if it does not.
fn due(node: &NodeDefinition, ship_by: Option<Day>) -> Option<Timestamp> {
    let minutes = match node.release? {
        ReleaseRule::AtOnce => return Some(Timestamp::default()),
        ReleaseRule::BeforeCutOff(minutes) => i64::from(minutes),
    };
    let day = ship_by?;
    let own = node.weekday_cut_offs.0[usize::from(day.weekday())];
    let cut_off = i64::from(own.unwrap_or(node.cut_off_minute));
    let at = i64::from(day.epoch_days()) * DAY + (cut_off - minutes) * 60_000_000;
    Some(Timestamp::from_micros(at))
}

impl Naive {
    /// Whether the rule of its node releases a shipment, from 0, of an order by then, or did just now.
    pub(super) fn is_due_by(&self, (order, shipment): (&str, u16), at: Timestamp) -> bool {
        let order = &self.orders[order];
        let Some(node) = order.node_of(shipment) else { return false };
        let day = self.told.get(&(order.no, shipment)).copied();
        let since = Lsn::new(self.version().get().saturating_sub(IN_FLIGHT));
        let known = self.moments(since, self.version()).filter_map(|of| of.nodes.get(&node));
        let mut rules = known.chain(self.nodes.get(&node));
        rules.any(|node| due(node, day).is_some_and(|due| due <= at))
    }

    /// Refuses that a shipment is due for release, and was not.
    ///
    /// # Errors
    /// The first one that is.
    pub fn check_released(&self, now: Timestamp) -> Result<(), String> {
        for (id, order) in self.orders.iter().filter(|(_, order)| order.is_order()) {
            for shipment in 0..=order.allotted.iter().map(|of| of.shipment).max().unwrap_or(0) {
                let Some(node) = order.node_of(shipment) else { continue };
                let day = self.told.get(&(order.no, shipment)).copied();
                let is_due = due(&self.nodes[&node], day).is_some_and(|due| due <= now);
                let may_be = order.may_be_released(shipment, (now, true));
                if is_due && may_be && self.are_there(id, &node) {
                    return Err(format!(
                        "it is {now}, and {shipment} of {order:?} was not released"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether all units are there that an order has at a node.
    fn are_there(&self, order: &str, node: &str) -> bool {
        let order = &self.orders[order];
        let parts = order.open_allotted().into_iter().filter(|part| part.node == node);
        parts.into_iter().all(|part| {
            let pair = self.pairs.get(&(part.sku, part.node));
            let rests = pair.map(|pair| pair.units_of(order.no, part.line)).unwrap_or_default();
            rests.iter().all(|supply| supply.is_there())
        })
    }
}
