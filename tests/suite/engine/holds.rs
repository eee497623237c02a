//! Holds: when they lapse, who gets their units, and what is left of them after a restart.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use backstock_engine::command::{
    AnyEvent, ConfirmHold, CreateHold, ExtendHold, Extension, Lines, ReleaseHold, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError, PlaceOutcome};
use backstock_engine::model::{
    Hold, HoldId, HoldState, InboundId, Meta, NodeKind, Order, OrderId, OwnerId, PostalCode,
    Refusal, Shortage, Stock, Supply, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

const SECOND: i64 = 1_000_000;

fn after(seconds: i64) -> Timestamp {
    NOW.saturating_add_micros(seconds * SECOND)
}

fn at(seconds: i64) -> Meta {
    Meta { at: after(seconds), ..meta() }
}

fn hold_id(name: &str) -> HoldId {
    HoldId::new("hold", name).expect("a hold id")
}

/// A hold of units of A from now on.
fn hold(name: &str, seconds: u32, units: u32) -> CreateHold {
    let wanted = order("-", &[("A", units)], Shortage::Reject);
    CreateHold::new(meta(), hold_id(name), (seconds, None), wanted)
}

/// A hold of an owner, for an hour.
fn of_owner(name: &str, whose: &str, units: u32) -> CreateHold {
    let mut command = hold(name, 3_600, units);
    command.owner = OwnerId::new("owner", whose).ok();
    command
}

fn release(name: &str) -> ReleaseHold {
    ReleaseHold { meta: meta(), hold: hold_id(name) }
}

fn extend(name: &str, seconds: u32) -> ExtendHold {
    ExtendHold { meta: meta(), hold: hold_id(name), by: Extension::Seconds(seconds) }
}

/// An order is made of a hold, as it was held.
fn confirm(name: &str, order: &str) -> ConfirmHold {
    ConfirmHold {
        meta: meta(),
        hold: hold_id(name),
        order: order_id(order),
        customer: None,
        channel: None,
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
    }
}

fn elsewhere(name: &str, order: &str) -> ConfirmHold {
    let code = PostalCode::new("postal_code", "00030").expect("a code");
    ConfirmHold { destination: Some(code.into()), ..confirm(name, order) }
}

async fn create(engine: &Engine, command: CreateHold) -> Option<Arc<Order>> {
    match engine.create_hold(command).await.expect("an answer").outcome {
        PlaceOutcome::Placed(order) => Some(order),
        PlaceOutcome::SoldOut(_) => None,
    }
}

async fn state(engine: &Engine, name: &str) -> Hold {
    let view = engine.order(&OrderId::of_hold(&hold_id(name))).await.expect("it is known");
    *view.order.header.hold.clone().expect("it began as a hold")
}

async fn stock_at(engine: &Engine, node: &str) -> Stock {
    engine.stock(&sku("A"), &node_id(node)).await.expect("the pair").stock
}

async fn one_node(engine: &Engine, units: u32) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "N", units).await;
}

/// An engine on one thread with so many units of A at N.
struct World {
    disk: SimulatedDisk,
    single: Single,
    engine: Engine,
}

impl World {
    fn new(units: u32) -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("the engine opens");
        let engine = single.engine.clone();
        single.run(one_node(&engine, units));
        Self { disk, single, engine }
    }

    /// The same after a crash that lost nothing.
    fn restarted(self) -> Self {
        let Self { disk, single, engine } = self;
        let hash = engine.status().state_hash;
        drop((single, engine));
        let disk = disk.restart();
        let single = Single::open(&disk).expect("the engine opens");
        assert_eq!(single.recovered.state_hash, hash);
        let engine = single.engine.clone();
        Self { disk, single, engine }
    }

    fn create(&mut self, command: CreateHold) {
        let created = self.single.run(create(&self.engine, command));
        created.expect("there is enough");
    }

    fn tell(&mut self, time: Timestamp) {
        self.engine.tell_time(time);
        self.single.drain();
    }

    fn hold(&mut self, name: &str) -> Hold {
        self.single.run(state(&self.engine, name))
    }

    fn is_live(&mut self, name: &str) -> bool {
        self.hold(name).state == HoldState::Live
    }

    fn allocated(&mut self) -> u32 {
        self.single.run(stock_at(&self.engine, "N")).allocated
    }

    /// Runs commands that are in flight to their ends.
    fn finish(&mut self, commands: impl Future<Output = ()>) {
        self.single.run(commands);
        self.single.drain();
        assert_clean(&self.engine);
        assert_eq!(self.engine.unsettled_skus(), 0);
    }
}

/// Units that were put aside are others' again at the very instant that was promised.
#[test]
fn a_hold_lapses_at_its_instant_and_not_a_microsecond_before() {
    let mut world = World::new(5);
    world.create(hold("H", 60, 2));
    let until = after(60);
    for before in [-1_500, -2, -1] {
        world.tell(until.saturating_add_micros(before));
        assert!(world.is_live("H"), "{before} microseconds before");
    }
    assert_eq!(world.allocated(), 2);
    world.tell(until);
    assert_eq!(world.hold("H").state, HoldState::Lapsed);
    assert_eq!((world.allocated(), world.engine.overdue_holds()), (0, 0));
    assert_clean(&world.engine);
}

#[test]
fn a_hold_that_was_extended_lapses_at_its_new_instant() {
    let mut world = World::new(5);
    world.create(hold("H", 60, 2));
    let extended = ExtendHold { meta: at(50), ..extend("H", 60) };
    world.single.run(world.engine.extend_hold(extended)).expect("it is extended");
    world.tell(after(110).saturating_add_micros(-1));
    assert!(world.is_live("H"));
    world.tell(after(110));
    assert!(!world.is_live("H"));
}

/// A caller's clock may be behind.
#[test]
fn a_hold_that_is_over_when_it_is_created_lapses_though_nothing_else_happens() {
    let mut world = World::new(5);
    world.tell(after(100));
    world.create(hold("H", 60, 2));
    world.single.drain();
    assert_eq!((world.is_live("H"), world.allocated()), (false, 0));
}

#[test]
fn the_expiry_of_a_hold_survives_a_restart() {
    let mut world = World::new(5);
    world.create(hold("short", 60, 1));
    world.create(hold("long", 60, 1));
    let extended = ExtendHold { meta: at(30), ..extend("long", 90) };
    world.single.run(world.engine.extend_hold(extended)).expect("it is extended");
    let mut world = world.restarted();
    // Nobody knows how late it is before it is told.
    world.single.drain();
    assert!(world.is_live("short") && world.is_live("long"));
    world.tell(after(60).saturating_add_micros(-1));
    assert!(world.is_live("short"));
    world.tell(after(60));
    assert_eq!((world.is_live("short"), world.is_live("long")), (false, true));
    let mut world = world.restarted();
    world.tell(after(120).saturating_add_micros(-1));
    assert!(world.is_live("long"));
    world.tell(after(120));
    assert_eq!((world.is_live("long"), world.allocated()), (false, 0));
    assert_clean(&world.engine);
}

/// The cart that was left first is the first whose units are free.
#[test]
fn twenty_thousand_holds_lapse_in_the_order_of_their_instants_and_free_all_units() {
    const HOLDS: u32 = 20_000;
    const ITEMS: u32 = 200;
    let mut world = World::new(0);
    let items: Vec<_> = (0..ITEMS).map(|no| format!("I-{no}")).collect();
    for item in &items {
        world.single.run(define_items(&world.engine, &[item]));
        world.single.run(set(&world.engine, item, "N", HOLDS / ITEMS));
    }
    // Created in another order than they lapse.
    let seconds = |no: u32| 1 + no * 7_919 % HOLDS;
    for no in 0..HOLDS {
        let item = &*items[(no % ITEMS) as usize];
        let wanted = order("-", &[(item, 1)], Shortage::Reject);
        let command =
            CreateHold::new(meta(), hold_id(&format!("{no}")), (seconds(no), None), wanted);
        world.single.run(world.engine.submit_hold(command)).expect("there is enough");
        if no % 1_000 == 0 {
            world.single.drain();
        }
    }
    world.single.drain();
    let allocated = |world: &World| world.engine.audit().expect("the audit runs").allocated;
    let first = world.engine.status().applied.next();
    for left in [HOLDS, HOLDS - 1, HOLDS / 2, 0] {
        world.tell(after(i64::from(HOLDS - left)));
        assert_eq!(allocated(&world), u64::from(left));
    }
    let mut lapsed = Vec::new();
    let mut version = first;
    while version <= world.engine.status().applied {
        match world.engine.event(version) {
            Some(AnyEvent::HoldsEnded(event)) => {
                assert_eq!(event.state, HoldState::Lapsed);
                lapsed.extend(
                    event
                        .holds
                        .into_iter()
                        .map(|hold| seconds(hold.id.as_str().parse().expect("a number"))),
                );
            }
            other => panic!("{version}: {other:?}"),
        }
        version = version.next();
    }
    assert!(lapsed.into_iter().eq(1..=HOLDS), "those whose time runs out first lapse first");
    assert_clean(&world.engine);
}

/// A cart that is open in two tabs holds its units once.
#[test]
fn of_two_holds_that_an_owner_creates_at_once_one_is_left() {
    let mut world = World::new(5);
    let engine = world.engine.clone();
    let mut one = pin!(create(&engine, of_owner("one", "X", 3)));
    let mut other = pin!(create(&engine, of_owner("other", "X", 4)));
    assert!(poll(one.as_mut()).is_pending() && poll(other.as_mut()).is_pending());
    world.finish(async {
        one.await.expect("there is enough");
        other.await.expect("the units of the first are free to it");
    });
    assert_eq!(world.hold("one").state, HoldState::TakenOver);
    assert_eq!((world.is_live("other"), world.allocated()), (true, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_holds_that_an_owner_creates_at_once_one_is_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 3).await;
    let mut carts = tokio::task::JoinSet::new();
    for no in 0..100 {
        let (engine, whose) = (engine.clone(), ["X", "Y", "Z"][no % 3]);
        carts.spawn(async move { create(&engine, of_owner(&format!("{no}"), whose, 1)).await });
    }
    assert!(carts.join_all().await.iter().all(Option::is_some), "each owner has a unit");
    let mut live = 0;
    for no in 0..100 {
        live += u32::from(state(&engine, &format!("{no}")).await.state == HoldState::Live);
    }
    assert_eq!((live, stock_at(&engine, "N").await.allocated), (3, 3));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// The customer pays at the very moment at which his hold runs out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_is_confirmed_as_it_lapses_is_an_order_or_lapsed_and_never_both() {
    const HOLDS: i64 = 300;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 1_000).await;
    for no in 0..HOLDS {
        let seconds = u32::try_from(no + 1).expect("few");
        create(&engine, hold(&format!("{no}"), seconds, 1)).await.expect("there is enough");
    }
    let clock = Arc::new(AtomicI64::new(0));
    let buyers: Vec<_> = (0..HOLDS)
        .map(|no| {
            let (engine, clock) = (engine.clone(), Arc::clone(&clock));
            tokio::spawn(async move {
                let (name, order) = (format!("{no}"), format!("o-{no}"));
                while clock.load(Ordering::Acquire) < no {
                    tokio::task::yield_now().await;
                }
                let command = ConfirmHold { meta: at(no), ..confirm(&name, &order) };
                engine.confirm_hold(command).await
            })
        })
        .collect();
    for no in 1..=HOLDS {
        clock.store(no, Ordering::Release);
        engine.tell_time(after(no));
        tokio::task::yield_now().await;
    }
    let (mut in_time, mut late) = (0, 0);
    for (no, buyer) in (0..).zip(buyers) {
        buyer.await.expect("no panic").expect("there are units, now or then");
        let view = engine.order(&order_id(&format!("o-{no}"))).await.expect("an order").order;
        let hold = view.header.hold.as_deref().expect("it began as a hold");
        assert_eq!((hold.state, view.allocations[0].open()), (HoldState::Confirmed, 1));
        *(if view.no.0 <= HOLDS as u64 { &mut in_time } else { &mut late }) += 1;
    }
    eprintln!("{in_time} in time, {late} after they lapsed");
    assert_eq!(stock_at(&engine, "N").await.allocated, u32::try_from(HOLDS).expect("few"));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// What is promised to a customer stays promised, whatever a count finds.
#[test]
fn a_hold_is_confirmed_where_a_count_found_less() {
    let mut world = World::new(3);
    world.create(hold("H", 60, 3));
    let count = change(&world.engine, "A", "N", StockOperation::Count { on_hand: 1 });
    world.single.run(count).expect("it is counted");
    world.single.run(world.engine.confirm_hold(confirm("H", "o"))).expect("it is confirmed");
    let stock = world.single.run(stock_at(&world.engine, "N"));
    assert_eq!((stock.on_hand, stock.allocated), (1, 3));
    assert!(stock.reservations.iter().all(|reservation| !reservation.held));
    assert_clean(&world.engine);
}

/// Goods come for what a hold rests on just as it is confirmed to go elsewhere.
#[test]
fn a_confirmation_and_the_backlog_do_not_wait_for_each_other() {
    let mut world = World::new(0);
    let eta = NOW.saturating_add_micros(3 * DAY);
    let id = InboundId::new("inbound", "PO").expect("an id");
    let announce = StockOperation::AnnounceInbound { id, quantity: 2, eta };
    world.single.run(change(&world.engine, "A", "N", announce)).expect("it is announced");
    world.create(hold("H", 60, 2));
    let engine = world.engine.clone();
    let arrive = StockOperation::Receive { quantity: 5, unavailable: 0 };
    let mut receipt = pin!(change(&engine, "A", "N", arrive));
    let mut confirmed = pin!(engine.confirm_hold(elsewhere("H", "o")));
    assert!(poll(receipt.as_mut()).is_pending() && poll(confirmed.as_mut()).is_pending());
    world.finish(async {
        let (receipt, confirmed) = tokio::join!(receipt, confirmed);
        receipt.expect("it is received");
        confirmed.expect("it is confirmed");
    });
    let order = world.single.run(engine.order(&order_id("o"))).expect("an order");
    assert_eq!(order.supplies.concat(), [(Supply::OnHand, 2)]);
}

/// As before, and the owner's next hold has the units.
#[test]
fn a_hold_that_takes_over_and_the_backlog_do_not_wait_for_each_other() {
    let mut world = World::new(0);
    let eta = NOW.saturating_add_micros(3 * DAY);
    let id = InboundId::new("inbound", "PO").expect("an id");
    let announce = StockOperation::AnnounceInbound { id, quantity: 2, eta };
    world.single.run(change(&world.engine, "A", "N", announce)).expect("it is announced");
    world.create(of_owner("one", "X", 2));
    let engine = world.engine.clone();
    let arrive = StockOperation::Receive { quantity: 5, unavailable: 0 };
    let mut receipt = pin!(change(&engine, "A", "N", arrive));
    let mut next = pin!(create(&engine, of_owner("next", "X", 2)));
    assert!(poll(receipt.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
    world.finish(async {
        let (receipt, next) = tokio::join!(receipt, next);
        receipt.expect("it is received");
        next.expect("there is enough");
    });
    assert_eq!((world.is_live("next"), world.allocated()), (true, 2));
}

/// Two commands that a caller sent under one key, by mistake.
#[test]
fn commands_under_one_key_do_not_wait_for_each_other() {
    let mut world = World::new(5);
    world.create(of_owner("H", "X", 2));
    let engine = world.engine.clone();
    let key = || keyed("the key of both");
    let mut first = pin!(engine.extend_hold(extend("H", 4_000)));
    let mut second = pin!(engine.extend_hold(ExtendHold { meta: key(), ..extend("H", 5_000) }));
    let mut next = of_owner("I", "X", 3);
    next.meta = key();
    let mut third = pin!(engine.create_hold(next));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(third.as_mut()).is_pending());
    world.single.drain();
    // The hold is free, and the one that asks first has it.
    assert!(poll(third.as_mut()).is_pending());
    world.finish(async {
        let (first, second, third) = tokio::join!(first, second, third);
        first.expect("it is extended");
        second.expect("it has the key");
        let refused = third.expect_err("it is another's key");
        let reused = matches!(refused, EngineError::Refused(Refusal::RequestIdReused { .. }));
        assert!(reused, "{refused}");
    });
}

/// A hold that the lapser finds in other hands may end there.
#[test]
fn holds_lapse_after_one_of_them_was_released_as_it_was_due() {
    let mut world = World::new(5);
    world.create(hold("released", 10, 1));
    world.create(hold("left", 20, 1));
    let engine = world.engine.clone();
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(1) };
    let mut changed = pin!(change(&engine, "A", "N", safety));
    let mut released = pin!(engine.release_hold(release("released")));
    assert!(poll(changed.as_mut()).is_pending() && poll(released.as_mut()).is_pending());
    engine.tell_time(after(10));
    world.single.drain();
    world.finish(async {
        let (changed, released) = tokio::join!(changed, released);
        changed.expect("it is changed");
        released.expect("it is released");
    });
    assert_eq!(world.hold("released").state, HoldState::Released);
    world.tell(after(20));
    assert_eq!((world.is_live("left"), world.allocated()), (false, 0));
}

#[test]
fn a_hold_that_took_over_another_is_answered_again_under_its_key() {
    let mut world = World::new(5);
    world.create(of_owner("one", "X", 2));
    let mut next = of_owner("next", "X", 3);
    next.meta = keyed("key");
    let answer = |world: &mut World| {
        let created = world.engine.create_hold(next.clone());
        world.single.run(created).expect("an answer")
    };
    let first = answer(&mut world);
    for _ in 0..2 {
        let again = answer(&mut world);
        assert_eq!(again.version, first.version);
        let PlaceOutcome::Placed(order) = again.outcome else { panic!("it was created") };
        assert_eq!(order.open_hold().expect("it is live").id, hold_id("next"));
        world = world.restarted();
    }
}

/// The answer was lost, and the cart is an order by the time that it is asked for again.
#[test]
fn a_hold_is_answered_again_after_it_was_confirmed() {
    let mut world = World::new(5);
    world.create(hold("H", 60, 2));
    world.single.run(world.engine.confirm_hold(confirm("H", "o"))).expect("it is confirmed");
    let again = world.single.run(create(&world.engine, hold("H", 60, 2)));
    assert_eq!(again.expect("it was created").header.id, order_id("o"));
    let other = world.single.run(world.engine.create_hold(hold("H", 60, 3)));
    let refused = other.expect_err("it is another one");
    assert!(matches!(refused, EngineError::Refused(Refusal::HoldIdReused { .. })), "{refused}");
}

/// Sourcing may not choose a node that is turned off, beyond what a hold has there.
#[test]
fn an_order_takes_no_more_of_a_node_that_is_turned_off_than_its_hold_had() {
    let mut world = World::new(10);
    let engine = world.engine.clone();
    world.create(of_owner("H", "X", 2));
    let off = backstock_engine::command::NodeDefinition {
        enabled: false,
        ..node("N", NodeKind::Warehouse, 1)
    };
    world.single.run(define_nodes(&engine, &[off]));
    let more = world.single.run(create(&engine, of_owner("more", "X", 3)));
    assert_eq!(more, None, "two are his, and the third cannot be chosen");
    world.create(of_owner("same", "X", 2));
    assert_eq!(world.allocated(), 2);
    world.single.run(engine.confirm_hold(elsewhere("same", "o"))).expect("they are his");
    assert_clean(&engine);
}

async fn reopened(directory: &Path, engine: Engine) -> Engine {
    let status = engine.status();
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory).await;
    assert_eq!((recovered.last, recovered.state_hash), (status.applied, status.state_hash));
    assert_eq!(engine.status().orders, status.orders);
    assert_clean(&engine);
    engine
}

/// Holds in all states: live, lapsed, released, confirmed, taken over, confirmed late.
async fn holds_in_all_states(engine: &Engine) {
    one_node(engine, 100).await;
    for name in ["confirmed", "released", "lapsed", "late"] {
        create(engine, hold(name, 60, 2)).await.expect("there is enough");
    }
    for name in ["live", "sooner"] {
        create(engine, hold(name, 600, 2)).await.expect("there is enough");
    }
    for name in ["taken over", "takes over"] {
        create(engine, of_owner(name, "X", 2)).await.expect("there is enough");
    }
    engine.extend_hold(extend("live", 900)).await.expect("it is extended");
    engine.confirm_hold(confirm("confirmed", "o-confirmed")).await.expect("it is confirmed");
    engine.release_hold(release("released")).await.expect("it is released");
    engine.tell_time(after(60));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    engine.confirm_hold(confirm("late", "o-late")).await.expect("there is enough");
}

async fn check_states(engine: &Engine) {
    for (name, expected) in [
        ("live", HoldState::Live),
        ("sooner", HoldState::Live),
        ("takes over", HoldState::Live),
        ("taken over", HoldState::TakenOver),
        ("confirmed", HoldState::Confirmed),
        ("late", HoldState::Confirmed),
        ("released", HoldState::Released),
        ("lapsed", HoldState::Lapsed),
    ] {
        assert_eq!(state(engine, name).await.state, expected, "{name}");
    }
    for (name, order) in [("confirmed", "o-confirmed"), ("late", "o-late")] {
        let of_hold = engine.order(&OrderId::of_hold(&hold_id(name))).await.expect("it is known");
        assert_eq!(of_hold, engine.order(&order_id(order)).await.expect("it is known"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_in_all_states_are_found_in_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    holds_in_all_states(&engine).await;
    check_states(&engine).await;
    engine.take_snapshot(NOW).await.expect("a snapshot");
    // Of the second, all that is closed left memory at the next start.
    engine.take_snapshot(NOW).await.expect("a snapshot");
    let engine = reopened(directory.path(), engine).await;
    check_states(&engine).await;
    // The owner's hold is known as his, and each lapses when it was to.
    create(&engine, of_owner("next", "X", 3)).await.expect("there is enough");
    assert_eq!(state(&engine, "takes over").await.state, HoldState::TakenOver);
    engine.tell_time(after(600));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    let states = [state(&engine, "sooner").await.state, state(&engine, "live").await.state];
    assert_eq!(states, [HoldState::Lapsed, HoldState::Live]);
    let engine = reopened(directory.path(), engine).await;
    engine.shut_down().await;
}

/// What a generation has as closed is replayed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_left_memory_after_it_lapsed_is_confirmed_late() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    holds_in_all_states(&engine).await;
    for _ in 0..2 {
        engine.take_snapshot(NOW).await.expect("a snapshot");
    }
    let engine = reopened(directory.path(), engine).await;
    assert!(engine.status().archived_orders > 0);
    engine.confirm_hold(confirm("lapsed", "o-lapsed")).await.expect("there is enough");
    let engine = reopened(directory.path(), engine).await;
    assert_eq!(state(&engine, "lapsed").await.state, HoldState::Confirmed);
    for _ in 0..2 {
        engine.take_snapshot(NOW).await.expect("a snapshot");
    }
    let engine = reopened(directory.path(), engine).await;
    assert_eq!(state(&engine, "lapsed").await.state, HoldState::Confirmed);
    let refused = engine.confirm_hold(confirm("lapsed", "another")).await;
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::HoldEnded { .. }))), "{refused:?}");
    engine.shut_down().await;
}

/// Snapshots are taken while holds lapse and are confirmed late: the order that a hold became
/// may be in one beside the hold as it was before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_beside_late_confirmations_is_whole() {
    const HOLDS: usize = 400;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 1_000).await;
    for no in 0..HOLDS {
        create(&engine, hold(&format!("{no}"), 1, 1)).await.expect("there is enough");
    }
    engine.tell_time(after(1));
    while engine.overdue_holds() > 0 {
        tokio::task::yield_now().await;
    }
    let late = tokio::spawn({
        let engine = engine.clone();
        async move {
            for no in 0..HOLDS {
                let order = format!("o-{no}");
                let confirmed = engine.confirm_hold(confirm(&format!("{no}"), &order)).await;
                confirmed.expect("there is enough");
            }
        }
    });
    let mut taken = 0;
    while !late.is_finished() {
        engine.take_snapshot(NOW).await.expect("a snapshot");
        taken += 1;
    }
    late.await.expect("no panic");
    eprintln!("{taken} snapshots");
    let engine = reopened(directory.path(), engine).await;
    engine.shut_down().await;
}

/// A11 of the acceptance cases: an abandoned cart, a second one of the same shopper, and another
/// shopper who waits.
#[test]
fn a_new_cart_takes_over_an_abandoned_one_and_the_next_in_line_gets_it_to_the_second() {
    let mut world = World::new(1);
    world.create(of_owner("abandoned", "ann", 1));
    world.create(of_owner("again", "ann", 1));
    assert_eq!(world.hold("abandoned").state, HoldState::TakenOver);
    let mut other = hold("bob", 600, 1);
    other.owner = OwnerId::new("owner", "bob").ok();
    world.create(other.waiting());
    let told = world.engine.held_of(&sku("A")).expect("the item");
    assert_eq!((told.units, told.first_lapse, told.line), (1, Some(after(3_600)), 1));

    world.tell(after(3_599));
    assert!(world.is_live("again"));
    let mut world = world.restarted();
    world.tell(after(3_600).saturating_add_micros(-1));
    assert!(world.is_live("again"), "not a moment before");
    world.tell(after(3_600));
    assert_eq!(world.hold("again").state, HoldState::Lapsed);
    let bob = world.hold("bob");
    assert_eq!((bob.state, bob.until), (HoldState::Live, after(4_200)), "he has his ten minutes");
}
