//! Why an image cannot be read.

use crate::model::Violation;
use crate::model::invariants::Breach;

/// Why an image is no model value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The archive is not well formed.
    #[error("the archive is not well formed: {0}")]
    Archive(String),
    /// A number that stands for nothing.
    #[error("{value} stands for no {what}")]
    Code {
        /// What it should stand for.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// A name or text that the model refuses.
    #[error("{0}")]
    Field(Violation),
    /// A named invariant does not hold.
    #[error(transparent)]
    Breach(#[from] Breach),
    /// Parts do not fit together.
    #[error("{what}: {detail}")]
    Inconsistent {
        /// Of what.
        what: &'static str,
        /// What was found.
        detail: String,
    },
}

impl From<Violation> for ImageError {
    fn from(violation: Violation) -> Self {
        Self::Field(violation)
    }
}

impl ImageError {
    pub(in crate::snapshot) fn inconsistent(
        what: &'static str,
        detail: impl std::fmt::Display,
    ) -> Self {
        Self::Inconsistent { what, detail: detail.to_string() }
    }
}
