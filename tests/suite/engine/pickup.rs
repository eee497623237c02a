//! Orders that customers collect at a node: of what is there, or is brought there.

use std::sync::Arc;

use backstock_engine::command::{
    ChangeHold, ConfirmHold, CreateHold, DeclineShipment, DefineNode, LineRequest, Lines,
    NodeDefinition, OrderRequest, ResolveDecline, StockOperation,
};
use backstock_engine::engine::{EngineError, PlaceOutcome, Verdict};
use backstock_engine::model::{
    Day, DeclineReason, HoldId, LineUnits, NodeKind, Order, PickupOffer, Refusal, Shipment,
    Shortage, Supply, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// A store `S` that works Monday to Friday, and a warehouse `W` that is five days away.
struct World {
    single: Single,
}

fn store() -> NodeDefinition {
    let pickup = PickupOffer::Offered;
    NodeDefinition { pickup, working_days: 0b001_1111, ..node("S", NodeKind::Store, 1) }
}

/// The day of [`NOW`], a Monday, and so many days more.
fn day(days: u16) -> Day {
    Day::from_epoch_days(i32::try_from(NOW.as_micros() / DAY).expect("a day")).plus(days)
}

/// An order of so many units, collected at the store.
fn collected(id: &str, quantity: u32, shortage: Shortage) -> OrderRequest {
    OrderRequest { destination: pickup("S"), ..order(id, &[("A", quantity)], shortage) }
}

impl World {
    fn new() -> Self {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[store(), node("W", NodeKind::Warehouse, 60)]));
        single.run(define_items(&engine, &["A"]));
        Self { single }
    }

    fn receive(&mut self, node: &str, quantity: u32) {
        let engine = self.single.engine.clone();
        let received = StockOperation::Receive { quantity, unavailable: 0 };
        self.single.run(change(&engine, "A", node, received)).expect("it is received");
    }

    fn place(&mut self, order: OrderRequest) -> Result<Arc<Order>, EngineError> {
        let engine = self.single.engine.clone();
        match self.single.run(place(&engine, order))?.outcome {
            PlaceOutcome::Placed(order) => Ok(order),
            PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
        }
    }

    fn define(&mut self, node: NodeDefinition) {
        let engine = self.single.engine.clone();
        self.single.run(engine.define_node(DefineNode { meta: meta(), node })).expect("defined");
        self.single.drain();
    }

    /// The open shipments of an order: the node, the days, and what their units rest on.
    fn shipments(&mut self, id: &str) -> Vec<(String, Option<Day>, Option<Day>, Supply)> {
        let engine = self.single.engine.clone();
        let view = self.single.run(engine.order(&order_id(id))).expect("the order");
        let of = |(at, shipment): (u16, &Shipment)| {
            let all = view.order.allocations.iter().zip(&view.supplies);
            let mut rests = all.filter(|(a, _)| a.shipment == at).flat_map(|(_, rests)| rests);
            let (supply, _) = rests.next()?;
            let node = engine.node_no(shipment.node).id.to_string();
            Some((node, shipment.ship_by, shipment.deliver_by, *supply))
        };
        (0..).zip(&view.order.shipments).filter_map(of).collect()
    }

    fn decline(&mut self, id: &str) {
        let engine = self.single.engine.clone();
        let (order, reason) = (order_id(id), DeclineReason::Capacity);
        let decline = DeclineShipment {
            meta: meta(),
            order,
            shipment: 1,
            reason,
            lines: LineUnits::new(),
            paused_until: None,
        };
        self.single.run(engine.decline_shipment(decline)).expect("it is declined");
        self.single.drain();
    }
}

fn at_store(supply: Supply) -> (String, Option<Day>, Option<Day>, Supply) {
    ("S".into(), Some(day(0)), Some(day(0)), supply)
}

/// It leaves today, is there on Saturday, and can be collected on Monday.
fn brought() -> (String, Option<Day>, Option<Day>, Supply) {
    ("W".into(), Some(day(0)), Some(day(7)), Supply::OnHand)
}

#[test]
fn what_is_there_is_collected_today_and_what_is_not_is_brought_and_waits_for_the_store_to_open() {
    let mut world = World::new();
    world.receive("S", 1);
    world.receive("W", 3);
    world.place(collected("there", 1, Shortage::Reject)).expect("placed");
    assert_eq!(world.shipments("there"), [at_store(Supply::OnHand)]);
    world.place(collected("brought", 2, Shortage::Reject)).expect("placed");
    assert_eq!(world.shipments("brought"), [brought()]);
    // Shipped home, it is there on Saturday.
    world.place(order("home", &[("A", 1)], Shortage::Reject)).expect("placed");
    let home = ("W".into(), Some(day(0)), Some(day(5)), Supply::OnHand);
    assert_eq!(world.shipments("home"), [home]);
    assert_clean(&world.single.engine);
}

#[test]
fn an_order_that_waits_is_brought_what_comes_elsewhere() {
    let mut world = World::new();
    world.place(collected("A", 1, Shortage::Backorder)).expect("placed");
    let [(_, None, None, Supply::Backorder)] = world.shipments("A")[..] else {
        panic!("{:?}", world.shipments("A"))
    };
    let mut there = collected("B", 1, Shortage::Backorder);
    there.destination = pickup_there("S");
    world.place(there).expect("placed");
    world.receive("W", 2);
    assert_eq!(world.shipments("A"), [brought()]);
    let [(_, None, None, Supply::Backorder)] = world.shipments("B")[..] else {
        panic!("nothing is brought for it: {:?}", world.shipments("B"))
    };
    world.receive("S", 1);
    assert_eq!(world.shipments("B"), [at_store(Supply::OnHand)]);
    assert_clean(&world.single.engine);
}

/// hotwax/bopis#251: a pickup that its store rejected was brokered to shipping.
#[test]
fn what_a_store_declines_is_brought_there_if_the_customer_says_so_and_not_shipped_to_anybody() {
    let mut world = World::new();
    world.receive("S", 1);
    let placed = world.place(collected("A", 1, Shortage::Backorder)).expect("placed");
    world.decline("A");
    let [(_, None, None, Supply::Backorder)] = world.shipments("A")[..] else {
        panic!("{:?}", world.shipments("A"))
    };
    world.receive("W", 1);
    let [(_, None, None, Supply::Backorder)] = world.shipments("A")[..] else {
        panic!("the customer is asked: {:?}", world.shipments("A"))
    };
    assert_clean(&world.single.engine);
    let engine = world.single.engine.clone();
    let resolve = ResolveDecline { meta: meta(), order: order_id("A"), shipment: 1 };
    world.single.run(engine.resolve_decline(resolve)).expect("it is resolved");
    world.single.drain();
    assert_eq!(world.shipments("A"), [brought()]);
    let after = world.single.run(engine.order(&order_id("A"))).expect("the order").order;
    assert_eq!(after.header.destination, placed.header.destination);
    let pickup = after.header.destination.pickup().expect("it is collected");
    assert_eq!(engine.node_no(pickup.node).id, node_id("S"));
    assert_clean(&engine);
}

#[test]
fn orders_stay_that_are_collected_where_that_is_not_offered_any_more() {
    let mut world = World::new();
    world.place(collected("before", 2, Shortage::Backorder)).expect("placed");
    for closed in [
        NodeDefinition { pickup: PickupOffer::NotOffered, ..store() },
        NodeDefinition { enabled: false, ..store() },
    ] {
        world.define(closed);
        let refused = world.place(collected("after", 1, Shortage::Backorder));
        let expected = EngineError::Refused(Refusal::PickupNotOffered { node_id: node_id("S") });
        assert_eq!(refused.expect_err("it is not offered"), expected);
    }
    world.receive("W", 2);
    assert_eq!(world.shipments("before"), [brought()], "the promise was made");
    assert_clean(&world.single.engine);
}

#[test]
fn an_explanation_says_why_nothing_is_brought() {
    let mut world = World::new();
    world.receive("S", 1);
    world.receive("W", 1);
    let mut there = collected("A", 1, Shortage::Reject);
    there.destination = pickup_there("S");
    world.place(there).expect("placed");
    let engine = world.single.engine.clone();
    let (_, trace) = world.single.run(engine.explain(&order_id("A"))).expect("the order");
    let verdicts: Vec<_> = trace.lines[0].iter().map(|candidate| candidate.verdict).collect();
    assert_eq!(verdicts, [Verdict::Chosen, Verdict::NotBroughtThere]);
}

/// A store packs so much a day, whoever comes for it: carrier or customer.
#[test]
fn what_is_collected_counts_on_the_days_of_its_node() {
    let mut world = World::new();
    world.define(NodeDefinition { capacity_units_per_day: 2, ..store() });
    world.receive("S", 12);
    // Of the days after Friday, it works on Monday.
    for (id, ready) in [("A", 0), ("B", 1), ("C", 2), ("D", 3), ("E", 4), ("F", 7)] {
        world.place(collected(id, 2, Shortage::Reject)).expect("placed");
        let on = Some(day(ready));
        assert_eq!(world.shipments(id), [("S".into(), on, on, Supply::OnHand)]);
    }
    assert_clean(&world.single.engine);
}

/// Units that lapsed are taken as a new order would take them, wherever the order is said to be
/// collected; and so is more of a hold that lives.
#[test]
fn a_hold_is_given_nothing_new_where_collecting_is_not_offered_any_more() {
    let mut world = World::new();
    world.receive("S", 3);
    let engine = world.single.engine.clone();
    let id = |name: &str| HoldId::new("hold", name).expect("an id");
    for (name, seconds) in [("LAPSES", 60), ("LIVES", 3_600)] {
        let wanted = collected(name, 1, Shortage::Reject);
        let hold = CreateHold::new(meta(), id(name), (seconds, None), wanted);
        world.single.run(engine.create_hold(hold)).expect("it is held");
    }
    engine.tell_time(Timestamp::from_micros(NOW.as_micros() + 120_000_000));
    world.single.drain();
    world.define(NodeDefinition { pickup: PickupOffer::NotOffered, ..store() });
    let expected = EngineError::Refused(Refusal::PickupNotOffered { node_id: node_id("S") });
    let confirm = |name: &str, destination| ConfirmHold {
        meta: meta(),
        hold: id(name),
        order: order_id(&format!("of-{name}")),
        customer: None,
        channel: None,
        destination,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    for to in [None, Some(pickup("S"))] {
        let refused = world.single.run(engine.confirm_hold(confirm("LAPSES", to.clone())));
        assert_eq!(refused.expect_err("it is not offered"), expected, "{to:?}");
    }
    let lines =
        |units| Lines([LineRequest { sku: sku("A"), quantity: units }].into_iter().collect());
    let change = |units| ChangeHold { meta: meta(), hold: id("LIVES"), lines: lines(units) };
    let refused = world.single.run(engine.change_hold(change(2)));
    assert_eq!(refused.expect_err("it is not offered"), expected);
    world.single.run(engine.confirm_hold(confirm("LIVES", Some(pickup("S"))))).expect("it is its");
    assert_clean(&engine);
}
