//! Random exchanges of a random order: whatever comes back and goes out, the order comes to what its
//! customer has, and nothing but that is ever paid.

use super::*;
use crate::command::order::payment::tests::card;
use crate::model::order::IntentsMinted;
use crate::model::order::money::{
    ComponentKind, PaymentOutcome, PaymentTold, PriceComponent, Taken, Telling,
};
use crate::model::order::{Allocated, LineAdded, ShipmentAdded};
use crate::model::returns::{ExchangeMode, Sent};
use crate::model::{SkuNo, Supply};

/// What is done of one of three exchanges: it is asked for, at a price, or a step is done of its return; or
/// all shipments leave that may.
#[derive(Clone, Debug)]
enum Act {
    Ask(ExchangeMode, i64),
    Send,
    Step(Deed),
    Ship,
}

fn acts() -> impl Strategy<Value = (Act, u16, u16, u32)> {
    let mode = prop_oneof![
        Just(ExchangeMode::Reserve),
        Just(ExchangeMode::OnScan),
        Just(ExchangeMode::Advance),
    ];
    let act = prop_oneof![
        3 => (mode, 0..3_000_000i64).prop_map(|(mode, price)| Act::Ask(mode, price)),
        2 => Just(Act::Send),
        3 => Just(Act::Step(Deed::Receive)),
        3 => proptest::option::of(1..=10_000u32).prop_map(|by| Act::Step(Deed::Inspect(by))),
        1 => Just(Act::Step(Deed::Reject)),
        1 => Just(Act::Step(Deed::TimePasses)),
        3 => Just(Act::Ship),
    ];
    (act, 0..3u16, 0..2u16, 1..4u32)
}

/// As many units of another item, each at a price, in a shipment of their own.
fn added(order: &Order, (no, units): (u16, u32), price: i64) -> OrderChange {
    let (line, shipment) = (count(order.lines.len()), count(order.shipments.len()));
    let amount = Minor(price * i64::from(units) / 100);
    let component = PriceComponent { kind: ComponentKind::Price, name: 0, amount };
    let unit_price = UnitPrice(price);
    let components = vec![component];
    let priced = PricedUnits { line, units, unit_price, components, cancelled: 0, credited: 0 };
    OrderChange {
        lines: vec![LineAdded { sku: SkuNo(20 + u32::from(no)), units }],
        shipments: vec![ShipmentAdded { node: NodeNo(0), days: None, units_there: true }],
        placed: vec![Allocated { line, shipment, supply: Supply::OnHand, units }],
        prices: Some(PricesAdded { names: Vec::new(), units: vec![priced] }),
        ..OrderChange::default()
    }
}

fn exchanged(
    order: &Order,
    (no, line, units): (u16, u16, u32),
    (mode, price): (ExchangeMode, i64),
) -> Option<Returning> {
    if order.return_of(&id(no)).is_some() {
        return None;
    }
    let (lines, terms) =
        (LineUnits::from_slice(&[(line, units)]), terms((Fees::default(), ShippingRefund::None)));
    let asked = asked(no, ReturnMode::Advance, lines, terms);
    let made = request(asked, |line| order.left_of(line), &order.returns).ok()?;
    let first_line = count(order.lines.len());
    let exchange = Exchange { mode, first_line, lines: 1, prices: Vec::new() };
    let asked = Return { exchange: Some(exchange.into()), ..made }.with_credits().ok()?;
    let (asked, change) = (asked.into(), added(order, (no, units), price).into());
    let payment = card(&format!("of-{no}"), 10_000_000, Taken::Authorised);
    let (payment, entries) = payment.payment(AT, count(money(order).payments.len()));
    let payment = Some(PaymentTold { at: AT, told: Telling::Added(payment, entries) });
    Some(Returning::Exchanged(Exchanged { asked, change, payment }.into()))
}

/// The step of the return, if it is allowed.
fn step(order: &Order, (act, no, line, units): &(Act, u16, u16, u32)) -> Option<Returning> {
    let (no, of) = order.return_of(&id(*no))?;
    let lines = LineUnits::from_slice(&[(*line, *units)]);
    let step = match act {
        Act::Send => {
            let (carrier, tracking) = (Text::default(), Text::default());
            of.send(Sent { at: AT, carrier, tracking, eta: None }, &lines)
        }
        Act::Step(deed) => stepped(of, deed, &lines),
        Act::Ask(..) | Act::Ship => Ok(None),
    };
    Some(Returning::Stepped { no, step: of.settled(step.ok()??).ok()? })
}

/// All that may leave does.
fn ship(order: &mut Order) {
    for shipment in 0..count(order.shipments.len()) {
        if order.waits_for_return(shipment).is_none() {
            let of_it = order.allocations.iter_mut().filter(|a| a.shipment == shipment);
            of_it.for_each(|a| a.shipped = a.units);
        }
    }
}

/// The provider does all that it is asked for.
fn settle(order: &mut Order) {
    loop {
        let minted = order.intents_due();
        let first = money(order).intents.len();
        if minted.is_empty() {
            return;
        }
        let nothing = Box::new((OrderEffect::LetGo, IntentsMinted { at: AT, minted }));
        order.apply(order.last_lsn.next(), &OrderEffect::Mint(nothing));
        for intent in first..money(order).intents.len() {
            let amount = money(order).intents[intent].amount;
            let (intent, outcome) = (count(intent + 1), PaymentOutcome::Succeeded);
            let reference = Text::default();
            let told = Telling::Result { intent, outcome, amount, reference, observed_at: AT };
            let told = PaymentTold { at: AT, told };
            order.apply(order.last_lsn.next(), &OrderEffect::Pay(Box::new(told)));
        }
    }
}

/// What must be true after each step, the provider having done what it was asked for.
fn holds_exchanged(order: &Order, paid: Minor) {
    let money = money(order);
    let mut credited = Minor::ZERO;
    for line in [0u16, 1] {
        let places = order.returns.iter().filter_map(|of| Some(&of.lines[of.place(line)?]));
        let units: u32 = places.map(ReturnLine::credited).sum();
        assert_eq!(money.credited_of(line), units);
        credited += money.of_line(line).map(|of| first(of, units)).sum::<Minor>();
    }
    let mut got = Minor::ZERO;
    for of in &order.returns {
        let exchange = of.exchange.as_deref().expect("all are exchanges");
        let value = money.of_line(exchange.first_line).map(PricedUnits::value).sum::<Minor>();
        let is_priced = money.of_line(exchange.first_line).count() == 1;
        assert_ne!(is_priced, exchange.prices.len() == 1, "its price is in one place");
        assert!(is_priced || of.keeps_waiting(), "it costs its price once it may go out");
        assert!(is_priced || order.left_of(exchange.first_line) == 0, "and goes out no sooner");
        got += value;
    }
    let fees = money.totals().fees;
    assert_eq!(money.total(), paid - credited + got + fees, "what he has, and no more");
    let sums = money.sums();
    assert_eq!(sums.balance(), sums.captured - sums.refunded);
    let owed = money.earned(|line| order.left_of(line)).min(money.total());
    assert!(sums.balance() <= money.total(), "what is paid and not owed is given back");
    assert!(sums.balance() >= owed || sums.open() == Minor::ZERO, "what left is paid");
}

proptest! {
    #[test]
    fn whatever_is_exchanged_the_customer_pays_for_what_he_has(
        price in 1..3_000_000i64,
        off in 0..1_500i64,
        life in proptest::collection::vec(acts(), 1..40),
    ) {
        let mut order = sold(price, off);
        let paid = money(&order).total();
        let (payment, entries) = card("card", paid.0.max(1), Taken::Captured).payment(AT, 0);
        let told = PaymentTold { at: AT, told: Telling::Added(payment, entries) };
        order.apply(order.last_lsn.next(), &OrderEffect::Pay(Box::new(told)));
        for of in &life {
            let (act, no, line, units) = of;
            let done = match act {
                Act::Ask(mode, price) => exchanged(&order, (*no, *line, *units), (*mode, *price)),
                _ => step(&order, of),
            };
            if let Some(done) = done {
                order.apply(order.last_lsn.next(), &OrderEffect::Return(done.into()));
            } else if matches!(act, Act::Ship) {
                ship(&mut order);
            } else {
                continue;
            }
            order.check().expect("it is sound");
            settle(&mut order);
            holds_exchanged(&order, paid);
        }
    }
}
