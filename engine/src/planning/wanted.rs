//! What is planned: an order whose names are resolved.

use smallvec::SmallVec;

use crate::actor::Row;
use crate::geo::PostalMatch;
use crate::model::{Day, NodeNo, ServiceNo, Shortage, SkuNo, Split, Timestamp};
use crate::state::catalogue::Entry;
use crate::state::stock::{AtAny, Glance, StockActor};

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
    /// What is free of its only line, where that is not what the pairs publish: units that the
    /// line has itself are free to it.
    pub seen: Option<&'a Seen>,
}

/// What a line sees of its SKU, when it is planned anew.
pub struct Seen {
    /// What is free, by node.
    pub free: Vec<(NodeNo, Glance)>,
    /// The nodes at which it has units. They may ship what is there, also when sourcing may not
    /// choose them any more.
    pub homes: SmallVec<[NodeNo; 2]>,
}

impl Wanted<'_> {
    /// Whether what came free of its SKUs was offered to older orders.
    #[inline]
    pub fn is_settled(&self) -> bool {
        !self.lines.iter().any(|line| line.entry.is_unsettled())
    }

    /// Whether the order has units at a node, and is planned anew.
    pub(super) fn is_home(&self, no: NodeNo) -> bool {
        self.seen.is_some_and(|seen| seen.homes.contains(&no))
    }

    /// Units of a line that are free now at one node.
    pub(super) fn free_at(&self, line: usize, no: NodeNo) -> u32 {
        match self.seen {
            None => free_at(&self.lines[line].entry.row, no),
            Some(seen) => free_at(&seen.free[..], no),
        }
    }

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

fn free_at(there: &(impl Glances + ?Sized), no: NodeNo) -> u32 {
    let mut free = 0;
    there.each(|node, glance| {
        if node == no {
            free = glance.free.max(0).cast_unsigned();
        }
    });
    free
}

/// What is free of an item, by node: what its pairs publish, or what a line sees. Planning is
/// compiled for each of them, so that the loop over a row, which most orders are planned on,
/// calls nothing.
pub(super) trait Glances {
    /// Shows what is free at each node; answers what is so at any of the pairs.
    fn each(&self, show: impl FnMut(NodeNo, Glance)) -> AtAny;
}

impl Glances for Row<StockActor> {
    #[inline]
    fn each(&self, show: impl FnMut(NodeNo, Glance)) -> AtAny {
        self.glances(show)
    }
}

impl Glances for [(NodeNo, Glance)] {
    fn each(&self, mut show: impl FnMut(NodeNo, Glance)) -> AtAny {
        for (node, glance) in self {
            show(*node, *glance);
        }
        // The pairs were read before.
        AtAny::default()
    }
}
