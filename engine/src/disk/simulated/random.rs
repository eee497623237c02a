//! A small seeded generator, so that a seed replays a crash exactly.

/// `SplitMix64` (Steele, Lea and Flood, 2014): every seed is a good seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound`, both included.
    pub(super) const fn up_to(&mut self, bound: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder fits what it divides")]
        let number = (self.next() % (bound as u64 + 1)) as usize;
        number
    }

    pub(super) const fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
