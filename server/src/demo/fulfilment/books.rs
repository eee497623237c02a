//! Units, counted twice: by what the demo asked for and was told, and as the server has them at the
//! end.

use std::collections::BTreeMap;

use backstock_proto::v1;

use super::course::Course;

/// Where units are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Units {
    pub(super) ordered: u64,
    pub(super) delivered: u64,
    pub(super) collected: u64,
    pub(super) cancelled: u64,
    /// They left, and nobody said that they arrived.
    pub(super) on_the_way: u64,
    /// They did not leave yet.
    pub(super) open: u64,
}

impl Units {
    /// Units of an order as the server has it.
    pub(super) fn of(order: &v1::Order) -> Self {
        let mut sum = Self::default();
        for line in &order.lines {
            let units = line.units.unwrap_or_default();
            let waits = [units.backordered, units.preordered, units.allocated, units.released];
            let handled = [units.picked, units.packed, units.ready];
            sum.add(Self {
                ordered: line.quantity.into(),
                delivered: units.delivered.into(),
                collected: units.collected.into(),
                cancelled: units.cancelled.into(),
                on_the_way: (units.shipped + units.lost).into(),
                open: waits.iter().chain(&handled).map(|units| u64::from(*units)).sum(),
            });
        }
        sum
    }

    /// Adds others to these.
    pub(super) const fn add(&mut self, other: Self) {
        self.ordered += other.ordered;
        self.delivered += other.delivered;
        self.collected += other.collected;
        self.cancelled += other.cancelled;
        self.on_the_way += other.on_the_way;
        self.open += other.open;
    }

    /// Whether each unit is somewhere, and at one place.
    pub(super) const fn adds_up(self) -> bool {
        let Self { ordered, delivered, collected, cancelled, on_the_way, open } = self;
        ordered == delivered + collected + cancelled + on_the_way + open
    }
}

/// What the demo did itself.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Each order that took its course.
    pub(super) courses: BTreeMap<String, Course>,
    /// What was asked for and told; where the others are, only the server knows.
    pub(super) done: Units,
    /// Changes that could not be had.
    pub(super) refused_changes: u64,
    /// Picks that were refused because the order was on hold.
    pub(super) kept_back: u64,
    /// Messages that were sent again, or late, and changed nothing.
    pub(super) repeats: u64,
    /// Of those, messages that changed something.
    pub(super) heard_twice: u64,
}

impl Books {
    /// Whether the server has the units where the demo brought them, and kept back what was on hold.
    pub(super) fn agree(&self, found: Units) -> bool {
        let done = self.done;
        let on_hold = self.courses.values().filter(|course| **course == Course::OnHold).count();
        found.adds_up()
            && self.kept_back == on_hold as u64
            && found.ordered == done.ordered
            && found.delivered == done.delivered
            && found.collected == done.collected
            && found.cancelled == done.cancelled
            && self.heard_twice == 0
    }

    /// A message was sent again: the shipment is the same.
    pub(super) fn repeated(&mut self, before: &v1::Shipment, after: &v1::Shipment) {
        self.repeats += 1;
        self.heard_twice += u64::from(before != after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> v1::Order {
        let units = v1::LineUnits {
            backordered: 1,
            picked: 2,
            shipped: 3,
            delivered: 4,
            collected: 5,
            cancelled: 6,
            ..v1::LineUnits::default()
        };
        let line = v1::OrderLine { quantity: 21, units: Some(units), ..Default::default() };
        v1::Order { lines: vec![line], ..Default::default() }
    }

    #[test]
    fn a_unit_that_is_nowhere_or_at_two_places_does_not_add_up() {
        let units = Units::of(&order());
        assert!(units.adds_up());
        assert_eq!((units.open, units.on_the_way), (3, 3));
        assert!(!Units { ordered: 22, ..units }.adds_up());
        assert!(!Units { delivered: 5, ..units }.adds_up());
    }

    #[test]
    fn the_books_disagree_where_the_server_has_other_units_or_heard_a_message_twice() {
        let found = Units::of(&order());
        let books = || Books { done: found, ..Books::default() };
        assert!(books().agree(found));
        let moved = Units { delivered: 3, collected: 6, ..found };
        assert!(moved.adds_up() && !books().agree(moved));
        let mut picked = books();
        picked.courses.insert("A".into(), Course::OnHold);
        assert!(!picked.agree(found), "a node picked what was on hold");
        picked.kept_back = 1;
        assert!(picked.agree(found));
        let mut twice = books();
        twice.repeated(&v1::Shipment::default(), &v1::Shipment { number: 2, ..Default::default() });
        assert!(!twice.agree(found));
    }
}
