//! Random numbers for simulations, tests and benches: seeded, quick, the same on every
//! machine. Nothing that the engine decides rests on them.

use std::ops::Range;

/// `SplitMix64` (Steele, Lea and Flood, 2014): every seed is a good seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `bound`, which is not 0. The bias of the
    /// multiply-shift is below 2^-32 times `bound`.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let high = u64::from(bound) * (self.next() >> 32);
        u32::try_from(high >> 32).expect("below a u32")
    }

    /// A number from 0 to `bound`, both included.
    pub const fn up_to(&mut self, bound: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder fits what it divides")]
        let number = (self.next() % (bound as u64 + 1)) as usize;
        number
    }

    /// A number of a range that is not empty.
    pub fn within(&mut self, range: Range<u32>) -> u32 {
        range.start + self.below(range.end - range.start)
    }

    /// True one time in two.
    pub const fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// One of some.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(u32::try_from(from.len()).expect("a short list")) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the reference implementation.
    #[test]
    fn a_seed_gives_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn all_numbers_of_a_range_are_drawn_and_no_other() {
        let mut random = Random::new(1);
        let mut drawn = [0_u32; 6];
        for _ in 0..6_000 {
            drawn[random.within(4..10) as usize - 4] += 1;
        }
        assert!(drawn.iter().all(|times| (800..1_200).contains(times)), "{drawn:?}");
    }
}
