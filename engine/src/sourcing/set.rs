//! Sets of shipments as bits.

use super::limits::SHIPMENTS_MAX;

/// Words of the widest set: every shipment, and one number for the forced.
pub(super) const WORDS_MAX: usize = SHIPMENTS_MAX / 64 + 1;

/// A set of small numbers, below `64 * N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set<const N: usize>([u64; N]);

impl<const N: usize> Set<N> {
    pub(super) const EMPTY: Self = Self([0; N]);

    #[inline]
    pub(super) fn has(&self, member: u16) -> bool {
        self.0[usize::from(member) / 64] >> (member % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn insert(&mut self, member: u16) {
        self.0[usize::from(member) / 64] |= 1 << (member % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, member: u16) {
        self.0[usize::from(member) / 64] &= !(1 << (member % 64));
    }

    /// The numbers from 0 up to, not including, `end`.
    pub(super) fn below(end: u16) -> Self {
        let mut set = Self::EMPTY;
        (0..end).for_each(|member| set.insert(member));
        set
    }

    /// The members as bits, in as many words as the widest set has.
    pub(super) fn words(&self) -> [u64; WORDS_MAX] {
        std::array::from_fn(|word| self.0.get(word).copied().unwrap_or(0))
    }
}

/// What is left of a set to go through.
pub(super) struct Members(u64);

/// The members of `set`, lowest first.
#[inline]
pub(super) fn members(set: u64) -> Members {
    Members(set)
}

impl Iterator for Members {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let next = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(next)
    }
}
