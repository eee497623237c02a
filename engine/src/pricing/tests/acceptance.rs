//! The golden vector, and the acceptance cases that are about prices.

use super::super::{Discount, Taxes, price};
use super::shop::{
    basket, book, buyer, coupon, nets, off, priced, promotion, with_shipping, with_tax,
};
use crate::model::Minor;

#[test]
fn the_golden_vector() {
    let ten_off = promotion("ten-off", Discount::Amount(Minor(1_000)));
    let book = with_tax(book(&[1_999, 500], &[ten_off]), false, 725);
    let buyer = super::super::Buyer { taxes: Taxes::Rates, ..buyer() };
    let priced = price(&basket(&[(0, 3), (1, 1)]), &buyer, &book).unwrap();
    assert_eq!(off(&priced), [923, 77]);
    let taxes: Vec<_> = priced.lines.iter().map(|line| line.tax.0).collect();
    assert_eq!(taxes, [368, 31]);
    assert_eq!(priced.total(), Minor(5_896));
}

/// woocommerce#64668.
#[test]
fn a3_a_discount_on_prices_with_the_tax_in_them() {
    let quarter = promotion("quarter", Discount::Percent(2_500));
    let book = with_tax(book(&[2_390], &[quarter]), true, 2_000);
    let buyer = super::super::Buyer { taxes: Taxes::Rates, ..buyer() };
    let priced = price(&basket(&[(0, 10)]), &buyer, &book).unwrap();
    assert_eq!((priced.total(), priced.tax()), (Minor(17_925), Minor(2_988)));
}

/// erpnext#58042.
#[test]
fn a4_ten_off_three_lines_of_a_hundred() {
    let ten_off = promotion("ten-off", Discount::Amount(Minor(1_000)));
    let priced = priced(&[(0, 1), (1, 1), (2, 1)], &book(&[10_000; 3], &[ten_off]));
    assert_eq!(off(&priced), [333, 334, 333]);
    assert_eq!(nets(&priced), [9_667, 9_666, 9_667]);
}

/// vendure#3885.
#[test]
fn a5_a_threshold_and_a_delivery_that_depends_on_the_amount() {
    let mut tenth = promotion("tenth", Discount::Percent(1_000));
    tenth.from = Minor(2_000);
    let book = with_shipping(book(&[550], &[tenth]), &[(0, 500), (1_000, 50)]);
    let buyer = super::super::Buyer { service: Some("standard"), ..buyer() };
    for (units, total) in [(5, 2_525), (3, 1_650 + 50), (1, 550 + 500)] {
        let priced = price(&basket(&[(0, units)]), &buyer, &book).unwrap();
        assert_eq!(priced.total(), Minor(total), "{units} units");
    }
}

/// medusa#2086.
#[test]
fn a7_a_code_for_one_item_takes_nothing_off_another() {
    let mut code = promotion("code", Discount::Amount(Minor(2_000)));
    code.coupon = Some(coupon("TWENTY"));
    code.skus = vec![crate::model::SkuNo(0)];
    let book = book(&[10_000, 9_000], &[code]);
    let buyer = super::super::Buyer { coupons: &["twenty"], ..buyer() };
    let total = |sku| price(&basket(&[(sku, 1)]), &buyer, &book).unwrap().total();
    assert_eq!((total(0), total(1)), (Minor(8_000), Minor(9_000)));
}
