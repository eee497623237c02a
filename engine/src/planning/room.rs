//! The first day on which a node has room for what is planned to leave it.
//!
//! ```text
//!   ready, picked up --> the day is full --> the next day on which the carrier picks up
//! ```
//! What leaves in one shipment leaves on one day: a day that has room for a part of it is passed
//! over as well, unless sourcing is offered that part (`route.rs`). A day on which no other order
//! has anything takes what is larger than the capacity: no day would take it else.

use crate::model::load::load_on;
use crate::model::{Capacity, Day, Load, Loads, NodeDay, NodeNo, Order, Timestamp, Weekdays};
use crate::state::loads::NodeLoads;
use crate::state::network::Network;

/// What is planned to leave nodes, as an order sees it.
#[derive(Clone, Copy)]
pub struct Rooms<'a> {
    /// What is planned, by all orders.
    pub loads: &'a NodeLoads,
    /// What is different of it where an order is planned anew.
    pub replanned: Option<&'a Replanned>,
}

/// What is different of the days for an order that is planned anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replanned {
    /// What the order has put on days.
    pub own: Loads,
    /// What of that stays there: it is not planned anew.
    pub stays: Loads,
    /// What other orders take in the same event.
    pub taken: Loads,
}

/// What is to leave on a day.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    /// In all, but for what stays there.
    pub load: Load,
    /// Whether a day on which no other order has anything takes it, however large.
    pub may_be_alone: bool,
}

impl Leaving {
    /// One shipment, for which an empty day may be taken.
    pub const fn shipment(units: u32) -> Self {
        Self { load: Load { units, shipments: 1 }, may_be_alone: true }
    }
}

impl Replanned {
    /// All of an order is planned anew.
    pub fn whole(order: &Order) -> Self {
        Self { own: order.loads(), ..Self::default() }
    }
}

impl<'a> Rooms<'a> {
    /// As an order sees it that has nothing there yet.
    pub const fn of(loads: &'a NodeLoads) -> Self {
        Self { loads, replanned: None }
    }

    /// What the order has put on days.
    pub fn own(&self) -> &[(NodeDay, Load)] {
        self.replanned.map_or(&[], |replanned| &replanned.own)
    }

    /// What others have on a day: units, shipments.
    fn others(&self, at: NodeDay) -> [u64; 2] {
        let beside = self.loads.beside(at, load_on(self.own(), at));
        let taken = self.replanned.map(|it| load_on(&it.taken, at).counts());
        plus(beside, taken.unwrap_or_default())
    }

    /// What of the order stays on a day.
    fn stays(&self, at: NodeDay) -> Load {
        self.replanned.map_or_else(Load::default, |it| load_on(&it.stays, at))
    }

    /// Units for which a day has room in a shipment more.
    pub fn units_on(&self, at: NodeDay, capacity: Capacity) -> u32 {
        let [most, shipments_most] = capacity.most();
        let [units, shipments] = plus(self.others(at), self.stays(at).counts());
        let left = if shipments < shipments_most { most.saturating_sub(units) } else { 0 };
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// Whether no other order has anything on a day.
    pub fn is_empty(&self, at: NodeDay) -> bool {
        self.others(at) == [0; 2]
    }

    fn has_room(&self, at: NodeDay, leaving: Leaving, capacity: Capacity) -> bool {
        let others = self.others(at);
        let all = plus(others, self.stays(at).and(leaving.load).counts());
        let fits = all.iter().zip(capacity.most()).all(|(sum, most)| *sum <= most);
        fits || (leaving.may_be_alone && others == [0; 2])
    }

    /// The first day from one on, on which something may leave a node, on these weekdays, and the
    /// node has room for what is to leave, which depends on the day.
    pub fn first_day(
        &self,
        network: &Network,
        (no, weekdays): (NodeNo, Weekdays),
        (from, now): (Day, Timestamp),
        leaving: impl Fn(NodeDay) -> Leaving,
    ) -> Day {
        let Some(last) = network.bounded_until(no, now) else { return from };
        let capacity = network.terms(no).capacity;
        let calendar = &network.node(no).calendar;
        let mut day = from;
        while day <= last {
            let at = NodeDay { node: no, day };
            if self.has_room(at, leaving(at), capacity) {
                break;
            }
            day = calendar.picked_up(day.plus(1), weekdays).unwrap_or(day.plus(1));
        }
        day
    }
}

fn plus(one: [u64; 2], other: [u64; 2]) -> [u64; 2] {
    std::array::from_fn(|at| one[at].saturating_add(other[at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoomAsked;

    const AT: NodeDay = NodeDay { node: NodeNo(0), day: Day::from_epoch_days(3) };

    fn load(units: u32, shipments: u32) -> Load {
        Load { units, shipments }
    }

    fn on_it(units: u32, shipments: u32) -> Loads {
        Loads::from_iter([(AT, load(units, shipments))])
    }

    /// Of 10 units that a day takes, others have so many.
    fn loads(others: Load) -> NodeLoads {
        let loads = NodeLoads::default();
        let asked = RoomAsked { at: AT, more: others, own: Load::default() };
        loads.claim(asked, Capacity::default()).expect("no turn panics");
        loads
    }

    #[test]
    fn a_day_has_room_within_its_capacity_or_for_one_order_alone() {
        let capacity = Capacity { units: 10, shipments: 0 };
        let none = Replanned::default;
        let own = |own, stays| Replanned { own, stays, ..none() };
        let rows = [
            (load(0, 0), none(), 10, true),
            (load(0, 0), none(), 11, true),
            (load(1, 1), none(), 9, true),
            (load(1, 1), none(), 10, false),
            // What the order has there itself is no other's, and leaves when it is planned anew.
            (load(10, 1), own(on_it(10, 1), Loads::new()), 11, true),
            (load(10, 2), own(on_it(8, 1), Loads::new()), 8, true),
            (load(10, 2), own(on_it(8, 1), Loads::new()), 9, false),
            // But for what stays.
            (load(10, 2), own(on_it(8, 1), on_it(3, 1)), 5, true),
            (load(10, 2), own(on_it(8, 1), on_it(3, 1)), 6, false),
            // What others take in the same event is theirs already.
            (load(0, 0), Replanned { taken: on_it(4, 1), ..none() }, 6, true),
            (load(0, 0), Replanned { taken: on_it(4, 1), ..none() }, 7, false),
        ];
        for (at, (others, replanned, units, expected)) in rows.into_iter().enumerate() {
            let loads = loads(others);
            let rooms = Rooms { loads: &loads, replanned: Some(&replanned) };
            let there = rooms.has_room(AT, Leaving::shipment(units), capacity);
            assert_eq!(there, expected, "row {at}");
        }
    }

    #[test]
    fn a_day_is_held_to_its_units_and_to_its_shipments() {
        let loads = loads(load(4, 2));
        let rows =
            [(10, 0, 6, 6), (0, 3, 99, u32::MAX), (0, 2, 1, 0), (10, 3, 6, 6), (10, 2, 1, 0)];
        for (units, shipments, wanted, left) in rows {
            let (rooms, capacity) = (Rooms::of(&loads), Capacity { units, shipments });
            let has_room = rooms.has_room(AT, Leaving::shipment(wanted), capacity);
            assert_eq!((has_room, rooms.units_on(AT, capacity)), (left > 0, left), "{capacity:?}");
        }
    }
}
