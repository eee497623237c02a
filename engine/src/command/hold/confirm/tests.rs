//! What a hold becomes when it is confirmed, and why it does not.

use super::*;
use crate::command::fixture::{AT, confirm, hold, item, order, receive, release, sku, told};
use crate::command::{CancelOrder, LineRequest, PlaceOrder};
use crate::engine::tests::{NODE, one_unit, run};
use crate::engine::{Engine, PlaceOutcome, Pump};
use crate::model::{OrderState, RefusalKind};

/// An engine with one unit, which is held.
fn one_held() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    let answer = run(&mut pump, engine.create_hold(hold("H")));
    assert!(matches!(answer.outcome, PlaceOutcome::Placed(_)), "{answer:?}");
    (engine, pump)
}

/// A minute passes, and the hold lapses.
fn lapse(engine: &Engine, pump: &mut Pump) {
    engine.tell_time(AT.saturating_add_micros(60_000_000));
    while pump.pump().expect("the engine does not halt") {}
}

fn lines(lines: &[(&str, u32)]) -> Lines {
    let line = |(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity: *quantity };
    Lines(lines.iter().map(line).collect())
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let differs = Refusal::HoldDiffers { hold_id: hold("H").hold().clone() };
    let mut refused = Vec::new();
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_item(item("B")));
    for other in [&[("A", 2)][..], &[("B", 1)], &[("A", 1), ("B", 1)], &[("X", 1)]] {
        let confirm = ConfirmHold { lines: lines(other), ..confirm("H") };
        assert_eq!(told(engine.confirm_hold(confirm)), differs, "{other:?}");
        refused.push(differs.kind());
    }
    run(&mut pump, engine.release_hold(release("H")));
    let ended = |state| Refusal::HoldEnded { hold_id: hold("H").hold().clone(), state };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), ended(HoldState::Released));
    refused.push(ended(HoldState::Released).kind());

    let (engine, mut pump) = one_held();
    run(&mut pump, engine.create_hold(hold("W").waiting()));
    let waits = Refusal::HoldWaits { hold_id: hold("W").hold().clone() };
    assert_eq!(told(engine.confirm_hold(confirm("W"))), waits);
    refused.push(waits.kind());

    let (engine, mut pump) = one_held();
    lapse(&engine, &mut pump);
    run(&mut pump, engine.place_order(order()));
    let reused = Refusal::OrderIdReused { order_id: order().order.id };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), reused);
    let later = ConfirmHold { order: OrderId::new("id", "P").expect("an id"), ..confirm("H") };
    let gone = Refusal::HoldUnitsGone { hold_id: hold("H").hold().clone() };
    assert_eq!(told(engine.confirm_hold(later)), gone);
    refused.extend([reused.kind(), gone.kind()]);
    refused
}

#[test]
fn a_hold_that_is_not_what_is_ordered_or_has_no_units_is_not_confirmed() {
    table();
}

#[test]
fn a_confirmed_hold_is_an_order_with_its_units_and_days() {
    let (engine, mut pump) = one_held();
    assert!(engine.kernel.state.holds.due(AT.saturating_add_micros(60_000_000), 9).len() == 1);
    let of_hold = OrderId::of_hold(hold("H").hold());
    let held = run(&mut pump, engine.order(&of_hold)).order;
    let confirm = ConfirmHold { lines: lines(&[("A", 1)]), ..confirm("H") };
    let done = run(&mut pump, engine.confirm_hold(confirm.clone()));
    let order = run(&mut pump, engine.order(&order().order.id)).order;
    assert_eq!((order.no, &order.shipments), (held.no, &held.shipments));
    assert_eq!(order.header.promise_by, held.header.promise_by);
    assert_eq!((order.state(), order.placed_lsn), (OrderState::Open, done.version));
    assert_eq!(engine.kernel.state.holds.len(), 0);
    let again = run(&mut pump, engine.confirm_hold(confirm));
    assert_eq!(again.version, done.version, "nothing is done again");
    lapse(&engine, &mut pump);
    let pair = run(&mut pump, engine.stock(&sku("A"), &crate::command::fixture::node_id(NODE)));
    let kept: Vec<_> = pair.stock.reservations.iter().collect();
    assert!(matches!(kept[..], [r] if !r.held && r.order == order.no), "{kept:?}");
}

#[test]
fn a_hold_is_no_order_until_it_is_confirmed() {
    let (engine, mut pump) = one_held();
    let named = OrderId::new("id", "H").expect("an id");
    let cancel = CancelOrder { order: named.clone(), ..crate::command::fixture::cancel() };
    assert_eq!(told(engine.cancel_order(cancel)).kind(), RefusalKind::OrderNotFound);
    let mut other = order();
    other.order.id = named;
    let other = PlaceOrder { ..other };
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    let placed = run(&mut pump, engine.place_order(other)).outcome;
    assert!(matches!(placed, PlaceOutcome::Placed(_)), "its id is another's: {placed:?}");
}

#[test]
fn a_lapsed_hold_is_confirmed_while_there_are_units() {
    let (engine, mut pump) = one_held();
    lapse(&engine, &mut pump);
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let order = run(&mut pump, engine.order(&order().order.id)).order;
    let of_hold = run(&mut pump, engine.order(&OrderId::of_hold(hold("H").hold()))).order;
    assert_eq!((order.no, order.state()), (of_hold.no, OrderState::Open));
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}
