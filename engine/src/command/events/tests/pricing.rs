//! What prices are made of.

use super::*;
use crate::command::Rates;
use crate::model::{
    Country, CouponCode, Currency, Minor, PostalCode, PriceListId, PriceListNo, PromotionId,
    PromotionNo, ServiceName, UnitPrice,
};
use crate::pricing::{
    BuyGet, Companion, Condition, Discount, OnChange, PriceListDefinition, PriceRow, Promotion,
    Scope, ShippingRate, SkuCategory, SkuPrices, Stack, TaxRate, TaxRates, Validity, Zone,
};

pub(super) fn events() -> Vec<Named> {
    [of_lists(), of_promotions(), of_rates()].concat()
}

fn eur() -> Currency {
    Currency::new("currency_code", "EUR").unwrap()
}

fn list_id() -> PriceListId {
    PriceListId::new("price_list_id", "summer").unwrap()
}

fn zone() -> Zone {
    let prefix = PostalCode::new("prefix", "10").ok();
    Zone { country: Country::new("country", "DE").ok(), prefix }
}

fn of_lists() -> Vec<Named> {
    let defined = |scope| -> AnyEvent {
        let definition = PriceListDefinition { id: list_id(), currency: eur(), scope };
        PriceListDefined { no: PriceListNo(1), definition }.into()
    };
    let row = |min_units, until, price| {
        let valid = Validity { from: day(20_000), until };
        PriceRow { min_units, valid, price: UnitPrice(price) }
    };
    let rows = vec![row(1, None, 199_900), row(10, Some(day(20_100)), 5)];
    let priced = SkuPrices { sku: PAIR.sku, rows };
    let unpriced = SkuPrices { sku: SkuNo(3), rows: Vec::new() };
    let set = PricesSet { no: PriceListNo(1), id: list_id(), items: vec![priced, unpriced] };
    vec![
        ("price_list_defined", defined(Scope::Everybody)),
        ("price_list_of_a_channel", defined(Scope::Channel(text("web")))),
        ("price_list_of_a_group", defined(Scope::Group(text("gold")))),
        ("price_list_of_a_contract", defined(Scope::Contract(text("c-7")))),
        ("prices_set", set.into()),
    ]
}

fn promotion(discount: Discount) -> Promotion {
    Promotion {
        id: PromotionId::new("promotion_id", "spring").unwrap(),
        title: text("Spring"),
        lane: 2,
        priority: 300,
        discount,
        currency: Some(eur()),
        skus: vec![SkuNo(3), PAIR.sku],
        from: Minor(2_000),
        channels: vec![text("web")],
        groups: vec![text("gold")],
        coupon: CouponCode::new("coupon_code", "SPRING").ok(),
        valid: Validity { from: day(20_000), until: Some(day(20_100)) },
        stack: Stack::All,
        exclusive: true,
        on_change: OnChange::ClawBack,
        condition: Condition::new("condition", "total > 1").ok(),
        limit: None,
        limit_per_customer: None,
    }
}

fn defined(promotion: Promotion) -> AnyEvent {
    PromotionDefined { no: PromotionNo(7), promotion: Box::new(promotion) }.into()
}

fn of_promotions() -> Vec<Named> {
    let (get_skus, with) = (vec![SkuNo(9)], vec![SkuNo(11)]);
    let sets = BuyGet { buy: 2, get: 1, get_skus, basis_points: 10_000, sets_max: 5 };
    let beside = Companion { with, basis_points: 1_000 };
    let plain = Promotion {
        skus: Vec::new(),
        channels: Vec::new(),
        groups: Vec::new(),
        coupon: None,
        condition: None,
        limit: None,
        limit_per_customer: None,
        currency: None,
        from: Minor::ZERO,
        stack: Stack::Best,
        exclusive: false,
        on_change: OnChange::Keep,
        valid: Validity::ALWAYS,
        ..promotion(Discount::Percent(1_000))
    };
    let of = |discount, on_change| defined(Promotion { on_change, ..promotion(discount) });
    vec![
        ("promotion_defined", defined(plain)),
        ("promotion_amount", of(Discount::Amount(Minor(1_000)), OnChange::Reprice)),
        ("promotion_each_unit", of(Discount::EachUnit(Minor(50)), OnChange::ClawBack)),
        ("promotion_buy_get", of(Discount::BuyGet(sets), OnChange::Keep)),
        ("promotion_companion", of(Discount::Companion(beside), OnChange::Keep)),
        ("promotion_shipping_percent", of(Discount::ShippingPercent(10_000), OnChange::Keep)),
        ("promotion_shipping_amount", of(Discount::ShippingAmount(Minor(490)), OnChange::Keep)),
    ]
}

fn of_rates() -> Vec<Named> {
    let rate = |category, zone| TaxRate { category, zone, basis_points: 1_900 };
    let rates = vec![rate(None, Zone::EVERYWHERE), rate(Some(text("books")), zone())];
    let taxes = TaxRates { inclusive: true, shipping_category: Some(text("books")), rates };
    let charge = |service, from| ShippingRate {
        currency: eur(),
        service,
        zone: zone(),
        from: Minor(from),
        charge: Minor(490),
    };
    let service = ServiceName::new("service", "express").ok();
    let shipping = vec![charge(None, 0), charge(service, 2_000)];
    let of = |sku, category| SkuCategory { sku, category };
    let categories = vec![of(PAIR.sku, Some(text("books"))), of(SkuNo(3), None)];
    let set = |rates| RatesSet { rates }.into();
    vec![
        ("tax_rates_set", set(Rates::Taxes(taxes))),
        ("shipping_rates_set", set(Rates::Shipping(shipping))),
        ("tax_categories_set", set(Rates::Categories(categories))),
    ]
}
