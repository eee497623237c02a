//! Bundles that wait: what they keep, what they are given, and whom they pass.

use backstock_engine::model::{HoldState, OrderId};

use super::*;

#[test]
fn a_bundle_that_waits_keeps_what_it_has_and_is_whole_before_newer_orders() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), at(1, "E", WAITS, 2)]);
    assert!(world.view("O").order.shipments[0].ship_by.is_none());
    world.set("B", "E", 1);
    assert_eq!(world.place("P", &[("B", 1)], Shortage::Reject), None, "it is the older order's");
    world.set("B", "E", 3);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    assert!(world.view("O").order.shipments[0].ship_by.is_some());
    assert!(world.place("P", &[("B", 1)], Shortage::Reject).is_some());
    world.restarts();
}

#[test]
fn a_bundle_that_waits_moves_whole_to_the_node_that_has_all_of_it() {
    let mut world = World::new().stock(&[("A", "E", 2)]);
    world.place("O", &[("SET", 2)], Shortage::Backorder).expect("it waits");
    world.set("B", "W", 2);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 2), at(1, "E", WAITS, 4)]);
    // All of one bundle is there, and none is left to anybody newer.
    world.set("A", "W", 1);
    let expected =
        [at(0, "E", THERE, 1), at(0, "W", THERE, 1), at(1, "E", WAITS, 2), at(1, "W", THERE, 2)];
    assert_eq!(world.rests("O"), expected);
    assert_eq!([world.free("A", "E"), world.free("A", "W"), world.free("B", "W")], [1, 0, 0]);
    let order = world.view("O").order;
    let opened = order.shipments.last().expect("it was opened");
    assert!(opened.ship_by.is_some() && opened.deliver_by.is_some());
    world = world.restarts();
    ship_all(&mut world, "O", 2);
    world.restarts();
}

/// It has a day, and leaves it for a sooner one: what came would be a newer order's else.
#[test]
fn a_bundle_that_comes_late_moves_whole_to_the_node_that_has_all_of_it_sooner() {
    let mut world = World::new().stock(&[("A", "W", 1)]);
    world.comes("B", "W", 2, 9);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it comes");
    let day = world.view("O").order.shipments[0].ship_by;
    world.set("A", "E", 1);
    world.comes("B", "E", 1, 3);
    assert_eq!(world.rests("O")[0].1, "W", "half of it is none");
    world.comes("B", "E", 1, 4);
    let rests = world.rests("O");
    assert!(rests.iter().all(|(_, at, ..)| at == "E"), "{rests:?}");
    assert!(world.view("O").order.shipments[1].ship_by < day);
    world.set("B", "E", 2);
    let of_b = at(1, "E", THERE, 1);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), of_b.clone(), of_b]);
    world.place("P", &[("SET", 1)], Shortage::Reject).expect("what the first one left");
    let rests = world.rests("P");
    assert!(rests.iter().all(|(_, at, ..)| at == "W"), "{rests:?}");
    world.restarts();
}

/// What it could not leave with any sooner is left to who can.
#[test]
fn a_bundle_takes_of_each_component_what_comes_by_the_day_of_the_last() {
    let mut world = World::new();
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.comes("A", "E", 1, 20);
    world.comes("B", "E", 2, 21);
    world.set("A", "E", 1);
    let of_o = world.rests("O");
    assert!(of_o.iter().all(|(_, _, supply, _)| matches!(supply, Supply::Inbound(_))), "{of_o:?}");
    world.place("P", &[("A", 1)], Shortage::Reject).expect("it is there");
    assert_eq!(world.rests("P"), [at(0, "E", THERE, 1)]);
    world.restarts();
}

/// One event for each, in one look: those that wait behind are not read anew for it.
#[test]
fn bundles_that_wait_are_served_one_after_the_other() {
    let mut world = World::new();
    for at in 0..40 {
        let lines: &[_] = if at % 2 == 0 { &[("SET", 1)] } else { &[("KIT", 1)] };
        world.place(&format!("O{at}"), lines, Shortage::Backorder).expect("it waits");
    }
    for item in ["A", "B", "C"] {
        world.set(item, "E", 40);
    }
    for at in 0..40 {
        let rests = world.rests(&format!("O{at}"));
        assert!(rests.iter().all(|(_, _, supply, _)| *supply == THERE), "{rests:?}");
    }
    assert_eq!([world.free("A", "E"), world.free("B", "E"), world.free("C", "E")], [0, 0, 20]);
    world.restarts();
}

/// What came free of one component is not the newer order's if the bundle can have the other.
#[test]
fn who_waits_for_a_bundle_is_served_though_another_component_came_free() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits for B in the east");
    world.set("B", "W", 2);
    let engine = world.single.engine.clone();
    let receive = StockOperation::Receive { quantity: 1, unavailable: 0 };
    world.single.run(change(&engine, "A", "W", receive)).expect("it is received");
    assert_eq!(world.place("P", &[("B", 1)], Shortage::Reject), None, "the bundle has them");
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// An older order of a single component comes first.
#[test]
fn a_bundle_passes_nobody_who_waits_for_one_of_its_components() {
    let mut world = World::new();
    world.place("OLD", &[("A", 1)], Shortage::Backorder).expect("it waits");
    world.place("SETS", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.set("B", "W", 2);
    world.set("A", "W", 1);
    assert_eq!(world.rests("OLD"), [at(0, "W", THERE, 1)]);
    assert!(world.rests("SETS").iter().all(|(.., supply, _)| *supply == WAITS));
    world.set("A", "W", 2);
    assert_eq!(world.rests("SETS"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// The newer one waits where the missing component comes, and keeps the other one there: the older
/// one is whole first.
#[test]
fn a_bundle_is_not_passed_by_a_newer_one_that_keeps_a_component() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("OLD", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.set("A", "W", 1);
    let engine = world.single.engine.clone();
    let east = |enabled| NodeDefinition { enabled, ..node("E", NodeKind::Warehouse, 1) };
    world.single.run(define_nodes(&engine, &[east(false)]));
    world.place("NEW", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("NEW"), [at(0, "W", THERE, 1), at(1, "W", WAITS, 2)]);
    world.single.run(define_nodes(&engine, &[east(true)]));
    world.set("B", "W", 2);
    assert_eq!(world.rests("OLD"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    assert_eq!(world.rests("NEW"), [at(0, "W", WAITS, 1), at(1, "W", WAITS, 2)]);
    // It had an A in the east, which the newer one may have with what comes there.
    world.set("B", "E", 2);
    assert_eq!(world.rests("NEW"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    world.restarts();
}

/// A node that ships so many units a day has no room today for what the bundle leaves there: that
/// is told the next day, and claims its room there.
#[test]
fn what_a_moved_bundle_leaves_behind_has_room_on_its_day() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let east = node("E", NodeKind::Warehouse, 1);
    let east = NodeDefinition { capacity_units_per_day: 5, ..east };
    world.single.run(define_nodes(&engine, &[east]));
    world.place("O", &[("SET", 3)], Shortage::Backorder).expect("it waits");
    for (item, units) in [("A", 2), ("B", 4), ("C", 5)] {
        world.set(item, "E", units);
    }
    world.place("P", &[("C", 5)], Shortage::Reject).expect("it leaves today");
    world.set("B", "W", 2);
    world.set("A", "W", 1);
    let expected =
        [at(0, "E", THERE, 2), at(0, "W", THERE, 1), at(1, "E", THERE, 4), at(1, "W", THERE, 2)];
    assert_eq!(world.rests("O"), expected);
    let days = |world: &mut World, id: &str| -> Vec<_> {
        world.view(id).order.shipments.iter().map(|shipment| shipment.ship_by).collect()
    };
    let today = days(&mut world, "P")[0].expect("it leaves");
    assert_eq!(days(&mut world, "O"), [Some(today.plus(1)), Some(today)]);
    world.restarts();
}

#[test]
fn a_bundle_that_lost_a_component_moves_with_what_it_has() {
    let mut world = World::new().stock(&[("A", "E", 1), ("A", "W", 1), ("B", "W", 2)]);
    world.set("B", "W", 0);
    world.comes("B", "E", 2, 3);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it comes");
    world.set("B", "W", 2);
    let engine = world.single.engine.clone();
    let id = InboundId::new("id", "PO-B-E-3").expect("an id");
    let cancel = StockOperation::CancelInbound { id };
    world.single.run(change(&engine, "B", "E", cancel)).expect("it does not come");
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    assert_eq!(world.free("A", "E"), 1, "what it had in the east is free");
    world.restarts();
}

/// The bundle waits at a node for more units of its components than the order lacks in all.
#[test]
fn a_bundle_that_waits_does_not_hide_a_line_beside_it_that_no_node_takes() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    for at in ["E", "W"] {
        let off = PairTerms { off_sourcing: true, ..PairTerms::default() };
        let off = change(&engine, "C", at, StockOperation::SetTerms(Box::new(off)));
        world.single.run(off).expect("they are set");
    }
    let wanted = order("O", &[("SET", 3), ("C", 1)], Shortage::Backorder);
    let told = world.single.run(place(&engine, wanted));
    assert!(matches!(told, Err(EngineError::Refused(Refusal::NoNode))), "{told:?}");
}

/// What comes later than is promised to new orders is given to who waits, with the day that
/// follows: nothing of it waits any more then.
#[test]
fn what_waits_for_a_bundle_is_given_what_comes_late_and_told_its_day() {
    let mut world = World::new().stock(&[("A", "E", 2)]);
    let engine = world.single.engine.clone();
    let policy = Policy { horizon_days: 3, ..Policy::default() };
    world.single.run(engine.set_policy(SetPolicy { meta: meta(), policy })).expect("it is set");
    world.comes("B", "E", 4, 30);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.single.run(engine.create_hold(hold("H", &[("SET", 1)]).waiting())).expect("it waits");
    world.single.drain();
    for id in [order_id("O"), OrderId::of_hold(hold("H", &[]).hold())] {
        let view = world.single.run(engine.order(&id)).expect("the order");
        assert!(view.supplies.iter().flatten().all(|(supply, _)| *supply != WAITS));
        assert!(view.order.shipments[0].ship_by.is_some(), "{id}");
        let mut told = view.order.decisions.iter().flat_map(|of| of.line.told.clone());
        assert!(told.any(|told| told.days.is_some()), "{id} was told its day");
        let hold = view.order.header.hold.as_deref();
        assert_eq!(hold.map_or(HoldState::Live, |hold| hold.state), HoldState::Live);
    }
    world.restarts();
}
