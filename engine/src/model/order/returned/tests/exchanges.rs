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
/// units of all shipments leave that may, or what fell through is cancelled.
#[derive(Clone, Debug)]
enum Act {
    Ask(ExchangeMode, i64),
    Send,
    Step(Deed),
    Ship,
    GiveUp,
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
        1 => Just(Act::GiveUp),
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
        Act::Ask(..) | Act::Ship | Act::GiveUp => Ok(None),
    };
    Some(Returning::Stepped { no, step: of.settled(step.ok()??).ok()? })
}

/// So many units leave of all that may leave.
fn ship(order: &mut Order, units: u32) {
    for shipment in 0..count(order.shipments.len()) {
        if order.waits_for_return(shipment).is_none() {
            let of_it = order.allocations.iter_mut().filter(|a| a.shipment == shipment);
            of_it.for_each(|a| a.shipped += units.min(a.open()));
        }
    }
}

/// What time does to what fell through, if anything did.
fn given_up(order: &Order) -> Option<OrderEffect> {
    let lines = order.given_up_for(order.fallen().next()?);
    let open = (0..order.allocations.len()).filter_map(|at| {
        let a = &order.allocations[at];
        let is_given_up = lines.iter().any(|(line, _)| *line == a.line);
        (is_given_up && a.open() > 0).then(|| order.units_of(at, a.open()))
    });
    Some(OrderEffect::Cancel(open.collect()))
}

/// The provider does all that it is asked for.
fn settle(order: &mut Order) {
    loop {
        let minted = order.intents_due();
        let first = money(order).intents.len();
        if minted.is_empty() {
            return;
        }
        let nothing =
            Box::new((OrderEffect::LetGo, IntentsMinted { at: AT, minted, expired: None }));
        order.apply(order.last_lsn.next(), &OrderEffect::Mint(nothing));
        for intent in first..money(order).intents.len() {
            let amount = money(order).intents[intent].amount;
            let (intent, outcome) = (count(intent + 1), PaymentOutcome::Succeeded);
            let reference = Text::default();
            let expires = None;
            let told =
                Telling::Result { intent, outcome, amount, reference, observed_at: AT, expires };
            let told = PaymentTold { at: AT, told };
            order.apply(order.last_lsn.next(), &OrderEffect::Pay(Box::new(told)));
        }
    }
}

/// What must be true after each step, the provider having done what it was asked for. First what was paid
/// for the order, then what each exchange's line costs, as it was asked for.
fn holds_exchanged(order: &Order, (paid, asked): (Minor, &[PricedUnits])) {
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
        let line = exchange.first_line;
        let all = asked.iter().find(|of| of.line == line).expect("it was asked for");
        let kept = all.units - order.lines[usize::from(line)].cancelled;
        let costs = if of.is_redeemed() { kept } else { order.left_of(line) };
        let value = money.of_line(line).map(PricedUnits::value).sum::<Minor>();
        // What was taken apart, as a part of it left before a credit was taken back, is shared anew.
        let parts = money.of_line(line).count() + exchange.prices.len();
        let off = value - all.upto(costs);
        let most = i64::try_from(parts - 1).expect("few parts");
        assert!(off.0.abs() <= most, "{costs} of {kept} units cost {value:?} in {parts} parts");
        assert!(costs < kept || off == Minor::ZERO, "all of it costs what was asked");
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
        captures in prop_oneof![Just(CaptureAt::Shipment), Just(CaptureAt::Placement)],
        life in proptest::collection::vec(acts(), 1..40),
    ) {
        let mut order = sold(price, off);
        order.money.as_deref_mut().expect("it has prices").captures = captures;
        let (paid, mut asked) = (money(&order).total(), Vec::new());
        let (payment, entries) = card("card", paid.0.max(1), Taken::Captured).payment(AT, 0);
        let told = PaymentTold { at: AT, told: Telling::Added(payment, entries) };
        order.apply(order.last_lsn.next(), &OrderEffect::Pay(Box::new(told)));
        for of in &life {
            let (act, no, line, units) = of;
            let done = match act {
                Act::Ask(mode, price) => exchanged(&order, (*no, *line, *units), (*mode, *price)),
                _ => step(&order, of),
            };
            let effect = match (done, act) {
                (Some(done), _) => OrderEffect::Return(done.into()),
                (None, Act::Ship) => {
                    ship(&mut order, *units);
                    OrderEffect::LetGo
                }
                (None, Act::GiveUp) => match given_up(&order) {
                    Some(effect) => effect,
                    None => continue,
                },
                _ => continue,
            };
            if let OrderEffect::Return(done) = &effect
                && let Returning::Exchanged(exchanged) = &**done
            {
                asked.extend(exchanged.change.prices.iter().flat_map(|of| of.units.clone()));
            }
            order.apply(order.last_lsn.next(), &effect);
            order.check().expect("it is sound");
            settle(&mut order);
            holds_exchanged(&order, (paid, &asked));
        }
    }
}
