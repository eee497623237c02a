//! Nodes that are told to work on shipments: by their own rule, or in waves.

use backstock_engine::command::{
    AcceptShipment, AnyEvent, DefineNode, HoldOrder, NodeDefinition, ProgressShipment,
    ReleaseOrderHold, ReleaseWave, SetOrderPriority, StockOperation, Wave, WaveAt,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Done, EngineError};
use backstock_engine::model::{
    Day, Happened, InboundId, LineUnits, Lsn, Meta, NodeKind, OrderHoldId, OrderHoldKind, Policy,
    Priority, PriorityClass, Refusal, ReleaseRule, Shortage, Step, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

const HOUR: i64 = DAY / 24;

/// The end of the day of [`NOW`], which is noon: the cut-off of all nodes here.
fn cut_off() -> Timestamp {
    NOW.saturating_add_micros(12 * HOUR)
}

fn before_cut_off(hours: i64) -> Timestamp {
    cut_off().saturating_add_micros(-hours * HOUR)
}

/// Nodes `N` and `M`, of which the first has a rule, and units of `A` at both.
struct World {
    disk: SimulatedDisk,
    single: Single,
}

fn ruled(release: Option<ReleaseRule>) -> NodeDefinition {
    NodeDefinition { release, ..node("N", NodeKind::Warehouse, 1) }
}

impl World {
    fn new(release: Option<ReleaseRule>, on_hand: u32) -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("it opens");
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[ruled(release)]));
        single.run(define_items(&engine, &["A", "B"]));
        single.run(set(&engine, "A", "N", on_hand));
        Self { disk, single }
    }

    fn place(&mut self, id: &str) {
        let engine = self.single.engine.clone();
        let wanted = order(id, &[("A", 1)], Shortage::Backorder);
        self.single.run(place(&engine, wanted)).expect("placed");
        self.single.drain();
    }

    fn define(&mut self, node: NodeDefinition) {
        let engine = self.single.engine.clone();
        self.single.run(engine.define_node(DefineNode { meta: meta(), node })).expect("defined");
        self.single.drain();
    }

    fn change(&mut self, item: &str, operation: StockOperation) {
        let engine = self.single.engine.clone();
        self.single.run(change(&engine, item, "N", operation)).expect("it is changed");
        self.single.drain();
    }

    fn step(&mut self, id: &str, step: Step) {
        self.step_at(NOW, id, step).expect("the step is taken");
        self.single.drain();
    }

    fn step_at(&mut self, at: Timestamp, id: &str, step: Step) -> Result<Done, EngineError> {
        let engine = self.single.engine.clone();
        let (meta, order) = (Meta { at, ..meta() }, order_id(id));
        let progress = ProgressShipment { meta, order, shipment: 1, step };
        self.single.run(engine.progress_shipment(progress))
    }

    /// Its node accepts it, and is asked to give it back.
    fn ask_back(&mut self, id: &str, until: Timestamp) {
        let engine = self.single.engine.clone();
        let accept = AcceptShipment { meta: meta(), order: order_id(id), shipment: 1 };
        self.single.run(engine.accept_shipment(accept)).expect("accepted");
        self.step(id, Step::Recall { until });
    }

    fn pass_to(&mut self, at: Timestamp) {
        self.single.engine.tell_time(at);
        self.single.drain();
    }

    /// How often it was released.
    fn released(&mut self, id: &str) -> usize {
        let engine = self.single.engine.clone();
        let view = self.single.run(engine.order(&order_id(id))).expect("the order");
        let told = view.order.timeline.iter();
        told.filter(|entry| entry.what == Happened::Released).count()
    }

    fn wave(&mut self, key: Option<&str>, wave: Wave) -> Result<Done, EngineError> {
        let engine = self.single.engine.clone();
        let found = engine.find_wave(&wave)?;
        let meta = key.map_or_else(meta, keyed);
        self.single.run(engine.release_wave(ReleaseWave { meta, wave, found }))
    }

    /// What an event released, and what was left.
    fn told(&self, version: Lsn) -> (Vec<String>, u32) {
        match self.single.engine.event(version) {
            Some(AnyEvent::ShipmentsReleased(event)) => {
                let ids = event.shipments.iter().map(|of| of.id.to_string());
                (ids.collect(), event.left.expect("it is a wave"))
            }
            other => panic!("no wave: {other:?}"),
        }
    }
}

fn at_node(shipments_max: u32) -> Wave {
    let at = WaveAt::Node(node_id("N"));
    Wave { at, services: Vec::new(), ship_by: None, class: None, shipments_max }
}

#[test]
fn a_node_that_releases_at_once_does_so_as_soon_as_all_units_are_there() {
    let mut world = World::new(Some(ReleaseRule::AtOnce), 1);
    world.place("O");
    world.place("WAITS");
    assert_eq!((world.released("O"), world.released("WAITS")), (1, 0));
    world.change("A", StockOperation::Receive { quantity: 1, unavailable: 0 });
    assert_eq!((world.released("O"), world.released("WAITS")), (1, 1));

    // Units that an order rests on arrive: no event names it.
    let id = InboundId::new("inbound", "PO").expect("an id");
    let eta = NOW.saturating_add_micros(2 * DAY);
    world.change("B", StockOperation::AnnounceInbound { id: id.clone(), quantity: 1, eta });
    let engine = world.single.engine.clone();
    let wanted = order("PRE", &[("B", 1)], Shortage::Backorder);
    world.single.run(place(&engine, wanted)).expect("placed");
    world.single.drain();
    assert_eq!(world.released("PRE"), 0);
    world.change("B", StockOperation::ReceiveInbound { id, quantity: 1, closes: true });
    assert_eq!(world.released("PRE"), 1);
    assert_clean(&world.single.engine);
}

/// However its units come to be there: the event that gives them to the order wakes it.
#[test]
fn what_waits_is_released_with_the_last_of_its_units_on_whatever_way_they_come() {
    let id = || InboundId::new("inbound", "PO").expect("an id");
    let announced = |quantity| {
        let eta = NOW.saturating_add_micros(2 * DAY);
        StockOperation::AnnounceInbound { id: id(), quantity, eta }
    };
    let arrives = |quantity, closes| StockOperation::ReceiveInbound { id: id(), quantity, closes };
    let adjusted = |on_hand_delta| StockOperation::Adjust {
        on_hand_delta,
        unavailable_delta: 0,
        reason: Text::new("reason", "found").expect("a text"),
    };
    let set =
        |on_hand| StockOperation::Set { on_hand: Some(on_hand), unavailable: None, safety: None };
    let ways = [
        (
            "received",
            vec![],
            [adjusted(1), StockOperation::Receive { quantity: 1, unavailable: 0 }],
        ),
        ("counted", vec![], [set(1), StockOperation::Count { on_hand: 2 }]),
        ("in parts", vec![announced(2)], [arrives(1, false), arrives(1, true)]),
        ("late", vec![announced(2), arrives(0, true)], [arrives(1, true), arrives(1, true)]),
    ];
    for (way, before, [first, last]) in ways {
        let mut world = World::new(Some(ReleaseRule::AtOnce), 0);
        for operation in before {
            world.change("A", operation);
        }
        let engine = world.single.engine.clone();
        let wanted = order("O", &[("A", 2)], Shortage::Backorder);
        world.single.run(place(&engine, wanted)).expect("placed");
        world.change("A", first);
        assert_eq!(world.released("O"), 0, "{way}");
        world.change("A", last);
        assert_eq!(world.released("O"), 1, "{way}");
    }
}

#[test]
fn a_node_releases_so_long_before_its_cut_off_and_what_comes_later_at_once() {
    let mut world = World::new(Some(ReleaseRule::BeforeCutOff(120)), 9);
    world.place("EARLY");
    world.pass_to(before_cut_off(2).saturating_add_micros(-1));
    assert_eq!(world.released("EARLY"), 0);
    world.pass_to(before_cut_off(2));
    assert_eq!(world.released("EARLY"), 1);
    world.place("LATE");
    assert_eq!(world.released("LATE"), 1, "the two hours have begun");
    world.pass_to(cut_off().saturating_add_micros(9 * DAY));
    assert_eq!((world.released("EARLY"), world.released("LATE")), (1, 1), "once");
}

/// What fell due while nobody was there is caught up with, once.
#[test]
fn a_start_catches_up_with_what_fell_due_before_it() {
    let mut world = World::new(Some(ReleaseRule::BeforeCutOff(0)), 9);
    for id in ["A", "B", "C"] {
        world.place(id);
    }
    for _ in 0..2 {
        let disk = world.disk.restart();
        world.single = Single::open(&disk).expect("it opens");
        world.disk = disk;
        assert_eq!(world.single.engine.status().orders, 3);
        world.pass_to(cut_off().saturating_add_micros(3 * DAY));
        assert_eq!(["A", "B", "C"].map(|id| world.released(id)), [1, 1, 1]);
    }
}

#[test]
fn a_rule_is_for_shipments_that_are_there_already_and_a_node_without_one_releases_none() {
    let mut world = World::new(None, 9);
    world.place("O");
    world.pass_to(cut_off());
    assert_eq!(world.released("O"), 0);
    world.define(ruled(Some(ReleaseRule::AtOnce)));
    assert_eq!(world.released("O"), 1);
    world.define(ruled(None));
    world.place("P");
    assert_eq!(world.released("P"), 0);
}

#[test]
fn a_rule_goes_by_the_calendar_that_its_node_has_by_then() {
    let mut world = World::new(Some(ReleaseRule::BeforeCutOff(0)), 9);
    world.place("O");
    world.pass_to(before_cut_off(2));
    assert_eq!(world.released("O"), 0);
    let cut_off_minute = ruled(None).cut_off_minute - 60;
    let earlier = || NodeDefinition { cut_off_minute, ..ruled(Some(ReleaseRule::BeforeCutOff(0))) };
    world.define(earlier());
    assert_eq!(world.released("O"), 0);
    world.pass_to(before_cut_off(1));
    assert_eq!(world.released("O"), 1);
    world.define(earlier());
    assert_eq!(world.released("O"), 1, "once");
}

#[test]
fn an_order_on_hold_is_released_after_the_hold_and_one_that_was_taken_back_by_hand_alone() {
    let mut world = World::new(Some(ReleaseRule::BeforeCutOff(60)), 9);
    world.place("HELD");
    let engine = world.single.engine.clone();
    let hold = OrderHoldId::new("id", "REVIEW").expect("an id");
    let held = HoldOrder {
        meta: meta(),
        order: order_id("HELD"),
        hold: hold.clone(),
        kind: OrderHoldKind::Fraud,
        reason: Text::default(),
        owner: Text::default(),
        stock_until: None,
    };
    world.single.run(engine.hold_order(held)).expect("held");
    world.pass_to(cut_off());
    assert_eq!(world.released("HELD"), 0);
    let release = ReleaseOrderHold { meta: meta(), order: order_id("HELD"), hold };
    world.single.run(engine.release_order_hold(release)).expect("released");
    world.single.drain();
    assert_eq!(world.released("HELD"), 1);

    let until = cut_off().saturating_add_micros(DAY);
    world.step("HELD", Step::Recall { until });
    world.pass_to(until);
    world.define(ruled(Some(ReleaseRule::AtOnce)));
    assert_eq!(world.released("HELD"), 1, "somebody took it back");
    world.step("HELD", Step::Release);
    assert_eq!(world.released("HELD"), 2);
}

/// A shipment that its node is asked for is released when the node keeps it, says so or not, and not
/// while it may still give it back.
#[test]
fn what_its_node_is_asked_for_is_released_once_the_node_keeps_it() {
    let until = cut_off().saturating_add_micros(HOUR);
    let asked = || {
        let mut world = World::new(Some(ReleaseRule::BeforeCutOff(60)), 9);
        world.place("O");
        world.ask_back("O", until);
        world.pass_to(until);
        assert_eq!(world.released("O"), 0, "it may be given back");
        world
    };
    let mut world = asked();
    world.pass_to(until.saturating_add_micros(1));
    assert_eq!(world.released("O"), 1, "nobody answered");

    let mut world = asked();
    world.step("O", Step::AnswerRecall { gives_back: false });
    assert_eq!(world.released("O"), 1, "its node keeps it");

    let mut world = asked();
    world.step("O", Step::AnswerRecall { gives_back: true });
    world.pass_to(until.saturating_add_micros(DAY));
    assert_eq!(world.released("O"), 0, "somebody took it back");

    // Asked for again, it is kept for less long.
    let mut world = World::new(Some(ReleaseRule::AtOnce), 0);
    world.place("O");
    world.ask_back("O", until);
    world.change("A", StockOperation::Receive { quantity: 1, unavailable: 0 });
    world.step("O", Step::Recall { until: before_cut_off(1) });
    world.pass_to(before_cut_off(0));
    assert_eq!(world.released("O"), 1);
}

#[test]
fn a_node_answers_until_the_instant_that_it_was_told_and_no_later() {
    let until = before_cut_off(2);
    let asked = || {
        let mut world = World::new(None, 9);
        world.place("O");
        world.ask_back("O", until);
        world
    };
    let answer = |world: &mut World, at, gives_back| {
        world.step_at(at, "O", Step::AnswerRecall { gives_back }).map(drop)
    };
    for gives_back in [true, false] {
        assert_eq!(answer(&mut asked(), until, gives_back), Ok(()));
        let late = answer(&mut asked(), until.saturating_add_micros(1), gives_back);
        let not_asked = Refusal::RecallNotAsked { shipment_number: 1 };
        assert_eq!(late, Err(EngineError::Refused(not_asked)));
    }
}

/// With no room on the disk it is done later, and the engine goes on.
#[test]
fn a_shipment_is_released_later_where_the_disk_is_full() {
    let mut world = World::new(Some(ReleaseRule::BeforeCutOff(60)), 9);
    world.place("O");
    world.disk.set_capacity(Some(world.disk.used()));
    let engine = world.single.engine.clone();
    let receive = || {
        let received = StockOperation::Receive { quantity: 1, unavailable: 0 };
        change(&engine, "B", "N", received)
    };
    let mut tries = 0..10_000;
    let full = tries.any(|_| matches!(world.single.run(receive()), Err(EngineError::DiskFull)));
    assert!(full, "the disk is full");
    world.pass_to(cut_off());
    assert_eq!(world.released("O"), 0);
    world.disk.set_capacity(None);
    // The first that wants room has it looked for.
    let goes_on = tries.any(|_| {
        let received = world.single.run(receive());
        world.single.drain();
        received.is_ok()
    });
    assert!(goes_on, "there is room again");
    world.single.drain();
    assert_eq!(world.released("O"), 1);
}

#[test]
fn a_wave_releases_what_has_to_leave_first_and_says_what_is_left() {
    let mut world = World::new(None, 9);
    for id in ["A", "B", "C", "D"] {
        world.place(id);
    }
    world.step("B", Step::Pick(LineUnits::new()));
    let first = world.wave(Some("K"), at_node(2)).expect("released");
    assert_eq!(world.told(first.version), (vec!["A".into(), "C".into()], 1));
    let again = world.wave(Some("K"), at_node(2)).expect("known");
    assert_eq!((again.version, again.is_repeat), (first.version, true));
    assert_eq!(world.released("D"), 0, "the same wave releases no others");
    let other = world.wave(Some("K"), at_node(3)).expect_err("another content");
    assert!(matches!(other, EngineError::Refused(Refusal::RequestIdReused { .. })), "{other:?}");
    let next = world.wave(Some("L"), at_node(2)).expect("released");
    assert_eq!(world.told(next.version), (vec!["D".into()], 0));
    // A key is remembered, also of a wave of nothing.
    let none = world.wave(Some("M"), at_node(2)).expect("nothing is there");
    assert_eq!(world.told(none.version), (Vec::new(), 0));
    world.place("E");
    assert!(world.wave(Some("M"), at_node(2)).expect("known").is_repeat);
    assert_eq!(world.released("E"), 0);
    assert_eq!(["A", "B", "C", "D"].map(|id| world.released(id)), [1, 0, 1, 1]);
    assert_clean(&world.single.engine);
}

/// Its node may still answer: released, it could give nothing back.
#[test]
fn a_wave_leaves_what_its_node_is_asked_for() {
    let mut world = World::new(None, 9);
    world.place("O");
    let found = world.single.engine.find_wave(&at_node(9)).expect("found");
    let until = before_cut_off(2);
    world.ask_back("O", until);
    for found in [found, world.single.engine.find_wave(&at_node(9)).expect("found")] {
        let engine = world.single.engine.clone();
        let command = ReleaseWave { meta: meta(), wave: at_node(9), found };
        let done = world.single.run(engine.release_wave(command)).expect("answered");
        assert_eq!(world.told(done.version), (Vec::new(), 0));
    }
    assert_eq!(world.single.engine.find_wave(&at_node(9)).expect("found").all, 0);
    world.step("O", Step::AnswerRecall { gives_back: true });
    let done = world.wave(None, at_node(9)).expect("released");
    assert_eq!(world.told(done.version), (vec!["O".into()], 0), "by hand");
}

/// The order that was placed last has the earliest cut-off, and that of the day after the latest.
#[test]
fn a_wave_over_several_nodes_releases_what_has_the_earliest_cut_off_first() {
    let mut world = World::new(None, 9);
    let engine = world.single.engine.clone();
    let cut_off_minute = 13 * 60;
    let nodes = [("M", cut_off_minute), ("L", 6 * 60)];
    for (name, cut_off_minute) in nodes {
        world.define(NodeDefinition { cut_off_minute, ..node(name, NodeKind::Warehouse, 1) });
    }
    world.single.run(define_items(&engine, &["TOMORROW", "FIRST"]));
    world.single.run(set(&engine, "TOMORROW", "L", 1));
    world.single.run(set(&engine, "FIRST", "M", 1));
    for (id, item) in [("LAST", "TOMORROW"), ("SECOND", "A"), ("FIRST", "FIRST")] {
        let wanted = order(id, &[(item, 1)], Shortage::Backorder);
        world.single.run(place(&engine, wanted)).expect("placed");
    }
    let of_kind =
        |shipments_max| Wave { at: WaveAt::Kind(NodeKind::Warehouse), ..at_node(shipments_max) };
    let first = world.wave(None, of_kind(1)).expect("released");
    assert_eq!(world.told(first.version), (vec!["FIRST".into()], 2));
    let rest = world.wave(None, of_kind(9)).expect("released");
    assert_eq!(world.told(rest.version), (vec!["SECOND".into(), "LAST".into()], 0));
}

#[test]
fn a_wave_is_of_the_services_days_and_classes_that_it_names() {
    let mut world = World::new(None, 9);
    world.place("O");
    let found = |world: &World, wave: &Wave| {
        let found = world.single.engine.find_wave(wave).expect("found");
        (found.shipments.len(), found.all)
    };
    let today = Day::from_epoch_days(i32::try_from(NOW.as_micros() / DAY).expect("a day"));
    let other = Policy::default().services[1].name.clone();
    let yesterday = Some(today.minus(1));
    assert_eq!(found(&world, &at_node(9)), (1, 1));
    assert_eq!(found(&world, &Wave { ship_by: Some(today), ..at_node(9) }), (1, 1));
    assert_eq!(found(&world, &Wave { ship_by: yesterday, ..at_node(9) }), (0, 0));
    assert_eq!(found(&world, &Wave { services: vec![other], ..at_node(9) }), (0, 0));
    let class = Some(PriorityClass::Win);
    assert_eq!(found(&world, &Wave { class, ..at_node(9) }), (0, 0));
    let kind = |kind| Wave { at: WaveAt::Kind(kind), ..at_node(9) };
    assert_eq!(found(&world, &kind(NodeKind::Warehouse)), (1, 1));
    assert_eq!(found(&world, &kind(NodeKind::Store)), (0, 0));
}

/// What somebody changed since it was found is not released by what was seen then.
#[test]
fn what_is_no_more_as_it_was_found_is_passed_over() {
    let mut world = World::new(None, 9);
    for id in ["A", "B", "C"] {
        world.place(id);
    }
    let engine = world.single.engine.clone();
    let class = Some(Priority::default().class());
    let wave = Wave { class, ..at_node(9) };
    let found = engine.find_wave(&wave).expect("found");
    world.single.run(cancel(&engine, "A", &[])).expect("cancelled");
    world.step("B", Step::Release);
    let priority = Priority::new(PriorityClass::Win, 0).expect("a tier");
    let first = SetOrderPriority { meta: meta(), order: order_id("C"), priority };
    world.single.run(engine.set_order_priority(first)).expect("it is of another class");
    let command = ReleaseWave { meta: keyed("K"), wave, found };
    let done = world.single.run(engine.release_wave(command)).expect("answered");
    assert_eq!(world.told(done.version), (Vec::new(), 0));
    assert_eq!(["A", "B", "C"].map(|id| world.released(id)), [0, 1, 0]);
}
