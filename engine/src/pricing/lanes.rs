//! Goes through the lanes of promotions.
//!
//! In a lane, each promotion counts from what the lanes before left, so that the order within it
//! does not matter for amounts. Those that stack are granted in turn. Of the others, a line gets
//! the best: a promotion that goes over several lines as a whole (an amount off the order, sets,
//! companions) is granted where it takes more off its lines than the best of those that go line by
//! line.

use smallvec::{SmallVec, smallvec};

use super::condition::Facts;
use super::line::Lines;
use super::live::Live;
use super::offer::{Offer, Open, Part};
use super::offers::{of_line, offer};
use super::priced::{LineDiscount, SetPart, SetsMade, WhyNot};
use super::promotion::{Promotion, Stack};
use super::refusals::{Refusals, why_not_best, why_nothing};
use crate::model::{Minor, PromotionNo};

/// Goes through the lanes: the lines, and what was granted.
pub(super) struct Lanes<'a> {
    pub(super) lines: Lines<'a>,
    /// By place of the line in the basket and turn of the promotion.
    pub(super) granted: SmallVec<[(usize, usize, LineDiscount); 4]>,
    pub(super) sets: Vec<SetsMade>,
    sets_made: u32,
}

impl<'a> Lanes<'a> {
    pub(super) fn new(lines: Lines<'a>) -> Self {
        Self { lines, granted: SmallVec::new(), sets: Vec::new(), sets_made: 0 }
    }

    /// Goes through all lanes of promotions on goods, which are in turn.
    pub(super) fn run(
        &mut self,
        live: &[Live<'_>],
        facts: &Facts<'_>,
        refusals: &mut Refusals<'_>,
    ) {
        for lane in live.chunk_by(|one, other| one.promotion.lane == other.promotion.lane) {
            let facts = Facts { total: self.total().0, ..*facts };
            let mut granted: SmallVec<[Live<'_>; 8]> = SmallVec::new();
            for live in lane {
                match self.is_granted(live.promotion, &facts) {
                    Ok(()) => granted.push(*live),
                    Err(why) => refusals.note(*live, why),
                }
            }
            self.lane(&granted, refusals);
            self.lines.iter_mut().for_each(super::line::Line::end_lane);
        }
    }

    /// What the goods cost after the lanes so far.
    pub(super) fn total(&self) -> Minor {
        self.lines.iter().map(|line| line.net).sum()
    }

    /// Whether the order is such that a promotion is granted.
    fn is_granted(&self, promotion: &Promotion, facts: &Facts<'_>) -> Result<(), WhyNot> {
        self.reaches(promotion)?;
        holds(promotion, facts)
    }

    /// Whether the order has enough of what a promotion is for.
    pub(super) fn reaches(&self, promotion: &Promotion) -> Result<(), WhyNot> {
        if promotion.from == Minor::ZERO {
            return Ok(());
        }
        let lines = self.lines.iter().filter(|line| promotion.is_for(line.of.sku));
        let amount: Minor = lines.map(|line| line.net).sum();
        if amount < promotion.from { Err(WhyNot::BelowAmount) } else { Ok(()) }
    }

    /// One lane. Those of which a line gets the best have their turn together, when it is that of
    /// the first of them.
    fn lane(&mut self, lane: &[Live<'_>], refusals: &mut Refusals<'_>) {
        let is_best = |live: &&Live<'_>| live.promotion.stack == Stack::Best;
        let mut best: SmallVec<[Live<'_>; 8]> = lane.iter().filter(is_best).copied().collect();
        for live in lane {
            match live.promotion.stack {
                Stack::All => {
                    let offer = offer(live.promotion, self.open(&[]));
                    self.grant_or_note(*live, &offer, refusals);
                }
                Stack::Best if !best.is_empty() => self.best(&std::mem::take(&mut best), refusals),
                Stack::Best => {}
            }
        }
    }

    fn open<'o>(&'o self, won: &'o [bool]) -> Open<'o, 'a> {
        Open { lines: &self.lines, won }
    }

    fn grant_or_note(&mut self, live: Live<'_>, offer: &Offer, refusals: &mut Refusals<'_>) {
        if offer.total() == Minor::ZERO {
            refusals.note(live, why_nothing(live.promotion, &self.lines));
        } else {
            self.grant(live, offer);
        }
    }

    /// Of these, each line gets the one that takes most off it.
    fn best(&mut self, of: &[Live<'_>], refusals: &mut Refusals<'_>) {
        let mut won: SmallVec<[bool; 8]> = smallvec![false; self.lines.len()];
        let (by_line, whole): (SmallVec<[Live<'_>; 8]>, SmallVec<[Live<'_>; 8]>) =
            of.iter().copied().partition(|live| live.promotion.discount.is_of_each_line());
        self.best_wholes(&by_line, &whole, &mut won, refusals);
        let mut has_won: SmallVec<[bool; 8]> = smallvec![false; by_line.len()];
        for at in 0..won.len() {
            if !won[at]
                && let Some((which, part)) = self.best_of_line(&by_line, at)
            {
                has_won[which] = true;
                self.grant(
                    by_line[which],
                    &Offer { parts: [part].into_iter().collect(), sets: Vec::new() },
                );
            }
        }
        for (live, _) in by_line.iter().zip(has_won).filter(|(_, has_won)| !has_won) {
            refusals.note(*live, why_not_best(live.promotion, &self.lines));
        }
    }

    /// Grants those that go over several lines, the largest first, where they take more off them
    /// than those that go line by line.
    fn best_wholes(
        &mut self,
        by_line: &[Live<'_>],
        whole: &[Live<'_>],
        won: &mut [bool],
        refusals: &mut Refusals<'_>,
    ) {
        let offers = whole.iter().map(|live| (*live, offer(live.promotion, self.open(won))));
        let mut offers: SmallVec<[(Live<'_>, Offer); 4]> = offers.collect();
        offers.sort_by_key(|(live, offer)| (std::cmp::Reverse(offer.total()), live.turn));
        for (nth, (live, first)) in offers.into_iter().enumerate() {
            let now = if nth == 0 { first } else { offer(live.promotion, self.open(won)) };
            let rivals = now.parts.iter().filter(|part| part.amount > Minor::ZERO);
            let rivals: Minor = rivals
                .filter_map(|part| self.best_of_line(by_line, part.at))
                .map(|(_, part)| part.amount)
                .sum();
            if now.total() > rivals {
                now.parts.iter().for_each(|part| won[part.at] |= part.amount > Minor::ZERO);
                self.grant(live, &now);
            } else {
                refusals.note(live, why_not_best(live.promotion, &self.lines));
            }
        }
    }

    /// Which of those that go line by line takes most off a line; of two that take the same, the
    /// one whose turn is first.
    fn best_of_line(&self, by_line: &[Live<'_>], at: usize) -> Option<(usize, Part)> {
        let line = &self.lines[at];
        let mut best: Option<(usize, Part)> = None;
        for (which, live) in by_line.iter().enumerate() {
            let is_for = live.promotion.is_for(line.of.sku);
            let Some(part) = is_for.then(|| of_line(live.promotion, at, line)).flatten() else {
                continue;
            };
            if best.is_none_or(|(_, best)| best.amount < part.amount) {
                best = Some((which, part));
            }
        }
        best
    }

    fn grant(&mut self, live: Live<'_>, offer: &Offer) {
        for part in &offer.parts {
            let line = &mut self.lines[part.at];
            if !offer.sets.is_empty() {
                line.put_into_sets(live.promotion, part.units);
            }
            line.take(live.promotion, part.units, part.amount);
            if part.amount > Minor::ZERO {
                let (line, promotion, amount) = (line.of.line, live.no, part.amount);
                let place = self.lines[part.at].at;
                self.granted.push((place, live.turn, LineDiscount { line, promotion, amount }));
            }
        }
        self.note_sets(live.no, offer);
    }

    fn note_sets(&mut self, promotion: PromotionNo, offer: &Offer) {
        for of in &offer.sets {
            let part = |is_got: bool| {
                let lines = &self.lines;
                move |(at, units): &(usize, u32)| SetPart {
                    line: lines[*at].of.line,
                    units: *units,
                    is_got,
                }
            };
            let parts =
                of.buy.iter().map(part(false)).chain(of.get.iter().map(part(true))).collect();
            self.sets.push(SetsMade { promotion, first: self.sets_made, sets: of.sets, parts });
            self.sets_made += of.sets;
        }
    }
}

/// Whether the condition of a promotion holds, if it has one.
pub(super) fn holds(promotion: &Promotion, facts: &Facts<'_>) -> Result<(), WhyNot> {
    match promotion.condition.as_ref().map(|condition| condition.holds(facts)) {
        None | Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(WhyNot::Condition),
        Some(Err(fault)) => Err(WhyNot::Fault(fault)),
    }
}
