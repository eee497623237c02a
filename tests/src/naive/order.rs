//! One order, as naively as can be.

use backstock_engine::command::LineCancellation;
use backstock_engine::model::{self, OrderState, Supply};

use super::pair::same;

/// Units of one line that one shipment takes from one supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotted {
    /// The line, from 0.
    pub line: u16,
    /// Its item.
    pub sku: String,
    /// The node that ships.
    pub node: String,
    /// The shipment, from 0.
    pub shipment: u16,
    /// What they rest on.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

/// The order.
#[derive(Clone, Debug)]
pub struct Order {
    /// The engine's number for it: an order that waits longer has a lower one.
    pub no: u64,
    /// Units ordered, by line; lines of one SKU are one.
    pub ordered: Vec<u32>,
    /// What it was given.
    pub allotted: Vec<Allotted>,
    shipped: Vec<u32>,
    cancelled: Vec<u32>,
}

impl Order {
    /// An order as placed.
    pub fn new(no: u64, ordered: Vec<u32>, allotted: Vec<Allotted>) -> Self {
        let (shipped, cancelled) = (vec![0; allotted.len()], vec![0; allotted.len()]);
        Self { no, ordered, allotted, shipped, cancelled }
    }

    fn open(&self, at: usize) -> u32 {
        self.allotted[at].units - self.shipped[at] - self.cancelled[at]
    }

    /// Units of a line that are neither shipped nor cancelled.
    pub fn open_of(&self, line: u16) -> u32 {
        let of_line = (0..self.allotted.len()).filter(|at| self.allotted[*at].line == line);
        of_line.map(|at| self.open(at)).sum()
    }

    /// Cancels everything that is open, or so many units of some lines; answers
    /// with what goes back where.
    pub fn cancel(&mut self, lines: &[LineCancellation]) -> Result<Vec<Allotted>, String> {
        let mut back = Vec::new();
        if lines.is_empty() {
            for line in 0..self.ordered.len() {
                let line = u16::try_from(line).expect("few lines");
                self.cancel_line(line, self.open_of(line), &mut back)?;
            }
        }
        for cancellation in lines {
            let line = u16::try_from(cancellation.line - 1).expect("few lines");
            self.cancel_line(line, cancellation.quantity, &mut back)?;
        }
        if back.is_empty() { Err("nothing was there to cancel".into()) } else { Ok(back) }
    }

    /// The least firm as placed go first, of the same kind those that ship last.
    fn cancel_line(
        &mut self,
        line: u16,
        units: u32,
        back: &mut Vec<Allotted>,
    ) -> Result<(), String> {
        for _ in 0..units {
            let open = (0..self.allotted.len()).filter(|at| self.open(*at) > 0);
            let of_line = open.filter(|at| self.allotted[*at].line == line);
            let key = |at: &usize| (self.allotted[*at].supply, self.allotted[*at].shipment);
            let at = of_line.max_by_key(key).ok_or("more was cancelled than was open")?;
            self.cancelled[at] += 1;
            let unit = Allotted { units: 1, ..self.allotted[at].clone() };
            match back.iter_mut().find(|known| Allotted { units: 1, ..(*known).clone() } == unit) {
                Some(known) => known.units += 1,
                None => back.push(unit),
            }
        }
        Ok(())
    }

    /// Ships what is open of a shipment, counted from 1; answers with what left.
    pub fn ship(&mut self, shipment: u16) -> Vec<Allotted> {
        let mut left = Vec::new();
        for at in 0..self.allotted.len() {
            let open = self.open(at);
            if self.allotted[at].shipment == shipment - 1 && open > 0 {
                self.shipped[at] += open;
                left.push(Allotted { units: open, ..self.allotted[at].clone() });
            }
        }
        left
    }

    fn state(&self) -> OrderState {
        if (0..self.allotted.len()).any(|at| self.open(at) > 0) {
            OrderState::Open
        } else if self.shipped.iter().any(|units| *units > 0) {
            OrderState::Closed
        } else {
            OrderState::Cancelled
        }
    }

    /// Compares every figure with the engine's.
    pub fn compare(&self, order: &model::Order) -> Result<(), String> {
        same("number", &order.no.0, &self.no)?;
        same("state", &order.state(), &self.state())?;
        let engine: Vec<_> = order.allocations.iter().map(|a| (a.shipped, a.cancelled)).collect();
        let naive = self.shipped.iter().copied().zip(self.cancelled.iter().copied()).collect();
        same("shipped and cancelled", &engine, &naive)?;
        for (at, line) in order.lines.iter().enumerate() {
            let of_line = || {
                self.allotted
                    .iter()
                    .zip(&self.cancelled)
                    .filter(move |(part, _)| usize::from(part.line) == at)
            };
            let allotted: u32 = of_line().map(|(part, _)| part.units).sum();
            let cancelled: u32 = of_line().map(|(_, cancelled)| *cancelled).sum();
            let naive = (self.ordered[at], cancelled + self.ordered[at] - allotted);
            same("ordered and cancelled", &(line.ordered, line.cancelled), &naive)?;
        }
        Ok(())
    }
}
