//! Sets of units: so many to buy, the dearest first, and so many that get something off, the
//! cheapest first.

use smallvec::{SmallVec, smallvec};

use super::discount::BuyGet;
use super::line::Line;
use super::offer::{Offer, Open, Part, SetsOf, Taken};
use super::promotion::Promotion;
use crate::model::Minor;
use crate::model::money::of_basis_points;

/// Units of each line that may still be put into a set.
type Rooms = SmallVec<[u32; 8]>;

/// The sets that a promotion would make, one after the other until there are units for none, or
/// there are as many as it makes at most.
pub(super) fn sets(promotion: &Promotion, buy_get: &BuyGet, open: Open<'_, '_>) -> Offer {
    let lines = open.lines;
    let gets = |at: usize| {
        let skus = if buy_get.get_skus.is_empty() { &promotion.skus } else { &buy_get.get_skus };
        open.has(at) && (skus.is_empty() || skus.binary_search(&lines[at].of.sku).is_ok())
    };
    let buys = |at: usize| promotion.is_for(lines[at].of.sku);
    let mut rooms: Rooms = lines.iter().map(|line| line.set_units_for(promotion)).collect();
    let (mut made, mut left) = (Vec::new(), buy_get.sets_max);
    while left > 0 {
        let Some((buy, get)) = next_set(&rooms, buy_get, &buys, &gets) else { break };
        let sets = repeats(&rooms, &buy, &get).min(left);
        for (at, units) in buy.iter().chain(&get) {
            rooms[*at] -= sets * units;
        }
        left -= sets;
        made.push(SetsOf { sets, buy, get });
    }
    offer_of(buy_get, lines, made)
}

/// The units of the next set. Those to buy are chosen first; where none are left then that may get
/// something off, those are chosen first.
fn next_set(
    rooms: &Rooms,
    buy_get: &BuyGet,
    buys: &impl Fn(usize) -> bool,
    gets: &impl Fn(usize) -> bool,
) -> Option<(Taken, Taken)> {
    let dearest = |rooms: &Rooms| take(rooms, buy_get.buy, (0..rooms.len()).filter(|at| buys(*at)));
    let cheapest =
        |rooms: &Rooms| take(rooms, buy_get.get, (0..rooms.len()).rev().filter(|at| gets(*at)));
    let buy_first = || {
        let (buy, rest) = dearest(rooms)?;
        Some((buy, cheapest(&rest)?.0))
    };
    let get_first = || {
        let (get, rest) = cheapest(rooms)?;
        Some((dearest(&rest)?.0, get))
    };
    buy_first().or_else(get_first)
}

/// So many units of lines, in their order, and the room that is left.
fn take(rooms: &Rooms, units: u32, lines: impl Iterator<Item = usize>) -> Option<(Taken, Rooms)> {
    let (mut taken, mut rest, mut missing) = (Taken::new(), rooms.clone(), units);
    for at in lines {
        let units = missing.min(rest[at]);
        if units > 0 {
            taken.push((at, units));
            rest[at] -= units;
            missing -= units;
        }
        if missing == 0 {
            return Some((taken, rest));
        }
    }
    None
}

/// How often the same set follows: as long as each of its lines has the units for it.
fn repeats(rooms: &Rooms, buy: &Taken, get: &Taken) -> u32 {
    let mut of_a_set: SmallVec<[u32; 8]> = smallvec![0; rooms.len()];
    for (at, units) in buy.iter().chain(get) {
        of_a_set[*at] += units;
    }
    let times = rooms.iter().zip(&of_a_set).filter(|(_, units)| **units > 0);
    times.map(|(room, units)| room / units).min().unwrap_or(1).max(1)
}

/// What the sets take off: nothing off a line is nothing to be recorded.
fn offer_of(buy_get: &BuyGet, lines: &[Line<'_>], sets: Vec<SetsOf>) -> Offer {
    let mut used: SmallVec<[(u32, u32); 8]> = smallvec![(0, 0); lines.len()];
    for of in &sets {
        of.buy.iter().for_each(|(at, units)| used[*at].0 += of.sets * units);
        of.get.iter().for_each(|(at, units)| used[*at].1 += of.sets * units);
    }
    let parts = used.iter().enumerate().filter(|(_, (buy, get))| buy + get > 0);
    let parts = parts.map(|(at, (buy, get))| {
        let off = of_basis_points(lines[at].base_of(*get), buy_get.basis_points);
        Part { at, units: buy + get, amount: off.min(lines[at].left()) }
    });
    let offer = Offer { parts: parts.collect(), sets };
    if offer.total() > Minor::ZERO { offer } else { Offer::default() }
}
