//! Random numbers for workloads: seeded, quick, the same on every machine.

pub use backstock_engine::random::Random;

/// A number from 0 to below 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
pub const fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1u64 << 53) as f64
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
        let at = unit(random);
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
