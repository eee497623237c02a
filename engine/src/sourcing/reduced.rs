//! What is left of a problem for the cover and the search.

use std::ops::Range;

use super::weight::Weight;

/// The local number of all shipments that every best plan opens.
pub(super) const FORCED: u16 = 0;
/// A shipment that no candidate names.
pub(super) const UNSEEN: u16 = u16::MAX;

/// What is left of a problem once each line has settled what it can.
#[derive(Debug, Default)]
pub(super) struct Reduced {
    /// The lines that still have a choice.
    pub(super) demands: Vec<Demand>,
    /// The choices of all demands.
    pub(super) candidates: Vec<Candidate>,
    /// By local shipment: the weight of opening it. Number 0 is [`FORCED`].
    pub(super) charges: Vec<Weight>,
    /// By local shipment: its index in the problem.
    pub(super) shipments: Vec<u16>,
    /// By shipment of the problem: its local number, or [`UNSEEN`].
    pub(super) local: Vec<u16>,
    /// The weight of what is settled: forced units and forced shipments.
    pub(super) base: Weight,
}

/// A line that still has a choice.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Its candidates.
    pub(super) candidates: Range<usize>,
    /// Units to be taken: less than the candidates have together.
    pub(super) units: u32,
    /// Each candidate alone can fill it.
    pub(super) single: bool,
}

/// An offer that may be in a best plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The weight of one unit, without the shipment.
    pub(super) weight: Weight,
    /// Units it can give, at most what is demanded.
    pub(super) units: u32,
    /// Its index in the problem.
    pub(super) offer: u32,
    /// Its shipment: in the problem at first, then the local number.
    pub(super) shipment: u16,
}

impl Reduced {
    pub(super) fn clear(&mut self, shipments: usize) {
        self.demands.clear();
        self.candidates.clear();
        self.charges.clear();
        self.shipments.clear();
        self.local.clear();
        self.local.resize(shipments, UNSEEN);
        self.base = Weight::ZERO;
    }
}
