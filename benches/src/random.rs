//! Random numbers for workloads: seeded, quick, the same on every machine.

/// `SplitMix64` (Steele, Lea and Flood 2014): one multiplication chain a number.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of that seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `bound`, which is not 0. The bias of the
    /// multiply-shift is below 2^-32 for the bounds used here.
    pub fn below(&mut self, bound: u32) -> u32 {
        let high = u64::from(bound) * (self.next() >> 32);
        u32::try_from(high >> 32).expect("below a u32")
    }

    /// A number from 0 to below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    pub const fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Draws from `0..n` with the probability of rank `k` as `1 / (k + 1)^s`.
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Cumulative shares, ascending to 1.
    cumulative: Vec<f64>,
}

impl Zipf {
    /// Ranks `0..n` under exponent `s`.
    pub fn new(n: u32, s: f64) -> Self {
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (1..=n)
            .map(|rank| {
                sum += f64::from(rank).powf(-s);
                sum
            })
            .collect();
        for share in &mut cumulative {
            *share /= sum;
        }
        Self { cumulative }
    }

    /// Draws a rank.
    pub fn draw(&self, random: &mut Random) -> u32 {
        let at = random.unit();
        let rank = self.cumulative.partition_point(|share| *share < at);
        u32::try_from(rank.min(self.cumulative.len() - 1)).expect("ranks are u32")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_ranks_are_drawn_most() {
        let (zipf, mut random) = (Zipf::new(1_000, 0.99), Random::new(1));
        let mut drawn = [0u32; 1_000];
        for _ in 0..100_000 {
            drawn[zipf.draw(&mut random) as usize] += 1;
        }
        assert!(drawn[0] > 10_000 && drawn[0] < 16_000, "{}", drawn[0]);
        assert!(drawn[0] > drawn[10] && drawn[10] > drawn[500]);
    }
}
