//! What a promotion would take off: the parts and sets of it.

use smallvec::SmallVec;

use super::line::Line;
use super::promotion::Promotion;
use crate::model::Minor;

/// Sets that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetsOf {
    pub(super) sets: u32,
    /// Units of each, by place of the line: those to buy, then those that get something off.
    pub(super) buy: Taken,
    pub(super) get: Taken,
}

/// Units by place of their line.
pub(super) type Taken = SmallVec<[(usize, u32); 1]>;

/// What a promotion would take off.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer {
    /// Off which lines.
    pub(super) parts: SmallVec<[Part; 4]>,
    /// By which sets.
    pub(super) sets: Vec<SetsOf>,
}

/// Of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The line's place among the lines.
    pub(super) at: usize,
    /// Units that are used.
    pub(super) units: u32,
    /// What is taken off them; nothing off those that were to be bought.
    pub(super) amount: Minor,
}

impl Offer {
    pub(super) fn total(&self) -> Minor {
        self.parts.iter().map(|part| part.amount).sum()
    }
}

/// Lines that a promotion may take something off. `won` says which lines others have.
#[derive(Clone, Copy)]
pub(super) struct Open<'o, 'a> {
    pub(super) lines: &'o [Line<'a>],
    pub(super) won: &'o [bool],
}

impl<'o, 'a> Open<'o, 'a> {
    pub(super) fn has(&self, at: usize) -> bool {
        !self.won.get(at).copied().unwrap_or(false)
    }

    /// The lines that a promotion is for, with their places.
    pub(super) fn lines_for(
        &self,
        promotion: &'o Promotion,
    ) -> impl Iterator<Item = (usize, &'o Line<'a>)> + use<'o, 'a> {
        let open = *self;
        let lines = self.lines.iter().enumerate();
        lines.filter(move |(at, line)| open.has(*at) && promotion.is_for(line.of.sku))
    }
}
