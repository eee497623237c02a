//! Who waits is served by class, then by tier, then by age.

use PriorityClass::{Fill, Gain, Lose, Redistribute, Win};
use backstock_engine::command::{
    AnyEvent, ConfirmHold, CreateHold, Lines, OrderRequest, SetOrderPriority, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::EngineError;
use backstock_engine::model::{
    HoldId, HoldState, InboundId, NodeKind, OrderId, Priority, PriorityClass, Refusal, Shortage,
    Supply, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// An engine with a node, on a disk that survives it.
struct World {
    disk: SimulatedDisk,
    single: Single,
}

impl World {
    fn new() -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("it opens");
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[node("E", NodeKind::Warehouse, 1)]));
        single.run(define_items(&engine, &["A"]));
        Self { disk, single }
    }

    fn change(&mut self, operation: StockOperation) {
        let engine = self.single.engine.clone();
        self.single.run(change(&engine, "A", "E", operation)).expect("it is changed");
    }

    fn receive(&mut self, quantity: u32) {
        self.change(StockOperation::Receive { quantity, unavailable: 0 });
    }

    /// An order of a unit, which waits.
    fn waits(&mut self, id: &str, class: PriorityClass, tier: u32) {
        self.waits_for(id, 1, (class, tier));
    }

    fn waits_for(&mut self, id: &str, quantity: u32, (class, tier): (PriorityClass, u32)) {
        let engine = self.single.engine.clone();
        let wanted = order(id, &[("A", quantity)], Shortage::Backorder);
        let wanted = OrderRequest { priority: priority(class, tier), ..wanted };
        self.single.run(place(&engine, wanted)).expect("it is placed");
    }

    fn prioritise(&mut self, id: &str, class: PriorityClass) -> Result<(), EngineError> {
        let engine = self.single.engine.clone();
        let (order, priority) = (order_id(id), priority(class, 9));
        let command = SetOrderPriority { meta: meta(), order, priority };
        self.single.run(engine.set_order_priority(command)).map(drop)
    }

    /// What the first allocation of an order rests on, by its id or that of its hold.
    fn rests(&mut self, id: &OrderId) -> Vec<(Supply, u32)> {
        let engine = self.single.engine.clone();
        let view = self.single.run(engine.order(id)).expect("the order");
        view.supplies.iter().flatten().copied().collect()
    }

    /// Of these orders, those that have all their units, or rest on what is on its way.
    fn served<'a>(&mut self, ids: &[&'a str]) -> Vec<&'a str> {
        let mut served = ids.to_vec();
        served.retain(|id| {
            self.rests(&order_id(id)).iter().all(|(supply, _)| *supply != Supply::Backorder)
        });
        served
    }

    /// Ends in a crash, and goes on: the state is as it was.
    fn crashes(self) -> Self {
        let Self { disk, single } = self;
        let hash = single.engine.status().state_hash;
        drop(single);
        let disk = disk.crash(1);
        let single = Single::open(&disk).expect("it opens");
        assert_eq!(single.engine.status().state_hash, hash, "REPLAY_EQUAL");
        assert_clean(&single.engine);
        Self { disk, single }
    }
}

fn priority(class: PriorityClass, tier: u32) -> Priority {
    Priority::new(class, tier).expect("a tier")
}

fn announced(quantity: u32) -> StockOperation {
    let eta = Timestamp::from_micros(NOW.as_micros() + 3 * DAY);
    StockOperation::AnnounceInbound { id: inbound(), quantity, eta }
}

fn inbound() -> InboundId {
    InboundId::new("inbound", "PO").expect("an id")
}

#[test]
fn what_comes_free_goes_to_the_better_class_then_to_the_lower_tier_then_to_the_older() {
    let mut world = World::new();
    let all = [
        ("lose", Lose, 0),
        ("fill", Fill, 0),
        ("old", Redistribute, 9),
        ("young", Redistribute, 9),
        ("tier", Redistribute, 3),
        ("gain", Gain, 9),
        ("win 5", Win, 5),
        ("win 0", Win, 0),
    ];
    for (id, class, tier) in all {
        world.waits(id, class, tier);
    }
    let mut world = world.crashes();
    let order = ["win 0", "win 5", "gain", "tier", "old", "young", "fill", "lose"];
    for served in 1..=order.len() {
        world.receive(1);
        assert_eq!(world.served(&order), order[..served]);
    }
    world.crashes();
}

/// The class decides who is served next, and takes nothing from anybody.
#[test]
fn what_an_order_was_given_stays_its_own_whoever_comes_later() {
    let mut world = World::new();
    world.receive(1);
    world.change(announced(1));
    world.waits("there", Lose, 9);
    world.waits("coming", Lose, 9);
    world.waits("win", Win, 0);
    world.prioritise("win", Gain).expect("it is open");
    assert_eq!(world.served(&["there", "coming", "win"]), ["there", "coming"]);
    world.receive(1);
    assert_eq!(world.rests(&order_id("win")), [(Supply::OnHand, 1)], "not the one on its way");
    world.crashes();
}

/// Scenario 2: priority decides who waits.
#[test]
fn of_a_supply_that_comes_short_those_who_are_served_last_wait() {
    let orders = [("lose", Lose), ("old", Redistribute), ("young", Redistribute), ("win", Win)];
    let ids = orders.map(|(id, _)| id);
    let short = [
        StockOperation::ChangeInbound { id: inbound(), quantity: Some(2), eta: None },
        StockOperation::ReceiveInbound { id: inbound(), quantity: 2, closes: true },
    ];
    for operation in short {
        let mut world = World::new();
        world.change(announced(4));
        for (id, class) in &orders {
            world.waits(id, *class, 9);
        }
        assert_eq!(world.served(&ids), ids);
        world.change(operation);
        assert_eq!(world.served(&ids), ["old", "win"]);
        world.crashes();
    }
}

#[test]
fn an_order_that_gets_another_priority_is_served_by_it_from_then_on() {
    let mut world = World::new();
    world.waits("first", Redistribute, 9);
    world.waits_for("second", 2, (Redistribute, 9));
    world.waits("third", Redistribute, 9);
    world.prioritise("third", Win).expect("it is open");
    world.prioritise("first", Lose).expect("it is open");
    let mut world = world.crashes();
    for served in [&["third"][..], &["third"], &["second", "third"], &["first", "second", "third"]]
    {
        world.receive(1);
        assert_eq!(world.served(&["first", "second", "third"]), served);
    }
    let engine = world.single.engine.clone();
    let before = engine.status().applied;
    world.prioritise("third", Win).expect("it is open");
    assert_eq!(engine.status().applied, before, "nothing changes");
    world.single.run(cancel(&engine, "third", &[])).expect("it is cancelled");
    let refused = world.prioritise("third", Gain);
    let closed = EngineError::Refused(Refusal::OrderClosed { order_id: order_id("third") });
    assert_eq!(refused, Err(closed));
    world.crashes();
}

/// A hold waits in line by its priority, and the order that it becomes keeps it.
#[test]
fn a_hold_waits_in_line_by_its_priority_and_so_does_its_order() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let id = |name: &str| HoldId::new("hold", name).expect("a hold id");
    for (name, class) in [("old", Redistribute), ("win", Win)] {
        let wanted = order("of a hold", &[("A", 1)], Shortage::Reject);
        let wanted = OrderRequest { priority: priority(class, 0), ..wanted };
        let create = CreateHold::new(meta(), id(name), (600, None), wanted).waiting();
        world.single.run(engine.create_hold(create)).expect("it is created");
    }
    world.receive(1);
    let of = |name: &str| OrderId::of_hold(&id(name));
    assert_eq!(world.rests(&of("win")), [(Supply::OnHand, 1)]);
    assert_eq!(world.rests(&of("old")), [(Supply::Backorder, 1)]);
    let confirm = ConfirmHold {
        meta: meta(),
        hold: id("win"),
        order: order_id("o"),
        customer: None,
        channel: None,
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    world.single.run(engine.confirm_hold(confirm)).expect("it is confirmed");
    let view = world.single.run(engine.order(&order_id("o"))).expect("the order");
    assert_eq!(view.order.header.priority, priority(Win, 0));
    assert_eq!(view.order.open_hold().map(|hold| hold.state), None::<HoldState>);
    assert_clean(&engine);
    world.crashes();
}

/// One event says so, whatever the order rests on.
#[test]
fn the_journal_tells_who_was_given_another_priority() {
    let mut world = World::new();
    world.waits("o", Redistribute, 9);
    world.prioritise("o", Win).expect("it is open");
    let engine = world.single.engine.clone();
    let event = engine.event(engine.status().applied);
    let Some(AnyEvent::OrderPrioritised(event)) = event else { panic!("{event:?}") };
    assert_eq!((event.id, event.priority), (order_id("o"), priority(Win, 9)));
}
