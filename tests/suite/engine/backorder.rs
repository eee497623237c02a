//! Waiting units are served first, and none wait while units are free.

use std::pin::pin;
use std::sync::Arc;

use backstock_engine::command::{OrderRequest, StockOperation};
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{InboundId, NodeKind, Order, Shortage, Split, Supply, Timestamp};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, poll};

async fn network(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(engine, &["A"]).await;
}

fn placed(answer: Result<OrderAnswer, EngineError>) -> Arc<Order> {
    match answer.expect("an answer").outcome {
        PlaceOutcome::Placed(order) => order,
        PlaceOutcome::SoldOut(short) => panic!("sold out: {short:?}"),
    }
}

fn receive(quantity: u32) -> StockOperation {
    StockOperation::Receive { quantity, unavailable: 0 }
}

fn announce(id: &str, quantity: u32, days: i64) -> StockOperation {
    StockOperation::AnnounceInbound {
        id: InboundId::new("inbound", id).expect("an id"),
        quantity,
        eta: Timestamp::from_micros(NOW.as_micros() + days * DAY),
    }
}

fn receive_inbound(id: &str, quantity: u32) -> StockOperation {
    let id = InboundId::new("inbound", id).expect("an id");
    StockOperation::ReceiveInbound { id, quantity, closes: false }
}

/// Units of an order that rest on a supply, or wait.
fn units_on(single: &mut Single, id: &str, wanted: fn(Supply) -> bool) -> u32 {
    let engine = single.engine.clone();
    let view = single.run(engine.order(&order_id(id))).expect("the order");
    let parts = view.supplies.iter().flatten().filter(|(supply, _)| wanted(*supply));
    parts.map(|(_, units)| *units).sum()
}

fn on_hand(supply: Supply) -> bool {
    supply == Supply::OnHand
}

#[test]
fn what_arrives_goes_to_the_oldest_order_that_waits() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    for id in ["first", "second", "third"] {
        placed(single.run(place(&engine, order(id, &[("A", 2)], Shortage::Backorder))));
    }
    single.run(change(&engine, "A", "N", receive(3))).expect("it is received");
    assert_eq!(units_on(&mut single, "first", on_hand), 2);
    assert_eq!(units_on(&mut single, "second", on_hand), 1);
    assert_eq!(units_on(&mut single, "third", on_hand), 0);
    single.run(cancel(&engine, "first", &[])).expect("it is cancelled");
    assert_eq!(units_on(&mut single, "second", on_hand), 2);
    assert_eq!(units_on(&mut single, "third", on_hand), 1);
    assert_clean(&engine);
}

#[test]
fn an_order_that_waits_is_served_by_a_receipt_that_was_in_flight_when_it_was_placed() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    let mut receipt = pin!(change(&engine, "A", "N", receive(10)));
    assert!(poll(receipt.as_mut()).is_pending(), "the receipt is in flight");
    placed(single.run(place(&engine, order("o", &[("A", 1)], Shortage::Backorder))));
    single.run(receipt).expect("it is received");
    single.drain();
    assert_eq!(units_on(&mut single, "o", on_hand), 1, "ten units are free and one order waits");
    assert_clean(&engine);
}

#[test]
fn an_order_that_waits_is_served_by_a_cancellation_that_was_in_flight_when_it_was_placed() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(set(&engine, "A", "N", 1));
    placed(single.run(place(&engine, order("has", &[("A", 1)], Shortage::Reject))));
    let mut cancellation = pin!(cancel(&engine, "has", &[]));
    assert!(poll(cancellation.as_mut()).is_pending(), "the cancellation is in flight");
    placed(single.run(place(&engine, order("waits", &[("A", 1)], Shortage::Backorder))));
    single.run(cancellation).expect("it is cancelled");
    single.drain();
    assert_eq!(units_on(&mut single, "waits", on_hand), 1, "a unit is free and an order waits");
    assert_clean(&engine);
}

/// Two shipments of one node: today's, and a later one that an earlier line
/// opened.
#[test]
fn a_shipment_of_today_leaves_although_a_later_one_was_planned_first() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(define_items(&engine, &["B"]));
    single.run(change(&engine, "A", "N", announce("PO-A", 1, 5))).expect("it is announced");
    single.run(change(&engine, "B", "N", announce("PO-B", 2, 5))).expect("it is announced");
    single.run(set(&engine, "B", "N", 2));
    let wanted = order("o", &[("A", 1), ("B", 4)], Shortage::Reject);
    let order = placed(single.run(place(&engine, wanted)));
    assert_eq!(order.shipments.len(), 2);
    let today = order.shipments.iter().enumerate().min_by_key(|(_, s)| s.ship_by);
    let today = u16::try_from(today.expect("a shipment").0 + 1).expect("a number");
    single.run(ship(&engine, "o", today)).expect("its two units are on hand");
    single.run(change(&engine, "A", "N", receive_inbound("PO-A", 1))).expect("it arrives");
    single.run(change(&engine, "B", "N", receive_inbound("PO-B", 2))).expect("it arrives");
    single.run(ship(&engine, "o", 3 - today)).expect("all has arrived");
    assert_clean(&engine);
}

#[test]
fn pain_11_a_short_count_is_shown_and_a_receipt_cures_it() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(set(&engine, "A", "N", 5));
    placed(single.run(place(&engine, order("o", &[("A", 5)], Shortage::Reject))));
    single.run(change(&engine, "A", "N", StockOperation::Count { on_hand: 2 })).expect("counted");
    let free = |single: &mut Single| {
        single.run(engine.stock(&sku("A"), &node_id("N"))).expect("the pair").stock.free()
    };
    assert_eq!(free(&mut single), -3, "shown, not hidden");
    let next = single.run(place(&engine, order("p", &[("A", 1)], Shortage::Reject)));
    assert!(matches!(next.expect("an answer").outcome, PlaceOutcome::SoldOut(_)));
    single.run(ship(&engine, "o", 1)).expect_err("three units are not there");
    single.run(change(&engine, "A", "N", receive(4))).expect("received");
    assert_eq!(free(&mut single), 1);
    single.run(ship(&engine, "o", 1)).expect("all five are there");
    assert_clean(&engine);
}

/// Pain 8 (medusa#11703, vendure#1557): a cancellation loses stock, or gives it back twice.
#[test]
fn pain_8_a_cancellation_gives_each_unit_back_once() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(set(&engine, "A", "N", 5));
    placed(single.run(place(&engine, order("o", &[("A", 4)], Shortage::Reject))));
    single.run(cancel(&engine, "o", &[(1, 1)])).expect("one less");
    single.run(cancel(&engine, "o", &[(1, 4)])).expect_err("only three are left");
    single.run(cancel(&engine, "o", &[])).expect("the rest");
    single.run(cancel(&engine, "o", &[])).expect_err("nothing is left");
    let there = single.run(engine.stock(&sku("A"), &node_id("N"))).expect("the pair").stock;
    assert_eq!((there.on_hand, there.allocated, there.free()), (5, 0, 5));
    placed(single.run(place(&engine, order("p", &[("A", 5)], Shortage::Reject))));
    assert_clean(&engine);
}

/// A promised supply falls away while an order in flight has claimed what is free. The order
/// keeps its claim; who lost the supply waits, and is the first to be served.
#[test]
fn who_loses_a_promised_supply_takes_what_is_free_and_no_claim() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(set(&engine, "A", "N", 3));
    single.run(change(&engine, "A", "N", announce("PO", 5, 5))).expect("it is announced");
    let whole = OrderRequest {
        split: Some(Split::WholeLine),
        ..order("first", &[("A", 5)], Shortage::Reject)
    };
    placed(single.run(place(&engine, whole)));
    assert_eq!(units_on(&mut single, "first", on_hand), 0, "it leaves when the supply is there");
    let mut claims = pin!(place(&engine, order("claims", &[("A", 2)], Shortage::Reject)));
    assert!(poll(claims.as_mut()).is_pending(), "the order is in flight");
    let id = InboundId::new("inbound", "PO").expect("an id");
    let cancelled = StockOperation::CancelInbound { id };
    single.run(change(&engine, "A", "N", cancelled)).expect("it is cancelled");
    placed(single.run(claims));
    let waits = |supply| supply == Supply::Backorder;
    assert_eq!(units_on(&mut single, "first", waits), 5);
    single.run(change(&engine, "A", "N", receive(3))).expect("it is received");
    assert_eq!(units_on(&mut single, "first", waits), 5, "four are free, and it wants five whole");
    let mut late = pin!(place(&engine, order("late", &[("A", 4)], Shortage::Backorder)));
    assert!(poll(late.as_mut()).is_pending(), "the order is in flight");
    single.run(change(&engine, "A", "N", receive(5))).expect("it is received");
    placed(single.run(late));
    single.drain();
    assert_eq!(units_on(&mut single, "first", on_hand), 5);
    assert_clean(&engine);
}

/// A shelf that is counted empty is not sold from for ever, however many orders
/// come in.
#[test]
fn a_count_gets_its_turn_between_orders_that_never_cease() {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(network(&engine));
    single.run(set(&engine, "A", "N", 1_000));
    let mut orders = Vec::new();
    let mut another = |at: usize| {
        let (engine, wanted) =
            (engine.clone(), order(&format!("{at}"), &[("A", 1)], Shortage::Reject));
        let mut buyer = Box::pin(async move { place(&engine, wanted).await });
        let _ = poll(buyer.as_mut());
        orders.push(buyer);
    };
    another(0);
    let mut count = pin!(change(&engine, "A", "N", StockOperation::Count { on_hand: 0 }));
    let counted = (1..20).any(|at| {
        let counted = poll(count.as_mut()).is_ready();
        // Some order is in flight at every moment.
        another(at);
        single.pump.pump().expect("the engine does not halt");
        counted
    });
    assert!(counted, "the count waits for ever");
}
