//! Which shipments of an order have a right to which units, and what others may make of it.

use smallvec::SmallVec;

use super::{Allocation, Order, count};
use crate::model::catalog::Split;
use crate::model::ids::NodeNo;
use crate::model::stock::ShipmentLine;
use crate::model::time::Day;

impl Order {
    /// Whether the days of a shipment, from 0, were told of units that were there.
    pub fn was_told_of_units_there(&self, shipment: u16) -> bool {
        let there = |a: &Allocation| a.supply.is_there();
        let told = self.shipments[usize::from(shipment)].told_of_units_there;
        told.unwrap_or_else(|| self.allocations_of(shipment).all(there))
    }

    /// Shipments, from 0, in the order in which they have a right to the firmest units of a
    /// line at a node: by the day on which they ship, and of one day, those whose units are
    /// there. One that its node declined comes last.
    pub fn shipments_by_right(&self) -> SmallVec<[u16; 4]> {
        let mut all: SmallVec<[u16; 4]> = (0..count(self.shipments.len())).collect();
        all.sort_by_key(|at| {
            let ship_by = self.shipments[usize::from(*at)].ship_by;
            let by_day = (ship_by.is_none(), ship_by, !self.was_told_of_units_there(*at));
            (self.was_declined(*at), by_day)
        });
        all
    }

    /// Units of a line, not picked, that earlier shipments of the same node have a right to.
    pub fn ahead_of(&self, shipment: u16, line: u16) -> u32 {
        let node = self.shipments[usize::from(shipment)].node;
        let by_right = self.shipments_by_right();
        let before = by_right.iter().take_while(|at| **at != shipment);
        let earlier = before.filter(|at| self.shipments[usize::from(**at)].node == node);
        let of_line = |a: &&Allocation| a.line == line;
        earlier.flat_map(|at| self.allocations_of(*at).filter(of_line)).map(Allocation::loose).sum()
    }

    /// Units of a line in a shipment, so many of them picked, with those of the line that are ahead
    /// of the others.
    pub fn in_shipment(
        &self,
        shipment: u16,
        line: u16,
        (units, picked): (u32, u32),
    ) -> ShipmentLine {
        ShipmentLine { line, units, picked, ahead: self.ahead_of(shipment, line) }
    }

    /// The day on which a line is on time, where it is planned anew: the first day that was told
    /// for units that a node declined, else the last for its units that are still to leave. None
    /// later than the order wants it by.
    pub fn promised_by(&self, line: u16) -> Day {
        let told = |is_declined: bool| {
            let open = self.allocations.iter().filter(move |a| a.line == line && a.open() > 0);
            let of = open.filter(move |a| self.was_declined(a.shipment) == is_declined);
            of.filter_map(|a| self.shipments[usize::from(a.shipment)].deliver_by)
        };
        let told = told(true).min().or_else(|| told(false).max());
        told.map_or(self.header.promise_by, |told| told.min(self.header.promise_by))
    }

    /// The nodes that declined the order, each with the units of a line that are still in
    /// shipments that it declined.
    pub fn declined_of(&self, line: u16) -> SmallVec<[(NodeNo, u32); 2]> {
        let units = |node: NodeNo| {
            let of_line = self.allocations.iter().filter(|a| a.line == line);
            let there = |a: &&Allocation| self.shipments[usize::from(a.shipment)].node == node;
            let declined = of_line.filter(there).filter(|a| self.was_declined(a.shipment));
            declined.map(Allocation::open).sum()
        };
        self.declined.iter().map(|node| (*node, units(*node))).collect()
    }

    /// The nodes that alone ship what is left of a line which must not be split, because units
    /// of it are picked there, or left there: anywhere else, it would be split. A node that
    /// declined units of the line is none of them. None if any node may ship it.
    pub fn kept_at(&self, line: u16) -> SmallVec<[NodeNo; 1]> {
        if self.header.split != Split::WholeLine {
            return SmallVec::new();
        }
        let node = |a: &Allocation| self.shipments[usize::from(a.shipment)].node;
        let of_line = || self.allocations.iter().filter(|a| a.line == line);
        let begun = of_line().filter(|a| a.picked > 0 || a.shipped > 0).map(node);
        let declined =
            |no: &NodeNo| of_line().any(|a| self.was_declined(a.shipment) && node(a) == *no);
        begun.filter(|no| !declined(no)).collect()
    }
}
