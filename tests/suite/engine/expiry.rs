//! Packages that wait for customers at a node that keeps them for some days.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::command::{
    CancelOrder, DefineNode, HoldOrder, NodeDefinition, OrderRequest, ProgressShipment,
    ReleaseOrderHold, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Done, Engine, EngineError, OrderView};
use backstock_engine::model::{
    Happened, Lsn, Meta, NodeKind, OrderHoldId, OrderHoldKind, OrderState, PickupOffer, Refusal,
    Shortage, Step, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};
use backstock_tests::single::Single;
use tokio::sync::Barrier;

/// Days that the store keeps packages.
const DAYS: u16 = 2;

/// The end of the last of them: [`NOW`] is in the middle of a day in UTC.
fn end() -> Timestamp {
    let day = NOW.as_micros().div_euclid(DAY);
    Timestamp::from_micros((day + i64::from(DAYS) + 1) * DAY)
}

fn before_end() -> Timestamp {
    end().saturating_add_micros(-1)
}

fn store() -> NodeDefinition {
    let pickup = PickupOffer::Offered;
    NodeDefinition { pickup, pickup_days: Some(DAYS), ..node("S", NodeKind::Store, 1) }
}

fn collected(id: &str) -> OrderRequest {
    OrderRequest { destination: pickup_there("S"), ..order(id, &[("A", 2)], Shortage::Backorder) }
}

/// A store with two units, which the order `FIRST` has, and the order `NEXT` waits for.
struct World {
    disk: SimulatedDisk,
    single: Single,
}

impl World {
    fn new() -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("it opens");
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[store()]));
        single.run(define_items(&engine, &["A", "B"]));
        single.run(set(&engine, "A", "S", 2));
        for id in ["FIRST", "NEXT"] {
            single.run(place(&engine, collected(id))).expect("placed");
        }
        Self { disk, single }
    }

    fn step(&mut self, step: Step) -> Result<Done, EngineError> {
        let engine = self.single.engine.clone();
        let progress =
            ProgressShipment { meta: meta(), order: order_id("FIRST"), shipment: 1, step };
        self.single.run(engine.progress_shipment(progress))
    }

    /// All that is there of it waits for the customer.
    fn ready(&mut self) {
        self.step(Step::MakeReady(Vec::new())).expect("it is ready");
    }

    fn pass_to(&mut self, at: Timestamp) {
        self.single.engine.tell_time(at);
        self.single.drain();
    }

    fn order(&mut self, id: &str) -> OrderView {
        let engine = self.single.engine.clone();
        self.single.run(engine.order(&order_id(id))).expect("the order")
    }

    fn state(&mut self, id: &str) -> OrderState {
        self.order(id).order.state()
    }

    /// Units of the other order that are there.
    fn served(&mut self) -> u32 {
        let next = self.order("NEXT");
        let rests = next.supplies.iter().flatten().filter(|(supply, _)| supply.is_there());
        rests.map(|(_, units)| units).sum()
    }

    fn on_hand(&mut self) -> u32 {
        let engine = self.single.engine.clone();
        self.single.run(engine.stock(&sku("A"), &node_id("S"))).expect("the pair").stock.on_hand
    }

    /// What happened to it, of that kind: the events.
    fn told(&mut self, what: Happened) -> Vec<Lsn> {
        let order = self.order("FIRST").order;
        order.timeline.iter().filter(|entry| entry.what == what).map(|entry| entry.lsn).collect()
    }

    /// Its units went back once, and are the next one's.
    fn is_expired(&mut self) {
        assert_eq!(self.state("FIRST"), OrderState::Cancelled);
        assert_eq!((self.served(), self.on_hand()), (2, 2));
        assert_eq!(self.told(Happened::Expired).len(), 1);
        assert_clean(&self.single.engine);
    }
}

#[test]
fn what_nobody_collects_goes_back_after_its_last_day_once_and_to_who_waits() {
    let mut world = World::new();
    world.pass_to(end());
    assert_eq!(world.state("FIRST"), OrderState::Open, "nothing of it was ready");
    let mut world = World::new();
    world.ready();
    world.pass_to(before_end());
    assert_eq!((world.state("FIRST"), world.served()), (OrderState::Open, 0));
    world.pass_to(end());
    world.is_expired();
    world.pass_to(end().saturating_add_micros(30 * DAY));
    world.is_expired();
    let late = world.step(Step::Collect(Vec::new()));
    let expired = Refusal::ShipmentExpired { shipment_number: 1, expired: end() };
    assert_eq!(late.unwrap_err(), EngineError::Refused(expired));
}

#[test]
fn what_was_told_stays_whatever_the_node_says_later() {
    let mut world = World::new();
    world.ready();
    let engine = world.single.engine.clone();
    let node = NodeDefinition { pickup_days: None, ..store() };
    world.single.run(engine.define_node(DefineNode { meta: meta(), node })).expect("defined");
    world.pass_to(end());
    world.is_expired();

    let mut world = World::new();
    let engine = world.single.engine.clone();
    let node = NodeDefinition { pickup_days: None, ..store() };
    world.single.run(engine.define_node(DefineNode { meta: meta(), node })).expect("defined");
    world.ready();
    let node = store();
    world.single.run(engine.define_node(DefineNode { meta: meta(), node })).expect("defined");
    world.pass_to(end().saturating_add_micros(365 * DAY));
    assert_eq!(world.state("FIRST"), OrderState::Open, "it was told that it is kept");
}

#[test]
fn what_was_collected_does_not_expire_and_a_package_that_was_opened_waits_anew() {
    let mut world = World::new();
    world.ready();
    world.step(Step::Collect(Vec::new())).expect("collected");
    world.pass_to(end());
    assert_eq!((world.state("FIRST"), world.on_hand()), (OrderState::Closed, 0));
    assert_eq!(world.told(Happened::Expired), []);

    let mut world = World::new();
    world.ready();
    let package =
        world.order("FIRST").order.shipments[0].work.as_ref().expect("work").packages[0].id.clone();
    let engine = world.single.engine.clone();
    let step = Step::Unpack(package);
    let opened = ProgressShipment { meta: keyed("K"), order: order_id("FIRST"), shipment: 1, step };
    world.single.run(engine.progress_shipment(opened)).expect("opened");
    world.pass_to(end());
    assert_eq!(world.state("FIRST"), OrderState::Open);
}

/// While it is on hold the customer may not have it, so he does not lose it; and no longer.
#[test]
fn an_order_on_hold_keeps_its_package_until_the_hold_ends() {
    let mut world = World::new();
    world.ready();
    let engine = world.single.engine.clone();
    let hold = OrderHoldId::new("id", "REVIEW").expect("an id");
    let held = HoldOrder {
        meta: meta(),
        order: order_id("FIRST"),
        hold: hold.clone(),
        kind: OrderHoldKind::Fraud,
        reason: Text::default(),
        owner: Text::default(),
        stock_until: None,
    };
    world.single.run(engine.hold_order(held)).expect("held");
    world.pass_to(end());
    assert_eq!(world.state("FIRST"), OrderState::Open);
    let release = ReleaseOrderHold { meta: meta(), order: order_id("FIRST"), hold };
    world.single.run(engine.release_order_hold(release)).expect("released");
    world.single.drain();
    assert_eq!(world.state("FIRST"), OrderState::Cancelled);
}

/// The instant is in the order: no restart loses it, and none does it twice.
#[test]
fn a_package_expires_after_a_restart_as_well_and_once() {
    let mut world = World::new();
    world.ready();
    for round in 0..3 {
        let disk = world.disk.restart();
        world.single = Single::open(&disk).expect("it opens");
        world.disk = disk;
        world.pass_to(if round == 0 { before_end() } else { end() });
        if round == 0 {
            assert_eq!(world.state("FIRST"), OrderState::Open);
        } else {
            world.is_expired();
        }
    }
}

/// With no room on the disk it is done later, and the engine goes on.
#[test]
fn a_package_expires_later_where_the_disk_is_full() {
    let mut world = World::new();
    world.ready();
    world.disk.set_capacity(Some(world.disk.used()));
    let engine = world.single.engine.clone();
    let receive = || {
        let received = StockOperation::Receive { quantity: 1, unavailable: 0 };
        change(&engine, "B", "S", received)
    };
    let mut tries = 0..10_000;
    let full = tries.any(|_| matches!(world.single.run(receive()), Err(EngineError::DiskFull)));
    assert!(full, "the disk is full");
    world.pass_to(end());
    assert_eq!(world.state("FIRST"), OrderState::Open);
    world.disk.set_capacity(None);
    // The first that wants room has it looked for.
    let goes_on = tries.any(|_| {
        let received = world.single.run(receive());
        world.single.drain();
        received.is_ok()
    });
    assert!(goes_on, "there is room again");
    world.single.drain();
    assert_eq!(world.state("FIRST"), OrderState::Cancelled);
    assert_eq!((world.served(), world.told(Happened::Expired).len()), (2, 1));
}

/// What may end the wait of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    Collected,
    Cancelled,
    Expired,
}

/// A round of the race: an order whose package waits until `end`.
struct Race {
    engine: Engine,
    id: String,
    at: Timestamp,
    end: Timestamp,
}

impl Race {
    /// The order has both units, another one waits for them, and its last instant is the next.
    async fn new(engine: &Engine, round: u64) -> Self {
        let days = i64::try_from(round).expect("a number of rounds") * (i64::from(DAYS) + 1);
        let (at, end) =
            (NOW.saturating_add_micros(days * DAY), end().saturating_add_micros(days * DAY));
        set(engine, "A", "S", 2).await;
        let race = Self { engine: engine.clone(), id: format!("o{round}"), at, end };
        for id in [&race.id, &race.next()] {
            place(engine, collected(id)).await.expect("placed");
        }
        race.step(Step::MakeReady(Vec::new())).await.expect("it is ready");
        engine.tell_time(end.saturating_add_micros(-1));
        race
    }

    fn next(&self) -> String {
        format!("next-{}", self.id)
    }

    async fn step(&self, step: Step) -> Result<Done, EngineError> {
        let (meta, order) = (Meta { at: self.at, ..meta() }, order_id(&self.id));
        self.engine.progress_shipment(ProgressShipment { meta, order, shipment: 1, step }).await
    }

    async fn send(&self, of: Ends) -> Option<Result<Done, EngineError>> {
        match of {
            Ends::Collected => Some(self.step(Step::Collect(Vec::new())).await),
            Ends::Cancelled => {
                let (meta, order) = (Meta { at: self.at, ..meta() }, order_id(&self.id));
                let cancel = CancelOrder { meta, order, lines: Vec::new(), shipment: None };
                Some(self.engine.cancel_order(cancel).await)
            }
            Ends::Expired => {
                self.engine.tell_time(self.end);
                None
            }
        }
    }

    /// Who ended it: one did, the others were told so, and its units are where that says.
    async fn ended(&self, answers: &[(Ends, Option<Result<Done, EngineError>>)]) -> Ends {
        let closed = async {
            loop {
                let order = self.engine.order(&order_id(&self.id)).await.expect("the order").order;
                // Nobody answers an expiry, and who waited has its units a moment later.
                if order.state() == OrderState::Closed
                    || (order.state() == OrderState::Cancelled && self.served().await == 2)
                {
                    return order;
                }
                tokio::task::yield_now().await;
            }
        };
        let order = tokio::time::timeout(Duration::from_secs(30), closed).await.expect("it ends");
        let ends = order.timeline.iter().filter_map(|entry| match entry.what {
            Happened::Collected => Some(Ends::Collected),
            Happened::Cancelled => Some(Ends::Cancelled),
            Happened::Expired => Some(Ends::Expired),
            _ => None,
        });
        let ends: Vec<Ends> = ends.collect();
        let [end] = ends[..] else { panic!("{}: {ends:?}, {answers:?}", self.id) };
        for (of, answer) in answers {
            let Some(answer) = answer else { continue };
            let is_told = match answer {
                Ok(_) => *of == end,
                Err(EngineError::Refused(refusal)) => *of != end && is_true(refusal, end),
                Err(error) => panic!("{of:?}: {error:?}"),
            };
            assert!(is_told, "{}: {end:?}, but {of:?} was told {answer:?}", self.id);
        }
        let left = if end == Ends::Collected { 2 } else { 0 };
        let stock = self.engine.stock(&sku("A"), &node_id("S")).await.expect("the pair").stock;
        let served = self.served().await;
        assert_eq!((stock.on_hand, served), (2 - left, 2 - left), "{}: {end:?}", self.id);
        end
    }

    /// Units of the order that waits which are there.
    async fn served(&self) -> u32 {
        let next = self.engine.order(&order_id(&self.next())).await.expect("the order");
        let there = next.supplies.iter().flatten().filter(|(supply, _)| supply.is_there());
        there.map(|(_, units)| units).sum()
    }
}

/// Whether a refusal tells how the wait of a package ended.
fn is_true(refusal: &Refusal, end: Ends) -> bool {
    match refusal {
        Refusal::ShipmentExpired { .. } => end == Ends::Expired,
        Refusal::UnitsShipped { .. } => end == Ends::Collected,
        Refusal::UnitsCancelled { .. } | Refusal::ShipmentNotPlanned { .. } => {
            end != Ends::Collected
        }
        _ => false,
    }
}

/// The customer is at the counter, the desk calls it off, and the store's last day ends, at once.
/// `BACKSTOCK_RUNS` says how many rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_collection_a_cancellation_and_the_last_day_at_once_one_ends_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[store()]).await;
    define_items(&engine, &["A"]).await;
    let mut ends = BTreeMap::<Ends, u32>::new();
    for (round, seed) in (0..).zip(seeds("one_ends_it", 100)) {
        let mut random = Random::new(seed);
        let race = Arc::new(Race::new(&engine, round).await);
        let mut all = vec![Ends::Collected, Ends::Cancelled, Ends::Expired];
        all.retain(|of| *of == Ends::Expired || random.percent(80));
        let start = Arc::new(Barrier::new(all.len()));
        let tasks: Vec<_> = all
            .into_iter()
            .map(|of| {
                let (race, start) = (Arc::clone(&race), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    (of, race.send(of).await)
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("no panic"));
        }
        *ends.entry(race.ended(&answers).await).or_default() += 1;
        // What is left of the round.
        let _ = cancel(&engine, &race.next(), &[]).await;
    }
    println!("what ended it, and how often: {ends:#?}");
    assert_clean(&engine);
    engine.shut_down().await;
}
