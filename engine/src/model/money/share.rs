//! How amounts are shared: by differences of a cumulative function.

use super::amount::{Minor, round_half_up};

/// What the first `part` of `all` units have of an amount: `floor(amount part / all)`. What units `i` to
/// `k` have is the difference of two of these, so any steps sum to the amount.
///
/// # Panics
/// When there are no units, or the part is more than all.
pub fn share(amount: Minor, part: u32, all: u32) -> Minor {
    assert!(part <= all && all > 0, "MONEY_BOUNDED: a share is a part of something");
    let exact = i128::from(amount.0) * i128::from(part);
    narrow(exact.div_euclid(all.into()))
}

/// The same of what is given by amount: what the first `part` of `all` has of `amount`. Nothing, where
/// `all` is nothing.
pub fn share_of_amount(amount: Minor, part: Minor, all: Minor) -> Minor {
    if all <= Minor::ZERO {
        return Minor::ZERO;
    }
    let exact = i128::from(amount.0) * i128::from(part.0);
    narrow(exact.div_euclid(all.0.into()))
}

/// An amount that is on `before`, as it is on `now`: rounded half up. `before` is above zero.
pub fn scaled(amount: Minor, now: Minor, before: Minor) -> Minor {
    let exact = i128::from(amount.0) * i128::from(now.0) * 2 + i128::from(before.0);
    narrow(exact.div_euclid(i128::from(before.0) * 2))
}

/// Shares an amount by weight, in the order of the weights: each gets what the amount is up to and with
/// it, rounded half up, less what those before it got. No share is further than one minor unit from the
/// exact one, none is above its weight where the amount is not above their sum, and they sum to the amount.
/// Nothing is shared where there is no weight.
pub fn apportion(amount: Minor, weights: impl IntoIterator<Item = Minor> + Clone) -> Vec<Minor> {
    let all: i128 = weights.clone().into_iter().map(|weight| i128::from(weight.0)).sum();
    let (mut upto, mut given) = (0, Minor::ZERO);
    let next = |weight: Minor| {
        upto += i128::from(weight.0);
        let by_now = if all > 0 {
            narrow(round_half_up(i128::from(amount.0) * upto, all))
        } else {
            Minor::ZERO
        };
        let share = by_now - given;
        given = by_now;
        share
    };
    weights.into_iter().map(next).collect()
}

/// So many basis points of an amount, rounded half up.
pub fn of_basis_points(amount: Minor, basis_points: u32) -> Minor {
    narrow(round_half_up(i128::from(amount.0) * i128::from(basis_points), 10_000))
}

/// The tax that is within an amount at a rate in basis points, rounded half up.
pub fn tax_within(amount: Minor, basis_points: u32) -> Minor {
    let rate = i128::from(basis_points);
    narrow(round_half_up(i128::from(amount.0) * rate, 10_000 + rate))
}

fn narrow(exact: i128) -> Minor {
    Minor(i64::try_from(exact).expect("MONEY_BOUNDED: a share is not above what is shared"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(all: &[i64]) -> Vec<Minor> {
        all.iter().copied().map(Minor).collect()
    }

    #[test]
    fn a_discount_is_shared_in_the_order_of_lines() {
        for (amount, weights, expected) in [
            // A4: three lines of 100.00, 10.00 off.
            (1_000, &[10_000, 10_000, 10_000][..], &[333, 334, 333][..]),
            // The golden vector: 3 x 19.99 and 1 x 5.00.
            (1_000, &[5_997, 500], &[923, 77]),
            (1_000, &[0, 500, 0], &[0, 1_000, 0]),
            (5, &[0, 0], &[0, 0]),
            (7, &[], &[]),
            (1, &[1, 1, 1], &[0, 1, 0]),
        ] {
            assert_eq!(apportion(Minor(amount), minor(weights)), minor(expected), "{weights:?}");
        }
    }

    #[test]
    fn a_rate_is_rounded_half_up_once() {
        assert_eq!(of_basis_points(Minor(5_074), 725), Minor(368));
        assert_eq!(of_basis_points(Minor(423), 725), Minor(31));
        assert_eq!(of_basis_points(Minor(10), 500), Minor(1));
        // A3: 179.25 with 20% in it.
        assert_eq!(tax_within(Minor(17_925), 2_000), Minor(2_988));
    }

    proptest! {
        #[test]
        fn any_steps_sum_to_the_amount(
            amount in -1_000_000_000_000_000..=1_000_000_000_000_000_i64,
            steps in prop::collection::vec(0..1_000_u32, 1..20),
        ) {
            let all: u32 = steps.iter().sum::<u32>().max(1);
            let (mut at, mut sum) = (0, Minor::ZERO);
            for step in steps {
                let next = share(Minor(amount), at + step, all);
                sum += next - share(Minor(amount), at, all);
                at += step;
            }
            prop_assert_eq!(sum, share(Minor(amount), at, all));
            prop_assert_eq!(share(Minor(amount), all, all), Minor(amount));
        }

        #[test]
        fn shares_by_weight_sum_up_and_none_is_above_its_weight(
            weights in prop::collection::vec(0..1_000_000_i64, 1..30),
            per_mille in 0..=1_000_i64,
        ) {
            let all: i64 = weights.iter().sum();
            let amount = i64::try_from(i128::from(all) * i128::from(per_mille) / 1_000).unwrap();
            let shares = apportion(Minor(amount), minor(&weights));
            prop_assert_eq!(shares.iter().copied().sum::<Minor>(), Minor(amount));
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!((0..=*weight).contains(&share.0));
                let exact = i128::from(amount) * i128::from(*weight);
                let off = i128::from(share.0) * i128::from(all) - exact;
                prop_assert!(off.abs() <= i128::from(all), "{} of {}", share, weight);
            }
        }
    }
}
