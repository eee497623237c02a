//! What is kept of a node's work is what there is.

use super::seen::SeenWork;
use super::{NodeWork, node_work};
use crate::command::fixture::{
    accept, cancel, change, claim, hold_order, node_id, order, release_order_hold, ship,
};
use crate::command::{PlaceOrder, StockOperation};
use crate::engine::tests::{one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::{OrderId, UnitState};

/// What there is, as one who read it before is told; one who did not is told the same.
fn told(engine: &Engine) -> NodeWork {
    let node = node_id("N");
    let kept = engine.node_work(&node).expect("it is read");
    let anew = node_work(&engine.kernel, &SeenWork::default(), &node).expect("it is read");
    assert_eq!(kept, anew);
    let again = engine.node_work(&node).expect("it is read");
    assert_eq!(again, anew, "as what was not read a second time tells");
    assert!(engine.audit().expect("the audit runs").is_clean());
    kept
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
        order.order.shortage = Some(crate::model::Shortage::Backorder);
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
