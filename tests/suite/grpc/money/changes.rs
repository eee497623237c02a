//! Orders with prices that change.

use super::provider::Provider;
use super::*;

fn swap(sku: &str, unit_price_e4: i64) -> v1::ChangeOperation {
    let pricing = Some(v1::LinePricing { unit_price_e4, ..Default::default() });
    let instead =
        Some(v1::AddedLine { sku: sku.into(), quantity: 1, pricing, ..Default::default() });
    let swap = v1::SwapLine { line_index: 0, instead };
    v1::ChangeOperation { operation: Some(v1::change_operation::Operation::SwapLine(swap)) }
}

impl Shop {
    async fn quote(
        &mut self,
        order: &str,
        operations: Vec<v1::ChangeOperation>,
    ) -> v1::QuoteChangeResponse {
        self.quote_of(order, operations, "USD").await
    }

    /// The currency is that of the amounts that are said, if any are.
    pub(super) async fn quote_of(
        &mut self,
        order: &str,
        operations: Vec<v1::ChangeOperation>,
        currency_code: &str,
    ) -> v1::QuoteChangeResponse {
        let request = v1::QuoteChangeRequest {
            order_id: order.into(),
            operations,
            currency_code: currency_code.into(),
            ..Default::default()
        };
        let quote = self.server.orders.quote_change(request).await;
        quote.expect("it is answered").into_inner()
    }

    pub(super) async fn commit(&mut self, order: &str, change_token: tonic::codegen::Bytes) {
        let order_id = order.into();
        let request = v1::CommitChangeRequest { order_id, change_token };
        self.server.orders.commit_change(request).await.expect("committed");
    }
}

/// What the order would come to, and what would be due.
pub(super) fn due(quote: &v1::QuoteChangeResponse) -> (i64, i64) {
    let money = quote.order.as_ref().and_then(|order| order.money.as_ref()).expect("money");
    (money.totals.as_ref().expect("totals").total_minor, money.due_minor)
}

/// A7, medusa#2086: A costs 100, a code gives 20 off A alone: paid 80; A is swapped for B at 90.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_costs_the_difference_to_what_was_paid() {
    let mut shop = Shop::with(&[("A", 5), ("B", 1)]).await;
    let mut request = priced("O", &[("A", 1, 1_000_000)], vec![captured("card", 8_000)]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.lines[0].discounts = vec![off("CODE", 2_000)];
    pricing.capture = v1::CapturePolicy::Placement.into();
    shop.place(request).await;
    let quote = shop.quote("O", vec![swap("B", 900_000)]).await;
    assert_eq!(due(&quote), (9_000, 1_000));
    assert_eq!(shop.sums("O").await, [8_000, 8_000, 0, 0], "nothing changed yet");
    shop.commit("O", quote.change_token).await;
    assert_eq!(shop.sums("O").await, [9_000, 8_000, 0, 1_000]);
    let payment = Some(card("other", 1_000));
    let add = v1::AddPaymentRequest { order_id: "O".into(), payment, ..Default::default() };
    shop.server.payments.add_payment(add).await.expect("added");
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [9_000, 9_000, 0, 0]);
}

/// A7 as well: B is gone meanwhile, and nothing changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_for_what_is_gone_changes_nothing() {
    let mut shop = Shop::with(&[("A", 5), ("B", 1)]).await;
    shop.place(priced("O", &[("A", 1, 1_000_000)], vec![captured("card", 10_000)])).await;
    shop.place(order("P", &[("B", 1)])).await;
    let quote = shop.quote("O", vec![swap("B", 900_000)]).await;
    assert!(quote.change_token.is_empty() && !quote.faults.is_empty(), "{quote:?}");
    assert_eq!(shop.sums("O").await, [10_000, 10_000, 0, 0]);
}

/// Units that stay keep their price, and what is added has today's. A cheaper order gives the difference
/// back; medusa#11429: the tax of what stays stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_keeps_its_price_and_a_cheaper_order_gives_the_difference_back() {
    let mut shop = Shop::with(&[("A", 9), ("B", 9)]).await;
    let lines = [("A", 1, 1_000_000), ("B", 1, 500_000)];
    let mut request = priced("O", &lines, vec![captured("card", 16_500)]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.lines.iter_mut().for_each(|line| line.taxes = vec![vat(1_000)]);
    pricing.capture = v1::CapturePolicy::Placement.into();
    shop.place(request).await;
    let quote = shop.quote("O", vec![swap("B", 300_000)]).await;
    // 50.00 with its tax of 5.00, and 30.00.
    assert_eq!(due(&quote), (8_500, -8_000));
    shop.commit("O", quote.change_token).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [8_500, 16_500, 8_000, 0]);
    assert_eq!(shop.money("O").await.totals.expect("totals").tax_minor, 500);
}

/// vendure#4013: an item is added unpaid and taken out again: nobody is refunded what he never paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_added_and_never_paid_is_not_refunded() {
    let mut shop = Shop::with(&[("A", 9), ("B", 9)]).await;
    shop.place(priced("O", &[("A", 1, 1_000_000)], vec![card("card", 10_000)])).await;
    let pricing = Some(v1::LinePricing { unit_price_e4: 400_000, ..Default::default() });
    let line = v1::AddedLine { sku: "B".into(), quantity: 1, pricing, ..Default::default() };
    let add =
        v1::ChangeOperation { operation: Some(v1::change_operation::Operation::AddLine(line)) };
    let quote = shop.quote("O", vec![add]).await;
    assert_eq!(due(&quote), (14_000, 4_000));
    shop.commit("O", quote.change_token).await;
    shop.cancel("O", &[(1, 1)]).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await, [10_000, 0, 0, 0]);
    assert_eq!(provider.sum(v1::IntentKind::Refund), 0);
}
