//! Money: orders with prices, what is told of them, and what they ask for.

use super::*;
use crate::command::events::EventMinted;
use crate::command::order::payment::PaymentRecorded;
use crate::command::order::payment::tests::{card, paid, paid_by, prices};
use crate::command::order::payment_event::keep::ProviderEventKept;
use crate::command::order::payment_event::resolve::{Attached, ProviderEventResolved};
use crate::model::ids::{OrderNo, PaymentId, RefundId, Text};
use crate::model::{
    Allowance, AllowedOf, Currency, Ending, ExpiryStep, IntentKind, IntentsMinted, LedgerKind,
    Minor, Minted, OnExpiry, OrderHold, OrderHoldKind, OrderMinted, PackedOrder, PaymentOutcome,
    PaymentTold, PricesAdded, ProviderEvent, Repriced, Taken, Telling,
};

pub(super) fn events() -> Vec<Named> {
    let mut events =
        vec![("priced_placed", OrderPlaced { order: PackedOrder::of(&paid()) }.into())];
    events.extend(of_told());
    events.push(("intents_minted", minted().into()));
    events.push(("order_changed_prices", changed()));
    events.push(("order_changed_repriced", repriced()));
    events.extend(of_endings());
    events
}

fn of_told() -> Vec<Named> {
    let (payment, entries) = card("card", 500, Taken::Captured).payment(ETA, 2);
    let reference = text("ref");
    let recorded = |told| {
        let told = PaymentTold { at: ETA, told };
        PaymentRecorded { no: OrderNo(1 << 33), id: order_id(), told }.into()
    };
    let result = Telling::Result {
        intent: 3,
        outcome: PaymentOutcome::Unknown,
        amount: Minor(500),
        reference: reference.clone(),
        observed_at: ETA,
        expires: None,
    };
    let unasked = Telling::Unasked {
        payment: Some(1),
        kind: LedgerKind::Chargeback,
        amount: Minor(501),
        reference,
    };
    let id = RefundId::new("refund_id", "R-1").unwrap();
    let (amount, of, reason) = (Minor(502), AllowedOf::Shipping, text("late"));
    vec![
        ("payment_result", recorded(result)),
        ("payment_event", recorded(unasked)),
        ("payment_conflict", recorded(Telling::Conflict { intent: 3 })),
        ("payment_added", recorded(Telling::Added(payment, entries))),
        ("amount_refunded", recorded(Telling::Allowed(Allowance { id, amount, of, reason }))),
    ]
}

/// An authorisation that ends: asked for anew, noted with a hold, and over; and an intent that renews it.
fn of_endings() -> Vec<Named> {
    let hold = OrderHold {
        id: crate::model::OrderHoldId::new("order_hold_id", "authorisation").unwrap(),
        kind: OrderHoldKind::Payment,
        reason: text("ends"),
        owner: text("backstock"),
        since: ETA,
        stock_until: None,
        let_go: false,
    };
    let ending = |step, hold: Option<OrderHold>| {
        let hold = hold.map(Box::new);
        let told = Telling::Ending { payment: 1, step, amount: Minor(503), hold };
        let told = PaymentTold { at: ETA, told };
        PaymentRecorded { no: OrderNo(1 << 33), id: order_id(), told }
    };
    let mut renewing = minted();
    renewing.event = Box::new(ending(ExpiryStep::Renew, None).into());
    let minted = &mut renewing.orders[0].minted;
    minted.minted[0] = Minted { kind: IntentKind::Authorise, of: Some(4), ..minted.minted[0] };
    minted.expired = Some(vec![(1, Minor(9))]);
    let expires = Telling::Result {
        intent: 3,
        outcome: PaymentOutcome::Succeeded,
        amount: Minor(500),
        reference: text("ref"),
        observed_at: ETA,
        expires: Some(ETA),
    };
    let told = PaymentTold { at: ETA, told: expires };
    let renewed_told = told.clone();
    let renewed = PaymentRecorded { no: OrderNo(1 << 33), id: order_id(), told };
    let mut asked = card("card", 500, Taken::Authorised);
    (asked.expires, asked.on_expiry) =
        (Some(ETA), Some(OnExpiry { renews: true, lead_minutes: 60 }));
    let mut order = paid_by(vec![asked]);
    let payment = &mut order.money.as_mut().unwrap().payments[0];
    (payment.ending, payment.replaced) = (Some(Ending::Renewing), Some((0, Minor(5))));
    vec![
        ("authorisation_renewing", renewing.into()),
        ("authorisation_renewed", renewed.into()),
        ("authorisation_ending", ending(ExpiryStep::Note, Some(hold)).into()),
        ("authorisation_expired", ending(ExpiryStep::Expire, None).into()),
        ("payment_event_kept", ProviderEventKept { event: provider_event() }.into()),
        ("payment_event_attached", resolved(Some(renewed_told), None).into()),
        ("payment_event_let_go", resolved(None, Some(text("none"))).into()),
        ("authorised_placed", OrderPlaced { order: PackedOrder::of(&order) }.into()),
    ]
}

/// Something that a payment provider told, of an order that is not there.
pub(super) fn provider_event() -> ProviderEvent {
    ProviderEvent {
        order: Some(order_id()),
        payment: PaymentId::new("payment_id", "card").ok(),
        kind: LedgerKind::Chargeback,
        amount: Minor(501),
        reference: text("ref"),
        expires: Some(ETA),
        since: ETA,
    }
}

fn resolved(told: Option<PaymentTold>, reason: Option<Text>) -> ProviderEventResolved {
    let (kind, reference) = (LedgerKind::Chargeback, text("ref"));
    let of = told.map(|told| Attached { no: OrderNo(1 << 33), id: order_id(), told: Some(told) });
    ProviderEventResolved { kind, reference, of, reason }
}

fn minted() -> EventMinted {
    let of = |kind, payment| Minted { kind, payment, amount: Minor(700), of: None };
    let minted = vec![of(IntentKind::Capture, Some(0)), of(IntentKind::Refund, None)];
    let order = OrderMinted {
        no: OrderNo(1 << 33),
        id: order_id(),
        first: 2,
        currency: Currency::new("currency", "EUR").unwrap(),
        minted: IntentsMinted { at: ETA, minted, expired: None },
        payments: vec![Some(PaymentId::new("payment_id", "card").unwrap()), None],
        uses_back: None,
    };
    let (_, cancelled) =
        order::events().into_iter().find(|(name, _)| *name == "order_cancelled").unwrap();
    EventMinted { event: Box::new(cancelled), orders: vec![order] }
}

/// Units are added to an order with prices.
fn changed() -> AnyEvent {
    let changed = order::events().into_iter().find(|(name, _)| *name == "order_changed");
    let AnyEvent::OrderChanged(mut event) = changed.expect("it is there").1 else {
        panic!("it is")
    };
    let asked = prices(1, Vec::new());
    let money = asked.priced(&[(3, vec![(9, 3)])], |_| String::new(), ETA);
    event.change.prices = Some(PricesAdded { names: vec![text("vat")], units: money.units });
    event.into()
}

/// Units that an order keeps cost something else.
fn repriced() -> AnyEvent {
    let AnyEvent::OrderChanged(mut event) = changed() else { panic!("it is") };
    let of = event.change.prices.take().expect("prices").units.swap_remove(0);
    let repriced = Repriced { place: 1, unit_price: of.unit_price, components: of.components };
    event.change.repriced = Some(Box::new([repriced]));
    event.into()
}

/// What runs a command writes what the list of events reads.
#[test]
fn an_event_that_asks_for_something_is_read_as_it_is_written() {
    use crate::model::event::Numbered;
    use crate::transaction::minting::Minting;
    let EventMinted { event, orders } = minted();
    let AnyEvent::OrderCancelled(cancelled) = *event.clone() else { panic!("it is") };
    let written = Numbered(Minting { event: cancelled, orders: orders.clone() });
    let written = minicbor::to_vec(written).unwrap();
    let read: AnyEvent = minicbor::decode(&written).unwrap();
    assert_eq!(read, AnyEvent::EventMinted(EventMinted { event, orders }));
    assert_eq!(read.name(), "order_cancelled");
    assert_eq!(read.describe()["intents"][0]["intent_id"], "WEB-1/2");
}
