//! What is wrong with a file, and with one set of it, with the codes of the 997.

use backstock_engine::model::{Rule, Violation};

/// Why nothing of a file is taken. No 997 can answer it: the sender is told as for JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// It is too long.
    #[error("the file has more than {max} bytes")]
    TooLong {
        /// Most bytes allowed.
        max: usize,
    },
    /// It is not UTF-8.
    #[error("the file is not utf-8, from byte {at} on")]
    NotUtf8 {
        /// The first byte that is not, from 0.
        at: usize,
    },
    /// The header, from which the separators follow, is not one.
    #[error("segment {segment} is no interchange header (ISA): {why}")]
    Header {
        /// The segment, from 1.
        segment: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A segment stands where it may not.
    #[error("segment {segment}: {found} stands where {wanted} is due")]
    OutOfPlace {
        /// The segment, from 1.
        segment: usize,
        /// Its name, shortened.
        found: String,
        /// What may stand there.
        wanted: &'static str,
    },
    /// It ends before its trailers: a part of it is missing.
    #[error("the file ends before {wanted}: a part of it is missing")]
    CutShort {
        /// The trailer that is due.
        wanted: &'static str,
    },
    /// A count or a number of a trailer is not that of its header.
    #[error("segment {segment}: {trailer} says {said}, and it is {is}")]
    Trailer {
        /// The segment, from 1.
        segment: usize,
        /// The trailer.
        trailer: &'static str,
        /// What it says.
        said: String,
        /// What there is.
        is: String,
    },
    /// It has too many segments, sets, or elements in a segment.
    #[error("segment {segment}: there are more than {max} {what}")]
    TooMany {
        /// The segment, from 1.
        segment: usize,
        /// Of what.
        what: &'static str,
        /// Most allowed.
        max: usize,
    },
}

/// What is wrong with one set, as the 997 says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetCode {
    /// The set is not one of those that are read.
    NotSupported = 1,
    /// The trailer is missing.
    TrailerMissing = 2,
    /// The numbers of header and trailer differ.
    NumbersDiffer = 3,
    /// The count of segments is wrong.
    CountWrong = 4,
    /// Segments have faults.
    SegmentFaults = 5,
}

/// What is wrong with an element, as the 997 says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementCode {
    /// It has to be there.
    Missing = 1,
    /// It is too long.
    TooLong = 5,
    /// It has a character that may not stand there.
    Character = 6,
    /// It has a value that may not stand there.
    Value = 7,
    /// It is no date.
    Date = 8,
    /// It is no time.
    Time = 9,
}

/// One thing that is wrong with a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetFault {
    /// With the set as a whole.
    Set(SetCode),
    /// A segment that has to be there is missing.
    SegmentMissing(&'static str),
    /// With one element of a segment.
    Element {
        /// The segment's name.
        segment: String,
        /// Its place in the set, the header being 1.
        place: usize,
        /// The element, from 1.
        element: usize,
        /// What, as the 997 says it.
        code: ElementCode,
        /// What, as people read it.
        violation: Violation,
    },
    /// What was read does not go together: lines against each other, against the header or the clock.
    Message(Violation),
}

impl SetFault {
    /// What is wrong, in a sentence.
    pub fn text(&self) -> String {
        match self {
            Self::Set(SetCode::NotSupported) => "the set is not one that is read".to_owned(),
            Self::Set(SetCode::TrailerMissing) => "the set has no trailer".to_owned(),
            Self::Set(SetCode::NumbersDiffer) => {
                "header and trailer have different numbers".to_owned()
            }
            Self::Set(SetCode::CountWrong) => "the count of segments is wrong".to_owned(),
            Self::Set(SetCode::SegmentFaults) => "segments have faults".to_owned(),
            Self::SegmentMissing(id) => format!("the segment {id} is missing"),
            Self::Element { violation, .. } | Self::Message(violation) => violation.to_string(),
        }
    }

    /// Where it is, as people read it.
    pub fn place(&self) -> String {
        match self {
            Self::Set(_) => "ST".to_owned(),
            Self::SegmentMissing(id) => (*id).to_owned(),
            Self::Element { segment, place, element, .. } => {
                format!("{segment}{element:02} in segment {place}")
            }
            Self::Message(violation) => violation.field.clone(),
        }
    }
}

/// The code of the rule that an element breaks.
pub(super) fn code_of(rule: &Rule) -> ElementCode {
    match rule {
        Rule::Required => ElementCode::Missing,
        Rule::TooLong { .. } => ElementCode::TooLong,
        Rule::NotPrintableAscii | Rule::ControlCharacter => ElementCode::Character,
        _ => ElementCode::Value,
    }
}
