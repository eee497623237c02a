//! Points that a state can be restored to, and what lies past them.

use std::fmt;

use crate::journal::LogError;
use crate::model::{Lsn, Timestamp};

/// What a damaged journal does not give back.
#[derive(Clone, Debug)]
pub struct Lost {
    /// This event and all after it.
    pub from: Lsn,
    /// What keeps them from being read.
    pub damage: LogError,
}

/// An event that can be restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The event.
    pub lsn: Lsn,
    /// When it happened or, where its record is not there any more, when the snapshot
    /// that ends with it was taken.
    pub at: Option<Timestamp>,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.lsn)?;
        self.at.map_or(Ok(()), |at| write!(f, " of {at}"))
    }
}

/// Events that come after the point that was restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The first of them. It has no time where its record cannot be read.
    pub first: Point,
    /// The last of them. It has no time where its record cannot be read.
    pub last: Point,
}

impl Dropped {
    /// How many they are.
    pub const fn count(&self) -> u64 {
        self.last.lsn.get() - self.first.lsn.get() + 1
    }
}
