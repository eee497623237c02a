//! The largest events about money.

use super::text;
use crate::command::events::AnyEvent;
use crate::command::events::EventMinted;
use crate::command::fixture::{AT, order};
use crate::command::order::change::OrderChanged;
use crate::command::order::payment::PaymentRecorded;
use crate::command::order::payment_event::keep::ProviderEventKept;
use crate::command::order::payment_event::resolve::{Attached, ProviderEventResolved};
use crate::limits::{
    CHANGE_OPERATIONS_MAX, COMPONENT_NAMES_MAX, COMPONENTS_MAX, ID_BYTES_MAX, INTENTS_MAX,
    PAYMENTS_MAX, PRICED_MAX,
};
use crate::model::{
    ComponentKind, Currency, CustomerId, Ending, IntentKind, IntentsMinted, LedgerEntry,
    LedgerKind, Minor, Minted, OnExpiry, OrderId, OrderMinted, OrderNo, Payment, PaymentId,
    PaymentTold, PriceComponent, PricedUnits, PricesAdded, PromotionNo, ProviderEvent, Repriced,
    Telling, UnitPrice, UsesOf,
};

/// Each line of an order is added, with as many components as one has.
pub(super) fn prices() -> PricesAdded {
    let component =
        PriceComponent { kind: ComponentKind::Discount, name: u16::MAX, amount: Minor(i64::MIN) };
    let units = PricedUnits {
        line: u16::MAX,
        units: u32::MAX,
        unit_price: UnitPrice(i64::MAX),
        components: vec![component; 1 + 2 * COMPONENTS_MAX],
        cancelled: 0,
        credited: 0,
    };
    let names = vec![text(); COMPONENT_NAMES_MAX];
    PricesAdded { names, units: vec![units; CHANGE_OPERATIONS_MAX] }
}

/// As much of what an order keeps is priced anew as may be.
pub(super) fn repriced() -> Box<[Repriced]> {
    let of_units = prices().units.swap_remove(0);
    let (unit_price, components) = (of_units.unit_price, of_units.components);
    let repriced = Repriced { place: u16::MAX, unit_price, components };
    vec![repriced; PRICED_MAX / 2].into()
}

fn payment_id() -> PaymentId {
    PaymentId::new("payment_id", "x".repeat(ID_BYTES_MAX)).expect("an id")
}

/// The events about money, and the largest one from which something follows.
pub(super) fn largest(changed: OrderChanged) -> [AnyEvent; 4] {
    let id = order().order.id;
    let recorded = recorded(OrderNo(u64::MAX), &id);
    let (reference, kind) = (text(), LedgerKind::OnAccount);
    let event = ProviderEvent {
        order: Some(id.clone()),
        payment: Some(payment_id()),
        kind,
        amount: Minor(i64::MIN),
        reference: reference.clone(),
        expires: Some(AT),
        since: AT,
    };
    let told = Some(recorded.told.clone());
    let of = Some(Attached { no: OrderNo(u64::MAX), id: id.clone(), told });
    let resolved = ProviderEventResolved { kind, reference, of, reason: Some(text()) };
    let kept = ProviderEventKept { event };
    [recorded.into(), kept.into(), resolved.into(), minted(&id, changed.into()).into()]
}

fn recorded(no: OrderNo, id: &OrderId) -> PaymentRecorded {
    let payment = Payment {
        id: payment_id(),
        method: text(),
        amount: Minor(i64::MIN),
        captures: crate::model::Captures::AuthoriseRest,
        expires: Some(AT),
        failed: true,
        refund_failed: true,
        on_expiry: Some(OnExpiry { renews: true, lead_minutes: u32::MAX }),
        ending: Some(Ending::Noted),
        replaced: Some((u16::MAX, Minor(i64::MIN))),
    };
    let entry = LedgerEntry {
        kind: LedgerKind::OnAccount,
        payment: Some(u16::MAX),
        amount: Minor(i64::MIN),
        at: AT,
        intent: u16::MAX,
        reference: text(),
    };
    let told = PaymentTold { at: AT, told: Telling::Added(payment, vec![entry]) };
    PaymentRecorded { no, id: id.clone(), told }
}

/// Of each payment there is something to be asked for, at most of each kind, in the largest event that an
/// order's money follows from.
fn minted(id: &OrderId, largest: AnyEvent) -> EventMinted {
    let one = Minted {
        kind: IntentKind::Refund,
        payment: Some(u16::MAX),
        amount: Minor(i64::MIN),
        of: Some(u16::MAX),
    };
    let all = (PAYMENTS_MAX * IntentKind::ALL.len()).min(INTENTS_MAX);
    let customer = CustomerId::new("customer", "x".repeat(ID_BYTES_MAX)).ok();
    let uses = (0..2 * COMPONENT_NAMES_MAX)
        .map(|_| UsesOf { promotion: PromotionNo(u32::MAX), customer: customer.clone() });
    let order = OrderMinted {
        no: OrderNo(u64::MAX),
        id: id.clone(),
        first: u16::MAX,
        currency: Currency::new("currency", "EUR").expect("a currency"),
        minted: IntentsMinted {
            at: AT,
            minted: vec![one; all],
            expired: Some(vec![(u16::MAX, Minor(i64::MIN)); PAYMENTS_MAX]),
        },
        payments: vec![Some(payment_id()); all],
        uses_back: Some(uses.collect()),
    };
    EventMinted { event: Box::new(largest), orders: vec![order; 2] }
}

#[test]
fn an_event_asks_for_no_more_than_each_kind_of_each_payment() {
    let order = crate::command::order::payment::tests::paid();
    let payments = order.money.as_ref().expect("it has prices").payments.len();
    assert!(order.intents_due().len() <= payments * IntentKind::ALL.len());
    assert_eq!(self::order().order.prices, None, "most orders have none");
}
