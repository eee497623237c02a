//! A basket, as callers describe it.

use backstock_engine::engine::Basket;
use backstock_engine::limits::{COUPONS_PER_ORDER_MAX, LINE_UNITS_MAX, ORDER_LINES_MAX};
use backstock_engine::model::{CouponCode, CustomerId, Day, PostalCode, ServiceName, Sku};
use backstock_proto::v1;

use super::parts::{currency, optional_country, some_text};
use crate::grpc::fields::FieldNames;
use crate::grpc::times;
use crate::status::Violations;

/// How the engine calls its fields.
pub(super) const NAMES: FieldNames = FieldNames::new("basket.", &[("coupons", "coupon_codes")]);

/// A basket that is ordered today, if it does not say when.
pub(super) fn read(
    found: &mut Violations,
    given: &v1::Basket,
    today: Day,
    tells_all: bool,
) -> Basket {
    let service = found.optional("basket.service", &given.service, ServiceName::new);
    let postal_code = found.optional("basket.postal_code", &given.postal_code, PostalCode::new);
    let day = given.day.as_ref().and_then(|date| times::day(found, "basket.day", date));
    let basket = Basket {
        currency: currency(found, "basket.currency_code", &given.currency_code),
        lines: lines(found, &given.lines),
        day: day.unwrap_or(today),
        customer: found
            .optional("basket.customer_id", &given.customer_id, CustomerId::new)
            .flatten(),
        channel: some_text(found, "basket.channel", &given.channel),
        group: some_text(found, "basket.customer_group", &given.customer_group),
        contract: some_text(found, "basket.contract", &given.contract),
        coupons: coupons(found, &given.coupon_codes),
        country: optional_country(found, "basket.country_code", &given.country_code),
        postal_code: postal_code.flatten(),
        service: service.flatten(),
        taxed: given.taxed,
        tells_all,
    };
    found.rules(basket.validate(), &NAMES);
    basket
}

/// Of a list that is too long, only that is told.
fn lines(found: &mut Violations, given: &[v1::BasketLine]) -> Vec<(Sku, u32)> {
    let lines = given.iter().take(ORDER_LINES_MAX + 1).enumerate().map(|(at, line)| {
        let sku = found.id(&format!("basket.lines[{at}].sku"), &line.sku, Sku::new);
        let units = format!("basket.lines[{at}].units");
        (sku, found.fits(&units, line.units, 1, LINE_UNITS_MAX))
    });
    lines.collect()
}

fn coupons(found: &mut Violations, given: &[String]) -> Vec<CouponCode> {
    let codes = given.iter().take(COUPONS_PER_ORDER_MAX + 1).enumerate();
    let codes = codes
        .map(|(at, code)| found.id(&format!("basket.coupon_codes[{at}]"), code, CouponCode::new));
    codes.collect()
}
