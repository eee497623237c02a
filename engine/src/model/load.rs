//! What shipments put on the days of nodes.

use smallvec::SmallVec;

use super::ids::NodeNo;
use super::order::{Allocation, Order, Shipment};
use super::time::Day;

/// A local day of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeDay {
    /// The node.
    pub node: NodeNo,
    /// The day, as its zone has it.
    pub day: Day,
}

/// What is planned to leave a node on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Units.
    pub units: u32,
    /// Shipments.
    pub shipments: u32,
}

/// Loads by day of a node, each day once.
pub type Loads = SmallVec<[(NodeDay, Load); 2]>;

impl Load {
    /// In the order in which counters have them: units, shipments.
    pub fn counts(self) -> [u64; 2] {
        [self.units.into(), self.shipments.into()]
    }

    /// What is more here than in another load.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_sub(other.units),
            shipments: self.shipments.saturating_sub(other.shipments),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_add(other.units),
            shipments: self.shipments.saturating_add(other.shipments),
        }
    }

    /// Whether it is nothing.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// What shipments put on the days on which they are to leave: their open units. One that left,
/// that its node declined, or of which units wait, puts nothing on any day.
pub fn loads(shipments: &[Shipment], allocations: &[Allocation]) -> Loads {
    let mut loads = Loads::new();
    for (shipment, at) in shipments.iter().zip(0_u16..) {
        let (Some(day), true) = (shipment.ship_by, shipment.is_to_leave()) else { continue };
        let of_it = allocations.iter().filter(|a| a.shipment == at);
        let units = of_it.map(Allocation::open).sum();
        if units > 0 {
            let at = NodeDay { node: shipment.node, day };
            put_on(&mut loads, at, Load { units, shipments: 1 });
        }
    }
    loads
}

/// The load of one day among these.
pub fn load_on(loads: &[(NodeDay, Load)], at: NodeDay) -> Load {
    let of_day = loads.iter().find(|(of, _)| *of == at);
    of_day.map_or_else(Load::default, |(_, load)| *load)
}

/// Room that an order wants on a day, beyond what it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomAsked {
    /// The day.
    pub at: NodeDay,
    /// What comes on it.
    pub more: Load,
    /// What the order has on it already.
    pub own: Load,
}

/// What an order asks for whose loads were one set, and are to be another one.
pub fn beyond(after: &[(NodeDay, Load)], before: &[(NodeDay, Load)]) -> SmallVec<[RoomAsked; 2]> {
    let asked = after.iter().map(|&(at, load)| {
        let own = load_on(before, at);
        RoomAsked { at, more: load.beyond(own), own }
    });
    asked.filter(|asked| !asked.more.is_none()).collect()
}

/// Puts a load on a day, beside what is on it among these.
pub fn put_on(loads: &mut Loads, at: NodeDay, load: Load) {
    match loads.iter_mut().find(|(of, _)| *of == at) {
        Some((_, known)) => *known = known.and(load),
        None => loads.push((at, load)),
    }
}

impl Order {
    /// What its shipments put on the days on which they are to leave.
    pub fn loads(&self) -> Loads {
        loads(&self.shipments, &self.allocations)
    }
}

/// How an event moved what an order puts on days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadsMoved {
    /// What it put on days before.
    pub before: Loads,
    /// What it puts on days now.
    pub after: Loads,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Supply;

    const EAST: NodeNo = NodeNo(1);

    fn on(day: i32) -> NodeDay {
        NodeDay { node: EAST, day: Day::from_epoch_days(day) }
    }

    fn shipment(day: Option<i32>) -> Shipment {
        Shipment { ship_by: day.map(Day::from_epoch_days), ..Shipment::waiting(EAST) }
    }

    #[test]
    fn a_day_has_the_open_units_of_the_shipments_that_leave_on_it() {
        let shipments = [shipment(Some(3)), shipment(None), shipment(Some(4)), shipment(Some(3))];
        let part = |shipment, units| Allocation::new((0, shipment), Supply::OnHand, units);
        let mut allocations = [part(0, 5), part(1, 9), part(2, 2), part(0, 1), part(3, 4)];
        allocations[0].cancelled = 2;
        allocations[2].shipped = 2;
        let there = loads(&shipments, &allocations);
        assert_eq!(there[..], [(on(3), Load { units: 8, shipments: 2 })]);
    }

    #[test]
    fn what_a_day_has_already_is_not_put_on_it_again() {
        let load = |units, shipments| Load { units, shipments };
        let before = [(on(3), load(5, 1)), (on(4), load(2, 1))];
        let after = [(on(3), load(7, 1)), (on(4), load(1, 1)), (on(5), load(3, 1))];
        let asked = |day, more, own| RoomAsked { at: on(day), more, own };
        let expected = [asked(3, load(2, 0), load(5, 1)), asked(5, load(3, 1), Load::default())];
        assert_eq!(beyond(&after, &before)[..], expected);
    }
}
