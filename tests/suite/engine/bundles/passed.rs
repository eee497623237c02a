//! Bundles that would be passed by a newer one, and what is overdue for too long.

use backstock_engine::command::{NodeDefinition, SetPolicy};
use backstock_engine::command::{OrderRequest, StockOperation};
use backstock_engine::engine::PlaceOutcome;
use backstock_engine::model::{
    Kept, NodeKind, PairTerms, Policy, Priority, PriorityClass, Segment, Segments, Shortage, Text,
};
use backstock_tests::fixture::*;

use super::{THERE, WAITS, World, at};

impl World {
    fn east(&mut self, enabled: bool) {
        let engine = self.single.engine.clone();
        let east = NodeDefinition { enabled, ..node("E", NodeKind::Warehouse, 1) };
        self.single.run(define_nodes(&engine, &[east]));
        self.single.drain();
    }

    /// An older order waits in the east for an `A` alone, and a newer one in the west, where it keeps one,
    /// for `B`.
    fn kept_in_the_west(mut self, newer: OrderRequest) -> Self {
        self.set("B", "E", 2);
        self.place("OLD", &[("SET", 1)], Shortage::Backorder).expect("it waits");
        assert_eq!(self.rests("OLD"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 2)]);
        self.set("A", "W", 1);
        self.east(false);
        let engine = self.single.engine.clone();
        let placed = self.single.run(place(&engine, newer)).expect("an answer").outcome;
        assert!(matches!(placed, PlaceOutcome::Placed(_)), "it waits");
        assert_eq!(self.rests("NEW"), [at(0, "W", THERE, 1), at(1, "W", WAITS, 2)]);
        self.east(true);
        self
    }
}

#[test]
fn a_bundle_that_lacks_one_component_alone_is_not_passed_by_a_newer_one_that_keeps_it() {
    let newer = order("NEW", &[("SET", 1)], Shortage::Backorder);
    let mut world = World::new().kept_in_the_west(newer);
    world.set("B", "W", 2);
    assert_eq!(world.rests("OLD"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    assert_eq!(world.rests("NEW"), [at(0, "W", WAITS, 1), at(1, "W", WAITS, 2)]);
    // What the older one left behind is the newer one's.
    world.set("A", "E", 1);
    assert_eq!(world.rests("NEW"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    world.restarts();
}

/// The older order was just given another of its lines.
#[test]
fn nor_is_one_whose_order_is_served_another_line_at_the_same_time() {
    let mut world = World::new();
    world.place("OLD", &[("B", 1), ("SET", 1)], Shortage::Backorder).expect("it waits");
    world.set("A", "W", 1);
    world.east(false);
    world.place("NEW", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("NEW"), [at(0, "W", THERE, 1), at(1, "W", WAITS, 2)]);
    world.east(true);
    world.set("B", "W", 3);
    let all = [at(0, "W", THERE, 1), at(1, "W", THERE, 1), at(2, "W", THERE, 2)];
    assert_eq!(world.rests("OLD"), all);
    assert_eq!(world.rests("NEW"), [at(0, "W", WAITS, 1), at(1, "W", WAITS, 2)]);
    world.restarts();
}

/// Two others keep what it waits for: one is older, and is served, and one is newer.
#[test]
fn nor_is_one_between_two_that_keep_what_it_lacks() {
    let mut world = World::new().stock(&[("A", "E", 0), ("A", "W", 1)]);
    let waits = |world: &mut World, id| {
        world.east(false);
        world.place(id, &[("SET", 1)], Shortage::Backorder).expect("it waits");
        assert_eq!(world.rests(id), [at(0, "W", THERE, 1), at(1, "W", WAITS, 2)]);
        world.east(true);
    };
    waits(&mut world, "FIRST");
    world.set("B", "E", 2);
    world.place("OLD", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("OLD"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 2)]);
    world.set("A", "W", 2);
    waits(&mut world, "NEW");
    world.set("B", "W", 4);
    for id in ["FIRST", "OLD"] {
        assert_eq!(world.rests(id), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)], "{id}");
    }
    assert_eq!(world.rests("NEW"), [at(0, "W", WAITS, 1), at(1, "W", WAITS, 2)]);
    world.restarts();
}

/// A newer one of another kind keeps it, and waits for something else.
#[test]
fn nor_by_one_of_another_kind_with_what_comes_for_that() {
    let mut world = World::new().stock(&[("A", "E", 1), ("B", "E", 2)]);
    world.place("KITS", &[("KIT", 1)], Shortage::Backorder).expect("it waits");
    let engine = world.single.engine.clone();
    let first = OrderRequest {
        priority: Priority::new(PriorityClass::Win, 0).expect("a tier"),
        ..order("SETS", &[("SET", 1)], Shortage::Backorder)
    };
    world.single.run(place(&engine, first)).expect("it waits");
    assert_eq!(world.rests("KITS"), [at(0, "E", THERE, 1), at(1, "E", WAITS, 1)]);
    assert_eq!(world.rests("SETS"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 2)]);
    world.set("C", "E", 1);
    assert_eq!(world.rests("SETS"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    assert_eq!(world.rests("KITS"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 1)]);
    world.restarts();
}

/// What the newer one keeps is of the share of its channel: given up, it would be nobody else's.
#[test]
fn what_a_newer_bundle_keeps_of_its_channels_share_is_not_given_up() {
    let mut world = World::new().stock(&[("B", "E", 2)]);
    world.place("OLD", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    let engine = world.single.engine.clone();
    let web = Text::new("channel", "web").expect("a text");
    let share = Segment {
        name: web.clone(),
        channels: vec![web.clone()],
        kept: Kept::Units(1),
        borrows: true,
        until: None,
    };
    let terms = PairTerms { segments: Segments(vec![share]), ..PairTerms::default() };
    let shares = StockOperation::SetTerms(Box::new(terms));
    world.single.run(change(&engine, "A", "E", shares)).expect("it is set");
    world.set("A", "E", 1);
    let newer = order("NEW", &[("KIT", 1)], Shortage::Backorder);
    let newer = OrderRequest { channel: Some(web), ..newer };
    world.single.run(place(&engine, newer)).expect("it waits");
    assert_eq!(world.rests("OLD"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 2)]);
    assert_eq!(world.rests("NEW"), [at(0, "E", THERE, 1), at(1, "E", WAITS, 1)]);
    world.set("C", "E", 1);
    assert_eq!(world.rests("NEW"), [at(0, "E", THERE, 1), at(1, "E", THERE, 1)]);
    assert_eq!(world.rests("OLD"), [at(0, "E", WAITS, 1), at(1, "E", THERE, 2)]);
    let newer = world.view("NEW").order;
    let mut moves = newer.decisions.iter().flat_map(|of| of.line.moves.clone());
    assert!(moves.all(|moved| moved.to.1 != WAITS), "for nobody");
    world.restarts();
}

/// Overdue supply that counts no more is none: a bundle that rests on it waits for that component, is
/// told no day, and a hold of it is not offered what it has.
#[test]
fn a_bundle_that_rests_on_what_is_overdue_for_too_long_waits() {
    let mut world = World::new().stock(&[("A", "E", 2)]);
    let engine = world.single.engine.clone();
    let policy = Policy { overdue_days: Some(2), ..Policy::default() };
    world.single.run(engine.set_policy(SetPolicy { meta: meta(), policy })).expect("it is set");
    world.comes("B", "E", 2, 1);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it comes");
    assert!(world.view("O").order.shipments[0].ship_by.is_some());
    let later = NOW.saturating_add_micros(6 * DAY);
    engine.tell_time(later);
    world.single.drain();
    assert_eq!(world.view("O").order.shipments[0].ship_by, None, "nobody counts on it");
    // What comes in its place has it leave, on its day.
    world.comes("B", "E", 1, 9);
    assert_eq!(world.view("O").order.shipments[0].ship_by, None, "one of two is none");
    world.comes("B", "E", 1, 10);
    assert!(world.view("O").order.shipments[0].ship_by.is_some());

    world.restarts();
}
