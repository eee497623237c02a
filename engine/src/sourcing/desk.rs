//! What the search notes of the node at hand.

use super::weight::Weight;

/// Memory of the search.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The lines of the node at hand that are not settled.
    pub(super) pending: Vec<Pending>,
    /// By local shipment and kind of line: how many pending lines might use it.
    pub(super) users: Vec<[u16; 2]>,
    /// By local shipment and kind of line: the part of its charge that each
    /// such line bears.
    pub(super) shares: Vec<[Weight; 2]>,
    /// The turns not taken yet, of all nodes on the path.
    pub(super) turns: Vec<Turn>,
}

/// A line that undecided shipments could fill, or fill better.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// Index among the demands.
    pub(super) demand: usize,
    /// The end of the candidates that matter: the ones after it are no better
    /// than what the open shipments give.
    pub(super) end: usize,
    /// Its weight with everything allowed open, shipments not counted.
    pub(super) relaxed: Weight,
    /// Its weight with the open shipments, if they fill it.
    pub(super) own: Option<Weight>,
    /// Units that the open shipments do not fill.
    pub(super) missing: u32,
    /// Its undecided candidates.
    pub(super) choices: usize,
    /// Its part of the bound.
    pub(super) least: Weight,
    /// A bound on its units that are not missing, where it needs several
    /// candidates.
    pub(super) rest: Weight,
}

impl Pending {
    /// 0 if the open shipments do not fill it, 1 if they do.
    pub(super) fn kind(&self) -> usize {
        usize::from(self.own.is_some())
    }
}

/// A shipment to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// The line's part of the bound of all plans that take this turn or a later one.
    pub(super) least: Weight,
    /// The candidate that asks for it.
    pub(super) candidate: usize,
}
