//! What the goods are, where they lie, and what they cost.

use std::collections::BTreeMap;

use backstock_proto::v1;

use super::super::data::{Superstore, SuperstoreLine, SuperstoreOrder};
use super::super::error::DemoError;
use super::super::network::{DemoNodeKind, nodes};
use super::super::setup::{load_rows, row};
use super::sku_of;
use crate::client::Client;

/// The currency of all amounts.
pub(super) const CURRENCY: &str = "USD";
/// The coupon that half of the customers try.
pub(super) const COUPON: &str = "WELCOME";
/// How many orders may have it.
pub(super) const COUPONS: u32 = 40;
/// The tax on everything, in basis points.
pub(super) const TAX_BP: u32 = 725;
/// What shipping costs, in cents, below [`FREE_FROM`].
pub(super) const SHIPPING: i64 = 490;
/// From which amount on it costs nothing.
const FREE_FROM: i64 = 10_000;
/// More units of each product than all orders together take.
const UNITS: u64 = 1_000;
/// Prices of one call.
const PRICES_PER_CALL: usize = 500;

/// The node that keeps the goods, and where they come back: the third party's.
pub(super) fn node() -> &'static str {
    let third = nodes().into_iter().find(|node| node.kind == DemoNodeKind::ThirdParty);
    third.map_or("", |node| node.id)
}

/// What a unit of a line cost, in ten-thousandths of a dollar: hundredths of a cent.
pub(super) fn unit_price(line: &SuperstoreLine) -> i64 {
    let price = line.total_hundredths_of_a_cent / u64::from(line.quantity.max(1));
    i64::try_from(price).unwrap_or(i64::MAX)
}

/// Tells the server of the goods, and of what they cost: each what it cost first.
pub(super) async fn load(
    client: &Client,
    store: &Superstore,
    orders: &[&SuperstoreOrder],
) -> Result<(), DemoError> {
    let mut prices = BTreeMap::new();
    for line in orders.iter().flat_map(|order| &order.lines) {
        prices.entry(line.sku.as_str()).or_insert_with(|| unit_price(line));
    }
    load_goods(client, store, prices.keys().copied()).await?;
    load_list(client, &prices).await?;
    load_rates(client).await?;
    let promotion = v1::Promotion {
        promotion_id: "welcome".into(),
        title: "10% off the first order".into(),
        discount: Some(v1::promotion::Discount::PercentBasisPoints(1_000)),
        coupon_code: COUPON.into(),
        limit: COUPONS,
        limit_per_customer: 1,
        ..Default::default()
    };
    let request = v1::UpdatePromotionRequest { promotion: Some(promotion), ..Default::default() };
    client.pricing().update_promotion(request).await?;
    Ok(())
}

async fn load_goods(
    client: &Client,
    store: &Superstore,
    skus: impl Iterator<Item = &str>,
) -> Result<(), DemoError> {
    let titles: BTreeMap<&str, &str> =
        store.products.iter().map(|product| (&*product.sku, &*product.name)).collect();
    let mut rows = Vec::new();
    for sku in skus {
        let item = Some(v1::Item {
            sku: sku_of(sku),
            title: titles.get(sku).copied().unwrap_or_default().to_owned(),
            ..Default::default()
        });
        let request = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
        client.catalog().update_item(request).await?;
        let level = v1::StockLevel { on_hand: Some(UNITS), ..Default::default() };
        rows.push(row(&sku_of(sku), node(), v1::stock_row::Change::Level(level)));
    }
    load_rows(client, rows).await
}

async fn load_list(client: &Client, prices: &BTreeMap<&str, i64>) -> Result<(), DemoError> {
    let price_list = Some(v1::PriceList {
        price_list_id: "superstore".into(),
        currency_code: CURRENCY.into(),
        scope: None,
    });
    let request = v1::UpdatePriceListRequest { price_list, ..Default::default() };
    client.pricing().update_price_list(request).await?;
    let items = prices.iter().map(|(sku, price)| v1::ItemPrices {
        sku: sku_of(sku),
        rows: vec![v1::PriceRow { unit_price_ten_thousandths: *price, ..Default::default() }],
    });
    let items: Vec<_> = items.collect();
    for items in items.chunks(PRICES_PER_CALL) {
        let request = v1::SetPricesRequest {
            price_list_id: "superstore".into(),
            items: items.to_vec(),
            ..Default::default()
        };
        client.pricing().set_prices(request).await?;
    }
    Ok(())
}

async fn load_rates(client: &Client) -> Result<(), DemoError> {
    let rates = vec![v1::TaxRate { basis_points: TAX_BP, ..Default::default() }];
    let tax_rates = Some(v1::TaxRates { rates, ..Default::default() });
    let request = v1::UpdateTaxRatesRequest { tax_rates, ..Default::default() };
    client.pricing().update_tax_rates(request).await?;
    let rate = |from_amount_minor, charge_minor| v1::ShippingRate {
        currency_code: CURRENCY.into(),
        from_amount_minor,
        charge_minor,
        ..Default::default()
    };
    let shipping_rates = vec![rate(0, SHIPPING), rate(FREE_FROM, 0)];
    let request = v1::UpdateShippingRatesRequest { shipping_rates, ..Default::default() };
    client.pricing().update_shipping_rates(request).await?;
    Ok(())
}
