//! The opening of a sale, and the draw by which it gives those who came before it their places
//! in line.
//!
//! ```text
//!   before: holds join the line, nobody is served  --opening: a seed-->  each has a place
//!   from then on: first come, first served, behind them
//! ```

use std::fmt;
use std::hash::Hasher;

use minicbor::{Decode, Encode};

use super::ids::{OrderNo, SkuNo};
use super::time::Timestamp;

/// That the sale of an item opened, and what decides who of those that waited in line goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Draw {
    /// The opening that the item stated.
    #[n(0)]
    pub opens: Timestamp,
    /// What all places follow from.
    #[n(1)]
    pub seed: u64,
    /// Holds before this number take part in the draw.
    #[n(2)]
    pub before: OrderNo,
}

/// What the seeds of draws follow from, and callers do not know: 128 bits of chance. It lives in the
/// memory of one process, and is written nowhere: seeds are in the journal, and what was drawn
/// before a restart stays as it was drawn.
#[derive(Clone, Copy, Default)]
pub struct DrawKey([u64; 2]);

impl DrawKey {
    /// A key of 128 bits.
    pub const fn new(bits: [u64; 2]) -> Self {
        Self(bits)
    }
}

/// Nobody reads it in a log.
impl fmt::Debug for DrawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawKey")
    }
}

/// A place in line for an item, within a priority. The less, the sooner it is served; of one place,
/// the oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    /// Orders that came before a draw, and everybody where there was none.
    pub const FIRST: Self = Self(0);
    /// Whoever came after the draw.
    pub const LAST: Self = Self(u64::MAX);

    /// Where an order or a hold is in line for an item, of which this was the last draw.
    #[inline]
    pub fn of(draw: Option<&Draw>, no: OrderNo, is_held: bool) -> Self {
        match draw {
            Some(draw) if no >= draw.before => Self::LAST,
            Some(draw) if is_held => draw.place(no),
            Some(_) | None => Self::FIRST,
        }
    }
}

impl Draw {
    /// The draw of an opening. Whoever knows the seeds of all draws before it, and not the key,
    /// knows nothing of its seed: `SipHash` is made for that (Aumasson and Bernstein, 2012).
    pub fn new(sku: SkuNo, opens: Timestamp, before: OrderNo, DrawKey([a, b]): DrawKey) -> Self {
        #[expect(deprecated, reason = "it takes a key, and the one that replaces it has none")]
        let mut hasher = std::hash::SipHasher::new_with_keys(a, b);
        hasher.write_u64(sku.0.into());
        hasher.write_i64(opens.as_micros());
        hasher.write_u64(before.0);
        Self { opens, seed: hasher.finish(), before }
    }

    /// The place of a hold that takes part. Two have the same one rarely, and then the older one
    /// goes first.
    fn place(&self, no: OrderNo) -> Place {
        // Neither the first place nor the last.
        Place((mixed(self.seed ^ mixed(no.0)) >> 1) + 1)
    }
}

/// A number in which each bit depends on all bits of another one: the finalizer of `SplitMix64`.
/// Places in line follow from it, so that it never changes.
const fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64) -> Draw {
        Draw { opens: Timestamp::from_micros(7), seed, before: OrderNo(1_001) }
    }

    fn line(draw: &Draw) -> Vec<u64> {
        let mut line: Vec<u64> = (1..=1_000).collect();
        line.sort_by_key(|no| (Place::of(Some(draw), OrderNo(*no), true), *no));
        line
    }

    #[test]
    fn who_came_before_the_opening_has_a_place_by_the_seed_and_not_by_when_he_came() {
        let (first, second) = (line(&draw(1)), line(&draw(2)));
        assert_eq!(first, line(&draw(1)), "a replay finds the same");
        assert_ne!(first, second);
        // Half of the first half came in the first half.
        for line in [first, second] {
            let early = line[..500].iter().filter(|no| **no <= 500).count();
            assert!((200..=300).contains(&early), "{early}");
        }
    }

    #[test]
    fn places_never_change_for_a_seed() {
        let first = draw(0x0123_4567_89ab_cdef);
        assert_eq!(line(&first)[..5], [975, 942, 668, 529, 605]);
    }

    #[test]
    fn orders_come_before_the_draw_and_later_holds_behind_it() {
        let draw = draw(9);
        let of = |no, is_held| Place::of(Some(&draw), OrderNo(no), is_held);
        assert!(of(1_000, false) < of(1, true) && of(1, true) < of(1_001, true));
        assert_eq!((of(999, false), of(2_000, false)), (Place::FIRST, Place::LAST));
        assert_eq!(Place::of(None, OrderNo(5), true), Place::FIRST);
    }

    fn seed(sku: u32, opens: i64, key: [u64; 2]) -> u64 {
        let (opens, key) = (Timestamp::from_micros(opens), DrawKey::new(key));
        Draw::new(SkuNo(sku), opens, OrderNo(9), key).seed
    }

    #[test]
    fn openings_of_other_items_or_times_have_other_seeds() {
        let seeds =
            [(1, 5, [0, 0]), (2, 5, [0, 0]), (1, 6, [0, 0]), (1, 5, [1, 0]), (1, 5, [0, 1])];
        let seeds = seeds.map(|(sku, opens, key)| seed(sku, opens, key));
        let all: std::collections::BTreeSet<_> = seeds.into_iter().collect();
        assert_eq!(all.len(), seeds.len());
    }

    /// What a seed was mixed of once was what anybody could take out of it again.
    #[test]
    fn whoever_reads_a_draw_cannot_tell_the_next_one_from_it() {
        let of_opening = |sku: u64, opens| mixed(mixed(mixed(opens) ^ sku) ^ 9);
        let (key, known) = ([7, 0], seed(1, 5, [7, 0]));
        let secret = unmixed(known) ^ of_opening(1, 5);
        assert_ne!(mixed(secret ^ of_opening(2, 600)), seed(2, 600, key));
    }

    /// The number that is mixed to this one.
    fn unmixed(mixed: u64) -> u64 {
        let unshifted = |number: u64, by: u32| number ^ (number >> by) ^ (number >> (2 * by));
        let number = unshifted(mixed, 31).wrapping_mul(0x3196_42b2_d24d_8ec3);
        let number = unshifted(number, 27).wrapping_mul(0x96de_1b17_3f11_9089);
        unshifted(number, 30).wrapping_sub(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn what_is_mixed_can_be_unmixed() {
        for number in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(unmixed(mixed(number)), number);
        }
    }
}
