//! What an order's units rest on now, and the days that follow from it.
//!
//! ```text
//!   reservations of its lines at their pairs --> when each shipment is ready --> its days
//! ```

use smallvec::SmallVec;

use super::error::EngineError;
use super::kernel::Kernel;
use crate::model::{
    Allocation, Day, Lsn, NodeNo, Order, OrderHeader, OrderNo, Pair, Pegged, Shipment, Supply,
    Timestamp,
};
use crate::planning::{Leaving, Replanned, Rooms, Way};
use crate::state::network::Network;
use crate::state::stock::{LineSupply, Ready, Rest, StockMessage, StockReply};

/// What the open units of each allocation rest on, those that can be counted on first before
/// others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resting {
    /// By allocation.
    pub rests: Vec<SmallVec<[Rest; 2]>>,
    /// The newest event that changed one of the pairs.
    pub newest: Lsn,
}

/// What a line of an order has reserved at a pair. Waits for turns that other threads run,
/// which is as long as a few turns take.
pub fn line_at(
    kernel: &Kernel,
    no: OrderNo,
    line: u16,
    pair: Pair,
) -> Result<LineSupply, EngineError> {
    match kernel.state.cell(pair).ask(StockMessage::ReadLine(no, line)).wait() {
        Ok(StockReply::Line(there)) => Ok(*there),
        Ok(other) => unreachable!("a read of a line is answered with it, not {other:?}"),
        Err(panicked) => Err(kernel.panicked(panicked)),
    }
}

impl Resting {
    /// What an order's units rest on now.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn read(kernel: &Kernel, order: &Order) -> Result<Self, EngineError> {
        Self::of(order, |line, pair| line_at(kernel, order.no, line, pair))
    }

    /// What an order's units rest on, where `at` tells what a line has at a pair. The units of a
    /// line at a node that can be counted on first belong to the shipment that ships first.
    ///
    /// # Errors
    /// What `at` answers.
    pub fn of<E>(
        order: &Order,
        mut at: impl FnMut(u16, Pair) -> Result<LineSupply, E>,
    ) -> Result<Self, E> {
        let mut left: Vec<(Pair, u16, LineSupply)> = Vec::new();
        let mut this =
            Self { rests: vec![SmallVec::new(); order.allocations.len()], ..Self::default() };
        for shipment in order.shipments_by_right() {
            let allocations = order.allocations.iter().enumerate();
            for (place, a) in allocations.filter(|(_, a)| a.shipment == shipment && a.open() > 0) {
                let pair = order.pair_of(a);
                let known = left.iter().position(|(p, line, _)| (*p, *line) == (pair, a.line));
                let known = if let Some(known) = known {
                    known
                } else {
                    let mut there = at(a.line, pair)?;
                    // Which units are picked is known of the order.
                    there.rests.retain(|rest| rest.supply != Supply::Picked);
                    this.newest = this.newest.max(there.last_lsn);
                    left.push((pair, a.line, there));
                    left.len() - 1
                };
                let picked = Rest { supply: Supply::Picked, units: a.picked, eta: None };
                let loose = take(&mut left[known].2.rests, a.loose());
                let all = Some(picked).filter(|rest| rest.units > 0).into_iter().chain(loose);
                this.rests[place] = all.collect();
            }
        }
        Ok(this)
    }

    /// All units, ascending by pair, line and supply.
    pub fn units_of(&self, order: &Order) -> Vec<Pegged> {
        let of_allocation = |(a, rests): (&Allocation, &SmallVec<[Rest; 2]>)| {
            let (pair, line) = (order.pair_of(a), a.line);
            let peg = move |rest: &Rest| {
                let Rest { supply, units, .. } = *rest;
                Pegged { pair, line, supply, units }
            };
            rests.iter().map(peg).collect::<SmallVec<[Pegged; 2]>>()
        };
        let mut units: Vec<Pegged> =
            order.allocations.iter().zip(&self.rests).flat_map(of_allocation).collect();
        units.sort_by_key(|peg| (peg.pair, peg.line, peg.supply));
        units.dedup_by(|next, sum| {
            let is_same = Pegged { units: sum.units, ..*next } == *sum;
            if is_same {
                sum.units += next.units;
            }
            is_same
        });
        units
    }

    /// The same, where a supply that is overdue for longer than is counted on it is as none.
    fn counted(&self, order: &Order, shipment: u16, of: (&Network, Timestamp)) -> Option<Ready> {
        let node = order.shipments[usize::from(shipment)].node;
        let of_it = order.allocations.iter().zip(&self.rests);
        let of_it = of_it.filter(|(a, _)| a.shipment == shipment).flat_map(|(_, rests)| rests);
        of_it.map(|rest| counted(of, node, rest.ready())).max()
    }

    /// When the last unit of a shipment, from 0, can be counted on; none if no unit of it is
    /// open.
    pub fn ready(&self, order: &Order, shipment: u16) -> Option<Ready> {
        let of_it = order.allocations.iter().zip(&self.rests);
        let of_it = of_it.filter(|(a, _)| a.shipment == shipment);
        of_it.flat_map(|(_, rests)| rests).map(Rest::ready).max()
    }
}

fn take(from: &mut SmallVec<[Rest; 2]>, units: u32) -> SmallVec<[Rest; 2]> {
    let mut taken = SmallVec::new();
    let mut wanted = units;
    for rest in from.iter_mut() {
        let units = wanted.min(rest.units);
        if units > 0 {
            taken.push(Rest { units, ..*rest });
            rest.units -= units;
            wanted -= units;
        }
    }
    taken
}

/// When units at a node can be counted on, at an instant: never, where their supply is overdue for
/// longer than is counted on it.
pub fn counted((network, now): (&Network, Timestamp), node: NodeNo, ready: Ready) -> Ready {
    match ready {
        Ready::At(eta) if !network.counts_on(node, now, eta) => Ready::Never,
        ready => ready,
    }
}

/// When units ship from a node, and arrive, decided at an instant; none while they have no
/// supply, or one that is overdue for longer than is counted on it, or where the destination is not known any more.
pub fn days(
    kernel: &Kernel,
    network: &Network,
    header: &OrderHeader,
    node: NodeNo,
    ready: (Ready, Timestamp),
) -> Option<(Day, Day)> {
    let way = Way::of(network, &*kernel.postal, header)?;
    Some(way.days(network, node, ready_at(network, node, ready)?))
}

/// The same of units that the node has for the order already: a pause does not touch them.
pub fn days_of_known(
    kernel: &Kernel,
    network: &Network,
    header: &OrderHeader,
    node: NodeNo,
    ready: (Ready, Timestamp),
) -> Option<(Day, Day)> {
    let way = Way::of(network, &*kernel.postal, header)?;
    Some(way.days_of_known(network, node, ready_at(network, node, ready)?))
}

/// The same of units that come to an order at a node: where it has a shipment of it already, a pause
/// touches nothing of that. What was told in the pause is not told earlier then.
pub fn days_of(
    kernel: &Kernel,
    network: &Network,
    (order, node): (&Order, NodeNo),
    ready: (Ready, Timestamp),
) -> Option<(Day, Day)> {
    let header = &order.header;
    let anew = || days(kernel, network, header, node, ready);
    if !network.is_paused(node, ready.1) {
        return anew();
    }
    let is_open = |at: u16| order.allocations_of(at).any(|a| a.open() > 0);
    let there = (0..).zip(&order.shipments).filter(|(at, of)| of.node == node && is_open(*at));
    let Some(told) = there.filter_map(|(_, of)| of.ship_by.zip(of.deliver_by)).max() else {
        return anew();
    };
    Some(days_of_known(kernel, network, header, node, ready)?.max(told))
}

/// From when on units are there, decided at an instant.
fn ready_at(
    network: &Network,
    node: NodeNo,
    (ready, now): (Ready, Timestamp),
) -> Option<Timestamp> {
    match ready {
        Ready::Now => Some(now),
        Ready::At(eta) if !network.counts_on(node, now, eta) => None,
        Ready::At(eta) => Some(network.node(node).calendar.expected_at(now, eta)),
        Ready::Never => None,
    }
}

/// When units of an order leave a node, from a day on, and reach its customer.
pub fn leaves(
    kernel: &Kernel,
    network: &Network,
    (order, replanned): (&Order, &Replanned),
    (node, from, units): (NodeNo, Day, u32),
) -> Option<(Day, Day)> {
    let way = Way::of(network, &*kernel.postal, &order.header)?;
    let rooms = Rooms { loads: &kernel.state.loads, replanned: Some(replanned) };
    let (of, now) = ((node, way.leaving_days(network, node)), kernel.state.now());
    let day = rooms.first_day(network, of, (from, now), |_| Leaving::shipment(units));
    Some((day, way.arrival(network, node, day)))
}

/// Whether the days that were told of a hold can still be made: no cut-off passed meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn can_be_kept(kernel: &Kernel, held: &Order, now: Timestamp) -> Result<bool, EngineError> {
    let (network, resting) = (kernel.state.network.load(), Resting::read(kernel, held)?);
    let is_late = |(shipment, at): (&Shipment, u16)| {
        // Days of units that are on their way follow their supply.
        let is_there = resting.ready(held, at) == Some(Ready::Now);
        let known = (Ready::Now, now);
        let days = days_of_known(kernel, &network, &held.header, shipment.node, known);
        is_there && days.map(|days| days.0) > shipment.ship_by
    };
    Ok(!held.shipments.iter().zip(0..).any(is_late))
}

impl Kernel {
    /// The days of an order's shipments are, from here on, those that follow from what its
    /// units rest on. Once all units are there, the days are those that were told last. Where a
    /// node has a capacity, or took no new work when they were told, they are not earlier than those.
    pub fn bring_days_up_to_date(&self, order: &mut Order, resting: &Resting) {
        let (network, now) = (self.state.network.load(), self.state.now());
        for at in 0..u16::try_from(order.shipments.len()).expect("few shipments") {
            let of = (&**network, now);
            let Some(ready) = resting.counted(order, at, of) else { continue };
            let is_told = ready == Ready::Now && order.shipments[usize::from(at)].ship_by.is_some();
            let node = order.shipments[usize::from(at)].node;
            if !is_told {
                let days = days_of_known(self, &network, &order.header, node, (ready, now));
                let shipment = &mut order.shipments[usize::from(at)];
                let told = days.zip(shipment.ship_by);
                let may_be_later = network.is_bounded(node) || network.is_paused(node, now);
                if may_be_later && told.is_some_and(|(days, told)| days.0 <= told) {
                    // The days before are full, or were when it was told.
                    continue;
                }
                (shipment.ship_by, shipment.deliver_by) = (days.map(|d| d.0), days.map(|d| d.1));
            }
        }
    }
}
