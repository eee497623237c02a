//! What goes with what is learnt from the journal, and from nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{LONG, NODE, OnePlace, one_unit_on, run};
use crate::command::fixture::{
    cancel, change, confirm, hold_id, item, meta, order, ship, sku, styles,
};
use crate::command::{
    CancelOrder, ConfirmHold, CreateHold, LineCancellation, LineRequest, Lines, OrderRequest,
    PlaceOrder, ProgressShipment, StockOperation,
};
use crate::companions::Learnt;
use crate::disk::{RealDisk, SimulatedDisk};
use crate::engine::{Engine, EngineError, OpenOptions, Pump, Suggest};
use crate::journal::{Cursor, History, LogError, Visit};
use crate::learning::Learner;
use crate::model::{Lsn, OrderId, Shortage, Sku, SkuNo, Timestamp};

const A: SkuNo = SkuNo(0);
const B: SkuNo = SkuNo(1);
const C: SkuNo = SkuNo(2);

/// An order of one unit of each of these items.
fn of(id: &str, items: &[&str]) -> PlaceOrder {
    let line = |name: &&str| LineRequest { sku: sku(name), quantity: 1 };
    let lines = Lines(items.iter().map(line).collect());
    let id = OrderId::new("order", id).unwrap();
    PlaceOrder { order: OrderRequest { id, lines, ..order().order }, ..order() }
}

async fn stock(engine: &Engine, items: &[&str]) -> Result<(), EngineError> {
    for name in items {
        engine.define_item(item(name)).await?;
        let many = StockOperation::Receive { quantity: 1_000, unavailable: 0 };
        engine.change_stock(change(name, NODE, many)).await?;
    }
    Ok(())
}

/// Orders of A with B, of C alone, of A with C that is cancelled at once, in two parts, or after a part of it left, and
/// of a hold of B and C that is confirmed.
async fn orders(engine: &Engine, from: usize) -> Result<(), EngineError> {
    stock(engine, &["A", "B", "C"]).await?;
    for no in from..from + 20 {
        engine.place_order(of(&format!("AB{no}"), &["A", "B"])).await?;
        engine.place_order(of(&format!("C{no}"), &["C"])).await?;
        engine.place_order(of(&format!("CC{no}"), &["C"])).await?;
    }
    let id = |name: &str| of(&format!("{name}{from}"), &["A", "C"]);
    let all = |name: &str| CancelOrder { order: id(name).order.id, ..cancel() };
    let line = |line| vec![LineCancellation { line, quantity: 1, of_bundle: false }];
    for name in ["once", "parts", "left", "stays"] {
        engine.place_order(id(name)).await?;
    }
    engine.cancel_order(all("once")).await?;
    engine.cancel_order(CancelOrder { lines: line(1), ..all("parts") }).await?;
    engine.place_order(of(&format!("between{from}"), &["C"])).await?;
    engine.cancel_order(CancelOrder { lines: line(2), ..all("parts") }).await?;
    engine.progress_shipment(ProgressShipment { order: id("left").order.id, ..ship(1) }).await?;
    engine.cancel_order(CancelOrder { lines: line(1), ..all("stays") }).await?;
    let name = format!("H{from}");
    let held = of("none", &["B", "C"]).order;
    engine.create_hold(CreateHold::new(meta(), hold_id(&name), (60, None), held)).await?;
    let confirmed = OrderId::new("order", format!("confirmed{from}")).unwrap();
    engine.confirm_hold(ConfirmHold { order: confirmed, ..confirm(&name) }).await.map(drop)
}

fn opened(disk: &SimulatedDisk) -> (Engine, Pump) {
    let options = OpenOptions::new("/data");
    let opened = Engine::open_single_threaded(&options, Arc::new(disk.clone()), Arc::new(OnePlace));
    let (engine, pump, _) = opened.expect("it opens");
    (engine, pump)
}

fn learnt(engine: &Engine) -> Learnt {
    engine.learn();
    assert_eq!(engine.learnt().upto, engine.version());
    engine.learnt().learnt
}

#[test]
fn an_order_counts_until_nothing_of_it_is_wanted() {
    let (engine, mut pump) = one_unit_on(&SimulatedDisk::new());
    run(&mut pump, orders(&engine, 0));
    let learnt = learnt(&engine);
    let together = |one, other| learnt.together(one, other) / 16;
    assert_eq!(together(A, B), 20);
    // Neither the one that was cancelled at once nor the one that was in two parts; a part of one left, and a part of one
    // stays.
    assert_eq!((together(A, C), together(C, A)), (2, 2));
    assert_eq!(together(B, C), 1, "the hold was confirmed");
    assert_eq!([A, B, C].map(|sku| learnt.orders_of(sku) / 16), [22, 21, 44]);
}

/// However far behind it is, and however often it stops, the same is learnt.
#[test]
fn the_same_journal_makes_the_same_lists_whenever_it_is_read() {
    let disk = SimulatedDisk::new();
    let (engine, mut pump) = one_unit_on(&disk);
    run(&mut pump, orders(&engine, 0));
    let half = learnt(&engine);
    run(&mut pump, orders(&engine, 20));
    let in_two = learnt(&engine);
    assert!(half != in_two);
    drop((engine, pump));
    let (again, _pump) = opened(&disk.crash(7));
    assert_eq!(again.learnt().upto, Lsn::NONE, "nothing is learnt before it is asked for");
    assert!(learnt(&again) == in_two);
    assert!(again.audit().unwrap().breaches.is_empty());
}

/// A snapshot has what was learnt, and where to go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_and_the_rest_of_the_journal_make_the_same_lists() {
    let directory = tempfile::tempdir().unwrap();
    let options = OpenOptions { segment_bytes: 1 << 20, ..OpenOptions::new(directory.path()) };
    let open = || Engine::open(&options, Arc::new(RealDisk), Arc::new(OnePlace));
    let (engine, _) = open().await.unwrap();
    engine.define_node(crate::command::fixture::node(NODE)).await.unwrap();
    orders(&engine, 0).await.unwrap();
    engine.define_styles(styles(&["A", "B"])).await.unwrap();
    let at = Timestamp::from_micros(1);
    let taken = engine.take_snapshot(at).await.unwrap();
    assert_eq!(taken.manifest.version, 14);
    orders(&engine, 20).await.unwrap();
    let (before, hash) = (until_learnt(&engine).await, engine.status().state_hash);
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open().await.unwrap();
    assert_eq!(recovered.generation, Some(1));
    assert_eq!(engine.status().state_hash, hash);
    assert!(engine.assortment().assortment().are_of_one_style(A, B));
    assert!(until_learnt(&engine).await == before);
    assert!(engine.audit().unwrap().breaches.is_empty());
    engine.shut_down().await;
}

/// A journal that cannot be read so often, as on a disk that is away for a while.
struct Failing {
    history: Arc<dyn History>,
    left: Arc<AtomicU32>,
}

impl History for Failing {
    fn first(&self) -> Lsn {
        self.history.first()
    }

    fn last(&self) -> Lsn {
        self.history.last()
    }

    fn cursor(&self, from: Lsn) -> Box<dyn Cursor> {
        Box::new(FailingCursor(self.history.cursor(from), Arc::clone(&self.left)))
    }

    fn within(&self, end: Lsn, bytes: u64) -> Result<Lsn, LogError> {
        self.history.within(end, bytes)
    }

    fn drop_before(&self, lsn: Lsn) -> Result<(), LogError> {
        self.history.drop_before(lsn)
    }
}

struct FailingCursor(Box<dyn Cursor>, Arc<AtomicU32>);

impl Cursor for FailingCursor {
    fn next(&self) -> Lsn {
        self.0.next()
    }

    fn read(&mut self, visit: &mut Visit<'_>) -> Result<(), LogError> {
        let less = |left: u32| left.checked_sub(1);
        if self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Err(LogError::Full { dir: "/data".into() });
        }
        self.0.read(visit)
    }
}

/// A disk that is away for a moment is no reason never to learn again.
#[test]
fn a_journal_that_cannot_be_read_for_a_while_is_read_on_afterwards() {
    let (engine, mut pump) = one_unit_on(&SimulatedDisk::new());
    run(&mut pump, orders(&engine, 0));
    let (left, history) = (Arc::new(AtomicU32::new(3)), Arc::clone(&engine.history));
    let failing: Arc<dyn History> = Arc::new(Failing { history, left: Arc::clone(&left) });
    let learner = Learner::new(&engine.kernel, &failing);
    learner.begin();
    let until = std::time::Instant::now() + LONG;
    while engine.learnt().upto < engine.version() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    learner.end();
    assert_eq!((left.load(Ordering::SeqCst), engine.learnt().upto), (0, engine.version()));
}

/// Who learns keeps no shutdown waiting, however far behind it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_ends_who_learns_before_the_services() {
    let directory = tempfile::tempdir().unwrap();
    let options = OpenOptions::new(directory.path());
    let (engine, _) = Engine::open(&options, Arc::new(RealDisk), Arc::new(OnePlace)).await.unwrap();
    engine.define_node(crate::command::fixture::node(NODE)).await.unwrap();
    orders(&engine, 0).await.unwrap();
    tokio::time::timeout(LONG, engine.shut_down()).await.expect("at once");
    assert!(engine.learnt().upto <= engine.version());
}

/// A thread of its own reads what is applied.
async fn until_learnt(engine: &Engine) -> Learnt {
    let wait = async {
        while engine.learnt().upto < engine.version() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        engine.learnt().learnt
    };
    tokio::time::timeout(LONG, wait).await.expect("it is read in time")
}

fn asked(items: &[&str], instead_of: Option<Sku>) -> Suggest {
    Suggest { basket: of("basket", items), instead_of, most: 8, buyer: None }
}

/// aem-boilerplate-commerce#1235: an item that is not to be had was recommended.
#[test]
fn what_cannot_be_had_is_not_suggested() {
    let (engine, mut pump) = one_unit_on(&SimulatedDisk::new());
    run(&mut pump, orders(&engine, 0));
    let told = |pump: &mut Pump| {
        let found = run(pump, engine.suggest(&asked(&["A"], None)));
        let all = found.companions.iter();
        all.map(|of| (of.sku.to_string(), of.why.is_fallback())).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut pump), [("B".to_owned(), false)]);
    let none = StockOperation::Count { on_hand: 0 };
    run(&mut pump, engine.change_stock(change("B", NODE, none)));
    // What sells is told instead, and as such.
    assert_eq!(told(&mut pump), [("C".to_owned(), true)]);
    let waits = Shortage::Backorder;
    let mut patient = asked(&["A"], None);
    patient.basket.order.shortage = Some(waits);
    let found = run(&mut pump, engine.suggest(&patient));
    assert_eq!(
        found.companions[0].sku,
        sku("C"),
        "nobody is told to wait for what he did not ask for"
    );
}

#[test]
fn substitutes_are_those_that_are_there() {
    let (engine, mut pump) = one_unit_on(&SimulatedDisk::new());
    run(&mut pump, stock(&engine, &["A", "B", "C"]));
    run(&mut pump, engine.define_styles(styles(&["A", "B", "C"])));
    let told = |pump: &mut Pump| {
        let found = run(pump, engine.suggest(&asked(&["A"], Some(sku("A")))));
        found.substitutes.iter().map(|of| (of.sku.to_string(), of.score)).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut pump), [("B".to_owned(), 200), ("C".to_owned(), 200)]);
    let none = StockOperation::Count { on_hand: 0 };
    run(&mut pump, engine.change_stock(change("B", NODE, none)));
    assert_eq!(told(&mut pump), [("C".to_owned(), 200)]);
}

#[test]
fn what_is_wrong_with_a_basket_is_told() {
    let (engine, mut pump) = one_unit_on(&SimulatedDisk::new());
    run(&mut pump, stock(&engine, &["A"]));
    let refused = |asked: Suggest| match super::poll(std::pin::pin!(engine.suggest(&asked))) {
        std::task::Poll::Ready(Err(error)) => format!("{error:?}"),
        told => panic!("{told:?}"),
    };
    assert!(refused(asked(&["Z"], None)).contains("ItemNotFound"));
    assert!(refused(asked(&["A"], Some(sku("Z")))).contains("ItemNotFound"));
    assert!(refused(asked(&[], None)).contains("lines"));
    assert!(refused(Suggest { most: 0, ..asked(&["A"], None) }).contains("most"));
    assert!(refused(Suggest { most: 33, ..asked(&["A"], None) }).contains("most"));
}
