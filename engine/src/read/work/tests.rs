//! What is kept of a node's work is what there is.

use super::seen::{SeenWork, UnitsAt};
use super::{NodeWork, ShipmentWork, node_work, shipments_at, shipments_of, waiting};
use crate::blocking::block_on;
use crate::command::fixture::{
    accept, cancel, change, claim, decline, hold_order, item, keyed, node_id, order,
    release_order_hold, ship, sku, wave,
};
use crate::command::order::fixture;
use crate::command::{DeclineShipment, PlaceOrder, StockOperation};
use crate::engine::tests::{one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::{Day, DeclineReason, NodeNo, OrderId, Priority, Shortage, UnitState};
use crate::transaction::find::read_order;
use crate::transaction::rests::Resting;

/// What there is, as one who read it before is told; one who did not is told the same.
fn told(engine: &Engine) -> NodeWork {
    let node = node_id("N");
    let kept = engine.node_work(&node).expect("it is read");
    let anew = node_work(&engine.kernel, &SeenWork::default(), &node).expect("it is read");
    assert_eq!(kept, anew);
    let again = engine.node_work(&node).expect("it is read");
    assert_eq!(again, anew, "as what was not read a second time tells");
    assert!(engine.audit().expect("the audit runs").is_clean());
    for of in &kept.shipments {
        assert_eq!(of.waiting, waiting_by_right(engine, of), "{of:?}");
    }
    kept
}

/// Units of a shipment that are not there, as those see it who release it and tell its days.
fn waiting_by_right(engine: &Engine, of: &ShipmentWork) -> u32 {
    let order = block_on(read_order(&engine.kernel, of.no)).expect("it is read").expect("an order");
    let resting = Resting::read(&engine.kernel, &order).expect("it is read");
    let of_it = order.allocations.iter().zip(&resting.rests);
    let of_it = of_it.filter(|(a, _)| a.shipment == of.shipment).flat_map(|(_, rests)| rests);
    of_it.filter(|rest| !rest.supply.is_there()).map(|rest| rest.units).sum()
}

fn named(id: &str) -> PlaceOrder {
    let mut order = order();
    order.order.id = OrderId::new("order_id", id).expect("an id");
    order
}

/// Three orders, of which two wait.
fn three() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    for id in ["O", "P", "Q"] {
        let mut order = named(id);
        order.order.shortage = Some(Shortage::Backorder);
        run(&mut pump, engine.place_order(order));
    }
    (engine, pump)
}

#[test]
fn what_changed_since_it_was_read_is_read_again_and_nothing_is_told_of_what_left() {
    let (engine, mut pump) = three();
    let waiting = |work: &NodeWork| work.shipments.iter().map(|of| of.waiting).collect::<Vec<_>>();
    assert_eq!(waiting(&told(&engine)), [0, 1, 1]);
    run(&mut pump, engine.accept_shipment(accept(1)));
    assert!(told(&engine).shipments[0].is_accepted);
    run(&mut pump, engine.claim_shipment(claim(1)));
    assert!(told(&engine).shipments[0].claim.is_some(), "an order changed, and no pair");
    run(&mut pump, engine.hold_order(hold_order("H")));
    assert!(told(&engine).shipments[0].is_on_hold);
    run(&mut pump, engine.release_order_hold(release_order_hold("H")));
    // A pair changed, and units of orders rest on something else.
    let more = StockOperation::Set { on_hand: Some(2), unavailable: None, safety: None };
    run(&mut pump, engine.change_stock(change("A", "N", more)));
    assert_eq!(waiting(&told(&engine)), [0, 0, 1]);
    run(&mut pump, engine.progress_shipment(ship(1)));
    let left = told(&engine);
    assert_eq!((left.shipments.len(), left.shipments[0].state), (2, UnitState::Allocated));
    let mut last = cancel();
    last.order = OrderId::new("order_id", "Q").expect("an id");
    run(&mut pump, engine.cancel_order(last));
    assert_eq!(waiting(&told(&engine)), [0]);
}

#[test]
fn the_audit_finds_what_is_kept_and_is_not_so() {
    let (engine, _pump) = three();
    told(&engine);
    engine.seen_work.spoil();
    let report = engine.audit().expect("the audit runs");
    let names: Vec<_> = report.breaches.iter().map(|breach| breach.name).collect();
    assert_eq!(names, ["WORK_AS_READ"; 4], "{:?}", report.breaches);
}

/// Units that its node declined wait; those that are left to it are there.
#[test]
fn declined_units_keep_nothing_waiting_that_is_there() {
    let (engine, mut pump) = one_unit();
    let more = StockOperation::Set { on_hand: Some(3), unavailable: None, safety: None };
    run(&mut pump, engine.change_stock(change("A", "N", more)));
    let mut order = order();
    order.order.lines.0[0].quantity = 3;
    order.order.shortage = Some(Shortage::Backorder);
    run(&mut pump, engine.place_order(order));
    let lines = [(0, 1)].into_iter().collect();
    let apart =
        DeclineShipment { meta: keyed("K"), reason: DeclineReason::Capacity, lines, ..decline(1) };
    run(&mut pump, engine.decline_shipment(apart));
    let told: Vec<_> = told(&engine).shipments.iter().map(|of| (of.open(), of.waiting)).collect();
    assert_eq!(told, [(2, 0)]);
    let found = engine.find_wave(&wave("N").wave).expect("it is looked for");
    assert_eq!(found.shipments.len(), 1);
}

/// A node of many orders that wait for their units is told what it can work on.
#[test]
fn the_bound_is_spent_first_on_orders_of_which_a_unit_is_there() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    let waiting = |id: &str| {
        let mut waiting = named(id);
        waiting.order.lines.0[0].sku = sku("B");
        waiting.order.shortage = Some(Shortage::Backorder);
        waiting
    };
    for order in [waiting("P"), waiting("Q"), named("O")] {
        run(&mut pump, engine.place_order(order));
    }
    let at_most = |orders| {
        let seen = SeenWork::default();
        let read = shipments_at(&engine.kernel, &seen, NodeNo(0), orders).expect("it is read");
        let (shipments, left_out) = read;
        (shipments.iter().map(|of| of.order.to_string()).collect::<Vec<_>>(), left_out)
    };
    assert_eq!(at_most(1), (vec!["O".to_owned()], 2));
    assert_eq!(at_most(2), (["O", "P"].map(str::to_owned).to_vec(), 1));
    assert_eq!(at_most(3).1, 0);
}

/// The shipment that leaves first has the firmest units, whatever its number is.
#[test]
fn units_to_come_are_of_the_shipment_that_leaves_last() {
    let mut order = fixture::order();
    let (no, node) = (order.no, NodeNo(0));
    // The second one, of 2 units, leaves first; the first one has 3 of the same line, and of another.
    order.shipments[1].node = node;
    order.shipments[1].ship_by = Some(Day::from_epoch_days(19_999));
    let works = shipments_of(&order, node);
    let of = |coming: u32| {
        let at = |line, coming| UnitsAt { order: no, line, coming, priority: Priority::DEFAULT };
        let all = [at(0, 0), at(0, coming), at(1, 0)];
        let mut all: Vec<_> =
            works.iter().map(|work| (work.shipment, waiting(work, &all))).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(of(0), [(0, 0), (1, 0)]);
    assert_eq!(of(2), [(0, 2), (1, 0)]);
    assert_eq!(of(4), [(0, 3), (1, 1)]);
    assert_eq!(of(5), [(0, 3), (1, 2)]);
}
