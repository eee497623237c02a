//! What a node answers to a shipment that it was given.

use minicbor::{Decode, Encode};

use super::time::Timestamp;

/// What a node answered to a shipment that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What.
    pub kind: AnswerKind,
    /// When.
    pub at: Timestamp,
}

/// Whether a node ships what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerKind {
    /// It does; a supplier acknowledged the purchase order.
    Accepted,
    /// It does not; a supplier rejected the purchase order.
    Declined(DeclineReason),
}

/// Why a node does not ship what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum DeclineReason {
    /// None was given.
    #[n(1)]
    Unspecified = 1,
    /// The goods are not on the shelf: none of them are.
    #[n(2)]
    NotFound = 2,
    /// They are there, and cannot be sold.
    #[n(3)]
    Damaged = 3,
    /// It has no hands for it.
    #[n(4)]
    Capacity = 4,
    /// It is closed.
    #[n(5)]
    Closed = 5,
    /// Fewer are on the shelf than were counted: these are not.
    #[n(6)]
    Short = 6,
}

impl AnswerKind {
    /// Why the node does not ship it; none if it does.
    pub const fn declined(self) -> Option<DeclineReason> {
        match self {
            Self::Accepted => None,
            Self::Declined(reason) => Some(reason),
        }
    }

    /// The number that stands for it in packed orders: never reused, never 0.
    pub const fn code(self) -> u8 {
        match self {
            Self::Accepted => 1,
            Self::Declined(reason) => 1 + reason as u8,
        }
    }

    /// What the number stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        if code == 1 {
            return Some(Self::Accepted);
        }
        let of = |reason: &DeclineReason| Self::Declined(*reason).code() == code;
        DeclineReason::ALL.iter().find(|reason| of(reason)).map(|reason| Self::Declined(*reason))
    }
}

impl DeclineReason {
    /// A word for it, as `journal inspect` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::NotFound => "not_found",
            Self::Damaged => "damaged",
            Self::Capacity => "capacity",
            Self::Closed => "closed",
            Self::Short => "short",
        }
    }

    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::NotFound,
        Self::Damaged,
        Self::Capacity,
        Self::Closed,
        Self::Short,
    ];

    /// Whether a node that gives it may say until when it takes no new work.
    pub const fn may_pause(self) -> bool {
        matches!(self, Self::Capacity | Self::Closed)
    }
}
