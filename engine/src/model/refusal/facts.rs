//! What refusals say beside ids and numbers.

use std::fmt;

/// Why a shipment stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// Units of it are packed.
    Packed,
    /// Units of it are picked.
    Picked,
    /// A part of it left.
    PartLeft,
    /// A line of it must not be split, and other units of that line are elsewhere.
    WholeLine,
    /// Units of it wait, and it has no others, or only such as must not be apart from them.
    Waiting,
    /// It leaves from that node already.
    There,
}

impl Stays {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Packed => "units of it are packed",
            Self::Picked => "units of it are picked",
            Self::PartLeft => "a part of it left, and units of it are picked",
            Self::WholeLine => {
                "a line of it must not be split, and units of the line are elsewhere"
            }
            Self::Waiting => "units of it wait, and what there is stays with them",
            Self::There => "it leaves from that node already",
        }
    }
}

/// How much of an order or of one of its lines could still be cancelled: fewer units
/// than were to be. It shows as `2 of 3 units`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitsLeft {
    /// The line's index, from 0; none when all of the order was to be cancelled.
    pub line_index: Option<u32>,
    /// Units that could still be cancelled.
    pub open: u64,
    /// Units that were to be cancelled.
    pub wanted: u64,
}

impl UnitsLeft {
    pub(super) fn of_line(&self) -> String {
        self.line_index.map(|index| format!("the line of index {index} of ")).unwrap_or_default()
    }
}

impl fmt::Display for UnitsLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} units", self.open, self.wanted)
    }
}
