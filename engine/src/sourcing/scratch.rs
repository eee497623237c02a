//! Memory that is kept from one problem to the next.

use std::ops::Range;

use super::cover::Cover;
use super::narrow::Narrow;
use super::search::Desk;
use super::single::Tally;
use super::weight::Weight;

/// The local number of all shipments that every best plan opens.
pub(super) const FORCED: u16 = 0;
/// A shipment that no candidate names.
pub(super) const UNSEEN: u16 = u16::MAX;

/// Memory of the solver, to be kept by the caller and used again: after the
/// first problems of a size, solving allocates nothing. Holds no answer.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) narrow: Narrow,
    pub(super) reduced: Reduced,
    pub(super) tallies: Vec<Tally>,
    pub(super) cover: Cover,
    pub(super) desk: Desk,
    /// By shipment of the problem: whether the plan may use it.
    pub(super) open: Vec<bool>,
    /// By shipment of the problem: how many picks it has.
    pub(super) uses: Vec<u32>,
    /// The open offers of one line.
    pub(super) fill: Vec<(Weight, u32)>,
}

impl Scratch {
    /// Empty; grows with the problems it sees.
    pub fn new() -> Self {
        Self::default()
    }
}

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
