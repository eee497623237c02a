//! What of an order may be exchanged, as a table.

use super::*;
use crate::command::fixture::{
    AT, check, commit, order as place, request_exchange, return_id, said, ship, told,
};
use crate::command::order::fixture::{id, left, order};
use crate::command::order::payment::tests::{card, prices};
use crate::command::order::returns::request::SentTo;
use crate::command::order::returns::request::tests::{after, of};
use crate::engine::tests::{one_unit, run};
use crate::model::{
    Allocated, LedgerEntry, LedgerKind, LineAdded, Minor, OrderChange, PriceComponent, PricedUnits,
    PricesAdded, Priority, RefusalKind, ShipmentAdded, SkuNo, Supply, Taken, UnitPrice,
};

/// The order, whose second line is what its customer gets for a unit that has not come.
pub(crate) fn waiting(order: Order) -> Order {
    let mut asked = after(left(), &of(&[(0, 1)]), None).returns[0].clone();
    let mode = ExchangeMode::Reserve;
    asked.exchange = Some(Exchange { mode, first_line: 1, lines: 1, prices: Vec::new() }.into());
    Order { returns: [asked].into(), ..order }
}

/// What is refused of a shipment of that order.
pub(crate) fn waits(shipment_number: u16) -> Refusal {
    Refusal::WaitsForReturn { shipment_number, return_id: return_id() }
}

/// The order, of which six units left at 5.00 each, which is taken, and so much is set aside.
fn sold(open: i64) -> Order {
    let mut order = left();
    let mut payments = vec![card("card", 4_000, Taken::Captured)];
    payments.extend((open > 0).then(|| card("more", open, Taken::Authorised)));
    let lines = (0u16..).zip(&order.lines);
    let of_lines: Vec<_> = lines.map(|(at, of)| (of.ordered, vec![(at, of.ordered)])).collect();
    let money = prices(of_lines.len(), payments).priced(&of_lines, |at| at.to_string(), AT);
    order.money = Some(Box::new(money));
    order
}

/// A unit for so many minor units, in a shipment of its own.
fn added(order: &Order, price: i64) -> OrderChanged {
    let (line, shipment) = (2, 2);
    let component =
        PriceComponent { kind: crate::model::ComponentKind::Price, name: 0, amount: Minor(price) };
    let priced = PricedUnits {
        line,
        units: 1,
        unit_price: UnitPrice(price * 100),
        components: vec![component],
        cancelled: 0,
        credited: 0,
    };
    let change = OrderChange {
        lines: vec![LineAdded { sku: SkuNo(12), units: 1 }],
        shipments: vec![ShipmentAdded { node: NodeNo(0), days: None, units_there: true }],
        placed: vec![Allocated { line, shipment, supply: Supply::OnHand, units: 1 }],
        prices: Some(PricesAdded { names: Vec::new(), units: vec![priced] }),
        ..OrderChange::default()
    };
    OrderChanged {
        no: order.no,
        id: id(),
        priority: Priority::DEFAULT,
        off: Vec::new(),
        taken: None,
        change: change.into(),
        on: Vec::new(),
        waits: Vec::new(),
    }
}

/// The order, of which a unit of 7.00 goes out first for one of 5.00, of whose authorisation so much expired since.
pub(crate) fn expired(amount: i64) -> Order {
    let event = exchange(700, (700, ExchangeMode::Advance)).expect("it is covered");
    let mut order = sold(700);
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { continue };
        order.apply(order.last_lsn.next(), &effect);
    }
    let (kind, payment) = (LedgerKind::AuthExpired, Some(1));
    let (at, reference) = (AT, crate::model::Text::default());
    let entry = LedgerEntry { kind, payment, amount: Minor(amount), at, intent: 0, reference };
    order.money.as_deref_mut().expect("it has prices").ledger.push(entry);
    order
}

/// A unit of 5.00 for one of so many minor units, and what is set aside for it.
fn exchange(open: i64, (price, mode): (i64, ExchangeMode)) -> Result<ExchangeRequested, Refusal> {
    let order = sold(open);
    let command = RequestExchange { mode, ..request_exchange() };
    let terms = |order: &Order| command.asked.terms(order, None, |_| None);
    let asked = made(&order, &command.asked, (SentTo::default(), terms)).expect("it left");
    exchanged(&order, (asked, added(&order, price), None), mode)
}

fn covered() -> Vec<RefusalKind> {
    use ExchangeMode::{Advance, OnScan, Reserve};
    let lacks = |needed, open| Err(Refusal::ExchangeNotSecured { order_id: id(), needed, open });
    let decided = |open, of| exchange(open, of).map(drop);
    check([
        // Who gets his after he sent the other pays the difference, once it may go out.
        ("nothing, in the end", decided(0, (700, Reserve)), Ok(())),
        ("the difference, and what may be charged", decided(700, (700, Advance)), Ok(())),
        ("a minor unit less", decided(699, (700, Advance)), lacks(700, 699)),
        ("the same, on scan", decided(699, (700, OnScan)), lacks(700, 699)),
        ("a cheaper one: what may be charged", decided(500, (300, Advance)), Ok(())),
        ("less than that", decided(499, (300, Advance)), lacks(500, 499)),
    ])
}

fn known() -> Vec<RefusalKind> {
    let reused = || Refusal::ReturnIdReused { return_id: return_id() };
    let other = after(left(), &of(&[(0, 1)]), None);
    let event = exchange(0, (700, ExchangeMode::Reserve)).expect("it is granted");
    let mut made = sold(0);
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { continue };
        made.apply(made.last_lsn.next(), &effect);
    }
    made.check().expect("it is sound");
    let again = request_exchange();
    let on_scan = RequestExchange { mode: ExchangeMode::OnScan, ..request_exchange() };
    check([
        ("new", again.is_known(&left(), None), Ok(false)),
        ("said again", again.is_known(&made, None), Ok(true)),
        ("another mode", on_scan.is_known(&made, None), Err(reused())),
        ("a return without an exchange", again.is_known(&other, None), Err(reused())),
    ])
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(place()));
    run(&mut pump, engine.progress_shipment(ship(1)));
    let gone = told(engine.request_exchange(request_exchange()));
    assert_eq!(gone, Refusal::ChangeExpired { order_id: place().order.id });
    [covered(), known(), vec![gone.kind()]].concat()
}

#[test]
fn goods_that_go_out_first_are_covered_and_an_exchange_is_made_once() {
    table();
}

/// What waits costs nothing; with the credit of the last unit it costs its price.
#[test]
fn credit_and_price_come_in_one_event() {
    let event = exchange(700, (700, ExchangeMode::Advance)).expect("it is covered");
    let mut at_once = sold(700);
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { continue };
        at_once.apply(at_once.last_lsn.next(), &effect);
    }
    let total = |order: &Order| order.totals().expect("it has prices").total();
    assert_eq!(total(&at_once) - total(&sold(0)), Minor(200));
    assert_eq!(at_once.waits_for_return(2), None);
    let event = exchange(0, (700, ExchangeMode::Reserve)).expect("it is granted");
    let mut waits = sold(0);
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { continue };
        waits.apply(waits.last_lsn.next(), &effect);
    }
    assert_eq!(total(&waits), total(&sold(0)));
    assert!(waits.waits_for_return(2).is_some() && waits.waits_for_return(0).is_none());
}

/// What is set aside is looked at again when the goods are released: it may have expired.
#[test]
fn what_goes_out_first_is_covered_when_it_is_released() {
    assert_eq!(expired(0).lacks_for_release(2), None);
    assert_eq!(expired(1).lacks_for_release(2), Some((Minor(700), Minor(699))));
    assert_eq!(expired(1).lacks_for_release(1), None, "what is of no exchange goes out");
    assert!(expired(400).is_secured(), "the order itself is paid for");
    // The goods came: nothing is at risk any more.
    let mut came = expired(400);
    let lines = crate::model::LineUnits::from_slice(&[(0, 1)]);
    let receipt = crate::model::returns::Receipt { at: AT, revision: 1, lines, strays: vec![] };
    let step = came.returns[0].receive(&receipt).expect("it is allowed").expect("it is new");
    came.returns[0].apply(&step);
    assert_eq!(came.lacks_for_release(2), None);
}

/// A deadline passes before the goods left: they cost nothing any more, whenever the order is captured, and
/// wait for what they are for until nobody waits for that.
#[test]
fn what_did_not_leave_by_the_deadline_costs_nothing() {
    let total = |order: &Order| order.totals().expect("it has prices").total();
    let mut order = expired(0);
    let late = AT.saturating_add_micros(365 * 24 * 60 * 60 * 1_000_000);
    order.returns[0].advance_until = Some(AT);
    let step = order.returns[0].charge_back(late).expect("it is due").expect("it is new");
    let stepped = OrderEffect::Return(Returning::Stepped { no: 0, step }.into());
    order.apply(order.last_lsn.next(), &stepped);
    order.check().expect("it is sound");
    assert_eq!(total(&order), total(&sold(0)));
    assert!(order.waits_for_return(2).is_some());
    // What is packed by then may leave, and is paid for.
    let last = order.allocations.len() - 1;
    order.allocations[last].shipped = 1;
    order.apply(order.last_lsn.next(), &OrderEffect::LetGo);
    assert_eq!(total(&order) - total(&sold(0)), Minor(700));
}

#[test]
fn what_is_no_exchange_is_told_with_all_else_that_is_wrong() {
    let told = |command: RequestExchange| said(command.validate());
    assert_eq!(told(request_exchange()), [""; 0]);
    let joined = RequestExchange { quote: commit("Q").quote, ..request_exchange() };
    assert_eq!(told(joined.clone()), ["change_token: \"\" was not quoted with `apart`"]);
    let mut swaps = joined;
    swaps.quote.change.apart = true;
    assert_eq!(told(swaps), ["change_token: \"\" does more than adding lines"]);
    let mut wrong = request_exchange();
    wrong.asked.lines = crate::model::LineUnits::new();
    wrong.quote.order = crate::model::OrderId::new("order", "X").unwrap();
    wrong.payment = Some(card("x", 0, Taken::Authorised));
    assert_eq!(told(wrong).len(), 3);
    assert_eq!(order().returns.len(), 0);
}
