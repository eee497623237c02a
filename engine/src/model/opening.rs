//! The opening of a sale, and the draw by which it gives those who came before it their places
//! in line.
//!
//! ```text
//!   before: holds join the line, nobody is served  --opening: a seed-->  each has a place
//!   from then on: first come, first served, behind them
//! ```

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
    /// The draw of an opening. `salt` keeps callers from working out their places beforehand.
    pub fn new(sku: SkuNo, opens: Timestamp, before: OrderNo, salt: u64) -> Self {
        let of_opening = mixed(opens.as_micros().cast_unsigned()) ^ u64::from(sku.0);
        Self { opens, seed: mixed(mixed(salt) ^ mixed(mixed(of_opening) ^ before.0)), before }
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

    #[test]
    fn openings_of_other_items_or_times_have_other_seeds() {
        let of = |sku, opens, salt| {
            Draw::new(SkuNo(sku), Timestamp::from_micros(opens), OrderNo(9), salt).seed
        };
        let seeds = [of(1, 5, 0), of(2, 5, 0), of(1, 6, 0), of(1, 5, 1)];
        let all: std::collections::BTreeSet<_> = seeds.into_iter().collect();
        assert_eq!(all.len(), seeds.len());
    }
}
