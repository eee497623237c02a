//! Audits that are still looking when something else happens.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use super::{AuditReport, Audits, Look, audit_actors, audit_chunk};
use crate::disk::RealDisk;
use crate::engine::as_of::AsOf;
use crate::engine::core::Applied;
use crate::engine::directory::lock_data;
use crate::engine::snapshots::Snapshots;
use crate::engine::tests::{AT, NODE, item, meta, one_unit, order, poll, receive, run};
use crate::engine::written::Reserves;
use crate::engine::{Engine, EngineError, Pump};
use crate::model::command::{CancelOrder, SetPolicy, ShipShipment};
use crate::model::digest::{Part, hash_bytes};
use crate::model::{ArchivedOrder, Event, Lsn, OrderId, OrderNo, Record, SkuNo, Text};

fn order_id(id: &str) -> OrderId {
    OrderId::new("order", id).expect("an order id")
}

/// Receives a unit, and places an order of it.
fn place(engine: &Engine, pump: &mut Pump, id: &str) {
    run(pump, engine.change_stock(receive("A", NODE)));
    let mut command = order();
    command.order.id = order_id(id);
    run(pump, engine.place_order(command));
}

fn cancel(engine: &Engine, pump: &mut Pump, id: &str) {
    let command = CancelOrder { meta: meta(), order: order_id(id), lines: Vec::new() };
    run(pump, engine.cancel_order(command));
}

fn ship(engine: &Engine, pump: &mut Pump, id: &str) {
    let (carrier, tracking) = (Text::default(), Text::default());
    let order = order_id(id);
    let command = ShipShipment { meta: meta(), order, shipment: 1, carrier, tracking };
    run(pump, engine.ship_shipment(command));
}

/// Changes every kind of part, and adds to each.
fn change_all(engine: &Engine, pump: &mut Pump) {
    let mut named = item("A");
    named.item.title = Text::new("title", "Scarf").expect("a title");
    run(pump, engine.define_item(named));
    run(pump, engine.define_item(item("B")));
    run(pump, engine.change_stock(receive("B", NODE)));
    let policy = (*engine.policy()).clone();
    run(pump, engine.set_policy(SetPolicy { meta: meta(), policy }));
    ship(engine, pump, "SHIPS");
    cancel(engine, pump, "CANCELS");
    // Of the orders that come later, one is changed as well.
    place(engine, pump, "LATER");
    place(engine, pump, "LATEST");
    cancel(engine, pump, "LATER");
}

fn begin(engine: &Engine) -> AsOf<'_> {
    AsOf::begin(&engine.core).expect("the applier lives")
}

/// Nobody waits for an audit to be acknowledged, and it sees nothing of what he did.
#[test]
fn an_audit_is_of_one_event_while_commands_go_on() {
    let (engine, mut pump) = one_unit();
    for id in ["SHIPS", "CANCELS", "STAYS"] {
        place(&engine, &mut pump, id);
    }
    let (core, then) = (&engine.core, engine.status());
    let state = begin(&engine);
    let before = audit_actors(&mut Look::new(core), &state).expect("it looks");
    change_all(&engine, &mut pump);
    let beside = audit_actors(&mut Look::new(core), &state).expect("it looks");
    drop(state);
    for report in [&before, &beside] {
        assert_eq!((report.lsn, report.state_hash), (then.applied, then.state_hash));
        assert_eq!((report.orders, report.on_hand, report.allocated), (3, 4, 3));
        assert!(report.is_clean(), "{:?}", report.breaches);
    }
    let after = engine.audit().expect("it looks");
    let Applied { lsn, hash } = core.applied();
    assert_eq!((after.lsn, after.state_hash), (lsn, hash));
    assert_eq!((after.orders, after.on_hand, after.allocated), (5, 6, 2));
    assert!(after.is_clean(), "{:?}", after.breaches);
}

#[test]
fn what_an_audit_kept_goes_with_it() {
    let (engine, mut pump) = one_unit();
    drop(begin(&engine));
    assert!(engine.core.before.load().is_none());
    place(&engine, &mut pump, "O");
    assert!(engine.audit().expect("it looks").is_clean());
}

#[test]
fn an_audit_ends_with_the_engine() {
    let (engine, _pump) = one_unit();
    let (mut look, state) = (Look::new(&engine.core), begin(&engine));
    assert!(poll(pin!(engine.shut_down())).is_ready(), "it waits for no audit");
    let told = audit_actors(&mut look, &state);
    assert!(matches!(told, Err(EngineError::Closing)), "{told:?}");
    drop(state);
    let after = engine.audit().expect("what is left can be looked at");
    assert!(after.is_clean(), "{:?}", after.breaches);
}

/// What was asked for while an audit ran is answered by it if nothing was acknowledged
/// since its event, and else by the next one.
#[test]
fn an_audit_serves_those_who_asked_before_it_ended_and_had_seen_nothing_later() {
    let audits = Audits::default();
    let last = AuditReport { lsn: Lsn::new(7), ..AuditReport::default() };
    assert!(!audits.serves(&last, 0, Lsn::new(7)), "none has ended since");
    audits.ended.store(1, super::Ordering::Release);
    assert!(audits.serves(&last, 0, Lsn::new(7)));
    assert!(audits.serves(&last, 0, Lsn::new(6)), "it began later");
    assert!(!audits.serves(&last, 0, Lsn::new(8)), "of an event before");
}

/// A store that closed meanwhile says nothing of what it has, and the engine was closing
/// before the audit was asked for.
#[test]
fn a_store_that_closes_under_an_audit_is_no_breach() {
    let directory = tempfile::tempdir().expect("a directory");
    let lock = lock_data(&RealDisk, directory.path()).expect("it is free");
    let snapshots = Snapshots::without_store(directory.path(), lock);
    let store = snapshots.store().expect("it opens");
    let (engine, _pump) = one_unit();
    assert!(poll(pin!(engine.shut_down())).is_ready());
    snapshots.close();
    let archived = ArchivedOrder { last_lsn: Lsn::FIRST, hash: hash_bytes(Part::Order, &[]) };
    let mut report = AuditReport::default();
    let look = &mut Look::new(&engine.core);
    let told = audit_chunk(look, &*store, &[(OrderNo(1), archived)], &mut report);
    assert!(matches!(told, Err(EngineError::Closing)), "{told:?} {:?}", report.breaches);
}

/// It left parts as of two events: nothing can be said of them.
#[test]
fn a_step_that_did_not_end_is_no_breach() {
    let (engine, mut pump) = one_unit();
    let mut placing = pin!(engine.place_order(order()));
    assert!(poll(placing.as_mut()).is_pending(), "its event is in flight");
    let event = Event::ItemDefined { no: SkuNo(99), item: item("B").item };
    let record = Record { at: AT, request: None, origin: None, event };
    engine.core.append(record, Reserves::new()).expect("it is taken");
    let step = catch_unwind(AssertUnwindSafe(|| pump.pump()));
    assert!(step.is_err(), "no item has that number");
    let told = engine.audit();
    assert!(matches!(told, Err(EngineError::Halted(_))), "{told:?}");
}
