//! What is planned: an order whose names are resolved.

use smallvec::SmallVec;

use crate::geo::PostalMatch;
use crate::model::{Day, ServiceNo, Shortage, SkuNo, Split, Timestamp};
use crate::state::catalogue::Entry;

/// An order whose names are resolved.
pub struct Wanted<'a> {
    /// Lines of distinct SKUs.
    pub lines: SmallVec<[WantedLine<'a>; 4]>,
    /// Where it goes.
    pub destination: PostalMatch,
    /// How it is shipped.
    pub service: ServiceNo,
    /// The day that counts as on time.
    pub promise_by: Day,
    /// What happens to units without supply.
    pub shortage: Shortage,
    /// Whether a line may be split.
    pub split: Split,
    /// Now: what can still be done counts from here.
    pub at: Timestamp,
}

impl Wanted<'_> {
    /// The same order with some of its lines only.
    #[must_use]
    pub fn with_lines(&self, lines: impl Iterator<Item = usize>) -> Self {
        Self { lines: lines.map(|line| self.lines[line]).collect(), ..*self }
    }
}

/// One line of it.
#[derive(Clone, Copy)]
pub struct WantedLine<'a> {
    /// The item.
    pub sku: SkuNo,
    /// The item's row of pairs.
    pub entry: &'a Entry,
    /// Units, from 1.
    pub quantity: u32,
}
