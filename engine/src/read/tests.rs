//! Reads that come while an event is half applied.

use std::pin::pin;
use std::task::Poll;

use crate::command::fixture::order;
use crate::engine::tests::{PAIR, one_unit, poll, run};
use crate::engine::{Engine, Pump};
use crate::limits::READS_MAX;
use crate::model::{
    AllocationUnits, LineUnits, Lsn, OrderEffect, OrderId, OrderNo, OrderState, Said, Serves,
    StockChange, StockEffect,
};
use crate::state::order::OrderMessage;
use crate::state::stock::StockMessage;

const NO: OrderNo = OrderNo(1);

/// An engine in which one order has the one unit.
fn one_order() -> (Engine, Pump, OrderId, Lsn) {
    let (engine, mut pump) = one_unit();
    let placed = run(&mut pump, engine.place_order(order()));
    (engine, pump, order().order.id, placed.version)
}

/// What an event does to the pair.
fn at_pair(engine: &Engine, lsn: Lsn, effect: StockEffect) {
    let message = StockMessage::Apply { pair: PAIR, lsn, effect, settles: false };
    engine.kernel.state.cell(PAIR).ask(message).wait().expect("it is applied");
}

#[test]
fn an_order_is_not_read_beside_half_of_its_cancellation() {
    let (engine, _pump, id, placed) = one_order();
    let cancelled = placed.next();
    let serves = Serves::Pair;
    let effect = StockEffect::Release { order: NO, lines: LineUnits::from_iter([(0, 1)]), serves };
    at_pair(&engine, cancelled, effect);
    let mut read = pin!(engine.order(&id));
    assert!(poll(read.as_mut()).is_pending(), "the pair has the event, the order not yet");

    let release = AllocationUnits { allocation: 0, pair: PAIR, line: 0, units: 1 };
    let effect = OrderEffect::Cancel(vec![release]);
    let message = OrderMessage::Apply {
        lsn: cancelled,
        effect,
        said: Said::default(),
        settles: false,
        counts: false,
    };
    let there = engine.kernel.state.orders.by_no(NO).expect("it is placed");
    there.ask(message).wait().expect("it is applied");
    engine.kernel.watermark.advance(cancelled);
    let Poll::Ready(Ok(view)) = poll(read) else { panic!("all of it is applied") };
    assert_eq!((view.version, view.order.state()), (cancelled, OrderState::Cancelled));
}

#[test]
fn an_order_whose_pair_is_never_at_rest_is_read_all_the_same() {
    let (engine, _pump, id, placed) = one_order();
    let mut read = pin!(engine.order(&id));
    let mut lsn = placed;
    for _ in 0..=READS_MAX {
        // One event is shown by all actors, and the next one by the pair.
        engine.kernel.watermark.advance(lsn);
        lsn = lsn.next();
        let quantity = 1;
        let change = StockChange::Received { quantity, unavailable: 0 };
        at_pair(&engine, lsn, StockEffect::Change { change, serves: Serves::Pair });
        if let Poll::Ready(view) = poll(read.as_mut()) {
            let view = view.expect("it is read");
            assert_eq!(lsn.get() - placed.get(), u64::from(READS_MAX) + 1, "not before");
            let units: u32 = view.supplies.iter().flatten().map(|(_, units)| *units).sum();
            assert_eq!(units, 1);
            return;
        }
    }
    panic!("it waits for ever");
}
