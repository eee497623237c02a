//! Who may have what: nodes that serve some channels, or ship by some services.

use std::sync::Arc;

use backstock_engine::command::{
    ConfirmHold, CreateHold, DefineNode, Lines, OrderRequest, StockOperation,
};
use backstock_engine::engine::{EngineError, PlaceOutcome, Verdict, Whom};
use backstock_engine::model::{
    Eligibility, HoldId, NodeKind, Order, Refusal, ServiceName, Shortage, Supply, Text,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// An engine with two nodes far apart, and what can be done in it.
struct World {
    single: Single,
}

fn text(name: &str) -> Text {
    Text::new("channel", name).expect("a text")
}

fn of(channel: &str, order: OrderRequest) -> OrderRequest {
    OrderRequest { channel: Some(text(channel)), ..order }
}

fn says(channels: &[&str], services: &[&str]) -> Eligibility {
    let service = |name: &&str| ServiceName::new("service", *name).expect("a name");
    Eligibility {
        channels: channels.iter().map(|name| text(name)).collect(),
        services: services.iter().map(service).collect(),
    }
}

impl World {
    /// `E` is near and serves those, `W` is far and serves everybody.
    fn new(near: Eligibility) -> Self {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        single.run(define_nodes(&engine, &[node("W", NodeKind::Warehouse, 60)]));
        single.run(define_items(&engine, &["A"]));
        let mut world = Self { single };
        world.serves(near);
        world
    }

    /// The near node serves those from now on.
    fn serves(&mut self, eligibility: Eligibility) {
        let near = node("E", NodeKind::Warehouse, 1);
        let node = backstock_engine::command::NodeDefinition { eligibility, ..near };
        let engine = self.single.engine.clone();
        let command = DefineNode { meta: meta(), node };
        self.single.run(engine.define_node(command)).expect("it is defined");
        self.single.drain();
    }

    fn receive(&mut self, node: &str, quantity: u32) {
        let engine = self.single.engine.clone();
        let received = StockOperation::Receive { quantity, unavailable: 0 };
        self.single.run(change(&engine, "A", node, received)).expect("it is received");
    }

    fn place(&mut self, order: OrderRequest) -> Option<Arc<Order>> {
        let engine = self.single.engine.clone();
        match self.single.run(place(&engine, order)).expect("an answer").outcome {
            PlaceOutcome::Placed(order) => Some(order),
            PlaceOutcome::SoldOut(_) => None,
        }
    }

    /// The nodes that ship a unit to orders of a channel, which takes it.
    fn ships_from(&mut self, id: &str, channel: &str) -> Option<String> {
        let order = self.place(of(channel, order(id, &[("A", 1)], Shortage::Reject)))?;
        Some(self.node_of(&order))
    }

    fn node_of(&self, order: &Order) -> String {
        self.single.engine.node_no(order.shipments[0].node).id.to_string()
    }

    fn waits(&mut self, id: &str, channel: &str) {
        let order = of(channel, order(id, &[("A", 1)], Shortage::Backorder));
        self.place(order).expect("it is placed");
    }

    /// What an order of one unit rests on, and where.
    fn rests(&mut self, id: &str) -> (String, Supply) {
        let engine = self.single.engine.clone();
        let view = self.single.run(engine.order(&order_id(id))).expect("the order");
        let all = view.order.allocations.iter().zip(&view.supplies);
        let (open, supplies) = all.rev().find(|(_, s)| !s.is_empty()).expect("it has a unit");
        let node = view.order.shipments[usize::from(open.shipment)].node;
        (engine.node_no(node).id.to_string(), supplies[0].0)
    }

    fn verdict_on(&mut self, id: &str, node: &str) -> Verdict {
        let engine = self.single.engine.clone();
        let (_, trace) = self.single.run(engine.explain(&order_id(id))).expect("the order");
        let is_there = |no| engine.node_no(no).id.as_str() == node;
        let mut candidates = trace.lines[0].iter();
        candidates.find(|candidate| is_there(candidate.node)).expect("it was looked at").verdict
    }

    fn atp(&mut self, channel: Option<&str>, service: Option<&str>) -> u64 {
        let engine = self.single.engine.clone();
        let named = |name| engine.service_no(&ServiceName::new("service", name).expect("a name"));
        let whom = Whom { channel, service: service.and_then(named) };
        self.single.run(engine.availability_for(&sku("A"), NOW, whom)).expect("the item").atp
    }
}

#[test]
fn an_order_is_shipped_only_by_nodes_that_serve_its_channel_and_service() {
    let mut world = World::new(says(&["web", "app"], &["standard", "same_day"]));
    world.receive("E", 9);
    world.receive("W", 2);
    assert_eq!(world.ships_from("web", "web").as_deref(), Some("E"), "the near one serves it");
    assert_eq!(world.ships_from("shop", "shop").as_deref(), Some("W"));
    assert_eq!(world.verdict_on("shop", "E"), Verdict::ChannelNotServed);
    let nobody = order("nobody", &[("A", 1)], Shortage::Reject);
    let service = ServiceName::new("service", "first_class").ok();
    let fast = OrderRequest { service, ..of("web", order("fast", &[("A", 1)], Shortage::Reject)) };
    assert_eq!(world.atp(None, None), 9);
    assert_eq!(world.atp(Some("app"), None), 9);
    assert_eq!([world.atp(Some("shop"), None), world.atp(None, Some("first_class"))], [1, 1]);
    let placed = world.place(fast).expect("the far one ships it");
    assert_eq!(world.node_of(&placed), "W");
    assert_eq!(world.verdict_on("fast", "E"), Verdict::ServiceNotServed);
    assert!(world.place(nobody).is_none(), "an order without a channel is of none of them");
    assert!(world.ships_from("shop-2", "shop").is_none());
    assert_clean(&world.single.engine);
}

#[test]
fn what_an_older_order_may_not_have_goes_to_a_newer_one_that_may() {
    let mut world = World::new(says(&["web"], &[]));
    world.waits("shop-waits", "shop");
    assert_eq!(world.rests("shop-waits"), ("W".into(), Supply::Backorder), "not at the near node");
    world.waits("web-waits", "web");
    world.receive("E", 1);
    assert_eq!(world.rests("shop-waits").1, Supply::Backorder, "it is not its to have");
    assert_eq!(world.rests("web-waits"), ("E".into(), Supply::OnHand));
    world.receive("W", 1);
    assert_eq!(world.rests("shop-waits"), ("W".into(), Supply::OnHand));
    assert_clean(&world.single.engine);
}

#[test]
fn an_order_that_waits_is_served_once_a_node_serves_its_channel() {
    let mut world = World::new(says(&["web"], &[]));
    world.waits("shop", "shop");
    world.receive("E", 1);
    assert_eq!(world.rests("shop"), ("W".into(), Supply::Backorder));
    world.serves(says(&["web", "shop"], &[]));
    assert_eq!(world.rests("shop"), ("E".into(), Supply::OnHand));
}

/// What a node stops serving stays as it is: the promise was made.
#[test]
fn what_was_placed_stays_when_its_node_serves_others_from_then_on() {
    let mut world = World::new(Eligibility::default());
    world.receive("E", 1);
    assert_eq!(world.ships_from("before", "shop").as_deref(), Some("E"));
    world.waits("at-home", "shop");
    world.serves(says(&["web"], &[]));
    assert_eq!(world.rests("before"), ("E".into(), Supply::OnHand));
    assert_eq!(world.rests("at-home"), ("E".into(), Supply::Backorder));
    world.receive("E", 1);
    assert_eq!(world.rests("at-home"), ("E".into(), Supply::OnHand), "it waited there");
}

#[test]
fn a_hold_that_is_confirmed_in_another_channel_is_shipped_by_a_node_that_serves_it() {
    let mut world = World::new(says(&["web"], &[]));
    world.receive("E", 1);
    let engine = world.single.engine.clone();
    let id = |name: &str| HoldId::new("hold", name).expect("a hold id");
    for name in ["H", "I"] {
        world.receive("E", 1);
        let order = of("web", order(name, &[("A", 1)], Shortage::Reject));
        let hold = CreateHold::new(meta(), id(name), (600, None), order);
        world.single.run(engine.create_hold(hold)).expect("it is held");
    }
    let confirm = |name: &str, channel: Option<&str>| ConfirmHold {
        meta: meta(),
        hold: id(name),
        order: order_id(&format!("of-{name}")),
        customer: None,
        channel: channel.map(text),
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    let gone = world.single.run(engine.confirm_hold(confirm("H", Some("shop"))));
    let expected = EngineError::Refused(Refusal::HoldUnitsGone { hold_id: id("H") });
    assert_eq!(gone.expect_err("no node that serves it has one"), expected);
    world.receive("W", 1);
    world.single.run(engine.confirm_hold(confirm("H", Some("shop")))).expect("it is confirmed");
    assert_eq!(world.rests("of-H"), ("W".into(), Supply::OnHand));
    world.single.run(engine.confirm_hold(confirm("I", Some("web")))).expect("it is confirmed");
    assert_eq!(world.rests("of-I"), ("E".into(), Supply::OnHand), "it stays where it is");
    assert_clean(&engine);
}
