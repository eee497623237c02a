//! Refusals about the money of orders.

use super::*;
use crate::grpc::money::{card, priced};

/// A server with a unit at 5.00, paid by a card of which that much is authorised.
async fn paid() -> Refusing {
    let mut a = Refusing::stocked().await;
    let request = priced("A", &[("SKU", 1, 50_000)], vec![card("card", 500)]);
    a.server.orders.place_order(request).await.expect("placed");
    a
}

fn add(id: &str, amount: i64) -> v1::AddPaymentRequest {
    let payment = Some(card(id, amount));
    v1::AddPaymentRequest { order_id: "A".into(), payment, ..Default::default() }
}

fn refund(amount_minor: i64) -> v1::RefundAmountRequest {
    let (order_id, refund_id) = ("A".into(), "R".into());
    v1::RefundAmountRequest { order_id, refund_id, amount_minor, ..Default::default() }
}

pub(super) async fn id_reused() -> Status {
    let mut a = paid().await;
    refused!(a, a.server.payments.add_payment(add("card", 501)))
}

pub(super) async fn refund_id_reused() -> Status {
    let mut a = paid().await;
    a.server.payments.refund_amount(refund(1)).await.expect("refunded");
    refused!(a, a.server.payments.refund_amount(refund(2)))
}

pub(super) async fn not_found() -> Status {
    let mut a = paid().await;
    let told = v1::RecordPaymentEventRequest {
        order_id: "A".into(),
        payment_id: "other".into(),
        kind: v1::LedgerKind::Captured.into(),
        amount_minor: 1,
        ..Default::default()
    };
    refused!(a, a.server.payments.record_payment_event(told))
}

pub(super) async fn intent_not_found() -> Status {
    let mut a = paid().await;
    let told = v1::RecordPaymentResultRequest {
        order_id: "A".into(),
        intent_number: 1,
        outcome: v1::PaymentOutcome::Succeeded.into(),
        ..Default::default()
    };
    refused!(a, a.server.payments.record_payment_result(told))
}

pub(super) async fn event_not_found() -> Status {
    let mut a = paid().await;
    let told = v1::LetGoPaymentEventRequest {
        kind: v1::LedgerKind::Captured.into(),
        reference: "pi".into(),
        reason: "of another shop".into(),
        ..Default::default()
    };
    refused!(a, a.server.payments.let_go_payment_event(told))
}

pub(super) async fn order_not_priced() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    refused!(a, a.server.payments.refund_amount(refund(1)))
}

pub(super) async fn not_secured() -> Status {
    let mut a = Refusing::stocked().await;
    let request = priced("A", &[("SKU", 1, 50_000)], vec![card("card", 499)]);
    a.server.orders.place_order(request).await.expect("placed");
    let release = v1::ReleaseShipmentRequest {
        order_id: "A".into(),
        shipment_number: 1,
        ..Default::default()
    };
    refused!(a, a.server.fulfillment.release_shipment(release))
}

pub(super) async fn amount_too_large() -> Status {
    let mut a = paid().await;
    refused!(a, a.server.payments.refund_amount(refund(501)))
}
