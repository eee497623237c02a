//! The days on which nodes have room for what the backlog is given.
//!
//! A shipment that is told anew leaves on the first day with room for all of it. The lines of
//! one event see what those before them take; what is claimed by events before is counted.

use super::pool::Demand;
use crate::model::load::{beyond, loads, put_on};
use crate::model::{
    Allocation, Day, LineRepegged, Loads, NodeNo, Order, RoomAsked, Split, Supply, Told,
};
use crate::planning::Replanned;
use crate::state::network::Network;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, leaves};

/// What the lines of an event put on days, beyond what their orders had there.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Order by order.
    asked: Vec<RoomAsked>,
    /// By day.
    loads: Loads,
}

impl Taken {
    /// What each order asks for, and nothing from here on.
    pub fn split_off(&mut self) -> Vec<RoomAsked> {
        std::mem::take(self).asked
    }

    /// Notes what a line does to its order's loads.
    pub fn note(&mut self, order: &Order, repegged: &LineRepegged) {
        for asked in beyond(&order.repegged(repegged).loads(), &order.loads()) {
            put_on(&mut self.loads, asked.at, asked.more);
            self.asked.push(asked);
        }
    }

    /// What is different of the days for an order of which a line is planned anew: what it has of
    /// the backlog, or all of it where it must not be split.
    pub fn replanned(&self, (order, resting): (&Order, &Resting), demand: &Demand) -> Replanned {
        let is_whole = order.header.split == Split::WholeLine;
        let mut stays = order.allocations.clone();
        for (a, rests) in
            stays.iter_mut().zip(&resting.rests).filter(|(a, _)| a.line == demand.line)
        {
            let goes = rests.iter().filter(|rest| is_whole || !rest.supply.is_there());
            // What is picked stays.
            let goes = goes.filter(|rest| rest.supply != Supply::Picked);
            a.cancelled += goes.map(|rest| rest.units).sum::<u32>();
        }
        let stays = loads(&order.shipments, &stays);
        Replanned { own: order.loads(), stays, taken: self.loads.clone() }
    }

    /// What is different of the days for an order of which so many units of lines in shipments are
    /// planned anew.
    pub fn without(
        &self,
        order: &Order,
        units: impl Iterator<Item = (u16, u16, u32)>,
    ) -> Replanned {
        let mut stays = order.allocations.clone();
        for (line, shipment, mut left) in units {
            let of_it = |a: &&mut Allocation| (a.line, a.shipment) == (line, shipment);
            for a in stays.iter_mut().rev().filter(of_it) {
                let gone = a.loose().min(left);
                (a.cancelled, left) = (a.cancelled + gone, left - gone);
            }
        }
        let stays = loads(&order.shipments, &stays);
        Replanned { own: order.loads(), stays, taken: self.loads.clone() }
    }

    /// Has each shipment that is told anew leave on the first day on which its node has room.
    pub fn fit(
        &self,
        kernel: &Kernel,
        network: &Network,
        order: &Order,
        repegged: &mut LineRepegged,
    ) {
        let after = order.repegged(repegged);
        self.fit_told(kernel, network, (order, after), &mut repegged.told);
    }

    /// The same of all that is told of an order which is `after` by then, but for the days.
    pub fn fit_told(
        &self,
        kernel: &Kernel,
        network: &Network,
        (order, mut after): (&Order, Order),
        told: &mut Vec<Told>,
    ) {
        for told in told.iter().filter(|told| told.days.is_some()) {
            after.shipments[usize::from(told.shipment)].ship_by = None;
        }
        for told in told.iter_mut() {
            *told = self.fitted(kernel, network, (order, &mut after), told);
        }
        told.retain(|told| !is_known(order, told));
    }

    /// The order leaves on these days, so that another shipment finds them taken.
    fn fitted(
        &self,
        kernel: &Kernel,
        network: &Network,
        (order, after): (&Order, &mut Order),
        told: &Told,
    ) -> Told {
        let (at, Some((ship_by, _))) = (usize::from(told.shipment), told.days) else {
            return *told;
        };
        let node = after.shipments[at].node;
        if !network.is_bounded(node) {
            return *told;
        }
        let stays = loads(&after.shipments, &after.allocations);
        let units = after.allocations_of(told.shipment).map(Allocation::open).sum();
        let replanned = Replanned { own: order.loads(), stays, taken: self.loads.clone() };
        let leaves = leaves(kernel, network, (order, &replanned), (node, ship_by, units));
        let days = leaves.or(told.days);
        after.shipments[at].ship_by = days.map(|(ship_by, _)| ship_by);
        Told { days, ..*told }
    }
}

/// When units of an order reach its customer that leave a node from a day on, as soon as the
/// node has room for so many of them.
pub fn arrives(
    kernel: &Kernel,
    network: &Network,
    (order, replanned): (&Order, &Replanned),
    (node, from, units): (NodeNo, Day, u32),
) -> Option<Day> {
    let leaves = leaves(kernel, network, (order, replanned), (node, from, units));
    leaves.map(|(_, arrives)| arrives)
}

/// Whether that is what was told before.
fn is_known(order: &Order, told: &Told) -> bool {
    order.shipments.get(usize::from(told.shipment)).is_some_and(|before| {
        order.was_told_of_units_there(told.shipment) == told.units_there
            && before.ship_by.zip(before.deliver_by) == told.days
    })
}
