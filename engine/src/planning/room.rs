//! The first day on which a node has room for what is planned to leave it.
//!
//! ```text
//!   ready, picked up --> the day is full --> the next day on which the carrier picks up
//! ```
//! What leaves in one shipment leaves on one day: a day that has room for a part of it is passed
//! over as well. Only units of which no day of the node takes all are offered in parts.

use crate::model::load::load_on;
use crate::model::{Capacity, Day, Load, NodeDay, NodeNo, ServiceNo, Timestamp};
use crate::state::loads::NodeLoads;
use crate::state::network::Network;

/// What is planned to leave nodes, as an order sees it.
#[derive(Clone, Copy)]
pub struct Rooms<'a> {
    /// What is planned, by all orders.
    pub loads: &'a NodeLoads,
    /// Of that, what the order has put there itself, and takes away when it is planned anew.
    pub own: &'a [(NodeDay, Load)],
}

impl Rooms<'_> {
    /// Units for which a day has room.
    pub fn units_on(&self, at: NodeDay, capacity: Capacity) -> u32 {
        if capacity.units == 0 {
            return u32::MAX;
        }
        let others = self.loads.units_beside(at, load_on(self.own, at));
        u32::try_from(u64::from(capacity.units).saturating_sub(others)).unwrap_or(u32::MAX)
    }

    /// The first day from one on, on which a node ships by a service and has room for a load
    /// that depends on the day.
    pub fn first_day(
        &self,
        network: &Network,
        (no, service): (NodeNo, ServiceNo),
        (from, now): (Day, Timestamp),
        load: impl Fn(NodeDay) -> Load,
    ) -> Day {
        let Some(last) = network.bounded_until(no, now) else { return from };
        let capacity = network.terms(no).capacity;
        let calendar = &network.node(no).calendar;
        let pickup = network.pickups()[network.carriage(service).pickups];
        let mut day = from;
        while day <= last {
            let at = NodeDay { node: no, day };
            if self.loads.has_room(at, load(at), load_on(self.own, at), capacity) {
                break;
            }
            day = calendar.picked_up(day.plus(1), pickup).unwrap_or(day.plus(1));
        }
        day
    }
}
