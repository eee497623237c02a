//! What customers are credited.

use super::super::money::{off, vat};
use super::*;
use v1::{ReturnCredit as Credit, ReturnDecision as Decision, ReturnGoods as Goods};

/// A6, spree#14678: three are announced and two come. Two are refunded, whatever is asked for; the third
/// stays open, and is refunded when it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_announced_and_two_received_two_are_refunded() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 3, 899_900)]).await;
    assert_eq!(shop.sums("O").await, [26_997, 26_997, 0, 0]);
    shop.ask(asked("R", &[(0, 3)])).await.expect("granted");
    assert_eq!(shop.refunded(&mut provider).await, 0, "nothing came");
    shop.receive(report("R", 1, &[(0, 2)])).await.expect("received");
    assert_eq!(shop.refunded(&mut provider).await, 0, "nobody looked at it");
    assert_eq!(shop.stock("A", "NYC").await, (2, 2, 0));
    for _ in 0..3 {
        shop.inspect(as_new("R")).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, 17_998);
    }
    assert_eq!(shop.stock("A", "NYC").await, (2, 0, 2));
    let open = (1, Goods::Expected, Decision::Authorised, Credit::None);
    let done = (2, Goods::Disposed, Decision::Approved, Credit::Given);
    assert_eq!(places(&shop.rma("R").await), [open, done]);
    // OCA/rma#418: what came in part is not offered again.
    shop.ask(asked("AGAIN", &[(0, 1)])).await.expect_err("it is in a return");
    shop.receive(report("R", 2, &[(0, 3)])).await.expect("it came");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 26_997);
    assert_eq!(shop.stock("A", "NYC").await, (3, 0, 3));
    shop.server.audit().await;
}

/// `breadth.md` C: 3 x 19.99 and 1 x 5.00, 10.00 off the order, 7.25% tax; returned one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_vector_comes_back_unit_by_unit() {
    let lines = [("A", 3, 199_900), ("B", 1, 50_000)];
    let mut request = priced("O", &lines, vec![captured("card", 5_896)]);
    let pricing = request.pricing.as_mut().expect("it is priced");
    pricing.discounts = vec![off("TEN", 1_000)];
    pricing.lines.iter_mut().for_each(|line| line.taxes = vec![vat(725)]);
    let (mut shop, mut provider) = Shop::sold_as(request).await;
    let mut sum = 0;
    for (id, line, amount) in [("1", 0, 1_813), ("2", 0, 1_814), ("3", 0, 1_815), ("4", 1, 454)] {
        shop.back(id, &[(line, 1)]).await;
        sum += amount;
        assert_eq!(shop.refunded(&mut provider).await, sum);
    }
    assert_eq!(shop.sums("O").await, [0, 5_896, 5_896, 0]);
}

/// A3, woocommerce#64668: 10 x 23.90 with 20% VAT in it, 25% off; at once, and as 3 and 7.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refunded_in_parts_sums_to_what_was_paid_and_so_does_its_vat() {
    for parts in [vec![10], vec![3, 7], vec![1, 2, 3, 4]] {
        let mut request = priced("O", &[("A", 10, 239_000)], vec![captured("card", 17_925)]);
        let pricing = request.pricing.as_mut().expect("it is priced");
        pricing.tax_included = true;
        pricing.lines[0].discounts = vec![off("QUARTER", 5_975)];
        pricing.lines[0].taxes = vec![vat(2_000)];
        let (mut shop, mut provider) = Shop::sold_as(request).await;
        let totals = shop.money("O").await.totals.expect("totals");
        assert_eq!((totals.total_minor, totals.tax_included_minor), (17_925, 2_988));
        let mut vat = totals.tax_included_minor;
        for (at, units) in parts.iter().enumerate() {
            shop.back(&at.to_string(), &[(0, *units)]).await;
            shop.refunded(&mut provider).await;
            let left = shop.money("O").await.totals.expect("totals").tax_included_minor;
            assert!(left < vat, "the tax goes with its units");
            vat = left;
        }
        assert_eq!(vat, 0);
        assert_eq!(shop.sums("O").await, [0, 17_925, 17_925, 0], "{parts:?}");
    }
}

/// Kibo's help warns of it: two clicks, two refunds. Here each click is known, with a key or without one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clicks_on_a_return_are_one_refund() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    shop.ask(asked("R", &[(0, 2)])).await.expect("granted");
    shop.ask(asked("R", &[(0, 2)])).await.expect("it is known");
    shop.receive(report("R", 1, &[(0, 2)])).await.expect("received");
    shop.receive(report("R", 1, &[(0, 2)])).await.expect("it is known");
    assert_eq!(shop.stock("A", "NYC").await, (2, 2, 0));
    let one = v1::InspectReturnRequest {
        lines: lines(&[(0, 1)]),
        request_id: "CLICK".into(),
        ..as_new("R")
    };
    let without = v1::InspectReturnRequest { request_id: String::new(), ..one.clone() };
    shop.inspect(without).await.expect_err("nobody knows if it is said twice or two times");
    for _ in 0..2 {
        shop.inspect(one.clone()).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, 1_000);
    }
    assert_eq!(shop.stock("A", "NYC").await, (2, 1, 1));
}

/// Adyen/adyen-prestashop#147, spree#10099: shipping is refunded with the last unit, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shipping_is_refunded_once_with_the_last_unit() {
    let (mut shop, mut provider) = with_shipping().await;
    let terms = |shipping: v1::ReturnShipping| {
        Some(v1::ReturnTerms { shipping: shipping.into(), ..Default::default() })
    };
    let all = v1::ReturnShipping::LastUnit;
    for (id, refunded) in [("1", 1_000), ("2", 2_000), ("3", 3_500)] {
        let request = v1::RequestReturnRequest { terms: terms(all), ..asked(id, &[(0, 1)]) };
        shop.ask(request).await.expect("granted");
        shop.receive(report(id, 1, &[(0, 1)])).await.expect("received");
        shop.inspect(as_new(id)).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, refunded);
    }
    let refund = v1::RefundAmountRequest {
        order_id: "O".into(),
        refund_id: "S".into(),
        amount_minor: 1,
        of_shipping: true,
        ..Default::default()
    };
    shop.server.payments.refund_amount(refund).await.expect_err("it is given back");
    assert_eq!(shop.sums("O").await, [0, 3_500, 3_500, 0]);
}

/// By shares as well, and what was given back otherwise is not given back again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_unit_takes_its_share_of_shipping_along() {
    let (mut shop, mut provider) = with_shipping().await;
    let refund = v1::RefundAmountRequest {
        order_id: "O".into(),
        refund_id: "LATE".into(),
        amount_minor: 100,
        of_shipping: true,
        ..Default::default()
    };
    shop.server.payments.refund_amount(refund).await.expect("given back");
    assert_eq!(shop.refunded(&mut provider).await, 100);
    for (id, refunded) in [("1", 1_266), ("2", 2_433), ("3", 3_500)] {
        let shipping = v1::ReturnShipping::Proportional.into();
        let terms = Some(v1::ReturnTerms { shipping, ..Default::default() });
        shop.ask(v1::RequestReturnRequest { terms, ..asked(id, &[(0, 1)]) })
            .await
            .expect("granted");
        shop.receive(report(id, 1, &[(0, 1)])).await.expect("received");
        shop.inspect(as_new(id)).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, refunded);
    }
}

/// Three at 10.00, and 5.00 for shipping.
async fn with_shipping() -> (Shop, Provider) {
    let mut request = priced("O", &[("A", 3, 100_000)], vec![captured("card", 3_500)]);
    let shipping = v1::ShippingPricing { amount_minor: 500, ..Default::default() };
    request.pricing.as_mut().expect("it is priced").shipping = Some(shipping);
    Shop::sold_as(request).await
}

/// medusa/admin#522: the label is deducted, once; so is what selling it again costs, and what it is worth
/// less. Whatever is taken off is told by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fees_are_taken_off_the_credit_and_told() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 2, 100_000)]).await;
    let terms = v1::ReturnTerms {
        restocking_bp: 1_000,
        restocking_max_minor: Some(150),
        label_fee_minor: 495,
        ..Default::default()
    };
    let request = v1::RequestReturnRequest { terms: Some(terms), ..asked("R", &[(0, 2)]) };
    shop.ask(request).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 2)])).await.expect("received");
    let one = |key: &str| v1::InspectReturnRequest {
        lines: lines(&[(0, 1)]),
        request_id: key.into(),
        ..as_new("R")
    };
    shop.inspect(one("1")).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 1_000 - 100 - 495);
    let reduced = v1::InspectReturnRequest {
        verdict: v1::ReturnVerdict::Reduce.into(),
        reduced_bp: 2_500,
        ..one("2")
    };
    shop.inspect(reduced).await.expect("looked at");
    assert_eq!(shop.refunded(&mut provider).await, 405 + 1_000 - 250 - 50);
    let totals = shop.money("O").await.totals.expect("totals");
    assert_eq!((totals.fees_minor, totals.total_minor), (495 + 150 + 250, 895));
}

/// Original means by share: a return of an order that two cards paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_is_refunded_to_two_cards_by_what_each_paid() {
    let payments = vec![captured("one", 1_000), captured("two", 2_000)];
    let (mut shop, mut provider) = Shop::sold_as(priced("O", &[("A", 3, 100_000)], payments)).await;
    for id in ["1", "2", "3"] {
        shop.back(id, &[(0, 1)]).await;
        shop.refunded(&mut provider).await;
    }
    let money = shop.money("O").await;
    let refunded: Vec<_> = money.payments.iter().map(|of| of.refunded_minor).collect();
    assert_eq!(refunded, [1_000, 2_000]);
}

/// A bundle at a promotion's price: one of its components comes back, and takes its own share along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_promoted_bundle_a_part_takes_its_share_along() {
    let mut shop = Shop::with(&[("TOP", 5), ("SOCK", 9)]).await;
    let set = super::super::bundles::bundle("SET", &[("TOP", 1), ("SOCK", 2)]);
    shop.server.catalog.update_item(set).await.expect("defined");
    let mut request = priced("O", &[("SET", 1, 300_000)], vec![captured("card", 2_500)]);
    request.pricing.as_mut().expect("it is priced").discounts = vec![off("FIVE", 500)];
    shop.place(request).await;
    shop.ship("O", 1).await;
    let mut provider = Provider::default();
    let order = shop.order("O").await;
    let units: Vec<_> = order.lines.iter().map(|line| line.quantity).collect();
    assert_eq!(units, [1, 2]);
    shop.back("SOCKS", &[(1, 1)]).await;
    let one = shop.refunded(&mut provider).await;
    assert!((1..2_500).contains(&one));
    shop.back("REST", &[(0, 1), (1, 1)]).await;
    assert_eq!(shop.refunded(&mut provider).await, 2_500);
    assert_eq!(shop.stock("SOCK", "NYC").await, (9, 0, 9));
}
