//! Bundles: sold as one, available as the least of their components, shipped and cancelled
//! together, counted once.

mod common;
mod held;
mod passed;
mod waiting;

use std::sync::Arc;

use backstock_engine::command::{
    CancelOrder, CreateHold, DeclineShipment, DefineItem, LineCancellation, NodeDefinition,
    OrderRequest, SetPolicy, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{EngineError, OrderView, PlaceOutcome};
use backstock_engine::model::{
    ChannelSafety, DeclineReason, HoldId, InboundId, LineUnits, NodeKind, Order, PairTerms, Policy,
    Refusal, RefusalKind, Shortage, Split, Supply, Text,
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

fn ship_all(world: &mut World, id: &str, shipment: u16) {
    let engine = world.single.engine.clone();
    world.single.run(ship(&engine, id, shipment)).expect("it leaves");
}

#[test]
fn the_components_of_a_declined_shipment_are_shipped_together_by_another_node() {
    let mut world =
        World::new().stock(&[("A", "E", 1), ("B", "E", 2), ("A", "W", 1), ("B", "W", 1)]);
    world.place("O", &[("SET", 1)], Shortage::Reject).expect("it is there");
    let engine = world.single.engine.clone();
    let (order, reason) = (order_id("O"), DeclineReason::Closed);
    let command = DeclineShipment {
        meta: meta(),
        order,
        shipment: 1,
        reason,
        lines: LineUnits::new(),
        paused_until: None,
    };
    world.single.run(engine.decline_shipment(command)).expect("it declines");
    // The other node lacks a B: half a bundle is none.
    assert_eq!(world.rests("O"), [at(0, "E", WAITS, 1), at(1, "E", WAITS, 2)]);
    world.set("B", "W", 2);
    assert_eq!(world.rests("O"), [at(0, "W", THERE, 1), at(1, "W", THERE, 2)]);
    world.restarts();
}

fn hold(name: &str, lines: &[(&str, u32)]) -> CreateHold {
    let id = HoldId::new("hold", name).expect("a hold id");
    CreateHold::new(meta(), id, (60, None), order("-", lines, Shortage::Reject))
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
