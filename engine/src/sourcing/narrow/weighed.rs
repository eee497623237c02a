//! What shipments and their lines weigh, in one word each.

use super::order::Order;
use super::view::Views;
use crate::sourcing::limits::{
    NARROW_COMPONENT_MAX, NARROW_LINES_MAX as LINES, NARROW_SHIPMENTS_MAX as SHIPMENTS,
};
use crate::sourcing::problem::{Offer, Problem};
use crate::sourcing::set::members;

/// What a line weighs where no shipment fills it alone.
pub(super) const NEVER: u64 = u64::MAX;

/// How cost and balance share a word: the one that counts for more is above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    cost_shift: u32,
    balance_shift: u32,
}

impl Packing {
    pub(super) fn new(order: Order) -> Self {
        match order {
            Order::CostFirst => Self { cost_shift: 32, balance_shift: 0 },
            Order::BalanceFirst => Self { cost_shift: 0, balance_shift: 32 },
        }
    }

    #[inline]
    fn pack(self, cost: u64, balance: u64) -> u64 {
        cost << self.cost_shift | balance << self.balance_shift
    }

    /// What one unit weighs.
    #[inline]
    pub(super) fn unit(self, offer: &Offer) -> u64 {
        self.pack(offer.unit_cost.cast_unsigned(), u64::from(offer.balance))
    }
}

/// What there is to choose from.
#[derive(Debug)]
pub(super) struct Weighed {
    /// By shipment: the lines it fills alone, as bits.
    pub(super) fills: [u8; SHIPMENTS],
    /// By shipment: the lines it has too few units for.
    pub(super) parts: [u8; SHIPMENTS],
    /// By shipment: what opening it weighs.
    pub(super) charges: [u64; SHIPMENTS],
    /// By shipment and line: what the line weighs there, or [`NEVER`].
    pub(super) rows: [[u64; LINES]; SHIPMENTS],
    /// By line: how many shipments have any unit for it.
    pub(super) choices: [u32; LINES],
    /// All lines for which there is supply.
    pub(super) lines: u8,
    /// All shipments that have any unit for one of them.
    pub(super) shipments: u64,
    /// What all lines weigh at least.
    pub(super) lines_min: u64,
    /// What opening a shipment weighs at least.
    pub(super) charge_min: u64,
}

impl Default for Weighed {
    fn default() -> Self {
        Self {
            fills: [0; SHIPMENTS],
            parts: [0; SHIPMENTS],
            charges: [0; SHIPMENTS],
            rows: [[NEVER; LINES]; SHIPMENTS],
            choices: [0; LINES],
            lines: 0,
            shipments: 0,
            lines_min: 0,
            charge_min: NEVER,
        }
    }
}

impl Weighed {
    /// Weighs all that the views show. `None` if no one shipment fills a line that
    /// there is supply for (its units may be of several classes then), or if a weight
    /// does not fit a word.
    pub(super) fn weigh(
        &mut self,
        problem: &Problem<'_>,
        packing: Packing,
        views: &Views,
    ) -> Option<()> {
        self.fills = [0; SHIPMENTS];
        self.parts = [0; SHIPMENTS];
        (self.lines, self.shipments) = (0, 0);
        (self.lines_min, self.charge_min) = (0, NEVER);
        for line in 0..problem.lines.len() {
            let view = views.of(line);
            if view.any() == 0 {
                continue;
            }
            if view.full == 0 {
                return None;
            }
            self.meet(problem, packing, view.any() & !self.shipments)?;
            self.weigh_line(problem, packing, views, line)?;
        }
        Some(())
    }

    /// Weighs the opening of shipments that no earlier line has named.
    #[inline]
    fn meet(&mut self, problem: &Problem<'_>, packing: Packing, new: u64) -> Option<()> {
        let mut bits = 0;
        for shipment in members(new) {
            let cost = problem.shipments[shipment].fixed_cost.cast_unsigned();
            let charge = packing.pack(cost, 0);
            bits |= cost;
            self.charges[shipment] = charge;
            self.charge_min = self.charge_min.min(charge);
            self.rows[shipment] = [NEVER; LINES];
        }
        self.shipments |= new;
        (bits <= NARROW_COMPONENT_MAX).then_some(())
    }

    #[inline]
    fn weigh_line(
        &mut self,
        problem: &Problem<'_>,
        packing: Packing,
        views: &Views,
        line: usize,
    ) -> Option<()> {
        let units = u64::from(problem.lines[line].quantity);
        let view = views.of(line);
        let (mut least, mut bits, mut choices) = (NEVER, 0, 0);
        for shipment in members(view.any()) {
            let offer = views.offer(problem, line, shipment);
            let cost = units * offer.unit_cost.cast_unsigned();
            let balance = units * u64::from(offer.balance);
            let weight = packing.pack(cost, balance);
            bits |= cost | balance;
            least = least.min(weight);
            choices += 1;
            if view.full >> shipment & 1 == 1 {
                self.fills[shipment] |= 1 << line;
                self.rows[shipment][line % LINES] = weight;
            } else {
                self.parts[shipment] |= 1 << line;
            }
        }
        if bits > NARROW_COMPONENT_MAX {
            return None;
        }
        self.choices[line % LINES] = choices;
        self.lines |= 1 << line;
        self.lines_min += least;
        Some(())
    }
}
