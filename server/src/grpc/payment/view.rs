//! The money of an order as it stands.

use backstock_engine::model::{
    ComponentKind, Intent, IntentKind, IntentState, LedgerEntry, LedgerKind, Order, OrderId,
    OrderMoney, Payment, PriceComponent, Totals,
};
use backstock_proto::v1;

use crate::grpc::times;

/// The money of an order; none of one without prices.
pub(in crate::grpc) fn of(order: &Order) -> Option<v1::OrderMoney> {
    let money = order.money.as_deref()?;
    let sums = money.sums();
    let intents = (1..).zip(&money.intents);
    Some(v1::OrderMoney {
        currency_code: money.currency.to_string(),
        totals: Some(totals(&money.totals())),
        secured_minor: money.secured().0,
        captured_minor: sums.captured.0,
        refunded_minor: sums.refunded.0,
        due_minor: money.due().0,
        payments: (0..).zip(&money.payments).map(|(at, of)| payment(money, at, of)).collect(),
        intents: intents.map(|(no, of)| intent(&order.header.id, money, (no, of))).collect(),
        ledger: money.ledger.iter().map(|of| entry(money, of)).collect(),
    })
}

fn totals(totals: &Totals) -> v1::MoneyTotals {
    v1::MoneyTotals {
        price_minor: totals.price.0,
        discounts_minor: totals.discounts.0,
        shipping_minor: totals.shipping.0,
        tax_minor: totals.tax.0,
        tax_included_minor: totals.tax_included.0,
        fees_minor: totals.fees.0,
        allowed_minor: totals.allowed.0,
        total_minor: totals.total().0,
    }
}

fn payment(money: &OrderMoney, at: u16, of: &Payment) -> v1::PaymentView {
    let sums = money.sums_of_payment(at);
    v1::PaymentView {
        payment_id: of.id.to_string(),
        method: of.method.as_str().into(),
        amount_minor: of.amount.0,
        authorised_minor: sums.open().0,
        captured_minor: sums.captured.0,
        refunded_minor: sums.refunded.0,
        failed: of.failed,
        refund_failed: of.refund_failed,
        expires_time: of.expires.map(times::timestamp),
        renews: of.renews(),
    }
}

/// An intent of an order, by its number from 1.
pub(super) fn intent(
    order: &OrderId,
    money: &OrderMoney,
    (number, of): (u32, &Intent),
) -> v1::Intent {
    v1::Intent {
        intent_id: Intent::id(order, number as usize),
        number,
        kind: intent_kind(of.kind).into(),
        payment_id: payment_id(money, of.payment),
        amount_minor: of.amount.0,
        state: intent_state(of.state).into(),
        minted_time: Some(times::timestamp(of.at)),
        observed_time: of.told_at.map(times::timestamp),
        reference: of.reference.as_str().into(),
        conflict: of.conflict,
        authorisation_reference: money
            .authorisation_reference(of)
            .map(|of| of.as_str().into())
            .unwrap_or_default(),
    }
}

fn entry(money: &OrderMoney, of: &LedgerEntry) -> v1::LedgerEntry {
    v1::LedgerEntry {
        kind: ledger_kind(of.kind).into(),
        payment_id: payment_id(money, of.payment),
        amount_minor: of.amount.0,
        time: Some(times::timestamp(of.at)),
        intent_number: of.intent.into(),
        reference: of.reference.as_str().into(),
    }
}

fn payment_id(money: &OrderMoney, payment: Option<u16>) -> String {
    payment.map(|at| money.payments[usize::from(at)].id.to_string()).unwrap_or_default()
}

/// Parts of a price, with what they are called.
pub(super) fn components(money: &OrderMoney, all: &[PriceComponent]) -> Vec<v1::PriceComponent> {
    let component = |of: &PriceComponent| {
        let name = match of.kind {
            ComponentKind::Price => "",
            _ => money.names[usize::from(of.name)].as_str(),
        };
        let part = part(of.kind).into();
        v1::PriceComponent { part, name: name.into(), amount_minor: of.amount.0 }
    };
    all.iter().map(component).collect()
}

const fn part(kind: ComponentKind) -> v1::PricePart {
    match kind {
        ComponentKind::Price => v1::PricePart::Price,
        ComponentKind::Discount => v1::PricePart::Discount,
        ComponentKind::Tax => v1::PricePart::Tax,
        ComponentKind::TaxIncluded => v1::PricePart::TaxIncluded,
    }
}

const fn intent_kind(kind: IntentKind) -> v1::IntentKind {
    match kind {
        IntentKind::Authorise => v1::IntentKind::Authorise,
        IntentKind::Capture => v1::IntentKind::Capture,
        IntentKind::Void => v1::IntentKind::Void,
        IntentKind::Refund => v1::IntentKind::Refund,
    }
}

const fn intent_state(state: IntentState) -> v1::IntentState {
    match state {
        IntentState::Minted => v1::IntentState::Minted,
        IntentState::Succeeded => v1::IntentState::Succeeded,
        IntentState::Failed => v1::IntentState::Failed,
        IntentState::Unknown => v1::IntentState::Unknown,
    }
}

/// What callers see of what happened to money.
pub(super) const fn ledger_kind(kind: LedgerKind) -> v1::LedgerKind {
    match kind {
        LedgerKind::Authorised => v1::LedgerKind::Authorised,
        LedgerKind::AuthReleased => v1::LedgerKind::AuthReleased,
        LedgerKind::AuthExpired => v1::LedgerKind::AuthExpired,
        LedgerKind::Captured => v1::LedgerKind::Captured,
        LedgerKind::CaptureFailed => v1::LedgerKind::CaptureFailed,
        LedgerKind::Refunded => v1::LedgerKind::Refunded,
        LedgerKind::RefundFailed => v1::LedgerKind::RefundFailed,
        LedgerKind::Chargeback => v1::LedgerKind::Chargeback,
        LedgerKind::ChargebackWon => v1::LedgerKind::ChargebackWon,
        LedgerKind::StoreCredit => v1::LedgerKind::StoreCredit,
        LedgerKind::OnAccount => v1::LedgerKind::OnAccount,
        LedgerKind::AuthoriseFailed => v1::LedgerKind::AuthoriseFailed,
    }
}
