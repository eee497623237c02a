//! What is known of an order without asking the engine: what each of its units costs, and where it is.

use std::collections::BTreeMap;

use backstock_engine::command::LineRequest;
use backstock_engine::model::{LinePrice, TaxAmount};

use super::back::Back;

/// An order.
pub(super) struct Known {
    /// Its lines.
    pub(super) lines: Vec<KnownLine>,
    pub(super) shipping: i64,
    /// What was given back without goods.
    pub(super) allowed: i64,
    /// Whether it has a use of the coupon.
    pub(super) coupon: bool,
    /// By id.
    pub(super) returns: BTreeMap<String, Back>,
}

/// A line of it.
pub(super) struct KnownLine {
    pub(super) sku: String,
    /// What each unit costs. What is cancelled goes from the back, and what is credited from the front.
    pub(super) units: Vec<i64>,
    /// Units that are not cancelled.
    pub(super) kept: usize,
    /// Units that left.
    pub(super) left: usize,
}

impl Known {
    pub(super) fn new(lines: &[LineRequest], units: Vec<Vec<i64>>, shipping: i64) -> Self {
        let line = |(line, units): (&LineRequest, Vec<i64>)| KnownLine {
            sku: line.sku.to_string(),
            kept: units.len(),
            units,
            left: 0,
        };
        let lines = lines.iter().zip(units).map(line).collect();
        Self { lines, shipping, allowed: 0, coupon: false, returns: BTreeMap::new() }
    }

    /// What the order comes to.
    pub(super) fn total(&self) -> i64 {
        let of_line = |(at, line): (usize, &KnownLine)| {
            line.units[self.credited(at)..line.kept].iter().sum::<i64>()
        };
        let units: i64 = self.lines.iter().enumerate().map(of_line).sum();
        let worth = units + if self.is_empty() { 0 } else { self.shipping };
        // Amounts that were given back may be more than what is left.
        (worth - self.allowed).max(0)
    }

    /// Whether all of it is cancelled.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.kept == 0)
    }

    /// Units of a line that its customer was credited for.
    pub(super) fn credited(&self, line: usize) -> usize {
        self.returns.values().map(|back| back.credited(line)).sum()
    }

    /// Units of a line that left and are in no return.
    pub(super) fn returnable(&self, line: usize) -> usize {
        let taken: usize = self.returns.values().map(|back| back.taken(line)).sum();
        self.lines[line].left - taken
    }
}

/// What each unit of a line costs, as naively as can be: price, discount and tax are rounded by line, and
/// what is left over by rounding down goes to later units.
pub(super) fn units(quantity: u32, price: i64, off: i64, rate: u32) -> Vec<i64> {
    let all = i64::from(quantity);
    let gross = (price * all + 50).div_euclid(100);
    let tax = ((gross - off) * i64::from(rate) + 5_000) / 10_000;
    let part =
        |amount: i64, at: i64| (amount * (at + 1)).div_euclid(all) - (amount * at).div_euclid(all);
    (0..all).map(|at| part(gross, at) + part(-off, at) + part(tax, at)).collect()
}

/// The same of a line whose price the caller says.
pub(super) fn asked(line: &LineRequest, price: &LinePrice) -> Vec<i64> {
    let TaxAmount::Rate(rate) = price.taxes[0].amount else { unreachable!("it is a rate") };
    units(line.quantity, price.unit_price.0, 0, rate)
}
