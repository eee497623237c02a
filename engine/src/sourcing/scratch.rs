//! Memory that is kept from one problem to the next.

use super::cover::Cover;
use super::desk::Desk;
use super::narrow::Narrow;
use super::reduced::Reduced;
use super::single::Tally;
use super::weight::Weight;

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
    /// Offers with a minimum, below which they would be.
    pub(super) below: Vec<u32>,
    /// The open offers of one line.
    pub(super) fill: Vec<(Weight, u32)>,
}

impl Scratch {
    /// Empty; grows with the problems it sees.
    pub fn new() -> Self {
        Self::default()
    }
}
