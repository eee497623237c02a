//! What others got wrong.

use super::super::money::card;
use super::*;

/// woocommerce#27504: a refund without restocking, and then the line is deleted: twice the units are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_unit_is_restocked_twice_by_two_ways_of_giving_up_a_line() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    let refund = v1::RefundAmountRequest {
        order_id: "O".into(),
        refund_id: "SORRY".into(),
        amount_minor: 1_000,
        ..Default::default()
    };
    shop.server.payments.refund_amount(refund).await.expect("given back");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    let cancel = v1::CancelOrderRequest { order_id: "O".into(), ..Default::default() };
    shop.server.orders.cancel_order(cancel.clone()).await.expect_err("it left");
    assert_eq!(shop.stock("A", "NYC").await, (0, 0, 0));
    shop.back("R", &[(0, 2)]).await;
    assert_eq!(shop.stock("A", "NYC").await, (2, 0, 2));
    shop.server.orders.cancel_order(cancel).await.expect_err("it left, and came back");
    assert_eq!(shop.stock("A", "NYC").await, (2, 0, 2));
    assert_eq!(shop.refunded(&mut provider).await, 2_000, "and no more than was paid");
}

/// magento2#23437: what is refunded ships all the same. Here what has not left is cancelled, and does not
/// ship, and nothing but that can be given back of it as units.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refunded_before_it_left_does_not_ship() {
    let mut shop = Shop::with(&[("A", 2)]).await;
    shop.place(priced("O", &[("A", 2, 100_000)], vec![card("card", 2_000)])).await;
    for mode in [v1::ReturnMode::Normal, v1::ReturnMode::KeepIt] {
        let request = v1::RequestReturnRequest { mode: mode.into(), ..asked("R", &[(0, 1)]) };
        shop.ask(request).await.expect_err("it has not left");
    }
    shop.cancel("O", &[(0, 1)]).await;
    shop.ship("O", 1).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    assert_eq!(shop.stock("A", "NYC").await, (1, 0, 1));
    shop.ask(asked("R", &[(0, 2)])).await.expect_err("one left");
    shop.back("R", &[(0, 1)]).await;
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
}

/// medusa#13433, #14500: several returns on one payment, and reports that overwrite totals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returns_side_by_side_sum_to_what_came_back() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 3, 100_000), ("B", 1, 50_000)]).await;
    shop.ask(asked("1", &[(0, 2)])).await.expect("granted");
    shop.ask(asked("2", &[(0, 1), (1, 1)])).await.expect("granted");
    shop.receive(report("2", 1, &[(0, 1)])).await.expect("received");
    shop.receive(report("1", 1, &[(0, 1)])).await.expect("received");
    assert_eq!(shop.sums("O").await, [3_500, 3_500, 0, 0], "a report changes no total");
    shop.inspect(as_new("1")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    shop.inspect(as_new("2")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
    shop.receive(report("2", 2, &[(1, 1)])).await.expect("received");
    shop.inspect(as_new("2")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 2_500);
    assert_eq!(shop.sums("O").await, [1_000, 3_500, 2_500, 0]);
}

/// magento2#10982: what was not refunded of shipping keeps its tax.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tax_on_shipping_stays_with_the_shipping() {
    let mut request = priced("O", &[("A", 1, 100_000)], vec![captured("card", 1_600)]);
    let taxes = vec![super::super::money::vat(2_000)];
    let shipping = v1::ShippingPricing { amount_minor: 500, taxes, ..Default::default() };
    request.pricing.as_mut().expect("it is priced").shipping = Some(shipping);
    let (mut shop, mut provider) = Shop::sold_as(request).await;
    shop.back("R", &[(0, 1)]).await;
    assert_eq!(shop.refunded(&mut provider).await, 1_000);
    let totals = shop.money("O").await.totals.expect("totals");
    assert_eq!((totals.shipping_minor, totals.tax_minor), (500, 100));
}

/// What a customer had his bank take back is not refunded to him again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bank_took_back_is_not_refunded_again() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.webhook("O", (v1::LedgerKind::Chargeback, 1_500, "dispute")).await;
    shop.back("1", &[(0, 1)]).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(provider.sum(v1::IntentKind::Refund), 0, "of 20.00, 5.00 are in hand");
    shop.back("2", &[(0, 1)]).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(provider.sum(v1::IntentKind::Refund), 500);
}
