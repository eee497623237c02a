//! What needs the inside of the engine to be set up: transactions that stop half way.

mod fingerprints;
mod learning;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Engine, EngineError, Halt, OpenOptions, PlaceOutcome, Pump};
use crate::calendar::Zone;
use crate::command::fixture::{AT, change, item, keyed, meta, node, order, receive, sku};
use crate::command::order::shipped::ShipmentShipped;
use crate::command::{DefineItem, LineRequest, Lines, OrderRequest, PlaceOrder, StockOperation};
use crate::disk::simulated::Operation;
use crate::disk::{RealDisk, SimulatedDisk};
use crate::geo::{PostalCodes, PostalMatch, ZoneNo};
use crate::limits::TRIES_MAX;
use crate::model::Location;
use crate::model::event::Numbered;
use crate::model::{
    AllocationUnits, Dispatch, Item, LineUnits, Lsn, NodeNo, OrderId, OrderNo, Pair, Record,
    Refusal, ServiceName, SkuNo, StockEffect, Supply, Text,
};
use crate::read::as_of::AsOf;
use crate::state::stock::{Grant, StockMessage};
use crate::transaction::claims::Claims;
use crate::transaction::command::recorded;
use crate::transaction::written::Reserve;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

pub(crate) const PAIR: Pair = Pair { sku: SkuNo(0), node: NodeNo(0) };

/// The node of the pair.
pub(crate) const NODE: &str = "N";

/// One place, which every code names.
pub(crate) struct OnePlace;

impl PostalCodes for OnePlace {
    fn locate(&self, _: &str) -> Option<PostalMatch> {
        Some(PostalMatch { location: Location::new(0, 0).ok()?, index: 0, zone: ZoneNo(0) })
    }

    fn code_count(&self) -> u32 {
        1
    }

    fn zone(&self, _: ZoneNo) -> &Zone {
        static UTC: LazyLock<Zone> = LazyLock::new(|| Zone::named("UTC").expect("a zone"));
        &UTC
    }
}

pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a command to its end.
pub(crate) fn run<T>(pump: &mut Pump, command: impl Future<Output = Result<T, EngineError>>) -> T {
    let mut command = pin!(command);
    loop {
        if let Poll::Ready(done) = poll(command.as_mut()) {
            return done.expect("the command succeeds");
        }
        pump.pump().expect("the engine does not halt");
    }
}

/// An engine with one pair, which has one unit.
pub(crate) fn one_unit() -> (Engine, Pump) {
    one_unit_on(&SimulatedDisk::new())
}

pub(crate) fn one_unit_on(disk: &SimulatedDisk) -> (Engine, Pump) {
    let (engine, mut pump) = opened_on(disk);
    run(&mut pump, stock_one_unit(&engine));
    (engine, pump)
}

/// An engine on what a disk has.
pub(crate) fn opened_on(disk: &SimulatedDisk) -> (Engine, Pump) {
    let disk = Arc::new(disk.clone());
    let options = OpenOptions::new("/data");
    let (engine, pump, _) = Engine::open_single_threaded(&options, disk, Arc::new(OnePlace))
        .expect("the directory opens");
    (engine, pump)
}

async fn stock_one_unit(engine: &Engine) -> Result<(), EngineError> {
    engine.define_node(node(NODE)).await?;
    engine.define_item(item("A")).await?;
    engine.change_stock(receive("A", NODE)).await.map(drop)
}

/// A thread may be off its core between its claim and its event for as long as it
/// takes: no caller is told "sold out" or "contended" for that.
#[test]
fn a_claim_is_waited_for_however_long_its_owner_sleeps() {
    let (engine, mut pump) = one_unit();
    let mut sleeper = Claims::new(&engine.kernel);
    let unit = Reserve { pair: PAIR, seat: None, line: 0, supply: Supply::OnHand, units: 1 };
    let claimed = poll(pin!(sleeper.units(std::slice::from_ref(&unit), None)));
    assert!(matches!(claimed, Poll::Ready(Ok(Ok(Grant::Granted)))));

    let mut buyer = pin!(engine.place_order(order()));
    for _ in 0..10 * TRIES_MAX {
        assert!(poll(buyer.as_mut()).is_pending(), "the unit may come back");
    }
    drop(sleeper);
    let placed = run(&mut pump, buyer);
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}

/// Pain 4, deadlocks: an order that waits for a pair has claimed nothing of the others meanwhile,
/// so that nobody waits for it.
#[test]
fn pain_4_who_waits_for_one_pair_keeps_nobody_from_another() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    for _ in 0..5 {
        run(&mut pump, engine.change_stock(receive("B", NODE)));
    }
    let mut sleeper = Claims::new(&engine.kernel);
    let pair = Pair { sku: SkuNo(1), ..PAIR };
    let unit = Reserve { pair, seat: None, line: 0, supply: Supply::OnHand, units: 1 };
    let claimed = poll(pin!(sleeper.units(std::slice::from_ref(&unit), None)));
    assert!(matches!(claimed, Poll::Ready(Ok(Ok(Grant::Granted)))));
    let none = StockOperation::Set { on_hand: Some(0), unavailable: None, safety: None };
    let mut clerk = pin!(engine.change_stock(change("B", NODE, none)));
    assert!(poll(clerk.as_mut()).is_pending(), "it waits for the sleeper, and others for it");

    let wants = |id: &str, items: &[&str]| {
        let line = |name: &&str| LineRequest { sku: sku(name), quantity: 1 };
        let mut command = order();
        command.order.id = OrderId::new("id", id).expect("an id");
        command.order.lines = Lines(items.iter().map(line).collect());
        command
    };
    for items in [["A", "B"], ["B", "A"]] {
        let mut both = pin!(engine.place_order(wants("both", &items)));
        assert!(poll(both.as_mut()).is_pending(), "there are five units, and no claim is let in");
        let sku = PAIR.sku;
        let free = engine.kernel.state.cell(PAIR).shared().glance().free;
        assert_eq!(free, 1, "{sku:?} is anybody's meanwhile");
    }
    let placed = run(&mut pump, engine.place_order(wants("one", &["A"])));
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
    drop(sleeper);
    run(&mut pump, clerk);
}

/// Two commands make the same item at the same time. The one that gives no title
/// takes none away.
#[test]
fn an_item_that_is_made_sure_of_stays_as_it_is_or_is_about_to_be() {
    let (engine, mut pump) = one_unit();
    let new = item("NEW").item;
    let item =
        |title: &str| Item { title: Text::new("title", title).expect("a title"), ..new.clone() };
    let define = |item| DefineItem::new(meta(), item);
    let mut maker = pin!(engine.define_item(define(item("Scarf"))));
    assert!(poll(maker.as_mut()).is_pending(), "its event is in flight");
    let mut sure = pin!(engine.ensure_item(define(item(""))));
    assert!(poll(sure.as_mut()).is_pending(), "whether there will be one is not known yet");
    let made = run(&mut pump, maker).version;
    assert_eq!(run(&mut pump, sure).version, made, "nothing is written");
    assert_eq!(*engine.item(&item("").sku).expect("it is there"), item("Scarf"));

    let again = DefineItem::new(keyed("K"), item(""));
    let again = run(&mut pump, engine.ensure_item(again));
    assert_eq!(again.version, made, "nor where there is a key");
}

/// Status is asked for on threads that must not block.
#[test]
fn nobody_waits_for_an_audit_to_be_told_where_the_engine_stands() {
    let (engine, _pump) = one_unit();
    let before = engine.status();
    let (tell, told) = channel();
    let audited = AsOf::begin(&engine.kernel).expect("the applier lives");
    let asker = std::thread::spawn({
        let engine = engine.clone();
        move || tell.send((engine.status(), engine.version())).expect("the test listens")
    });
    let during = told.recv_timeout(LONG);
    drop(audited);
    asker.join().expect("it was answered");
    assert_eq!(during, Ok((before, before.applied)));
    assert_eq!(engine.status(), before);
}

fn is_halted<T>(answer: &Poll<Result<T, EngineError>>) -> bool {
    matches!(answer, Poll::Ready(Err(EngineError::Halted(_))))
}

/// A turn that cannot be: no order has units of the pair.
fn bad_turn() -> StockMessage {
    let effect = StockEffect::Ship { order: OrderNo(99), lines: LineUnits::from_iter([(0, 1)]) };
    StockMessage::Apply { pair: PAIR, lsn: Lsn::new(99), effect, settles: false }
}

#[test]
fn a_turn_that_panics_on_a_callers_thread_halts_the_engine() {
    let (engine, _pump) = one_unit();
    let turn = catch_unwind(AssertUnwindSafe(|| {
        let _permit = engine.kernel.admit().expect("it is let in");
        drop(engine.kernel.state.cell(PAIR).ask(bad_turn()));
    }));
    assert!(turn.is_err(), "the panic is its runner's");
    assert!(matches!(engine.halt(), Some(Halt::Program(_))), "{:?}", engine.halt());
    assert!(is_halted(&poll(pin!(engine.place_order(order())))));
    assert!(engine.audit().is_err(), "the actor is not to be trusted");
}

/// The event is in the journal: a caller that waits for it, or for a later one, is
/// told that the outcome is not known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_panics_while_applying_halts_the_engine() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = OpenOptions { segment_bytes: 1 << 20, ..OpenOptions::new(directory.path()) };
    let opened = Engine::open(&options, Arc::new(RealDisk), Arc::new(OnePlace)).await;
    let (engine, _) = opened.expect("it opens");
    stock_one_unit(&engine).await.expect("it is stocked");
    let unit = AllocationUnits { allocation: 0, pair: PAIR, line: 0, units: 1 };
    let event = Numbered(ShipmentShipped {
        no: OrderNo(99),
        id: OrderId::new("order", "NONE").expect("an order id"),
        shipment: 0,
        dispatch: Dispatch { at: AT, carrier: Text::default(), tracking: Text::default() },
        units: vec![unit],
    });
    let record = Record { at: AT, request: None, origin: None, event };
    let ticket = engine.kernel.append(record, recorded).expect("it is taken");
    let waited = tokio::time::timeout(LONG, engine.kernel.acknowledged(ticket)).await;
    assert!(matches!(waited, Ok(Err(EngineError::Halted(_)))), "{waited:?}");
    let halt = engine.halted().await;
    assert!(matches!(&halt, Halt::Program(cause) if cause.contains("applier")), "{halt:?}");
    let later = tokio::time::timeout(LONG, engine.place_order(order())).await;
    assert!(matches!(later, Ok(Err(EngineError::Halted(_)))), "{later:?}");
    engine.shut_down().await;
}

#[test]
fn a_journal_that_fails_halts_the_engine_and_says_that_it_was_the_disk() {
    let disk = SimulatedDisk::new();
    let (engine, mut pump) = one_unit_on(&disk);
    disk.fail(Operation::Sync, 1);
    let mut waiting = pin!(engine.place_order(order()));
    assert!(poll(waiting.as_mut()).is_pending(), "its event is in flight");
    assert!(pump.pump().is_err());
    assert!(matches!(engine.halt(), Some(Halt::Disk(_))), "{:?}", engine.halt());
    let told = poll(waiting.as_mut());
    assert!(matches!(told, Poll::Ready(Err(EngineError::JournalFailed(_)))), "{told:?}");
    let later = poll(pin!(engine.place_order(order())));
    assert!(matches!(later, Poll::Ready(Err(EngineError::JournalFailed(_)))), "{later:?}");
}

#[test]
fn an_engine_that_shuts_down_says_so_and_is_not_halted() {
    let (engine, _pump) = one_unit();
    assert!(poll(pin!(engine.shut_down())).is_ready());
    let told = poll(pin!(engine.place_order(order())));
    assert!(matches!(told, Poll::Ready(Err(EngineError::Closing))), "{told:?}");
    assert_eq!(engine.halt(), None);
}

#[test]
fn all_that_is_wrong_with_an_order_is_told_at_once() {
    let (engine, _pump) = one_unit();
    let line = |name: &str, quantity| LineRequest { sku: sku(name), quantity };
    let unknown = PlaceOrder {
        order: OrderRequest {
            lines: Lines([line("B", 1), line("A", 1), line("C", 1)].into_iter().collect()),
            ..order().order
        },
        ..order()
    };
    let told = poll(pin!(engine.place_order(unknown.clone())));
    let expected = EngineError::Refused(Refusal::ItemNotFound { sku: sku("B") });
    assert!(matches!(&told, Poll::Ready(Err(error)) if *error == expected), "{told:?}");

    let mut wrong = unknown;
    wrong.order.service = Some(ServiceName::new("service", "owl").expect("a name"));
    wrong.order.lines.0[1].quantity = 0;
    for told in [
        poll(pin!(engine.place_order(wrong.clone()))).map_ok(drop),
        poll(pin!(engine.quote_order(&wrong))).map_ok(drop),
    ] {
        let Poll::Ready(Err(EngineError::Invalid(violations))) = told else { panic!("{told:?}") };
        let fields: Vec<_> = violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["lines[1].quantity", "service", "lines[0].sku", "lines[2].sku"]);
    }
}
