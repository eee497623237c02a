//! Orders by the server's own prices that change: what is added costs what the lists say today.

use v1::change_operation::Operation;

use super::super::pricing::set_price;
use super::changes::due;
use super::coupons::{listed, listed_order, ten_off};
use super::provider::Provider;
use super::*;

fn set(line_index: u32, quantity: u32) -> Operation {
    Operation::SetQuantity(v1::SetLineQuantity { line_index, quantity })
}

fn add(sku: &str, quantity: u32) -> Operation {
    Operation::AddLine(v1::AddedLine { sku: sku.into(), quantity, ..Default::default() })
}

fn swap(line_index: u32, sku: &str) -> Operation {
    let instead = v1::AddedLine { sku: sku.into(), quantity: 1, ..Default::default() };
    Operation::SwapLine(v1::SwapLine { line_index, instead: Some(instead) })
}

impl Shop {
    /// What a change would come to, and what it did.
    async fn change(&mut self, operations: Vec<Operation>) -> i64 {
        let operations =
            operations.into_iter().map(|of| v1::ChangeOperation { operation: Some(of) });
        let quote = self.quote_of("O", operations.collect(), "").await;
        assert_eq!(quote.faults, [], "it can be had");
        let (total, _) = due(&quote);
        self.commit("O", quote.change_token).await;
        assert_eq!(self.sums("O").await[0], total, "exactly as it was quoted");
        total
    }
}

/// Units that stay keep their price, and units that are added to the same line, or as another one, have
/// today's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_added_costs_what_the_list_says_today() {
    let mut shop = listed(&[("A", 5_000), ("B", 700)]).await;
    shop.place(listed_order("O", &[("A", 2)], &[])).await;
    shop.server.pricing.set_prices(set_price("all", "A", 6_000)).await.expect("set");
    assert_eq!(shop.change(vec![set(0, 3)]).await, 16_000);
    assert_eq!(shop.change(vec![add("B", 2)]).await, 17_400);
    // What came later is a line of its own.
    assert_eq!(shop.change(vec![set(1, 0)]).await, 11_400);
    let mut shop = shop.killed().await;
    assert_eq!(shop.change(vec![add("B", 1)]).await, 12_100, "for whom it is priced is kept");
    shop.server.stop().await.expect("drained");
}

/// A7, medusa#2086, by the lists: A costs 100 and a code gives 20 off A alone: 80 are paid. A is swapped for
/// B at 90.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a7_a_swap_by_the_lists_pays_the_difference() {
    let mut shop = listed(&[("A", 10_000), ("B", 9_000)]).await;
    let mut code = ten_off(0, 0);
    let promotion = code.promotion.as_mut().expect("a promotion");
    promotion.discount = Some(v1::promotion::Discount::AmountMinor(2_000));
    promotion.skus = vec!["A".into()];
    shop.server.pricing.update_promotion(code).await.expect("defined");
    shop.place(listed_order("O", &[("A", 1)], &["TEN"])).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.sums("O").await[0], 8_000);
    assert_eq!(shop.change(vec![swap(0, "B")]).await, 9_000);
    assert_eq!(shop.money("O").await.due_minor, 1_000);
    shop.server.stop().await.expect("drained");
}

/// A promotion from 100.00 up counts what the order has: of what is added, it takes its share off. What the
/// order has stays as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_order_has_counts_for_thresholds() {
    let mut shop = listed(&[("A", 6_000)]).await;
    let mut tenth = ten_off(0, 0);
    let promotion = tenth.promotion.as_mut().expect("a promotion");
    promotion.discount = Some(v1::promotion::Discount::PercentBasisPoints(1_000));
    (promotion.coupon_code, promotion.from_amount_minor) = (String::new(), 10_000);
    shop.server.pricing.update_promotion(tenth).await.expect("defined");
    shop.place(listed_order("O", &[("A", 1)], &[])).await;
    assert_eq!(shop.sums("O").await[0], 6_000);
    assert_eq!(shop.change(vec![add("A", 1)]).await, 11_400);
    shop.server.stop().await.expect("drained");
}

/// A coupon that may be used once is used by this order: what is added has it as well, and it is used once.
/// Another order, which has no use of it, gets none by a change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_uses_no_coupon_that_the_order_has_not() {
    let mut shop = listed(&[("A", 5_000)]).await;
    let mut tenth = ten_off(1, 0);
    let promotion = tenth.promotion.as_mut().expect("a promotion");
    promotion.discount = Some(v1::promotion::Discount::PercentBasisPoints(1_000));
    shop.server.pricing.update_promotion(tenth).await.expect("defined");
    shop.place(listed_order("O", &[("A", 1)], &["TEN"])).await;
    assert_eq!(shop.change(vec![set(0, 2)]).await, 9_000);
    let listed = v1::ListPromotionsRequest::default();
    let listed = shop.server.pricing.list_promotions(listed).await.expect("listed").into_inner();
    assert_eq!(listed.promotions[0].uses, 1);
    shop.server.stop().await.expect("drained");
}

/// What no list has a price of is not added, and nothing is held for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_price_is_not_added() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.define_item("NEW").await;
    shop.server.set_stock("NEW", "NYC", 5).await;
    shop.place(listed_order("O", &[("A", 1)], &[])).await;
    let operation = v1::ChangeOperation { operation: Some(add("NEW", 1)) };
    let quote = shop.quote_of("O", vec![operation], "").await;
    assert!(quote.change_token.is_empty());
    assert_eq!(quote.faults[0].fault.as_ref().expect("a fault").reason, "PRICE_NOT_FOUND");
    assert_eq!(shop.sums("O").await[0], 5_000);
    shop.server.stop().await.expect("drained");
}

/// 10% off from 100.00 up, and what becomes of it where an order is changed to less.
async fn tenth_off(on_change: v1::PromotionOnChange) -> Shop {
    let mut shop = listed(&[("A", 6_000), ("B", 700)]).await;
    let mut tenth = ten_off(0, 0);
    let promotion = tenth.promotion.as_mut().expect("a promotion");
    promotion.discount = Some(v1::promotion::Discount::PercentBasisPoints(1_000));
    (promotion.coupon_code, promotion.from_amount_minor) = (String::new(), 10_000);
    promotion.on_change = on_change.into();
    shop.server.pricing.update_promotion(tenth).await.expect("defined");
    shop.place(listed_order("O", &[("A", 3)], &[])).await;
    assert_eq!(shop.sums("O").await[0], 16_200);
    // Still from 100.00 up.
    assert_eq!(shop.change(vec![set(0, 2)]).await, 10_800);
    shop.server.pricing.set_prices(set_price("all", "A", 6_500)).await.expect("set");
    shop
}

/// A promotion whose condition fails follows its own `on_change`: what it took off stays, is taken back, or
/// what is kept costs what it does today.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_that_fails_follows_its_own_on_change() {
    use v1::PromotionOnChange::{ClawBack, Keep, Reprice};
    for (on_change, left) in [(Keep, 5_400), (ClawBack, 6_000), (Reprice, 6_500)] {
        let mut shop = tenth_off(on_change).await;
        assert_eq!(shop.change(vec![set(0, 1)]).await, left, "{on_change:?}");
        let mut shop = shop.killed().await;
        assert_eq!(shop.sums("O").await[0], left, "{on_change:?}");
        // What is added counts for it again, and what was taken back stays so.
        let more = if on_change == Keep { 5_400 + 5_850 } else { left + 5_850 };
        assert_eq!(shop.change(vec![add("A", 1)]).await, more, "{on_change:?}");
        shop.cancel("O", &[]).await;
        assert_eq!(shop.sums("O").await[0], 0, "{on_change:?}");
        shop.server.audit().await;
        shop.server.stop().await.expect("drained");
    }
}

/// A5, vendure#3885: what is cancelled for want of stock takes nothing back, whatever the promotion says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_what_is_cancelled_takes_no_promotion_back() {
    let mut shop = tenth_off(v1::PromotionOnChange::ClawBack).await;
    shop.cancel("O", &[(0, 1)]).await;
    assert_eq!(shop.sums("O").await[0], 5_400);
    shop.server.stop().await.expect("drained");
}

/// Nor does a change after it, which is not what made the promotion fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_a_change_takes_back_what_it_makes_fail_and_nothing_else() {
    let mut shop = tenth_off(v1::PromotionOnChange::ClawBack).await;
    shop.cancel("O", &[(0, 1)]).await;
    assert_eq!(shop.change(vec![add("B", 1)]).await, 5_400 + 700);
    shop.server.stop().await.expect("drained");
}

/// An amount off the order is granted once, however often something is added.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amount_off_is_granted_once_over_all_changes() {
    let mut shop = listed(&[("A", 5_000), ("B", 700)]).await;
    shop.server.pricing.update_promotion(ten_off(1, 0)).await.expect("defined");
    shop.place(listed_order("O", &[("A", 1)], &["TEN"])).await;
    assert_eq!(shop.sums("O").await[0], 4_000);
    for more in 1..4 {
        assert_eq!(shop.change(vec![add("B", 1)]).await, 4_000 + more * 700);
    }
    // What left with its units is granted again: what is added has its part of it, 50.00 of 71.00.
    assert_eq!(shop.change(vec![set(0, 0), add("A", 1)]).await, 3 * 700 + 5_000 - 704);
    shop.server.stop().await.expect("drained");
}
