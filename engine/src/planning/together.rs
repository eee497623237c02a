//! How many bundles the components allow that are there, and that come.

use smallvec::SmallVec;

use crate::model::{InboundNo, Timestamp};

/// When a supply can be counted on, and when it is expected: one that is overdue is counted on
/// later than it was expected.
pub type When = (Timestamp, Timestamp);

/// Units of a component, by its place, that come.
pub type Coming = (When, usize, InboundNo, u64);

/// How many bundles there are of components of which each has so many units now, each bundle
/// takes so many, and so many come; and how many more there are with which supply.
///
/// `bundles(t) = min over components of floor(units there by t / units for each bundle)`
pub fn together(
    each: &[u32],
    now: &[u64],
    mut coming: Vec<Coming>,
) -> (u64, Vec<(When, InboundNo, u64)>) {
    coming.sort_unstable();
    let mut units: SmallVec<[u64; 4]> = now.into();
    let first = least(&units, each);
    let (mut before, mut steps) = (first, Vec::new());
    for (when, part, no, more) in coming {
        units[part] = units[part].saturating_add(more);
        let bundles = least(&units, each);
        if bundles > before {
            steps.push((when, no, bundles - before));
            before = bundles;
        }
    }
    (first, steps)
}

/// How many bundles so many units of the components are, of which each bundle takes so many.
pub(super) fn least(units: &[u64], each: &[u32]) -> u64 {
    units.iter().zip(each).map(|(units, each)| units / u64::from(*each)).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_bundles_as_the_component_allows_that_is_lacked_most() {
        let day = |no| (Timestamp::from_micros(no), Timestamp::from_micros(no));
        let come = |no, part, units| (day(no), part, InboundNo(0), units);
        let steps = |each: &[u32], now: &[u64], coming: Vec<Coming>| {
            let (first, steps) = together(each, now, coming);
            let steps = steps.into_iter().map(|(when, _, units)| (when.0.as_micros(), units));
            (first, steps.collect::<Vec<_>>())
        };
        assert_eq!(steps(&[1, 2], &[5, 5], vec![]), (2, vec![]));
        assert_eq!(steps(&[1, 2], &[5, 0], vec![]), (0, vec![]));
        // The second supply of the one component is there before the first of the other.
        let coming = vec![come(9, 1, 4), come(3, 0, 1), come(5, 0, 9)];
        assert_eq!(steps(&[1, 2], &[0, 1], coming.clone()), (0, vec![(9, 2)]));
        assert_eq!(steps(&[1, 2], &[0, 2], coming), (0, vec![(3, 1), (9, 2)]));
    }
}
