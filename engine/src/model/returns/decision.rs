//! What was decided of units that come back.

use minicbor::{Decode, Encode};

use super::state::DecisionState;
use crate::model::violation::{Rule, Violation};

/// By how much the value of units is reduced, in basis points: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
#[cbor(transparent)]
pub struct Reduction(#[n(0)] u16);

impl Reduction {
    /// All of the value.
    pub const WHOLE: u16 = 10_000;

    /// Takes basis points; `field` is what a violation names.
    ///
    /// # Errors
    /// They are 0, or above [`WHOLE`](Self::WHOLE).
    pub fn new(field: &str, basis_points: u32) -> Result<Self, Violation> {
        let known = u16::try_from(basis_points).ok().filter(|of| (1..=Self::WHOLE).contains(of));
        let rule = Rule::OutOfRange { min: 1, max: Self::WHOLE.into() };
        known.map(Self).ok_or_else(|| Violation::new(field, basis_points, rule))
    }

    /// In basis points.
    pub const fn basis_points(self) -> u16 {
        self.0
    }
}

impl<'b, C> Decode<'b, C> for Reduction {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let basis_points = d.u16()?;
        Self::new("basis_points", basis_points.into())
            .map_err(|wrong| minicbor::decode::Error::message(wrong).at(at))
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Decision {
    /// Nothing yet.
    #[n(1)]
    Requested,
    /// The customer may send them.
    #[n(2)]
    Authorised,
    /// He may not.
    #[n(3)]
    Refused,
    /// He is owed what they are worth.
    #[n(4)]
    Approved,
    /// He is owed what they are worth less so much.
    #[n(5)]
    Reduced(#[n(0)] Reduction),
    /// He is owed nothing.
    #[n(6)]
    Rejected,
    /// He does not send them after all.
    #[n(7)]
    Cancelled,
}

impl Decision {
    /// The state, without what is known beside it.
    pub const fn state(self) -> DecisionState {
        match self {
            Self::Requested => DecisionState::Requested,
            Self::Authorised => DecisionState::Authorised,
            Self::Refused => DecisionState::Refused,
            Self::Approved => DecisionState::Approved,
            Self::Reduced(_) => DecisionState::Reduced,
            Self::Rejected => DecisionState::Rejected,
            Self::Cancelled => DecisionState::Cancelled,
        }
    }

    /// By how much their value is reduced.
    pub const fn reduction(self) -> Option<Reduction> {
        match self {
            Self::Reduced(by) => Some(by),
            _ => None,
        }
    }

    /// Whether nothing is left to decide.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Requested | Self::Authorised)
    }
}
