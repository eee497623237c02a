//! Rules and complaints, each by name.

use super::super::{
    Associated, Association, Assortment, Attribute, Epoch, Instead, Learnt, Style, StyleValue,
    Variant, Why, companions, substitutes, what_sells,
};
use crate::model::{SkuNo, StyleId, StyleNo, Text, Violation};
use crate::pricing::Categories;

const NOW: Epoch = Epoch(742);
const BLOUSE: SkuNo = SkuNo(0);
const SCARF: SkuNo = SkuNo(1);
const BAG: SkuNo = SkuNo(2);
const SOCKS: SkuNo = SkuNo(3);
const NAVY: SkuNo = SkuNo(4);
const GREEN: SkuNo = SkuNo(5);

/// A shop: the scarf is bought with the blouse, the bag with anything.
fn shop() -> Learnt {
    let mut learnt = Learnt::default();
    for no in 0..400 {
        match no % 8 {
            0 | 1 => learnt.place(&[BLOUSE, SCARF], NOW),
            2 => learnt.place(&[BLOUSE, BAG], NOW),
            3 => learnt.place(&[NAVY, SCARF], NOW),
            4 => learnt.place(&[BAG, SOCKS], NOW),
            _ => learnt.place(&[BAG], NOW),
        }
    }
    learnt
}

fn text(value: &str) -> Text {
    Text::new("value", value).unwrap()
}

fn value(value: &str, family: &str) -> StyleValue {
    StyleValue { value: text(value), family: (!family.is_empty()).then(|| text(family)) }
}

fn style(variants: &[(SkuNo, &str, &str, &str)]) -> Style {
    let attribute = |name, weight| Attribute { name: text(name), weight };
    let variants = variants.iter().map(|(sku, size, colour, family)| Variant {
        sku: *sku,
        values: vec![value(size, ""), value(colour, family)],
    });
    Style {
        id: StyleId::new("style_id", "blouse").unwrap(),
        attributes: vec![attribute("size", 100), attribute("colour", 10)],
        variants: variants.collect(),
    }
}

fn blouses() -> Assortment {
    let mut assortment = Assortment::default();
    let variants =
        [(BLOUSE, "M", "red", "red"), (NAVY, "M", "navy", "blue"), (GREEN, "M", "green", "green")];
    assortment.set_style(StyleNo(0), style(&variants));
    assortment
}

fn listed(learnt: &Learnt, assortment: &Assortment, basket: &[SkuNo]) -> Vec<SkuNo> {
    companions(learnt, assortment, basket).map(|of| of.sku).collect()
}

#[test]
fn the_scarf_goes_with_the_blouse_and_what_everybody_buys_does_not() {
    let (learnt, none) = (shop(), Assortment::default());
    let all: Vec<_> = companions(&learnt, &none, &[BLOUSE]).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let Why::Learnt(BLOUSE, counts) = all[0].why else { panic!("{all:?}") };
    assert_eq!(all[0].sku, SCARF);
    assert_eq!([counts.together, counts.one, counts.other].map(|of| of / 16), [100, 150, 150]);
}

#[test]
fn neither_what_is_in_the_basket_nor_its_style_is_a_companion() {
    let learnt = shop();
    assert_eq!(listed(&learnt, &Assortment::default(), &[SCARF]), [BLOUSE, NAVY]);
    assert_eq!(listed(&learnt, &Assortment::default(), &[SCARF, BLOUSE]), [NAVY]);
    assert_eq!(listed(&learnt, &blouses(), &[SCARF, BLOUSE]), []);
}

/// A store's order of 500 lines made everything a companion of everything.
#[test]
fn a_bulk_order_changes_nothing() {
    let mut learnt = shop();
    let all: Vec<_> = (0..500).map(SkuNo).collect();
    learnt.place(&all, NOW);
    assert!(learnt == shop());
    learnt.place(&all[..17], NOW);
    assert!(learnt == shop());
    learnt.take_back(&all, (NOW, NOW));
    assert!(learnt == shop());
    learnt.place(&all[..16], NOW);
    assert!(learnt != shop());
}

#[test]
fn an_order_that_is_cancelled_is_forgotten_and_no_count_goes_below_zero() {
    let mut learnt = shop();
    learnt.place(&[BLOUSE, SOCKS], NOW);
    learnt.take_back(&[BLOUSE, SOCKS], (NOW, NOW));
    assert_eq!(learnt.together(BLOUSE, SOCKS), 0);
    assert_eq!(learnt.orders_of(BLOUSE), shop().orders_of(BLOUSE));
    for _ in 0..500 {
        learnt.take_back(&[BLOUSE, SCARF], (NOW, NOW));
    }
    assert_eq!((learnt.orders_of(BLOUSE), learnt.together(BLOUSE, SCARF)), (0, 0));
    assert_eq!(listed(&learnt, &Assortment::default(), &[BLOUSE]), []);
    // One of an earlier epoch counts half by now.
    let mut later = shop();
    later.take_back(&[BLOUSE, SCARF], (NOW, Epoch(NOW.0 + 1)));
    assert_eq!(later.together(BLOUSE, SCARF), 100 * 16 / 2 - 8);
}

#[test]
fn what_nobody_buys_any_more_is_forgotten_in_time() {
    let mut learnt = shop();
    learnt.place(&[SOCKS], Epoch(NOW.0 + 2));
    assert_eq!(listed(&learnt, &Assortment::default(), &[BLOUSE]), [SCARF]);
    learnt.place(&[SOCKS], Epoch(NOW.0 + 8));
    assert_eq!(listed(&learnt, &Assortment::default(), &[BLOUSE]), []);
    // Clocks that go back make nothing younger.
    learnt.place(&[SOCKS], NOW);
    assert_eq!(learnt.tally().epoch, Epoch(NOW.0 + 8));
}

/// The partner that is met most stays, whatever else comes by once.
#[test]
fn a_frequent_partner_is_never_lost() {
    let mut learnt = Learnt::default();
    for no in 0..3_000 {
        learnt.place(&[BLOUSE, SkuNo(100 + no)], NOW);
        learnt.place(&[SOCKS], NOW);
        if no % 10 == 0 {
            learnt.place(&[BLOUSE, SCARF], NOW);
        }
    }
    assert!(learnt.together(BLOUSE, SCARF) >= 300 * 16);
    // Those that took places of others count for no more than they were bought.
    assert_eq!(listed(&learnt, &Assortment::default(), &[BLOUSE]), [SCARF]);
}

#[test]
fn counts_stay_in_their_sixteen_bits_and_keep_their_proportions() {
    let mut learnt = Learnt::default();
    for no in 0..20_000 {
        learnt.place(&[BLOUSE, SCARF], NOW);
        if no % 4 == 0 {
            learnt.place(&[BLOUSE, BAG], NOW);
        }
    }
    assert_eq!(learnt.orders_of(BLOUSE), 25_000 * 16);
    let [scarf, bag] = [SCARF, BAG].map(|of| learnt.together(BLOUSE, of) / 16);
    assert!((19_990..=20_000).contains(&scarf), "{scarf}");
    assert!((4_980..=5_000).contains(&bag), "{bag}");
    for _ in 0..200_000 {
        learnt.place(&[BLOUSE, SCARF], NOW);
    }
    // A list that is full gets older instead.
    assert!(learnt.together(BLOUSE, SCARF) <= 60_000 * 16);
    assert_eq!(listed(&learnt, &Assortment::default(), &[BLOUSE]).first(), None);
}

/// vtex-apps/store-discussion#664: the widget was empty where nothing was known.
#[test]
fn where_nothing_goes_with_it_what_sells_is_told_as_such() {
    let (learnt, none) = (shop(), Assortment::default());
    let unknown = SkuNo(9_999);
    assert_eq!(listed(&learnt, &none, &[unknown]), []);
    let mut categories = Categories::default();
    categories.set(unknown, Some(&text("accessories")));
    categories.set(SCARF, Some(&text("accessories")));
    let all: Vec<_> = what_sells(&learnt, (&none, &categories), &[unknown]).collect();
    let skus: Vec<_> = all.iter().map(|of| of.sku).collect();
    assert_eq!(skus, [SCARF, BAG, BLOUSE, SOCKS, NAVY]);
    assert_eq!(all[0].why, Why::SellsInCategory(unknown));
    assert_eq!(all[1].why, Why::Sells);
    assert!(all.iter().all(|of| of.why.is_fallback()));
    let nothing = Learnt::default();
    assert_eq!(what_sells(&nothing, (&none, &categories), &[unknown]).count(), 0);
}

#[test]
fn what_a_merchandiser_says_comes_first() {
    let mut assortment = blouses();
    let of = |association, sku| Associated { association, sku };
    assortment.set_associations(
        BLOUSE,
        vec![of(Association::Complement, SOCKS), of(Association::Complement, SCARF)],
    );
    let all: Vec<_> = companions(&shop(), &assortment, &[BLOUSE]).collect();
    let all: Vec<_> = all.iter().map(|of| (of.sku, of.why)).collect();
    assert_eq!(all, [(SOCKS, Why::Curated(BLOUSE)), (SCARF, Why::Curated(BLOUSE))]);
    // What takes the place of an item does not go with it, and what is not made any more with nothing.
    assortment.set_associations(BLOUSE, vec![of(Association::Upgrade, SCARF)]);
    assert_eq!(listed(&shop(), &assortment, &[BLOUSE]), []);
    assortment.set_associations(BLOUSE, vec![]);
    assortment.set_associations(SCARF, vec![of(Association::Successor, BAG)]);
    assert_eq!(listed(&shop(), &assortment, &[BLOUSE]), []);
}

#[test]
fn substitutes_are_first_what_came_after_it_then_what_is_said_then_the_nearest_of_its_style() {
    let mut assortment = Assortment::default();
    let [small, large, sky, better, newer, other] = [10, 11, 12, 13, 14, 15].map(SkuNo);
    let variants = [
        (BLOUSE, "M", "royal", "blue"),
        (small, "S", "royal", "blue"),
        (GREEN, "M", "green", "green"),
        (sky, "M", "sky", "blue"),
        (large, "L", "sky", "blue"),
    ];
    assortment.set_style(StyleNo(0), style(&variants));
    let of = |association, sku| Associated { association, sku };
    let associated = vec![
        of(Association::Upgrade, better),
        of(Association::Substitute, other),
        of(Association::Successor, newer),
        of(Association::Complement, SCARF),
    ];
    assortment.set_associations(BLOUSE, associated);
    let all = substitutes(&assortment, BLOUSE);
    let all: Vec<_> = all.iter().map(|of| (of.sku, of.why, of.distance)).collect();
    assert_eq!(
        all,
        [
            (newer, Instead::Successor, 0),
            (other, Instead::Curated, 0),
            (sky, Instead::Style, 10),
            (GREEN, Instead::Style, 20),
            (small, Instead::Style, 200),
            (large, Instead::Style, 210),
            (better, Instead::Upgrade, 0),
        ]
    );
}

#[test]
fn an_item_that_left_its_style_is_of_none() {
    let mut assortment = blouses();
    assert!(assortment.are_of_one_style(BLOUSE, GREEN));
    assortment.set_style(StyleNo(0), style(&[(BLOUSE, "M", "red", "red")]));
    assert!(!assortment.are_of_one_style(BLOUSE, GREEN));
    assert_eq!(
        (assortment.style_no_of(GREEN), assortment.style_no_of(BLOUSE)),
        (None, Some(StyleNo(0)))
    );
    assert_eq!(substitutes(&assortment, BLOUSE), []);
}

#[test]
fn all_that_is_wrong_with_a_style_is_told() {
    let wrong = |change: fn(&mut Style<u32>)| {
        let name = |sku: &SkuNo| Ok::<_, ()>(sku.0);
        let mut of = style(&[(BLOUSE, "M", "red", "")]).named(name).unwrap();
        change(&mut of);
        let mut found = Vec::new();
        of.check(&mut found, "styles[0]");
        found.into_iter().map(|Violation { field, .. }| field).collect::<Vec<_>>()
    };
    assert!(wrong(|_| ()).is_empty());
    assert!(wrong(|of| of.variants.clear()).is_empty());
    let unnamed = |of: &mut Style<u32>| of.attributes[0].name = Text::default();
    assert_eq!(wrong(unnamed), ["styles[0].attributes[0].name"]);
    let twice = |of: &mut Style<u32>| of.attributes[1].name = of.attributes[0].name.clone();
    assert_eq!(wrong(twice), ["styles[0].attributes[1].name"]);
    assert_eq!(wrong(|of| of.attributes[1].weight = 0), ["styles[0].attributes[1].weight"]);
    assert_eq!(wrong(|of| of.attributes[1].weight = 1_001), ["styles[0].attributes[1].weight"]);
    let short = |of: &mut Style<u32>| drop(of.variants[0].values.pop());
    assert_eq!(wrong(short), ["styles[0].variants[0].values"]);
    let empty = |of: &mut Style<u32>| of.variants[0].values[1].value = Text::default();
    assert_eq!(wrong(empty), ["styles[0].variants[0].values[1].value"]);
    let many = |of: &mut Style<u32>| {
        let variant = of.variants[0].clone();
        of.variants.resize(513, variant);
        let attribute = of.attributes[0].clone();
        of.attributes.resize(7, attribute);
    };
    assert_eq!(wrong(many), ["styles[0].attributes", "styles[0].variants"]);
}
