//! Sourcing problems as orders make them.

use std::ops::RangeInclusive;

use backstock_engine::sourcing::{Conditions, Line, Offer, Policy, Problem, Shipment};

use super::network::NODES_OF_SKU;
use crate::random::Random;

/// Days that the farthest nodes are late.
const LATE_DAYS: u32 = 2;

/// A problem that owns its parts.
#[derive(Debug)]
pub struct Owned {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    shipments: Vec<Shipment>,
}

impl Owned {
    /// `lines` lines, each at [`NODES_OF_SKU`] of `nodes` nodes, with enough of it at
    /// nine in ten, and one node in five too far to be in time.
    pub fn new(random: &mut Random, lines: u32, nodes: u32) -> Self {
        let fixed_cost = |random: &mut Random| i64::from(500 + random.below(1_000));
        let shipments: Vec<_> = (0..)
            .take(nodes as usize)
            .map(|node| Shipment { fixed_cost: fixed_cost(random), node })
            .collect();
        let unit_costs: Vec<_> = shipments.iter().map(|_| i64::from(random.below(50))).collect();
        let mut owned = Self { lines: Vec::new(), offers: Vec::new(), shipments };
        for _ in 0..lines {
            let first = owned.offers.len();
            let quantity = 1 + random.below(3);
            for at in drawn(random, nodes) {
                let enough = if random.below(10) > 0 { quantity + random.below(20) } else { 1 };
                owned.offers.push(Offer {
                    quantity: enough,
                    shipment: at,
                    late_days: if at % 5 == 0 { LATE_DAYS } else { 0 },
                    unit_cost: unit_costs[usize::from(at)],
                    balance: 10_000 / (1 + enough),
                });
            }
            let end = owned.offers.len();
            owned.lines.push(Line { quantity, offers: number(first)..number(end) });
        }
        owned
    }

    /// So many problems of `lines` lines each, in turn from the fewest to the most.
    pub fn many(seed: u64, count: usize, lines: RangeInclusive<u32>, nodes: u32) -> Vec<Self> {
        let mut random = Random::new(seed);
        lines.cycle().take(count).map(|lines| Self::new(&mut random, lines, nodes)).collect()
    }

    /// The problem, to solve.
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            lines: &self.lines,
            offers: &self.offers,
            conditions: Conditions::default(),
            shipments: &self.shipments,
            policy: Policy::default(),
        }
    }

    /// All offers of all lines.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }
}

/// [`NODES_OF_SKU`] of so many nodes, without replacement.
fn drawn(random: &mut Random, nodes: u32) -> Vec<u16> {
    let mut all: Vec<u16> = (0..).take(nodes as usize).collect();
    for at in 0..NODES_OF_SKU {
        all.swap(at as usize, (at + random.below(nodes - at)) as usize);
    }
    all.truncate(NODES_OF_SKU as usize);
    all
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a few hundred offers")
}
