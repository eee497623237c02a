//! What users of other systems complain of in payments.

use super::provider::Provider;
use super::*;
use v1::IntentKind::{Capture, Refund, Void};

/// saleor#19220: a checkout left two payments behind, each of the whole amount. One is taken, and the other
/// is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saleor_19220_of_two_payments_of_the_whole_one_is_taken() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let payments = vec![card("one", 1_000), card("two", 1_000)];
    shop.place(priced("O", &[("A", 1, 100_000)], payments)).await;
    shop.ship("O", 1).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    let sums = [Capture, Void, Refund].map(|kind| provider.sum(kind));
    assert_eq!(sums, [1_000, 1_000, 0]);
}

/// The same, where both were taken before the order came: one is given back, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saleor_19220_what_was_taken_twice_is_given_back_once() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let payments = vec![captured("one", 1_000), captured("two", 1_000)];
    shop.place(priced("O", &[("A", 1, 100_000)], payments)).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_000, 2_000, 1_000, 0]);
    shop.ship("O", 1).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_000, 2_000, 1_000, 0]);
}

/// saleor#9504: an order that was paid was refunded as soon as it was there. Nothing is given back that the
/// order is worth, also after its process died.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saleor_9504_what_is_paid_stays_paid() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let payments = vec![captured("card", 1_000)];
    shop.place(priced("O", &[("A", 1, 100_000)], payments)).await;
    assert!(shop.intents().await.is_empty(), "there is nothing to do");
    shop.webhook("O", (v1::LedgerKind::Captured, 1_000, "auth-card")).await;
    let mut shop = shop.killed().await;
    assert!(shop.intents().await.is_empty(), "there is nothing to do");
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
}

/// craftcms/commerce-stripe#207: four clicks were four charges. They are one order, and one capture.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commerce_stripe_207_four_clicks_are_one_charge() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let mut request = priced("O", &[("A", 1, 100_000)], vec![card("card", 1_000)]);
    request.pricing.as_mut().expect("it is priced").capture = v1::CapturePolicy::Placement.into();
    let mut provider = Provider::default();
    for click in 0..4 {
        let placed = shop.place(request.clone()).await;
        assert_eq!(placed.is_repeat, click > 0);
        provider.answer_all(&mut shop, 4).await;
    }
    assert_eq!(shop.sums("O").await, [1_000, 1_000, 0, 0]);
    assert_eq!((provider.sum(Capture), provider.done.len()), (1_000, 1));
}
