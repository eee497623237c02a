//! What a look rests on, when events come between its parts.

use std::pin::pin;
use std::task::Poll;

use super::{Moment, confirm, look_and_plan};
use crate::command::PlaceOrder;
use crate::command::fixture::{item, order, receive, sku};
use crate::engine::tests::{NODE, one_unit, poll, run};
use crate::engine::{Engine, EngineError, Pump};
use crate::limits::TRIES_MAX;
use crate::model::{Refusal, Shortage};
use crate::placing::request::LineRequest;
use crate::placing::resolve::resolve;
use crate::planning::Draft;
use crate::transaction::attempts::{Attempt, Attempts};

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
    let kernel = &engine.kernel;
    let command = too_much();
    let wanted = resolve(&kernel.state, &*kernel.postal, &command).expect("names are known");
    let moment = Moment::now(kernel);
    between(pump);
    let Poll::Ready(Ok(draft)) = poll(pin!(look_and_plan(kernel, &wanted))) else {
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

/// Five units of A, of which there is one, and one unit of B, which is there.
fn too_much_beside(shortage: Shortage) -> PlaceOrder {
    let mut wanted = too_much();
    wanted.order.shortage = Some(shortage);
    wanted.order.lines.0.push(LineRequest { sku: sku("B"), quantity: 1 });
    wanted
}

/// Units that a plan allocates and that it lacks, when it is made and then confirmed after
/// one unit of A has `moved`: in, or out to another order.
fn confirmed_after(shortage: Shortage, moved: impl FnOnce(&Engine, &mut Pump)) -> (u32, u64) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    run(&mut pump, engine.change_stock(receive("B", NODE)));
    let kernel = &engine.kernel;
    let command = too_much_beside(shortage);
    let wanted = resolve(&kernel.state, &*kernel.postal, &command).expect("names are known");
    let moment = Moment::now(kernel);
    let Poll::Ready(Ok(draft)) = poll(pin!(look_and_plan(kernel, &wanted))) else {
        panic!("nobody has to be waited for");
    };
    moved(&engine, &mut pump);
    let mut attempts = Attempts::begin(kernel);
    let confirmed = poll(pin!(confirm(kernel, &wanted, (moment, draft), &mut attempts)));
    let Poll::Ready(Ok(draft)) = confirmed else { panic!("nobody has to be waited for") };
    (draft.allocations.iter().map(|a| a.units).sum(), draft.unfilled_units())
}

/// Planning a large order takes longer than the time until the next unit is sold.
#[test]
fn a_plan_stands_when_the_item_that_it_lacks_went_on_being_sold() {
    let sold = |engine: &Engine, pump: &mut Pump| {
        run(pump, engine.place_order(order()));
    };
    assert_eq!(confirmed_after(Shortage::Partial, sold), (2, 4), "the plan as it was made");
    assert_eq!(confirmed_after(Shortage::Reject, sold), (2, 5), "its lack as it is now");
}

#[test]
fn a_plan_is_made_anew_when_units_came_in_unless_it_is_refused_all_the_same() {
    let came_in = |engine: &Engine, pump: &mut Pump| {
        run(pump, engine.change_stock(receive("A", NODE)));
    };
    assert_eq!(confirmed_after(Shortage::Partial, came_in), (3, 3), "a new plan");
    assert_eq!(confirmed_after(Shortage::Reject, came_in), (2, 3), "its lack as it is now");
}

/// Tries of a look inside of another one are tries of the transaction.
#[test]
fn one_bound_holds_for_all_tries_of_an_order() {
    let (engine, _pump) = one_unit();
    let kernel = &engine.kernel;
    let command = too_much();
    let wanted = resolve(&kernel.state, &*kernel.postal, &command).expect("names are known");
    let mut attempts = Attempts::begin(kernel);
    for _ in 1..TRIES_MAX {
        let again = poll(pin!(attempts.end(Attempt::<()>::Again)));
        assert!(matches!(again, Poll::Ready(Ok(None))), "one of the tries");
    }
    let early = Moment::now(kernel);
    let Poll::Ready(Ok(draft)) = poll(pin!(look_and_plan(kernel, &wanted))) else {
        panic!("nobody has to be waited for");
    };
    // The unit came in after the look began.
    let early = Moment { applied: early.applied.previous(), ..early };
    let confirmed = poll(pin!(confirm(kernel, &wanted, (early, draft), &mut attempts)));
    let contended = matches!(confirmed, Poll::Ready(Err(EngineError::Refused(Refusal::Contended))));
    assert!(contended, "the last try is over");
}
