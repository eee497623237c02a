//! The days that follow for an order of which bundles were given other supply.

use super::pool::Pools;
use crate::model::{HoldState, LineRepegged, NodeNo, Order, Timestamp, Told};
use crate::state::network::Network;
use crate::state::stock::Ready;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, counted, days_of};

/// An order after lines of it, which are in shipments together, were given other supply.
pub struct After<'a> {
    /// The engine.
    pub kernel: &'a Kernel,
    /// Its nodes.
    pub network: &'a Network,
    /// When what the lines are given can be counted on.
    pub pools: &'a Pools,
    /// The order as it was.
    pub order: &'a Order,
    /// What it rested on.
    pub resting: &'a Resting,
    /// What is different; the first of them says which shipments are new.
    pub lines: &'a [LineRepegged],
}

impl After<'_> {
    /// What is told anew of the shipments that units left, or came to.
    pub fn told(&self) -> Vec<Told> {
        let moves = self.lines.iter().flat_map(|line| &line.moves);
        let touched = moves.flat_map(|moved| [moved.shipment, moved.to_shipment]);
        let mut touched: Vec<u16> = touched.collect();
        touched.sort_unstable();
        touched.dedup();
        touched.into_iter().filter_map(|shipment| self.told_of(shipment)).collect()
    }

    /// Until when a hold that waited has its units, if nothing of it waits any more.
    pub fn offered_until(&self) -> Option<Timestamp> {
        let hold = self.order.open_hold().filter(|hold| hold.state == HoldState::Waiting)?;
        let all = self.order.shipments.len() + self.lines[0].opened.len();
        let all = 0..u16::try_from(all).expect("few shipments");
        let waits = all.map(|shipment| self.ready(shipment)).any(|it| it == Some(Ready::Never));
        let now = self.kernel.state.now();
        let until = now.saturating_add_micros(i64::from(hold.seconds) * 1_000_000);
        (!waits).then_some(until.min(hold.until_max()))
    }

    /// What is told of a shipment, if it is something else than before.
    fn told_of(&self, shipment: u16) -> Option<Told> {
        let ready = self.ready(shipment);
        let units_there = ready == Some(Ready::Now);
        let before = self.order.shipments.get(usize::from(shipment));
        let was_there = before.is_some() && self.order.was_told_of_units_there(shipment);
        let has_days = before.is_some_and(|before| before.ship_by.is_some());
        if units_there && was_there && has_days {
            return None;
        }
        let (of, now) = ((self.order, self.node(shipment)), self.kernel.state.now());
        let days = ready.and_then(|it| days_of(self.kernel, self.network, of, (it, now)));
        let is_same = before.is_some_and(|before| {
            was_there == units_there && before.ship_by.zip(before.deliver_by) == days
        });
        let deliver_by_before = before.and_then(|before| before.deliver_by);
        (!is_same).then_some(Told { shipment, deliver_by_before, days, units_there })
    }

    fn node(&self, shipment: u16) -> NodeNo {
        let (known, at) = (&self.order.shipments, usize::from(shipment));
        known.get(at).map_or_else(|| self.lines[0].opened[at - known.len()], |it| it.node)
    }

    /// When the last unit of a shipment can be counted on; none if it has none.
    fn ready(&self, shipment: u16) -> Option<Ready> {
        let (of, node) = ((self.network, self.kernel.state.now()), self.node(shipment));
        let all = self.order.allocations.iter().zip(&self.resting.rests);
        let mut there: Vec<_> = all
            .filter(|(a, _)| a.shipment == shipment)
            .flat_map(|(a, rests)| rests.iter().map(|rest| (a.line, rest)))
            .map(|(line, rest)| (line, rest.supply, counted(of, node, rest.ready()), rest.units))
            .collect();
        for line in self.lines {
            let pool = self.pools.of(self.order.lines[usize::from(line.line)].sku);
            for moved in line.moves.iter().filter(|moved| moved.shipment == shipment) {
                let mut units = moved.units;
                let same = |of: &(u16, _, _, _)| (of.0, of.1) == (line.line, moved.from.1);
                for (.., left) in there.iter_mut().filter(|of| same(of)) {
                    let gone = units.min(*left);
                    (units, *left) = (units - gone, *left - gone);
                }
            }
            let came = line.moves.iter().filter(|moved| moved.to_shipment == shipment);
            there.extend(came.map(|m| (line.line, m.to.1, pool.ready(m.to), m.units)));
        }
        there.iter().filter(|(.., units)| *units > 0).map(|(_, _, ready, _)| *ready).max()
    }
}
