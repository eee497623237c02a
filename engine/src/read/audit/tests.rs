//! Audits that are still looking when something else happens.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{scope, yield_now};

use super::{Asked, AuditReport, Look, audit, audit_actors, audit_chunk, audit_hash};
use crate::command::catalogue::define_item::ItemDefined;
use crate::command::fixture::{AT, change, item, meta, node, order, receive};
use crate::command::{CancelOrder, ChangeStock, ProgressShipment, SetPolicy, StockOperation};
use crate::disk::RealDisk;
use crate::engine::tests::{NODE, one_unit, poll, run};
use crate::engine::{Engine, EngineError, Pump};
use crate::model::digest::{Part, hash_bytes};
use crate::model::event::Numbered;
use crate::model::{
    ArchivedOrder, InboundId, Lsn, OrderId, OrderNo, Record, RequestId, Shortage, SkuNo, Step, Text,
};
use crate::read::as_of::AsOf;
use crate::recovery::directory::lock_data;
use crate::snapshot::snapshots::Snapshots;
use crate::state::Applied;
use crate::state::orders::Found;
use crate::transaction::command::recorded;

fn order_id(id: &str) -> OrderId {
    OrderId::new("order", id).expect("an order id")
}

/// Receives a unit, and places an order of it, under a key.
fn place(engine: &Engine, pump: &mut Pump, id: &str) {
    run(pump, engine.change_stock(receive("A", NODE)));
    let mut command = order();
    command.order.id = order_id(id);
    command.meta.request_id = RequestId::new("request_id", id).ok();
    run(pump, engine.place_order(command));
}

fn cancel(engine: &Engine, pump: &mut Pump, id: &str) {
    let command =
        CancelOrder { meta: meta(), order: order_id(id), lines: Vec::new(), shipment: None };
    run(pump, engine.cancel_order(command));
}

fn ship(engine: &Engine, pump: &mut Pump, id: &str) {
    let carrier = Text::new("carrier", "Post").expect("a text");
    let tracking = Text::default();
    let order = order_id(id);
    let step = Step::Ship { packages: Vec::new(), carrier, tracking };
    let command = ProgressShipment { meta: meta(), order, shipment: 1, step };
    run(pump, engine.progress_shipment(command));
}

/// Lets a closed order leave memory.
fn archive(engine: &Engine, id: &str) {
    let orders = &engine.kernel.state.orders;
    let Found::There(no, _) = orders.by_id(&order_id(id)) else { panic!("it is placed") };
    assert!(orders.archive(no, engine.version()).expect("no panic"), "it is closed");
}

/// What an audit says of an order that waits, or rests on what is on its way, once something
/// happened at which nobody looks, and nobody is to look at it any more.
fn overlooked(before: Option<ChangeStock>, change: ChangeStock) -> Vec<&'static str> {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(order()));
    if let Some(change) = before {
        run(&mut pump, engine.change_stock(change));
    }
    let mut command = order();
    (command.order.id, command.order.shortage) = (order_id("LATE"), Some(Shortage::Backorder));
    run(&mut pump, engine.place_order(command));
    pump.leave_backlogs();
    let mut changing = pin!(engine.change_stock(change));
    while poll(changing.as_mut()).is_pending() && pump.pump().expect("it goes on") {}
    let (state, sku) = (&engine.kernel.state, SkuNo(0));
    assert!(state.catalogue.entry(sku).is_unsettled(), "it is to be looked at");
    assert!(engine.audit().expect("it looks").is_clean(), "somebody is to look at it");
    assert!(state.settle(sku, state.unsettled.marks(sku)));
    let report = engine.audit().expect("it looks");
    report.breaches.iter().map(|breach| breach.name).collect()
}

#[test]
fn an_order_that_waits_beside_what_is_free_is_found() {
    assert_eq!(overlooked(None, receive("A", NODE)), ["NOBODY_PASSED"]);
}

#[test]
fn days_that_moved_and_were_not_told_are_found() {
    let id = InboundId::new("id", "PO").expect("an id");
    let day = |days: i64| AT.saturating_add_micros(days * 86_400_000_000);
    let announced = StockOperation::AnnounceInbound { id: id.clone(), quantity: 1, eta: day(2) };
    let slips = StockOperation::ChangeInbound { id, quantity: None, eta: Some(day(5)) };
    let [announced, slips] = [announced, slips].map(|of| change("A", NODE, of));
    assert_eq!(overlooked(Some(announced), slips), ["PROMISES_CURRENT"]);
}

/// Changes every kind of part, and adds to each.
fn change_all(engine: &Engine, pump: &mut Pump) {
    let mut named = item("A");
    named.item.title = Text::new("title", "Scarf").expect("a title");
    run(pump, engine.define_item(named));
    run(pump, engine.define_item(item("B")));
    let mut dearer = node(NODE);
    dearer.node.unit_cost = 1;
    run(pump, engine.define_node(dearer));
    run(pump, engine.define_node(node("M")));
    run(pump, engine.change_stock(receive("B", NODE)));
    let policy = (*engine.policy()).clone();
    run(pump, engine.set_policy(SetPolicy { meta: meta(), policy }));
    ship(engine, pump, "SHIPS");
    cancel(engine, pump, "CANCELS");
    // Of the orders that come later, one is changed as well.
    place(engine, pump, "LATER");
    place(engine, pump, "LATEST");
    cancel(engine, pump, "LATER");
    for closed in ["SHIPS", "LATER"] {
        archive(engine, closed);
    }
}

/// All that an audit looks at in memory.
fn look(state: &AsOf<'_>, engine: &Engine) -> AuditReport {
    let look = &mut Look::new(&engine.kernel, false);
    let mut report = audit_actors(look, state).expect("it looks");
    audit_hash(look, state.applied(), &mut report).expect("it looks");
    report
}

fn begin(engine: &Engine) -> AsOf<'_> {
    AsOf::begin(&engine.kernel).expect("the applier lives")
}

/// No command waits for an audit to be acknowledged, and the audit sees nothing of what the
/// command did.
#[test]
fn an_audit_is_of_one_event_while_commands_go_on() {
    let (engine, mut pump) = one_unit();
    for id in ["SHIPS", "CANCELS", "STAYS"] {
        place(&engine, &mut pump, id);
    }
    let then = engine.status();
    let state = begin(&engine);
    let before = look(&state, &engine);
    change_all(&engine, &mut pump);
    let beside = look(&state, &engine);
    drop(state);
    for report in [&before, &beside] {
        assert_eq!((report.lsn, report.state_hash), (then.applied, then.state_hash));
        assert_eq!((report.orders, report.on_hand, report.allocated), (3, 4, 3));
        assert_eq!(report.pairs, 1);
        assert!(report.is_clean(), "{:?}", report.breaches);
    }
    let after = look(&begin(&engine), &engine);
    let Applied { lsn, hash } = engine.kernel.state.applied();
    assert_eq!((after.lsn, after.state_hash), (lsn, hash));
    assert_eq!((after.orders, after.on_hand, after.allocated), (5, 6, 2));
    assert_eq!(after.pairs, 2);
    assert!(after.is_clean(), "{:?}", after.breaches);
}

#[test]
fn what_an_audit_kept_goes_with_it() {
    let (engine, mut pump) = one_unit();
    let state = begin(&engine);
    place(&engine, &mut pump, "O");
    let kept = Arc::downgrade(&engine.kernel.state.before.load_full().expect("the applier keeps"));
    drop(state);
    assert!(kept.upgrade().is_none());
    assert!(engine.kernel.state.before.load().is_none());
}

#[test]
fn an_audit_ends_with_the_engine() {
    let (engine, _pump) = one_unit();
    let (asked, state) = (Asked::now(&engine.kernel, &engine.audits), begin(&engine));
    assert!(poll(pin!(engine.shut_down())).is_ready(), "it waits for no audit");
    drop(state);
    let told = asked.report();
    assert!(matches!(told, Err(EngineError::Closing)), "{told:?}");
    let after = engine.audit().expect("what is left can be looked at");
    assert!(after.is_clean(), "{:?}", after.breaches);
}

/// A caller that asks while an audit runs gets the next one: it may have been told of an
/// event that the running one does not see.
#[test]
fn an_audit_serves_those_who_asked_before_it_began() {
    let (engine, mut pump) = one_unit();
    let (kernel, audits) = (&*engine.kernel, &*engine.audits);
    let early = Asked::now(kernel, audits);
    let gate = kernel.state.gate.lock();
    let (first, late) = scope(|scope| {
        let running = scope.spawn(|| audit(kernel, audits));
        while audits.begun.load(Ordering::Relaxed) == 0 && !running.is_finished() {
            yield_now();
        }
        let late = [Asked::now(kernel, audits), Asked::now(kernel, audits)];
        drop(gate);
        (running.join().expect("no panic"), late)
    });
    let first = first.expect("it looks").lsn;
    place(&engine, &mut pump, "O");
    let next = engine.version();
    assert_eq!(early.report().expect("it looks").lsn, first);
    assert_eq!(late[0].report().expect("it looks").lsn, next);
    place(&engine, &mut pump, "P");
    assert_eq!(late[1].report().expect("it looks").lsn, next, "they share it");
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
    let look = &mut Look::new(&engine.kernel, true);
    let told = audit_chunk(look, &*store, &[(OrderNo(1), archived)], &mut report);
    assert!(matches!(told, Err(EngineError::Closing)), "{told:?} {:?}", report.breaches);
}

/// It left parts as of two events: nothing can be said of them.
#[test]
fn a_step_that_did_not_end_is_no_breach() {
    let (engine, mut pump) = one_unit();
    let mut placing = pin!(engine.place_order(order()));
    assert!(poll(placing.as_mut()).is_pending(), "its event is in flight");
    let event = Numbered(ItemDefined { no: SkuNo(99), item: item("B").item });
    let record = Record { at: AT, request: None, origin: None, event };
    engine.kernel.append(record, recorded).expect("it is taken");
    let step = catch_unwind(AssertUnwindSafe(|| pump.pump()));
    assert!(step.is_err(), "no item has that number");
    let told = engine.audit();
    assert!(matches!(told, Err(EngineError::Halted(_))), "{told:?}");
}
