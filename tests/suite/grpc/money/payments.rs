//! What is captured, let go and given back.

use super::provider::Provider;
use super::*;
use v1::IntentKind::{Refund, Void};

/// A server whose two nodes have an item each.
async fn two_nodes() -> Shop {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.server.define_node(super::super::server::node("LAX", "90001")).await;
    shop.server.define_item("B").await;
    shop.server.set_stock("B", "LAX", 5).await;
    shop
}

/// A9, spree#6339: two lines of 25, two shipments, 50 authorised.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_shipment_captures_what_left_with_it() {
    let mut shop = two_nodes().await;
    let mut provider = Provider::default();
    let lines = [("A", 1, 250_000), ("B", 1, 250_000)];
    shop.place(priced("O", &lines, vec![card("card", 5_000)])).await;
    assert_eq!(shop.order("O").await.shipments.len(), 2);
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await[1], 2_500);
    // The message comes twice, and the connector tells what it did twice.
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await[1], 2_500);
    shop.ship("O", 2).await;
    provider.answer_all(&mut shop, 3).await;
    assert_eq!(shop.sums("O").await, [5_000, 5_000, 0, 0]);
    assert_eq!(provider.sum(v1::IntentKind::Capture), 5_000);
    assert_eq!(provider.sum(Void), 0);
}

/// A9 as well: the second shipment is cancelled instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_of_an_authorisation_is_let_go() {
    let mut shop = two_nodes().await;
    let mut provider = Provider::default();
    let lines = [("A", 1, 250_000), ("B", 1, 250_000)];
    shop.place(priced("O", &lines, vec![card("card", 5_000)])).await;
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 1).await;
    let left = shop
        .order("O")
        .await
        .lines
        .iter()
        .position(|line| line.units.as_ref().is_some_and(|units| units.shipped == 0));
    let line = u32::try_from(left.expect("one has not left")).expect("a line");
    shop.cancel("O", &[(line, 1)]).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [2_500, 2_500, 0, 0]);
    assert_eq!(provider.sum(Void), 2_500);
}

/// Scenario: a refund to two cards goes to each by its share, to the minor unit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_to_two_cards_is_shared_by_what_each_paid() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let payments = vec![captured("one", 1_000), captured("two", 2_000)];
    let mut request = priced("O", &[("A", 3, 100_000)], payments);
    request.pricing.as_mut().expect("it is priced").capture = v1::CapturePolicy::Placement.into();
    shop.place(request).await;
    let mut provider = Provider::default();
    for _ in 0..3 {
        shop.cancel("O", &[(0, 1)]).await;
        provider.answer_all(&mut shop, 2).await;
    }
    let money = shop.money("O").await;
    let refunded: Vec<_> = money.payments.iter().map(|of| of.refunded_minor).collect();
    assert_eq!(refunded, [1_000, 2_000]);
    assert_eq!(shop.sums("O").await, [0, 3_000, 3_000, 0]);
}

/// medusa#13301, #16466: the webhook is there before the answer to the call, and both are one capture.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_comes_first_is_the_answer() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    shop.ship("O", 1).await;
    shop.webhook("O", (v1::LedgerKind::Captured, 1_000, "ref-1")).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    shop.told("O", 1, v1::PaymentOutcome::Succeeded).await;
    shop.webhook("O", (v1::LedgerKind::Captured, 1_000, "ref-1")).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    let money = shop.money("O").await;
    assert_eq!((money.intents.len(), money.ledger.len()), (1, 2));
}

/// Done, and then not done: a person has to look, and no timestamp decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_taken_back_is_a_conflict_and_changes_nothing() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    shop.ship("O", 1).await;
    shop.told("O", 1, v1::PaymentOutcome::Succeeded).await;
    shop.told("O", 1, v1::PaymentOutcome::Failed).await;
    let money = shop.money("O").await;
    assert!(money.intents[0].conflict);
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
}

/// An answer that was lost is looked up, and asked for under no other key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_result_mints_no_second_intent() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 2, 100_000)], vec![card("card", 2_000)])).await;
    shop.ship("O", 1).await;
    shop.told("O", 1, v1::PaymentOutcome::Unknown).await;
    shop.told("O", 1, v1::PaymentOutcome::Unknown).await;
    let open = shop.intents().await;
    let ids: Vec<_> = open.iter().map(|(_, of)| (of.intent_id.as_str(), of.amount_minor)).collect();
    assert_eq!(ids, [("O/1", 2_000)]);
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await, [2_000, 2_000, 0, 0]);
}

/// saleor#14733: paid at the checkout, and sold out by then. What was paid is given back in the event
/// that says so, and not by a sweep hours later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paid_and_sold_out_is_given_back_at_once() {
    let mut shop = Shop::with(&[("A", 1)]).await;
    let payments = vec![card("card", 1_500), captured("wallet", 500)];
    let placed = shop.place(priced("O", &[("A", 2, 100_000)], payments.clone())).await;
    assert_eq!(placed.outcome(), v1::OrderOutcome::Cancelled);
    assert_eq!(shop.order("O").await.state(), v1::OrderState::Cancelled);
    let open = shop.intents().await;
    let asked: Vec<_> =
        open.iter().map(|(_, of)| (of.kind(), of.payment_id.as_str(), of.amount_minor)).collect();
    assert_eq!(asked, [(Refund, "wallet", 500), (Void, "card", 1_500)]);
    let explain = v1::ExplainOrderRequest { order_id: "O".into(), min_version: 0 };
    shop.server.orders.explain_order(explain).await.expect("it is told that nothing was planned");
    // The same again finds it.
    let again = shop.place(priced("O", &[("A", 2, 100_000)], payments)).await;
    assert!(again.is_repeat);
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await, [0, 500, 500, 0]);
    // Nothing was taken: the one unit is there for who can have it.
    let placed = shop.place(priced("P", &[("A", 1, 100_000)], vec![card("card", 1_000)])).await;
    assert_eq!(placed.outcome(), v1::OrderOutcome::Allocated);
}

/// A2, the payment's side: the card is declined, and another one is tried on the same order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_card_pays_after_the_first_was_declined() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let nothing = |id| v1::NewPayment { taken: 0, reference: String::new(), ..card(id, 1_000) };
    shop.place(priced("O", &[("A", 1, 100_000)], vec![nothing("first")])).await;
    let mut provider = Provider { declines: vec!["first".into()], ..Provider::default() };
    provider.answer_all(&mut shop, 2).await;
    let release = || v1::ReleaseShipmentRequest {
        order_id: "O".into(),
        shipment_number: 1,
        ..Default::default()
    };
    shop.server.fulfillment.release_shipment(release()).await.expect_err("it is not secured");
    let payment = Some(nothing("second"));
    let add = v1::AddPaymentRequest { order_id: "O".into(), payment, ..Default::default() };
    shop.server.payments.add_payment(add.clone()).await.expect("added");
    shop.server.payments.add_payment(add).await.expect("known");
    provider.answer_all(&mut shop, 1).await;
    shop.server.fulfillment.release_shipment(release()).await.expect("it is secured");
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    assert!(shop.money("O").await.payments[0].failed);
}

/// Two clicks, one refund; and a late order gives 5.00 back of what is captured and what is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clicks_are_one_refund() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    shop.place(priced("O", &[("A", 2, 100_000)], vec![card("card", 2_000)])).await;
    shop.ship("O", 1).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    let refund = v1::RefundAmountRequest {
        order_id: "O".into(),
        refund_id: "LATE".into(),
        amount_minor: 500,
        ..Default::default()
    };
    for _ in 0..2 {
        shop.server.payments.refund_amount(refund.clone()).await.expect("taken");
        provider.answer_all(&mut shop, 2).await;
    }
    assert_eq!(shop.sums("O").await, [1_500, 2_000, 500, 0]);
    let nothing = v1::RefundAmountRequest { refund_id: "N".into(), amount_minor: 0, ..refund };
    shop.server.payments.refund_amount(nothing).await.expect_err("of nothing");
}

/// Shipping is given back once, and never more than it costs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shipping_is_refunded_once() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let mut request = priced("O", &[("A", 1, 100_000)], vec![card("card", 1_500)]);
    let shipping = v1::ShippingPricing { amount_minor: 500, ..Default::default() };
    request.pricing.as_mut().expect("it is priced").shipping = Some(shipping);
    shop.place(request).await;
    shop.ship("O", 1).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    let refund = |id: &str, amount_minor| v1::RefundAmountRequest {
        order_id: "O".into(),
        refund_id: id.into(),
        amount_minor,
        of_shipping: true,
        ..Default::default()
    };
    shop.server.payments.refund_amount(refund("S", 500)).await.expect("taken");
    shop.server.payments.refund_amount(refund("T", 1)).await.expect_err("it is given back");
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_500, 500, 0]);
}
