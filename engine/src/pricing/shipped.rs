//! The shipping charge and what promotions take off it.

use smallvec::SmallVec;

use super::basket::Buyer;
use super::book::Book;
use super::condition::Facts;
use super::discount::Discount;
use super::lanes::{Lanes, holds};
use super::live::Live;
use super::priced::{PricedShipping, Unpriced, WhyNot};
use super::promotion::Stack;
use super::refusals::Refusals;
use crate::model::money::of_basis_points;
use crate::model::{Minor, PromotionNo};

/// What a service costs, before discounts. Nothing is charged for where nothing is shipped, and
/// where no rates are defined.
pub(super) fn charge(
    book: &Book,
    buyer: &Buyer<'_>,
    goods: Minor,
) -> Result<Option<PricedShipping>, Unpriced> {
    let (Some(table), Some(service)) = (book.shipping(), buyer.service) else { return Ok(None) };
    let charge = table.charge(buyer.currency, service, &buyer.place, goods);
    let charge = charge.ok_or(Unpriced::NoShippingRate)?;
    Ok(Some(PricedShipping { charge, net: charge, ..PricedShipping::default() }))
}

/// Goes through the lanes of promotions on shipping, which are in turn. The goods have all their
/// discounts.
pub(super) fn discounted(
    shipping: &mut PricedShipping,
    live: &[Live<'_>],
    goods: &Lanes<'_>,
    facts: &Facts<'_>,
    refusals: &mut Refusals<'_>,
) {
    let mut state =
        Charge { base: shipping.net, left: shipping.net, is_kept: false, granted: SmallVec::new() };
    for lane in live.chunk_by(|one, other| one.promotion.lane == other.promotion.lane) {
        let mut granted: SmallVec<[Live<'_>; 4]> = SmallVec::new();
        for live in lane {
            let is_granted =
                goods.reaches(live.promotion).and_then(|()| holds(live.promotion, facts));
            match is_granted {
                Ok(()) => granted.push(*live),
                Err(why) => refusals.note(*live, why),
            }
        }
        state.lane(&granted, refusals);
        state.base = state.left;
    }
    shipping.net = state.left;
    shipping.discounts = state.granted.into_iter().map(|(_, no, amount)| (no, amount)).collect();
}

/// The charge while promotions are gone through: as a line of one unit.
struct Charge {
    /// After the lanes before.
    base: Minor,
    /// After all so far.
    left: Minor,
    /// Whether a promotion has it for itself.
    is_kept: bool,
    granted: SmallVec<[(usize, PromotionNo, Minor); 1]>,
}

impl Charge {
    fn lane(&mut self, lane: &[Live<'_>], refusals: &mut Refusals<'_>) {
        let is_best = |live: &&Live<'_>| live.promotion.stack == Stack::Best;
        let mut best: SmallVec<[Live<'_>; 4]> = lane.iter().filter(is_best).copied().collect();
        for live in lane {
            match live.promotion.stack {
                Stack::All => self.grant(*live, refusals),
                Stack::Best if !best.is_empty() => self.best(&std::mem::take(&mut best), refusals),
                Stack::Best => {}
            }
        }
    }

    fn best(&mut self, of: &[Live<'_>], refusals: &mut Refusals<'_>) {
        let best = of.iter().max_by_key(|live| (self.offer(**live), std::cmp::Reverse(live.turn)));
        let Some(best) = best.copied() else { return };
        for live in of.iter().filter(|live| live.turn != best.turn) {
            let is_outdone = self.offer(*live) > Minor::ZERO;
            refusals
                .note(*live, if is_outdone { WhyNot::Outdone } else { self.why_nothing(*live) });
        }
        self.grant(best, refusals);
    }

    fn offer(&self, live: Live<'_>) -> Minor {
        if self.keeps_from(live) {
            return Minor::ZERO;
        }
        let amount = match live.promotion.discount {
            Discount::ShippingPercent(basis_points) => of_basis_points(self.base, basis_points),
            Discount::ShippingAmount(amount) => amount,
            _ => Minor::ZERO,
        };
        amount.min(self.left)
    }

    fn keeps_from(&self, live: Live<'_>) -> bool {
        self.is_kept || (live.promotion.exclusive && !self.granted.is_empty())
    }

    fn why_nothing(&self, live: Live<'_>) -> WhyNot {
        if self.keeps_from(live) { WhyNot::Exclusive } else { WhyNot::Nothing }
    }

    fn grant(&mut self, live: Live<'_>, refusals: &mut Refusals<'_>) {
        let amount = self.offer(live);
        if amount == Minor::ZERO {
            refusals.note(live, self.why_nothing(live));
            return;
        }
        self.left -= amount;
        self.is_kept |= live.promotion.exclusive;
        self.granted.push((live.turn, live.no, amount));
    }
}
