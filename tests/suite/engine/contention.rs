//! Commands that compete for the same actors: a command sleeps until another one ends its
//! claim, and each gets through.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use backstock_engine::command::StockOperation;
use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome};
use backstock_engine::model::{Lsn, NodeKind, Shortage, Text};
use backstock_tests::fixture::*;
use backstock_tests::single::{Single, Woken, poll};

/// One node with so many units of A and of B. Transactions take A first.
fn two_items(a: u32, b: u32) -> Single {
    let mut single = Single::fresh();
    let engine = single.engine.clone();
    single.run(define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]));
    single.run(define_items(&engine, &["A", "B"]));
    single.run(set(&engine, "A", "N", a));
    single.run(set(&engine, "B", "N", b));
    single
}

/// Places an order of one A and one B.
fn both(single: &mut Single, id: &str, shortage: Shortage) {
    let engine = single.engine.clone();
    single.run(place(&engine, order(id, &[("A", 1), ("B", 1)], shortage))).expect("it is placed");
}

fn receive() -> StockOperation {
    StockOperation::Receive { quantity: 1, unavailable: 0 }
}

/// Polls a command that another one is in the way of.
fn assert_sleeps<F: Future + ?Sized>(command: Pin<&mut F>) -> Arc<Woken> {
    let woken = Arc::new(Woken::default());
    assert!(woken.poll(command).is_pending(), "somebody is in its way");
    assert!(!woken.is_woken(), "nothing happened but what it did itself");
    woken
}

#[test]
fn a_shipment_is_not_woken_by_what_it_gives_up_itself() {
    let mut single = two_items(1, 1);
    both(&mut single, "o", Shortage::Reject);
    let engine = single.engine.clone();
    let mut receipt = pin!(change(&engine, "B", "N", receive()));
    assert!(poll(receipt.as_mut()).is_pending(), "the receipt is in flight");
    let mut shipment = pin!(ship(&engine, "o", 1));
    let woken = assert_sleeps(shipment.as_mut());
    single.drain();
    assert!(woken.is_woken(), "the receipt is applied");
    single.run(shipment).expect("it ships");
    single.run(receipt).expect("it arrives");
    assert_clean(&engine);
}

#[test]
fn an_order_is_not_woken_by_what_it_gives_up_itself() {
    let mut single = two_items(5, 5);
    let engine = single.engine.clone();
    single.run(place(&engine, order("o", &[("B", 2)], Shortage::Reject))).expect("it is placed");
    let mut shipment = pin!(ship(&engine, "o", 1));
    assert!(poll(shipment.as_mut()).is_pending(), "the shipment is in flight");
    let (on_hand_delta, unavailable_delta) = (-1, 0);
    let lost = StockOperation::Adjust { on_hand_delta, unavailable_delta, reason: Text::default() };
    let mut lost = pin!(change(&engine, "B", "N", lost));
    assert!(poll(lost.as_mut()).is_pending(), "it is in line behind the shipment");
    let wanted = order("b", &[("A", 1), ("B", 1)], Shortage::Reject);
    let mut buyer = pin!(place(&engine, wanted));
    let woken = assert_sleeps(buyer.as_mut());
    single.drain();
    assert!(woken.is_woken(), "the shipment is applied");
    single.run(lost).expect("one is lost");
    single.run(buyer).expect("others are free");
    single.run(shipment).expect("it ships");
    assert_clean(&engine);
}

/// Both are stopped at B, and let go of A.
#[test]
fn two_who_cannot_go_on_do_not_wake_each_other() {
    let mut single = two_items(2, 2);
    both(&mut single, "o", Shortage::Reject);
    both(&mut single, "p", Shortage::Reject);
    let engine = single.engine.clone();
    let mut receipt = pin!(change(&engine, "B", "N", receive()));
    assert!(poll(receipt.as_mut()).is_pending(), "the receipt is in flight");
    let mut first = pin!(ship(&engine, "o", 1));
    let mut second = pin!(ship(&engine, "p", 1));
    let one = assert_sleeps(first.as_mut());
    let other = assert_sleeps(second.as_mut());
    assert!(!one.is_woken(), "the second got no further than the first");
    assert_sleeps(first.as_mut());
    assert!(!other.is_woken(), "nor the first than the second");
    single.drain();
    for command in [first, second] {
        single.run(command).expect("it ships");
    }
    single.run(receipt).expect("it arrives");
    assert_clean(&engine);
}

/// The version that was to be seen when a command was woken.
struct WokenAt {
    engine: Engine,
    versions: Mutex<Vec<Lsn>>,
}

impl Wake for WokenAt {
    fn wake(self: Arc<Self>) {
        let version = self.engine.version();
        self.versions.lock().expect("nobody panics with it").push(version);
    }
}

/// Woken for each event of a step, or before its events can be seen, a transaction would
/// spend its tries on one and the same step.
#[test]
fn who_sleeps_is_woken_once_a_step_and_sees_what_was_applied() {
    let mut single = two_items(1, 1);
    both(&mut single, "o", Shortage::Reject);
    let engine = single.engine.clone();
    let mut receipt = pin!(change(&engine, "B", "N", receive()));
    assert!(poll(receipt.as_mut()).is_pending(), "the receipt is in flight");
    let woken = Arc::new(WokenAt { engine: engine.clone(), versions: Mutex::default() });
    let mut shipment = pin!(ship(&engine, "o", 1));
    let waker = Waker::from(Arc::clone(&woken));
    assert!(shipment.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    single.drain();
    let versions = woken.versions.lock().expect("nobody panics with it").clone();
    assert_eq!(versions, [engine.version()], "the receipt is applied, and to be seen");
    single.run(shipment).expect("it ships");
    single.run(receipt).expect("it arrives");
    assert_clean(&engine);
}

type Placing<'a> = Pin<Box<dyn Future<Output = Result<OrderAnswer, EngineError>> + 'a>>;

/// An order that is to wait for B, on its way.
fn waits_for_b(engine: &Engine, number: u32) -> Placing<'_> {
    let wanted = order(&format!("w{number}"), &[("B", 1)], Shortage::Backorder);
    let mut waiting: Placing<'_> = Box::pin(place(engine, wanted));
    assert!(poll(waiting.as_mut()).is_pending(), "nothing is durable yet");
    waiting
}

/// A cancellation waits for the orders that are about to wait at its pairs. There is
/// always one more such order, but none begins after the cancellation did.
#[test]
fn a_cancellation_gets_through_beside_orders_that_keep_its_second_pair_busy() {
    let mut single = two_items(0, 0);
    both(&mut single, "o", Shortage::Backorder);
    let engine = single.engine.clone();
    let mut waiting = VecDeque::from([waits_for_b(&engine, 0)]);
    let mut cancellation = pin!(cancel(&engine, "o", &[]));
    assert_sleeps(cancellation.as_mut());
    let mut rounds = 0;
    let through = |done: Result<Lsn, EngineError>| done.expect("it gets through");
    while poll(cancellation.as_mut()).map(through).is_pending() {
        rounds += 1;
        assert!(rounds < 4, "the orders before it, then its own event");
        waiting.push_back(waits_for_b(&engine, rounds));
        single.pump.pump().expect("the engine goes on");
        waiting.retain_mut(|order| poll(order.as_mut()).is_pending());
    }
    for order in waiting {
        single.run(order).expect("it waits");
    }
    assert_clean(&engine);
}

#[test]
fn a_line_that_lacks_units_is_refused_beside_claims_on_another_line() {
    let mut single = two_items(0, 5);
    let engine = single.engine.clone();
    let mut buyer = pin!(place(&engine, order("b", &[("B", 1)], Shortage::Reject)));
    assert!(poll(buyer.as_mut()).is_pending(), "units of B are claimed");
    let wanted = order("o", &[("A", 1), ("B", 1)], Shortage::Reject);
    let answer = poll(pin!(place(&engine, wanted)));
    let Poll::Ready(Ok(OrderAnswer { outcome: PlaceOutcome::SoldOut(short), .. })) = answer else {
        panic!("it does not wait for the buyer of B: {answer:?}");
    };
    assert_eq!(short.iter().map(|line| line.line).collect::<Vec<_>>(), [0]);
    single.run(buyer).expect("B is there");
    assert_clean(&engine);
}
