//! The same, slow and simple: units one by one, and everything computed anew each time.

use super::super::{BasketLine, Book, BuyGet, Buyer, Discount, Promotion, Stack};
use crate::model::PromotionNo;

/// What an order costs: of each line in the order of the basket what its units cost, and all
/// discounts by line, in turn; the units of each set; and the shipping charge after discounts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NaivelyPriced {
    pub(super) nets: Vec<i64>,
    pub(super) discounts: Vec<(u16, u32, i64)>,
    /// Of each set: the promotion, and its units by line, with whether they got the discount.
    pub(super) sets: Vec<(u32, Vec<(u16, bool)>)>,
    pub(super) shipping: Option<i64>,
}

#[derive(Clone, Default)]
struct Unit {
    kept: bool,
    discounted: bool,
    in_set: bool,
}

#[derive(Clone)]
struct Line<'a> {
    of: BasketLine<'a>,
    at: usize,
    price: i64,
    units: Vec<Unit>,
    net: i64,
    base: i64,
    taken: i64,
    off: i64,
}

/// A discount on one line: its place, units and amount.
type Parts = Vec<(usize, usize, i64)>;

fn half_up(number: i128, by: i128) -> i64 {
    i64::try_from((number * 2 + by).div_euclid(by * 2)).unwrap()
}

impl Line<'_> {
    fn free(&self) -> usize {
        self.units.iter().filter(|unit| !unit.kept).count()
    }

    fn usable(&self, promotion: &Promotion, for_sets: bool) -> usize {
        let is_usable = |unit: &&Unit| {
            let has_other =
                if promotion.exclusive { unit.discounted } else { for_sets && unit.in_set };
            !unit.kept && !has_other
        };
        self.units.iter().filter(is_usable).count()
    }

    fn cost(&self, units: usize) -> i64 {
        if self.free() == 0 {
            return 0;
        }
        i64::try_from(i128::from(self.base) * units as i128 / self.free() as i128).unwrap()
    }
}

fn is_for(skus: &[crate::model::SkuNo], line: &Line<'_>) -> bool {
    skus.is_empty() || skus.contains(&line.of.sku)
}

fn percent(amount: i64, basis_points: u32) -> i64 {
    half_up(i128::from(amount) * i128::from(basis_points), 10_000)
}

struct Naive<'a> {
    lines: Vec<Line<'a>>,
    out: NaivelyPriced,
    discounts: Vec<(usize, usize, (u16, u32, i64))>,
}

struct Candidate {
    parts: Parts,
    sets: Vec<Vec<(usize, bool)>>,
}

impl Candidate {
    fn total(&self) -> i64 {
        self.parts.iter().map(|part| part.2).sum()
    }
}

impl Naive<'_> {
    fn candidate(&self, promotion: &Promotion, won: &[usize]) -> Candidate {
        let mut parts = Vec::new();
        let mut sets = Vec::new();
        let lines = self.lines.iter().enumerate();
        let open: Vec<_> =
            lines.filter(|(at, line)| !won.contains(at) && is_for(&promotion.skus, line)).collect();
        match &promotion.discount {
            Discount::Percent(bp) => {
                for (at, line) in open {
                    let units = line.usable(promotion, false);
                    parts.push((at, units, percent(line.cost(units), *bp)));
                }
            }
            Discount::EachUnit(amount) => {
                for (at, line) in open {
                    let units = line.usable(promotion, false);
                    parts.push((
                        at,
                        units,
                        (amount.0 * i64::try_from(units).unwrap()).min(line.cost(units)),
                    ));
                }
            }
            Discount::Amount(amount) => {
                let weight = |line: &Line<'_>| {
                    line.cost(line.usable(promotion, false)).min(line.base - line.taken)
                };
                let all: i64 = open.iter().map(|(_, line)| weight(line)).sum();
                let amount = amount.0.min(all);
                let (mut upto, mut given) = (0, 0);
                for (at, line) in open {
                    upto += weight(line);
                    let by_now = if all == 0 {
                        0
                    } else {
                        half_up(i128::from(amount) * i128::from(upto), all.into())
                    };
                    parts.push((at, line.usable(promotion, false), by_now - given));
                    given = by_now;
                }
            }
            Discount::Companion(companion) => {
                let with = self.lines.iter().filter(|line| companion.with.contains(&line.of.sku));
                let mut left: usize = with.map(|line| line.units.len()).sum();
                for (at, line) in open {
                    let units = left.min(line.usable(promotion, false));
                    left -= units;
                    parts.push((at, units, percent(line.cost(units), companion.basis_points)));
                }
            }
            Discount::BuyGet(buy_get) => (parts, sets) = self.sets(promotion, buy_get, won),
            Discount::ShippingPercent(_) | Discount::ShippingAmount(_) => {}
        }
        for part in &mut parts {
            part.2 = part.2.min(self.lines[part.0].base - self.lines[part.0].taken);
        }
        if sets.is_empty() {
            parts.retain(|part| part.2 > 0);
        }
        let found = Candidate { parts, sets };
        if found.total() > 0 { found } else { Candidate { parts: Vec::new(), sets: Vec::new() } }
    }

    fn sets(
        &self,
        promotion: &Promotion,
        buy_get: &BuyGet,
        won: &[usize],
    ) -> (Parts, Vec<Vec<(usize, bool)>>) {
        // Units by line, the dearest first.
        let mut pool: Vec<usize> = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            pool.extend(std::iter::repeat_n(at, line.usable(promotion, true)));
        }
        let get_skus =
            if buy_get.get_skus.is_empty() { &promotion.skus } else { &buy_get.get_skus };
        let may_get = |at: usize| !won.contains(&at) && is_for(get_skus, &self.lines[at]);
        let may_buy = |at: usize| is_for(&promotion.skus, &self.lines[at]);
        let buy = |pool: &mut Vec<usize>| -> Option<Vec<(usize, bool)>> {
            (0..buy_get.buy)
                .map(|_| Some((pool.remove(pool.iter().position(|at| may_buy(*at))?), false)))
                .collect()
        };
        let get = |pool: &mut Vec<usize>| -> Option<Vec<(usize, bool)>> {
            (0..buy_get.get)
                .map(|_| Some((pool.remove(pool.iter().rposition(|at| may_get(*at))?), true)))
                .collect()
        };
        let mut sets = Vec::new();
        while sets.len() < buy_get.sets_max as usize {
            let mut rest = pool.clone();
            let mut both = || Some([buy(&mut rest)?, get(&mut rest)?].concat());
            let made = both();
            let made = made.or_else(|| {
                rest = pool.clone();
                let got = get(&mut rest)?;
                Some([buy(&mut rest)?, got].concat())
            });
            let Some(made) = made else { break };
            pool = rest;
            sets.push(made);
        }
        let mut parts = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let used = sets.iter().flatten().filter(|unit| unit.0 == at).count();
            let got = sets.iter().flatten().filter(|unit| **unit == (at, true)).count();
            if used > 0 {
                parts.push((at, used, percent(line.cost(got), buy_get.basis_points)));
            }
        }
        (parts, sets)
    }

    fn grant(
        &mut self,
        no: PromotionNo,
        turn: usize,
        promotion: &Promotion,
        candidate: &Candidate,
    ) {
        for (at, units, amount) in &candidate.parts {
            let line = &mut self.lines[*at];
            line.off += amount;
            if promotion.exclusive {
                line.base -= line.cost(*units);
                let free = line.units.iter_mut().filter(|unit| !unit.kept && !unit.discounted);
                free.take(*units).for_each(|unit| unit.kept = true);
            } else {
                line.taken += amount;
                if !candidate.sets.is_empty() {
                    let rest = line.units.iter_mut().filter(|unit| !unit.kept && !unit.in_set);
                    rest.take(*units).for_each(|unit| unit.in_set = true);
                }
                let rest = line.units.iter_mut().filter(|unit| !unit.kept && !unit.discounted);
                rest.take(*units).for_each(|unit| unit.discounted = true);
            }
            if *amount > 0 {
                self.discounts.push((line.at, turn, (line.of.line, no.0, *amount)));
            }
        }
        for set in &candidate.sets {
            let units = set.iter().map(|(at, got)| (self.lines[*at].of.line, *got)).collect();
            self.out.sets.push((no.0, units));
        }
    }

    fn best_of_line(
        &self,
        all: &[(usize, PromotionNo, &Promotion)],
        at: usize,
    ) -> Option<(usize, Parts)> {
        let mut found: Option<(usize, Parts)> = None;
        for (which, (_, _, promotion)) in all.iter().enumerate() {
            let mut parts = self.candidate(promotion, &[]).parts;
            parts.retain(|part| part.0 == at);
            let is_better =
                |(_, best): &(usize, Parts)| parts.first().is_some_and(|part| part.2 > best[0].2);
            if !parts.is_empty() && found.as_ref().is_none_or(is_better) {
                found = Some((which, parts));
            }
        }
        found
    }

    fn best(&mut self, all: &[(usize, PromotionNo, &Promotion)]) {
        let is_by_line =
            |of: &Promotion| matches!(of.discount, Discount::Percent(_) | Discount::EachUnit(_));
        let by_line: Vec<_> = all.iter().copied().filter(|(.., of)| is_by_line(of)).collect();
        let whole = all.iter().copied().filter(|(.., of)| !is_by_line(of));
        let mut whole: Vec<_> =
            whole.map(|one| (self.candidate(one.2, &[]).total(), one)).collect();
        whole.sort_by_key(|(total, (turn, ..))| (-total, *turn));
        let mut won = Vec::new();
        for (_, (turn, no, promotion)) in whole {
            let candidate = self.candidate(promotion, &won);
            let on: Vec<_> =
                candidate.parts.iter().filter(|part| part.2 > 0).map(|part| part.0).collect();
            let rivals = on.iter().filter_map(|at| self.best_of_line(&by_line, *at));
            let rivals: i64 = rivals.map(|(_, parts)| parts[0].2).sum();
            if candidate.total() > rivals {
                won.extend(on);
                self.grant(no, turn, promotion, &candidate);
            }
        }
        for at in 0..self.lines.len() {
            if let Some((which, parts)) =
                self.best_of_line(&by_line, at).filter(|_| !won.contains(&at))
            {
                let (turn, no, promotion) = by_line[which];
                self.grant(no, turn, promotion, &Candidate { parts, sets: Vec::new() });
            }
        }
    }

    fn reaches(&self, promotion: &Promotion) -> bool {
        let lines = self.lines.iter().filter(|line| is_for(&promotion.skus, line));
        let lines: Vec<_> = lines.map(|line| line.net).collect();
        !lines.is_empty() && lines.iter().sum::<i64>() >= promotion.from.0
    }
}

/// What an order costs whose lines all have a price in the first list.
pub(super) fn naive(basket: &[BasketLine<'_>], buyer: &Buyer<'_>, book: &Book) -> NaivelyPriced {
    let mut lines: Vec<_> =
        basket.iter().enumerate().map(|(at, of)| line(at, of, basket, book)).collect();
    lines.sort_by(|one, other| {
        (-one.price, one.of.id, one.of.line).cmp(&(-other.price, other.of.id, other.of.line))
    });
    let mut promotions: Vec<_> = (0..).map(PromotionNo).zip(book.promotions()).collect();
    promotions.sort_by_key(|(_, of)| (of.lane, of.priority, of.id.as_str().to_owned()));
    let all: Vec<_> =
        promotions.iter().enumerate().map(|(turn, (no, of))| (turn, *no, &***of)).collect();
    let mut naive = Naive { lines, out: NaivelyPriced::default(), discounts: Vec::new() };
    for lane in 0..16 {
        let of_lane =
            all.iter().copied().filter(|(.., of)| of.lane == lane && !of.discount.is_of_shipping());
        let granted: Vec<_> = of_lane.filter(|(.., of)| naive.reaches(of)).collect();
        let (best, _): (Vec<_>, Vec<_>) =
            granted.iter().copied().partition(|(.., of)| of.stack == Stack::Best);
        for (turn, no, promotion) in &granted {
            if promotion.stack == Stack::All {
                let candidate = naive.candidate(promotion, &[]);
                naive.grant(*no, *turn, promotion, &candidate);
            } else if best[0].0 == *turn {
                naive.best(&best);
            }
        }
        for line in &mut naive.lines {
            line.net -= line.off;
            line.base -= line.taken;
            (line.off, line.taken) = (0, 0);
        }
    }
    let goods: i64 = naive.lines.iter().map(|line| line.net).sum();
    naive.out.shipping = shipping(&naive, &all, goods, buyer, book);
    naive.lines.sort_by_key(|line| line.at);
    naive.out.nets = naive.lines.iter().map(|line| line.net).collect();
    naive.discounts.sort_unstable();
    naive.out.discounts = naive.discounts.into_iter().map(|(.., of)| of).collect();
    naive.out
}

fn line<'a>(at: usize, of: &BasketLine<'a>, basket: &[BasketLine<'_>], book: &Book) -> Line<'a> {
    let all: u32 = basket.iter().filter(|other| other.sku == of.sku).map(|other| other.units).sum();
    let rows = book.lists()[0].rows_of(of.sku);
    let row =
        rows.iter().filter(|row| row.min_units <= all).max_by_key(|row| row.min_units).unwrap();
    let net = half_up(i128::from(row.price.0) * i128::from(of.units), 100);
    let units = vec![Unit::default(); of.units as usize];
    Line { of: *of, at, price: row.price.0, units, net, base: net, taken: 0, off: 0 }
}

fn shipping(
    naive: &Naive<'_>,
    all: &[(usize, PromotionNo, &Promotion)],
    goods: i64,
    buyer: &Buyer<'_>,
    book: &Book,
) -> Option<i64> {
    let table = book.shipping()?;
    let charge =
        table.charge(buyer.currency, buyer.service?, &buyer.place, crate::model::Minor(goods))?.0;
    let (mut left, mut kept, mut any) = (charge, false, false);
    for lane in 0..16 {
        let base = left;
        let off = |of: &Promotion, left: i64, kept: bool, any: bool| match &of.discount {
            _ if kept || (of.exclusive && any) => 0,
            Discount::ShippingPercent(bp) => percent(base, *bp).min(left),
            Discount::ShippingAmount(amount) => amount.0.min(left),
            _ => 0,
        };
        let of_lane = all.iter().filter(|(.., of)| of.lane == lane && of.discount.is_of_shipping());
        let of_lane: Vec<_> = of_lane.filter(|(.., of)| naive.reaches(of)).collect();
        let mut had_best = false;
        for (_, _, promotion) in &of_lane {
            let mut one = *promotion;
            if promotion.stack == Stack::Best {
                if std::mem::replace(&mut had_best, true) {
                    continue;
                }
                for (.., other) in of_lane.iter().filter(|(.., of)| of.stack == Stack::Best) {
                    if off(other, left, kept, any) > off(one, left, kept, any) {
                        one = other;
                    }
                }
            }
            let amount = off(one, left, kept, any);
            left -= amount;
            kept |= amount > 0 && one.exclusive;
            any |= amount > 0;
        }
    }
    Some(left)
}
