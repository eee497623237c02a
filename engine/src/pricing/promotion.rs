//! Promotions: what they take off, from which orders, and beside which others.

use minicbor::{Decode, Encode};

use super::condition::Condition;
use super::discount::{Discount, all_named};
use super::validity::Validity;
use crate::limits::{
    AMOUNT_MAX, LANE_MAX, PROMOTION_AUDIENCE_MAX, PROMOTION_PRIORITY_MAX, PROMOTION_SKUS_MAX,
    PROMOTION_USES_MAX,
};
use crate::model::check::{finish, in_range};
use crate::model::{CouponCode, Currency, Minor, PromotionId, Rule, SkuNo, Text, Violation};

/// A promotion. It knows items by `S`: by number in the state, by id to callers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Promotion<S = SkuNo> {
    /// The caller's id.
    #[n(0)]
    pub id: PromotionId,
    /// What it is called.
    #[n(1)]
    pub title: Text,
    /// Lanes are gone through in turn, from 0. A promotion counts from what the lanes before its
    /// own left.
    #[n(2)]
    pub lane: u8,
    /// Its turn in the lane: lower ones come first, and of two with the same, that whose id is
    /// first.
    #[n(3)]
    pub priority: u16,
    /// What it takes off.
    #[n(4)]
    pub discount: Discount<S>,
    /// The currency of its amounts. It is needed where it has any, and then it is for orders in
    /// that currency alone.
    #[n(5)]
    pub currency: Option<Currency>,
    /// The items that it is for, by number and none twice; for all, if there are none.
    #[n(6)]
    pub skus: Vec<S>,
    /// From which amount of these items on, after the lanes before. One on shipping: after all
    /// discounts.
    #[n(7)]
    pub from: Minor,
    /// The channels that it is for; for all, if there are none.
    #[n(8)]
    pub channels: Vec<Text>,
    /// The customer groups that it is for; for all customers, if there are none.
    #[n(9)]
    pub groups: Vec<Text>,
    /// The coupon that it needs, if it needs one.
    #[n(10)]
    pub coupon: Option<CouponCode>,
    /// On which days.
    #[n(11)]
    pub valid: Validity,
    /// Beside which others of its lane.
    #[n(12)]
    pub stack: Stack,
    /// Whether it has its units for itself: units that it used get no other discount, and it takes
    /// none that have one.
    #[n(13)]
    pub exclusive: bool,
    /// What becomes of it where an order is changed so that it would not be granted any more.
    #[n(14)]
    pub on_change: OnChange,
    /// What must be so of the order.
    #[n(15)]
    pub condition: Option<Condition>,
    /// How many orders may have it. Orders of which all units are cancelled
    /// do not count.
    #[n(16)]
    pub limit: Option<u32>,
    /// How many orders of one customer may have it. One without a customer has it only without this.
    #[n(17)]
    pub limit_per_customer: Option<u32>,
}

/// How a promotion goes together with others of its lane. Those of other lanes are no matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Stack {
    /// Of all that are like this, a line gets the one that takes most off it.
    #[default]
    #[n(0)]
    Best,
    /// It is granted beside others.
    #[n(1)]
    All,
}

/// What becomes of a promotion where an order is changed so that it would not be granted any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum OnChange {
    /// What was granted for the units that are kept stays.
    #[default]
    #[n(0)]
    Keep,
    /// What was granted is taken back.
    #[n(1)]
    ClawBack,
    /// The units that are kept are priced anew.
    #[n(2)]
    Reprice,
}

impl<S: Ord> Promotion<S> {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "lane".into(), self.lane.into(), 0, LANE_MAX.into());
        let priority = i64::from(self.priority);
        in_range(&mut found, "priority".into(), priority, 0, PROMOTION_PRIORITY_MAX.into());
        in_range(&mut found, "from".into(), self.from.0, 0, AMOUNT_MAX);
        check_list(&mut found, "skus", &self.skus, PROMOTION_SKUS_MAX);
        check_list(&mut found, "channels", &self.channels, PROMOTION_AUDIENCE_MAX);
        check_list(&mut found, "groups", &self.groups, PROMOTION_AUDIENCE_MAX);
        self.valid.check("", &mut found);
        self.discount.check(&self.skus, &mut found);
        for (field, limit) in self.limits() {
            in_range(&mut found, field.into(), limit.into(), 1, PROMOTION_USES_MAX.into());
        }
        self.check_currency(&mut found);
        finish(found)
    }

    /// Whether it may be used only so often.
    pub const fn is_limited(&self) -> bool {
        self.limit.is_some() || self.limit_per_customer.is_some()
    }

    fn limits(&self) -> impl Iterator<Item = (&'static str, u32)> + use<S> {
        let limits = [("limit", self.limit), ("limit_per_customer", self.limit_per_customer)];
        limits.into_iter().filter_map(|(field, limit)| Some((field, limit?)))
    }

    /// Amounts are of a currency, and its minor unit must be known.
    fn check_currency(&self, found: &mut Vec<Violation>) {
        let has_amounts = self.discount.has_amount() || self.from > Minor::ZERO;
        match self.currency {
            None if has_amounts => {
                found.push(Violation::new("currency_code", "", Rule::Required));
            }
            Some(currency) if currency.exponent().is_none() => {
                let rule = Rule::Malformed("is no currency that amounts are paid in".into());
                found.push(Violation::new("currency_code", currency, rule));
            }
            _ => {}
        }
    }

    /// The same with items by another name.
    ///
    /// # Errors
    /// What `name` says of the first item that has none.
    pub fn named<T: Ord, E>(
        self,
        mut name: impl FnMut(S) -> Result<T, E>,
    ) -> Result<Promotion<T>, E> {
        Ok(Promotion {
            id: self.id,
            title: self.title,
            lane: self.lane,
            priority: self.priority,
            discount: self.discount.named(&mut name)?,
            currency: self.currency,
            skus: all_named(self.skus, name)?,
            from: self.from,
            channels: self.channels,
            groups: self.groups,
            coupon: self.coupon,
            valid: self.valid,
            stack: self.stack,
            exclusive: self.exclusive,
            on_change: self.on_change,
            condition: self.condition,
            limit: self.limit,
            limit_per_customer: self.limit_per_customer,
        })
    }
}

impl Promotion {
    /// Whether it is for an item.
    pub fn is_for(&self, sku: SkuNo) -> bool {
        self.skus.is_empty() || self.skus.binary_search(&sku).is_ok()
    }
}

/// Notes a list that is too long, or has something twice. Those of items are in order.
fn check_list<T: PartialEq + Ord>(found: &mut Vec<Violation>, field: &str, list: &[T], max: usize) {
    if list.len() > max {
        found.push(Violation::new(field, list.len(), Rule::TooMany { max }));
        return;
    }
    let mut seen: Vec<&T> = list.iter().collect();
    seen.sort_unstable();
    if seen.windows(2).any(|two| two[0] == two[1]) {
        found.push(Violation::new(field, list.len(), Rule::Duplicate));
    }
}
