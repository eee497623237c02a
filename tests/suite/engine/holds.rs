//! Holds: when they lapse, who gets their units, and what is left of them after a restart.

mod at_once;
mod snapshots;

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::command::{
    AnyEvent, ConfirmHold, CreateHold, ExtendHold, Extension, Lines, ReleaseHold, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError, PlaceOutcome};
use backstock_engine::model::{
    Hold, HoldId, HoldState, Meta, NodeKind, Order, OrderId, OwnerId, PostalCode, Refusal,
    Shortage, Stock, Timestamp,
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
        prices: None,
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
