//! Sourcing alone: the exact search, on problems as orders make them.
//!
//! Counted: finding the plan, writing it, and, where it says so, explaining every offer.
//! Left out: reading what is free, which `place` counts in.

use std::hint::black_box;

use backstock_benches::random::Random;
use backstock_engine::sourcing::{
    Exactness, Line, Offer, Policy, Problem, Reason, Scratch, Shipment, explain, solve,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// Problems that a measurement goes round.
const PROBLEMS: u64 = 256;
/// Nodes that stock a SKU, as in the `holiday` workload.
const NODES_OF_SKU: u32 = 20;
/// Days that the farthest nodes are late.
const LATE_DAYS: u16 = 2;

/// A problem that owns its parts.
struct Owned {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    shipments: Vec<Shipment>,
}

impl Owned {
    /// `lines` lines, each at [`NODES_OF_SKU`] of `nodes` nodes, with enough of it at
    /// nine in ten, and one node in five too far to be in time.
    fn new(random: &mut Random, lines: u32, nodes: u32) -> Self {
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

    fn problem(&self) -> Problem<'_> {
        Problem {
            lines: &self.lines,
            offers: &self.offers,
            shipments: &self.shipments,
            policy: Policy::default(),
        }
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

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sourcing");
    for (name, lines, nodes) in [("2 lines, 20 nodes", 2, 20), ("8 lines, 60 nodes", 8, 60)] {
        let mut random = Random::new(42);
        let problems: Vec<_> =
            (0..PROBLEMS).map(|_| Owned::new(&mut random, lines, nodes)).collect();
        let mut scratch = Scratch::new();
        for owned in &problems {
            let plan = solve(&owned.problem(), &mut scratch);
            assert_eq!(plan.exactness, Exactness::Optimal, "no figure for a guess");
        }
        let mut round = problems.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let owned = round.next().expect("a circle");
                solve(black_box(&owned.problem()), &mut scratch)
            });
        });
        let mut round = problems.iter().cycle();
        let offers = problems.iter().map(|owned| owned.offers.len()).max().unwrap_or(0);
        let mut reasons = vec![Reason::NoStock; offers];
        group.bench_function(format!("{name}, explained"), |bencher| {
            bencher.iter(|| {
                let problem = round.next().expect("a circle").problem();
                let plan = solve(black_box(&problem), &mut scratch);
                explain(&problem, &plan, &mut scratch, &mut reasons);
                black_box(&reasons);
                plan
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plan);
criterion_main!(benches);
