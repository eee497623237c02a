//! What is wrong with one field of a command, whatever the state is.

use std::fmt;

use super::time::{Day, Timestamp};

/// One field of a command that cannot be taken as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `lines[3].quantity`.
    pub field: String,
    /// The value as given, shortened.
    pub value: String,
    /// The rule that it breaks.
    pub rule: Rule,
}

impl Violation {
    /// Longest part of a value that is repeated in an answer, in characters.
    const SHOWN_MAX: usize = 80;

    /// A violation of `rule` by `value` in `field`.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, rule: Rule) -> Self {
        let mut shown: String = value.to_string();
        if shown.chars().count() > Self::SHOWN_MAX {
            shown = shown.chars().take(Self::SHOWN_MAX).collect();
            shown.push_str("...");
        }
        Self { field: field.into(), value: shown.escape_debug().to_string(), rule }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::SaysNothing(how) => write!(f, "{}: {how}", self.field),
            _ => write!(f, "{}: \"{}\" {}", self.field, self.value, self.rule),
        }
    }
}

/// The rules that a single field can break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The field is empty or missing.
    #[error("is required")]
    Required,
    /// The text is longer than `max` bytes.
    #[error("is longer than {max} bytes")]
    TooLong {
        /// Most bytes allowed.
        max: usize,
    },
    /// The text has a byte outside 0x20..=0x7e.
    #[error("has a character that is not printable ascii")]
    NotPrintableAscii,
    /// The text has a control character.
    #[error("has a control character")]
    ControlCharacter,
    /// The number is outside `min..=max`.
    #[error("is not within {min} to {max}")]
    OutOfRange {
        /// Smallest value allowed.
        min: i64,
        /// Largest value allowed.
        max: i64,
    },
    /// The list is longer than `max`.
    #[error("has more than {max} entries")]
    TooMany {
        /// Most entries allowed.
        max: usize,
    },
    /// The day or instant lies before `earliest`.
    #[error("lies in the past; the earliest allowed is {earliest}")]
    InThePast {
        /// The earliest day allowed.
        earliest: Day,
    },
    /// The instant lies after `latest`.
    #[error("lies too far ahead; the latest allowed is {latest}")]
    TooFarAhead {
        /// The latest instant allowed.
        latest: Timestamp,
    },
    /// The value is none of those that the field may take.
    #[error("is not one of: {allowed}")]
    NotOneOf {
        /// What it may be.
        allowed: String,
    },
    /// The value is malformed in a way that the text explains.
    #[error("{0}")]
    Malformed(String),
    /// All of the message is unset, and the text says what that means.
    #[error("{0}")]
    SaysNothing(&'static str),
    /// The same key stands twice in a list.
    #[error("is given twice")]
    Duplicate,
}
