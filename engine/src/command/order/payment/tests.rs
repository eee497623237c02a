//! What is told of an order's money, as a table.

use super::*;
use crate::command::fixture::{AT, check, record_payment, said};
use crate::command::order::fixture::{id, order};
use crate::model::{
    CaptureAt, Captures, Currency, IntentsMinted, LinePrice, Lsn, PricesAsked, RefundId,
    RefusalKind, Taken, UnitPrice,
};

fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

fn payment_id(id: &str) -> PaymentId {
    PaymentId::new("payment_id", id).unwrap()
}

pub(crate) fn card(id: &str, amount: i64, taken: Taken) -> PaymentAsked {
    PaymentAsked {
        id: payment_id(id),
        method: text("card"),
        amount: Minor(amount),
        captures: Captures::Many,
        expires: None,
        taken,
        reference: text("auth"),
        on_expiry: None,
    }
}

/// Prices of so many lines: 5.00 a unit, paid by these.
pub(crate) fn prices(lines: usize, payments: Vec<PaymentAsked>) -> PricesAsked {
    let line =
        LinePrice { unit_price: UnitPrice(50_000), discounts: Vec::new(), taxes: Vec::new() };
    PricesAsked {
        currency: Currency::new("currency_code", "USD").unwrap(),
        tax_included: false,
        lines: vec![line; lines],
        discounts: Vec::new(),
        shipping: None,
        captures: CaptureAt::Shipment,
        payments,
    }
}

/// The order, paid by a card of which 100.00 are set aside, of which one unit left and is captured, and
/// by another one that is to be set aside.
pub(crate) fn paid() -> Order {
    let other = card("other", 700, Taken::Nothing);
    let mut order = paid_by(vec![card("card", 10_000, Taken::Authorised), other]);
    order.allocations[0].shipped = 1;
    let minted = order.intents_due();
    let nothing = Box::new((OrderEffect::LetGo, IntentsMinted { at: AT, minted, expired: None }));
    order.apply(Lsn::new(2), &OrderEffect::Mint(nothing));
    order
}

/// The order, paid by these.
pub(crate) fn paid_by(payments: Vec<PaymentAsked>) -> Order {
    let mut order = order();
    let lines = (0u16..).zip(&order.lines);
    let of_lines: Vec<_> = lines.map(|(at, of)| (of.ordered, vec![(at, of.ordered)])).collect();
    let money = prices(of_lines.len(), payments).priced(&of_lines, |at| at.to_string(), AT);
    order.priced(money, AT);
    order
}

fn result(intent: u16, outcome: PaymentOutcome) -> PaymentStep {
    let (amount, reference, expires) = (None, text("ref"), None);
    PaymentStep::Result { intent, outcome, amount, reference, observed_at: None, expires }
}

fn unasked(payment: &str, kind: LedgerKind, amount: i64) -> PaymentStep {
    let (payment, reference) = (payment_id(payment), text("event"));
    PaymentStep::Unasked { payment, kind, amount: Minor(amount), reference, expires: None }
}

fn allow(refund: &str, amount: i64, of: AllowedOf) -> PaymentStep {
    let id = RefundId::new("refund_id", refund).unwrap();
    PaymentStep::Allow(Allowance { id, amount: Minor(amount), of, reason: text("late") })
}

/// The order after it was told these.
fn after(mut order: Order, steps: &[PaymentStep]) -> Order {
    for step in steps {
        let event = decide(&order, step, AT).expect("it is taken").expect("it is new");
        let lsn = order.last_lsn.next();
        order.apply(lsn, &OrderEffect::Pay(Box::new(event.told)));
    }
    order
}

fn too_large(amount: i64, most: i64) -> Refusal {
    Refusal::AmountTooLarge { what: "amount_minor", amount, most }
}

/// What the event is called, if there is one.
type Row = (Order, PaymentStep, Result<Option<&'static str>, Refusal>);

fn rows() -> Vec<Row> {
    use PaymentOutcome::{Failed, Succeeded, Unknown};
    let (recorded, event, conflict) =
        ("payment_result_recorded", "payment_event_recorded", "payment_conflict_found");
    let captured = || after(paid(), &[result(2, Succeeded)]);
    let authorise = || unasked("other", LedgerKind::Authorised, 700);
    let twice = PaymentStep::Result {
        intent: 2,
        outcome: Succeeded,
        amount: None,
        reference: text("another"),
        observed_at: None,
        expires: None,
    };
    let most = paid().money.as_ref().unwrap().total().0;
    let part = |amount| PaymentStep::Result {
        intent: 2,
        outcome: Succeeded,
        amount: Some(Minor(amount)),
        reference: text("ref"),
        observed_at: None,
        expires: None,
    };
    vec![
        (order(), result(1, Succeeded), Err(Refusal::OrderNotPriced { order_id: id() })),
        (paid(), result(0, Failed), Err(Refusal::IntentNotFound { order_id: id(), intent: 0 })),
        (paid(), result(9, Failed), Err(Refusal::IntentNotFound { order_id: id(), intent: 9 })),
        (paid(), part(501), Err(too_large(501, 500))),
        (paid(), part(499), Ok(Some(recorded))),
        (paid(), result(2, Succeeded), Ok(Some(recorded))),
        (paid(), result(2, Unknown), Ok(Some(recorded))),
        (captured(), result(2, Succeeded), Ok(None)),
        (captured(), twice, Ok(Some(conflict))),
        (captured(), result(2, Failed), Ok(Some(conflict))),
        (after(captured(), &[result(2, Failed)]), result(2, Failed), Ok(None)),
        // A webhook that comes first is the result, and the answer to the call is a repeat.
        (paid(), authorise(), Ok(Some(recorded))),
        (after(paid(), &[authorise()]), authorise(), Ok(None)),
        (paid(), unasked("other", LedgerKind::Authorised, 300), Ok(Some(event))),
        (captured(), unasked("card", LedgerKind::Chargeback, 500), Ok(Some(event))),
        (captured(), unasked("card", LedgerKind::Chargeback, 501), Err(too_large(501, 500))),
        (captured(), unasked("card", LedgerKind::StoreCredit, 501), Err(too_large(501, 500))),
        (captured(), unasked("card", LedgerKind::ChargebackWon, 1), Err(too_large(1, 0))),
        (captured(), unasked("card", LedgerKind::AuthExpired, 9_501), Err(too_large(9_501, 9_500))),
        (
            paid(),
            unasked("third", LedgerKind::Captured, 1),
            Err(Refusal::PaymentNotFound { payment_id: payment_id("third") }),
        ),
        (paid(), PaymentStep::Add(card("third", 5, Taken::Captured)), Ok(Some("payment_added"))),
        (paid(), PaymentStep::Add(card("other", 700, Taken::Nothing)), Ok(None)),
        (
            paid(),
            PaymentStep::Add(card("other", 701, Taken::Nothing)),
            Err(Refusal::PaymentIdReused { payment_id: payment_id("other") }),
        ),
        (full(), PaymentStep::Add(card("x", 5, Taken::Nothing)), Err(full_of_payments())),
        (paid(), allow("R", most, AllowedOf::Order), Ok(Some("amount_refunded"))),
        (paid(), allow("R", most + 1, AllowedOf::Order), Err(too_large(most + 1, most))),
        (paid(), allow("R", 1, AllowedOf::Shipping), Err(too_large(1, 0))),
        // A second click.
        (
            after(paid(), &[allow("R", 100, AllowedOf::Order)]),
            allow("R", 100, AllowedOf::Order),
            Ok(None),
        ),
        (
            after(paid(), &[allow("R", 100, AllowedOf::Order)]),
            allow("R", 101, AllowedOf::Order),
            Err(Refusal::RefundIdReused { refund_id: RefundId::new("refund_id", "R").unwrap() }),
        ),
    ]
}

fn full() -> Order {
    let more =
        (2..PAYMENTS_MAX).map(|at| PaymentStep::Add(card(&at.to_string(), 1, Taken::Captured)));
    after(paid(), &more.collect::<Vec<_>>())
}

fn full_of_payments() -> Refusal {
    Refusal::ListFull { what: "payments", max: PAYMENTS_MAX }
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    check(rows().into_iter().map(|(order, step, expected)| {
        let told = decide(&order, &step, AT);
        (format!("{step:?}"), told.map(|event| event.and_then(|event| event.called())), expected)
    }))
}

#[test]
fn what_is_told_of_money_is_taken_once() {
    table();
}

#[test]
fn an_amount_is_above_zero_and_bounded() {
    let told = |step| said(RecordPayment { step, ..record_payment() }.validate());
    assert_eq!(told(allow("R", 0, AllowedOf::Order)).len(), 1);
    assert_eq!(told(allow("R", AMOUNT_MAX + 1, AllowedOf::Order)).len(), 1);
    assert_eq!(told(unasked("card", LedgerKind::Captured, -1)).len(), 1);
    assert_eq!(told(PaymentStep::Add(card("x", 0, Taken::Nothing))).len(), 1);
    assert_eq!(told(allow("R", 1, AllowedOf::Order)), [""; 0]);
}
