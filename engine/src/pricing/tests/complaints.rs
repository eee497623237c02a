//! What users of other systems complain of, each by the place where they do.

use super::super::{Discount, Stack, price};
use super::shop::{basket, book, buyer, nets, off, priced, promotion};
use crate::model::Minor;

/// A voucher of 70% on a sale of 40%: the voucher was of the price before the sale, and the goods
/// were free.
#[test]
fn saleor_17453_a_voucher_counts_from_what_the_sale_left() {
    let sale = promotion("sale", Discount::Percent(4_000));
    let mut voucher = promotion("voucher", Discount::Percent(7_000));
    voucher.lane = 1;
    let priced = priced(&[(0, 1)], &book(&[10_000], &[voucher, sale]));
    assert_eq!(priced.discounts.iter().map(|of| of.amount.0).collect::<Vec<_>>(), [4_000, 4_200]);
    assert_eq!(nets(&priced), [1_800]);
}

/// An offer was applied or not by the order of the cart's lines.
#[test]
fn medusa_16396_the_order_of_lines_does_not_matter() {
    let mut third_free = promotion("third-free", super::rules::buy_get(2, 1, 10_000));
    third_free.stack = Stack::Best;
    let book = book(&[1_000, 2_000, 500], &[third_free]);
    for lines in [[(0, 1), (1, 1), (2, 1)], [(2, 1), (1, 1), (0, 1)], [(1, 1), (2, 1), (0, 1)]] {
        let priced = priced(&lines, &book);
        let free = lines.iter().position(|(sku, _)| *sku == 2).unwrap();
        let expected: Vec<_> = (0..3).map(|at| if at == free { 500 } else { 0 }).collect();
        assert_eq!(off(&priced), expected, "{lines:?}");
    }
}

/// "5 off" was read as 500% off.
#[test]
fn medusa_14934_five_off_is_an_amount_and_no_rate_is_above_all() {
    let five_off = promotion("five-off", Discount::Amount(Minor(500)));
    assert_eq!(nets(&priced(&[(0, 1)], &book(&[2_000], &[five_off]))), [1_500]);
    let wrong = promotion("wrong", Discount::Percent(50_000)).validate().unwrap_err();
    assert_eq!(wrong[0].to_string(), "discount.basis_points: \"50000\" is not within 1 to 10000");
}

/// Discounts that come to more than the price: a maximum of -25 was offered.
#[test]
fn saleor_dashboard_4493_nothing_goes_below_zero() {
    let all = ["a", "b", "c"].map(|id| promotion(id, Discount::Percent(6_000)));
    assert_eq!(nets(&priced(&[(0, 1)], &book(&[1_000], &all))), [0]);
    let much = promotion("much", Discount::Amount(Minor(5_000)));
    let each = promotion("each", Discount::EachUnit(Minor(5_000)));
    assert_eq!(nets(&priced(&[(0, 2), (1, 1)], &book(&[1_000, 300], &[each, much]))), [0, 0]);
}

/// Refunding a line moved its share of the order's discount to the lines that stayed: the share is
/// the line's own.
#[test]
fn vendure_4811_each_line_has_its_own_share_of_the_orders_discount() {
    let ten_off = promotion("ten-off", Discount::Amount(Minor(1_000)));
    let book = book(&[6_000, 4_000], &[ten_off]);
    let priced = price(&basket(&[(0, 1), (1, 1)]), &buyer(), &book).unwrap();
    let shares: Vec<_> = priced.discounts.iter().map(|of| (of.line, of.amount.0)).collect();
    assert_eq!(shares, [(0, 600), (1, 400)]);
    assert_eq!(priced.discounts_of(1).map(|of| of.amount.0).sum::<i64>(), 400);
}
