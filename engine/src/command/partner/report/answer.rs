//! What a partner is answered.

use crate::model::Text;
use crate::model::partner::QuarantineReason;

/// What a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerStatus {
    /// It counts.
    Accepted,
    /// It was here before, with the same content.
    Duplicate,
    /// A higher revision was here before.
    Stale,
    /// It counts; messages before it are missing.
    Gap,
    /// It does not count before somebody looked.
    Quarantined,
}

impl PartnerStatus {
    /// The word that partners see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Gap => "gap",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What a partner is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerAnswer {
    /// What the message came to.
    pub status: PartnerStatus,
    /// The lowest number of a message that is missing: the next one, if none is.
    pub expected_seq: u64,
    /// Why it is in quarantine, if it is.
    pub reason: Option<QuarantineReason>,
    /// What it may have meant.
    pub candidates: Vec<Text>,
}

impl PartnerAnswer {
    /// An answer that says no more than this.
    pub(super) const fn of(status: PartnerStatus) -> Self {
        Self { status, expected_seq: 0, reason: None, candidates: Vec::new() }
    }
}
