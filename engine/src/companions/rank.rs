//! Who is suggested, and in which order.

use std::cmp::Reverse;

use super::association::Association;
use super::assortment::Assortment;
use super::learnt::{Learnt, Scored};
use super::score::Counts;
use crate::limits::LEARNT_LINES_MAX;
use crate::model::SkuNo;
use crate::pricing::Categories;

/// An item that may be bought as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Which.
    pub sku: SkuNo,
    /// How much is said for it, by all items of the basket together; 0 where nothing was learnt.
    pub score: i64,
    /// Why it is suggested.
    pub why: Why,
}

/// Why an item is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is said to go with this item.
    Curated(SkuNo),
    /// It is bought with this item, more than with the others of the basket, so often.
    Learnt(SkuNo, Counts),
    /// Nothing better is known: it sells, in the category of this item.
    SellsInCategory(SkuNo),
    /// Nothing better is known: it sells.
    Sells,
}

impl Why {
    /// Whether it is suggested only because nothing better is known.
    pub const fn is_fallback(self) -> bool {
        matches!(self, Self::SellsInCategory(_) | Self::Sells)
    }
}

/// What goes with a basket, the best first: what is said to, then what is bought with it. Of a large basket,
/// the last items are asked: they say most of what it is about. No item of the basket is among them, nor one of the
/// same style, one that may take the place of an item, or one that is not made any more.
pub fn companions<'l>(
    learnt: &Learnt,
    assortment: &'l Assortment,
    basket: &'l [SkuNo],
) -> impl Iterator<Item = Companion> + use<'l> {
    let asked = &basket[basket.len().saturating_sub(LEARNT_LINES_MAX)..];
    let said = curated(assortment, asked);
    let is_said = |sku: SkuNo| said.iter().any(|known| known.sku == sku);
    let mut bought = bought(learnt, asked);
    bought.retain(|of| !is_said(of.sku));
    said.into_iter().chain(bought).filter(move |of| may_be_added(assortment, basket, of.sku))
}

/// What sells, for where nothing goes with the basket: first what is of a category of the basket.
pub fn what_sells<'l>(
    learnt: &'l Learnt,
    (assortment, categories): (&'l Assortment, &'l Categories),
    basket: &'l [SkuNo],
) -> impl Iterator<Item = Companion> {
    let of_category = move |sku: SkuNo| {
        let category = categories.of(sku)?;
        basket.iter().copied().find(|of| categories.of(*of) == Some(category))
    };
    let all = move || {
        let all = learnt.bestsellers().iter().copied();
        all.filter(move |sku| may_be_added(assortment, basket, *sku))
    };
    let first = all().filter_map(move |sku| {
        of_category(sku).map(|of| Companion { sku, score: 0, why: Why::SellsInCategory(of) })
    });
    let rest = all().filter(move |sku| of_category(*sku).is_none());
    first.chain(rest.map(|sku| Companion { sku, score: 0, why: Why::Sells }))
}

/// What is said to go with items, each once.
fn curated(assortment: &Assortment, asked: &[SkuNo]) -> Vec<Companion> {
    let mut all = Vec::<Companion>::new();
    let of = |item: &SkuNo| {
        let why = Why::Curated(*item);
        let all = assortment.associated(*item, Association::Complement);
        all.map(move |sku| Companion { sku, score: 0, why })
    };
    for companion in asked.iter().flat_map(of) {
        if !all.iter().any(|known| known.sku == companion.sku) {
            all.push(companion);
        }
    }
    all
}

/// What is bought with items, by how much all of them say for it.
fn bought(learnt: &Learnt, asked: &[SkuNo]) -> Vec<Companion> {
    let of = |item: &SkuNo| {
        let item = *item;
        learnt.partners_of(item).map(move |scored| (item, scored))
    };
    let mut all: Vec<(SkuNo, Scored)> = asked.iter().flat_map(of).collect();
    // Of one item together, who says most for it first.
    all.sort_unstable_by_key(|(item, of)| (of.sku, Reverse(of.score), *item));
    let mut companions = Vec::<Companion>::with_capacity(all.len());
    for (item, Scored { sku, score, counts }) in all {
        match companions.last_mut().filter(|last| last.sku == sku) {
            Some(known) => known.score = known.score.saturating_add(score),
            None => companions.push(Companion { sku, score, why: Why::Learnt(item, counts) }),
        }
    }
    companions.sort_unstable_by_key(|companion| (Reverse(companion.score), companion.sku));
    companions
}

fn may_be_added(assortment: &Assortment, basket: &[SkuNo], sku: SkuNo) -> bool {
    let takes_its_place = |item: SkuNo| {
        let of_it = assortment.associations_of(item);
        of_it.iter().any(|of| of.sku == sku && of.association != Association::Complement)
    };
    let is_alike = |item: &SkuNo| {
        *item == sku || assortment.are_of_one_style(*item, sku) || takes_its_place(*item)
    };
    !basket.iter().any(is_alike) && !assortment.is_superseded(sku)
}

/// An item that may take the place of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Substitute {
    /// Why it may. The first reason is the best.
    pub why: Instead,
    /// How far the two are apart, by their style; 0 for what is said by hand.
    pub distance: u32,
    /// Its place among those that are said by hand, from 0.
    pub place: u32,
    /// Which.
    pub sku: SkuNo,
}

/// Why an item may take the place of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instead {
    /// It came after it.
    Successor,
    /// It is said to.
    Curated,
    /// It is the same in another size or colour.
    Style,
    /// It is a better one, for more.
    Upgrade,
}

/// What may take the place of an item, the best first. What is as near by its style comes in the order of
/// definition: a caller who knows prices and dates puts those before it.
pub fn substitutes(assortment: &Assortment, of: SkuNo) -> Vec<Substitute> {
    let said = |association, why| {
        let all = assortment.associated(of, association).zip(0..);
        all.map(move |(sku, place)| Substitute { why, distance: 0, place, sku })
    };
    let mut all: Vec<_> = said(Association::Successor, Instead::Successor)
        .chain(said(Association::Substitute, Instead::Curated))
        .chain(of_style(assortment, of))
        .chain(said(Association::Upgrade, Instead::Upgrade))
        .filter(|substitute| substitute.sku != of && !assortment.is_superseded(substitute.sku))
        .collect();
    all.sort_unstable();
    let mut seen = Vec::with_capacity(all.len());
    all.retain(|substitute| {
        let is_new = !seen.contains(&substitute.sku);
        seen.push(substitute.sku);
        is_new
    });
    all
}

fn of_style(assortment: &Assortment, of: SkuNo) -> impl Iterator<Item = Substitute> {
    let style = assortment.style_of(of);
    let known = style.and_then(|style| Some((style, style.variant(of)?)));
    known.into_iter().flat_map(|(style, of)| {
        style.variants.iter().map(|variant| Substitute {
            why: Instead::Style,
            distance: style.distance(of, variant),
            place: 0,
            sku: variant.sku,
        })
    })
}
