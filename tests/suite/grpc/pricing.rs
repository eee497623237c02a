//! What prices are made of, and what a basket costs, over a real connection.

use backstock_proto::v1;
use backstock_proto::v1::price_basket_response::Outcome;
use backstock_proto::v1::promotion::Discount;
use tempfile::TempDir;
use tonic::Code;
use tonic_types::StatusExt;

use super::feed::events_from;
use super::server::{TestServer, fields};

/// A list in EUR for everybody.
pub(super) fn price_list(id: &str) -> v1::UpdatePriceListRequest {
    let price_list =
        v1::PriceList { price_list_id: id.into(), currency_code: "EUR".into(), scope: None };
    v1::UpdatePriceListRequest { price_list: Some(price_list), ..Default::default() }
}

/// What one unit of an item costs in a list, in cents.
pub(super) fn set_price(list: &str, sku: &str, cents: i64) -> v1::SetPricesRequest {
    let row = v1::PriceRow { unit_price_ten_thousandths: cents * 100, ..Default::default() };
    v1::SetPricesRequest {
        price_list_id: list.into(),
        items: vec![v1::ItemPrices { sku: sku.into(), rows: vec![row] }],
        ..Default::default()
    }
}

fn promotion(id: &str, discount: Discount) -> v1::UpdatePromotionRequest {
    let promotion = v1::Promotion {
        promotion_id: id.into(),
        discount: Some(discount),
        currency_code: "EUR".into(),
        ..Default::default()
    };
    v1::UpdatePromotionRequest { promotion: Some(promotion), ..Default::default() }
}

fn basket(lines: &[(&str, u64)]) -> v1::Basket {
    let line = |(sku, units): &(&str, u64)| v1::BasketLine { sku: (*sku).into(), units: *units };
    v1::Basket {
        currency_code: "EUR".into(),
        lines: lines.iter().map(line).collect(),
        ..Default::default()
    }
}

/// SKU costs 19.99 and RARE 5.00; taxes are 7.25% on top, and shipping is 4.90 below 100.00.
async fn priced(data: &TempDir) -> TestServer {
    let mut server = TestServer::stocked(data.path()).await;
    server.pricing.update_price_list(price_list("all")).await.expect("defined");
    for (sku, cents) in [("SKU", 1_999), ("RARE", 500)] {
        server.pricing.set_prices(set_price("all", sku, cents)).await.expect("set");
    }
    let rates = vec![v1::TaxRate { basis_points: 725, ..Default::default() }];
    let tax_rates = Some(v1::TaxRates { rates, ..Default::default() });
    let request = v1::UpdateTaxRatesRequest { tax_rates, ..Default::default() };
    server.pricing.update_tax_rates(request).await.expect("set");
    let rate = |from_amount_minor, charge_minor| v1::ShippingRate {
        currency_code: "EUR".into(),
        from_amount_minor,
        charge_minor,
        ..Default::default()
    };
    let shipping_rates = vec![rate(0, 490), rate(10_000, 0)];
    let request = v1::UpdateShippingRatesRequest { shipping_rates, ..Default::default() };
    server.pricing.update_shipping_rates(request).await.expect("set");
    server
}

async fn price(server: &mut TestServer, basket: v1::Basket) -> v1::BasketPrice {
    match outcome(server, basket).await {
        Outcome::Price(price) => price,
        Outcome::Unpriced(why) => panic!("{why:?}"),
    }
}

async fn outcome(server: &mut TestServer, basket: v1::Basket) -> Outcome {
    let request = v1::PriceBasketRequest { basket: Some(basket), explain: true, min_version: 0 };
    let answer = server.pricing.price_basket(request).await.expect("priced").into_inner();
    answer.outcome.expect("an outcome")
}

/// 3 x 19.99 + 1 x 5.00, 10.00 off the order, 7.25% tax.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_vector_of_prices() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = priced(&directory).await;
    let ten_off = promotion("ten-off", Discount::AmountMinor(1_000));
    server.pricing.update_promotion(ten_off).await.expect("defined");
    let taxed = v1::Basket { taxed: true, ..basket(&[("SKU", 3), ("RARE", 1)]) };
    let price = price(&mut server, taxed).await;
    let lines: Vec<_> = price
        .lines
        .iter()
        .map(|line| {
            (line.gross_minor, line.discounts[0].amount_minor, line.net_minor, line.tax_minor)
        })
        .collect();
    assert_eq!(lines, [(5_997, 923, 5_074, 368), (500, 77, 423, 31)]);
    assert_eq!((price.tax_minor, price.total_minor), (399, 5_896));
    assert_eq!(price.lines[0].price_list_id, "all");
    assert_eq!(price.lines[0].discounts[0].promotion_id, "ten-off");
    server.stop().await.expect("drained");
}

/// vendure#3885, with what is told of a promotion that is not granted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_basket_is_explained() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = priced(&directory).await;
    let mut web = promotion("web", Discount::PercentBasisPoints(1_000));
    let of = web.promotion.as_mut().expect("a promotion");
    of.condition = "channel == 'web' && total >= 2000".into();
    of.coupon_code = "WEB10".into();
    server.pricing.update_promotion(web).await.expect("defined");
    let sets = v1::BuyGet {
        buy_units: 2,
        get_units: 1,
        basis_points: 10_000,
        sets_max: 9,
        get_skus: vec![],
    };
    server
        .pricing
        .update_promotion(promotion("3-for-2", Discount::BuyGet(sets)))
        .await
        .expect("defined");

    let shipped = |coupons: &[&str], channel: &str| v1::Basket {
        service: "standard".into(),
        channel: channel.into(),
        coupon_codes: coupons.iter().map(|code| (*code).to_owned()).collect(),
        ..basket(&[("SKU", 1), ("RARE", 2)])
    };
    let free = price(&mut server, shipped(&["NOBODY"], "web")).await;
    // The cheapest of three is free, and shipping is not.
    assert_eq!((free.lines[1].net_minor, free.total_minor), (500, 1_999 + 500 + 490));
    let part =
        |line_index, units, discounted| v1::PromotionSetPart { line_index, units, discounted };
    let parts = vec![part(0, 1, false), part(1, 1, false), part(1, 1, true)];
    let made = v1::PromotionSets { promotion_id: "3-for-2".into(), sets: 1, parts };
    assert_eq!(free.sets, [made]);
    assert_eq!(free.unknown_coupon_codes, ["NOBODY"]);
    let why = |price: &v1::BasketPrice| {
        price.refused.iter().map(|of| (of.promotion_id.clone(), of.why())).collect::<Vec<_>>()
    };
    assert_eq!(why(&free), [("web".to_owned(), v1::PromotionRefusal::Coupon)]);
    let elsewhere = price(&mut server, shipped(&["web10"], "app")).await;
    assert_eq!(why(&elsewhere), [("web".to_owned(), v1::PromotionRefusal::Condition)]);
    // 10% of a line of 19.99, and of two of 5.00 less than the one that is free.
    let both = price(&mut server, shipped(&["web10"], "web")).await;
    assert_eq!(both.lines.iter().map(|line| line.net_minor).collect::<Vec<_>>(), [1_799, 500]);
    let none =
        outcome(&mut server, v1::Basket { currency_code: "USD".into(), ..basket(&[("SKU", 1)]) });
    let reason = v1::UnpricedReason::NoPrice.into();
    assert_eq!(none.await, Outcome::Unpriced(v1::Unpriced { reason, line_indexes: vec![0] }));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_prices_are_made_of_outlives_a_restart_and_a_snapshot() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = priced(&directory).await;
    server
        .pricing
        .update_promotion(promotion("p", Discount::UnitAmountMinor(100)))
        .await
        .expect("defined");
    let items = vec![v1::ItemTaxCategory { sku: "SKU".into(), category: "books".into() }];
    let categories = v1::SetTaxCategoriesRequest { items, ..Default::default() };
    server.pricing.set_tax_categories(categories).await.expect("set");
    server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    // What comes after the snapshot is replayed.
    let mut gold = price_list("gold");
    let scope = v1::price_list::Scope::CustomerGroup("gold".into());
    gold.price_list.as_mut().expect("a list").scope = Some(scope);
    server.pricing.update_price_list(gold).await.expect("defined");
    let set = v1::SetPricesRequest { request_id: "K".into(), ..set_price("gold", "SKU", 1_500) };
    let first = server.pricing.set_prices(set.clone()).await.expect("set").into_inner();
    let for_gold =
        v1::Basket { customer_group: "gold".into(), taxed: true, ..basket(&[("SKU", 2)]) };
    let before = price(&mut server, for_gold.clone()).await;
    assert_eq!((before.lines[0].net_minor, before.total_minor), (2_800, 2_800 + 203));
    let hash = server.state_hash();
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(server.state_hash(), hash);
    assert_eq!(price(&mut server, for_gold).await, before);
    let again = server.pricing.set_prices(set).await.expect("known").into_inner();
    assert_eq!((again.version, again.is_repeat), (first.version, true));
    let list =
        v1::ListPricesRequest { price_list_id: "all".into(), page_size: 1, ..Default::default() };
    let page = server.pricing.list_prices(list.clone()).await.expect("listed").into_inner();
    assert_eq!(page.items[0].sku, "SKU");
    let list = v1::ListPricesRequest { page_token: page.next_page_token, ..list };
    let page = server.pricing.list_prices(list).await.expect("listed").into_inner();
    assert_eq!((&*page.items[0].sku, &*page.next_page_token), ("RARE", ""));
    let lists = server.pricing.list_price_lists(v1::ListPriceListsRequest::default());
    let ids: Vec<_> = lists.await.expect("listed").into_inner().price_lists;
    assert_eq!(ids.iter().map(|list| &*list.price_list_id).collect::<Vec<_>>(), ["all", "gold"]);
    let promotions = server.pricing.list_promotions(v1::ListPromotionsRequest::default());
    let promotions = promotions.await.expect("listed").into_inner().promotions;
    assert_eq!(promotions[0].discount, Some(Discount::UnitAmountMinor(100)));
    let rates = server.pricing.get_tax_rates(v1::GetTaxRatesRequest::default());
    assert_eq!(rates.await.expect("read").into_inner().tax_rates.expect("rates").rates.len(), 1);
    let rates = server.pricing.get_shipping_rates(v1::GetShippingRatesRequest::default());
    assert_eq!(rates.await.expect("read").into_inner().shipping_rates.len(), 2);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_of_prices_that_are_wrong_are_told_by_name_and_nothing_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = priced(&directory).await;
    let before = server.state_hash();
    let day = |day| Some(v1::Date { year: 2026, month: 12, day });
    let row = |from, until| v1::PriceRow {
        valid_from: day(from),
        valid_until: until,
        ..Default::default()
    };
    let mut gap = set_price("all", "SKU", -1);
    gap.items[0].rows.extend([row(1, day(5)), row(7, None)]);
    gap.items[0].rows.remove(0);
    gap.items.push(v1::ItemPrices { sku: "\n".into(), rows: vec![] });
    let status = server.pricing.set_prices(gap).await.expect_err("refused");
    assert_eq!(fields(&status), ["items[1].sku", "items[0].rows[1].valid_from"]);
    let below = server.pricing.set_prices(set_price("all", "SKU", -1)).await.expect_err("refused");
    assert_eq!(fields(&below), ["items[0].rows[0].unit_price_ten_thousandths"]);

    let mut wrong = promotion("p", Discount::PercentBasisPoints(50_000));
    let of = wrong.promotion.as_mut().expect("a promotion");
    of.condition = "colour == 'red'".into();
    of.coupon_code = "X".repeat(10 << 10);
    of.stack = 9;
    of.from_amount_minor = 1;
    of.currency_code = String::new();
    let status = server.pricing.update_promotion(wrong).await.expect_err("refused");
    assert_eq!(
        fields(&status),
        [
            "promotion.coupon_code",
            "promotion.stack",
            "promotion.condition",
            "promotion.percent_basis_points",
            "promotion.currency_code",
        ]
    );
    let details = status.get_error_details();
    let told = details.bad_request().expect("fields").field_violations[2].description.clone();
    assert!(told.contains("at character 1, there is no colour"), "{told}");
    let sets =
        v1::BuyGet { buy_units: 0, get_units: 1, basis_points: 1, sets_max: 0, get_skus: vec![] };
    let status = server.pricing.update_promotion(promotion("p", Discount::BuyGet(sets)));
    let status = status.await.expect_err("refused");
    assert_eq!(fields(&status), ["promotion.buy_get.buy_units", "promotion.buy_get.sets_max"]);
    let nothing = v1::UpdatePromotionRequest::default();
    let status = server.pricing.update_promotion(nothing).await.expect_err("refused");
    assert_eq!(fields(&status), ["promotion"]);

    let coupon_codes = vec!["C".into(); 17];
    let much =
        v1::Basket { coupon_codes, currency_code: "euro".into(), ..basket(&[("SKU", 500_001)]) };
    let request = v1::PriceBasketRequest { basket: Some(much), ..Default::default() };
    let status = server.pricing.price_basket(request).await.expect_err("refused");
    assert_eq!(
        fields(&status),
        ["basket.currency_code", "basket.lines[0].units", "basket.coupon_codes"]
    );
    assert_eq!(server.state_hash(), before);
    let unknown = basket(&[("NONE", 1)]);
    let request = v1::PriceBasketRequest { basket: Some(unknown), ..Default::default() };
    let status = server.pricing.price_basket(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_tells_which_list_and_promotion_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = priced(&directory).await;
    server
        .pricing
        .update_promotion(promotion("p", Discount::ShippingBasisPoints(10_000)))
        .await
        .expect("defined");
    let events = events_from(&server, 1).await;
    let of = |kind: &str| -> Vec<Vec<String>> {
        let of = events.iter().filter(|event| event.r#type == format!("backstock.{kind}.v1"));
        of.map(|event| event.subjects.clone()).collect()
    };
    assert_eq!(of("price_list_defined"), [["price_lists/all"]]);
    assert_eq!(of("prices_set"), [["price_lists/all"], ["price_lists/all"]]);
    assert_eq!(of("promotion_defined"), [["promotions/p"]]);
    assert_eq!(of("rates_set"), [["taxes"], ["shipping_rates"]]);
    server.stop().await.expect("drained");
}
