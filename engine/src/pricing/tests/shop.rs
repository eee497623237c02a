//! A small shop.

use std::sync::Arc;

use super::super::{
    BasketLine, Book, Buyer, Discount, Pages, Place, PriceList, PriceListDefinition, PriceRow,
    Priced, Promotion, Scope, ShippingRate, ShippingTable, Stack, TaxRate, TaxRates, TaxTable,
    Taxes, Unpriced, Validity, Zone, price, sku_rows,
};
use crate::model::{
    CouponCode, Currency, Day, Minor, PriceListId, PriceListNo, PromotionId, PromotionNo, SkuNo,
    Text, UnitPrice,
};

/// Items by number.
pub(super) const IDS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

pub(super) fn eur() -> Currency {
    Currency::new("currency_code", "EUR").unwrap()
}

pub(super) fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

/// Lines of items by number, with their units.
pub(super) fn basket(lines: &[(u32, u32)]) -> Vec<BasketLine<'static>> {
    let line = |(no, (sku, units)): (u16, &(u32, u32))| BasketLine {
        line: no,
        sku: SkuNo(*sku),
        id: IDS[*sku as usize],
        units: *units,
    };
    (0..).zip(lines).map(line).collect()
}

/// Somebody, on day 100.
pub(super) fn buyer<'a>() -> Buyer<'a> {
    Buyer {
        currency: eur(),
        day: Day::from_epoch_days(100),
        channel: None,
        group: None,
        contract: None,
        coupons: &[],
        used_up: &[],
        place: Place { country: None, postal_code: "10115" },
        service: None,
        taxes: Taxes::None,
        tells_all: true,
    }
}

/// A promotion in lane 0 beside which others are granted.
pub(super) fn promotion(id: &str, discount: Discount) -> Promotion {
    Promotion {
        id: PromotionId::new("promotion_id", id).unwrap(),
        title: Text::default(),
        lane: 0,
        priority: 0,
        discount,
        currency: Some(eur()),
        skus: Vec::new(),
        from: Minor::ZERO,
        channels: Vec::new(),
        groups: Vec::new(),
        coupon: None,
        valid: Validity::ALWAYS,
        stack: Stack::All,
        exclusive: false,
        on_change: super::super::OnChange::Keep,
        condition: None,
        limit: None,
        limit_per_customer: None,
    }
}

pub(super) fn coupon(code: &str) -> CouponCode {
    CouponCode::new("coupon_code", code).unwrap()
}

pub(super) fn row(min_units: u32, price: i64) -> PriceRow {
    PriceRow { min_units, valid: Validity::ALWAYS, price: UnitPrice(price * 100) }
}

/// A list with a price in cents for each item, by number.
pub(super) fn list(id: &str, scope: Scope, prices: &[(u32, i64)]) -> PriceList {
    let mut rows = Pages::default();
    for (sku, price) in prices {
        rows.set(SkuNo(*sku), sku_rows("rows", &[row(1, *price)]).unwrap());
    }
    let id = PriceListId::new("price_list_id", id).unwrap();
    PriceList { definition: PriceListDefinition { id, currency: eur(), scope }, rows }
}

/// A book of one list for everybody, with a price in cents for each item by number, and promotions.
pub(super) fn book(prices: &[i64], promotions: &[Promotion]) -> Book {
    let prices: Vec<_> = (0..).zip(prices.iter().copied()).collect();
    let mut book = Book::default();
    book.set_list(PriceListNo(0), Arc::new(list("all", Scope::Everybody, &prices)));
    for (no, promotion) in (0..).zip(promotions) {
        promotion.validate().unwrap_or_else(|wrong| panic!("{promotion:?}: {wrong:?}"));
        book.set_promotion(PromotionNo(no), Arc::new(promotion.clone()));
    }
    book
}

pub(super) fn with_tax(mut book: Book, inclusive: bool, basis_points: u32) -> Book {
    let rate = TaxRate { category: None, zone: Zone::EVERYWHERE, basis_points };
    let rates = TaxRates { inclusive, shipping_category: None, rates: vec![rate] };
    book.set_taxes(Arc::new(TaxTable::new(rates)));
    book
}

/// With a charge for all services, from amounts of goods on.
pub(super) fn with_shipping(mut book: Book, steps: &[(i64, i64)]) -> Book {
    let rate = |(from, charge): &(i64, i64)| ShippingRate {
        currency: eur(),
        service: None,
        zone: Zone::EVERYWHERE,
        from: Minor(*from),
        charge: Minor(*charge),
    };
    book.set_shipping(Arc::new(ShippingTable::new(steps.iter().map(rate).collect())));
    book
}

pub(super) fn priced(lines: &[(u32, u32)], book: &Book) -> Priced {
    price(&basket(lines), &buyer(), book).unwrap()
}

pub(super) fn unpriced(lines: &[(u32, u32)], buyer: &Buyer<'_>, book: &Book) -> Unpriced {
    price(&basket(lines), buyer, book).unwrap_err()
}

/// What is taken off each line.
pub(super) fn off(priced: &Priced) -> Vec<i64> {
    priced.lines.iter().map(|line| (line.gross - line.net).0).collect()
}

pub(super) fn nets(priced: &Priced) -> Vec<i64> {
    priced.lines.iter().map(|line| line.net.0).collect()
}
