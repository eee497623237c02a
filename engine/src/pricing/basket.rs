//! What is priced, and for whom.

use super::zone::Place;
use crate::model::{Currency, Day, Minor, PromotionNo, SkuNo};

/// One line of what is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasketLine<'a> {
    /// Its number in the order, which no other line has.
    pub line: u16,
    /// The item.
    pub sku: SkuNo,
    /// Its id.
    pub id: &'a str,
    /// Its units; at least one.
    pub units: u32,
}

/// What prices depend on, beside the lines.
#[derive(Clone, Copy, Debug)]
pub struct Buyer<'a> {
    /// The currency of the order.
    pub currency: Currency,
    /// The day on which it is ordered, by the customer's calendar.
    pub day: Day,
    /// The channel, if there is one.
    pub channel: Option<&'a str>,
    /// The customer's group, if there is one.
    pub group: Option<&'a str>,
    /// The contract under which it is ordered, if there is one.
    pub contract: Option<&'a str>,
    /// The coupons that were given.
    pub coupons: &'a [&'a str],
    /// The promotions that this customer cannot use any more.
    pub used_up: &'a [PromotionNo],
    /// Where it goes.
    pub place: Place<'a>,
    /// By which service; none where nothing is shipped.
    pub service: Option<&'a str>,
    /// Which taxes there are.
    pub taxes: Taxes<'a>,
    /// Whether it is told of every promotion why it was not granted. Otherwise that is told of
    /// those alone whose coupon was given, and of conditions that went wrong.
    pub tells_all: bool,
}

/// Which taxes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taxes<'a> {
    /// None.
    #[default]
    None,
    /// By the table of rates.
    Rates,
    /// As the caller says.
    Given(GivenTaxes<'a>),
}

/// Taxes as the caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenTaxes<'a> {
    /// Whether prices include them.
    pub inclusive: bool,
    /// Of each line, in the order of the lines: as many as there are.
    pub lines: &'a [Minor],
    /// Of the shipping charge.
    pub shipping: Minor,
}
