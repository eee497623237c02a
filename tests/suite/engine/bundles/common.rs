//! Lines of one order that need the same item: each of its units counts once.

use backstock_engine::command::{
    CancelOrder, ChangeHold, ConfirmHold, DeclineShipment, PlaceOrder, ReleaseHold,
    SetOrderPriority, StockOperation,
};
use backstock_engine::engine::{EngineError, Quoted};
use backstock_engine::model::{
    DeclineReason, LineUnits, OrderId, OrderState, Priority, PriorityClass, Refusal, Shortage,
    Split,
};
use backstock_tests::fixture::*;

use super::{THERE, WAITS, World, at, hold, ship_all};

/// A `SET` is an `A` and two `B`, and a `KIT` an `A` and a `C`.
fn stocked(a: u32, b: u32, c: u32) -> World {
    World::new().stock(&[("A", "E", a), ("B", "E", b), ("C", "E", c)])
}

#[test]
fn pain_2_lines_that_need_the_same_component_do_not_oversell_it() {
    let both = [("SET", 1), ("KIT", 1)];
    let lines = [&[("SET", 2), ("KIT", 1)][..], &[("SET", 1), ("A", 2)], &[("A", 2), ("KIT", 1)]];
    for lines in lines {
        let mut world = stocked(2, 9, 9);
        assert_eq!(world.place("-", lines, Shortage::Reject), None, "{lines:?} need three");
        let order = world.place("O", &both, Shortage::Reject).expect("two are there");
        assert_eq!((order.lines.len(), order.bundles.len(), order.shipments.len()), (4, 2, 1));
        assert_eq!([world.free("A", "E"), world.free("B", "E"), world.free("C", "E")], [0, 7, 8]);
        assert_eq!(world.place("P", &[("A", 1)], Shortage::Reject), None, "none is left");
        world = world.restarts();
        ship_all(&mut world, "O", 1);
        assert_eq!(world.view("O").order.state(), OrderState::Closed);
        let engine = world.single.engine.clone();
        let left = world.single.run(engine.stock(&sku("A"), &node_id("E"))).expect("the pair");
        assert_eq!((left.stock.on_hand, left.stock.allocated, left.stock.shipped), (0, 0, 2));
        world.restarts();
    }
    // Lines of one bundle are summed, as those of one item are.
    let mut world = stocked(2, 9, 9);
    let lines = [("SET", 1), ("C", 1), ("SET", 1)];
    let order = world.place("O", &lines, Shortage::Reject).expect("it is there");
    assert_eq!((order.lines.len(), order.bundles[0].units), (3, 2));
    world.restarts();
}

/// What is there is quoted as it is placed, for one of the lines, and for all.
#[test]
fn lines_that_share_an_item_are_filled_as_far_as_there_is_of_it() {
    let mut world = stocked(3, 9, 9);
    let engine = world.single.engine.clone();
    let lines = [("SET", 2), ("A", 2), ("KIT", 1)];
    let wanted = order("O", &lines, Shortage::Partial);
    let command = PlaceOrder { meta: meta(), placed_at: None, order: wanted };
    let quoted = world.single.run(engine.quote_order(&command)).expect("it is quoted");
    let Quoted::Plan(draft) = quoted else { panic!("three of them are there") };
    let placed = world.place("O", &lines, Shortage::Partial).expect("three of them are there");
    assert_eq!(*draft.lines, *placed.lines);
    let of_a: u32 =
        world.rests("O").iter().filter(|of| [0, 2, 3].contains(&of.0)).map(|of| of.3).sum();
    assert_eq!((of_a, world.free("A", "E")), (3, 0));
    world.restarts();
}

/// No plan of one line alone has it: one of the two takes what is there, whichever it is, and the
/// other what comes.
#[test]
fn a_line_may_leave_later_because_another_one_takes_what_is_there() {
    for split in [Split::Units, Split::WholeLine] {
        let mut world = stocked(1, 2, 1);
        world.comes("A", "E", 1, 3);
        let lines = [("SET", 1), ("KIT", 1)];
        let order = world.place_so("O", &lines, (Shortage::Reject, split)).expect("both come");
        let days: Vec<_> = order.shipments.iter().map(|shipment| shipment.ship_by).collect();
        // Nothing that could leave is kept until something else comes.
        let is_split = days.len() == 2 && days[0] < days[1];
        assert!(is_split || split == Split::WholeLine, "{days:?}");
        let of_a = |supply: bool| -> u32 {
            let of_a = order.allocations.iter().filter(|a| [0, 2].contains(&a.line));
            of_a.filter(|a| a.supply.is_there() == supply).map(|a| a.units).sum()
        };
        assert_eq!((of_a(true), of_a(false)), (1, 1));
        assert_eq!(world.place("P", &[("A", 1)], Shortage::Reject), None);
        // The other one is there too by then.
        let engine = world.single.engine.clone();
        let receive = StockOperation::Receive { quantity: 1, unavailable: 0 };
        world.single.run(change(&engine, "A", "E", receive)).expect("it is received");
        assert!(world.rests("O").iter().all(|(.., supply, _)| *supply == THERE));
        world.restarts();
    }
}

#[test]
fn lines_that_share_an_item_wait_and_are_served_by_what_comes() {
    let mut world = stocked(0, 2, 1);
    world.place("O", &[("SET", 1), ("A", 1), ("KIT", 1)], Shortage::Backorder).expect("it waits");
    let waits = |world: &mut World| -> u32 {
        let waiting = world.rests("O").into_iter().filter(|(.., supply, _)| *supply == WAITS);
        waiting.map(|(.., units)| units).sum()
    };
    for units in 0..=3 {
        world.set("A", "E", units);
        assert_eq!(waits(&mut world), 3 - units);
        assert_eq!(
            world.place("P", &[("A", 1)], Shortage::Reject),
            None,
            "it is the older order's"
        );
    }
    world = world.restarts();
    // A count finds fewer.
    world.set("A", "E", 1);
    assert_eq!((waits(&mut world), world.free("A", "E")), (0, -2));
    world.set("A", "E", 3);
    world.restarts();
}

#[test]
fn of_lines_that_share_an_item_each_is_cancelled_by_itself() {
    let mut world = stocked(9, 9, 9);
    world.place("O", &[("SET", 2), ("A", 3), ("KIT", 1)], Shortage::Reject).expect("it is there");
    assert_eq!(world.free("A", "E"), 3);
    world.cancel("O", 3, 2, false).expect("two of the line");
    assert_eq!((world.free("A", "E"), world.free("B", "E")), (5, 5));
    world.cancel("O", 1, 1, true).expect("one of the bundles");
    assert_eq!((world.free("A", "E"), world.free("B", "E")), (6, 7));
    world = world.restarts();
    let engine = world.single.engine.clone();
    let rest =
        CancelOrder { meta: meta(), order: order_id("O"), lines: Vec::new(), shipment: None };
    world.single.run(engine.cancel_order(rest)).expect("the rest");
    assert_eq!([world.free("A", "E"), world.free("B", "E"), world.free("C", "E")], [9, 9, 9]);
    world.restarts();
}

/// The node says once what is there of the item, whichever lines of the shipment are of it.
#[test]
fn a_shipment_with_lines_that_share_an_item_is_declined_once() {
    let reasons = [
        (DeclineReason::NotFound, 0, 0),
        (DeclineReason::Damaged, 9, 3),
        (DeclineReason::Closed, 9, 0),
    ];
    for (reason, on_hand, unavailable) in reasons {
        let mut world = stocked(9, 9, 9);
        world.place("OTHER", &[("A", 1)], Shortage::Backorder).expect("it is there");
        let lines = [("SET", 1), ("A", 1), ("KIT", 1)];
        world.place("O", &lines, Shortage::Reject).expect("it is there");
        let engine = world.single.engine.clone();
        let order = order_id("O");
        let command = DeclineShipment {
            meta: meta(),
            order,
            shipment: 1,
            reason,
            lines: LineUnits::new(),
            paused_until: None,
        };
        world.single.run(engine.decline_shipment(command)).expect("it declines");
        let rests = world.rests("O");
        assert!(rests.iter().all(|(.., supply, _)| *supply == WAITS), "{reason:?}: {rests:?}");
        let there = world.single.run(engine.stock(&sku("A"), &node_id("E"))).expect("the pair");
        let there = (there.stock.on_hand, there.stock.unavailable);
        assert_eq!(there, (on_hand, unavailable), "{reason:?}");
        world = world.restarts();
        // The older order comes first, where it has lost its unit as well.
        for (item, units) in [("A", 4), ("B", 2), ("C", 1)] {
            world.set(item, "W", units);
        }
        let rests = world.rests("O");
        let is_west = |of: &(u16, String, _, u32)| of.1 == "W" && of.2 == THERE;
        assert!(rests.iter().all(is_west), "{reason:?}: {rests:?}");
        world.restarts();
    }
}

/// Both lines are allocated, and one unit of the two was damaged since: neither leaves alone.
#[test]
fn a_shipment_of_lines_that_share_an_item_leaves_whole_or_not_at_all() {
    let mut world = stocked(2, 2, 1);
    world.place("O", &[("SET", 1), ("KIT", 1)], Shortage::Reject).expect("it is there");
    world.set("A", "E", 1);
    let engine = world.single.engine.clone();
    let refused = world.single.run(ship(&engine, "O", 1));
    let Err(EngineError::Refused(Refusal::UnitsMissing { missing, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(missing, 1);
    world.set("A", "E", 2);
    ship_all(&mut world, "O", 1);
    world.restarts();
}

#[test]
fn a_hold_of_lines_that_share_an_item_lives_as_others_do() {
    let mut world = stocked(3, 9, 9);
    let engine = world.single.engine.clone();
    let lines = |lines: &[(&str, u32)]| order("-", lines, Shortage::Reject).lines;
    let both = [("SET", 1), ("KIT", 1)];
    world.single.run(engine.create_hold(hold("H", &both))).expect("it holds");
    assert_eq!((world.atp("A"), engine.held_of(&sku("A")).expect("the item").units), (1, 2));
    let id = hold("H", &[]).hold().clone();
    let change =
        |of: &[(&str, u32)]| ChangeHold { meta: meta(), hold: id.clone(), lines: lines(of) };
    let more = [("SET", 1), ("KIT", 1), ("A", 1)];
    world.single.run(engine.change_hold(change(&more))).expect("one more");
    assert_eq!(world.atp("A"), 0);
    let too_many = [("SET", 1), ("KIT", 2), ("A", 1)];
    let refused = world.single.run(engine.change_hold(change(&too_many)));
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::HoldShort { .. }))), "{refused:?}");
    world.single.run(engine.change_hold(change(&both))).expect("one less");
    assert_eq!(world.atp("A"), 1);
    world = world.restarts();
    let engine = world.single.engine.clone();
    // Elsewhere: it is planned anew, on its own units.
    let confirm = ConfirmHold {
        meta: meta(),
        hold: id.clone(),
        order: order_id("O"),
        customer: None,
        channel: None,
        destination: Some(address("00042")),
        service: None,
        deliver_by: None,
        lines: lines(&both),
        prices: None,
    };
    world.single.run(engine.confirm_hold(confirm)).expect("it is his");
    assert_eq!((world.atp("A"), world.view("O").order.bundles.len()), (1, 2));
    // One in line is served by the number that it has.
    world.single.run(engine.create_hold(hold("I", &both).waiting())).expect("it waits");
    world.set("A", "E", 4);
    let view = world.single.run(engine.order(&OrderId::of_hold(hold("I", &[]).hold())));
    let waits = view.expect("the hold").supplies;
    assert!(waits.iter().flatten().all(|(supply, _)| *supply == THERE), "{waits:?}");
    let id = hold("I", &[]).hold().clone();
    world.single.run(engine.release_hold(ReleaseHold { meta: meta(), hold: id })).expect("free");
    assert_eq!(world.atp("A"), 2);
    world.restarts();
}

#[test]
fn an_order_of_lines_that_share_an_item_gets_another_priority_once() {
    let mut world = stocked(0, 9, 9);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.place("P", &[("SET", 1), ("KIT", 1)], Shortage::Backorder).expect("it waits");
    let engine = world.single.engine.clone();
    let command = SetOrderPriority {
        meta: meta(),
        order: order_id("P"),
        priority: Priority::new(PriorityClass::Win, 0).expect("a tier"),
    };
    world.single.run(engine.set_order_priority(command)).expect("it is served first");
    world.set("A", "E", 2);
    assert!(world.rests("P").iter().all(|(.., supply, _)| *supply == THERE));
    assert!(world.rests("O").contains(&at(0, "E", WAITS, 1)));
    world.restarts();
}
