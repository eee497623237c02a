//! Fields of promotions that are wrong.

use super::super::{BuyGet, Companion, Condition, Discount, Promotion, Validity};
use super::shop::{promotion, text};
use crate::limits::{AMOUNT_MAX, PROMOTION_SKUS_MAX};
use crate::model::{CouponCode, Currency, Day, Minor, SkuNo};

fn fields(promotion: &Promotion) -> Vec<String> {
    let found = promotion.validate().err().unwrap_or_default();
    found.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn each_field_that_is_wrong_is_named() {
    let base = || promotion("p", Discount::Percent(1_000));
    let xau = Currency::new("currency_code", "XAU").unwrap();
    let sets = |buy, get, sets_max| {
        let get_skus = vec![SkuNo(1), SkuNo(1)];
        promotion("p", Discount::BuyGet(BuyGet { buy, get, get_skus, basis_points: 0, sets_max }))
    };
    let companion = |with: Vec<SkuNo>| {
        promotion("p", Discount::Companion(Companion { with, basis_points: 10_001 }))
    };
    let day = Day::from_epoch_days;
    for (promotion, expected) in [
        (base(), vec![]),
        (Promotion { lane: 16, priority: 10_000, ..base() }, vec!["lane", "priority"]),
        (Promotion { from: Minor(-1), ..base() }, vec!["from"]),
        (Promotion { from: Minor(1), currency: None, ..base() }, vec!["currency_code"]),
        (Promotion { currency: Some(xau), ..base() }, vec!["currency_code"]),
        (
            Promotion { currency: None, ..promotion("p", Discount::Amount(Minor(1))) },
            vec!["currency_code"],
        ),
        (promotion("p", Discount::Amount(Minor(0))), vec!["discount.amount"]),
        (promotion("p", Discount::EachUnit(Minor(-5))), vec!["discount.amount"]),
        (promotion("p", Discount::ShippingAmount(Minor(AMOUNT_MAX + 1))), vec!["discount.amount"]),
        (promotion("p", Discount::ShippingPercent(10_001)), vec!["discount.basis_points"]),
        (
            sets(0, 101, 1_001),
            vec![
                "discount.buy_units",
                "discount.get_units",
                "discount.sets_max",
                "discount.basis_points",
                "discount.get_skus",
            ],
        ),
        (companion(vec![]), vec!["discount.basis_points", "discount.with", "discount.with"]),
        (
            Promotion { skus: vec![SkuNo(7)], ..companion(vec![SkuNo(7)]) },
            vec!["discount.basis_points", "discount.with"],
        ),
        (
            Promotion {
                skus: vec![SkuNo(0); 2],
                channels: vec![text("a"); 2],
                groups: vec![text("b"); 33],
                ..base()
            },
            vec!["skus", "channels", "groups"],
        ),
        (Promotion { skus: vec![SkuNo(0); PROMOTION_SKUS_MAX + 1], ..base() }, vec!["skus"]),
        (
            Promotion { valid: Validity { from: day(2), until: Some(day(1)) }, ..base() },
            vec!["valid_until"],
        ),
    ] {
        assert_eq!(fields(&promotion), expected, "{promotion:?}");
    }
}

#[test]
fn a_coupon_and_a_condition_have_their_bounds() {
    assert!(CouponCode::new("coupon_code", "X".repeat(10 << 10)).is_err());
    assert!(Condition::new("condition", &"X".repeat(10 << 10)).is_err());
}

#[test]
fn a_promotion_is_read_as_it_was_written() {
    let mut all = promotion(
        "p",
        Discount::BuyGet(BuyGet {
            buy: 2,
            get: 1,
            get_skus: vec![SkuNo(3)],
            basis_points: 5_000,
            sets_max: 4,
        }),
    );
    all.condition = Some(Condition::new("condition", "total > 1").unwrap());
    all.channels = vec![text("web")];
    let bytes = minicbor::to_vec(&all).unwrap();
    assert_eq!(minicbor::decode::<Promotion>(&bytes).unwrap(), all);
}
