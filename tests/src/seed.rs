//! Seeds: every random test prints the command that runs it again.

pub use backstock_engine::random::Random;

/// The seeds that a test runs: one if `BACKSTOCK_SEED` names it, otherwise
/// `BACKSTOCK_RUNS` of them, or `runs` when that is not set.
pub fn seeds(test: &str, runs: u64) -> Vec<u64> {
    let seeds = match number("BACKSTOCK_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("BACKSTOCK_RUNS").unwrap_or(runs)).collect(),
    };
    let command = format!("cargo test -p backstock-tests --test suite {test}");
    eprintln!("seeds {seeds:?}; one again: BACKSTOCK_SEED=<seed> {command}");
    seeds
}

/// The number in an environment variable, if it is set.
///
/// # Panics
/// When it is set to something else.
pub fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is not a number")))
}
