//! The days on which nodes have room for what the backlog is given.
//!
//! A shipment that is told anew leaves on the first day with room for all of it. The lines of
//! one event see what those before them take; what is claimed by events before is counted.

use crate::model::load::{beyond, load_on, loads};
use crate::model::{Allocation, Day, LineRepegged, Load, NodeDay, NodeNo, Order, Told};
use crate::planning::{self, Rooms};
use crate::state::network::Network;
use crate::transaction::kernel::Kernel;

/// What the lines of an event put on days, beyond what their orders had there.
#[derive(Clone, Debug, Default)]
pub struct Taken(Vec<(NodeDay, Load)>);

impl Taken {
    /// What it is, and nothing from here on.
    pub fn split_off(&mut self) -> Vec<(NodeDay, Load)> {
        std::mem::take(&mut self.0)
    }

    /// Notes what a line does to its order's loads.
    pub fn note(&mut self, order: &Order, repegged: &LineRepegged) {
        for (at, load) in beyond(&order.repegged(repegged).loads(), &order.loads()) {
            match self.0.iter_mut().find(|(of, _)| *of == at) {
                Some((_, known)) => *known = known.and(load),
                None => self.0.push((at, load)),
            }
        }
    }

    /// Has each shipment that is told anew leave on the first day on which its node has room.
    pub fn fit(
        &self,
        kernel: &Kernel,
        network: &Network,
        order: &Order,
        repegged: &mut LineRepegged,
    ) {
        for at in 0..repegged.told.len() {
            let told = self.fitted(kernel, network, order, (repegged, at));
            repegged.told[at] = told;
        }
        repegged.told.retain(|told| !is_known(order, told));
    }

    fn fitted(
        &self,
        kernel: &Kernel,
        network: &Network,
        order: &Order,
        (repegged, at): (&LineRepegged, usize),
    ) -> Told {
        let told = repegged.told[at];
        let mut after = order.repegged(repegged);
        let shipment = &mut after.shipments[usize::from(told.shipment)];
        let (node, Some((ship_by, _))) = (shipment.node, told.days) else { return told };
        if !network.is_bounded(node) {
            return told;
        }
        shipment.ship_by = None;
        let others = loads(&after.shipments, &after.allocations);
        let units = after.allocations_of(told.shipment).map(Allocation::open).sum();
        let load = |at| {
            let there = load_on(&others, at).and(load_on(&self.0, at));
            there.and(Load { units, shipments: 1 })
        };
        let rooms = Rooms { loads: &kernel.state.loads, own: &order.loads() };
        let (of, now) = ((node, order.header.service), kernel.state.now());
        let day = rooms.first_day(network, of, (ship_by, now), load);
        let arrives = arrival(kernel, network, order, (node, day));
        Told { days: arrives.map(|arrives| (day, arrives)).or(told.days), ..told }
    }
}

/// When units of an order reach its customer that leave a node from a day on, as soon as the
/// node has room for so many of them.
pub fn arrives(
    kernel: &Kernel,
    network: &Network,
    (order, units): (&Order, u32),
    (node, from): (NodeNo, Day),
) -> Option<Day> {
    let rooms = Rooms { loads: &kernel.state.loads, own: &order.loads() };
    let (of, now) = ((node, order.header.service), kernel.state.now());
    let load = |_| Load { units, shipments: 1 };
    let day = rooms.first_day(network, of, (from, now), load);
    arrival(kernel, network, order, (node, day))
}

fn arrival(
    kernel: &Kernel,
    network: &Network,
    order: &Order,
    (node, ship_by): (NodeNo, Day),
) -> Option<Day> {
    let destination = kernel.postal.locate(order.header.postal_code.as_str())?;
    Some(planning::arrival(network, (order.header.service, destination), node, ship_by))
}

/// Whether that is what was told before.
fn is_known(order: &Order, told: &Told) -> bool {
    order.shipments.get(usize::from(told.shipment)).is_some_and(|before| {
        order.was_told_of_units_there(told.shipment) == told.units_there
            && before.ship_by.zip(before.deliver_by) == told.days
    })
}
