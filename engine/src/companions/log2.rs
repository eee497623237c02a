//! The logarithm to base 2 of whole numbers, by a table: the same on every machine.

/// One, as a logarithm has it: sixteen bits behind the point.
pub const ONE: i64 = 1 << BITS;

const BITS: u32 = 16;
const STEPS: usize = 256;

/// The logarithms of 1 + i/256.
const TABLE: [u16; STEPS] = table();

/// The logarithm of a number, from below, at most 1/177 away; 0 for 0.
#[inline]
pub fn log2(number: u64) -> i64 {
    let Some(whole) = number.checked_ilog2() else { return 0 };
    // The eight bits behind the first one.
    let mantissa = (number << (63 - whole)) << 1 >> 56;
    let fraction = TABLE[usize::try_from(mantissa).unwrap_or(0)];
    i64::from(whole) * ONE + i64::from(fraction)
}

/// Bit by bit: a number from 1 to 2 is squared, and what passes 2 is a one.
#[expect(clippy::cast_possible_truncation, reason = "sixteen bits are sixteen bits")]
const fn table() -> [u16; STEPS] {
    let mut table = [0; STEPS];
    let mut step = 0;
    while step < STEPS {
        let mut number = (STEPS as u64 + step as u64) << 24;
        let mut log = 0_u64;
        let mut bit = 0;
        while bit < BITS {
            number = ((number as u128 * number as u128) >> 32) as u64;
            log <<= 1;
            if number >= 2 << 32 {
                number >>= 1;
                log |= 1;
            }
            bit += 1;
        }
        table[step] = log as u16;
        step += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact_and_nothing_falls() {
        for power in 0..64 {
            assert_eq!(log2(1 << power), i64::from(power) * ONE);
        }
        assert_eq!(log2(0), 0);
        let mut last = 0;
        for number in 1..100_000 {
            assert!(log2(number) >= last, "{number}");
            last = log2(number);
        }
        assert!(log2(u64::MAX) < 64 * ONE);
    }

    /// Of a product, the logarithm is the sum: what the table rounds off is told by that.
    #[test]
    fn a_logarithm_is_at_most_a_177th_too_low() {
        // log2(3) = 1.58496.., log2(10) = 3.32192.., log2(1000) = 9.96578..
        for (number, exact) in [(3, 103_872), (10, 217_705), (1_000, 653_117), (511, 589_639)] {
            let off = exact - log2(number);
            assert!((0..=ONE / 177).contains(&off), "{number}: {off}");
        }
    }
}
