//! How far consumers have come.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::model::{ConsumerId, Lsn, Timestamp};

/// How far a consumer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// The version up to which it has done its work.
    #[n(0)]
    pub acknowledged: Lsn,
    /// When it was named first.
    #[n(1)]
    pub created_at: Timestamp,
    /// When it came to stand where it does.
    #[n(2)]
    pub moved_at: Timestamp,
}

/// All consumers, by id.
pub type Positions = BTreeMap<ConsumerId, Position>;

impl Position {
    /// Whether the event that it stands before is gone, if the journal begins at `first`.
    pub(super) fn is_parked(self, first: Lsn) -> bool {
        self.acknowledged.next() < first
    }
}
