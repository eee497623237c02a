//! From a basket to what it costs.

use smallvec::SmallVec;

use super::basket::{BasketLine, Buyer, Taxes};
use super::book::Book;
use super::condition::Facts;
use super::lanes::Lanes;
use super::line::{Line, Lines};
use super::live::Live;
use super::priced::{Priced, PricedLine, PricedShipping, Unpriced};
use super::refusals::{Refusals, why_not_for};
use super::shipped;
use crate::limits::AMOUNT_MAX;
use crate::model::Country;
use crate::model::{Minor, SkuNo, Text};

/// What an order costs. The same lines in another order cost the same, and so do the same
/// promotions and lists.
///
/// # Errors
/// Where a line has no price, or its units cost more than an amount may be; where there is no rate
/// for shipping or tax.
pub fn price(
    basket: &[BasketLine<'_>],
    buyer: &Buyer<'_>,
    book: &Book,
) -> Result<Priced, Unpriced> {
    let mut refusals = Refusals::new(buyer);
    let lines = lines(basket, buyer, book)?;
    let live = live(&lines, buyer, book, &mut refusals);
    let (of_shipping, of_goods): (Lives<'_>, Lives<'_>) =
        live.iter().copied().partition(|live| live.promotion.discount.is_of_shipping());
    let skus = skus(basket, &live);
    let facts = facts(basket, buyer, &skus);
    let mut lanes = Lanes::new(lines);
    lanes.run(&of_goods, &facts, &mut refusals);
    let goods = lanes.total();
    let mut shipping = shipped::charge(book, buyer, goods)?;
    if let Some(shipping) = &mut shipping {
        let facts = Facts { total: goods.0, ..facts };
        shipped::discounted(shipping, &of_shipping, &lanes, &facts, &mut refusals);
    }
    let mut priced = priced(lanes, shipping);
    priced.refused = refusals.noted;
    priced.unknown_coupons = unknown_coupons(buyer, book);
    taxed(&mut priced, basket, buyer, book)?;
    Ok(priced)
}

type Lives<'a> = SmallVec<[Live<'a>; 8]>;

/// The lines with their prices: the dearest unit first, then by item, then by number.
fn lines<'a>(
    basket: &[BasketLine<'a>],
    buyer: &Buyer<'_>,
    book: &Book,
) -> Result<Lines<'a>, Unpriced> {
    let units = units_by_sku(basket);
    let lists = book.lists_for(buyer.currency, [buyer.contract, buyer.group, buyer.channel]);
    let (mut lines, mut without) = (Lines::new(), SmallVec::new());
    for (at, line) in basket.iter().enumerate() {
        let all =
            units.binary_search_by_key(&line.sku, |(sku, _)| *sku).map_or(0, |at| units[at].1);
        let Some((list, unit_price)) = book.unit_price(&lists, line.sku, all, buyer.day) else {
            without.push(line.line);
            continue;
        };
        let gross = unit_price.times(line.units, buyer.currency).ok_or(Unpriced::Currency)?;
        if gross.0 > AMOUNT_MAX {
            return Err(Unpriced::TooMuch(line.line));
        }
        lines.push(Line::new(at, *line, (list, unit_price, gross)));
    }
    if !without.is_empty() {
        return Err(Unpriced::NoPrice(without));
    }
    let key = |line: &Line<'a>| (std::cmp::Reverse(line.unit_price), line.of.id, line.of.line);
    lines.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
    Ok(lines)
}

/// The units of each item over all lines, by number of the item.
fn units_by_sku(basket: &[BasketLine<'_>]) -> SmallVec<[(SkuNo, u32); 8]> {
    let mut units: SmallVec<[(SkuNo, u32); 8]> =
        basket.iter().map(|line| (line.sku, line.units)).collect();
    units.sort_unstable();
    units.dedup_by(|next, first| {
        let is_same = next.0 == first.0;
        first.1 += if is_same { next.1 } else { 0 };
        is_same
    });
    units
}

/// The promotions that may be for this order, in turn.
fn live<'b>(
    lines: &[Line<'_>],
    buyer: &Buyer<'_>,
    book: &'b Book,
    refusals: &mut Refusals<'_>,
) -> Lives<'b> {
    let mut live = Lives::new();
    for (turn, (no, promotion)) in book.in_turn().enumerate() {
        let one = Live { no, turn, promotion };
        match why_not_for(one, buyer, lines) {
            Some(why) => refusals.note(one, why),
            None => live.push(one),
        }
    }
    live
}

/// The items by their ids, if a condition asks for them.
fn skus<'a>(basket: &[BasketLine<'a>], live: &[Live<'_>]) -> SmallVec<[&'a str; 8]> {
    let asks = live.iter().any(|live| live.promotion.condition.is_some());
    if asks { basket.iter().map(|line| line.id).collect() } else { SmallVec::new() }
}

fn facts<'a>(basket: &[BasketLine<'_>], buyer: &'a Buyer<'_>, skus: &'a [&'a str]) -> Facts<'a> {
    Facts {
        total: 0,
        quantity: basket.iter().map(|line| i64::from(line.units)).sum(),
        channel: buyer.channel.unwrap_or_default(),
        group: buyer.group.unwrap_or_default(),
        currency: buyer.currency.as_str(),
        country: buyer.place.country.as_ref().map_or("", Country::as_str),
        postal_code: buyer.place.postal_code,
        service: buyer.service.unwrap_or_default(),
        skus,
    }
}

/// What was found, in the order of the basket.
fn priced(lanes: Lanes<'_>, shipping: Option<PricedShipping>) -> Priced {
    let Lanes { mut lines, mut granted, sets, .. } = lanes;
    lines.sort_unstable_by_key(|line| line.at);
    granted.sort_unstable_by_key(|(at, turn, _)| (*at, *turn));
    let line = |line: &Line<'_>| PricedLine {
        line: line.of.line,
        unit_price: line.unit_price,
        list: line.list,
        gross: line.gross,
        net: line.net,
        tax: Minor::ZERO,
        tax_rate: None,
    };
    Priced {
        lines: lines.iter().map(line).collect(),
        discounts: granted.into_iter().map(|(.., discount)| discount).collect(),
        shipping,
        sets,
        tax_inclusive: false,
        refused: SmallVec::new(),
        unknown_coupons: SmallVec::new(),
    }
}

fn unknown_coupons(buyer: &Buyer<'_>, book: &Book) -> SmallVec<[u8; 2]> {
    let is_known = |given: &str| {
        let codes = book.promotions().iter().filter_map(|promotion| promotion.coupon.as_ref());
        codes.into_iter().any(|code| code.as_str().eq_ignore_ascii_case(given))
    };
    let coupons = (0_u8..).zip(buyer.coupons);
    coupons.filter(|(_, given)| !is_known(given)).map(|(at, _)| at).collect()
}

/// Puts the taxes to what was found.
fn taxed(
    priced: &mut Priced,
    basket: &[BasketLine<'_>],
    buyer: &Buyer<'_>,
    book: &Book,
) -> Result<(), Unpriced> {
    match buyer.taxes {
        Taxes::None => {}
        Taxes::Given(given) => {
            priced.tax_inclusive = given.inclusive;
            for (line, tax) in priced.lines.iter_mut().zip(given.lines) {
                line.tax = *tax;
            }
            if let Some(shipping) = &mut priced.shipping {
                shipping.tax = given.shipping;
            }
        }
        Taxes::Rates => return by_rates(priced, basket, buyer, book),
    }
    Ok(())
}

fn by_rates(
    priced: &mut Priced,
    basket: &[BasketLine<'_>],
    buyer: &Buyer<'_>,
    book: &Book,
) -> Result<(), Unpriced> {
    let Some(table) = book.taxes() else { return Err(Unpriced::NoTaxRate(SmallVec::new())) };
    priced.tax_inclusive = table.rates().inclusive;
    let mut without = SmallVec::new();
    for (line, of) in priced.lines.iter_mut().zip(basket) {
        let category = book.categories().of(of.sku).map(Text::as_str);
        line.tax_rate = table.rate(category, &buyer.place);
        match line.tax_rate {
            Some(rate) => line.tax = table.tax(line.net, rate),
            None => without.push(line.line),
        }
    }
    if !without.is_empty() {
        return Err(Unpriced::NoTaxRate(without));
    }
    if let Some(shipping) = &mut priced.shipping {
        let category = table.rates().shipping_category.as_ref().map(Text::as_str);
        let rate = table
            .rate(category, &buyer.place)
            .ok_or_else(|| Unpriced::NoTaxRate(SmallVec::new()))?;
        shipping.tax_rate = Some(rate);
        shipping.tax = table.tax(shipping.net, rate);
    }
    Ok(())
}
