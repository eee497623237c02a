//! What an order costs, and why.

use smallvec::SmallVec;

use super::condition::Fault;
use crate::model::{Minor, PriceListNo, PromotionNo, UnitPrice};

/// What an order costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Its lines, in the order in which they were given.
    pub lines: SmallVec<[PricedLine; 4]>,
    /// What is taken off them: by place of the line, and then in the order of promotions.
    pub discounts: SmallVec<[LineDiscount; 4]>,
    /// What shipping costs; none where nothing is charged for.
    pub shipping: Option<PricedShipping>,
    /// The sets of units that promotions such as 3 for 2 made.
    pub sets: Vec<SetsMade>,
    /// Whether prices include the tax. Otherwise it comes to them.
    pub tax_inclusive: bool,
    /// Why promotions were not granted.
    pub refused: SmallVec<[(PromotionNo, WhyNot); 2]>,
    /// The coupons that were given and that no promotion has, by their place in the list.
    pub unknown_coupons: SmallVec<[u8; 2]>,
}

/// What a line costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// Its number in the order.
    pub line: u16,
    /// What one unit costs.
    pub unit_price: UnitPrice,
    /// The list that says so.
    pub list: PriceListNo,
    /// What its units cost before discounts.
    pub gross: Minor,
    /// What they cost with discounts. Never below zero.
    pub net: Minor,
    /// The tax on that.
    pub tax: Minor,
    /// The rate of the tax in basis points, where it is by a rate.
    pub tax_rate: Option<u32>,
}

/// What a promotion takes off a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineDiscount {
    /// The line's number in the order.
    pub line: u16,
    /// The promotion.
    pub promotion: PromotionNo,
    /// What it takes off; above zero.
    pub amount: Minor,
}

/// What shipping costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PricedShipping {
    /// Before discounts.
    pub charge: Minor,
    /// What promotions take off, in the order of promotions.
    pub discounts: SmallVec<[(PromotionNo, Minor); 1]>,
    /// With discounts. Never below zero.
    pub net: Minor,
    /// The tax on that.
    pub tax: Minor,
    /// The rate of the tax in basis points, where it is by a rate.
    pub tax_rate: Option<u32>,
}

/// Sets that are alike, which a promotion made one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetsMade {
    /// The promotion.
    pub promotion: PromotionNo,
    /// The number of the first set. Sets of an order are numbered from 0, over all promotions.
    pub first: u32,
    /// How many sets.
    pub sets: u32,
    /// What is in each of them.
    pub parts: SmallVec<[SetPart; 2]>,
}

/// Units of a line in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPart {
    /// The line's number in the order.
    pub line: u16,
    /// How many units, in each set.
    pub units: u32,
    /// Whether they got the discount. Otherwise they are those that were to be bought.
    pub is_got: bool,
}

/// Why a promotion was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It has not begun.
    NotYet,
    /// It is over.
    Over,
    /// It is for another currency.
    Currency,
    /// It is for other channels.
    Channel,
    /// It is for other customer groups.
    Group,
    /// It needs a coupon.
    Coupon,
    /// It was used as often as it may be, in all or by this customer; or it is limited by customer, and
    /// nobody knows who this one is.
    UsedUp,
    /// The order has none of its items.
    Items,
    /// The order has less of them than it is granted from.
    BelowAmount,
    /// Its condition does not hold.
    Condition,
    /// Its condition has no value for this order.
    Fault(Fault),
    /// There are too few units for a set, or none of the items that it is given with.
    Units,
    /// Others of its lane took more off the same lines.
    Outdone,
    /// Its units are those of a promotion that has them for itself, or it is such a one and they
    /// have a discount.
    Exclusive,
    /// Nothing was left to take off.
    Nothing,
}

impl WhyNot {
    /// The reason in words, as it goes on after "because".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "it has not begun",
            Self::Over => "it is over",
            Self::Currency => "it is for another currency",
            Self::Channel => "it is for other channels",
            Self::Group => "it is for other customer groups",
            Self::Coupon => "it needs a coupon",
            Self::UsedUp => "it is used up",
            Self::Items => "the order has none of its items",
            Self::BelowAmount => "the order has less of its items than it is granted from",
            Self::Condition => "its condition does not hold",
            Self::Fault(_) => "its condition has no value for this order",
            Self::Units => "the order has too few units for it",
            Self::Outdone => "others take more off the same lines",
            Self::Exclusive => "it does not go together with another discount",
            Self::Nothing => "nothing was left to take off",
        }
    }
}

/// Why an order has no price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpriced {
    /// No list has a price for these lines, by their numbers.
    NoPrice(SmallVec<[u16; 4]>),
    /// The units of a line cost more than an amount may be.
    TooMuch(u16),
    /// The currency is none that amounts are paid in.
    Currency,
    /// The shipping rates have none for the service and the place.
    NoShippingRate,
    /// There are to be taxes by rates, and the table has none for these lines; for shipping, if
    /// there are none.
    NoTaxRate(SmallVec<[u16; 4]>),
}

impl Priced {
    /// What is taken off a line, in the order of promotions.
    pub fn discounts_of(&self, line: u16) -> impl Iterator<Item = &LineDiscount> {
        self.discounts.iter().filter(move |discount| discount.line == line)
    }

    /// The promotions that were granted, ascending by number.
    pub fn promotions(&self) -> impl Iterator<Item = PromotionNo> {
        let of_lines = self.discounts.iter().map(|discount| discount.promotion);
        let of_shipping =
            self.shipping.iter().flat_map(|of| of.discounts.iter().map(|(no, _)| *no));
        let mut all: SmallVec<[PromotionNo; 8]> = of_lines.chain(of_shipping).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// The amount of the goods, with discounts.
    pub fn goods(&self) -> Minor {
        self.lines.iter().map(|line| line.net).sum()
    }

    /// All taxes.
    pub fn tax(&self) -> Minor {
        let lines: Minor = self.lines.iter().map(|line| line.tax).sum();
        lines + self.shipping.as_ref().map_or(Minor::ZERO, |shipping| shipping.tax)
    }

    /// What is to be paid.
    pub fn total(&self) -> Minor {
        let shipping = self.shipping.as_ref().map_or(Minor::ZERO, |shipping| shipping.net);
        let tax = if self.tax_inclusive { Minor::ZERO } else { self.tax() };
        self.goods() + shipping + tax
    }
}
