//! Why promotions are not granted.

use smallvec::SmallVec;

use super::basket::Buyer;
use super::discount::Discount;
use super::line::Line;
use super::live::Live;
use super::offer::Open;
use super::offers::offer;
use super::priced::WhyNot;
use super::promotion::Promotion;
use crate::model::{CouponCode, PromotionNo, Text};

/// Collects why promotions are not granted, as far as it is to be told.
pub(super) struct Refusals<'a> {
    buyer: &'a Buyer<'a>,
    pub(super) noted: SmallVec<[(PromotionNo, WhyNot); 2]>,
}

impl<'a> Refusals<'a> {
    pub(super) fn new(buyer: &'a Buyer<'a>) -> Self {
        Self { buyer, noted: SmallVec::new() }
    }

    pub(super) fn note(&mut self, live: Live<'_>, why: WhyNot) {
        let is_asked_for = live.promotion.coupon.is_some() && why != WhyNot::Coupon;
        if self.buyer.tells_all || is_asked_for || matches!(why, WhyNot::Fault(_)) {
            self.noted.push((live.no, why));
        }
    }
}

/// Why a promotion is not for this order, whatever it costs.
pub(super) fn why_not_for(
    Live { no, promotion, .. }: Live<'_>,
    buyer: &Buyer<'_>,
    lines: &[Line<'_>],
) -> Option<WhyNot> {
    let names = |list: &[Text], name: Option<&str>| {
        list.is_empty() || list.iter().any(|known| Some(known.as_str()) == name)
    };
    let coupon = promotion.coupon.as_ref().map(CouponCode::as_str);
    let is_given = |code: &str| buyer.coupons.iter().any(|given| given.eq_ignore_ascii_case(code));
    if !coupon.is_none_or(is_given) {
        Some(WhyNot::Coupon)
    } else if promotion.valid.is_over(buyer.day) {
        Some(WhyNot::Over)
    } else if !promotion.valid.has(buyer.day) {
        Some(WhyNot::NotYet)
    } else if promotion.currency.is_some_and(|currency| currency != buyer.currency) {
        Some(WhyNot::Currency)
    } else if !names(&promotion.channels, buyer.channel) {
        Some(WhyNot::Channel)
    } else if !names(&promotion.groups, buyer.group) {
        Some(WhyNot::Group)
    } else if buyer.used_up.contains(&no) {
        Some(WhyNot::UsedUp)
    } else if !lines.iter().any(|line| promotion.is_for(line.of.sku)) {
        Some(WhyNot::Items)
    } else {
        None
    }
}

/// Why a promotion would take nothing off.
pub(super) fn why_nothing(promotion: &Promotion, lines: &[Line<'_>]) -> WhyNot {
    let mut lines = lines.iter().filter(|line| promotion.is_for(line.of.sku));
    match promotion.discount {
        _ if lines.any(|line| line.keeps_from(promotion)) => WhyNot::Exclusive,
        Discount::BuyGet(_) | Discount::Companion(_) => WhyNot::Units,
        _ => WhyNot::Nothing,
    }
}

/// Why a promotion is not the best of any line: as things stand now, it would take something off,
/// or not.
pub(super) fn why_not_best(promotion: &Promotion, lines: &[Line<'_>]) -> WhyNot {
    let offer = offer(promotion, Open { lines, won: &[] });
    if offer.parts.is_empty() { why_nothing(promotion, lines) } else { WhyNot::Outdone }
}
