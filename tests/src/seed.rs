//! Seeds: every random test prints the command that runs it again.

use std::ops::Range;

/// A small generator, so that one seed is one run on every machine:
/// `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of a range that is not empty.
    pub fn within(&mut self, range: Range<u32>) -> u32 {
        let span = u64::from(range.end - range.start);
        range.start + u32::try_from(self.next() % span).expect("less than a u32")
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.within(0..100) < chance
    }

    /// One of some.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.within(0..u32::try_from(from.len()).expect("a short list")) as usize]
    }
}

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
