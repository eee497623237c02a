//! What orders cost, and what becomes of that as units go.

use super::provider::Provider;
use super::*;
use v1::PricePart::{Discount, Price, Tax};

/// `breadth.md` C: 3 x 19.99 and 1 x 5.00, 10.00 off the order, 7.25% tax; cancelled one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_vector_is_explained_unit_by_unit() {
    let mut shop = Shop::with(&[("A", 5), ("B", 5)]).await;
    let mut request = priced("O", &[("A", 3, 199_900), ("B", 1, 50_000)], vec![]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.discounts = vec![off("TEN", 1_000)];
    pricing.lines.iter_mut().for_each(|line| line.taxes = vec![vat(725)]);
    shop.place(request).await;
    let request = v1::ExplainPriceRequest { order_id: "O".into(), min_version: 0 };
    let told = shop.server.payments.explain_price(request).await.expect("told").into_inner();
    let of = |at: usize| {
        let parts = &told.units[at].components;
        parts.iter().map(|of| (of.part(), of.name.as_str(), of.amount_minor)).collect::<Vec<_>>()
    };
    assert_eq!(of(0), [(Price, "", 5_997), (Discount, "TEN", -923), (Tax, "vat", 368)]);
    assert_eq!(of(1), [(Price, "", 500), (Discount, "TEN", -77), (Tax, "vat", 31)]);
    let each = |at: usize| told.units[at].each.iter().map(|of| of.total_minor).collect::<Vec<_>>();
    assert_eq!((each(0), each(1)), (vec![1_813, 1_814, 1_815], vec![454]));
    let totals = told.money.expect("money").totals.expect("totals");
    assert_eq!((totals.tax_minor, totals.total_minor), (399, 5_896));
    // The last ones are cancelled first.
    for (line, total) in [(0, 4_081), (0, 2_267), (1, 1_813), (0, 0)] {
        shop.cancel("O", &[(line, 1)]).await;
        assert_eq!(shop.sums("O").await[0], total);
    }
}

/// A5, vendure#3885: 5 x 5.50, 10% off, delivery 0.50; 2 are cancelled for want of stock, then 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_granted_at_the_sale_stays_and_all_that_was_paid_comes_back() {
    let mut shop = Shop::with(&[("A", 5)]).await;
    let mut request = priced("O", &[("A", 5, 55_000)], vec![captured("card", 2_525)]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.discounts = vec![off("TEN PERCENT", 275)];
    let shipping = v1::ShippingPricing { amount_minor: 50, ..Default::default() };
    (pricing.shipping, pricing.capture) = (Some(shipping), v1::CapturePolicy::Placement.into());
    shop.place(request).await;
    let mut provider = Provider::default();
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [2_525, 2_525, 0, 0]);
    shop.cancel("O", &[(0, 2)]).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [1_535, 2_525, 990, 0]);
    shop.cancel("O", &[(0, 3)]).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.sums("O").await, [0, 2_525, 2_525, 0]);
    assert_eq!(provider.sum(v1::IntentKind::Refund), 2_525);
}

/// vendure#4811: a line that goes takes its share of the order's discount along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_takes_its_share_of_the_discount_along() {
    let mut shop = Shop::with(&[("A", 5), ("B", 5)]).await;
    let mut request = priced("O", &[("A", 1, 300_000), ("B", 1, 100_000)], vec![]);
    request.pricing.as_mut().expect("it is priced").discounts = vec![off("OFF", 1_000)];
    shop.place(request).await;
    shop.cancel("O", &[(0, 1)]).await;
    assert_eq!(shop.sums("O").await[0], 1_000 - 250);
}

/// A bundle costs what it costs; its components share that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_priced_as_one_and_shared_by_its_components() {
    let mut shop = Shop::with(&[("A", 9), ("B", 9)]).await;
    let set = super::super::bundles::bundle("SET", &[("A", 1), ("B", 2)]);
    shop.server.catalog.update_item(set).await.expect("defined");
    shop.place(priced("O", &[("SET", 2, 99_900)], vec![])).await;
    let request = v1::ExplainPriceRequest { order_id: "O".into(), min_version: 0 };
    let told = shop.server.payments.explain_price(request).await.expect("told").into_inner();
    let of: Vec<_> = told
        .units
        .iter()
        .map(|of| (of.sku.as_str(), of.units, of.components[0].amount_minor))
        .collect();
    assert_eq!(of, [("A", 2, 666), ("B", 4, 1_332)]);
}

/// One item at two prices: two bought, and one for free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_of_one_item_may_cost_differently() {
    let mut shop = Shop::with(&[("A", 9)]).await;
    shop.place(priced("O", &[("A", 2, 100_000), ("A", 1, 0)], vec![])).await;
    assert_eq!(shop.sums("O").await[0], 2_000);
    shop.cancel("O", &[(0, 1)]).await;
    assert_eq!(shop.sums("O").await[0], 2_000, "the last one goes first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_that_cannot_be_are_told_by_their_path() {
    let mut shop = Shop::with(&[("A", 9)]).await;
    let mut request = priced("O", &[("A", 1, 100_000)], vec![card("card", 0)]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.discounts = vec![off("MUCH", 1_001)];
    pricing.lines[0].taxes = vec![v1::Tax { name: "vat".into(), amount: None }];
    let refused = shop.server.orders.place_order(request.clone()).await.expect_err("refused");
    assert!(
        super::super::server::fields(&refused)
            .contains(&"pricing.lines[0].taxes[0].amount_minor".to_owned())
    );
    request.pricing.as_mut().expect("it is priced").lines[0].taxes = vec![];
    let refused = shop.server.orders.place_order(request.clone()).await.expect_err("refused");
    assert_eq!(
        super::super::server::fields(&refused),
        ["pricing.discounts[0].amount_minor", "pricing.payments[0].amount_minor"]
    );
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.currency_code = "XTS".into();
    let refused = shop.server.orders.place_order(request).await.expect_err("refused");
    assert_eq!(super::super::server::fields(&refused), ["pricing.currency_code"]);
}
