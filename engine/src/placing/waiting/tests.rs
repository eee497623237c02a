//! The bound on how many may wait, where others are about to wait or wait no longer.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::command::fixture::{AT, hold, order, queueable};
use crate::command::{CreateHold, Meta, OrderRequest, PlaceOrder};
use crate::engine::tests::{PAIR, one_unit, poll, run};
use crate::engine::{Engine, PlaceOutcome, Pump};
use crate::limits::HOLD_WAIT_SECONDS;
use crate::model::{OrderId, Shortage};
use crate::state::stock::Grant;
use crate::transaction::written::Reserve;

/// An engine whose one unit is gone, and for which one more may wait.
fn one_may_wait() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(order()));
    run(&mut pump, engine.define_item(queueable("A", 1)));
    (engine, pump)
}

fn waits(id: &str) -> PlaceOrder {
    let order = order();
    let id = OrderId::new("order_id", id).expect("an id");
    let wanted = OrderRequest { id, shortage: Some(Shortage::Backorder), ..order.order };
    PlaceOrder { order: wanted, ..order }
}

/// Whether a future was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn who_finds_the_line_full_of_what_is_in_flight_waits_for_that_and_for_nothing_else() {
    let (engine, mut pump) = one_may_wait();
    let mut other = Claims::new(&engine.kernel);
    let unit = Reserve { pair: PAIR, seat: None, line: 0, supply: Supply::Backorder, units: 1 };
    let claimed = poll(pin!(other.units(std::slice::from_ref(&unit), None)));
    assert!(matches!(claimed, Poll::Ready(Ok(Ok(Grant::Granted)))));
    let mut placed = pin!(engine.place_order(waits("W")));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert!(placed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(!woken.0.load(Ordering::SeqCst), "it sleeps");
    drop(other);
    assert!(woken.0.load(Ordering::SeqCst), "the engine is at rest, and it is woken");
    let placed = run(&mut pump, placed);
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}

#[test]
fn who_waits_no_longer_takes_no_place_in_the_line() {
    let (engine, mut pump) = one_may_wait();
    let waiting = CreateHold::waiting(hold("H"));
    run(&mut pump, engine.create_hold(waiting));
    let late = AT.saturating_add_micros(i64::from(HOLD_WAIT_SECONDS) * 1_000_000);
    let meta = |at| Meta { at, ..order().meta };
    let before = late.saturating_add_micros(-1);
    let early = PlaceOrder { meta: meta(before), ..waits("EARLY") };
    let full = poll(pin!(engine.place_order(early)));
    let Poll::Ready(Err(EngineError::Refused(Refusal::BacklogFull { max: 1, .. }))) = full else {
        panic!("the line is full")
    };
    let placed = run(&mut pump, engine.place_order(PlaceOrder { meta: meta(late), ..waits("W") }));
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}
