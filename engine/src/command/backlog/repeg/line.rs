//! What it does to an order that a line of it rests on other supply: which shipments the
//! units are in, and when these go.

use smallvec::SmallVec;

use super::pool::{Demand, Part, Pool, Step};
use crate::model::{
    Day, HoldState, LineRepegged, Move, NodeNo, Order, Split, Supply, Timestamp, Told,
};
use crate::state::stock::{LineSupply, Ready, Rest};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::{Resting, counted, days_of, line_at};

/// A line whose units are about to rest on other supply.
pub struct Line<'a> {
    /// Its order, as it stands.
    pub order: &'a Order,
    /// What it has of the backlog.
    pub demand: &'a Demand,
    /// The supply that it takes from.
    pub pool: &'a Pool,
}

/// Units of the line in a shipment, from 0, and when they can be counted on.
struct Placed {
    shipment: u16,
    supply: Supply,
    ready: Ready,
    units: u32,
}

impl Line<'_> {
    /// What is different of the order after these steps, with the days that follow, and those
    /// that follow from what its units rested on before; none when the order has other units
    /// than its pairs: something happened between reading them.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn repegged(
        &self,
        kernel: &Kernel,
        steps: &[Step],
    ) -> Result<Option<LineRepegged>, EngineError> {
        let resting = self.resting(kernel)?;
        let mut placed = self.placed(&resting);
        let mut opened = Vec::new();
        let line = self.demand.line;
        let mut repegged = LineRepegged { line, ..LineRepegged::default() };
        for step in steps {
            let ready = self.ready(step, steps);
            if !self.step(kernel, (step, ready), &resting, &mut placed, &mut opened, &mut repegged)
            {
                return Ok(None);
            }
        }
        let touched = repegged.moves.iter().flat_map(|moved| [moved.shipment, moved.to_shipment]);
        let mut touched: SmallVec<[u16; 4]> = touched.collect();
        // Of units at one node, those that can be counted on first are in the shipment that
        // ships first: another day of some changes which units are in the others.
        let is_untold = |of: &Placed, node| self.pool.is_untold((node, of.supply));
        let at = |of: &Placed| self.node(of.shipment);
        let open = || placed.iter().filter(|of| of.units > 0);
        let untold = open().filter_map(|of| at(of).filter(|node| is_untold(of, *node)));
        let untold: SmallVec<[NodeNo; 2]> = untold.collect();
        let there = open().filter(|of| at(of).is_some_and(|node| untold.contains(&node)));
        touched.extend(there.map(|of| of.shipment));
        touched.sort_unstable();
        touched.dedup();
        let told = touched.into_iter().filter_map(|shipment| {
            let of_line = placed.iter().filter(|of| of.shipment == shipment && of.units > 0);
            let ready = of_line.map(|of| of.ready).max();
            let ready = ready.max(self.ready_of_others(kernel, &resting, shipment));
            self.told(kernel, shipment, &opened, ready)
        });
        repegged.told = told.collect();
        repegged.opened = opened.into_iter().map(|(node, _)| node).collect();
        repegged.offered_until = self.offered_until(kernel, &placed, &resting);
        Ok(Some(repegged))
    }

    /// Until when a hold that waited has its units, if none of it waits, or it takes a part and
    /// any of it has supply.
    fn offered_until(
        &self,
        kernel: &Kernel,
        placed: &[Placed],
        resting: &Resting,
    ) -> Option<Timestamp> {
        let hold = self.order.open_hold().filter(|hold| hold.state == HoldState::Waiting)?;
        let here = placed.iter().filter(|of| of.units > 0).map(|of| of.ready);
        let rests = self.order.allocations.iter().zip(&resting.rests);
        let others = rests.filter(|(a, _)| a.line != self.demand.line);
        let others = others.flat_map(|(a, rests)| rests.iter().map(move |rest| (a.shipment, rest)));
        let others = others.map(|(shipment, rest)| self.counted(kernel, shipment, rest));
        let mut all = here.chain(others).map(|ready| ready == Ready::Never);
        let waits = if hold.accepts_part { all.all(|waits| waits) } else { all.any(|waits| waits) };
        let until = kernel.state.now().saturating_add_micros(i64::from(hold.seconds) * 1_000_000);
        (!waits).then_some(until.min(hold.until_max()))
    }

    /// What the order rests on.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn resting(&self, kernel: &Kernel) -> Result<Resting, EngineError> {
        Resting::of(self.order, |line, pair| {
            let of_backlog = self.demand.parts.iter().filter(|((no, _), _)| *no == pair.node);
            let mut rests: SmallVec<[Rest; 2]> = of_backlog.map(|part| self.rest(part)).collect();
            if line != self.demand.line || rests.is_empty() {
                return line_at(kernel, self.order.no, line, pair);
            }
            rests.sort_by_key(Rest::ready);
            Ok(LineSupply { rests, ..LineSupply::default() })
        })
    }

    fn rest(&self, (at, units): &Part) -> Rest {
        let eta = match self.pool.ready(*at) {
            Ready::At(eta) => Some(eta),
            Ready::Now | Ready::Never => None,
        };
        Rest { supply: at.1, units: *units, eta }
    }

    /// The units of the line by shipment, those that have the last right to be left alone
    /// first.
    fn placed(&self, resting: &Resting) -> Vec<Placed> {
        let mut placed = Vec::new();
        for shipment in self.order.shipments_by_right().into_iter().rev() {
            let all = self.order.allocations.iter().zip(&resting.rests).rev();
            let of_it = all.filter(|(a, _)| (a.line, a.shipment) == (self.demand.line, shipment));
            placed.extend(of_it.flat_map(|(_, rests)| rests).map(|rest| Placed {
                shipment,
                supply: rest.supply,
                ready: rest.ready(),
                units: rest.units,
            }));
        }
        placed
    }

    /// Takes a step; false when the order does not have the units.
    fn step(
        &self,
        kernel: &Kernel,
        (&(from, to, units), ready): (&Step, Ready),
        resting: &Resting,
        placed: &mut Vec<Placed>,
        opened: &mut Vec<(NodeNo, Ready)>,
        repegged: &mut LineRepegged,
    ) -> bool {
        let (mut left, mut declined) = (units, false);
        for at in 0..placed.len() {
            let Placed { shipment, supply, units, .. } = placed[at];
            let moved = units.min(left);
            if supply != from.1 || self.node(shipment) != Some(from.0) || moved == 0 {
                continue;
            }
            // What a node declined is not given back to it.
            if to.0 == from.0 && self.was_declined(shipment) {
                declined = true;
                continue;
            }
            let to_shipment = if to.0 == from.0 {
                shipment
            } else {
                self.shipment_at(kernel, (to.0, ready), (resting, placed), opened)
            };
            placed[at].units -= moved;
            left -= moved;
            let ready = self.pool.ready(to);
            placed.push(Placed { shipment: to_shipment, supply: to.1, ready, units: moved });
            repegged.moves.push(Move { units: moved, shipment, from, to_shipment, to });
        }
        left == 0 || declined
    }

    /// The node of a shipment that there is already.
    fn node(&self, shipment: u16) -> Option<NodeNo> {
        self.order.shipments.get(usize::from(shipment)).map(|shipment| shipment.node)
    }

    /// Whether its node declined a shipment that there is already.
    fn was_declined(&self, shipment: u16) -> bool {
        usize::from(shipment) < self.order.shipments.len() && self.order.was_declined(shipment)
    }

    /// When the units of a step leave: those of a line that must not be split leave together.
    fn ready(&self, step: &Step, steps: &[Step]) -> Ready {
        let (_, to, _) = *step;
        let is_whole = self.order.header.split == Split::WholeLine;
        let together = steps.iter().filter(|other| is_whole && other.1.0 == to.0);
        let last = together.map(|other| self.pool.ready(other.1)).max();
        last.unwrap_or_else(|| self.pool.ready(to))
    }

    /// The shipment of a node for units that are ready then: one that ships on the same day,
    /// or a new one. The day of a shipment may have no room for more units, where the node bounds
    /// them: there it is a new one.
    fn shipment_at(
        &self,
        kernel: &Kernel,
        (node, ready): (NodeNo, Ready),
        (resting, placed): (&Resting, &[Placed]),
        opened: &mut Vec<(NodeNo, Ready)>,
    ) -> u16 {
        let ship_by = self.days(kernel, node, Some(ready)).map(|days| days.0);
        let all = self.order.shipments.iter().zip(0u16..);
        let mut planned = all.filter(|(shipment, at)| {
            let of_line = placed.iter().any(|of| of.shipment == *at && of.units > 0);
            let has_units = of_line || self.ready_of_others(kernel, resting, *at).is_some();
            // What its node has answered to stays what it answered to.
            let may_join = shipment.may_be_joined(kernel.state.now());
            shipment.node == node && may_join && shipment.ship_by == ship_by && has_units
        });
        let is_bounded = kernel.state.network.load().terms(node).capacity.units > 0;
        if let (Some((_, at)), false) = (planned.next(), is_bounded) {
            return at;
        }
        let known = opened.iter().position(|new| *new == (node, ready));
        let place = known.unwrap_or_else(|| {
            opened.push((node, ready));
            opened.len() - 1
        });
        u16::try_from(self.order.shipments.len() + place).expect("few shipments")
    }

    /// When the last unit of the other lines of a shipment can be counted on.
    fn ready_of_others(&self, kernel: &Kernel, resting: &Resting, shipment: u16) -> Option<Ready> {
        let all = self.order.allocations.iter().zip(&resting.rests);
        let others = all.filter(|(a, _)| a.shipment == shipment && a.line != self.demand.line);
        let others = others.flat_map(|(_, rests)| rests);
        others.map(|rest| self.counted(kernel, shipment, rest)).max()
    }

    /// When units in a shipment that there is already can be counted on.
    fn counted(&self, kernel: &Kernel, shipment: u16, rest: &Rest) -> Ready {
        let (network, now) = (kernel.state.network.load(), kernel.state.now());
        counted((&network, now), self.order.shipments[usize::from(shipment)].node, rest.ready())
    }

    fn days(&self, kernel: &Kernel, node: NodeNo, ready: Option<Ready>) -> Option<(Day, Day)> {
        let (network, now) = (kernel.state.network.load(), kernel.state.now());
        days_of(kernel, &network, (self.order, node), (ready?, now))
    }

    /// What is told anew of a shipment's days, if it is something else than what was told.
    fn told(
        &self,
        kernel: &Kernel,
        shipment: u16,
        opened: &[(NodeNo, Ready)],
        ready: Option<Ready>,
    ) -> Option<Told> {
        let units_there = ready == Some(Ready::Now);
        let before = self.order.shipments.get(usize::from(shipment));
        let was_there = before.is_some_and(|before| before.ship_by.is_some())
            && self.order.was_told_of_units_there(shipment);
        if units_there && was_there {
            return None;
        }
        let new = usize::from(shipment).checked_sub(self.order.shipments.len());
        let node = self.node(shipment).or_else(|| Some(opened.get(new?)?.0))?;
        let days = self.days(kernel, node, ready);
        let deliver_by_before = before.and_then(|shipment| shipment.deliver_by);
        let is_same = before.is_some_and(|before| {
            self.order.was_told_of_units_there(shipment) == units_there
                && before.ship_by.zip(before.deliver_by) == days
        });
        (!is_same).then_some(Told { shipment, deliver_by_before, days, units_there })
    }
}
