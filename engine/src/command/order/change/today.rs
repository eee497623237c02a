//! What a change makes of the prices of an order that the engine priced: by lists and promotions as they
//! are.
//!
//! ```text
//!   what it keeps --\
//!   what is added ---+--price, today------------------> what is added has its part of that
//!                    +--price, as on the day it was placed--> promotions that fail by the change: kept, taken
//!                                                             back, or priced anew
//! ```
//! What the order keeps is priced along, so that it counts for quantity breaks and thresholds. What it
//! costs stays as it was allocated, but where a promotion says otherwise.

use super::build::released;
use super::decide::{NewPrice, Sought};
use super::operation::Wanted;
use super::redirect::way;
use crate::model::{
    ComponentKind, CouponCode, Day, LinePrice, Minor, Order, OrderMoney, PostalCode,
    PriceComponent, PricedFor, PromotionId, PromotionNo, Redirect, Refusal, Sku, SkuNo, Text,
    Timestamp,
};
use crate::placing::cost::unpriced;
use crate::pricing::{self, BasketLine, Buyer, OnChange, Place, Priced, Taxes, WhyNot, price};
use crate::state::pricing::Pricing;
use crate::transaction::kernel::Kernel;

/// Has what is added to an order cost what it does at an instant, where nobody said a price, and ends the
/// promotions of what it keeps that it would not get any more. An order whose prices a caller said is left
/// alone.
///
/// # Errors
/// [`Refusal::PriceNotFound`], and an item that is not defined.
pub fn price_changed(
    kernel: &Kernel,
    order: &Order,
    (sought, apart): (&mut Sought, bool),
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(money) = order.money.as_deref() else { return Ok(()) };
    let Some(of) = money.by.as_deref() else { return Ok(()) };
    if sought.releases.is_empty() && sought.more.is_empty() {
        return Ok(());
    }
    let by = kernel.state.pricing.load_full();
    let after = released(order, &sought.releases);
    let basket = Basket::of(kernel, &after, &sought.more)?;
    let price = |basket: &Basket, day| basket.price((order, money, of), (&by, day));
    // What comes instead of units that come back is no change of those that are kept.
    let ends = if apart { Vec::new() } else { with_ends(&after, &by) };
    let ended = if ends.is_empty() {
        Vec::new()
    } else {
        let day = local_day(kernel, order, order.header.ordered_at);
        let before = Basket::of(kernel, order, &[])?;
        // What has no price by now is no reason to refuse a change of what is not priced: nothing ends.
        match (price(&before, day), price(&basket, day)) {
            (Ok(before), Ok(after)) => fallen(ends, (&before, &after)),
            _ => Vec::new(),
        }
    };
    let lacks_price = sought.more.iter().any(|wanted| wanted.price.is_none());
    if !lacks_price && ended.is_empty() {
        return Ok(());
    }
    let is_anew = ended.iter().any(|(_, how, _)| *how == OnChange::Reprice);
    let mut asked = match price(&basket, local_day(kernel, order, at)) {
        Ok(now) => pricing::asked(&now, by.book(), money.currency).lines,
        Err(why) if lacks_price || is_anew => return Err(why),
        // What is taken back needs no price of today: its taxes are on as much more.
        Err(_) => Vec::new(),
    };
    sought.repriced = basket.repriced(&ended, &asked);
    let mut added = asked.split_off(basket.kept.min(asked.len()));
    let kept = after.money.as_deref().unwrap_or(money);
    grant_the_rest(kept, &asked, &mut added, &by);
    for (wanted, price) in sought.more.iter_mut().zip(added) {
        wanted.price.get_or_insert_with(|| Box::new(price));
    }
    Ok(())
}

/// A promotion that is granted once, whatever it is on, takes no more off what is added than is left of it
/// beside what it takes off what the order keeps. `asked` is what that costs today.
fn grant_the_rest(kept: &OrderMoney, asked: &[LinePrice], added: &mut [LinePrice], by: &Pricing) {
    let mut names: Vec<Text> = Vec::new();
    for (name, _) in added.iter().flat_map(|price| &price.discounts) {
        if !names.contains(name) && !is_of_each_line(by, name) {
            names.push(name.clone());
        }
    }
    for name in names {
        let of_name = |price: &LinePrice| -> Minor {
            price.discounts.iter().filter(|(of, _)| *of == name).map(|(_, amount)| *amount).sum()
        };
        let most: Minor = asked.iter().chain(added.iter()).map(of_name).sum();
        let mut left = (most - taken_off(kept, &name)).or_zero();
        for price in added.iter_mut() {
            for (_, amount) in price.discounts.iter_mut().filter(|(of, _)| *of == name) {
                *amount = (*amount).min(left);
                left -= *amount;
            }
            price.discounts.retain(|(_, amount)| *amount > Minor::ZERO);
        }
    }
}

/// Whether a promotion is on each line by itself, whatever the others are.
fn is_of_each_line(by: &Pricing, name: &Text) -> bool {
    let id = PromotionId::new("promotion", name.as_str()).ok();
    let promotion = id.and_then(|id| by.book().promotion(by.promotion_no(&id)?));
    promotion.is_some_and(|promotion| promotion.discount.is_of_each_line())
}

/// What a promotion takes off the units that an order has.
fn taken_off(money: &OrderMoney, name: &Text) -> Minor {
    let is_it = |of: &&PriceComponent| {
        of.kind == ComponentKind::Discount && money.names[usize::from(of.name)] == *name
    };
    let units = money.units.iter();
    let off = units.flat_map(|of| of.components.iter().filter(is_it).map(|part| of.kept_of(part)));
    -off.sum::<Minor>()
}

/// The day there where the order goes.
fn local_day(kernel: &Kernel, order: &Order, at: Timestamp) -> Day {
    let way = way(kernel, &order.header, &Redirect::of(&order.header));
    way.map_or(Day::of(at), |way| kernel.postal.zone(way.place.zone).local_day(at))
}

/// Promotions of what an order keeps that say that they end: the place of what is priced, how they end, and
/// the promotion with the place of its name.
type Ending = (u16, OnChange, (PromotionNo, u16));

fn with_ends(order: &Order, by: &Pricing) -> Vec<Ending> {
    let Some(money) = order.money.as_deref() else { return Vec::new() };
    let mut ends = Vec::new();
    for (place, of) in (0u16..).zip(&money.units).filter(|(_, of)| of.had() > 0) {
        for component in of.components.iter().filter(|of| of.kind == ComponentKind::Discount) {
            let name = &money.names[usize::from(component.name)];
            let id = PromotionId::new("promotion", name.as_str()).ok();
            let no = id.and_then(|id| by.promotion_no(&id));
            let Some((no, promotion)) = no.and_then(|no| Some((no, by.book().promotion(no)?)))
            else {
                continue;
            };
            if promotion.on_change != OnChange::Keep {
                ends.push((place, promotion.on_change, (no, component.name)));
            }
        }
    }
    ends
}

/// Those that the order would not get any more for what the change makes of it. What it lost before stays:
/// units that were cancelled for want of stock, say. That others take more off, or that a promotion is over
/// by now, ends none.
fn fallen(ends: Vec<Ending>, (before, after): (&Priced, &Priced)) -> Vec<Ending> {
    let fails = |priced: &Priced, no: PromotionNo| {
        let why = priced.refused.iter().find(|(of, _)| *of == no).map(|(_, why)| *why);
        matches!(why, Some(WhyNot::Items | WhyNot::BelowAmount | WhyNot::Condition | WhyNot::Units))
    };
    let is_fallen = |of: &Ending| fails(after, of.2.0) && !fails(before, of.2.0);
    ends.into_iter().filter(is_fallen).collect()
}

/// What an order keeps, and what is added: each by itself.
struct Basket {
    lines: Vec<(Sku, SkuNo, u32)>,
    /// Of those that are kept, the place of what is priced; none of bundles.
    places: Vec<Option<u16>>,
    /// How many are kept.
    kept: usize,
}

impl Basket {
    fn of(kernel: &Kernel, order: &Order, more: &[Wanted]) -> Result<Self, Refusal> {
        let sku = |no: SkuNo| kernel.state.catalogue.entry(no).sku().clone();
        let (mut lines, mut places) = (Vec::new(), Vec::new());
        let money = order.money.as_deref();
        let units = (0u16..).zip(money.map_or(&[][..], |money| &money.units));
        for (place, of) in units.filter(|(_, of)| of.had() > 0) {
            if order.bundle_of(of.line).is_none() {
                let no = order.lines[usize::from(of.line)].sku;
                lines.push((sku(no), no, of.had()));
                places.push(Some(place));
            }
        }
        for bundle in &order.bundles {
            let each = order.each_of(bundle, bundle.line);
            let units = order.lines[usize::from(bundle.line)].wanted() / each;
            if units > 0 {
                lines.push((sku(bundle.sku), bundle.sku, units));
                places.push(None);
            }
        }
        let kept = lines.len();
        for wanted in more {
            let no = kernel.state.catalogue.named(&wanted.sku)?;
            lines.push((wanted.sku.clone(), no, wanted.quantity));
        }
        Ok(Self { lines, places, kept })
    }

    /// What all of it comes to on a day. A limited promotion is granted if the order has a use of it: a change
    /// takes none.
    fn price(
        &self,
        (order, money, of): (&Order, &OrderMoney, &PricedFor),
        (by, day): (&Pricing, Day),
    ) -> Result<Priced, Refusal> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for (line, (id, sku, units)) in (0u16..).zip(&self.lines) {
            lines.push(BasketLine { line, sku: *sku, id: id.as_str(), units: *units });
        }
        let coupons: Vec<&str> = of.coupons.iter().map(CouponCode::as_str).collect();
        let others: Vec<PromotionNo> = by.limited().filter(|no| !money.uses.contains(no)).collect();
        let address = order.header.destination.address();
        let postal_code = address.map_or("", PostalCode::as_str);
        let buyer = Buyer {
            currency: money.currency,
            day,
            channel: order.header.channel.as_ref().map(Text::as_str),
            group: of.group.as_ref().map(Text::as_str),
            contract: of.contract.as_ref().map(Text::as_str),
            coupons: &coupons,
            used_up: &others,
            place: Place { country: of.country, postal_code },
            service: None,
            taxes: if of.taxed { Taxes::Rates } else { Taxes::None },
            tells_all: true,
        };
        let outcome = price(&lines, &buyer, by.book());
        let sku = |line: u16| self.lines[usize::from(line)].0.as_str();
        outcome.map_err(|why| unpriced(&order.header.id, &why, sku))
    }

    /// What units cost from now on for which promotions end; `asked` is what all of it costs today. Units of
    /// bundles are not priced anew: what the promotion took off is taken back.
    fn repriced(&self, fallen: &[Ending], asked: &[LinePrice]) -> Vec<(u16, NewPrice)> {
        let mut repriced: Vec<(u16, NewPrice)> = Vec::new();
        for of_place in fallen.chunk_by(|a, b| a.0 == b.0) {
            let place = of_place[0].0;
            let anew = of_place.iter().any(|(_, how, _)| *how == OnChange::Reprice);
            let line = self.places.iter().position(|of| *of == Some(place));
            let today = line.and_then(|line| asked.get(line));
            let new = if let Some(price) = today.filter(|_| anew) {
                NewPrice::Anew(Box::new(price.clone()))
            } else {
                let off = of_place.iter().map(|(_, _, (_, name))| *name).collect();
                NewPrice::Without(off, today.map(|today| today.taxes.clone()))
            };
            repriced.push((place, new));
        }
        repriced
    }
}
