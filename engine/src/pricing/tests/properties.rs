//! What holds of all orders.

use proptest::prelude::*;

use super::super::{
    Book, BuyGet, Buyer, Companion, Discount, Priced, Promotion, Stack, Taxes, asked, price,
};
use super::naive::{NaivelyPriced, naive};
use super::shop::{IDS, basket, book, buyer, eur, promotion, with_shipping, with_tax};
use crate::model::{Minor, PromotionNo, SkuNo, Timestamp, value_of};

fn skus(max: usize) -> impl Strategy<Value = Vec<SkuNo>> {
    let some = prop::collection::btree_set(0..4_u32, 0..=max);
    some.prop_map(|skus| skus.into_iter().map(SkuNo).collect())
}

fn discounts() -> impl Strategy<Value = Discount> {
    let rate = || prop::sample::select(vec![1_u32, 333, 1_000, 2_500, 5_000, 9_999, 10_000]);
    let amount = || prop::sample::select(vec![1_i64, 7, 100, 333, 1_000, 99_999]);
    let sets = (1..4_u32, 1..3_u32, skus(2), rate(), 1..4_u32);
    prop_oneof![
        3 => rate().prop_map(Discount::Percent),
        2 => amount().prop_map(|of| Discount::Amount(Minor(of))),
        2 => amount().prop_map(|of| Discount::EachUnit(Minor(of))),
        3 => sets.prop_map(|(buy, get, get_skus, basis_points, sets_max)| {
            Discount::BuyGet(BuyGet { buy, get, get_skus, basis_points, sets_max })
        }),
        1 => rate().prop_map(|basis_points| {
            Discount::Companion(Companion { with: vec![SkuNo(5)], basis_points })
        }),
        1 => rate().prop_map(Discount::ShippingPercent),
        1 => amount().prop_map(|of| Discount::ShippingAmount(Minor(of))),
    ]
}

fn promotions() -> impl Strategy<Value = Promotion> {
    let from = prop_oneof![3 => Just(0), 1 => 0..5_000_i64];
    let fields =
        (discounts(), 0..3_u8, 0..3_u16, skus(3), from, any::<bool>(), prop::bool::weighted(0.25));
    fields.prop_map(|(discount, lane, priority, skus, from, is_best, exclusive)| {
        // A companion is of named items.
        let is_companion = matches!(discount, Discount::Companion(_));
        let skus = if is_companion && skus.is_empty() { vec![SkuNo(0)] } else { skus };
        let stack = if is_best { Stack::Best } else { Stack::All };
        Promotion {
            lane,
            priority,
            skus,
            stack,
            exclusive,
            from: Minor(from),
            ..promotion("p", discount)
        }
    })
}

#[derive(Clone, Debug)]
struct Case {
    lines: Vec<(u32, u32)>,
    book: Book,
}

fn cases() -> impl Strategy<Value = Case> {
    let lines = prop::collection::vec((0..6_u32, 1..7_u32), 1..6);
    let prices =
        prop::collection::vec(prop::sample::select(vec![0_i64, 1, 99, 333, 1_000, 1_999]), 6);
    let steps = prop::collection::vec((0..3_000_i64, 0..900_i64), 0..2);
    let promotions = prop::collection::vec(promotions(), 0..7);
    (lines, prices, promotions, steps).prop_map(|(lines, prices, mut promotions, mut steps)| {
        for (no, promotion) in promotions.iter_mut().enumerate() {
            let id = format!("p{}", (no * 5) % 7);
            promotion.id = crate::model::PromotionId::new("promotion_id", id).unwrap();
        }
        steps.push((0, 490));
        steps.dedup_by_key(|step| step.0);
        Case { lines, book: with_shipping(book(&prices, &promotions), &steps) }
    })
}

fn shipped<'a>() -> Buyer<'a> {
    Buyer { service: Some("standard"), ..buyer() }
}

fn as_naive(priced: &Priced) -> NaivelyPriced {
    let mut sets = Vec::new();
    for of in &priced.sets {
        let units = of
            .parts
            .iter()
            .flat_map(|part| std::iter::repeat_n((part.line, part.is_got), part.units as usize));
        let units: Vec<_> = units.collect();
        assert_eq!(of.first as usize, sets.len());
        sets.extend(std::iter::repeat_n((of.promotion.0, units), of.sets as usize));
    }
    NaivelyPriced {
        nets: priced.lines.iter().map(|line| line.net.0).collect(),
        discounts: priced
            .discounts
            .iter()
            .map(|of| (of.line, of.promotion.0, of.amount.0))
            .collect(),
        sets,
        shipping: priced.shipping.as_ref().map(|shipping| shipping.net.0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 8, ..ProptestConfig::default() })]

    #[test]
    fn an_order_costs_what_a_slow_and_simple_model_says(case in cases()) {
        let basket = basket(&case.lines);
        let priced = price(&basket, &shipped(), &case.book).unwrap();
        prop_assert_eq!(as_naive(&priced), naive(&basket, &shipped(), &case.book));
    }

    #[test]
    fn discounts_sum_up_and_nothing_goes_below_zero(case in cases()) {
        let priced = price(&basket(&case.lines), &shipped(), &case.book).unwrap();
        for line in &priced.lines {
            let off: Minor = priced.discounts_of(line.line).map(|of| of.amount).sum();
            prop_assert_eq!(line.gross - off, line.net);
            prop_assert!(line.net >= Minor::ZERO);
        }
        let shipping = priced.shipping.unwrap();
        let off: Minor = shipping.discounts.iter().map(|(_, amount)| *amount).sum();
        prop_assert!(shipping.net >= Minor::ZERO && shipping.charge - off == shipping.net);
    }

    /// What an order keeps of its price comes to that price, line by line, in prices and on top.
    #[test]
    fn an_order_keeps_what_it_was_priced_at(case in cases(), inclusive: bool, rate in 0..3_000_u32) {
        let book = with_tax(case.book, inclusive, rate);
        let taxed = Buyer { taxes: Taxes::Rates, ..shipped() };
        let priced = price(&basket(&case.lines), &taxed, &book).unwrap();
        let asked = asked(&priced, &book, eur());
        let units: Vec<u32> = case.lines.iter().map(|(_, units)| *units).collect();
        prop_assert_eq!(asked.validate(&units), Ok(()));
        let parts: Vec<_> = (0..).zip(&units).map(|(no, units)| (*units, vec![(no, *units)])).collect();
        let money = asked.priced(&parts, |at| IDS[case.lines[at].0 as usize].into(), Timestamp::default());
        let on_top = |tax: Minor| if inclusive { Minor::ZERO } else { tax };
        for (line, kept) in priced.lines.iter().zip(&money.units) {
            prop_assert_eq!(value_of(&kept.components), line.net + on_top(line.tax));
        }
        let shipping = priced.shipping.unwrap();
        prop_assert_eq!(value_of(&money.shipping), shipping.net + on_top(shipping.tax));
    }

    #[test]
    fn the_order_of_lines_and_of_promotions_does_not_matter(
        (case, lines, promotions) in cases().prop_flat_map(|case| {
            let lines: Vec<_> = (0..case.lines.len()).collect();
            let promotions: Vec<_> = (0..case.book.promotions().len()).collect();
            (Just(case), Just(lines).prop_shuffle(), Just(promotions).prop_shuffle())
        }),
    ) {
        let straight = basket(&case.lines);
        let first = price(&straight, &shipped(), &case.book).unwrap();
        let shuffled: Vec<_> = lines.iter().map(|at| straight[*at]).collect();
        let mut other = Book::default();
        other.set_list(crate::model::PriceListNo(0), case.book.lists()[0].clone());
        other.set_shipping(case.book.shipping().unwrap().clone());
        for (no, at) in (0..).zip(&promotions) {
            other.set_promotion(PromotionNo(no), case.book.promotions()[*at].clone());
        }
        let second = price(&shuffled, &shipped(), &other).unwrap();
        let by_id = |priced: &Priced, book: &Book| {
            let id = |no: PromotionNo| book.promotion(no).unwrap().id.clone();
            let mut discounts: Vec<_> =
                priced.discounts.iter().map(|of| (of.line, id(of.promotion), of.amount)).collect();
            discounts.sort();
            let mut refused: Vec<_> = priced.refused.iter().map(|(no, why)| (id(*no), format!("{why:?}"))).collect();
            refused.sort();
            let mut nets: Vec<_> = priced.lines.iter().map(|line| (line.line, line.net)).collect();
            nets.sort_unstable();
            (discounts, refused, nets, priced.total())
        };
        prop_assert_eq!(by_id(&first, &case.book), by_id(&second, &other));
    }
}
