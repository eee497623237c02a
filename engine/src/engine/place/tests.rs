//! What a look rests on, when events come between its parts.

use std::pin::pin;
use std::task::Poll;

use super::{Moment, look_and_plan, resolve};
use crate::engine::attempts::Attempt;
use crate::engine::plan::Draft;
use crate::engine::tests::{NODE, item, one_unit, order, poll, receive, run};
use crate::engine::{Engine, Pump};
use crate::model::command::PlaceOrder;

/// An order of five units of the item that has one.
fn too_much() -> PlaceOrder {
    let mut wanted = order();
    wanted.order.lines.0[0].quantity = 5;
    wanted
}

/// What a look comes to, when `between` happens after its beginning.
fn look(
    engine: &Engine,
    pump: &mut Pump,
    between: impl FnOnce(&mut Pump),
) -> (Draft, &'static str) {
    let core = &engine.core;
    let wanted = resolve(core, &core.network.load(), &too_much()).expect("names are known");
    let moment = Moment::now(core);
    between(pump);
    let Poll::Ready(Ok(draft)) = poll(pin!(look_and_plan(core, &wanted))) else {
        panic!("nobody has to be waited for");
    };
    let lack = poll(pin!(moment.lack(&wanted, &draft)));
    let lack = match lack {
        Poll::Ready(Ok(Attempt::Done(()))) => "durable",
        Poll::Ready(Ok(Attempt::Overtaken)) => "overtaken",
        _ => "in flight",
    };
    (draft, lack)
}

#[test]
fn events_at_other_items_do_not_keep_a_line_from_being_sold_out() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    let (draft, lack) = look(&engine, &mut pump, |pump| {
        run(pump, engine.change_stock(receive("B", NODE)));
    });
    assert_eq!((draft.unfilled_units(), lack), (4, "durable"));
}

#[test]
fn an_event_at_a_pair_of_the_line_overtakes_the_look() {
    let (engine, mut pump) = one_unit();
    let (draft, lack) = look(&engine, &mut pump, |pump| {
        run(pump, engine.change_stock(receive("A", NODE)));
    });
    assert_eq!((draft.unfilled_units(), lack), (3, "overtaken"));
}
