//! What each kind of promotion would take off, as things stand.

use smallvec::SmallVec;

use super::discount::{Companion, Discount};
use super::line::Line;
use super::offer::{Offer, Open, Part};
use super::promotion::Promotion;
use super::sets::sets;
use crate::model::Minor;
use crate::model::money::{apportion, of_basis_points};

/// What a promotion on goods would take off.
pub(super) fn offer(promotion: &Promotion, open: Open<'_, '_>) -> Offer {
    match &promotion.discount {
        Discount::Percent(_) | Discount::EachUnit(_) => {
            let lines = open.lines_for(promotion);
            let parts = lines.filter_map(|(at, line)| of_line(promotion, at, line));
            Offer { parts: parts.collect(), sets: Vec::new() }
        }
        Discount::Amount(amount) => shared(promotion, *amount, open),
        Discount::BuyGet(buy_get) => sets(promotion, buy_get, open),
        Discount::Companion(companion) => beside(promotion, companion, open),
        Discount::ShippingPercent(_) | Discount::ShippingAmount(_) => Offer::default(),
    }
}

/// What a promotion on each line would take off one.
pub(super) fn of_line(promotion: &Promotion, at: usize, line: &Line<'_>) -> Option<Part> {
    let units = line.units_for(promotion);
    let base = line.base_of(units);
    let amount = match promotion.discount {
        Discount::Percent(basis_points) => of_basis_points(base, basis_points),
        Discount::EachUnit(amount) => Minor(amount.0.saturating_mul(units.into())).min(base),
        _ => Minor::ZERO,
    };
    part(at, line, units, amount)
}

/// Something off some units of a line, if anything is left of them.
fn part(at: usize, line: &Line<'_>, units: u32, amount: Minor) -> Option<Part> {
    let amount = amount.min(line.left());
    (amount > Minor::ZERO).then_some(Part { at, units, amount })
}

/// An amount, shared by what the lines cost.
fn shared(promotion: &Promotion, amount: Minor, open: Open<'_, '_>) -> Offer {
    let weight = |line: &Line<'_>| line.base_of(line.units_for(promotion)).min(line.left());
    let weights: SmallVec<[Minor; 8]> =
        open.lines_for(promotion).map(|(_, line)| weight(line)).collect();
    let all: Minor = weights.iter().copied().sum();
    let shares = apportion(amount.min(all), weights.iter().copied());
    let parts = open
        .lines_for(promotion)
        .zip(shares)
        .filter_map(|((at, line), share)| part(at, line, line.units_for(promotion), share));
    Offer { parts: parts.collect(), sets: Vec::new() }
}

/// As many units as the order has of other items, the dearest first.
fn beside(promotion: &Promotion, companion: &Companion, open: Open<'_, '_>) -> Offer {
    let is_with = |line: &&Line<'_>| companion.with.binary_search(&line.of.sku).is_ok();
    let mut left: u32 = open.lines.iter().filter(is_with).map(|line| line.of.units).sum();
    let parts = open.lines_for(promotion).filter_map(|(at, line)| {
        let units = left.min(line.units_for(promotion));
        left -= units;
        part(at, line, units, of_basis_points(line.base_of(units), companion.basis_points))
    });
    Offer { parts: parts.collect(), sets: Vec::new() }
}
