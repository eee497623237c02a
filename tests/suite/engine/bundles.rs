//! Bundles: sold as one, available as the least of their components, shipped and cancelled
//! together, counted once.

mod common;
mod passed;

use std::sync::Arc;

use backstock_engine::command::{
    CancelOrder, ChangeHold, ConfirmHold, CreateHold, DeclineShipment, DefineItem,
    LineCancellation, NodeDefinition, OrderRequest, ReleaseHold, SetPolicy, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{EngineError, OrderView, PlaceOutcome};
use backstock_engine::model::{
    ChannelSafety, DeclineReason, HoldId, HoldState, InboundId, LineUnits, NodeKind, Order,
    OrderId, PairTerms, Policy, Refusal, RefusalKind, Shortage, Split, Supply, Text,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// An engine with the nodes `E`, the nearer one, and `W`, the items `A`, `B` and `C`, and bundles:
/// `SET` of an `A` and two `B`, and `KIT` of an `A` and a `C`.
struct World {
    disk: SimulatedDisk,
    single: Single,
}

impl World {
    fn new() -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("it opens");
        let engine = single.engine.clone();
        let nodes = [node("E", NodeKind::Warehouse, 1), node("W", NodeKind::Warehouse, 60)];
        single.run(define_nodes(&engine, &nodes));
        single.run(define_items(&engine, &["A", "B", "C"]));
        for (name, of) in [("SET", &[("A", 1), ("B", 2)]), ("KIT", &[("A", 1), ("C", 1)])] {
            let command = DefineItem::new(meta(), bundle(name, of));
            single.run(engine.define_item(command)).expect("the bundle is defined");
        }
        Self { disk, single }
    }

    fn stock(mut self, units: &[(&str, &str, u32)]) -> Self {
        for (item, at, units) in units {
            self.set(item, at, *units);
        }
        self
    }

    fn set(&mut self, item: &str, at: &str, units: u32) {
        let engine = self.single.engine.clone();
        self.single.run(set(&engine, item, at, units));
    }

    fn comes(&mut self, item: &str, at: &str, units: u32, days: i64) {
        let engine = self.single.engine.clone();
        let id = InboundId::new("id", format!("PO-{item}-{at}-{days}")).expect("an id");
        let eta = NOW.saturating_add_micros(days * DAY);
        let operation = StockOperation::AnnounceInbound { id, quantity: units, eta };
        self.single.run(change(&engine, item, at, operation)).expect("it is announced");
    }

    fn place(&mut self, id: &str, lines: &[(&str, u32)], shortage: Shortage) -> Option<Arc<Order>> {
        self.place_so(id, lines, (shortage, Split::Units))
    }

    fn place_so(
        &mut self,
        id: &str,
        lines: &[(&str, u32)],
        (shortage, split): (Shortage, Split),
    ) -> Option<Arc<Order>> {
        let engine = self.single.engine.clone();
        let mut wanted = order(id, lines, shortage);
        wanted.split = Some(split);
        match self.single.run(place(&engine, wanted)).expect("an answer").outcome {
            PlaceOutcome::Placed(order) => Some(order),
            PlaceOutcome::SoldOut(_) => None,
        }
    }

    fn view(&mut self, id: &str) -> OrderView {
        let engine = self.single.engine.clone();
        self.single.run(engine.order(&order_id(id))).expect("the order")
    }

    /// What an order rests on: of each line, the node, the supply and how many units, those in one
    /// shipment after the other.
    fn rests(&mut self, id: &str) -> Vec<(u16, String, Supply, u32)> {
        let engine = self.single.engine.clone();
        let view = self.view(id);
        let mut rests = Vec::new();
        for (a, supplies) in view.order.allocations.iter().zip(&view.supplies) {
            let shipment = &view.order.shipments[usize::from(a.shipment)];
            let at = engine.node_no(shipment.node).id.to_string();
            let of = supplies.iter().map(|(supply, units)| (a.line, at.clone(), *supply, *units));
            rests.extend(of);
        }
        rests.sort();
        rests
    }

    fn cancel(
        &mut self,
        id: &str,
        line: u32,
        quantity: u32,
        of_bundle: bool,
    ) -> Result<(), Refusal> {
        let engine = self.single.engine.clone();
        let lines = vec![LineCancellation { line, quantity, of_bundle }];
        let command = CancelOrder { meta: meta(), order: order_id(id), lines, shipment: None };
        match self.single.run(engine.cancel_order(command)) {
            Ok(_) => Ok(()),
            Err(EngineError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    fn atp(&mut self, item: &str) -> u64 {
        let engine = self.single.engine.clone();
        self.single.run(engine.availability(&sku(item), NOW)).expect("the item").atp
    }

    fn free(&mut self, item: &str, at: &str) -> i64 {
        let engine = self.single.engine.clone();
        let there = self.single.run(engine.availability(&sku(item), NOW)).expect("the item");
        there.nodes.iter().find(|node| node.node == node_id(at)).map_or(0, |node| node.free)
    }

    /// Ends in a crash, and goes on: the state is as it was.
    fn restarts(self) -> Self {
        assert_clean(&self.single.engine);
        let before = self.single.engine.status().state_hash;
        drop(self.single);
        let disk = self.disk.crash(1);
        let single = Single::open(&disk).expect("it opens again");
        assert_eq!(single.engine.status().state_hash, before, "REPLAY_EQUAL");
        Self { disk, single }
    }
}

/// Where units rest, said shortly.
fn at(line: u16, node: &str, supply: Supply, units: u32) -> (u16, String, Supply, u32) {
    (line, node.to_owned(), supply, units)
}

const THERE: Supply = Supply::OnHand;
const WAITS: Supply = Supply::Backorder;

#[test]
fn a_bundle_is_available_as_the_least_of_its_components_at_each_node() {
    let mut world = World::new().stock(&[("A", "E", 5), ("B", "E", 4), ("B", "W", 9)]);
    // Not the least of the sums: what is in the west is no bundle without an A.
    assert_eq!(world.atp("SET"), 2);
    assert_eq!([world.free("SET", "E"), world.free("SET", "W")], [2, 0]);
    world.set("A", "W", 1);
    assert_eq!(world.atp("SET"), 3);
}

#[test]
fn the_components_of_a_bundle_come_from_one_node_in_one_shipment() {
    let mut world =
        World::new().stock(&[("A", "E", 9), ("B", "E", 2), ("A", "W", 9), ("B", "W", 5)]);
    let order = world.place("O", &[("SET", 3)], Shortage::Reject).expect("it is there");
    assert_eq!(order.lines.iter().map(|line| line.ordered).collect::<Vec<_>>(), [3, 6]);
    assert_eq!((order.bundles[0].units, order.bundles[0].lines()), (3, 0..2));
    let expected =
        [at(0, "E", THERE, 1), at(0, "W", THERE, 2), at(1, "E", THERE, 2), at(1, "W", THERE, 4)];
    assert_eq!(world.rests("O"), expected);
    assert_eq!(world.place("P", &[("SET", 1)], Shortage::Reject), None, "a B is left, not two");
    world.restarts();
}

#[test]
fn a_bundle_ships_when_the_last_of_its_components_is_there() {
    let mut world = World::new().stock(&[("A", "E", 2), ("B", "E", 2)]);
    world.comes("B", "E", 1, 2);
    world.comes("B", "E", 1, 5);
    let order = world.place("O", &[("SET", 2)], Shortage::Reject).expect("it comes");
    let day = |days: i64| {
        let engine = world.single.engine.clone();
        engine.local_day(order.shipments[0].node, NOW.saturating_add_micros(days * DAY))
    };
    let ships: Vec<_> = order.shipments.iter().map(|s| s.ship_by).collect();
    assert_eq!(ships, [Some(day(0)), Some(day(5))]);
    // The second bundle leaves the first the units that are there.
    let of_second = order.allocations_of(1).map(|a| (a.line, a.supply.is_there(), a.units));
    assert_eq!(of_second.collect::<Vec<_>>(), [(0, true, 1), (1, false, 1), (1, false, 1)]);
    world.restarts();
}

#[test]
fn bundles_are_cancelled_whole_and_no_component_of_them_alone() {
    let mut world = World::new().stock(&[("A", "E", 5), ("B", "E", 9)]);
    world.set("C", "E", 1);
    world.place("O", &[("SET", 3), ("C", 1)], Shortage::Reject).expect("it is there");
    let refused = world.cancel("O", 2, 1, false).map_err(|refusal| refusal.kind());
    assert_eq!(refused, Err(RefusalKind::LineOfBundle));
    world.cancel("O", 2, 2, true).expect("two bundles");
    assert_eq!([world.free("A", "E"), world.free("B", "E")], [4, 7]);
    // A line of its own is cancelled as ever.
    world.cancel("O", 3, 1, false).expect("the line");
    assert_eq!(world.free("C", "E"), 1);
    world.restarts();
}

#[test]
fn a_bundle_that_waits_keeps_what_it_has_and_is_whole_before_newer_orders() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), at(1, "E", WAITS, 2)]);
    assert!(world.view("O").order.shipments[0].ship_by.is_none());
    world.set("B", "E", 1);
    assert_eq!(world.place("P", &[("B", 1)], Shortage::Reject), None, "it is the older order's");
    world.set("B", "E", 3);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    assert!(world.view("O").order.shipments[0].ship_by.is_some());
    assert!(world.place("P", &[("B", 1)], Shortage::Reject).is_some());
    world.restarts();
}

#[test]
fn a_bundle_that_waits_moves_whole_to_the_node_that_has_all_of_it() {
    let mut world = World::new().stock(&[("A", "E", 2)]);
    world.place("O", &[("SET", 2)], Shortage::Backorder).expect("it waits");
    world.set("B", "W", 2);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 2), at(1, "E", WAITS, 4)]);
    // All of one bundle is there, and none is left to anybody newer.
    world.set("A", "W", 1);
    let expected =
        [at(0, "E", THERE, 1), at(0, "W", THERE, 1), at(1, "E", WAITS, 2), at(1, "W", THERE, 2)];
    assert_eq!(world.rests("O"), expected);
    assert_eq!([world.free("A", "E"), world.free("A", "W"), world.free("B", "W")], [1, 0, 0]);
    let order = world.view("O").order;
    let opened = order.shipments.last().expect("it was opened");
    assert!(opened.ship_by.is_some() && opened.deliver_by.is_some());
    world = world.restarts();
    ship_all(&mut world, "O", 2);
    world.restarts();
}

/// It has a day, and leaves it for a sooner one: what came would be a newer order's else.
#[test]
fn a_bundle_that_comes_late_moves_whole_to_the_node_that_has_all_of_it_sooner() {
    let mut world = World::new().stock(&[("A", "W", 1)]);
    world.comes("B", "W", 2, 9);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it comes");
    let day = world.view("O").order.shipments[0].ship_by;
    world.set("A", "E", 1);
    world.comes("B", "E", 1, 3);
    assert_eq!(world.rests("O")[0].1, "W", "half of it is none");
    world.comes("B", "E", 1, 4);
    let rests = world.rests("O");
    assert!(rests.iter().all(|(_, at, ..)| at == "E"), "{rests:?}");
    assert!(world.view("O").order.shipments[1].ship_by < day);
    world.set("B", "E", 2);
    let of_b = at(1, "E", THERE, 1);
    assert_eq!(world.rests("O"), [at(0, "E", THERE, 1), of_b.clone(), of_b]);
    world.place("P", &[("SET", 1)], Shortage::Reject).expect("what the first one left");
    let rests = world.rests("P");
    assert!(rests.iter().all(|(_, at, ..)| at == "W"), "{rests:?}");
    world.restarts();
}

/// What it could not leave with any sooner is left to who can.
#[test]
fn a_bundle_takes_of_each_component_what_comes_by_the_day_of_the_last() {
    let mut world = World::new();
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.comes("A", "E", 1, 20);
    world.comes("B", "E", 2, 21);
    world.set("A", "E", 1);
    let of_o = world.rests("O");
    assert!(of_o.iter().all(|(_, _, supply, _)| matches!(supply, Supply::Inbound(_))), "{of_o:?}");
    world.place("P", &[("A", 1)], Shortage::Reject).expect("it is there");
    assert_eq!(world.rests("P"), [at(0, "E", THERE, 1)]);
    world.restarts();
}

/// One event for each, in one look: those that wait behind are not read anew for it.
#[test]
fn bundles_that_wait_are_served_one_after_the_other() {
    let mut world = World::new();
    for at in 0..40 {
        let lines: &[_] = if at % 2 == 0 { &[("SET", 1)] } else { &[("KIT", 1)] };
        world.place(&format!("O{at}"), lines, Shortage::Backorder).expect("it waits");
    }
    for item in ["A", "B", "C"] {
        world.set(item, "E", 40);
    }
    for at in 0..40 {
        let rests = world.rests(&format!("O{at}"));
        assert!(rests.iter().all(|(_, _, supply, _)| *supply == THERE), "{rests:?}");
    }
    assert_eq!([world.free("A", "E"), world.free("B", "E"), world.free("C", "E")], [0, 0, 20]);
    world.restarts();
}

fn ship_all(world: &mut World, id: &str, shipment: u16) {
    let engine = world.single.engine.clone();
    world.single.run(ship(&engine, id, shipment)).expect("it leaves");
}

/// What came free of one component is not the newer order's if the bundle can have the other.
#[test]
fn who_waits_for_a_bundle_is_served_though_another_component_came_free() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits for B in the east");
    world.set("B", "W", 2);
    let engine = world.single.engine.clone();
    let receive = StockOperation::Receive { quantity: 1, unavailable: 0 };
    world.single.run(change(&engine, "A", "W", receive)).expect("it is received");
    assert_eq!(world.place("P", &[("B", 1)], Shortage::Reject), None, "the bundle has them");
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// An older order of a single component comes first.
#[test]
fn a_bundle_passes_nobody_who_waits_for_one_of_its_components() {
    let mut world = World::new();
    world.place("OLD", &[("A", 1)], Shortage::Backorder).expect("it waits");
    world.place("SETS", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.set("B", "W", 2);
    world.set("A", "W", 1);
    assert_eq!(world.rests("OLD"), [at(0, "W", THERE, 1)]);
    assert!(world.rests("SETS").iter().all(|(.., supply, _)| *supply == WAITS));
    world.set("A", "W", 2);
    assert_eq!(world.rests("SETS"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// The newer one waits where the missing component comes, and keeps the other one there: the older
/// one is whole first.
#[test]
fn a_bundle_is_not_passed_by_a_newer_one_that_keeps_a_component() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    world.place("OLD", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.set("A", "W", 1);
    let engine = world.single.engine.clone();
    let east = |enabled| NodeDefinition { enabled, ..node("E", NodeKind::Warehouse, 1) };
    world.single.run(define_nodes(&engine, &[east(false)]));
    world.place("NEW", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("NEW"), [at(0, "W", THERE, 1), at(1, "W", WAITS, 2)]);
    world.single.run(define_nodes(&engine, &[east(true)]));
    world.set("B", "W", 2);
    assert_eq!(world.rests("OLD"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    assert_eq!(world.rests("NEW"), [at(0, "W", WAITS, 1), at(1, "W", WAITS, 2)]);
    // It had an A in the east, which the newer one may have with what comes there.
    world.set("B", "E", 2);
    assert_eq!(world.rests("NEW"), [at(0, "E", THERE, 1), at(1, "E", THERE, 2)]);
    world.restarts();
}

#[test]
fn the_components_of_a_declined_shipment_are_shipped_together_by_another_node() {
    let mut world =
        World::new().stock(&[("A", "E", 1), ("B", "E", 2), ("A", "W", 1), ("B", "W", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it is there");
    let engine = world.single.engine.clone();
    let (order, reason) = (order_id("O"), DeclineReason::Closed);
    let command =
        DeclineShipment { meta: meta(), order, shipment: 1, reason, lines: LineUnits::new() };
    world.single.run(engine.decline_shipment(command)).expect("it declines");
    // The other node lacks a B: half a bundle is none.
    assert_eq!(world.rests("O"), [at(0, "E", WAITS, 1), at(1, "E", WAITS, 2)]);
    world.set("B", "W", 2);
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// A node that ships so many units a day has no room today for what the bundle leaves there: that
/// is told the next day, and claims its room there.
#[test]
fn what_a_moved_bundle_leaves_behind_has_room_on_its_day() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let east = node("E", NodeKind::Warehouse, 1);
    let east = NodeDefinition { capacity_units_per_day: 5, ..east };
    world.single.run(define_nodes(&engine, &[east]));
    world.place("O", &[("SET", 3)], Shortage::Backorder).expect("it waits");
    for (item, units) in [("A", 2), ("B", 4), ("C", 5)] {
        world.set(item, "E", units);
    }
    world.place("P", &[("C", 5)], Shortage::Reject).expect("it leaves today");
    world.set("B", "W", 2);
    world.set("A", "W", 1);
    let expected =
        [at(0, "E", THERE, 2), at(0, "W", THERE, 1), at(1, "E", THERE, 4), at(1, "W", THERE, 2)];
    assert_eq!(world.rests("O"), expected);
    let days = |world: &mut World, id: &str| -> Vec<_> {
        world.view(id).order.shipments.iter().map(|shipment| shipment.ship_by).collect()
    };
    let today = days(&mut world, "P")[0].expect("it leaves");
    assert_eq!(days(&mut world, "O"), [Some(today.plus(1)), Some(today)]);
    world.restarts();
}

#[test]
fn a_bundle_that_lost_a_component_moves_with_what_it_has() {
    let mut world = World::new().stock(&[("A", "E", 1), ("A", "W", 1), ("B", "W", 2)]);
    world.set("B", "W", 0);
    world.comes("B", "E", 2, 3);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it comes");
    world.set("B", "W", 2);
    let engine = world.single.engine.clone();
    let id = InboundId::new("id", "PO-B-E-3").expect("an id");
    let cancel = StockOperation::CancelInbound { id };
    world.single.run(change(&engine, "B", "E", cancel)).expect("it does not come");
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    assert_eq!(world.free("A", "E"), 1, "what it had in the east is free");
    world.restarts();
}

fn hold(name: &str, lines: &[(&str, u32)]) -> CreateHold {
    let id = HoldId::new("hold", name).expect("a hold id");
    CreateHold::new(meta(), id, (60, None), order("-", lines, Shortage::Reject))
}

#[test]
fn a_hold_has_bundles_and_is_confirmed_as_what_was_asked_for() {
    let mut world = World::new().stock(&[("A", "E", 2), ("B", "E", 4)]);
    let engine = world.single.engine.clone();
    let held = |name: &str, lines| hold(name, lines);
    world.single.run(engine.create_hold(held("H", &[("SET", 1)]))).expect("it holds");
    assert_eq!(world.atp("SET"), 1);
    assert_eq!(engine.held_of(&sku("SET")).expect("the bundle").units, 1);
    let confirm = |lines: &[(&str, u32)], postal: Option<&str>| ConfirmHold {
        meta: meta(),
        hold: held("H", &[]).hold().clone(),
        order: order_id("O"),
        customer: None,
        channel: None,
        destination: postal.map(|_| order("-", &[], Shortage::Reject).destination),
        service: None,
        deliver_by: None,
        lines: order("-", lines, Shortage::Reject).lines,
    };
    let other = world.single.run(engine.confirm_hold(confirm(&[("A", 1), ("B", 2)], None)));
    assert!(matches!(other, Err(EngineError::Refused(Refusal::HoldDiffers { .. }))), "{other:?}");
    world.single.run(engine.confirm_hold(confirm(&[("SET", 1)], None))).expect("it is his");
    let order = world.view("O").order;
    assert_eq!(order.bundles.len(), 1);
    // The last one is held, and released.
    world.single.run(engine.create_hold(held("I", &[("SET", 1)]))).expect("it holds");
    assert_eq!(world.place("P", &[("SET", 1)], Shortage::Reject), None);
    let id = held("I", &[]).hold().clone();
    world.single.run(engine.release_hold(ReleaseHold { meta: meta(), hold: id })).expect("free");
    assert!(world.place("P", &[("SET", 1)], Shortage::Reject).is_some());
    world.restarts();
}

/// The fields that are wrong.
fn fields<T: std::fmt::Debug>(told: Result<T, EngineError>) -> Vec<String> {
    let Err(EngineError::Invalid(found)) = told else { panic!("{told:?}") };
    found.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn a_hold_that_takes_a_part_takes_no_bundles() {
    let mut world = World::new().stock(&[("A", "E", 2), ("B", "E", 3)]);
    let engine = world.single.engine.clone();
    let of_bundles = hold("H", &[("SET", 2)]).taking_a_part();
    assert_eq!(fields(world.single.run(engine.create_hold(of_bundles))), ["accept_part"]);
    let of_items = hold("H", &[("B", 4)]).taking_a_part();
    let hold = of_items.hold().clone();
    world.single.run(engine.create_hold(of_items)).expect("it has three");
    let lines = order("-", &[("SET", 1)], Shortage::Reject).lines;
    let change = ChangeHold { meta: meta(), hold, lines };
    let refused = world.single.run(engine.change_hold(change));
    let Err(EngineError::Refused(Refusal::HoldTakesPart { sku, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(sku.as_str(), "SET");
    assert_eq!([world.free("A", "E"), world.free("B", "E")], [2, 0]);
    world.restarts();
}

#[test]
fn a_supplier_with_a_minimum_gives_no_bundles() {
    let mut world = World::new().stock(&[("A", "E", 1), ("B", "E", 2)]);
    let engine = world.single.engine.clone();
    let vendor = |minimum| NodeDefinition {
        min_order_quantity: minimum,
        ..node("V", NodeKind::Supplier, 1)
    };
    world.single.run(define_nodes(&engine, &[vendor(Some(2))]));
    let feed = |world: &mut World, item: &str, units: u32| {
        let operation = StockOperation::SupplierFeed { quantity: Some(units), as_of: None };
        world.single.run(change(&engine, item, "V", operation)).expect("it is fed");
    };
    for item in ["A", "B", "C"] {
        feed(&mut world, item, 9);
    }
    assert_eq!(world.atp("SET"), 1);
    assert_eq!(world.place("O", &[("SET", 2)], Shortage::Reject), None);
    // A line beside it is sourced there as ever.
    world.place("P", &[("SET", 2), ("C", 2)], Shortage::Backorder).expect("one of them waits");
    let vendors = |world: &mut World, id: &str| -> Vec<_> {
        let of_it = |part: &(u16, String, Supply, u32)| part.1 == "V";
        world.rests(id).into_iter().filter(of_it).collect()
    };
    assert_eq!(vendors(&mut world, "P"), [at(2, "V", Supply::Supplier, 2)]);
    // Nor does a bundle that waits move there.
    for item in ["A", "B"] {
        feed(&mut world, item, 20);
    }
    assert_eq!(vendors(&mut world, "P"), [at(2, "V", Supply::Supplier, 2)]);
    world.single.run(define_nodes(&engine, &[vendor(None)]));
    world.single.drain();
    let moved = [at(0, "V", Supply::Supplier, 1), at(1, "V", Supply::Supplier, 2)];
    assert_eq!(world.atp("SET"), 9);
    assert_eq!(vendors(&mut world, "P")[..2], moved, "once there is none, it does");
    assert!(world.place("Q", &[("KIT", 2)], Shortage::Reject).is_some());
    world.restarts();
}

/// What a channel may have of each component; off sourcing, it is nothing, and nothing waits there.
#[test]
fn a_bundle_has_of_its_components_what_its_channel_may_have() {
    let mut world = World::new().stock(&[("A", "E", 3), ("B", "E", 9), ("A", "W", 1)]);
    let engine = world.single.engine.clone();
    let web = Text::new("channel", "web").expect("a channel");
    let kept = ChannelSafety { channel: web.clone(), units: 2 };
    let terms = |off_sourcing, channel_safety| {
        let terms = PairTerms { off_sourcing, channel_safety, ..PairTerms::default() };
        StockOperation::SetTerms(Box::new(terms))
    };
    let withheld = change(&engine, "A", "E", terms(false, vec![kept]));
    world.single.run(withheld).expect("they are set");
    let of_web = |units| {
        let wanted = order(&format!("web {units}"), &[("SET", units)], Shortage::Reject);
        OrderRequest { channel: Some(web.clone()), ..wanted }
    };
    let told = world.single.run(place(&engine, of_web(2))).expect("an answer").outcome;
    assert!(matches!(told, PlaceOutcome::SoldOut(_)), "two of three are not for it");
    let told = world.single.run(place(&engine, of_web(1))).expect("an answer").outcome;
    assert!(matches!(told, PlaceOutcome::Placed(_)), "one is");
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("others have the rest");
    let off = change(&engine, "B", "E", terms(true, Vec::new()));
    world.single.run(off).expect("they are set");
    assert_eq!(world.atp("SET"), 0);
    world.place("P", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert!(world.rests("P").iter().all(|(_, at, ..)| at == "W"), "{:?}", world.rests("P"));
    world.set("B", "W", 2);
    assert_eq!(world.rests("P"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

/// The bundle waits at a node for more units of its components than the order lacks in all.
#[test]
fn a_bundle_that_waits_does_not_hide_a_line_beside_it_that_no_node_takes() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    for at in ["E", "W"] {
        let off = PairTerms { off_sourcing: true, ..PairTerms::default() };
        let off = change(&engine, "C", at, StockOperation::SetTerms(Box::new(off)));
        world.single.run(off).expect("they are set");
    }
    let wanted = order("O", &[("SET", 3), ("C", 1)], Shortage::Backorder);
    let told = world.single.run(place(&engine, wanted));
    assert!(matches!(told, Err(EngineError::Refused(Refusal::NoNode))), "{told:?}");
}

#[test]
fn what_is_overdue_for_too_long_is_none_of_a_component() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    let engine = world.single.engine.clone();
    let policy = Policy { overdue_days: Some(1), ..Policy::default() };
    world.single.run(engine.set_policy(SetPolicy { meta: meta(), policy })).expect("it is set");
    world.comes("B", "E", 2, -3);
    assert_eq!(world.atp("SET"), 0);
    assert_eq!(world.place("O", &[("SET", 1)], Shortage::Reject), None);
    world.place("P", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    assert_eq!(world.rests("P"), [at(0, "E", THERE, 1), at(1, "E", WAITS, 2)]);
    world.restarts();
}

#[test]
fn a_hold_of_a_bundle_in_line_is_offered_it_once_all_of_it_is_there() {
    let mut world = World::new().stock(&[("A", "E", 1)]);
    let engine = world.single.engine.clone();
    world.single.run(engine.create_hold(hold("H", &[("SET", 1)]).waiting())).expect("it waits");
    let state = |world: &mut World| {
        let id = OrderId::of_hold(hold("H", &[]).hold());
        let view = world.single.run(world.single.engine.clone().order(&id)).expect("the hold");
        view.order.header.hold.as_deref().map(|hold| hold.state)
    };
    world.set("B", "W", 2);
    assert_eq!(state(&mut world), Some(HoldState::Waiting));
    world.set("A", "W", 1);
    assert_eq!(state(&mut world), Some(HoldState::Live));
    world.restarts();
}

/// What comes later than is promised to new orders is given to who waits, with the day that follows:
/// nothing of it waits any more then.
#[test]
fn what_waits_for_a_bundle_is_given_what_comes_late_and_told_its_day() {
    let mut world = World::new().stock(&[("A", "E", 2)]);
    let engine = world.single.engine.clone();
    let policy = Policy { horizon_days: 3, ..Policy::default() };
    world.single.run(engine.set_policy(SetPolicy { meta: meta(), policy })).expect("it is set");
    world.comes("B", "E", 4, 30);
    world.place("O", &[("SET", 1)], Shortage::Backorder).expect("it waits");
    world.single.run(engine.create_hold(hold("H", &[("SET", 1)]).waiting())).expect("it waits");
    world.single.drain();
    for id in [order_id("O"), OrderId::of_hold(hold("H", &[]).hold())] {
        let view = world.single.run(engine.order(&id)).expect("the order");
        assert!(view.supplies.iter().flatten().all(|(supply, _)| *supply != WAITS));
        assert!(view.order.shipments[0].ship_by.is_some(), "{id}");
        let mut told = view.order.decisions.iter().flat_map(|of| of.line.told.clone());
        assert!(told.any(|told| told.days.is_some()), "{id} was told its day");
        let hold = view.order.header.hold.as_deref();
        assert_eq!(hold.map_or(HoldState::Live, |hold| hold.state), HoldState::Live);
    }
    world.restarts();
}

#[test]
fn stock_of_a_bundle_is_refused_and_so_is_a_bundle_of_one() {
    let mut world = World::new();
    let engine = world.single.engine.clone();
    let receive = StockOperation::Receive { quantity: 1, unavailable: 0 };
    let told = world.single.run(change(&engine, "SET", "E", receive));
    assert!(matches!(told, Err(EngineError::Refused(Refusal::ItemIsBundle { .. }))), "{told:?}");
    let told = world.single.run(engine.stock(&sku("SET"), &node_id("E"))).map(drop);
    assert!(matches!(told, Err(EngineError::Refused(Refusal::ItemIsBundle { .. }))), "{told:?}");
    let too_many = order("O", &[("SET", 250_001)], Shortage::Backorder);
    let told = world.single.run(place(&engine, too_many));
    let Err(EngineError::Invalid(found)) = told else { panic!("{told:?}") };
    assert_eq!(found[0].to_string(), "lines[0].quantity: \"250001\" is not within 1 to 250000");
}

/// A snapshot has bundles, and orders that have any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_are_found_again_in_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("E", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A", "B"]).await;
    let command = DefineItem::new(meta(), bundle("SET", &[("A", 1), ("B", 2)]));
    engine.define_item(command).await.expect("defined");
    set(&engine, "A", "E", 3).await;
    set(&engine, "B", "E", 5).await;
    place(&engine, order("O", &[("SET", 1)], Shortage::Reject)).await.expect("placed");
    engine.take_snapshot(NOW).await.expect("a snapshot");
    engine.take_snapshot(NOW).await.expect("a snapshot");
    let hash = engine.status().state_hash;
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory.path()).await;
    assert_eq!(recovered.state_hash, hash);
    assert!(recovered.generation.is_some(), "{recovered:?}");
    let there = engine.availability(&sku("SET"), NOW).await.expect("the bundle");
    assert_eq!(there.atp, 1);
    let order = engine.order(&order_id("O")).await.expect("the order").order;
    assert_eq!((order.bundles.len(), order.bundles[0].units), (1, 1));
    assert_clean(&engine);
    engine.shut_down().await;
}
