//! Shares of what a pair has that are kept for channels.
//!
//! A share is of what is there, whoever has it: units of the segment's own orders count as a part
//! of it until they leave. So it is filled up again from what arrives.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::named::named_once;
use crate::limits::{SEGMENT_CHANNELS_MAX, SEGMENTS_MAX, STOCK_UNITS_MAX};
use crate::model::check::in_range;
use crate::model::ids::Text;
use crate::model::time::Timestamp;
use crate::model::violation::{Rule, Violation};

/// A whole, in basis points.
const WHOLE: u16 = 10_000;

/// The segments of a pair, none by default; an event does not say that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments(pub Vec<Segment>);

/// A share of what a pair has that is kept for orders of some channels.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Segment {
    /// How callers call it; no other segment of the pair has that name.
    #[n(0)]
    pub name: Text,
    /// Whose it is, from one channel on; each channel has one segment at most.
    #[n(1)]
    pub channels: Vec<Text>,
    /// How much is kept.
    #[n(2)]
    pub kept: Kept,
    /// Whether its orders may have more than is kept for them, of what is nobody else's.
    #[n(3)]
    pub borrows: bool,
    /// From when on it counts no more.
    #[n(4)]
    pub until: Option<Timestamp>,
}

/// How much a segment keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Kept {
    /// So many units.
    #[n(0)]
    Units(#[n(0)] u32),
    /// So many basis points of the units that are there and can be sold, 1 to 10,000.
    #[n(1)]
    BasisPoints(#[n(0)] u16),
}

impl Kept {
    /// How many units that is, of so many that can be sold: whole units, rounded down.
    pub fn of(self, good: u32) -> u32 {
        match self {
            Self::Units(units) => units,
            Self::BasisPoints(basis_points) => {
                let part = u64::from(good) * u64::from(basis_points) / u64::from(WHOLE);
                u32::try_from(part).unwrap_or(u32::MAX)
            }
        }
    }
}

impl Segment {
    /// Whether it is a channel's.
    pub(super) fn has(&self, channel: Option<&str>) -> bool {
        self.channels.iter().any(|name| Some(name.as_str()) == channel)
    }

    /// Whether it counts at an instant.
    pub(super) fn is_live(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

impl Segments {
    /// Notes what is wrong with them.
    pub(super) fn note_faults(&self, found: &mut Vec<Violation>) {
        let mut too_many = |field: String, len: usize, max: usize| {
            if len > max {
                found.push(Violation::new(field, len, Rule::TooMany { max }));
            }
        };
        too_many("segments".into(), self.0.len(), SEGMENTS_MAX);
        for (at, segment) in self.0.iter().enumerate().take(SEGMENTS_MAX) {
            let field = format!("segments[{at}].channels");
            too_many(field, segment.channels.len(), SEGMENT_CHANNELS_MAX);
        }
        for at in 0..self.0.len().min(SEGMENTS_MAX) {
            self.note_faults_of(found, at);
        }
        let parts = self.0.iter().map(|segment| match segment.kept {
            Kept::Units(_) => 0,
            Kept::BasisPoints(basis_points) => i64::from(basis_points),
        });
        let (sum, field) = (parts.sum(), "segments.kept_basis_points".to_owned());
        in_range(found, field, sum, 0, WHOLE.into());
    }

    fn note_faults_of(&self, found: &mut Vec<Violation>, at: usize) {
        let (before, segment) = (&self.0[..at], &self.0[at]);
        let names = before.iter().map(|segment| &segment.name);
        named_once(found, format!("segments[{at}].name"), &segment.name, names);
        if segment.channels.is_empty() {
            let field = format!("segments[{at}].channels");
            found.push(Violation::new(field, "", Rule::Required));
        }
        for (no, channel) in segment.channels.iter().enumerate().take(SEGMENT_CHANNELS_MAX) {
            let others = before.iter().flat_map(|segment| &segment.channels);
            let others = others.chain(&segment.channels[..no]);
            named_once(found, format!("segments[{at}].channels[{no}]"), channel, others);
        }
        match segment.kept {
            Kept::Units(units) => {
                let (field, max) = (format!("segments[{at}].kept_units"), STOCK_UNITS_MAX.into());
                in_range(found, field, units.into(), 0, max);
            }
            Kept::BasisPoints(basis_points) => {
                let field = format!("segments[{at}].kept_basis_points");
                in_range(found, field, basis_points.into(), 1, WHOLE.into());
            }
        }
    }
}

impl<C> Encode<C> for Segments {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, c: &mut C) -> Result<(), EncodeError<W::Error>> {
        self.0.encode(e, c)
    }

    fn is_nil(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'b, C> Decode<'b, C> for Segments {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, DecodeError> {
        Ok(Self(Decode::decode(d, c)?))
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}
