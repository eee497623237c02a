//! What an order pays and waits for, node by node.

use super::wanted::Wanted;
use crate::model::{Day, NodeNo};
use crate::state::network::Network;

/// What tells a candidate shipment from others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) node: NodeNo,
    pub(super) ship_by: Day,
    pub(super) deliver_by: Day,
}

/// What an order pays and waits for, by node: looked up once for an order.
pub(super) struct Route<'a, 'w> {
    pub(super) network: &'a Network,
    pub(super) wanted: &'a Wanted<'w>,
    /// The distance band of every node, by number.
    bands: &'a [u8],
    /// Days on the way, by band.
    pub(super) transit_days: &'a [u16],
}

impl<'a, 'w> Route<'a, 'w> {
    pub(super) fn new(network: &'a Network, wanted: &'a Wanted<'w>) -> Self {
        let bands = network.lanes(wanted.destination.index, wanted.destination.location);
        let service = &network.policy.services[usize::from(wanted.service.0)];
        Self { network, wanted, bands, transit_days: &service.transit_days }
    }

    pub(super) fn band(&self, no: NodeNo) -> usize {
        usize::from(self.bands[usize::from(no.0)])
    }

    pub(super) fn dates(&self, node: NodeNo, ship_by: Day) -> Dates {
        Dates { node, ship_by, deliver_by: ship_by.plus(self.transit_days[self.band(node)]) }
    }

    pub(super) fn late_days(&self, dates: Dates) -> u16 {
        u16::try_from(dates.deliver_by.days_after(self.wanted.promise_by)).unwrap_or(u16::MAX)
    }

    /// What a shipment of the node costs, and each unit in it.
    pub(super) fn costs(&self, no: NodeNo) -> (i64, i64) {
        let (terms, band) = (self.network.terms(no), &self.network.policy.bands[self.band(no)]);
        (terms.shipment_cost + band.shipment_cost, terms.unit_cost + band.unit_cost)
    }
}
