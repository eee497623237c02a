//! One backlog for each item, over all nodes: situations that went wrong elsewhere.

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::command::{
    AnyEvent, BacklogRepegged, DeclineShipment, NodeDefinition, OrderRequest, ProgressShipment,
    SetPolicy, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{OrderView, PlaceOutcome};
use backstock_engine::model::{
    Day, DeclineReason, InboundId, LineUnits, Lsn, NodeKind, Objective, Order, PackageId, Policy,
    PostalCode, Shortage, Split, Step, Supply, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

/// An engine with two nodes far apart, and what can be done in it.
struct World {
    single: Single,
}

impl World {
    fn new() -> Self {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        let nodes = [node("E", NodeKind::Warehouse, 1), node("W", NodeKind::Warehouse, 60)];
        single.run(define_nodes(&engine, &nodes));
        single.run(define_items(&engine, &["A", "B"]));
        Self { single }
    }

    fn change(&mut self, node: &str, operation: StockOperation) -> Lsn {
        let engine = self.single.engine.clone();
        self.single.run(change(&engine, "A", node, operation)).expect("it is changed")
    }

    fn receive(&mut self, node: &str, quantity: u32) {
        self.change(node, StockOperation::Receive { quantity, unavailable: 0 });
    }

    fn announce(&mut self, node: &str, id: &str, quantity: u32, days: i64) {
        let eta = in_days(days);
        self.change(node, StockOperation::AnnounceInbound { id: inbound(id), quantity, eta });
    }

    fn arrives(&mut self, node: &str, id: &str, quantity: u32) {
        let id = inbound(id);
        self.change(node, StockOperation::ReceiveInbound { id, quantity, closes: false });
    }

    fn moves_to(&mut self, node: &str, id: &str, days: i64) {
        let (id, eta) = (inbound(id), Some(in_days(days)));
        self.change(node, StockOperation::ChangeInbound { id, quantity: None, eta });
    }

    fn falls_away(&mut self, node: &str, id: &str) {
        self.change(node, StockOperation::CancelInbound { id: inbound(id) });
    }

    fn place(&mut self, order: OrderRequest) -> Option<Arc<Order>> {
        let engine = self.single.engine.clone();
        match self.single.run(place(&engine, order)).expect("an answer").outcome {
            PlaceOutcome::Placed(order) => Some(order),
            PlaceOutcome::SoldOut(_) => None,
        }
    }

    fn waits(&mut self, id: &str, quantity: u32) {
        self.place(order(id, &[("A", quantity)], Shortage::Backorder)).expect("it is placed");
    }

    /// Whether an order that does not wait is placed.
    fn is_sold(&mut self, id: &str, quantity: u32) -> bool {
        self.place(order(id, &[("A", quantity)], Shortage::Reject)).is_some()
    }

    fn view(&mut self, id: &str) -> OrderView {
        let engine = self.single.engine.clone();
        self.single.run(engine.order(&order_id(id))).expect("the order")
    }

    /// Units of an order that are there, on their way, and without supply.
    fn rests(&mut self, id: &str) -> (u32, u32, u32) {
        let view = self.view(id);
        let parts = view.supplies.iter().flatten();
        parts.fold((0, 0, 0), |(there, coming, waits), (supply, units)| match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => (there + units, coming, waits),
            Supply::Inbound(_) => (there, coming + units, waits),
            Supply::Backorder => (there, coming, waits + units),
        })
    }

    /// The day on which each open shipment of an order ships, counted from today.
    fn ships_in(&mut self, id: &str) -> Vec<Option<i32>> {
        let order = self.view(id).order;
        let today = Day::from_epoch_days(i32::try_from(NOW.as_micros() / DAY).expect("a day"));
        let open = order.shipments.iter().zip(0..);
        let open = open.filter(|(_, at)| order.allocations_of(*at).any(|a| a.open() > 0));
        open.map(|(s, _)| s.ship_by.map(|day| day.epoch_days() - today.epoch_days())).collect()
    }

    /// The day on which the only shipment of an order arrives, counted from today.
    fn deliver_in(&mut self, id: &str) -> Option<i32> {
        let today = i32::try_from(NOW.as_micros() / DAY).expect("a day");
        let order = self.view(id).order;
        order.shipments[0].deliver_by.map(|day| day.epoch_days() - today)
    }

    fn can_leave(&mut self, id: &str, shipment: u16) -> bool {
        let engine = self.single.engine.clone();
        self.single.run(ship(&engine, id, shipment)).is_ok()
    }

    fn step(&mut self, id: &str, step: Step) {
        let engine = self.single.engine.clone();
        let command = ProgressShipment { meta: meta(), order: order_id(id), shipment: 1, step };
        self.single.run(engine.progress_shipment(command)).expect("it goes on");
    }

    fn is_clean(&mut self) {
        assert_clean(&self.single.engine);
        assert_eq!(self.single.engine.unsettled_skus(), 0);
    }
}

fn inbound(id: &str) -> InboundId {
    InboundId::new("inbound", id).expect("an id")
}

/// The start of a day.
fn in_days(days: i64) -> Timestamp {
    let today = NOW.as_micros() / DAY * DAY;
    Timestamp::from_micros(today + days * DAY)
}

fn whole(id: &str, quantity: u32) -> OrderRequest {
    let wanted = order(id, &[("A", quantity)], Shortage::Backorder);
    OrderRequest { split: Some(Split::WholeLine), ..wanted }
}

#[test]
fn units_that_wait_are_filled_and_then_their_shipment_has_days_and_can_leave() {
    let mut world = World::new();
    world.waits("o", 2);
    assert_eq!(world.ships_in("o"), [None]);
    world.receive("E", 1);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((1, 0, 1), vec![None]));
    world.receive("E", 1);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((2, 0, 0), vec![Some(0)]));
    assert!(world.can_leave("o", 1));
    world.is_clean();
}

#[test]
fn who_waits_at_one_node_is_served_by_another_and_the_first_answer_stays() {
    let mut world = World::new();
    world.waits("o", 4);
    let first = world.view("o").order;
    assert_eq!(first.shipments.len(), 1);
    world.announce("W", "PO", 10, 6);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((0, 4, 0), vec![Some(6)]));
    world.receive("W", 3);
    assert_eq!(world.rests("o"), (3, 1, 0), "all of it is late: each unit as soon as it can be");
    world.receive("W", 1);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((4, 0, 0), vec![Some(0)]));
    let order = world.view("o").order;
    assert_eq!(order.placed_allocations(), &order.allocations[..1]);
    assert_eq!(order.placed_allocations()[0].supply, Supply::Backorder);
    let again = world.place(order_like("o", 4)).expect("it is known");
    assert_eq!(again.placed_allocations()[0].units, 4);
    let leaves = u16::try_from(order.shipments.len()).expect("few");
    assert!((1..=leaves).any(|shipment| world.can_leave("o", shipment)));
    world.is_clean();
}

fn order_like(id: &str, quantity: u32) -> OrderRequest {
    order(id, &[("A", quantity)], Shortage::Backorder)
}

#[test]
fn days_follow_a_supply_that_slips_comes_early_and_falls_away() {
    let mut world = World::new();
    world.announce("E", "PO", 10, 5);
    world.waits("o", 4);
    for days in [12, 2, 5] {
        world.moves_to("E", "PO", days);
        let expected = vec![Some(i32::try_from(days).expect("few"))];
        assert_eq!(world.ships_in("o"), expected);
    }
    world.falls_away("E", "PO");
    assert_eq!((world.rests("o"), world.ships_in("o")), ((0, 0, 4), vec![None]));
    world.is_clean();
}

#[test]
fn who_loses_a_supply_rests_on_another_one_before_any_newer_order() {
    let mut world = World::new();
    world.announce("E", "PO1", 4, 5);
    world.announce("E", "PO2", 4, 9);
    world.waits("o", 4);
    world.falls_away("E", "PO1");
    assert_eq!((world.rests("o"), world.ships_in("o")), ((0, 4, 0), vec![Some(9)]));
    assert!(!world.is_sold("new", 1));
    world.is_clean();
}

#[test]
fn pain_10_what_came_in_is_for_sale_once_older_orders_have_theirs() {
    let mut world = World::new();
    world.waits("o", 4);
    world.receive("W", 6);
    assert!(!world.is_sold("all", 6), "four are spoken for");
    assert!(world.is_sold("rest", 2));
    world.is_clean();
}

#[test]
fn an_older_order_gets_what_comes_without_notice_by_another_supply_or_is_given_back() {
    let mut world = World::new();
    world.announce("E", "PO", 4, 20);
    world.waits("old", 4);
    world.receive("W", 4);
    world.waits("new", 4);
    assert_eq!((world.rests("old"), world.rests("new")), ((4, 0, 0), (0, 4, 0)));

    let mut world = World::new();
    world.announce("E", "P1", 4, 5);
    world.waits("old", 4);
    world.announce("E", "P2", 4, 9);
    world.waits("on P2", 4);
    world.arrives("E", "P2", 4);
    assert_eq!(world.rests("old"), (4, 0, 0), "the later supply came first");
    assert_eq!(world.rests("on P2"), (0, 4, 0), "and the newer order rests on the other one");
    world.is_clean();

    let mut world = World::new();
    world.receive("E", 4);
    assert!(world.is_sold("has", 4));
    world.announce("E", "PO", 4, 20);
    world.waits("old", 4);
    let engine = world.single.engine.clone();
    world.single.run(cancel(&engine, "has", &[])).expect("it is cancelled");
    assert_eq!(world.rests("old"), (4, 0, 0));
    world.is_clean();
}

#[test]
fn a_part_that_arrives_ships_and_the_rest_keeps_its_day() {
    let mut world = World::new();
    world.announce("E", "PO", 10, 9);
    world.waits("first", 3);
    world.waits("second", 4);
    world.arrives("E", "PO", 4);
    assert_eq!((world.rests("first"), world.ships_in("first")), ((3, 0, 0), vec![Some(0)]));
    assert_eq!((world.rests("second"), world.ships_in("second")), ((1, 3, 0), vec![Some(9)]));
    assert!(world.can_leave("first", 1));
    world.is_clean();
}

#[test]
fn what_stays_together_waits_together_and_is_served_as_a_whole() {
    let mut world = World::new();
    world.receive("E", 3);
    world.place(whole("o", 5)).expect("it waits");
    world.receive("W", 1);
    assert_eq!(world.rests("o"), (0, 0, 5), "four are there, at two nodes");
    world.receive("E", 2);
    assert_eq!(world.rests("o"), (5, 0, 0));
    assert!(!world.is_sold("new", 2), "one is left at W");
    world.is_clean();
}

#[test]
fn a_whole_line_that_moves_to_two_supplies_of_a_node_is_one_shipment() {
    let mut world = World::new();
    world.place(whole("o", 5)).expect("it waits");
    world.receive("W", 3);
    world.announce("W", "PO", 2, 5);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((3, 2, 0), vec![Some(5)]));
    world.arrives("W", "PO", 2);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((5, 0, 0), vec![Some(0)]));
    world.is_clean();
}

#[test]
fn lines_that_move_to_a_node_on_one_day_are_one_shipment_of_it() {
    let mut world = World::new();
    let wanted = order("o", &[("A", 1), ("B", 1)], Shortage::Backorder);
    world.place(wanted).expect("it waits");
    let engine = world.single.engine.clone();
    world.receive("W", 1);
    world.single.run(set(&engine, "B", "W", 1));
    assert_eq!(world.ships_in("o"), [Some(0)], "both lines are in it");
    world.is_clean();
}

#[test]
fn a_node_that_sourcing_may_choose_again_serves_who_waits() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let west = |enabled| NodeDefinition { enabled, ..node("W", NodeKind::Warehouse, 60) };
    world.single.run(define_nodes(&engine, &[west(false)]));
    world.receive("W", 4);
    world.waits("o", 4);
    world.single.run(define_nodes(&engine, &[west(true)]));
    world.single.drain();
    assert_eq!(world.rests("o"), (4, 0, 0));
    world.is_clean();
}

/// The event says what was told before, so that the customer can be told.
#[test]
fn pain_15_an_event_tells_each_day_that_changed_with_the_one_before() {
    let mut world = World::new();
    world.announce("E", "PO", 4, 9);
    world.waits("o", 4);
    world.receive("W", 4);
    let engine = world.single.engine.clone();
    let Some(AnyEvent::BacklogRepegged(event)) = engine.event(engine.status().applied) else {
        panic!("the last event is that of the backlog");
    };
    let told = &event.lines[0].line.told;
    let new = told.iter().find(|told| told.units_there).expect("the new shipment");
    assert!(new.days.is_some_and(|days| days.0.epoch_days() >= 20_780), "{new:?}");
    let old = told.iter().find(|told| !told.units_there).expect("the one that it leaves");
    assert!(old.days.is_none() && old.deliver_by_before.is_some(), "{old:?}");
}

/// What came free before a crash goes to who waited, before the first new order.
#[test]
fn after_a_crash_between_a_receipt_and_its_event_of_the_backlog_nobody_is_passed() {
    let disk = SimulatedDisk::new();
    let mut single = Single::open(&disk).expect("it opens");
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("E", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A"]));
    single.run(place(&engine, order("old", &[("A", 1)], Shortage::Backorder))).expect("placed");
    let received = {
        let operation = StockOperation::Receive { quantity: 1, unavailable: 0 };
        let mut receipt = Box::pin(change(&engine, "A", "E", operation));
        let _ = poll(receipt.as_mut());
        single.pump.pump().expect("it goes on");
        engine.status().durable
    };
    let mut single = Single::open(&disk.crash(1)).expect("it opens");
    assert!(single.recovered.last >= received);
    let engine = single.engine.clone();
    let new = single.run(place(&engine, order("new", &[("A", 1)], Shortage::Reject)));
    assert!(matches!(new.expect("an answer").outcome, PlaceOutcome::SoldOut(_)));
    let view = single.run(engine.order(&order_id("old"))).expect("the order");
    assert_eq!(view.supplies[0].as_slice(), [(Supply::OnHand, 1)]);
    assert_clean(&engine);
}

/// A thousand and more lines take several events; all are served, by age.
#[test]
fn more_lines_than_one_event_has_are_served_by_several() {
    const ORDERS: u32 = 1_500;
    let mut world = World::new();
    for at in 0..ORDERS {
        world.waits(&format!("o{at}"), 1);
    }
    world.receive("E", ORDERS - 1);
    world.single.drain();
    assert_eq!(world.rests(&format!("o{}", ORDERS - 2)), (1, 0, 0));
    assert_eq!(world.rests(&format!("o{}", ORDERS - 1)), (0, 0, 1));
    world.is_clean();
}

/// Two items in one shipment: its day is that of the last.
#[test]
fn a_shipment_of_two_items_ships_when_both_are_there() {
    let mut world = World::new();
    world.receive("E", 1);
    let engine = world.single.engine.clone();
    let far = PostalCode::new("postal_code", "00002").expect("a code");
    let wanted = order("o", &[("A", 2), ("B", 1)], Shortage::Backorder);
    world.place(OrderRequest { destination: far.into(), ..wanted }).expect("it is placed");
    world.receive("E", 1);
    world.single.run(set(&engine, "B", "E", 1));
    world.single.drain();
    assert!(world.ships_in("o").iter().all(|day| *day == Some(0)), "{:?}", world.ships_in("o"));
    world.is_clean();
}

/// An order may name an item twice: one event changes it once.
#[test]
fn two_lines_of_one_order_that_wait_for_the_same_item_are_both_served() {
    let mut world = World::new();
    let twice = order("twice", &[("A", 2), ("A", 3)], Shortage::Backorder);
    world.place(twice).expect("it is placed");
    world.waits("later", 1);
    world.receive("E", 6);
    assert_eq!(world.rests("twice"), (5, 0, 0));
    assert_eq!(world.rests("later"), (1, 0, 0));
    world.is_clean();
}

/// What the journal tells of re-peggings after a version.
fn told_since(world: &World, version: Lsn) -> Vec<BacklogRepegged> {
    let engine = &world.single.engine;
    let last = engine.status().applied;
    let versions = std::iter::successors(Some(version.next()), |v| Some(v.next()));
    let events = versions.take_while(|v| *v <= last).map(|v| engine.event(v));
    let told = events.filter_map(|event| match event {
        Some(AnyEvent::BacklogRepegged(event)) => Some(event),
        _ => None,
    });
    told.collect()
}

/// The orders that were told, with the day before and the day from then on, from today.
fn days_told(events: &[BacklogRepegged]) -> Vec<(String, Option<i32>, Option<i32>)> {
    let today = i32::try_from(NOW.as_micros() / DAY).expect("a day");
    let from_today = |day: Day| day.epoch_days() - today;
    let lines = events.iter().flat_map(|event| &event.lines);
    let told = lines.flat_map(|line| line.line.told.iter().map(move |told| (&line.id, told)));
    let told = told.map(|(id, told)| {
        let after = told.days.map(|(_, deliver_by)| from_today(deliver_by));
        (id.to_string(), told.deliver_by_before.map(from_today), after)
    });
    told.collect()
}

/// Nobody's units move, and who rests on the supply is told; nobody else is.
#[test]
fn a_supply_that_slips_tells_those_that_rest_on_it_and_nobody_else() {
    let mut world = World::new();
    world.announce("E", "PO-1", 2, 5);
    world.announce("E", "PO-2", 2, 9);
    for id in ["first", "second"] {
        world.waits(id, 1);
    }
    world.waits("third", 2);
    let before = world.deliver_in("first");
    world.moves_to("E", "PO-1", 7);
    let version = world.single.engine.status().applied;
    assert_eq!(world.deliver_in("first"), before.map(|day| day + 2));
    let events = told_since(&world, Lsn::new(0));
    let after = before.map(|day| day + 2);
    assert_eq!(
        days_told(&events),
        ["first", "second"].map(|id| (id.to_owned(), before, after)),
        "the third rests on another supply"
    );
    assert!(events.iter().flat_map(|event| &event.lines).all(|line| line.line.moves.is_empty()));
    // The same day again, and a quantity, tell nobody anything.
    world.moves_to("E", "PO-1", 7);
    let same = StockOperation::ChangeInbound { id: inbound("PO-1"), quantity: Some(2), eta: None };
    world.change("E", same);
    assert_eq!(told_since(&world, version), []);
    world.is_clean();
}

/// No supply, no date: it is told as well.
#[test]
fn who_loses_a_supply_is_told_that_there_is_no_day() {
    let mut world = World::new();
    world.announce("E", "PO-1", 3, 5);
    world.waits("first", 1);
    world.waits("second", 2);
    let before = world.deliver_in("first");
    world.falls_away("E", "PO-1");
    assert_eq!(world.deliver_in("first"), None);
    let events = told_since(&world, Lsn::new(0));
    assert_eq!(days_told(&events), ["first", "second"].map(|id| (id.to_owned(), before, None)));
    world.is_clean();
}

/// What came free is older orders' to have, before it leaves for another node as well.
#[test]
fn goods_that_an_order_waits_for_do_not_leave_for_another_node() {
    let mut world = World::new();
    world.waits("old", 3);
    let engine = world.single.engine.clone();
    let arrive = StockOperation::Receive { quantity: 5, unavailable: 0 };
    let mut receipt = pin!(change(&engine, "A", "W", arrive));
    let mut transfer = pin!(engine.dispatch_transfer(dispatch("A", "W", "E", 4)));
    assert!(poll(receipt.as_mut()).is_pending() && poll(transfer.as_mut()).is_pending());
    world.single.run(receipt).expect("it is received");
    let sent = world.single.run(transfer);
    assert!(sent.is_err(), "three of the five go to the order that waits: {sent:?}");
    assert_eq!(world.rests("old"), (3, 0, 0));
    world.single.run(engine.dispatch_transfer(dispatch("A", "W", "E", 2))).expect("it is sent");
    world.is_clean();
}

/// Units of one line in two shipments of a node: another day of one supply changes which units
/// are in which of them, and both are told.
#[test]
fn a_supply_that_slips_past_another_tells_both_shipments() {
    let mut world = World::new();
    world.announce("E", "PO-1", 1, 5);
    world.waits("both", 2);
    world.announce("E", "PO-2", 1, 9);
    let told_first = world.ships_in("both");
    world.moves_to("E", "PO-1", 12);
    let events = told_since(&world, Lsn::new(0));
    let last: std::collections::BTreeMap<u16, Option<Day>> = events
        .iter()
        .flat_map(|event| &event.lines)
        .flat_map(|line| &line.line.told)
        .map(|told| (told.shipment, told.days.map(|(ship_by, _)| ship_by)))
        .collect();
    let today = i32::try_from(NOW.as_micros() / DAY).expect("a day");
    let last: Vec<_> = last.values().map(|day| day.map(|day| day.epoch_days() - today)).collect();
    let shown = world.ships_in("both");
    assert_eq!(last, shown, "what was told last is what is shown; before: {told_first:?}");
    world.is_clean();
}

/// Two units of four are picked, and in the second round have left in a package; the others are on
/// their way to the same node. The other node has plenty.
#[test]
fn a_line_that_must_not_be_split_stays_where_a_part_of_it_is_picked_or_left() {
    for leaves in [false, true] {
        let mut world = World::new();
        world.announce("E", "PO", 4, 6);
        world.place(whole("o", 4)).expect("it is placed");
        world.arrives("E", "PO", 2);
        assert_eq!(world.rests("o"), (2, 2, 0));
        world.step("o", Step::Pick(LineUnits::from_slice(&[(0, 2)])));
        if leaves {
            let package = PackageId::numbered(1);
            let lines = LineUnits::from_slice(&[(0, 2)]);
            world.step("o", Step::Pack { package: package.clone(), lines });
            let (carrier, tracking) = (carrier(), Text::default());
            world.step("o", Step::Ship { packages: vec![package], carrier, tracking });
        }
        let there = if leaves { 0 } else { 2 };
        world.receive("W", 9);
        assert_eq!((world.rests("o"), world.ships_in("o")), ((there, 2, 0), vec![Some(6)]));
        world.falls_away("E", "PO");
        assert_eq!(world.rests("o"), (there, 0, 2), "it waits where it is");
        world.receive("E", 2);
        assert_eq!((world.rests("o"), world.ships_in("o")), ((there + 2, 0, 0), vec![Some(0)]));
        assert_eq!(world.view("o").order.shipments.len(), 1, "in one shipment, from one node");
        assert!(world.is_sold("new", 9), "the other node's units are anybody's");
        world.is_clean();
    }
}

/// Whoever says that it does not ship the rest splits the line.
#[test]
fn a_line_that_must_not_be_split_goes_on_elsewhere_where_its_node_declines_what_is_left() {
    let mut world = World::new();
    world.receive("E", 4);
    world.place(whole("o", 4)).expect("it is placed");
    world.step("o", Step::Pick(LineUnits::from_slice(&[(0, 3)])));
    let engine = world.single.engine.clone();
    let (reason, lines) = (DeclineReason::NotFound, LineUnits::from_slice(&[(0, 1)]));
    let (meta, order) = (keyed("short"), order_id("o"));
    let short = DeclineShipment { meta, order, shipment: 1, reason, lines, paused_until: None };
    world.single.run(engine.decline_shipment(short)).expect("it is short");
    assert_eq!(world.rests("o"), (3, 0, 1));
    world.receive("W", 1);
    assert_eq!(world.rests("o"), (4, 0, 0), "the other node ships the last one");
    world.is_clean();
}

/// As long as nothing of it is picked, all of it goes to one node: what is left, which another node has,
/// goes there as soon as the others are.
#[test]
fn a_line_that_must_not_be_split_goes_on_elsewhere_once_what_its_node_has_is_picked() {
    let mut world = World::new();
    world.receive("E", 3);
    world.place(whole("o", 3)).expect("it is placed");
    world.receive("W", 1);
    let engine = world.single.engine.clone();
    let (reason, lines) = (DeclineReason::Damaged, LineUnits::from_slice(&[(0, 1)]));
    let (meta, order) = (keyed("short"), order_id("o"));
    let short = DeclineShipment { meta, order, shipment: 1, reason, lines, paused_until: None };
    world.single.run(engine.decline_shipment(short)).expect("it is short");
    assert_eq!(world.rests("o"), (2, 0, 1), "no node has three");
    world.step("o", Step::Pick(LineUnits::from_slice(&[(0, 2)])));
    world.single.drain();
    assert_eq!(world.rests("o"), (3, 0, 0), "the other node ships the last one");
    world.is_clean();
}

/// Its policy would have it from the cheap node, where it would arrive later than it does now.
#[test]
fn a_line_that_gains_nothing_elsewhere_goes_by_what_is_there_first_where_it_is() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let dear = NodeDefinition { shipment_cost: 9_000, ..node("E", NodeKind::Warehouse, 1) };
    world.single.run(define_nodes(&engine, &[dear]));
    let objectives =
        [Objective::Cost, Objective::Promise, Objective::Shipments, Objective::Balance];
    let policy = Policy { objectives, ..Policy::default() };
    world.single.run(engine.set_policy(SetPolicy { meta: meta(), policy })).expect("it is set");
    world.announce("E", "PO", 1, 1);
    world.waits("o", 1);
    world.receive("W", 9);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((0, 1, 0), vec![Some(1)]));
    world.receive("E", 1);
    assert_eq!((world.rests("o"), world.ships_in("o")), ((1, 0, 0), vec![Some(0)]));
    world.is_clean();
}
