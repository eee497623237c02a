//! How units of an order reach its customer from each node: by a carrier to an address, by a
//! carrier to the node where they are collected, or not at all, where they are there already.
//!
//! ```text
//!   to an address:    ready --carrier picks up--> ships --days in transit--> delivered
//!   to its node:      ready --carrier picks up--> ships --in transit--> there --works--> collected
//!   at its node:      ready = ships = collected
//! ```

use crate::geo::{PostalCodes, PostalMatch};
use crate::model::{Day, Destination, NodeNo, OrderHeader, Pickup, ServiceNo, Timestamp, Weekdays};
use crate::state::network::Network;

/// How an order reaches its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// How it is shipped.
    pub service: ServiceNo,
    /// Where to.
    pub place: PostalMatch,
    /// Where the customer collects it, if he does: that is at `place`.
    pub pickup: Option<Pickup>,
}

impl Way {
    /// The way of an order that is placed; none where its destination is not known any more.
    pub fn of(network: &Network, postal: &dyn PostalCodes, header: &OrderHeader) -> Option<Self> {
        let pickup = header.destination.pickup().copied();
        let code = match &header.destination {
            Destination::Address(code) => code,
            Destination::Pickup(pickup) => &network.node(pickup.node).node.postal_code,
        };
        let place = postal.locate(code.as_str())?;
        Some(Self { service: header.service, place, pickup })
    }

    /// Whether the customer collects it at a node.
    #[inline]
    pub fn ends_at(&self, no: NodeNo) -> bool {
        self.pickup.is_some_and(|pickup| pickup.node == no)
    }

    /// The weekdays on which units may leave a node: those on which the carrier picks up there.
    /// Where they are collected they need none.
    pub fn leaving_days(&self, network: &Network, no: NodeNo) -> Weekdays {
        if self.ends_at(no) {
            return Weekdays::EVERY_DAY;
        }
        network.pickups()[network.carriage(self.service).pickups]
    }

    /// When work that is there at an instant ships from a node, and arrives.
    pub fn days(&self, network: &Network, no: NodeNo, from: Timestamp) -> (Day, Day) {
        let planning = network.node(no);
        let ready = planning.calendar.ship_window(from, planning.node.lead_time_days).ship_by;
        self.days_from(network, no, ready)
    }

    /// The same of work that the node was given before a pause, if there is one.
    pub fn days_of_known(&self, network: &Network, no: NodeNo, from: Timestamp) -> (Day, Day) {
        let planning = network.node(no);
        let lead_days = planning.node.lead_time_days;
        let ready = planning.calendar.ship_window_of_known(from, lead_days).ship_by;
        self.days_from(network, no, ready)
    }

    fn days_from(&self, network: &Network, no: NodeNo, ready: Day) -> (Day, Day) {
        let planning = network.node(no);
        let leaving = self.leaving_days(network, no);
        let ship_by = planning.calendar.picked_up(ready, leaving).unwrap_or(ready);
        (ship_by, self.arrival(network, no, ship_by))
    }

    /// When what leaves a node on a day reaches the customer, or can be collected.
    pub fn arrival(&self, network: &Network, no: NodeNo, ship_by: Day) -> Day {
        if self.ends_at(no) {
            return ship_by;
        }
        let band = network.lanes(self.place.index, self.place.location)[usize::from(no.0)];
        let days = network.carriage(self.service).days(usize::from(band), ship_by.weekday());
        self.collected(network, ship_by.plus(days))
    }

    /// When what arrives on a day can be collected: on the node's next working day. At an address
    /// it is there.
    pub(super) fn collected(&self, network: &Network, arrives: Day) -> Day {
        let Some(pickup) = self.pickup else { return arrives };
        let calendar = &network.node(pickup.node).calendar;
        calendar.picked_up(arrives, Weekdays::EVERY_DAY).unwrap_or(arrives)
    }
}
