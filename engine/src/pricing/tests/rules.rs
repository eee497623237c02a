//! The rules, as tables.

use std::sync::Arc;

use super::super::{
    BuyGet, Companion, Condition, Discount, Fault, PriceRow, Scope, Stack, Taxes, Unpriced,
    Validity, WhyNot, price, sku_rows,
};
use super::super::{Buyer, GivenTaxes, Promotion};
use super::shop::{
    basket, book, buyer, coupon, list, nets, off, priced, promotion, row, text, unpriced,
    with_shipping, with_tax,
};
use crate::model::{Currency, Day, Minor, PriceListNo, PromotionNo, SkuNo, UnitPrice};

pub(super) fn buy_get(buy: u32, get: u32, basis_points: u32) -> Discount {
    Discount::BuyGet(BuyGet { buy, get, get_skus: Vec::new(), basis_points, sets_max: 1_000 })
}

fn lane(lane: u8, of: Promotion) -> Promotion {
    Promotion { lane, ..of }
}

fn best(of: Promotion) -> Promotion {
    Promotion { stack: Stack::Best, ..of }
}

fn alone(of: Promotion) -> Promotion {
    Promotion { exclusive: true, ..of }
}

fn of(skus: &[u32], of: Promotion) -> Promotion {
    Promotion { skus: skus.iter().copied().map(SkuNo).collect(), ..of }
}

#[test]
fn the_list_that_says_most_of_the_buyer_has_the_price() {
    let mut book = book(&[1_000, 500], &[]);
    let lists = [
        list("web", Scope::Channel(text("web")), &[(0, 900)]),
        list("gold", Scope::Group(text("gold")), &[(0, 800)]),
        list("c7", Scope::Contract(text("c7")), &[(1, 450)]),
        // Of two for the same, that whose id is first.
        list("Gold", Scope::Group(text("gold")), &[(0, 790)]),
    ];
    for (no, list) in (1..).zip(lists) {
        book.set_list(PriceListNo(no), Arc::new(list));
    }
    for (channel, group, contract, prices) in [
        (None, None, None, [(0, 1_000), (0, 500)]),
        (Some("web"), None, None, [(1, 900), (0, 500)]),
        (Some("web"), Some("gold"), None, [(4, 790), (0, 500)]),
        (Some("shop"), Some("silver"), Some("c8"), [(0, 1_000), (0, 500)]),
        (Some("web"), None, Some("c7"), [(1, 900), (3, 450)]),
    ] {
        let buyer = Buyer { channel, group, contract, ..buyer() };
        let priced = price(&basket(&[(0, 1), (1, 1)]), &buyer, &book).unwrap();
        let found: Vec<_> =
            priced.lines.iter().map(|line| (line.list.0, line.unit_price.0 / 100)).collect();
        assert_eq!(found, prices, "{channel:?} {group:?} {contract:?}");
    }
}

#[test]
fn a_break_counts_the_units_of_all_lines_and_a_line_is_rounded_once() {
    let mut book = book(&[], &[]);
    let mut all = list("all", Scope::Everybody, &[]);
    let half_a_cent = PriceRow { price: UnitPrice(50), ..row(10, 0) };
    all.rows.set(SkuNo(0), sku_rows("rows", &[row(1, 1), half_a_cent]).unwrap());
    book.set_list(PriceListNo(0), Arc::new(all));
    for (lines, expected) in
        [(vec![(0, 9)], vec![9]), (vec![(0, 10)], vec![5]), (vec![(0, 7), (0, 3)], vec![4, 2])]
    {
        assert_eq!(nets(&priced(&lines, &book)), expected, "{lines:?}");
    }
}

#[test]
fn in_a_lane_each_counts_from_what_the_lanes_before_left() {
    let percent = |id: &str, bp: u32| promotion(id, Discount::Percent(bp));
    let each = |id: &str, amount: i64| promotion(id, Discount::EachUnit(Minor(amount)));
    let amount = |id: &str, amount: i64| promotion(id, Discount::Amount(Minor(amount)));
    for (name, promotions, expected) in [
        ("one lane, all", vec![percent("a", 1_000), percent("b", 2_000)], [600, 300]),
        ("two lanes", vec![percent("a", 1_000), lane(1, percent("b", 2_000))], [560, 280]),
        ("one lane, best", vec![best(percent("a", 1_000)), best(percent("b", 2_000))], [400, 200]),
        (
            "the best of each line",
            vec![best(of(&[0], percent("a", 3_000))), best(percent("b", 2_000))],
            [600, 200],
        ),
        (
            "beside the best",
            vec![percent("a", 1_000), best(percent("b", 2_000)), best(each("c", 150))],
            [600, 300],
        ),
        // 200.00 off 400 and 150 off each of 2 units of 500: the lines by themselves are better.
        (
            "a whole that is not best",
            vec![best(amount("a", 500)), best(percent("b", 2_000))],
            [400, 200],
        ),
        (
            "a whole that is best",
            vec![best(amount("a", 700)), best(percent("b", 2_000))],
            [467, 233],
        ),
        (
            "alone, and first",
            vec![alone(of(&[0], percent("a", 1_000))), percent("b", 2_000)],
            [200, 200],
        ),
        (
            "alone, and too late",
            vec![of(&[0], percent("a", 1_000)), alone(percent("b", 2_000))],
            [200, 200],
        ),
        (
            "alone over lanes",
            vec![alone(percent("a", 100)), lane(1, percent("b", 9_000))],
            [20, 10],
        ),
        ("from an amount", vec![Promotion { from: Minor(3_001), ..percent("a", 1_000) }], [0, 0]),
        (
            "from just that",
            vec![Promotion { from: Minor(3_000), ..percent("a", 1_000) }],
            [200, 100],
        ),
        (
            "from an amount after the lane before",
            vec![
                percent("a", 1_000),
                lane(1, Promotion { from: Minor(3_000), ..percent("b", 1_000) }),
            ],
            [200, 100],
        ),
        (
            "from an amount of its items",
            vec![of(&[1], Promotion { from: Minor(1_001), ..percent("a", 1_000) })],
            [0, 0],
        ),
    ] {
        // 2 x 10.00 and 1 x 10.00.
        let priced = priced(&[(0, 2), (1, 1)], &book(&[1_000, 1_000], &promotions));
        assert_eq!(off(&priced), expected, "{name}");
    }
}

#[test]
fn sets_use_each_unit_once_the_dearest_to_buy_and_the_cheapest_to_get() {
    let half = |buy, get| promotion("half", buy_get(buy, get, 5_000));
    let free = |buy, get| promotion("free", buy_get(buy, get, 10_000));
    let capped = |sets_max| {
        let discount =
            BuyGet { buy: 2, get: 1, get_skus: Vec::new(), basis_points: 10_000, sets_max };
        promotion("capped", Discount::BuyGet(discount))
    };
    let other = |get: u32| {
        let get_skus = vec![SkuNo(get)];
        let discount = BuyGet { buy: 1, get: 1, get_skus, basis_points: 10_000, sets_max: 9 };
        promotion("other", Discount::BuyGet(discount))
    };
    for (name, promotions, lines, expected, sets) in [
        ("3 for 2", vec![free(2, 1)], vec![(0, 3)], vec![1_000], 1),
        (
            "the cheapest is free",
            vec![free(2, 1)],
            vec![(0, 1), (1, 1), (2, 1)],
            vec![0, 0, 100],
            1,
        ),
        ("two sets", vec![free(2, 1)], vec![(0, 2), (1, 2), (2, 2)], vec![0, 0, 200], 2),
        ("too few", vec![free(2, 1)], vec![(0, 2)], vec![0], 0),
        ("a rest", vec![free(2, 1)], vec![(0, 8)], vec![2_000], 2),
        ("half", vec![half(1, 1)], vec![(1, 3)], vec![250], 1),
        ("no more than the cap", vec![capped(1)], vec![(0, 9)], vec![1_000], 1),
        ("of another item", vec![of(&[0], other(2))], vec![(0, 2), (2, 3)], vec![0, 200], 2),
        ("of one of both", vec![of(&[0, 2], other(2))], vec![(0, 1), (2, 1)], vec![0, 100], 1),
        // The dearest to buy is what may be got: it is got, and the other is bought.
        ("got, not bought", vec![of(&[0, 2], other(0))], vec![(0, 1), (2, 1)], vec![1_000, 0], 1),
        (
            "once for two",
            vec![free(1, 1), lane(1, promotion("more", buy_get(1, 1, 10_000)))],
            vec![(0, 3)],
            vec![1_000],
            1,
        ),
        (
            "what one leaves",
            vec![capped(1), lane(1, promotion("more", buy_get(1, 1, 10_000)))],
            vec![(0, 5)],
            vec![1_800],
            2,
        ),
    ] {
        let priced = priced(&lines, &book(&[1_000, 500, 100], &promotions));
        let made: u32 = priced.sets.iter().map(|of| of.sets).sum();
        assert_eq!((off(&priced), made), (expected, sets), "{name}");
    }
}

#[test]
fn sets_are_numbered_and_say_what_is_in_them() {
    let priced =
        priced(&[(0, 5), (1, 4)], &book(&[1_000, 500], &[promotion("p", buy_get(2, 1, 10_000))]));
    let told: Vec<_> = priced
        .sets
        .iter()
        .map(|of| {
            (
                of.first,
                of.sets,
                of.parts
                    .iter()
                    .map(|part| (part.line, part.units, part.is_got))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, 2, vec![(0, 2, false), (1, 1, true)]),
            (2, 1, vec![(0, 1, false), (1, 1, false), (1, 1, true)]),
        ]
    );
    assert_eq!(off(&priced), [0, 1_500]);
}

#[test]
fn a_companion_is_cheaper_as_often_as_what_it_comes_with_is_bought() {
    let companion = Companion { with: vec![SkuNo(0)], basis_points: 1_000 };
    let scarf = of(&[1, 2], promotion("scarf", Discount::Companion(companion)));
    for (lines, expected) in [
        (vec![(0, 1), (1, 1)], vec![0, 50]),
        (vec![(0, 1), (1, 3)], vec![0, 50]),
        (vec![(0, 2), (2, 1), (1, 1)], vec![0, 10, 50]),
        (vec![(0, 1), (2, 1), (1, 1)], vec![0, 0, 50]),
        (vec![(1, 1)], vec![0]),
    ] {
        let priced = priced(&lines, &book(&[1_000, 500, 100], std::slice::from_ref(&scarf)));
        assert_eq!(off(&priced), expected, "{lines:?}");
    }
}

#[test]
fn shipping_has_its_promotions_after_those_on_goods() {
    let tenth = promotion("tenth", Discount::Percent(1_000));
    let free = |from: i64| Promotion {
        from: Minor(from),
        ..promotion("free", Discount::ShippingPercent(10_000))
    };
    let off = |id: &str, amount: i64| promotion(id, Discount::ShippingAmount(Minor(amount)));
    for (name, promotions, charge, net) in [
        ("none", vec![], 490, 490),
        ("free from an amount", vec![free(1_000)], 490, 0),
        ("after discounts", vec![tenth.clone(), free(1_000)], 490, 490),
        ("two that stack", vec![off("a", 100), off("b", 150)], 490, 240),
        ("the best", vec![best(off("a", 100)), best(off("b", 150))], 490, 340),
        ("alone", vec![alone(off("a", 100)), off("b", 150)], 490, 390),
        ("alone, and too late", vec![off("a", 100), alone(off("b", 150))], 490, 390),
        ("never below zero", vec![off("a", 400), off("b", 150)], 490, 0),
        (
            "in lanes",
            vec![off("a", 400), lane(1, promotion("b", Discount::ShippingPercent(5_000)))],
            490,
            45,
        ),
    ] {
        let book = with_shipping(book(&[1_000], &promotions), &[(0, 490)]);
        let buyer = Buyer { service: Some("standard"), ..buyer() };
        let shipping = price(&basket(&[(0, 1)]), &buyer, &book).unwrap().shipping.unwrap();
        assert_eq!((shipping.charge.0, shipping.net.0), (charge, net), "{name}");
        let off: Minor = shipping.discounts.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(shipping.charge - off, shipping.net, "{name}");
    }
}

#[test]
fn taxes_are_by_rates_or_as_the_caller_says() {
    let book = with_shipping(with_tax(book(&[1_000], &[]), true, 1_900), &[(0, 490)]);
    let given = GivenTaxes { inclusive: false, lines: &[Minor(77)], shipping: Minor(5) };
    for (taxes, line, shipping, total) in [
        (Taxes::None, 0, 0, 1_490),
        (Taxes::Rates, 160, 78, 1_490),
        (Taxes::Given(given), 77, 5, 1_572),
    ] {
        let buyer = Buyer { taxes, service: Some("standard"), ..buyer() };
        let priced = price(&basket(&[(0, 1)]), &buyer, &book).unwrap();
        let found =
            (priced.lines[0].tax.0, priced.shipping.as_ref().unwrap().tax.0, priced.total().0);
        assert_eq!(found, (line, shipping, total), "{taxes:?}");
    }
}

#[test]
fn it_says_why_a_promotion_is_not_granted() {
    let base = || promotion("p", Discount::Percent(1_000));
    let day = Day::from_epoch_days;
    let valid = |from, until| Validity { from: day(from), until: Some(day(until)) };
    let usd = Currency::new("currency_code", "USD").unwrap();
    let condition = |text: &str| Some(Condition::new("condition", text).unwrap());
    let taker = alone(promotion("a", Discount::Percent(5_000)));
    for (why, promotion) in [
        (WhyNot::NotYet, Promotion { valid: valid(101, 102), ..base() }),
        (WhyNot::Over, Promotion { valid: valid(98, 99), ..base() }),
        (WhyNot::Currency, Promotion { currency: Some(usd), ..base() }),
        (WhyNot::Channel, Promotion { channels: vec![text("app")], ..base() }),
        (WhyNot::Group, Promotion { groups: vec![text("gold")], ..base() }),
        (WhyNot::Coupon, Promotion { coupon: Some(coupon("C")), ..base() }),
        (WhyNot::Items, of(&[3], base())),
        (WhyNot::BelowAmount, Promotion { from: Minor(9_999_999), ..base() }),
        (
            WhyNot::Condition,
            Promotion { condition: condition("channel == 'app' || !('A' in skus)"), ..base() },
        ),
        (
            WhyNot::Fault(Fault::Division),
            Promotion { condition: condition("1 / (total - total) > 0"), ..base() },
        ),
        (WhyNot::Units, promotion("p", buy_get(2, 1, 10_000))),
        (WhyNot::Exclusive, base()),
        (WhyNot::Nothing, promotion("p", Discount::Percent(1))),
    ] {
        let mut all = vec![promotion];
        all.extend((why == WhyNot::Exclusive).then(|| taker.clone()));
        let priced = priced(&[(0, 2)], &book(&[10], &all));
        assert_eq!(priced.refused.as_slice(), [(PromotionNo(0), why)]);
        assert!(priced.discounts.iter().all(|discount| discount.promotion != PromotionNo(0)));
    }
    let two = [best(base()), best(promotion("q", Discount::Percent(2_000)))];
    let priced = priced(&[(0, 2)], &book(&[1_000], &two));
    assert_eq!(priced.refused.as_slice(), [(PromotionNo(0), WhyNot::Outdone)]);
}

#[test]
fn otherwise_it_says_so_of_coupons_that_were_given_and_of_conditions_that_went_wrong() {
    let needs = |id: &str, code| Promotion {
        coupon: Some(coupon(code)),
        ..promotion(id, Discount::Percent(1_000))
    };
    let mut late = needs("late", "LATE");
    late.valid.until = Some(Day::from_epoch_days(99));
    let mut wrong = promotion("wrong", Discount::Percent(1_000));
    wrong.condition = Some(Condition::new("condition", "total / 0 > 1").unwrap());
    let book = book(
        &[1_000],
        &[late, needs("other", "OTHER"), wrong, of(&[4], promotion("p", Discount::Percent(1)))],
    );
    let buyer = Buyer { tells_all: false, coupons: &["nobody-knows", "Late"], ..buyer() };
    let priced = price(&basket(&[(0, 1)]), &buyer, &book).unwrap();
    let expected =
        [(PromotionNo(0), WhyNot::Over), (PromotionNo(2), WhyNot::Fault(Fault::Division))];
    assert_eq!(priced.refused.as_slice(), expected);
    assert_eq!(priced.unknown_coupons.as_slice(), [0]);
}

#[test]
fn what_has_no_price_is_told_and_not_guessed() {
    let full = book(&[1_000], &[]);
    let usd = Currency::new("currency_code", "USD").unwrap();
    let ships = Buyer { service: Some("standard"), ..buyer() };
    let mut rows = list("all", Scope::Everybody, &[]);
    rows.rows.set(
        SkuNo(0),
        sku_rows("rows", &[PriceRow { price: UnitPrice(1_000_000_000_000), ..row(1, 0) }]).unwrap(),
    );
    let mut dear = full.clone();
    dear.set_list(PriceListNo(0), Arc::new(rows));
    for (lines, buyer, book, why) in [
        (
            vec![(0, 1), (1, 1), (2, 1)],
            buyer(),
            full.clone(),
            Unpriced::NoPrice([1, 2].into_iter().collect()),
        ),
        (
            vec![(0, 1)],
            Buyer { currency: usd, ..buyer() },
            full.clone(),
            Unpriced::NoPrice([0].into_iter().collect()),
        ),
        (
            vec![(0, 1)],
            Buyer { taxes: Taxes::Rates, ..buyer() },
            full.clone(),
            Unpriced::NoTaxRate([].into_iter().collect()),
        ),
        (vec![(0, 1)], ships, with_shipping(full.clone(), &[(1_001, 1)]), Unpriced::NoShippingRate),
        (vec![(0, 500_000)], buyer(), dear, Unpriced::TooMuch(0)),
    ] {
        assert_eq!(unpriced(&lines, &buyer, &book), why, "{lines:?}");
    }
}
