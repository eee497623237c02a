//! What a basket would cost.

use std::sync::Arc;

use crate::limits::{COUPONS_PER_ORDER_MAX, LINE_UNITS_MAX, ORDER_LINES_MAX};
use crate::model::check::{bound, finish, in_range, length};
use crate::model::{
    Country, CouponCode, Currency, CustomerId, Day, PostalCode, PromotionNo, Rule, ServiceName,
    Sku, Text, Violation,
};
use crate::pricing::{BasketLine, Buyer, Place, Priced, Taxes, Unpriced, price};
use crate::state::pricing::Pricing;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// A basket, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The currency.
    pub currency: Currency,
    /// The items, with their units.
    pub lines: Vec<(Sku, u32)>,
    /// The day on which it is ordered, by the customer's calendar.
    pub day: Day,
    /// The customer, if he is known.
    pub customer: Option<CustomerId>,
    /// The channel, if there is one.
    pub channel: Option<Text>,
    /// The customer's group, if there is one.
    pub group: Option<Text>,
    /// The contract under which it is ordered, if there is one.
    pub contract: Option<Text>,
    /// The coupons that were given.
    pub coupons: Vec<CouponCode>,
    /// The country where it goes, if it is known.
    pub country: Option<Country>,
    /// The postal code where it goes, if it is known.
    pub postal_code: Option<PostalCode>,
    /// By which service it is shipped; none where nothing is charged for.
    pub service: Option<ServiceName>,
    /// Whether there are taxes by the tax rates.
    pub taxed: bool,
    /// Whether it is told of every promotion why it was not granted.
    pub tells_all: bool,
}

/// What a basket would cost, or why it has no price; and what it was priced by.
#[derive(Clone, Debug)]
pub struct BasketPriced {
    /// The price.
    pub outcome: Result<Priced, Unpriced>,
    /// What it was priced by: it has the lists and promotions that the price names by number.
    pub by: Arc<Pricing>,
}

impl Basket {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "lines".into(), length(&self.lines), 1, bound(ORDER_LINES_MAX));
        for (at, (_, units)) in self.lines.iter().enumerate().take(ORDER_LINES_MAX) {
            let (field, units) = (format!("lines[{at}].units"), i64::from(*units));
            in_range(&mut found, field, units, 1, LINE_UNITS_MAX.into());
        }
        if self.coupons.len() > COUPONS_PER_ORDER_MAX {
            let rule = Rule::TooMany { max: COUPONS_PER_ORDER_MAX };
            found.push(Violation::new("coupons", self.coupons.len(), rule));
        }
        finish(found)
    }
}

/// Prices a basket by what prices are made of now.
///
/// # Errors
/// What is wrong with its fields, and an item that is not defined.
pub fn price_basket(kernel: &Kernel, basket: &Basket) -> Result<BasketPriced, EngineError> {
    basket.validate()?;
    let mut lines = Vec::with_capacity(basket.lines.len());
    for (line, (sku, units)) in (0..).zip(&basket.lines) {
        let no = kernel.state.catalogue.named(sku)?;
        lines.push(BasketLine { line, sku: no, id: sku.as_str(), units: *units });
    }
    let by = kernel.state.pricing.load_full();
    let coupons: Vec<&str> = basket.coupons.iter().map(CouponCode::as_str).collect();
    let used_up = by.used_up(&kernel.state.uses, basket.customer.as_ref());
    let outcome = price(&lines, &buyer(basket, &coupons, &used_up), by.book());
    Ok(BasketPriced { outcome, by })
}

/// For whom a basket is.
pub fn buyer<'b>(
    basket: &'b Basket,
    coupons: &'b [&'b str],
    used_up: &'b [PromotionNo],
) -> Buyer<'b> {
    let postal_code = basket.postal_code.as_ref().map_or("", PostalCode::as_str);
    Buyer {
        currency: basket.currency,
        day: basket.day,
        channel: basket.channel.as_ref().map(Text::as_str),
        group: basket.group.as_ref().map(Text::as_str),
        contract: basket.contract.as_ref().map(Text::as_str),
        coupons,
        used_up,
        place: Place { country: basket.country, postal_code },
        service: basket.service.as_ref().map(ServiceName::as_str),
        taxes: if basket.taxed { Taxes::Rates } else { Taxes::None },
        tells_all: basket.tells_all,
    }
}
