//! Orders whose rows do not stand together.
//!
//! Each part of such an order would be taken for the whole, and the first one
//! placed before the second is met. So the file is read once before anything of it
//! is sent, for its order ids alone. What is kept of them is bounded: where a file
//! has too many for one pass, each of several passes looks at a share.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::record::Part;

/// Tells where orders begin.
#[derive(Debug)]
pub(super) struct Runs {
    /// The order of the record before, if that named one.
    id: Option<String>,
    /// What the record before was of it.
    part: Part,
}

impl Default for Runs {
    fn default() -> Self {
        Self { id: None, part: Part::Row }
    }
}

impl Runs {
    /// Whether a record of this order begins an order, or another part of one.
    pub(super) fn begins(&mut self, id: Option<&str>, part: Part) -> bool {
        let goes_on = match part {
            Part::Row => id.is_some() && self.id.as_deref() == id && self.part == Part::Row,
            Part::First => false,
            Part::Further => self.part != Part::Row,
        };
        if !goes_on {
            self.id = id.map(str::to_owned);
            self.part = part;
        }
        !goes_on
    }
}

/// The orders of one file that begin more than once.
#[derive(Debug, Default)]
pub(super) struct Scattered {
    hasher: RandomState,
    /// Hashes of their ids. That two ids have the same one is as good as
    /// impossible, and would leave an order out with a reason.
    ids: HashSet<u64>,
}

impl Scattered {
    /// Whether an order is one of them.
    pub(super) fn contains(&self, id: &str) -> bool {
        !self.ids.is_empty() && self.ids.contains(&self.hasher.hash_one(id))
    }
}

/// Finds the orders that begin more than once, in as many passes as it takes.
pub(super) struct Search {
    found: Scattered,
    seen: HashSet<u64>,
    /// Ids that one pass may see, and orders that may be found.
    max: usize,
    /// The share of the ids that this pass looks at: `share` of `shares`.
    share: u64,
    shares: u64,
}

/// How a pass ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// All is known.
    Done,
    /// The file is to be read once more.
    Again,
}

/// More orders than can be told are scattered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Search {
    pub(super) fn new(max: usize) -> Self {
        let found = Scattered::default();
        Self { found, seen: HashSet::new(), max, share: 0, shares: 1 }
    }

    /// An order begins; false if this pass has seen too many to go on.
    pub(super) fn begins(&mut self, id: &str) -> Result<bool, TooMany> {
        let hash = self.found.hasher.hash_one(id);
        if hash % self.shares != self.share {
            return Ok(true);
        }
        if self.seen.contains(&hash) {
            self.found.ids.insert(hash);
            return if self.found.ids.len() > self.max { Err(TooMany) } else { Ok(true) };
        }
        if self.seen.len() >= self.max {
            return Ok(false);
        }
        self.seen.insert(hash);
        Ok(true)
    }

    /// A pass ended, `whole` if it read all of the file.
    pub(super) fn ended(&mut self, whole: bool) -> Pass {
        self.seen.clear();
        if whole {
            self.share += 1;
        } else {
            (self.share, self.shares) = (0, self.shares * 2);
        }
        if self.share == self.shares { Pass::Done } else { Pass::Again }
    }

    /// The orders found.
    pub(super) fn finish(self) -> Scattered {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(ids: &[String], max: usize) -> Result<(Scattered, u32), TooMany> {
        let mut search = Search::new(max);
        for passes in 1.. {
            let mut whole = true;
            for id in ids {
                whole = search.begins(id)?;
                assert!(search.seen.len() <= max, "bounded");
                if !whole {
                    break;
                }
            }
            if search.ended(whole) == Pass::Done {
                return Ok((search.finish(), passes));
            }
        }
        unreachable!("passes are not counted to their end")
    }

    fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
        numbers.into_iter().map(|no| format!("W{no}")).collect()
    }

    #[test]
    fn what_begins_twice_is_found_however_many_passes_it_takes() {
        let file = ids((0..1_000).chain([7, 999]));
        for max in [2_000, 300, 20] {
            let (found, passes) = search(&file, max).unwrap();
            let named: Vec<_> = file[..1_000].iter().filter(|id| found.contains(id)).collect();
            assert_eq!(named, ["W7", "W999"], "with {max} in {passes} passes");
            assert_eq!(passes > 1, max < 1_000);
        }
    }

    #[test]
    fn a_file_of_nothing_else_is_given_up() {
        let file = ids((0..100).chain(0..100));
        assert_eq!(search(&file, 50).map(|_| ()), Err(TooMany));
    }

    #[test]
    fn rows_of_one_id_are_one_order_until_another_comes() {
        let mut runs = Runs::default();
        let mut begins = |id, part| runs.begins(id, part);
        assert!(begins(Some("A"), Part::Row));
        assert!(!begins(Some("A"), Part::Row));
        assert!(begins(Some("B"), Part::Row));
        assert!(begins(Some("A"), Part::Row), "the rows of A do not stand together");
        assert!(begins(None, Part::Row));
        assert!(begins(None, Part::Row), "what has no name belongs to nothing");
    }

    #[test]
    fn an_order_that_is_whole_takes_no_more() {
        let mut runs = Runs::default();
        let mut begins = |part| runs.begins(Some("A"), part);
        assert!(begins(Part::First));
        assert!(!begins(Part::Further));
        assert!(begins(Part::Row));
        assert!(begins(Part::First));
    }
}
