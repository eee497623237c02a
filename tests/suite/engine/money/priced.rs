//! Orders by the engine's own prices, with a coupon that may be used a few times.

use backstock_engine::command::{
    DefinePriceList, DefinePromotion, ItemPrices, LineRequest, SetPrices,
};
use backstock_engine::engine::{Engine, OrderPrices, PricesListed};
use backstock_engine::model::{
    CaptureAt, CouponCode, Currency, Minor, PriceListId, PromotionId, Sku, Text, UnitPrice,
};
use backstock_engine::pricing::{
    Discount, OnChange, PriceListDefinition, PriceRow, Promotion, Scope, Stack, Validity,
};
use backstock_engine::random::Random;
use backstock_tests::fixture::{meta, sku};

use super::{Known, books, card};

/// What one unit of each item costs, in ten-thousandths.
const PRICES: [(&str, i64); 3] = [("A", 199_900), ("B", 12_345), ("C", 1_055_000)];

/// What the coupon takes off, in basis points.
const OFF: i64 = 1_500;

/// How often the coupon may be used.
pub(super) const USES_MAX: usize = 12;

pub(super) fn usd() -> Currency {
    Currency::new("currency", "USD").expect("a currency")
}

fn coupon() -> CouponCode {
    CouponCode::new("coupon", "TWELVE").expect("a code")
}

pub(super) fn promotion_id() -> PromotionId {
    PromotionId::new("promotion", "twelve").expect("an id")
}

pub(super) async fn define(engine: &Engine) {
    let id = || PriceListId::new("list", "all").expect("an id");
    let definition = PriceListDefinition { id: id(), currency: usd(), scope: Scope::Everybody };
    let command = DefinePriceList { meta: meta(), definition };
    engine.define_price_list(command).await.expect("the list is defined");
    let row = |price| PriceRow { min_units: 1, valid: Validity::ALWAYS, price: UnitPrice(price) };
    let items = PRICES.map(|(name, price)| ItemPrices { sku: sku(name), rows: vec![row(price)] });
    let command = SetPrices { meta: meta(), list: id(), items: items.into() };
    engine.set_prices(command).await.expect("the prices are set");
    let command = DefinePromotion { meta: meta(), promotion: Box::new(promotion()) };
    engine.define_promotion(command).await.expect("the promotion is defined");
}

fn promotion() -> Promotion<Sku> {
    Promotion {
        id: promotion_id(),
        title: Text::default(),
        lane: 0,
        priority: 0,
        discount: Discount::Percent(u32::try_from(OFF).expect("basis points")),
        currency: None,
        skus: Vec::new(),
        from: Minor::ZERO,
        channels: Vec::new(),
        groups: Vec::new(),
        coupon: Some(coupon()),
        valid: Validity::ALWAYS,
        stack: Stack::Best,
        exclusive: false,
        on_change: OnChange::Keep,
        condition: None,
        limit: Some(u32::try_from(USES_MAX).expect("a few")),
        limit_per_customer: None,
    }
}

/// An order by these prices, and what is known of it. It says what it expects to pay.
pub(super) fn listed(random: &mut Random, lines: &[LineRequest]) -> (OrderPrices, Known) {
    let has_coupon = random.percent(40);
    let units = lines.iter().map(|line| {
        let price = PRICES.iter().find(|(name, _)| *name == line.sku.as_str());
        let price = price.expect("it has a price").1;
        let gross = (price * i64::from(line.quantity) + 50).div_euclid(100);
        let off = if has_coupon { (gross * OFF + 5_000) / 10_000 } else { 0 };
        books::units(line.quantity, price, off, 0)
    });
    let known = Known { coupon: has_coupon, ..Known::new(lines, units.collect(), 0) };
    let total = known.total();
    let prices = PricesListed {
        currency: usd(),
        group: None,
        contract: None,
        coupons: has_coupon.then(coupon).into_iter().collect(),
        country: None,
        taxed: false,
        expected: Some(Minor(total)),
        captures: CaptureAt::default(),
        payments: vec![card("first", total, super::taken(random))],
    };
    (OrderPrices::Listed(prices), known)
}
