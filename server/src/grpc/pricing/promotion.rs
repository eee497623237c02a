//! Promotions, there and back.

use backstock_engine::limits::{LANE_MAX, PROMOTION_PRIORITY_MAX};
use backstock_engine::model::{
    CouponCode, Currency, Minor, PromotionId, Rule, Sku, SkuNo, Text, Violation,
};
use backstock_engine::pricing::{
    BuyGet, Companion, Condition, Discount, OnChange, Promotion, Stack,
};
use backstock_proto::v1;
use backstock_proto::v1::promotion::Discount as Given;

use super::parts::{currency, dates, text, validity};
use crate::grpc::enums::unknown;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of a promotion.
pub(super) const NAMES: FieldNames =
    FieldNames::new("promotion.", &[("from", "from_amount_minor"), ("groups", "customer_groups")]);

/// A promotion; none where what it takes off is not said. What its `validate` finds is noted as well.
pub(super) fn read(found: &mut Violations, given: &v1::Promotion) -> Option<Promotion<Sku>> {
    let discount = discount(found, given);
    let path = |name: &str| format!("promotion.{name}");
    let (from, until) = (given.valid_from.as_ref(), given.valid_until.as_ref());
    let has_currency = !given.currency_code.is_empty();
    let code = &given.currency_code;
    let promotion = Promotion {
        id: found.id(&path("promotion_id"), &given.promotion_id, PromotionId::new),
        title: text(found, &path("title"), &given.title),
        lane: found.fits(&path("lane"), given.lane.into(), 0, LANE_MAX.into()),
        priority: priority(found, given.priority),
        discount: discount?,
        currency: has_currency.then(|| currency(found, &path("currency_code"), code)),
        skus: skus(found, &path("skus"), &given.skus),
        from: Minor(given.from_amount_minor),
        channels: texts(found, &path("channels"), &given.channels),
        groups: texts(found, &path("customer_groups"), &given.customer_groups),
        coupon: found.optional(&path("coupon_code"), &given.coupon_code, CouponCode::new).flatten(),
        valid: validity(found, "promotion.", from, until),
        stack: stack(found, given.stack),
        exclusive: given.exclusive,
        on_change: on_change(found, given.on_change),
        condition: condition(found, &given.condition),
        limit: limit(given.limit),
        limit_per_customer: limit(given.limit_per_customer),
    };
    let checked = promotion.validate().map_err(|wrong| named(wrong, &promotion.discount));
    found.rules(checked, &NAMES);
    Some(promotion)
}

/// None of zero.
fn limit(given: u32) -> Option<u32> {
    (given > 0).then_some(given)
}

fn priority(found: &mut Violations, given: u32) -> u16 {
    let max = PROMOTION_PRIORITY_MAX;
    u16::try_from(given).unwrap_or_else(|_| {
        let rule = Rule::OutOfRange { min: 0, max: max.into() };
        found.breaks("promotion.priority", given, rule);
        max
    })
}

fn condition(found: &mut Violations, given: &str) -> Option<Condition> {
    let path = "promotion.condition";
    if given.is_empty() { None } else { found.taken(path, Condition::new(path, given)) }
}

fn discount(found: &mut Violations, given: &v1::Promotion) -> Option<Discount<Sku>> {
    let given = found.required("promotion.discount", given.discount.as_ref())?;
    Some(match given {
        Given::PercentBasisPoints(rate) => Discount::Percent(*rate),
        Given::AmountMinor(amount) => Discount::Amount(Minor(*amount)),
        Given::UnitAmountMinor(amount) => Discount::EachUnit(Minor(*amount)),
        Given::ShippingBasisPoints(rate) => Discount::ShippingPercent(*rate),
        Given::ShippingAmountMinor(amount) => Discount::ShippingAmount(Minor(*amount)),
        Given::BuyGet(of) => Discount::BuyGet(BuyGet {
            buy: of.buy_units,
            get: of.get_units,
            get_skus: skus(found, "promotion.buy_get.get_skus", &of.get_skus),
            basis_points: of.basis_points,
            sets_max: of.sets_max,
        }),
        Given::Companion(of) => Discount::Companion(Companion {
            with: skus(found, "promotion.companion.with_skus", &of.with_skus),
            basis_points: of.basis_points,
        }),
    })
}

/// What was found in the fields of a discount, by the names that they have in this kind of it.
fn named(wrong: Vec<Violation>, discount: &Discount<Sku>) -> Vec<Violation> {
    let name = |field: &str| match (discount, field) {
        (Discount::Percent(_), _) => "percent_basis_points".to_owned(),
        (Discount::Amount(_), _) => "amount_minor".to_owned(),
        (Discount::EachUnit(_), _) => "unit_amount_minor".to_owned(),
        (Discount::ShippingPercent(_), _) => "shipping_basis_points".to_owned(),
        (Discount::ShippingAmount(_), _) => "shipping_amount_minor".to_owned(),
        (Discount::BuyGet(_), field) => format!("buy_get.{field}"),
        (Discount::Companion(_), "with") => "companion.with_skus".to_owned(),
        (Discount::Companion(_), field) => format!("companion.{field}"),
    };
    let named =
        wrong.into_iter().map(|violation| match violation.field.strip_prefix("discount.") {
            Some(field) => Violation { field: name(field), ..violation },
            None => violation,
        });
    named.collect()
}

fn skus(found: &mut Violations, path: &str, given: &[String]) -> Vec<Sku> {
    let all = given.iter().enumerate();
    all.map(|(at, sku)| found.id(&format!("{path}[{at}]"), sku, Sku::new)).collect()
}

/// Names, none of them empty.
fn texts(found: &mut Violations, path: &str, given: &[String]) -> Vec<Text> {
    let all = given.iter().enumerate();
    let named = all.map(|(at, name)| {
        let path = format!("{path}[{at}]");
        if name.is_empty() {
            found.breaks(&path, "", Rule::Required);
        }
        text(found, &path, name)
    });
    named.collect()
}

fn stack(found: &mut Violations, given: i32) -> Stack {
    match v1::PromotionStack::try_from(given) {
        Ok(v1::PromotionStack::Unspecified | v1::PromotionStack::Best) => Stack::Best,
        Ok(v1::PromotionStack::All) => Stack::All,
        Err(_) => unknown(found, "promotion.stack", given).unwrap_or_default(),
    }
}

fn on_change(found: &mut Violations, given: i32) -> OnChange {
    match v1::PromotionOnChange::try_from(given) {
        Ok(v1::PromotionOnChange::Unspecified | v1::PromotionOnChange::Keep) => OnChange::Keep,
        Ok(v1::PromotionOnChange::ClawBack) => OnChange::ClawBack,
        Ok(v1::PromotionOnChange::Reprice) => OnChange::Reprice,
        Err(_) => unknown(found, "promotion.on_change", given).unwrap_or_default(),
    }
}

/// A promotion as callers see it; `sku` names items.
pub(super) fn message(of: &Promotion, sku: impl Fn(SkuNo) -> String) -> v1::Promotion {
    let names = |texts: &[Text]| texts.iter().map(|text| text.as_str().to_owned()).collect();
    let skus = |numbers: &[SkuNo]| numbers.iter().copied().map(&sku).collect();
    let (valid_from, valid_until) = dates(of.valid);
    let stack = match of.stack {
        Stack::Best => v1::PromotionStack::Best,
        Stack::All => v1::PromotionStack::All,
    };
    let on_change = match of.on_change {
        OnChange::Keep => v1::PromotionOnChange::Keep,
        OnChange::ClawBack => v1::PromotionOnChange::ClawBack,
        OnChange::Reprice => v1::PromotionOnChange::Reprice,
    };
    v1::Promotion {
        promotion_id: of.id.to_string(),
        title: of.title.as_str().to_owned(),
        lane: of.lane.into(),
        priority: of.priority.into(),
        discount: Some(discount_message(&of.discount, skus)),
        currency_code: of.currency.as_ref().map_or_else(String::new, Currency::to_string),
        skus: skus(&of.skus),
        from_amount_minor: of.from.0,
        channels: names(&of.channels),
        customer_groups: names(&of.groups),
        coupon_code: of.coupon.as_ref().map_or_else(String::new, CouponCode::to_string),
        valid_from,
        valid_until,
        stack: stack.into(),
        exclusive: of.exclusive,
        on_change: on_change.into(),
        condition: of.condition.as_ref().map_or("", Condition::text).to_owned(),
        limit: of.limit.unwrap_or(0),
        limit_per_customer: of.limit_per_customer.unwrap_or(0),
        uses: 0,
    }
}

fn discount_message(of: &Discount, skus: impl Fn(&[SkuNo]) -> Vec<String>) -> Given {
    match of {
        Discount::Percent(rate) => Given::PercentBasisPoints(*rate),
        Discount::Amount(amount) => Given::AmountMinor(amount.0),
        Discount::EachUnit(amount) => Given::UnitAmountMinor(amount.0),
        Discount::ShippingPercent(rate) => Given::ShippingBasisPoints(*rate),
        Discount::ShippingAmount(amount) => Given::ShippingAmountMinor(amount.0),
        Discount::BuyGet(of) => Given::BuyGet(v1::BuyGet {
            buy_units: of.buy,
            get_units: of.get,
            get_skus: skus(&of.get_skus),
            basis_points: of.basis_points,
            sets_max: of.sets_max,
        }),
        Discount::Companion(of) => Given::Companion(v1::Companion {
            with_skus: skus(&of.with),
            basis_points: of.basis_points,
        }),
    }
}
