//! How much one item says for another.

use super::log2::log2;
use super::partners::ORDER;

/// What is added to the orders of either item: so many that were of something else. Two items that were
/// each bought twice, and together, say little.
const SHRINKAGE: u64 = 10 * ORDER as u64;

/// In fewer orders together, it is chance.
pub const TOGETHER_MIN: u32 = 3 * ORDER;

/// How often two items were bought, in 16ths of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Together.
    pub together: u32,
    /// The one that is there.
    pub one: u32,
    /// The one that may be suggested.
    pub other: u32,
    /// All orders.
    pub all: u64,
}

/// How much an item that is bought says for another one: `n_ab log2((n_ab N) / ((n_a + k) (n_b + k)))`, in
/// 16ths of an order times 65,536ths; none where that is not above 0, or they were hardly bought together.
///
/// How often alone would suggest what everybody buys; how much oftener than by chance alone, what two
/// people bought once. The product likes neither.
#[inline]
pub fn score(counts: Counts) -> Option<i64> {
    let Counts { one, other, all, .. } = counts;
    // A partner may have got the count of the one whose place it took.
    let together = counts.together.min(one).min(other);
    if together < TOGETHER_MIN {
        return None;
    }
    let chance = log2(u64::from(one) + SHRINKAGE) + log2(u64::from(other) + SHRINKAGE);
    let lift = log2(together.into()) + log2(all) - chance;
    (lift > 0).then(|| i64::from(together) * lift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(together: u32, one: u32, other: u32, all: u64) -> Option<i64> {
        let [together, one, other] = [together, one, other].map(|orders| orders * ORDER);
        score(Counts { together, one, other, all: all * u64::from(ORDER) })
    }

    #[test]
    fn what_everybody_buys_says_as_little_as_what_two_people_bought_once() {
        let scarf = of(40, 100, 60, 10_000).unwrap();
        let bag_for_all = of(60, 100, 6_000, 10_000);
        let chance = of(2, 100, 2, 10_000);
        assert!(bag_for_all.is_none(), "by chance it would be as often");
        assert!(chance.is_none());
        assert!(of(3, 100, 3, 10_000).is_some_and(|rare| rare < scarf));
        assert!(of(50, 100, 60, 10_000).is_some_and(|more| more > scarf));
        assert!(of(40, 100, 600, 10_000).is_some_and(|common| common < scarf));
        // Nothing was bought with another one oftener than at all.
        assert_eq!(of(90, 100, 5, 10_000), of(5, 100, 5, 10_000));
        assert_eq!(of(0, 0, 0, 0), None);
        assert!(of(u32::MAX / ORDER, u32::MAX / ORDER, u32::MAX / ORDER, 1 << 59).is_some());
    }
}
