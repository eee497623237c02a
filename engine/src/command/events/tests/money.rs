//! Money: orders with prices, what is told of them, and what they ask for.

use super::*;
use crate::command::events::EventMinted;
use crate::command::order::payment::PaymentRecorded;
use crate::command::order::payment::tests::{card, paid, prices};
use crate::model::ids::{OrderNo, PaymentId, RefundId};
use crate::model::{
    Allowance, AllowedOf, Currency, IntentKind, IntentsMinted, LedgerKind, Minor, Minted,
    OrderMinted, PackedOrder, PaymentOutcome, PaymentTold, PricesAdded, Repriced, Taken, Telling,
};

pub(super) fn events() -> Vec<Named> {
    let mut events =
        vec![("priced_placed", OrderPlaced { order: PackedOrder::of(&paid()) }.into())];
    events.extend(of_told());
    events.push(("intents_minted", minted().into()));
    events.push(("order_changed_prices", changed()));
    events.push(("order_changed_repriced", repriced()));
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

fn minted() -> EventMinted {
    let of = |kind, payment| Minted { kind, payment, amount: Minor(700) };
    let minted = vec![of(IntentKind::Capture, Some(0)), of(IntentKind::Refund, None)];
    let order = OrderMinted {
        no: OrderNo(1 << 33),
        id: order_id(),
        first: 2,
        currency: Currency::new("currency", "EUR").unwrap(),
        minted: IntentsMinted { at: ETA, minted },
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
