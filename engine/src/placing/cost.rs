//! What an order comes to that is about to be placed, and the uses of limited promotions that it takes.
//!
//! ```text
//!   lists, promotions --price--> coupons granted? the amount that was told? --> claims of uses
//!          ^                                                                        |
//!          +------ used up meanwhile: priced anew <------ others claim the last ----+
//! ```
//! Uses are claimed before anything else is, all of an order or none. So no command that waits for a use
//! keeps what others wait for.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::basket::{Basket, BasketPriced, price_basket};
use super::costs::{OrderPrices, PricesListed};
use super::places::Places;
use super::request::Lines;
use crate::limits::TRIES_MAX;
use crate::model::{
    CouponCode, CustomerId, Day, Order, OrderId, PostalCode, PricedFor, PricedUnits, PricesAsked,
    PromotionNo, Refusal, ServiceName, Text, Timestamp, UnitPrice, UsesOf, UsesTaken,
};
use crate::planning::Wanted;
use crate::pricing::{self, Priced, Unpriced};
use crate::state::pricing::Pricing;
use crate::state::uses::Standing;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// An order that is to have prices.
pub struct ToPrice<'a> {
    /// Its id.
    pub id: &'a OrderId,
    /// What is ordered.
    pub lines: &'a Lines,
    /// Who orders.
    pub customer: Option<&'a CustomerId>,
    /// Where it comes in.
    pub channel: Option<&'a Text>,
    /// The day on which it is ordered, there where it goes.
    pub day: Day,
    /// Where it goes, if it is shipped.
    pub postal_code: Option<&'a PostalCode>,
    /// How it is shipped, if it is.
    pub service: Option<&'a ServiceName>,
}

/// What an order costs, with the uses of promotions that it claims for that.
pub struct Cost<'k, 'p> {
    asked: Cow<'p, PricesAsked>,
    /// For whom, where they are the engine's.
    by: Option<Box<PricedFor>>,
    used: Vec<PromotionNo>,
    claimed: Vec<UsesOf>,
    claims: Claims<'k>,
}

/// What an order costs that a command places.
///
/// # Errors
/// As [`cost`].
pub async fn of_order<'k, 'p>(
    kernel: &'k Kernel,
    command: &'p impl Places,
    wanted: &Wanted<'_>,
) -> Result<Option<Box<Cost<'k, 'p>>>, EngineError> {
    let request = command.order();
    let Some(prices) = request.prices.as_deref() else { return Ok(None) };
    let network = kernel.state.network.load();
    let is_shipped = request.destination.pickup().is_none();
    let service = &network.policy.services[usize::from(wanted.way.service.0)].name;
    let zone = kernel.postal.zone(wanted.way.place.zone);
    let order = ToPrice {
        id: &request.id,
        lines: &request.lines,
        customer: request.customer.as_ref(),
        channel: request.channel.as_ref(),
        day: zone.local_day(command.ordered_at()),
        postal_code: request.destination.address(),
        service: is_shipped.then_some(service),
    };
    // The future of placing an order has no room for it.
    cost(kernel, &order, prices).await.map(|cost| Some(Box::new(cost)))
}

/// What an order costs.
///
/// # Errors
/// [`Refusal::PriceNotFound`], [`Refusal::CouponNotGranted`], [`Refusal::CouponUsedUp`],
/// [`Refusal::PriceDiffers`], and [`Refusal::Contended`] where others claim the last use again and again.
pub async fn cost<'k, 'p>(
    kernel: &'k Kernel,
    order: &ToPrice<'_>,
    prices: &'p OrderPrices,
) -> Result<Cost<'k, 'p>, EngineError> {
    let listed = match prices {
        OrderPrices::Asked(asked) => {
            let (asked, claims) = (Cow::Borrowed(asked), Claims::new(kernel));
            return Ok(Cost { asked, by: None, used: Vec::new(), claimed: Vec::new(), claims });
        }
        OrderPrices::Listed(listed) => listed,
    };
    let basket = basket(order, listed);
    for _ in 0..TRIES_MAX {
        let BasketPriced { outcome, by } = price_basket(kernel, &basket)?;
        let sku = |line: u16| order.lines.0[usize::from(line)].sku.as_str();
        let priced = outcome.map_err(|why| unpriced(order.id, &why, sku))?;
        judge(order, listed, (&priced, &by))?;
        let used: Vec<PromotionNo> = priced.promotions().filter(|no| by.is_limited(*no)).collect();
        let uses = used.iter().flat_map(|no| UsesOf::of(*no, order.customer));
        let uses: Vec<(UsesOf, u32)> = uses
            .map(|of| by.limit_of(&of).map_or((of.clone(), u32::MAX), |most| (of, most)))
            .collect();
        // Nothing is claimed while others' claims are waited for.
        until_decided(kernel, &uses).await?;
        let mut claims = Claims::new(kernel);
        if uses.iter().all(|(of, most)| claims.a_use(of, *most)) {
            let mut asked = pricing::asked(&priced, by.book(), listed.currency);
            asked.captures = listed.captures;
            asked.payments = listed.payments_of(priced.total());
            let units: Vec<u32> = order.lines.0.iter().map(|line| line.quantity).collect();
            asked.validate(&units)?;
            let claimed = uses.into_iter().map(|(of, _)| of).collect();
            let (asked, by) = (Cow::Owned(asked), Some(Box::new(listed.whom())));
            return Ok(Cost { asked, by, used, claimed, claims });
        }
        // Some were used up, or claimed, meanwhile.
    }
    Err(Refusal::Contended.into())
}

fn basket(order: &ToPrice<'_>, listed: &PricesListed) -> Basket {
    let lines = order.lines.0.iter().map(|line| (line.sku.clone(), line.quantity));
    Basket {
        currency: listed.currency,
        lines: lines.collect(),
        day: order.day,
        customer: order.customer.cloned(),
        channel: order.channel.cloned(),
        group: listed.group.clone(),
        contract: listed.contract.clone(),
        coupons: listed.coupons.clone(),
        country: listed.country,
        postal_code: order.postal_code.cloned(),
        service: order.service.cloned(),
        taxed: listed.taxed,
        tells_all: false,
    }
}

/// Whether each coupon is granted, and it comes to what the customer was told.
fn judge(
    order: &ToPrice<'_>,
    listed: &PricesListed,
    (priced, by): (&Priced, &Pricing),
) -> Result<(), Refusal> {
    for coupon in &listed.coupons {
        coupon_granted(order.id, coupon, (priced, by))?;
    }
    let total = priced.total();
    match listed.expected.filter(|expected| *expected != total) {
        None => Ok(()),
        Some(expected) => Err(Refusal::PriceDiffers {
            order_id: order.id.clone(),
            total: total.0,
            expected: expected.0,
        }),
    }
}

/// A coupon is granted if a promotion is that has it.
fn coupon_granted(
    id: &OrderId,
    coupon: &CouponCode,
    (priced, by): (&Priced, &Pricing),
) -> Result<(), Refusal> {
    let has_it = |no: &PromotionNo| {
        let code = by.book().promotion(*no).and_then(|promotion| promotion.coupon.as_ref());
        code.is_some_and(|code| code.as_str().eq_ignore_ascii_case(coupon.as_str()))
    };
    if priced.promotions().any(|no| has_it(&no)) {
        return Ok(());
    }
    let (order_id, coupon) = (id.clone(), coupon.clone());
    let refused = priced.refused.iter().find(|(no, _)| has_it(no));
    Err(match refused.map(|(_, why)| *why) {
        Some(pricing::WhyNot::UsedUp) => Refusal::CouponUsedUp { order_id, coupon },
        why => {
            let why = why.map_or("no promotion has it", pricing::WhyNot::as_str);
            Refusal::CouponNotGranted { order_id, coupon, why }
        }
    })
}

/// That an order has no price. `sku` is the item of a line that was priced.
pub fn unpriced<'s>(id: &OrderId, why: &Unpriced, sku: impl Fn(u16) -> &'s str) -> Refusal {
    let names = |lines: &[u16]| lines.iter().map(|line| sku(*line)).collect::<Vec<_>>().join(", ");
    let why = match why {
        Unpriced::NoPrice(lines) => format!("no list has a price of {}", names(lines)),
        Unpriced::TooMuch(line) => {
            format!("units of {} cost more than an amount may be", sku(*line))
        }
        Unpriced::Currency => "its currency is none that is paid in".into(),
        Unpriced::NoShippingRate => "no shipping rate is for its service and place".into(),
        Unpriced::NoTaxRate(lines) => format!("no tax rate is for {}", names(lines)),
    };
    Refusal::PriceNotFound { order_id: id.clone(), why }
}

/// Waits until no claim of others stands in the way: each count has room, or one is used up.
async fn until_decided(kernel: &Kernel, uses: &[(UsesOf, u32)]) -> Result<(), EngineError> {
    loop {
        let seen = kernel.look_at_names();
        let standing = uses.iter().map(|(of, most)| kernel.state.uses.standing(of, *most));
        let standing: SmallVec<[Standing; 4]> = standing.collect();
        if standing.contains(&Standing::UsedUp) || !standing.contains(&Standing::InFlight) {
            return Ok(());
        }
        kernel.progress(seen).await?;
    }
}

impl<'k> Cost<'k, '_> {
    /// Has an order cost this, and ask for what is due of that already.
    pub fn put_on(&self, order: &mut Order, lines: &Lines, at: Timestamp) {
        let of_lines = lines_of(self.claims.kernel(), order, lines);
        let mut money = self.asked.priced(&of_lines, |line| lines.0[line].sku.to_string(), at);
        money.uses.clone_from(&self.used);
        money.by.clone_from(&self.by);
        money.units.extend(without_price(order, &money.units));
        money.units.sort_by_key(|of| of.line);
        order.priced(money, at);
    }

    /// The claims of the uses that it takes, if they are those of an order as it came to be; none where it
    /// has others by now. An order that uses nothing needs none.
    pub fn into_claims(self, uses: &UsesTaken) -> Option<Claims<'k>> {
        match uses {
            None => Some(Claims::new(self.claims.kernel())),
            Some(uses) => (**uses == *self.claimed).then_some(self.claims),
        }
    }
}

/// Units that an order goes without from the start, and that cost nothing: a hold becomes an order without
/// those that it waits for.
fn without_price(order: &Order, priced: &[PricedUnits]) -> Vec<PricedUnits> {
    let lines = (0_u16..).zip(&order.lines).filter_map(|(line, of)| {
        let known: u32 = priced.iter().filter(|of| of.line == line).map(|of| of.units).sum();
        let units = of.ordered.saturating_sub(known);
        (units > 0).then(|| PricedUnits {
            line,
            units,
            unit_price: UnitPrice(0),
            components: Vec::new(),
            cancelled: units,
            credited: 0,
        })
    });
    lines.collect()
}

/// Which lines of an order, from 0, each line of its caller is, with its units: of a bundle, those of its
/// components.
fn lines_of(kernel: &Kernel, order: &Order, lines: &Lines) -> Vec<(u32, Vec<(u16, u32)>)> {
    let all = lines.0.iter().map(|line| {
        let sku = kernel.state.catalogue.sku_no(line.sku.as_str()).expect("it was looked up");
        (line.quantity, order.lines_of_item(sku, line.quantity))
    });
    all.collect()
}

#[cfg(test)]
pub(crate) mod tests;
