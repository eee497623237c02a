//! The `holiday` workload: each SKU stocked at 20 of 60 nodes, orders of 1 to 8 lines
//! to real postal codes.

use std::sync::Arc;

use backstock_engine::command::PlaceOrder;
use backstock_engine::engine::Engine;
use backstock_engine::model::Shortage;

use super::names::{OrderIds, sku};
use super::network::{DESTINATIONS, NODES_OF_SKU, Progress, Stocking};
pub use super::network::{NODES, NOW, node, postal_codes};
use super::priced;
use super::ring::{Line, Ring, Terms};
use crate::random::{Random, Zipf};

/// Orders with one line, two, ... out of 10,000: mean 2.0, as in the real data.
const LINES: [u32; 8] = [5_070, 2_435, 1_204, 671, 315, 140, 102, 63];

/// What its orders have in common.
const TERMS: Terms = Terms { sku, customer: None, shortage: Shortage::Backorder, prices: None };

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// SKUs; each has 20 pairs.
    pub skus: u32,
    /// Units of each pair at the start.
    pub on_hand: u32,
}

impl Size {
    /// The workload as defined: 4 million pairs.
    pub const FULL: Self = Self { skus: 200_000, on_hand: 1_000_000 };
    /// For the gate: it cannot rot, and it is quick.
    pub const SMALL: Self = Self { skus: 2_000, on_hand: 1_000_000 };

    /// Small when `BACKSTOCK_BENCH_SMALL` is set, `BACKSTOCK_BENCH_SKUS` SKUs
    /// when that is, full otherwise.
    pub fn from_env() -> Self {
        let skus = std::env::var("BACKSTOCK_BENCH_SKUS").ok().and_then(|n| n.parse().ok());
        match skus {
            Some(skus) => Self { skus, ..Self::FULL },
            None if std::env::var_os("BACKSTOCK_BENCH_SMALL").is_some() => Self::SMALL,
            None => Self::FULL,
        }
    }

    /// Orders placed between two looks at the clock: enough that filling and
    /// emptying the pipeline does not count.
    pub const fn orders_in_a_run(self) -> u64 {
        if self.skus > Self::SMALL.skus { 200_000 } else { 2_000 }
    }

    /// What there is in stock.
    pub const fn stocking(self) -> Stocking {
        Stocking { skus: self.skus, sku, nodes_of_sku: NODES_OF_SKU, on_hand: self.on_hand }
    }

    /// Pairs of the network.
    pub const fn pairs(self) -> u32 {
        self.stocking().pairs()
    }
}

/// The nodes that stock a SKU.
///
/// # Panics
/// Never: there are more nodes than those.
pub fn nodes_of(sku: u32) -> [u32; NODES_OF_SKU as usize] {
    *super::network::nodes_of(sku).first_chunk().expect("there are more nodes")
}

/// Defines nodes and items, and stocks every pair.
pub async fn set_up(engine: &Engine, size: Size) {
    super::network::set_up(engine, size.stocking(), &Arc::new(Progress::default())).await;
}

/// Draws what is ordered.
struct Draw {
    random: Random,
    zipf: Zipf,
    lines: Vec<Line>,
}

impl Draw {
    fn new(skus: u32, series: u64) -> Self {
        let random = Random::new(series.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x2a);
        Self { random, zipf: Zipf::new(skus, 0.99), lines: Vec::with_capacity(LINES.len()) }
    }

    /// The destination and the lines of the next order.
    fn order(&mut self) -> (u32, &[Line]) {
        let mut at = self.random.below(10_000);
        let more = LINES.iter().position(|share| {
            let here = at < *share;
            at = at.saturating_sub(*share);
            here
        });
        self.lines.clear();
        for _ in 0..=more.unwrap_or(0) {
            let sku = self.zipf.draw(&mut self.random);
            self.lines.push(Line::new(sku, 1 + self.random.below(3)));
        }
        let codes = u32::try_from(DESTINATIONS.len()).expect("codes have five digits");
        (DESTINATIONS[self.random.below(codes) as usize], &self.lines)
    }
}

/// So many orders, drawn beforehand.
pub fn ring(skus: u32, orders: usize, series: u64) -> Ring {
    ring_on(TERMS, (skus, orders, series))
}

/// The same orders, with prices.
pub fn priced_ring(skus: u32, orders: usize, series: u64) -> Ring {
    ring_on(Terms { prices: Some(priced::prices), ..TERMS }, (skus, orders, series))
}

fn ring_on(terms: Terms, (skus, orders, series): (u32, usize, u64)) -> Ring {
    let mut draw = Draw::new(skus, series);
    let mut ring = Ring::new(terms);
    for _ in 0..orders {
        let (destination, lines) = draw.order();
        ring.push(destination, lines);
    }
    ring
}

/// Makes the workload's orders, one after the other.
pub struct Orders {
    draw: Draw,
    ids: OrderIds,
}

impl Orders {
    /// The orders of a series; series do not share order ids.
    pub fn new(size: Size, series: u64) -> Self {
        Self { draw: Draw::new(size.skus, series), ids: OrderIds::new(series) }
    }
}

impl Iterator for Orders {
    type Item = PlaceOrder;

    fn next(&mut self) -> Option<PlaceOrder> {
        let (destination, lines) = self.draw.order();
        Some(TERMS.command(0, self.ids.next_id(), destination, lines))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ring::Player;
    use super::*;

    #[test]
    fn a_ring_plays_the_orders_of_its_series() {
        let mut player = Player::new(Arc::new(ring(2_000, 500, 3)), 0, 3);
        let played: Vec<_> = (0..500).map(|_| player.offer().command).collect();
        let drawn: Vec<_> = Orders::new(Size::SMALL, 3).take(500).collect();
        assert_eq!(played, drawn);
    }

    #[test]
    fn orders_have_two_lines_in_the_mean() {
        let orders = Orders::new(Size::SMALL, 1).take(10_000);
        let lines: usize = orders.map(|order| order.order.lines.0.len()).sum();
        assert!((19_500..20_500).contains(&lines), "{lines}");
    }
}
