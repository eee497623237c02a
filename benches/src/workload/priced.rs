//! The `priced` workload: the orders of `holiday`, priced by the engine, by a list of all items and a
//! promotion that takes 10% off what comes to 20.00 or more.

use backstock_engine::command::{DefinePriceList, DefinePromotion, ItemPrices, SetPrices};
use backstock_engine::engine::{Engine, OrderPrices, PricesListed};
use backstock_engine::limits::PRICE_ROWS_AT_ONCE_MAX;
use backstock_engine::model::{
    CaptureAt, Currency, Minor, PriceListId, PromotionId, Sku, Text, UnitPrice,
};
use backstock_engine::pricing::{
    Discount, OnChange, PriceListDefinition, PriceRow, Promotion, Scope, Stack, Validity,
};

use super::names::sku;
use super::network::meta;

/// From how much on the promotion takes 10% off, in cents.
const FROM: Minor = Minor(2_000);

fn currency() -> Currency {
    Currency::new("currency", "USD").expect("a currency")
}

fn list() -> PriceListId {
    PriceListId::new("list", "holiday").expect("an id")
}

/// Has an order cost what the list says.
pub fn prices() -> Box<OrderPrices> {
    Box::new(OrderPrices::Listed(PricesListed {
        currency: currency(),
        group: None,
        contract: None,
        coupons: Vec::new(),
        country: None,
        taxed: false,
        expected: None,
        captures: CaptureAt::default(),
        payments: Vec::new(),
    }))
}

/// Sets a price of each item from 1.00 to 100.00, and the promotion.
///
/// # Panics
/// When the engine does not take them.
pub async fn set_up(engine: &Engine, skus: u32) {
    let (id, currency, scope) = (list(), currency(), Scope::Everybody);
    let definition = PriceListDefinition { id, currency, scope };
    let command = DefinePriceList { meta: meta(), definition };
    engine.define_price_list(command).await.expect("the list is defined");
    let all: Vec<u32> = (0..skus).collect();
    for some in all.chunks(PRICE_ROWS_AT_ONCE_MAX) {
        let items = some.iter().map(|no| priced(*no)).collect();
        let command = SetPrices { meta: meta(), list: list(), items };
        engine.set_prices(command).await.expect("the prices are set");
    }
    let command = DefinePromotion { meta: meta(), promotion: Box::new(promotion()) };
    engine.define_promotion(command).await.expect("the promotion is defined");
}

fn priced(no: u32) -> ItemPrices {
    let price = UnitPrice(10_000 + i64::from(no % 9_901) * 100);
    ItemPrices {
        sku: sku(no),
        rows: vec![PriceRow { min_units: 1, valid: Validity::ALWAYS, price }],
    }
}

fn promotion() -> Promotion<Sku> {
    Promotion {
        id: PromotionId::new("promotion", "tenth").expect("an id"),
        title: Text::default(),
        lane: 0,
        priority: 0,
        discount: Discount::Percent(1_000),
        currency: Some(currency()),
        skus: Vec::new(),
        from: FROM,
        channels: Vec::new(),
        groups: Vec::new(),
        coupon: None,
        valid: Validity::ALWAYS,
        stack: Stack::Best,
        exclusive: false,
        on_change: OnChange::Keep,
        condition: None,
        limit: None,
        limit_per_customer: None,
    }
}
