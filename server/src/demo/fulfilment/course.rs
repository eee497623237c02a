//! What an order goes through. A hash of its id decides; nothing is drawn at random.

use backstock_proto::v1;

use super::super::hash::spread_below;

/// The way of an order through its last days in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Course {
    /// Released, accepted, picked, packed, shipped, delivered.
    AsPlanned,
    /// A supplier ships it, and says nothing before.
    DropShipped,
    /// In two boxes, by two trucks.
    TwoBoxes,
    /// Each message of the node comes twice, and an old one behind a newer.
    SaidTwice,
    /// It arrives before anybody said that it had left.
    Backwards,
    /// The node finds none of it.
    NotFound,
    /// What the node has of it is damaged.
    Damaged,
    /// The node has fewer than it was to ship.
    Short,
    /// The customer wants more.
    More,
    /// Or fewer.
    Fewer,
    /// Or something else instead.
    Swapped,
    /// Or without a line.
    TakenOut,
    /// He calls it off before the node begins.
    Cancelled,
    /// He calls it off when it is picked.
    PutBack,
    /// It is reviewed for fraud, and found good.
    OnHold,
    /// He collects it in a store.
    Collected,
    /// His store does not find it; he waits until it is brought there.
    AskedAndWaits,
    /// His store does not find it; he does without.
    AskedAndCancels,
}

impl Course {
    /// All of them, in the order in which they are told.
    pub(super) const ALL: [Self; 18] = [
        Self::AsPlanned,
        Self::TwoBoxes,
        Self::SaidTwice,
        Self::Backwards,
        Self::DropShipped,
        Self::Collected,
        Self::AskedAndWaits,
        Self::AskedAndCancels,
        Self::NotFound,
        Self::Damaged,
        Self::Short,
        Self::More,
        Self::Fewer,
        Self::Swapped,
        Self::TakenOut,
        Self::Cancelled,
        Self::PutBack,
        Self::OnHold,
    ];

    /// What it is for people.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::AsPlanned => "as planned",
            Self::TwoBoxes => "in two boxes, by two trucks",
            Self::SaidTwice => "every message of the node came twice, an old one late",
            Self::Backwards => "arrived before anybody said that it had left",
            Self::DropShipped => "shipped by a supplier",
            Self::Collected => "collected in a store",
            Self::AskedAndWaits => "not in the customer's store: brought there",
            Self::AskedAndCancels => "not in the customer's store: he does without",
            Self::NotFound => "declined: not on the shelf",
            Self::Damaged => "declined: damaged",
            Self::Short => "picked short",
            Self::More => "changed: one more",
            Self::Fewer => "changed: one less",
            Self::Swapped => "changed: another item instead",
            Self::TakenOut => "changed: a line taken out",
            Self::Cancelled => "cancelled",
            Self::PutBack => "cancelled while picked, and put back",
            Self::OnHold => "on hold for a fraud review, and released",
        }
    }

    /// The course of an order, seen when a first shipment of it is to leave.
    pub(super) fn of(order: &v1::Order, shipment: &v1::Shipment) -> Self {
        if is_of_supplier(shipment) {
            return Self::DropShipped;
        }
        if order.pickup.is_some() {
            return Self::of_pickup(order, shipment);
        }
        let course = Self::drawn(&order.order_id);
        let is_possible = match course {
            Self::Short | Self::Fewer | Self::TwoBoxes => most(shipment) > 1,
            Self::TakenOut => order.lines.len() > 1,
            _ => true,
        };
        if is_possible { course } else { Self::AsPlanned }
    }

    /// Of a hundred orders, so many.
    fn drawn(id: &str) -> Self {
        const SHARES: [(Course, u32); 13] = [
            (Course::NotFound, 6),
            (Course::Damaged, 5),
            (Course::Short, 8),
            (Course::More, 6),
            (Course::Fewer, 6),
            (Course::Swapped, 5),
            (Course::TakenOut, 6),
            (Course::Cancelled, 5),
            (Course::PutBack, 4),
            (Course::OnHold, 4),
            (Course::SaidTwice, 7),
            (Course::Backwards, 6),
            (Course::TwoBoxes, 6),
        ];
        let mut left = spread_below("course", id, 100);
        for (course, share) in SHARES {
            if left < share {
                return course;
            }
            left -= share;
        }
        Self::AsPlanned
    }

    /// Only what is on the shelves of the customer's own store may be missing there.
    fn of_pickup(order: &v1::Order, shipment: &v1::Shipment) -> Self {
        let is_there = shipment.pickup_node_id == shipment.node_id;
        match spread_below("pickup course", &order.order_id, 3) {
            0 if is_there => Self::AskedAndWaits,
            1 if is_there => Self::AskedAndCancels,
            _ => Self::Collected,
        }
    }
}

/// Whether a supplier ships it: he only says that it left.
pub(super) fn is_of_supplier(shipment: &v1::Shipment) -> bool {
    let kind = |line: &v1::ShipmentLine| line.supply.as_ref().map(v1::Supply::kind);
    shipment.lines.iter().any(|line| kind(line) == Some(v1::SupplyKind::Supplier))
}

/// Units of the line that has most of a shipment.
fn most(shipment: &v1::Shipment) -> u32 {
    shipment.lines.iter().map(|line| line.quantity).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn shipment(quantity: u32, supply: v1::SupplyKind) -> v1::Shipment {
        let supply = Some(v1::Supply { kind: supply.into(), inbound_id: String::new() });
        let line = v1::ShipmentLine { quantity, supply, ..Default::default() };
        let (node_id, pickup_node_id) = ("N".to_owned(), "N".to_owned());
        v1::Shipment { lines: vec![line], node_id, pickup_node_id, ..Default::default() }
    }

    fn order(id: u32, lines: usize) -> v1::Order {
        let order_id = format!("W{id}");
        let lines = vec![v1::OrderLine::default(); lines];
        v1::Order { order_id, lines, ..Default::default() }
    }

    #[test]
    fn each_course_is_met() {
        let on_hand = shipment(2, v1::SupplyKind::OnHand);
        let shipped = (0..400).map(|id| Course::of(&order(id, 2), &on_hand));
        let pickup = Some(v1::Pickup { node_id: "N".into(), only_stock_there: false });
        let collected = (0..50).map(|id| v1::Order { pickup: pickup.clone(), ..order(id, 1) });
        let collected = collected.map(|order| Course::of(&order, &on_hand));
        let dropped = Course::of(&order(1, 1), &shipment(1, v1::SupplyKind::Supplier));
        let met: BTreeSet<_> = shipped.chain(collected).chain([dropped]).collect();
        assert_eq!(met, BTreeSet::from(Course::ALL));
    }

    #[test]
    fn what_an_order_does_not_have_is_not_taken_from_it() {
        let one = shipment(1, v1::SupplyKind::OnHand);
        for id in 0..400 {
            let course = Course::of(&order(id, 1), &one);
            let takes = [Course::Short, Course::Fewer, Course::TakenOut, Course::TwoBoxes];
            assert!(!takes.contains(&course), "{id}: {course:?}");
        }
    }
}
