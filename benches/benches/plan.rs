//! Sourcing alone: the exact search, on problems as orders make them.
//!
//! Counted: finding the plan, writing it, and, where it says so, explaining every offer.
//! Left out: reading what is free, which `place` counts in. `BACKSTOCK_BENCH_SMALL=1` makes
//! the measurement short, for the gate.

use std::env;
use std::hint::black_box;
use std::time::Duration;

use backstock_benches::workload::problem::Owned;
use backstock_engine::sourcing::{Exactness, Scratch, Verdict, explain, solve};
use criterion::{Criterion, criterion_group, criterion_main};

/// Problems that a measurement goes round.
const PROBLEMS: usize = 256;

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sourcing");
    if env::var_os("BACKSTOCK_BENCH_SMALL").is_some() {
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    }
    for (name, lines, nodes) in [("2 lines, 20 nodes", 2, 20), ("8 lines, 60 nodes", 8, 60)] {
        let problems = Owned::many(42, PROBLEMS, lines..=lines, nodes);
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
        let offers = problems.iter().map(|owned| owned.offers().len()).max().unwrap_or(0);
        let mut verdicts = vec![Verdict::NoStock; offers];
        group.bench_function(format!("{name}, explained"), |bencher| {
            bencher.iter(|| {
                let problem = round.next().expect("a circle").problem();
                let plan = solve(black_box(&problem), &mut scratch);
                explain(&problem, &plan, &mut scratch, &mut verdicts);
                black_box(&verdicts);
                plan
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plan);
criterion_main!(benches);
