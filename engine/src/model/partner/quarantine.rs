//! Messages that somebody has to look at before they count.

use minicbor::{Decode, Encode};

use super::message::PartnerMessage;
use crate::limits::TEXT_BYTES_MAX;
use crate::model::ids::{Sku, Text};
use crate::model::time::Timestamp;

/// Why a message does not count yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum QuarantineReason {
    /// A message of that id had other content.
    #[n(0)]
    IdReused,
    /// The revision was stated before, with other content.
    #[n(1)]
    RevisionReused,
    /// No item has that SKU, or it has no stock.
    #[n(2)]
    UnknownSku(#[n(0)] Sku),
    /// What it is about is not known here.
    #[n(3)]
    UnknownSubject,
    /// What it says cannot be: more is taken back than is there.
    #[n(4)]
    Impossible(#[n(0)] Text),
    /// The same may have been told under other names, or at another node: these.
    #[n(5)]
    SubjectChanged(#[n(0)] Text),
}

impl QuarantineReason {
    /// It cannot be, for this reason.
    pub fn impossible(why: &str) -> Self {
        Self::Impossible(shortened(why))
    }

    /// The same may have been told under these names, or at this node.
    pub fn subject_changed(known: &str) -> Self {
        Self::SubjectChanged(shortened(known))
    }

    /// The reason's name for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IdReused => "id_reused",
            Self::RevisionReused => "revision_reused",
            Self::UnknownSku(_) => "unknown_sku",
            Self::UnknownSubject => "unknown_subject",
            Self::Impossible(_) => "impossible",
            Self::SubjectChanged(_) => "subject_changed",
        }
    }
}

/// As much of a sentence as is kept.
fn shortened(text: &str) -> Text {
    let text: String = text.chars().take(TEXT_BYTES_MAX / 4).collect();
    Text::new("reason", text).unwrap_or_default()
}

/// A message in quarantine. It is kept whole, and is judged anew when it is played again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Quarantined {
    /// The message.
    #[n(0)]
    pub message: PartnerMessage,
    /// Why.
    #[n(1)]
    pub reason: QuarantineReason,
    /// What it may have meant: ids of deliveries, orders or SKUs, the likeliest first; at most
    /// [`PARTNER_CANDIDATES_MAX`](crate::limits::PARTNER_CANDIDATES_MAX).
    #[n(2)]
    pub candidates: Vec<Text>,
    /// When it came.
    #[n(3)]
    pub since: Timestamp,
}
