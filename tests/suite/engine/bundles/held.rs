//! Holds of bundles.

use backstock_engine::command::{ChangeHold, ConfirmHold, ReleaseHold};
use backstock_engine::model::{HoldState, OrderId};

use super::*;

#[test]
fn a_hold_has_bundles_and_is_confirmed_as_what_was_asked_for() {
    let mut world = World::new().stock(&[("A", "E", 2), ("B", "E", 4)]);
    let engine = world.single.engine.clone();
    let held = |name: &str, lines| hold(name, lines);
    world.single.run(engine.create_hold(held("H", &[("SET", 1)]))).expect("it holds");
    assert_eq!(world.atp("SET"), 1);
    assert_eq!(engine.held_of(&sku("SET")).expect("the bundle").units, 1);
    let confirm = |lines: &[(&str, u32)], postal: Option<&str>| ConfirmHold {
        meta: meta(),
        hold: held("H", &[]).hold().clone(),
        order: order_id("O"),
        customer: None,
        channel: None,
        destination: postal.map(|_| order("-", &[], Shortage::Reject).destination),
        service: None,
        deliver_by: None,
        lines: order("-", lines, Shortage::Reject).lines,
        prices: None,
    };
    let other = world.single.run(engine.confirm_hold(confirm(&[("A", 1), ("B", 2)], None)));
    assert!(matches!(other, Err(EngineError::Refused(Refusal::HoldDiffers { .. }))), "{other:?}");
    world.single.run(engine.confirm_hold(confirm(&[("SET", 1)], None))).expect("it is his");
    let order = world.view("O").order;
    assert_eq!(order.bundles.len(), 1);
    // The last one is held, and released.
    world.single.run(engine.create_hold(held("I", &[("SET", 1)]))).expect("it holds");
    assert_eq!(world.place("P", &[("SET", 1)], Shortage::Reject), None);
    let id = held("I", &[]).hold().clone();
    world.single.run(engine.release_hold(ReleaseHold { meta: meta(), hold: id })).expect("free");
    assert!(world.place("P", &[("SET", 1)], Shortage::Reject).is_some());
    world.restarts();
}

/// The fields that are wrong.
fn fields<T: std::fmt::Debug>(told: Result<T, EngineError>) -> Vec<String> {
    let Err(EngineError::Invalid(found)) = told else { panic!("{told:?}") };
    found.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn a_hold_that_takes_a_part_takes_no_bundles() {
    let mut world = World::new().stock(&[("A", "E", 2), ("B", "E", 3)]);
    let engine = world.single.engine.clone();
    let of_bundles = hold("H", &[("SET", 2)]).taking_a_part();
    assert_eq!(fields(world.single.run(engine.create_hold(of_bundles))), ["accept_part"]);
    let of_items = hold("H", &[("B", 4)]).taking_a_part();
    let hold = of_items.hold().clone();
    world.single.run(engine.create_hold(of_items)).expect("it has three");
    let lines = order("-", &[("SET", 1)], Shortage::Reject).lines;
    let change = ChangeHold { meta: meta(), hold, lines };
    let refused = world.single.run(engine.change_hold(change));
    let Err(EngineError::Refused(Refusal::HoldTakesPart { sku, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(sku.as_str(), "SET");
    assert_eq!([world.free("A", "E"), world.free("B", "E")], [2, 0]);
    world.restarts();
}

#[test]
fn a_hold_of_a_bundle_in_line_is_offered_it_once_all_of_it_is_there() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    let engine = world.single.engine.clone();
    world.single.run(engine.create_hold(hold("H", &[("SET", 1)]).waiting())).expect("it waits");
    let state = |world: &mut World| {
        let id = OrderId::of_hold(hold("H", &[]).hold());
        let view = world.single.run(world.single.engine.clone().order(&id)).expect("the hold");
        view.order.header.hold.as_deref().map(|hold| hold.state)
    };
    world.set("B", "W", 2);
    assert_eq!(state(&mut world), Some(HoldState::Waiting));
    world.set("A", "W", 1);
    assert_eq!(state(&mut world), Some(HoldState::Live));
    world.restarts();
}
