//! What an appender holds until its record is durable.

use super::lsn::Lsn;

/// A stretch of time in which LSNs are given out once. A full disk ends one:
/// the LSNs of the records that it rejected are given out again in the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch that a process begins with.
    pub const FIRST: Self = Self(0);

    /// The epoch with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// This epoch's number, counted from 0 in each process.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The epoch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A record that was appended and may not be durable yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The record's LSN, which is its own only if this epoch does not end
    /// before it.
    pub lsn: Lsn,
    /// When the LSN was given out.
    pub epoch: Epoch,
}
