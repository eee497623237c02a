//! Who may have the units of a pair: what is withheld from channels, and pairs off sourcing.

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::command::{
    Change, CommitChange, ConfirmHold, CreateHold, DefineItem, Lines, Operation, OrderRequest,
    ProgressShipment, QuoteChange, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{EngineError, PlaceOutcome, Verdict, Whom};
use backstock_engine::model::{
    Allocation, ChannelSafety, HoldId, Item, Kept, LineUnits, NodeKind, Order, PairTerms, Policy,
    Refusal, Segment, Segments, Shortage, Split, Step, Supply, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

/// An engine with two nodes that are far apart, the near one `E` and `W`.
struct World {
    disk: SimulatedDisk,
    single: Single,
}

fn text(name: &str) -> Text {
    Text::new("channel", name).expect("a text")
}

fn of(channel: &str, order: OrderRequest) -> OrderRequest {
    OrderRequest { channel: Some(text(channel)), ..order }
}

fn hold_id(name: &str) -> HoldId {
    HoldId::new("hold", name).expect("a hold id")
}

fn withheld(from: &[(&str, u32)]) -> PairTerms {
    let safety =
        from.iter().map(|(channel, units)| ChannelSafety { channel: text(channel), units: *units });
    PairTerms { channel_safety: safety.collect(), ..PairTerms::default() }
}

fn off() -> PairTerms {
    PairTerms { off_sourcing: true, ..PairTerms::default() }
}

fn confirm(name: &str, channel: Option<&str>) -> ConfirmHold {
    ConfirmHold {
        meta: meta(),
        hold: hold_id(name),
        order: order_id(&format!("of-{name}")),
        customer: None,
        channel: channel.map(text),
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    }
}

impl World {
    fn new() -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("the engine opens");
        let engine = single.engine.clone();
        let nodes = [("E", 1), ("W", 60)].map(|(name, at)| node(name, NodeKind::Warehouse, at));
        single.run(define_nodes(&engine, &nodes));
        single.run(define_items(&engine, &["A"]));
        Self { disk, single }
    }

    fn change(&mut self, node: &str, operation: StockOperation) {
        let engine = self.single.engine.clone();
        self.single.run(change(&engine, "A", node, operation)).expect("it is changed");
        self.single.drain();
    }

    fn receive(&mut self, node: &str, quantity: u32) {
        self.change(node, StockOperation::Receive { quantity, unavailable: 0 });
    }

    fn terms(&mut self, node: &str, terms: PairTerms) {
        self.change(node, StockOperation::SetTerms(Box::new(terms)));
    }

    fn place(&mut self, order: OrderRequest) -> Option<Arc<Order>> {
        let engine = self.single.engine.clone();
        match self.single.run(place(&engine, order)).expect("an answer").outcome {
            PlaceOutcome::Placed(order) => Some(order),
            PlaceOutcome::SoldOut(_) => None,
        }
    }

    /// The node that ships units to an order of a channel, which takes them.
    fn ships_from(&mut self, id: &str, channel: &str, units: u32) -> Option<String> {
        let order = self.place(of(channel, order(id, &[("A", units)], Shortage::Reject)))?;
        let node = order.shipments[0].node;
        Some(self.single.engine.node_no(node).id.to_string())
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

    fn atp(&mut self, channel: Option<&str>) -> u64 {
        let engine = self.single.engine.clone();
        let whom = Whom { channel, service: None };
        self.single.run(engine.availability_for(&sku("A"), NOW, whom)).expect("the item").atp
    }

    fn hold(&mut self, name: &str, channel: &str, units: u32) -> bool {
        let engine = self.single.engine.clone();
        let order = of(channel, order(name, &[("A", units)], Shortage::Reject));
        let hold = CreateHold::new(meta(), hold_id(name), (600, None), order);
        let answer = self.single.run(engine.create_hold(hold)).expect("an answer");
        matches!(answer.outcome, PlaceOutcome::Placed(_))
    }

    fn confirm(&mut self, name: &str, channel: Option<&str>) -> Result<(), EngineError> {
        let engine = self.single.engine.clone();
        self.single.run(engine.confirm_hold(confirm(name, channel))).map(drop)
    }

    /// The process dies, and the engine opens again on what is durable.
    fn restart(self) -> Self {
        let Self { disk, single } = self;
        drop(single);
        let single = Single::open(&disk).expect("the engine opens");
        single.engine.tell_time(NOW);
        let mut world = Self { disk, single };
        world.single.drain();
        world
    }
}

#[test]
fn an_order_has_what_is_free_beyond_what_is_withheld_from_its_channel() {
    let mut world = World::new();
    world.receive("E", 5);
    world.terms("E", withheld(&[("web", 2)]));
    assert_eq!([world.atp(None), world.atp(Some("web")), world.atp(Some("shop"))], [5, 3, 5]);
    assert_eq!(world.ships_from("web", "web", 4), None);
    assert_eq!(world.ships_from("web", "web", 3).as_deref(), Some("E"));
    assert_eq!(world.ships_from("web-2", "web", 1), None);
    world.receive("W", 1);
    assert_eq!(world.ships_from("web-3", "web", 1).as_deref(), Some("W"));
    assert_eq!(world.verdict_on("web-3", "E"), Verdict::KeptForOthers);
    assert_eq!(world.ships_from("shop", "shop", 2).as_deref(), Some("E"));
    assert_eq!([world.atp(None), world.atp(Some("web"))], [0, 0]);
    assert_clean(&world.single.engine);
}

#[test]
fn who_waits_is_served_in_his_turn_with_what_his_channel_may_have() {
    let mut world = World::new();
    world.terms("E", withheld(&[("web", 2)]));
    world.waits("web", "web");
    world.waits("shop", "shop");
    world.receive("E", 1);
    assert_eq!(world.rests("web").1, Supply::Backorder, "it is not its to have");
    assert_eq!(world.rests("shop"), ("E".into(), Supply::OnHand));
    world.receive("E", 2);
    assert_eq!(world.rests("web").1, Supply::Backorder);
    world.receive("E", 1);
    assert_eq!(world.rests("web"), ("E".into(), Supply::OnHand));
    world.waits("web-2", "web");
    assert_eq!(world.rests("web-2").1, Supply::Backorder);
    // Nothing arrives, and more of what is there is its to have.
    world.terms("E", withheld(&[("web", 1)]));
    assert_eq!(world.rests("web-2"), ("E".into(), Supply::OnHand));
    assert_clean(&world.single.engine);
}

#[test]
fn a_pair_off_sourcing_gives_nothing_new_and_keeps_what_it_promised() {
    let mut world = World::new();
    world.receive("E", 2);
    assert_eq!(world.ships_from("before", "web", 1).as_deref(), Some("E"));
    world.terms("E", off());
    assert_eq!(world.atp(None), 0);
    assert_eq!(world.ships_from("none", "web", 1), None);
    world.receive("W", 1);
    assert_eq!(world.ships_from("after", "web", 1).as_deref(), Some("W"));
    assert_eq!(world.verdict_on("after", "E"), Verdict::PairOffSourcing);
    // It waits where it may be served, and what comes free at the other node is not its own.
    world.waits("waits", "web");
    assert_eq!(world.rests("waits"), ("W".into(), Supply::Backorder));
    world.receive("E", 1);
    assert_eq!(world.rests("waits"), ("W".into(), Supply::Backorder));
    assert_eq!(world.rests("before"), ("E".into(), Supply::OnHand));
    let engine = world.single.engine.clone();
    world.single.run(ship(&engine, "before", 1)).expect("it leaves");
    world.terms("E", PairTerms::default());
    assert_eq!(world.rests("waits"), ("E".into(), Supply::OnHand));
    assert_clean(&world.single.engine);
}

/// What began to wait at a pair is served there, though it is off sourcing by now.
#[test]
fn who_waits_at_a_pair_off_sourcing_is_served_there() {
    let mut world = World::new();
    world.waits("waits", "web");
    assert_eq!(world.rests("waits"), ("E".into(), Supply::Backorder));
    world.terms("E", off());
    world.receive("E", 1);
    assert_eq!(world.rests("waits"), ("E".into(), Supply::OnHand));
}

/// Nothing is looked for before the opening, and yet it waits where it may be served.
#[test]
fn a_hold_that_waits_for_a_sale_waits_at_no_pair_off_sourcing() {
    let mut world = World::new();
    world.receive("E", 1);
    world.receive("W", 1);
    world.terms("E", off());
    let engine = world.single.engine.clone();
    let opens = Some(NOW.saturating_add_micros(60_000_000));
    let command = DefineItem::new(meta(), Item { opens, ..item("A") });
    world.single.run(engine.define_item(command)).expect("it opens in a minute");
    let wanted = order("H", &[("A", 1)], Shortage::Reject);
    let hold = CreateHold::new(meta(), hold_id("H"), (600, None), wanted).waiting();
    let placed = world.single.run(engine.create_hold(hold)).expect("it waits").outcome;
    let PlaceOutcome::Placed(order) = placed else { panic!("it waits") };
    assert_eq!(engine.node_no(order.shipments[0].node).id.as_str(), "W");
}

#[test]
fn a_hold_is_confirmed_with_its_units_unless_its_new_channel_may_not_have_them() {
    let mut world = World::new();
    world.receive("E", 3);
    assert!(world.hold("H", "shop", 2) && world.hold("I", "shop", 1));
    world.terms("E", withheld(&[("web", 2), ("shop", 9)]));
    let gone = world.confirm("H", Some("web")).expect_err("two are withheld, and there are two");
    let expected = EngineError::Refused(Refusal::HoldUnitsGone { hold_id: hold_id("H") });
    assert_eq!(gone, expected);
    world.confirm("I", None).expect("it has its unit, whatever is withheld from others since");
    assert_eq!(world.rests("of-I"), ("E".into(), Supply::OnHand));
    world.terms("E", withheld(&[("web", 0)]));
    world.confirm("H", Some("web")).expect("its own units are free to it");
    assert_clean(&world.single.engine);
}

#[test]
fn a_hold_takes_what_its_channel_may_have() {
    let mut world = World::new();
    world.receive("E", 3);
    world.terms("E", withheld(&[("web", 2)]));
    assert!(!world.hold("H", "web", 2));
    assert!(world.hold("I", "web", 1) && world.hold("J", "shop", 2));
    assert_clean(&world.single.engine);
}

/// A line that must not be split gets what its node has by then, as far as its channel may have it.
#[test]
fn a_line_that_is_not_to_be_split_has_what_its_channel_may_have_at_one_node() {
    let mut world = World::new();
    world.receive("E", 4);
    world.receive("W", 3);
    world.terms("E", withheld(&[("web", 2)]));
    let whole = OrderRequest {
        split: Some(Split::WholeLine),
        ..of("web", order("whole", &[("A", 3)], Shortage::Reject))
    };
    world.place(whole).expect("it is placed");
    assert_eq!(world.rests("whole").0, "W");
    assert_eq!(world.verdict_on("whole", "E"), Verdict::KeptForOthers);
}

#[test]
fn terms_and_what_was_given_by_them_are_there_after_a_restart() {
    let mut world = World::new();
    world.receive("E", 3);
    world.terms("E", withheld(&[("web", 2)]));
    world.waits("first", "web");
    world.waits("second", "web");
    let hash = world.single.engine.status().state_hash;
    let mut world = world.restart();
    assert_eq!(world.single.engine.status().state_hash, hash);
    assert_eq!(world.rests("second").1, Supply::Backorder);
    assert_eq!([world.atp(None), world.atp(Some("web"))], [2, 0]);
    world.receive("E", 1);
    assert_eq!(world.rests("second"), ("E".into(), Supply::OnHand));
    assert_clean(&world.single.engine);
}

/// So many units are kept for orders of a channel, who may have no more.
fn kept(channel: &str, units: u32) -> Segment {
    let (name, kept) = (text(channel), Kept::Units(units));
    Segment { channels: vec![name.clone()], name, kept, borrows: false, until: None }
}

fn shared(segments: Vec<Segment>) -> PairTerms {
    PairTerms { segments: Segments(segments), ..PairTerms::default() }
}

/// Pain 9: one source is sold through two channels, and neither sells the other's units.
#[test]
fn one_source_sold_through_two_channels_is_oversold_by_neither() {
    let mut world = World::new();
    world.receive("E", 10);
    let web = Segment { borrows: true, ..kept("web", 6) };
    world.terms("E", shared(vec![web, kept("market", 3)]));
    let atp = |world: &mut World| ["web", "market", "fax"].map(|name| world.atp(Some(name)));
    assert_eq!(atp(&mut world), [7, 3, 1]);
    assert_eq!(world.ships_from("m-1", "market", 4), None, "it may have three and no more");
    assert_eq!(world.ships_from("m-2", "market", 2).as_deref(), Some("E"));
    assert_eq!(atp(&mut world), [7, 1, 1]);
    assert_eq!(world.ships_from("w-1", "web", 7).as_deref(), Some("E"), "it borrows one");
    assert_eq!(atp(&mut world), [0, 1, 0]);
    assert_eq!(world.ships_from("m-3", "market", 1).as_deref(), Some("E"));
    assert_eq!(world.atp(None), 0);
    assert_clean(&world.single.engine);
}

/// What leaves is no part of the share any more: it is filled up again from what is there.
#[test]
fn a_share_follows_what_its_orders_have_through_cancelling_and_shipping() {
    let mut world = World::new();
    world.receive("E", 5);
    world.terms("E", shared(vec![kept("web", 2)]));
    assert_eq!(world.ships_from("a", "web", 2).as_deref(), Some("E"));
    assert_eq!([world.atp(Some("web")), world.atp(Some("fax"))], [0, 3]);
    world.waits("waits", "web");
    assert_eq!(world.rests("waits").1, Supply::Backorder, "three are free, and not its to have");
    let engine = world.single.engine.clone();
    world.single.run(ship(&engine, "a", 1)).expect("it leaves");
    world.single.drain();
    assert_eq!(world.rests("waits"), ("E".into(), Supply::OnHand));
    assert_eq!([world.atp(Some("web")), world.atp(Some("fax"))], [1, 1]);
    world.single.run(cancel(&engine, "waits", &[])).expect("it is cancelled");
    assert_eq!([world.atp(Some("web")), world.atp(Some("fax"))], [2, 1]);
    assert_clean(&engine);
}

#[test]
fn what_orders_have_before_a_segment_is_stated_and_after_a_restart_counts() {
    let mut world = World::new();
    world.receive("E", 6);
    assert_eq!(world.ships_from("before", "web", 2).as_deref(), Some("E"));
    assert!(world.hold("H", "web", 1));
    let half = Segment { kept: Kept::BasisPoints(5_000), ..kept("web", 0) };
    world.terms("E", shared(vec![half]));
    let atp = |world: &mut World| [world.atp(Some("web")), world.atp(Some("fax"))];
    assert_eq!(atp(&mut world), [0, 3]);
    let mut world = world.restart();
    assert_eq!(atp(&mut world), [0, 3]);
    world.receive("E", 4);
    assert_eq!(atp(&mut world), [2, 5]);
    world.confirm("H", Some("fax")).expect("its own unit is free to it");
    assert_eq!(atp(&mut world), [3, 4], "what it has is the fax's by now");
    assert_clean(&world.single.engine);
}

#[test]
fn a_segment_that_is_released_goes_first_to_who_waits() {
    let mut world = World::new();
    world.receive("E", 2);
    let released = Timestamp::from_micros(NOW.as_micros() + 60_000_000);
    let web = Segment { until: Some(released), ..kept("web", 2) };
    world.terms("E", shared(vec![web]));
    world.waits("waits", "fax");
    assert_eq!(world.rests("waits").1, Supply::Backorder);
    let engine = world.single.engine.clone();
    engine.tell_time(Timestamp::from_micros(released.as_micros() - 1));
    world.single.drain();
    assert_eq!(world.rests("waits").1, Supply::Backorder);
    engine.tell_time(released);
    world.single.drain();
    assert_eq!(world.rests("waits"), ("E".into(), Supply::OnHand));
    assert_eq!(world.ships_from("fax", "fax", 1).as_deref(), Some("E"));
    assert_clean(&engine);
}

/// What changes its owner while a claim is made beside it is counted as though it had.
#[test]
fn a_hold_that_changes_its_channel_overdraws_no_segment() {
    let mut world = World::new();
    world.receive("E", 10);
    assert!(world.hold("H", "shop", 2));
    world.terms("E", shared(vec![kept("web", 3)]));
    let engine = world.single.engine.clone();
    let mut confirmed = pin!(engine.confirm_hold(confirm("H", Some("web"))));
    assert!(poll(confirmed.as_mut()).is_pending(), "it is in flight");
    assert_eq!(world.ships_from("beside", "web", 2), None, "of three, two are the hold's");
    world.single.run(confirmed).expect("it is confirmed");
    assert_eq!([world.atp(Some("web")), world.atp(Some("shop"))], [1, 7]);
    assert_clean(&engine);
}

/// What of an order is picked, or stays for another reason, is not free to what of it goes elsewhere.
#[test]
fn what_of_an_order_stays_is_not_given_to_what_of_it_is_sourced_anew() {
    let mut world = World::new();
    world.receive("E", 2);
    world.receive("W", 1);
    world.terms("E", shared(vec![kept("shop", 0)]));
    let placed = world.place(of("web", order("O", &[("A", 3)], Shortage::Reject)));
    assert_eq!(placed.expect("it is placed").shipments.len(), 2, "two from the near node");
    let engine = world.single.engine.clone();
    let step = Step::Pick(LineUnits::from_slice(&[(0, 1)]));
    let pick = ProgressShipment { meta: meta(), order: order_id("O"), shipment: 1, step };
    world.single.run(engine.progress_shipment(pick)).expect("picked");
    let service = Policy::default().services[2].name.clone();
    let change = Change { operations: vec![Operation::SetService(service)], ..Change::default() };
    let asked = QuoteChange { meta: meta(), order: order_id("O"), quote: hold_id("Q"), change };
    let answer = world.single.run(engine.quote_change(&asked)).expect("an answer");
    let quote = answer.quote.expect("a quote");
    world.single.run(engine.commit_change(CommitChange { meta: meta(), quote })).expect("changed");
    let order = world.single.run(engine.order(&order_id("O"))).expect("the order").order;
    let open: u32 = order.allocations.iter().map(Allocation::open).sum();
    assert_eq!((open, world.atp(Some("web"))), (3, 0));
    assert_clean(&engine);
}

/// The hold of what is moved is planned as the order would be, and claimed as a new one: both are of
/// its channel.
#[test]
fn an_order_is_moved_to_units_that_are_kept_for_its_channel() {
    let mut world = World::new();
    world.receive("W", 2);
    assert_eq!(world.ships_from("O", "web", 2).as_deref(), Some("W"));
    world.receive("E", 2);
    world.terms("E", shared(vec![kept("web", 2)]));
    assert_eq!(world.atp(Some("shop")), 0, "all of it is kept");
    let engine = world.single.engine.clone();
    let to = Some(node_id("E"));
    let operations = vec![Operation::Move { shipment: 1, to, lines: Vec::new() }];
    let change = Change { operations, ..Change::default() };
    let asked = QuoteChange { meta: meta(), order: order_id("O"), quote: hold_id("Q"), change };
    let answer = world.single.run(engine.quote_change(&asked)).expect("an answer");
    let quote = answer.quote.expect("a quote");
    world.single.run(engine.commit_change(CommitChange { meta: meta(), quote })).expect("moved");
    assert_eq!(world.rests("O"), ("E".to_owned(), Supply::OnHand));
    assert_clean(&engine);
}
